"""A model of three tiers: boosted trees for High, Medium and Low, calibrated, with contributions to being High.

Boosted trees see only the order of a column's values, so nothing is standardised for them; SMOTE, which measures
distances, standardises for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from scipy.special import expit

from leadscore.modeling.algorithms.fitting import THREADS, Plan
from leadscore.modeling.algorithms.trees import matrix_of, train_trees
from leadscore.modeling.encoding import Codes, Encoder, Floats, Rows
from leadscore.modeling.model import Prediction
from leadscore.modeling.report import TrainingReport
from leadscore.modeling.tiers.calibration import TierCalibration
from leadscore.modeling.tiers.evaluation import TIERS
from leadscore.modeling.tiers.explanation import logit_of_best, shares_of_best
from leadscore.schema import Kind, MadeFeature

THREE_TIERS = "three_tiers"
ROUNDS = 300
BOOSTING: dict[str, Any] = {
    "objective": "multi:softprob", "num_class": 3, "eval_metric": "mlogloss", "tree_method": "hist", "max_depth": 6,
    "learning_rate": 0.05, "subsample": 0.8, "colsample_bytree": 0.8, "min_child_weight": 3, "gamma": 0.1,
}  # fmt: skip
SMALLEST_SHARE = 1e-9


@dataclass(frozen=True)
class TierTrees:
    """Boosted trees that give a margin for each tier, and what each split on a lead's path adds to it.

    Exact Shapley values of 900 trees six splits deep would take a second for a hundred leads; the paths add up to the
    margins as well and take a thousandth of that.
    """

    booster: xgboost.Booster
    base: Floats

    def margins(self, codes: Codes) -> Floats:
        """Give shape (n_leads, 3): log-chances up to a constant, before calibration, best tier first."""
        raw = self.booster.predict(matrix_of(codes), output_margin=True)
        return np.asarray(raw, dtype=np.float64).reshape(len(codes), len(TIERS))

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, 3, n_code_columns); base + sum over columns = margins."""
        raw = self.booster.predict(matrix_of(codes), pred_contribs=True, approx_contribs=True)
        return np.asarray(raw, dtype=np.float64).reshape(len(codes), len(TIERS), len(codes.sizes) + 1)[:, :, :-1]

    def file(self) -> bytes:
        """Give the trees in XGBoost's binary JSON."""
        return bytes(self.booster.save_raw("ubj"))


@dataclass(frozen=True)
class Preference:
    """Which tier a lead is given: the likeliest, or a rare one that is nearly as likely.

    Naming the likeliest tier overlooks many leads of a rare one. A lead is given the tier with the largest
    ``chance / min(3 · share, 1) ** lean``: 0 is the likeliest, 1 makes up for all that a tier is rarer than a third.
    """

    lean: float
    shares: tuple[float, ...]

    def give(self, chances: Floats) -> Rows:
        """Give each lead the number of its tier, 0 for the best."""
        rarity = np.clip(len(self.shares) * np.array(self.shares), SMALLEST_SHARE, 1)
        return np.asarray((chances / rarity**self.lean).argmax(axis=1))


@dataclass(frozen=True)
class TierScorer:
    """What turns features into chances of three tiers and contributions to being High."""

    encoder: Encoder
    trees: TierTrees
    calibration: TierCalibration
    preference: Preference

    @property
    def base(self) -> float:
        """Calibrated log-odds of High before any column speaks."""
        return float(logit_of_best(self.calibration.margins(self.trees.base)))

    def predict(self, features: pd.DataFrame, contributions: bool = True) -> Prediction:
        """Score leads, as :meth:`ThreeTierModel.predict` does."""
        encoded = self.encoder.encode(features)
        raw = self.trees.margins(encoded.codes)
        logit = logit_of_best(self.calibration.margins(raw))
        chances = self.calibration.chances(raw)
        names = np.array(TIERS, dtype=object)[self.preference.give(chances)]
        return Prediction(
            probability=np.asarray(expit(logit)),
            contributions=self._shares(encoded.codes, logit, features.index) if contributions else None,
            base=self.base,
            unknown=encoded.unknown,
            missing_columns=encoded.missing_columns,
            tiers=pd.DataFrame(chances, index=features.index, columns=list(TIERS)),
            tier=pd.Series(pd.array(names, dtype="str"), index=features.index, name="tier"),
        )

    def explain(self, features: pd.DataFrame) -> pd.DataFrame:
        """Give what each column adds to the log-odds of High; base + row sum = logit."""
        codes = self.encoder.encode(features).codes
        return self._shares(codes, logit_of_best(self.calibration.margins(self.trees.margins(codes))), features.index)

    def _shares(self, codes: Codes, logit: Floats, index: pd.Index) -> pd.DataFrame:
        scaled = self.calibration.slope * self.trees.contributions(codes)
        starts = np.flatnonzero(np.concatenate([[True], np.diff(self.encoder.owners) != 0]))
        base = self.calibration.margins(self.trees.base)
        shares = shares_of_best(base, np.add.reduceat(scaled, starts, axis=2))
        return pd.DataFrame(_rounded_off(shares, logit - self.base), index=index, columns=list(self.encoder.sources))


@dataclass(frozen=True)
class ThreeTierModel:
    """A calibrated model of three tiers with the report of its training.

    Parameters
    ----------
    labels : tuple of str
        What the file calls the tiers, best first.
    held_out : DataFrame with columns ``y`` (1 for the best tier) and ``probability``, indexed by lead, or None
        The test leads, there after training only; not part of the artefact.
    made : tuple of MadeFeature
        The features people made that it reads, as they were when it learnt them.
    unseen : Prediction or None
        What was said of them, or of a part of them, before they were learnt from too; after training only.
    """

    scorer: TierScorer
    kinds: dict[str, Kind]
    labels: tuple[str, ...]
    report: TrainingReport
    held_out: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    made: tuple[MadeFeature, ...] = ()
    unseen: Prediction | None = field(default=None, compare=False, repr=False)

    @property
    def algorithm(self) -> str:
        """Its name."""
        return THREE_TIERS

    @property
    def gives_tiers(self) -> bool:
        """Always: that is what it is for."""
        return True

    @property
    def encoder(self) -> Encoder:
        """How it reads the columns."""
        return self.scorer.encoder

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the source columns the model reads."""
        return self.encoder.sources

    @property
    def base(self) -> float:
        """Calibrated log-odds of High before any column speaks."""
        return self.scorer.base

    def predict(self, features: pd.DataFrame, contributions: bool = True) -> Prediction:
        """Score leads; columns that are missing count as missing values and are reported.

        Parameters
        ----------
        features : DataFrame of shape (n_leads, any)
        contributions : bool
            False is quicker.

        Returns
        -------
        Prediction
            ``probability`` is the chance of High, and contributions add up to its log-odds.
        """
        return self.scorer.predict(features, contributions)


def fit_tier_trees(codes: Codes, y: Floats, plan: Plan, *, rounds: int = ROUNDS) -> TierTrees:
    """Fit the trees; resampling happens in here, so that no other rows are ever resampled.

    Parameters
    ----------
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,)
        Number of each lead's tier, 0 for the best; all three present.
    plan : Plan
    """
    booster = train_trees(BOOSTING, rounds, codes, y, plan)
    one = booster.predict(matrix_of(codes.rows(np.arange(1))), pred_contribs=True, approx_contribs=True)
    return TierTrees(booster, np.asarray(one, dtype=np.float64).reshape(len(TIERS), -1)[:, -1])


def restore_tier_trees(state: Mapping[str, Any], kept: bytes | None) -> TierTrees:
    """Build from what was kept; raises ValueError, KeyError or XGBoostError when it does not fit together."""
    base = np.asarray(state["base"], dtype=np.float64)
    if kept is None or base.shape != (len(TIERS),):
        raise ValueError("the trees are missing or of another number of tiers")
    booster = xgboost.Booster({"nthread": THREADS})
    booster.load_model(bytearray(kept))
    return TierTrees(booster, base)


def _rounded_off(shares: Floats, wanted: Floats) -> Floats:
    """Share out what XGBoost's single precision leaves between the sum of the paths and the margin."""
    left = wanted - shares.sum(axis=1)
    size = np.abs(shares)
    whole = size.sum(axis=1)
    evenly = np.full_like(size, 1 / size.shape[1])
    parts = np.divide(size, whole[:, None], out=evenly, where=whole[:, None] > 0)
    return np.asarray(shares + parts * left[:, None])
