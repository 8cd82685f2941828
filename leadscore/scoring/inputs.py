"""What scoring needs from its neighbours, which it never imports: features, and a model's view."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd

from leadscore.schema import Kind


class FeatureFrame(Protocol):
    """Features of leads with what people call them."""

    @property
    def frame(self) -> pd.DataFrame:
        """One column per feature, indexed by lead."""

    @property
    def labels(self) -> dict[str, str]:
        """Name of every column in the user's words."""

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of every column."""


class ModelView(Protocol):
    """A model's prediction."""

    @property
    def probability(self) -> Any:
        """Calibrated probability per lead, in (0, 1)."""

    @property
    def contributions(self) -> Any:
        """Log-odds per lead and source column, or None; base + row sum = logit(probability)."""

    @property
    def base(self) -> float:
        """Log-odds before any column speaks."""
