"""Whether what a column holds can be what a field means: a share of fitting cells, 0 when it cannot be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from leadscore.ingest.kinds import EMAIL, Cells, encode, read, read_booleans
from leadscore.ingest.numbers import matches, read_numbers
from leadscore.ingest.outcomes import says_outcome
from leadscore.schema import NUMERIC_KINDS, Field, Kind

SAMPLE_ROWS = 2_000
NO_VALUES = 0.5
"""Fit of an empty column: its name decides."""

LONGEST_CATEGORY = 80
LONGEST_IDENTIFIER = 80
LEAST_UNIQUE_IDS = 0.5
MOSTLY = 0.8

FIELDS_WITH_CODES = frozenset({"owner", "campaign", "region", "country"})
CODE = r"[0-9]{4,}"
FEW_GENDERS = 12
MOST_STAGES = 60
GENERIC_STAGE_NAMES = frozenset({"status", "stage", "outcome", "result", "phase", "customerstatus"})
"""Headers that may mean any status at all; at least one of the values must speak of an outcome."""


def sample_cells(frame: pd.DataFrame, header: str) -> Cells:
    """Encode a column from rows spread evenly over the table."""
    column = frame[header]
    step = max(1, -(-len(column) // SAMPLE_ROWS))
    return encode(column.iloc[::step].reset_index(drop=True))


def share_filled(cells: Cells) -> float:
    """Give the share of cells with any text, in [0, 1]."""
    total = int(cells.counts.sum())
    return float(cells.counts[(cells.distinct != "").to_numpy(bool)].sum() / total) if total else 0.0


def fit(field: Field, cells: Cells, name: str) -> float:
    """Judge a column against a field.

    Parameters
    ----------
    field : Field
    cells : Cells
        A sample of the column.
    name : str
        Normalised header.

    Returns
    -------
    float
        Share of non-missing cells that can be values of the field, in [0, 1]; 0 when the column means something else.
    """
    reading = read(cells, field.kind, field=field.name)
    present = ~reading.missing
    if not present.any():
        return NO_VALUES
    texts, counts = cells.distinct[present].reset_index(drop=True), cells.counts[present]
    readable = float(counts[~reading.unreadable[present]].sum() / counts.sum())
    if field.name == "stage":
        return _fit_stage(texts, counts, name)
    if field.name == "crm_id":
        return _fit_identifier(texts, counts)
    if field.kind in NUMERIC_KINDS:
        return readable if _is_plausible(field, reading.values) else 0.0
    return readable if CHECKS.get(field.kind, _anything)(field, texts, counts) else 0.0


def only_yes_no(cells: Cells) -> bool:
    """Tell a column of two values that says nothing but yes and no."""
    texts = cells.distinct[(cells.distinct != "").to_numpy(bool)]
    return 1 <= len(texts) <= 3 and bool(read_booleans(texts).notna().all())


def share_of(texts: pd.Series, counts: np.ndarray, fits: np.ndarray) -> float:
    """Give the share of cells, not of distinct texts, that fit."""
    return float(counts[fits].sum() / counts.sum()) if len(texts) and counts.sum() else 0.0


def share_of_emails(cells: Cells) -> float:
    """Give the share of non-empty cells that are e-mail addresses."""
    present = (cells.distinct != "").to_numpy(bool)
    return share_of(cells.distinct[present], cells.counts[present], matches(cells.distinct[present].str.lower(), EMAIL))


def _fit_stage(texts: pd.Series, counts: np.ndarray, name: str) -> float:
    known = share_of(texts, counts, says_outcome(texts))
    if len(texts) > MOST_STAGES or _is_numeric(texts, counts) or (name in GENERIC_STAGE_NAMES and known == 0.0):
        return 0.0
    return max(known, NO_VALUES)


def _fit_identifier(texts: pd.Series, counts: np.ndarray) -> float:
    unique = len(texts) / counts.sum()
    return 1.0 if unique >= LEAST_UNIQUE_IDS and texts.str.len().mean() <= LONGEST_IDENTIFIER else 0.0


def _is_plausible(field: Field, values: pd.Series) -> bool:
    """Hold the middle of the values against the field's range: an 'age' of 2,000 is not one."""
    middle = values.median()
    if pd.isna(middle):
        return False
    return (field.low is None or middle >= field.low) and (field.high is None or middle <= field.high)


def _is_numeric(texts: pd.Series, counts: np.ndarray) -> bool:
    return share_of(texts, counts, read_numbers(texts, ranges=False).notna().to_numpy(bool)) >= MOSTLY


def _is_yes_no(texts: pd.Series) -> bool:
    return len(texts) <= 3 and bool(read_booleans(texts).notna().all())


def _check_category(field: Field, texts: pd.Series, counts: np.ndarray) -> bool:
    if _is_yes_no(texts) and texts.str.len().max() > 1:
        return False
    if _is_numeric(texts, counts):
        return field.name in FIELDS_WITH_CODES and share_of(texts, counts, matches(texts, CODE)) >= MOSTLY
    if field.name != "owner" and share_of(texts, counts, matches(texts.str.lower(), EMAIL)) >= MOSTLY:
        return False
    if field.name == "gender" and len(texts) > FEW_GENDERS:
        return False
    return float(texts.str.len().mean()) <= LONGEST_CATEGORY


def _check_text(field: Field, texts: pd.Series, counts: np.ndarray) -> bool:
    if field.name == "notes":
        return True
    addresses = share_of(texts, counts, matches(texts.str.lower(), EMAIL)) >= MOSTLY
    return not (addresses or _is_numeric(texts, counts) or (_is_yes_no(texts) and texts.str.len().max() > 1))


def _check_identifier(field: Field, texts: pd.Series, counts: np.ndarray) -> bool:
    if field.name != "postal_code":
        return True
    return share_of(texts, counts, matches(texts, r".*[0-9].*")) >= MOSTLY and float(texts.str.len().mean()) <= 12


def _anything(_field: Field, _texts: pd.Series, _counts: np.ndarray) -> bool:
    return True


CHECKS: dict[Kind, Callable[[Field, pd.Series, np.ndarray], bool]] = {
    Kind.CATEGORY: _check_category, Kind.TEXT: _check_text, Kind.IDENTIFIER: _check_identifier,
}
