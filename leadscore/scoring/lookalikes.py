"""Finds the leads nearest to a point, and the few points a crowd of customers gathers around."""

from __future__ import annotations

import numpy as np

MOST_CENTRES = 16
LEADS_PER_CENTRE = 20
ROUNDS = 25
MOST_LEARNT = 20_000


def nearest(vectors: np.ndarray, question: np.ndarray, count: int,
            without: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows with the largest dot product, by looking at every one.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_rows, n_dimensions)
    question : ndarray of shape (n_dimensions,) or (n_dimensions, n_points)
        Of several points the nearest counts.
    count : int
    without : ndarray of int, optional
        Positions that are left out.

    Returns
    -------
    tuple of ndarray
        Positions, nearest first, equals in their order; and their dot products.
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    return largest(products(vectors, question), count, without)


def products(vectors: np.ndarray, question: np.ndarray) -> np.ndarray:
    """Give each row's dot product with a point, or with the nearest of several, one a column."""
    found = np.asarray(vectors @ question)
    return found if found.ndim == 1 else found.max(axis=1)


def largest(products: np.ndarray, count: int, without: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the largest numbers: positions, largest first and equals in their order, and the numbers."""
    left = len(products)
    if without is not None and len(without):
        products = products.copy()
        products[without] = -np.inf
        left -= len(without)
    count = min(count, left)
    if count < 1:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    best = np.argpartition(-products, count - 1)[:count]
    best = best[np.lexsort((best, -products[best]))]
    return best, products[best]


def centres(vectors: np.ndarray, *, most: int = MOST_CENTRES, seed: int = 0) -> np.ndarray:
    """Find what kinds of leads there are: k-means on the sphere, one centre per 20 leads, at most 16.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_leads, n_dimensions)
        Of length 1.
    seed : int
        Equal seeds give equal centres.

    Returns
    -------
    ndarray of shape (n_centres, n_dimensions)
        Of length 1; empty without leads.
    """
    if not len(vectors):
        return np.zeros((0, vectors.shape[1] if vectors.ndim == 2 else 0), dtype=np.float32)
    draw = np.random.default_rng(seed)
    learnt = vectors if len(vectors) <= MOST_LEARNT else vectors[np.sort(draw.permutation(len(vectors))[:MOST_LEARNT])]
    found = _far_apart(learnt, max(1, min(most, len(learnt) // LEADS_PER_CENTRE)), draw)
    for _ in range(ROUNDS):
        member = (learnt @ found.T).argmax(axis=1)
        sums = np.zeros_like(found)
        np.add.at(sums, member, learnt)
        sizes = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = np.where(sizes > 0, sums / np.where(sizes > 0, sizes, 1), found)
        if np.allclose(moved, found, atol=1e-6):
            break
        found = moved
    return np.asarray(found, dtype=np.float32)


def _far_apart(vectors: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """Choose starting points: the first by chance, each further one the farthest from those chosen."""
    chosen = [int(draw.integers(len(vectors)))]
    closest = vectors @ vectors[chosen[0]]
    for _ in range(count - 1):
        chosen.append(int(closest.argmin()))
        closest = np.maximum(closest, vectors @ vectors[chosen[-1]])
    return np.array(vectors[chosen], dtype=np.float32)
