"""Looks in model files for addresses and numbers of the people a model was trained on, before they are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.schema import label_of

LEAST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of a phone number with its country (E.164 allows 15)."""
DIGEST = re.compile(r"[0-9a-f]{32,}", re.ASCII)


@dataclass(frozen=True)
class _Trace:
    """How one kind of personal data looks, and when two of them are the same."""

    pattern: re.Pattern[str]
    normal: Callable[[str], str]

    def found_in(self, text: str) -> set[str]:
        return {normal for match in self.pattern.findall(text) if (normal := self.normal(match))}


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits if LEAST_DIGITS <= len(digits) <= MOST_DIGITS else ""


def _address(text: str) -> str:
    return text.casefold().rstrip(".,;:/)")


_TRACES = (
    _Trace(re.compile(r"[^\s\"'<>,;:()\[\]{}\\@]+@[^\s\"'<>,;:()\[\]{}\\@]+\.[^\s\"'<>,;:()\[\]{}\\@]+"), _address),
    _Trace(re.compile(r"(?:https?://|www\.)[^\s\"'<>\\]+", re.IGNORECASE), _address),
    _Trace(re.compile(r"\+?\d[\d\s().\-/]{5,}\d"), _digits),
)


def refuse_personal_data(files: Mapping[str, bytes], leads: pd.DataFrame, headers: Mapping[str, str]) -> None:
    """Refuse files that hold a whole e-mail address, phone number or web address of a lead.

    Parameters
    ----------
    files : mapping of file name to bytes
    leads : DataFrame
        The leads the model was trained on, personal columns included.
    headers : mapping of column to what people call it

    Raises
    ------
    InvalidRequest
        ``personal_data_in_model``.
    """
    suspected = [_suspected(files, trace) for trace in _TRACES]
    if not any(suspected):
        return
    for name in leads.columns:
        if pd.api.types.is_string_dtype(leads[name].dtype) and _holds(leads[name], suspected):
            raise InvalidRequest(
                "personal_data_in_model", "The model would keep an address or a phone number of a lead from the column "
                f"'{label_of(str(name), dict(headers))}'; it was not registered.",
                "Train again without this column, and without columns made of it.")


def _suspected(files: Mapping[str, bytes], trace: _Trace) -> set[str]:
    return {found for name, content in files.items() for text in _texts(name, content) for found in
            trace.found_in(text)}


def _texts(name: str, content: bytes) -> Iterator[str]:
    if name.endswith(".json"):
        return _strings(orjson.loads(content))
    # what is readable in a binary file, without the numbers its bytes happen to spell
    return (part.decode() for part in re.findall(rb"[\x20-\x7e]{6,}", content) if not part.isdigit())


def _strings(value: Any) -> Iterator[str]:
    """Walk through everything that is text in a JSON value, names included."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if not DIGEST.fullmatch(item):
                yield item
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item


def _holds(values: pd.Series, suspected: list[set[str]]) -> bool:
    looked_for = [(trace, wanted) for trace, wanted in zip(_TRACES, suspected, strict=True) if wanted]
    return any(not wanted.isdisjoint(trace.found_in(str(value)))
               for value in values.dropna().unique() for trace, wanted in looked_for)
