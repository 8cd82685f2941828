"""What is stored of one lead, as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadscore.schema import FIELDS, CustomField, Field, label_of
from leadscore.steps.listing import MASK
from leadscore.steps.plain import is_missing

OWN_COLUMNS = "your own columns"


def values_of(leads: pd.DataFrame, custom: Sequence[CustomField], headers: Mapping[str, str], *,
              personal: bool) -> list[tuple[str, str, str]]:
    """List group, name and text of every value a lead has.

    Parameters
    ----------
    leads : DataFrame of one row
    personal : bool
        False masks what describes a person.
    """
    return [(group, label, MASK if hidden and not personal else text)
            for _, group, label, text, hidden in _filled(leads, custom, headers)]


def values_by_field(leads: pd.DataFrame, custom: Sequence[CustomField],
                    headers: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """List column, name and text of every value a lead has."""
    return [(name, label, text) for name, _, label, text, _ in _filled(leads, custom, headers)]


def _filled(leads: pd.DataFrame, custom: Sequence[CustomField],
            headers: Mapping[str, str]) -> list[tuple[str, str, str, str, bool]]:
    lead, shown = leads.iloc[0], []
    columns: list[Field | CustomField] = [*FIELDS, *custom]
    for field in columns:
        value = lead.get(field.name)
        if is_missing(value) or value == "":
            continue
        group = str(field.group) if isinstance(field, Field) else OWN_COLUMNS
        shown.append((field.name, group, label_of(field.name, dict(headers)), _as_text(value), field.personal))
    return shown


def _as_text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%d %b %Y %H:%M}".removesuffix(" 00:00")
    return f"{value:,.10g}" if isinstance(value, (float, np.floating)) else str(value)
