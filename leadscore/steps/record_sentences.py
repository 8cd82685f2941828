"""A record of the audit trail as a sentence, and what it says changed as rows of before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from leadscore.steps.record_words import words_of

LONGEST = 160
UNSHOWN = ("before", "after", "leads", "sealed")
"""Parts of a detail that are shown otherwise, or mean nothing to people."""
OBJECTS = {"batch": "import", "run": "scoring", "user": "user", "lead": "lead", "model": "model",
           "policy": "policy version", "export": "file", "job": "job", "client": "client", "segment": "segment",
           "experiment": "experiment", "alert": "alert", "offer": "offer", "figure": "figure"}


def sentence(actor: str, action: str, about: str) -> str:
    """Say who did what to what: ``anna imported leads (import 3)``."""
    kind, _, number = about.partition(":")
    named = f"{OBJECTS.get(kind, kind)} {number}" if number else about.replace("_", " ")
    return f"{actor} {words_of(action).done} ({named})" if named else f"{actor} {words_of(action).done}"


def details_of(detail: Any) -> dict[str, Any]:
    """Read the detail of a record; nothing where it cannot be read."""
    try:
        body = orjson.loads(detail) if isinstance(detail, (str, bytes)) else detail
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def in_short(detail: Any) -> str:
    """Say the plain parts of a detail in one line."""
    body = details_of(detail)
    parts = [f"{name.replace('_', ' ')} {_text(value)}" for name, value in body.items()
             if name not in UNSHOWN and value not in (None, "", [], {})]
    changed = changes_of(detail)
    parts = [f"{row['what']}: {row['before']} \u2192 {row['after']}" for row in changed.to_dict("records")] + parts
    told = ", ".join(parts)
    return told if len(told) <= LONGEST else told[:LONGEST - 1] + "\u2026"


def changes_of(detail: Any) -> pd.DataFrame:
    """List what changed.

    Returns
    -------
    DataFrame
        Columns ``what``, ``before``, ``after``; only what differs.
    """
    body = details_of(detail)
    before, after = body.get("before"), body.get("after")
    rows: list[tuple[str, str, str]] = []
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        old, new = (_flat(part) if isinstance(part, Mapping) else {} for part in (before, after))
        rows = [(name, old.get(name, ""), new.get(name, "")) for name in dict.fromkeys((*old, *new))
                if old.get(name) != new.get(name)]
    elif before is not None or after is not None:
        rows = [("value", _text(before), _text(after))]
    return pd.DataFrame(rows, columns=["what", "before", "after"])


def others_of(detail: Any) -> pd.DataFrame:
    """List everything else a record says: columns ``what`` and ``value``."""
    plain = {name: value for name, value in details_of(detail).items() if name not in UNSHOWN}
    return pd.DataFrame(list(_flat(plain).items()), columns=["what", "value"])


def _flat(values: Mapping[str, Any], stem: str = "") -> dict[str, str]:
    """Give every value one name; entries of a list that carry a name go by it."""
    told: dict[str, str] = {}
    for name, value in values.items():
        path = f"{stem}{str(name).replace('_', ' ')}"
        entries = _entries(value)
        told |= _flat(entries, f"{path} \u203a ") if entries else {path: _text(value)}
    return told


def _entries(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): part for name, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        return {str(part.get("name") or part.get("id") or part.get("label") or place + 1): part
                for place, part in enumerate(value)}
    return {}


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{str(name).replace('_', ' ')} {_text(part)}" for name, part in value.items()) + ")"
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value)
    return str(value)
