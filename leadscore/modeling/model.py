"""A trained model and what it says of leads: calibrated probabilities, and contributions that add up to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from leadscore.modeling import explanation
from leadscore.modeling.algorithms import Algorithm, Estimator
from leadscore.modeling.calibration import Calibration
from leadscore.modeling.encoding import Encoder, Floats
from leadscore.modeling.report import TrainingReport
from leadscore.schema import Kind, MadeFeature


@dataclass(frozen=True)
class Prediction:
    """What a model says of leads.

    Parameters
    ----------
    probability : ndarray of shape (n_leads,), in (0, 1)
    contributions : DataFrame of shape (n_leads, n_source_columns) or None
        Log-odds; base + row sum = logit(probability).
    base : float
        Log-odds before any column speaks.
    unknown : dict of str to int
        Leads per category column whose value the model has not learnt.
    missing_columns : tuple of str
        Trained columns this frame does not have.
    tiers : DataFrame of shape (n_leads, 3) or None
        Of a model of three tiers: the chance of each, columns High, Medium and Low, rows add up to 1.
    tier : Series of shape (n_leads,) or None
        Of a model of three tiers: the one it gives each lead.
    """

    probability: Floats
    contributions: pd.DataFrame | None
    base: float
    unknown: dict[str, int] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()
    tiers: pd.DataFrame | None = None
    tier: pd.Series | None = None

    @property
    def confidence(self) -> pd.Series | None:
        """The chance of the tier each lead is given; None for a model of two outcomes."""
        if self.tiers is None or self.tier is None:
            return None
        places = self.tiers.columns.get_indexer(pd.Index(self.tier))
        return pd.Series(self.tiers.to_numpy()[np.arange(len(places)), places], index=self.tiers.index)


class Model(Protocol):
    """What every trained model offers, of two outcomes or of three tiers."""

    @property
    def algorithm(self) -> str:
        """Its name."""

    @property
    def encoder(self) -> Encoder:
        """How it reads the columns."""

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of each column it reads."""

    @property
    def report(self) -> TrainingReport:
        """What its training measured."""

    @property
    def held_out(self) -> pd.DataFrame | None:
        """The test leads with ``y`` and ``probability``, right after training only."""

    @property
    def unseen(self) -> Prediction | None:
        """What was said of the test leads before they were learnt from too, right after training only."""

    @property
    def gives_tiers(self) -> bool:
        """Whether it tells three tiers apart and gives each lead one."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the source columns it reads."""

    @property
    def made(self) -> tuple[MadeFeature, ...]:
        """The features people made among them, as they were when it learnt them."""

    @property
    def base(self) -> float:
        """Calibrated log-odds before any column speaks."""

    def predict(self, features: pd.DataFrame, contributions: bool = True) -> Prediction:
        """Score leads."""


@dataclass(frozen=True)
class TrainedModel:
    """A calibrated model with the report of its training.

    Parameters
    ----------
    held_out : DataFrame with columns ``y`` and ``probability``, indexed by lead, or None
        The test leads, there after training only; not part of the artefact.
    made : tuple of MadeFeature
        The features people made that it reads, as they were when it learnt them.
    unseen : Prediction or None
        What the model fitted without the test leads said of them, or of a part of them, with contributions: the final
        one has learnt from them too. There after training only.
    """

    algorithm: Algorithm
    encoder: Encoder
    kinds: dict[str, Kind]
    estimator: Estimator
    calibration: Calibration
    report: TrainingReport
    held_out: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    made: tuple[MadeFeature, ...] = ()
    unseen: Prediction | None = field(default=None, compare=False, repr=False)

    @property
    def gives_tiers(self) -> bool:
        """Never: it tells two outcomes apart."""
        return False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the source columns the model reads."""
        return self.encoder.sources

    @property
    def base(self) -> float:
        """Calibrated log-odds before any column speaks."""
        return float(self.calibration.logit(np.array(self.estimator.base)))

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
        """
        return predict_with(self.encoder, self.estimator, self.calibration, features, contributions=contributions)


def predict_with(encoder: Encoder, estimator: Estimator, calibration: Calibration, features: pd.DataFrame, *,
                 contributions: bool) -> Prediction:
    """Score leads with the parts of a model; see :meth:`TrainedModel.predict`."""
    encoded = encoder.encode(features)
    probability = calibration.probability(estimator.margin(encoded.codes))
    base = float(calibration.logit(np.array(estimator.base)))
    shares = None
    if contributions:
        raw = estimator.contributions(encoded.codes)
        shares = pd.DataFrame(explanation.to_sources(raw, encoder.owners, calibration.slope), index=features.index,
                              columns=list(encoder.sources))
    return Prediction(probability, shares, base, encoded.unknown, encoded.missing_columns)
