"""Says what each column adds to the log-odds of the best tier, from what it adds to the margin of each tier."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from leadscore.modeling.encoding import Floats

SMALL = 1e-4
"""Below this way to go the mean weight along it is that of its middle, to 1e-9."""


def logit_of_best(margins: Floats) -> Floats:
    """Give ``logit P(best) = m_0 - log(exp m_1 + exp m_2)``.

    Parameters
    ----------
    margins : ndarray of shape (..., 3)
        Log-chances of the tiers, best first, up to a constant.
    """
    best, middle, last = np.moveaxis(np.asarray(margins, dtype=np.float64), -1, 0)
    return np.asarray(best - np.logaddexp(middle, last))


def shares_of_best(base: Floats, contributions: Floats) -> Floats:
    """Share the log-odds of the best tier out among the columns.

    Each margin is a sum over columns; their composition is not. Its Aumann–Shapley value follows the straight path from
    the base to the lead and gives ``phi_j = phi_0j - w · phi_1j - (1 - w) · phi_2j``, where ``w`` is the mean of
    ``P(middle) / (P(middle) + P(last))`` on the way. Only the difference of the two margins matters for it, and that
    moves evenly from ``d`` to ``d + D``: ``w = (softplus(d + D) - softplus(d)) / D``.

    Parameters
    ----------
    base : ndarray of shape (3,)
        Margins before any column speaks, best tier first.
    contributions : ndarray of shape (n_leads, 3, n_columns)
        What each column adds to each margin.

    Returns
    -------
    ndarray of shape (n_leads, n_columns)
        ``logit_of_best(base)`` + row sum = ``logit_of_best(base + contributions.sum(axis=2))``.

    References
    ----------
    Aumann, R. and Shapley, L. (1974), Values of Non-Atomic Games.
    """
    best, middle, last = np.moveaxis(contributions, 1, 0)
    weight = _mean_weight(float(base[1] - base[2]), (middle - last).sum(axis=1))[:, None]
    return np.asarray(best - weight * middle - (1 - weight) * last)


def _mean_weight(start: float, way: Floats) -> Floats:
    """Average the sigmoid from ``start`` to ``start + way``."""
    short = np.abs(way) < SMALL
    risen = np.logaddexp(0, start + way) - np.logaddexp(0, start)
    return np.asarray(np.where(short, expit(start + way / 2), risen / np.where(short, 1.0, way)))
