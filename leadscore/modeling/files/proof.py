"""Makes a fingerprint of what a model answers, so that a version put back to use can be shown to answer as before."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256, shake_256

import numpy as np
import pandas as pd

from leadscore.modeling.encoding import ColumnPlan, Encoder
from leadscore.modeling.model import Model, Prediction

PROOF_LEADS = 1_000
STRANGER = "a value no training has seen"
"""Stands for every level and word the model has not learnt."""
EXTREMES = (np.nan, np.nan, 0.0, 0.0, 1.0, 1.0, -1.0, 1e-9, 1e30, -1e30, np.inf, -np.inf)
SCALES = (0.125, 0.125, 1.0, 1.0, 8.0, 64.0, 1_024.0, 65_536.0)
"""Powers of two, so that the made-up numbers are the same bits on every machine."""
SPAN = 200


def proof_of(model: Model) -> str:
    """Give the SHA-256 of the answers to made-up leads.

    Two models with the same proof give the same probabilities and the same contributions, bit for bit, on
    :data:`PROOF_LEADS` leads with ordinary, extreme, missing and unknown values in every column.

    Parameters
    ----------
    model : Model

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return _digest(model.predict(made_up_leads(model.encoder)))


def made_up_leads(encoder: Encoder, rows: int = PROOF_LEADS) -> pd.DataFrame:
    """Make leads that visit what each column can hold; the same encoder always gives the same leads.

    Parameters
    ----------
    encoder : Encoder
    rows : int

    Returns
    -------
    DataFrame of shape (rows, n_source_columns)
    """
    columns = {plan.name: _MAKE[plan.form](plan, rows) for plan in encoder.plans}
    return pd.DataFrame(columns, index=pd.RangeIndex(rows))


def _digest(prediction: Prediction) -> str:
    found = sha256(np.ascontiguousarray(prediction.probability, dtype="<f8").tobytes())
    for frame in (prediction.contributions, getattr(prediction, "tiers", None)):
        if frame is not None:
            found.update("\n".join(map(str, frame.columns)).encode())
            found.update(np.ascontiguousarray(frame.to_numpy(), dtype="<f8").tobytes())
    return found.hexdigest()


def _draw(plan: ColumnPlan, what: str, rows: int, below: int) -> np.ndarray:
    """Draw whole numbers in [0, below) that depend on nothing but the column; no library's generator is involved."""
    stream = shake_256(f"{what} of {plan.name}".encode()).digest(4 * rows)
    return (np.frombuffer(stream, dtype="<u4") % below).astype(np.intp)


def _numbers(plan: ColumnPlan, rows: int) -> pd.Series:
    mantissas = _draw(plan, "mantissa", rows, SPAN) - SPAN // 10
    ordinary = mantissas * np.array(SCALES)[_draw(plan, "scale", rows, len(SCALES))]
    extreme = np.array(EXTREMES)[_draw(plan, "extreme", rows, len(EXTREMES))]
    return pd.Series(np.where(_draw(plan, "kind", rows, 5) == 0, extreme, ordinary))


def _levels(plan: ColumnPlan, rows: int) -> pd.Series:
    return _texts([*plan.vocabulary, STRANGER, None], _draw(plan, "level", rows, len(plan.vocabulary) + 2))


def _words(plan: ColumnPlan, rows: int) -> pd.Series:
    choices = [*plan.vocabulary, STRANGER, None]
    first, second = (_texts(choices, _draw(plan, what, rows, len(choices))) for what in ("first", "second"))
    return first.str.cat(second, sep=" ")


def _texts(choices: list[str | None], positions: np.ndarray) -> pd.Series:
    return pd.Series(choices, dtype="str").take(positions).reset_index(drop=True)


_MAKE: dict[str, Callable[[ColumnPlan, int], pd.Series]] = {"number": _numbers, "levels": _levels, "tokens": _words}
