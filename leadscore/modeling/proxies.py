"""How well the columns that scores use tell which group a lead belongs to, and which columns give it away.

That a field is not used is no proof that it plays no part: others may stand for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from leadscore.errors import InvalidRequest
from leadscore.modeling.encoding import Codes, Encoder, Floats, fit_design, fit_encoder
from leadscore.modeling.evaluation import Interval, auc_interval, roc_auc
from leadscore.schema import Kind

FEWEST = 30
"""Leads of a group below which nothing is said about it."""
FOLDS = 5
BINS = 10
ROUNDS = 300
MOST_GROUPS = 6
REST = "all others"

Whole = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Proxies:
    """What the columns tell about the groups of a field.

    Parameters
    ----------
    leads : int
        Leads of a known group that were looked at.
    area : float
        How often, of two leads of different groups, the columns tell rightly which is which: 0.5 by chance, 1 always;
        the mean over the groups, weighted by their leads.
    groups : dict of str to Interval
        The same for each group against all others, with the 95 % interval.
    columns : DataFrame
        Columns ``name``, ``label`` and ``told``: the share in [0, 1] of what there is to know about the group that the
        column tells alone; most first.
    """

    leads: int
    area: float
    groups: dict[str, Interval]
    columns: pd.DataFrame


def find_proxies(features: pd.DataFrame, kinds: Mapping[str, Kind], groups: pd.Series, labels: Mapping[str, str], *,
                 random_state: int = 0) -> Proxies:
    """Tell the group of leads from their columns, each lead by a model that has not seen it.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
        The columns scores use.
    groups : Series of shape (n_leads,)
        Missing where a lead's group is not known.
    labels : mapping of column to what people call it
    random_state : int

    Raises
    ------
    InvalidRequest
        ``too_few_in_groups``: fewer than two groups have 30 leads; ``no_usable_column``.
    """
    named = _largest(groups)
    known = named.notna().to_numpy()
    group = named[known]
    sizes = group.value_counts()
    if len(sizes) < 2:
        raise InvalidRequest("too_few_in_groups", "Fewer than two groups have 30 leads.", "Choose another field.")
    encoder = fit_encoder(features[known], kinds)
    if not encoder.plans:
        raise InvalidRequest("no_usable_column", "No column that scores use can be compared with the groups.",
                             "Choose another field.")
    codes = encoder.encode(features[known]).codes
    names, places = np.unique(group.to_numpy(dtype=str), return_inverse=True)
    chances = _told_by_others(codes, places, random_state)
    areas = {str(name): auc_interval(roc_auc(is_it := (places == place).astype(float), chances[:, place]), is_it)
             for place, name in enumerate(names)}
    weights = np.array([sizes[name] for name in names], dtype=float)
    mean = float(np.average([float(area.value) for area in areas.values()], weights=weights))
    return Proxies(len(places), mean, areas, _columns(encoder, codes, places, labels))


def _largest(groups: pd.Series) -> pd.Series:
    """Keep the largest groups apart and put all others together; what is too small even so is left out."""
    sizes = groups.value_counts()
    kept = sizes.index[:MOST_GROUPS][sizes.to_numpy()[:MOST_GROUPS] >= FEWEST]
    others = groups.notna() & ~groups.isin(kept)
    return groups.mask(others, REST if others.sum() >= FEWEST else None)


def _told_by_others(codes: Codes, places: Whole, random_state: int) -> Floats:
    matrix = fit_design(codes).wide(codes)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=random_state)
    return np.asarray(cross_val_predict(LogisticRegression(max_iter=ROUNDS, tol=1e-3), matrix, places, cv=folds,
                                        method="predict_proba"))


def _columns(encoder: Encoder, codes: Codes, places: Whole, labels: Mapping[str, str]) -> pd.DataFrame:
    told = np.array([shared_knowledge(_steps(codes.values[:, column], size), places)
                     for column, size in enumerate(codes.sizes)])
    owners = encoder.owners
    best = [float(told[owners == place].max(initial=0.0)) for place in range(len(encoder.sources))]
    frame = pd.DataFrame({"name": encoder.sources, "label": [labels.get(name, name) for name in encoder.sources],
                          "told": best})
    return frame.sort_values("told", ascending=False, kind="stable", ignore_index=True)


def shared_knowledge(values: Whole, groups: Whole) -> float:
    """Give the share in [0, 1] of the uncertainty about the group that knowing a value takes away.

    Mutual information over the entropy of the groups, less what chance alone brings in a sample of this size.

    References
    ----------
    Miller, G. (1955). Note on the bias of information estimates. Information theory in psychology.
    """
    table = np.zeros((int(values.max(initial=0)) + 1, int(groups.max(initial=0)) + 1))
    np.add.at(table, (values, groups), 1)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    leads = table.sum()
    whole = _entropy(table.sum(axis=0))
    if whole == 0:
        return 0.0
    together = _entropy(table.sum(axis=1)) + whole - _entropy(table.ravel())
    by_chance = (table.shape[0] - 1) * (table.shape[1] - 1) / (2 * leads)
    return float(np.clip((together - by_chance) / whole, 0, 1))


def _entropy(counts: Floats) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _steps(values: Floats, size: int) -> Whole:
    """Give levels of a category, or tenths of a number, as numbers; what is missing is a step of its own."""
    missing = np.isnan(values)
    if size:
        return np.where(missing, size, np.nan_to_num(values)).astype(np.int64)
    present = values[~missing]
    if not len(present):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(missing, len(edges) + 1, np.searchsorted(edges, np.nan_to_num(values), side="right")).astype(
        np.int64)
