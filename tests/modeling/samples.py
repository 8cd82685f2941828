"""Small synthetic leads whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.modeling.model import TrainedModel
from leadscore.modeling.training import TrainingOptions, train
from leadscore.schema import Kind

KINDS = {
    "visits": Kind.NUMBER,
    "income": Kind.MONEY,
    "source": Kind.CATEGORY,
    "demo": Kind.BOOLEAN,
    "title": Kind.TEXT,
    "noise": Kind.NUMBER,
}


def make_leads(rows: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Make leads with every kind of column, missing values included, and outcomes that follow from them."""
    rng = np.random.default_rng(seed)
    leads = pd.DataFrame(
        {
            "visits": rng.poisson(4, rows).astype(float),
            "income": np.exp(rng.normal(11, 0.5, rows)),
            "source": rng.choice(["Web", "Fair", "Referral"], rows, p=[0.5, 0.3, 0.2]),
            "demo": rng.choice([0.0, 1.0], rows),
            "title": rng.choice(["Head of Sales", "Sales Clerk", "Chief Buyer"], rows),
            "noise": rng.normal(size=rows),
        }
    ).astype({"source": "str", "title": "str"})
    truth = 0.5 * (leads["visits"] - 4) + 1.5 * (leads["source"] == "Referral") + 1.2 * leads["demo"] - 1.6
    outcome = (rng.random(rows) < 1 / (1 + np.exp(-truth.to_numpy()))).astype(float)
    leads.loc[rng.random(rows) < 0.1, "visits"] = np.nan
    leads.loc[rng.random(rows) < 0.1, "source"] = None
    leads.index = pd.RangeIndex(100, 100 + rows, name="lead_id")
    return leads, pd.Series(outcome, index=leads.index)


def train_small(algorithm: str = "xgboost", balance: str = "none", rows: int = 600, **parts: object) -> TrainedModel:
    """Train quickly on a few leads."""
    leads, outcome = make_leads(rows)
    options = TrainingOptions(algorithm=algorithm, balance=balance)
    return train(leads, KINDS, outcome, options=options, **parts)  # type: ignore[arg-type]
