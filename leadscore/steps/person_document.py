"""What is stored about a person, as a report they can read: the same words as in the file for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from leadscore.reports.document import Brand, Document, Section, Table

TITLE = "What is stored about you"
NOTES = ("This answers a request for access. It is no legal advice.",)
NOTHING = "Nothing."


def person_document(record: Mapping[str, Any], brand: Brand, *, made_at: datetime, made_by: str) -> Document:
    """Put a record of a person under headings; every key of the record stands there in the same words."""
    leads: Sequence[Mapping[str, Any]] = record["leads"]
    sections = [Section("Why", paragraphs=(str(record["why"]),))]
    for lead in leads:
        plain = {key: value for key, value in lead.items() if not isinstance(value, (list, dict))}
        sections.append(Section(f"Lead {lead['lead_id']}", tables=(_facts(plain),)))
        sections += [_section(key, value) for key, value in lead.items() if isinstance(value, (list, dict))]
    subtitle = f"{len(leads)} {'entry' if len(leads) == 1 else 'entries'}, as of {made_at:%d %b %Y}"
    return Document(TITLE, subtitle, brand, made_at, made_by, tuple(sections), NOTES)


def in_words(key: str) -> str:
    """Write a key of the record as a heading."""
    return key.replace("_", " ").capitalize()


def _section(key: str, value: Any) -> Section:
    if not value:
        return Section(in_words(key), paragraphs=(NOTHING,))
    if isinstance(value, dict):
        return Section(in_words(key), tables=(_facts(value),))
    frame = pd.DataFrame([{in_words(name): _text(part) for name, part in row.items()} for row in value], dtype="str")
    return Section(in_words(key), tables=(Table("", frame),))


def _facts(values: Mapping[str, Any]) -> Table:
    rows = [{"What": in_words(key), "Value": _text(value)} for key, value in values.items()]
    return Table("", pd.DataFrame(rows, dtype="str"))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%d %b %Y %H:%M}"
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
