"""What putting a column back, or leaving it out, does to figures measured on leads held out of the fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadscore.modeling import evaluation
from leadscore.modeling.encoding import Codes, Encoder, Floats, Rows
from leadscore.modeling.learning_curve import Fit

MOST_ROWS = 10_000
MOST_COLUMNS = 16


@dataclass(frozen=True)
class Figures:
    """What one set of columns reached on held-out leads."""

    roc_auc: float
    average_precision: float
    capture_at_20: float


@dataclass(frozen=True)
class ColumnEffect:
    """The same fit without and with a column."""

    without: Figures
    with_it: Figures

    def to_dict(self) -> dict[str, Any]:
        """Give, for each figure, what it is without and with the column."""
        return {
            name: {"without": getattr(self.without, name), "with": getattr(self.with_it, name)}
            for name in Figures.__dataclass_fields__
        }


def column_effects(
    fit: Fit,
    encoder: Encoder,
    codes: Codes,
    y: Floats,
    part: tuple[Rows, Rows],
    *,
    set_aside: Sequence[str],
    suspects: Sequence[str],
    go_on: Callable[[], bool],
) -> dict[str, ColumnEffect]:
    """Fit once as the model is, once with each column set aside, once without each suspect.

    Parameters
    ----------
    fit : callable(codes, y) -> Estimator
    encoder : Encoder
        Of the columns used and those set aside.
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1
    part : (fitting positions, judging positions)
        One fold of the training leads; at most 10,000 leads of the fitting side are used.
    set_aside, suspects : sequence of str
        Columns out of the model, and in it; what the encoder does not know is passed over.
    go_on : callable() -> bool
        Asked before each fit; once it says no, the other columns are left out.

    Returns
    -------
    dict of column to ColumnEffect
    """
    fitting, judging = part
    step = max(1, -(-len(fitting) // MOST_ROWS))
    part = (fitting[::step], judging)
    tried = [name for name in (*set_aside, *suspects) if name in encoder.sources][:MOST_COLUMNS]
    if not tried or not go_on():
        return {}
    usual = [name for name in encoder.sources if name not in set_aside]
    as_it_is = _figures(fit, _only(codes, encoder, usual), y, part)
    effects = {}
    for name in tried:
        if not go_on():
            break
        others = [*usual, name] if name in set_aside else [one for one in usual if one != name]
        if not others:
            continue
        changed = _figures(fit, _only(codes, encoder, others), y, part)
        effects[name] = ColumnEffect(as_it_is, changed) if name in set_aside else ColumnEffect(changed, as_it_is)
    return effects


def _only(codes: Codes, encoder: Encoder, names: Iterable[str]) -> Codes:
    wanted = set(names)
    places = [place for place, name in enumerate(encoder.sources) if name in wanted]
    kept = np.flatnonzero(np.isin(encoder.owners, places))
    return Codes(codes.values[:, kept], tuple(codes.sizes[place] for place in kept))


def _figures(fit: Fit, codes: Codes, y: Floats, part: tuple[Rows, Rows]) -> Figures:
    fitting, judging = part
    margins = fit(codes.rows(fitting), y[fitting]).margin(codes.rows(judging))
    ends = y[judging]
    return Figures(
        evaluation.roc_auc(ends, margins), evaluation.average_precision(ends, margins),
        evaluation.captured(ends, margins))
