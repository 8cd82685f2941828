"""What a person writes into a field becomes a value as an import would have stored it, or a refusal that says why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.ingest.cleaning import CleaningChoices, clean_table
from leadscore.ingest.duplicates import company_key
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, CustomField, Group, label_of
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.reading import read_file
from leadscore.store.bulk import to_list
from leadscore.workbench import Workbench

TOLD_ELSEWHERE = frozenset({Group.OUTCOME, Group.CONSENT})
"""Outcomes and consents have a history of their own and are told where it is kept."""


def read_corrections(workbench: Workbench, wishes: Mapping[str, str | None], custom_fields: Sequence[CustomField], *,
                     now: datetime) -> dict[str, Any]:
    """Read the values a person wrote for the columns of a lead.

    Parameters
    ----------
    wishes : mapping of column to text or None
        None or an empty text empties the column.

    Returns
    -------
    dict
        Values as the store keeps them.

    Raises
    ------
    InvalidRequest
        A column cannot be corrected here, or a text is no value for it.
    """
    own = {field.name: field for field in custom_fields}
    wanted = {name: (text or "").strip() for name, text in wishes.items()}
    for name in wanted:
        _check(name, own)
    fields = {name: text for name, text in wanted.items() if text and name in FIELD_BY_NAME}
    values: dict[str, Any] = dict.fromkeys(wanted)
    values |= {name: _own_value(own[name], text) for name, text in wanted.items() if text and name in own}
    return values | _as_imported(workbench, fields, now)


def company_key_of(values: Mapping[str, Any]) -> str | None:
    """Give the key a corrected company is found by."""
    keys = company_key(pd.Series([values.get("company")], dtype="str"))
    return None if pd.isna(keys.iloc[0]) else str(keys.iloc[0])


def _check(name: str, own: Mapping[str, CustomField]) -> None:
    if name in own:
        return
    known = FIELD_BY_NAME.get(name)
    if known is None or known.group in TOLD_ELSEWHERE:
        raise InvalidRequest("not_correctable", f"'{label_of(name)}' cannot be corrected here.",
                             "Outcomes are recorded and consents are told on the page of the lead.")


def _as_imported(workbench: Workbench, fields: Mapping[str, str], now: datetime) -> dict[str, Any]:
    if not fields:
        return {}
    content = csv_bytes(pd.DataFrame({name: [text] for name, text in fields.items()}, dtype="str"))
    raw = read_file(workbench.settings, content, "correction.csv")
    clean = clean_table(raw, {header: header for header in raw.frame.columns}, CleaningChoices(), as_of=now)
    values = {name: to_list(clean.leads[name])[0] if name in clean.leads else None for name in fields}
    for name, value in values.items():
        if value is None:
            raise _no_value(name, clean.issues)
    return values


def _own_value(field: CustomField, text: str) -> Any:
    if field.kind not in NUMERIC_KINDS:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequest("no_value", f"This is no number for '{field.header}'.", "Write it as 1234.5.")
    return number


def _no_value(name: str, issues: pd.DataFrame) -> InvalidRequest:
    about = issues[issues["column"] == name]
    why = f" {about['message'].iloc[0]}" if len(about) else ""
    return InvalidRequest("no_value", f"This cannot be stored as '{label_of(name)}'.{why}", "Correct it and try again.")
