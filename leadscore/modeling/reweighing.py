"""What a model would say that has learnt from leads weighted so that no group converts more often than another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from leadscore.modeling.encoding import Floats, fit_design, fit_encoder
from leadscore.schema import Kind

FOLDS = 5
ROUNDS = 300


def fair_weights(y: Floats, groups: pd.Series) -> Floats:
    """Weigh leads so that group and outcome are independent; a lead of an unknown group counts once.

    References
    ----------
    Kamiran, F. and Calders, T. (2012). Data preprocessing techniques for classification without discrimination.
    Knowledge and Information Systems 33.
    """
    known = groups.notna().to_numpy()
    weights = np.ones(len(y))
    if not known.any():
        return weights
    frame = pd.DataFrame({"group": groups[known].to_numpy(dtype=str), "y": np.asarray(y)[known]})
    by_group = frame.groupby("group")["y"].transform("size").to_numpy(dtype=float)
    by_end = frame.groupby("y")["y"].transform("size").to_numpy(dtype=float)
    both = frame.groupby(["group", "y"])["y"].transform("size").to_numpy(dtype=float)
    weights[known] = by_group * by_end / (len(frame) * both)
    return weights


def learnt_both_ways(features: pd.DataFrame, kinds: Mapping[str, Kind], y: Floats, groups: pd.Series, *,
                     random_state: int = 0) -> tuple[Floats, Floats]:
    """Give each lead's chance from a logistic model that has not seen it, learnt as leads are and reweighed.

    Returns
    -------
    tuple of ndarray of shape (n_leads,)
        Plain and reweighed; all zeros where no column can be used.
    """
    encoder = fit_encoder(features, kinds)
    plain, reweighed = np.zeros(len(y)), np.zeros(len(y))
    if not encoder.plans:
        return plain, reweighed
    codes = encoder.encode(features).codes
    matrix, weights = fit_design(codes).wide(codes), fair_weights(y, groups)
    for fitting, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=random_state).split(matrix, y):
        for target, weight in ((plain, None), (reweighed, weights[fitting])):
            model = LogisticRegression(max_iter=ROUNDS, tol=1e-3).fit(matrix[fitting], y[fitting], sample_weight=weight)
            target[judged] = model.predict_proba(matrix[judged])[:, 1]
    return plain, reweighed
