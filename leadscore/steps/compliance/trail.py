"""Records of the log as compliance reports read them: of one client, in a period, with the words people know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from leadscore.steps.alerting import WORKBENCH
from leadscore.steps.compliance.asking import Asked
from leadscore.steps.members import unpacked
from leadscore.steps.record_words import Family, words_of
from leadscore.store import evidence

USER = "user:"
UNKNOWN = "user:unknown"
OPERATOR = "local:"
LONGEST_DETAIL = 160
MOST_LISTED = 12
SEALED = frozenset({"sealed", "text", "sha256", "file_sha256", "personal"})
"""Entries of a detail that are no words for people: what is encrypted, and fingerprints."""


def records_of(asked: Asked) -> pd.DataFrame:
    """Read the records of the period asked for.

    Of records about accounts those of people who may see this client are given, and tries under names that are no
    account's; of faults that are no client's, those such people or the workbench met. Other clients and their people
    stay unnamed.

    Returns
    -------
    DataFrame
        Columns ``seq``, ``at``, ``actor``, ``action``, ``object``, ``detail`` (dict), ``label``, ``family``.
    """
    frame = evidence.records(asked.session, asked.client_id, upto=asked.upto, first=str(asked.days.first),
                             after=asked.days.after)
    told = [words_of(action) for action in frame["action"]]
    details = pd.Series([_only_ours(asked.client, _opened(orjson.loads(text))) for text in frame["detail"]],
                        index=frame.index, dtype=object)
    frame = frame.assign(label=[words.label for words in told], family=[str(words.family) for words in told],
                         detail=details)
    return frame[_about_us(asked, frame)].drop(columns="client_id").reset_index(drop=True)


def left_out(asked: Asked) -> tuple[str, ...]:
    """Say that a period has more records than a report reads; nothing where it holds them all."""
    first = evidence.first_read(asked.session, asked.client_id, upto=asked.upto, first=str(asked.days.first),
                                after=asked.days.after)
    return () if first is None else (
        f"This period has more records than one report holds: of those the newest {evidence.MOST_RECORDS:,} are here, "
        f"from number {first:,} on, and figures count these alone. Make reports of shorter periods for the others.",)


def of_families(frame: pd.DataFrame, *families: Family) -> pd.DataFrame:
    """Keep the records of some families."""
    return frame[frame["family"].isin([str(family) for family in families])]


def listed(frame: pd.DataFrame) -> pd.DataFrame:
    """Write records as a table for people: when, who, what, on what, and the details in words."""
    return pd.DataFrame({"No.": frame["seq"].astype("int64"), "When (UTC)": [_when(at) for at in frame["at"]],
                         "Who": frame["actor"], "What": frame["label"], "On": frame["object"],
                         "Details": [in_words(detail) for detail in frame["detail"]]}).reset_index(drop=True)


def as_records(frame: pd.DataFrame) -> pd.DataFrame:
    """Write records for a CSV, with their details as JSON."""
    return pd.DataFrame({"seq": frame["seq"].astype("int64"), "at": frame["at"], "actor": frame["actor"],
                         "action": frame["action"], "object": frame["object"],
                         "detail": [orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode()
                                    for detail in frame["detail"]]}).reset_index(drop=True)


def in_words(detail: Mapping[str, Any]) -> str:
    """Write a detail as ``name: value``, and before → after where both are told."""
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changed = [f"{_name(name)}: {_value(before.get(name))} → {_value(value)}" for name, value in after.items()
                   if before.get(name) != value]
        rest = {name: value for name, value in detail.items() if name not in ("before", "after")}
        return _cut(", ".join([*changed, *_named(rest)]))
    return _cut(", ".join(_named(detail)))


def _opened(detail: dict[str, Any]) -> dict[str, Any]:
    """Write out which leads an export held, which the log packs."""
    held = detail.get("leads")
    return detail | {"leads": unpacked(held).tolist()} if isinstance(held, str) else detail


def _named(detail: Mapping[str, Any]) -> list[str]:
    return [f"{_name(name)}: {_value(value)}" for name, value in detail.items()
            if name not in SEALED and value not in (None, "", [], {})]


def _name(name: str) -> str:
    return name.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{_name(str(name))} {_value(part)}" for name, part in value.items()) + ")"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) if len(value) <= MOST_LISTED else f"{len(value):,} of them"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_DETAIL else f"{words[:LONGEST_DETAIL]}…"


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def _only_ours(client: str, detail: dict[str, Any]) -> dict[str, Any]:
    """Name no other client an account may see as well."""
    told = {name: _only_ours(client, part) if isinstance(part, dict) else part for name, part in detail.items()}
    if isinstance(told.get("clients"), list):
        told["clients"] = [name for name in told["clients"] if name == client]
    return told


def _about_us(asked: Asked, frame: pd.DataFrame) -> pd.Series:
    ours = evidence.people(asked.session, asked.client_id)
    objects = {f"{USER}{user.id}" for user in ours} | {UNKNOWN}
    by_us = frame["actor"].isin({user.name for user in ours} | {WORKBENCH}) | frame["actor"].str.startswith(OPERATOR)
    accounts, faults = (frame["family"] == str(family) for family in (Family.ACCOUNT, Family.FAULT))
    # all else about the workbench as a whole is done by administrators, or was when it was done
    return (frame["client_id"].notna() | (accounts & frame["object"].isin(objects)) | (faults & by_us)
            | ~(accounts | faults))
