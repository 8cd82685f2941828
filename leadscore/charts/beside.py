"""Two pictures of the same question get the same axes, so that the eye compares them and not their scales."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Spec = dict[str, Any]

_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
ROOM_FOR_WORDS = re.compile(rf"(?:{_NUMBER} \+ )?{_NUMBER} /")
"""Limits that leave room for words: a start, and a length over the share of the axis that is left for it."""


def same_scale(first: Spec, second: Spec) -> tuple[Spec, Spec]:
    """Give both specifications the same limits on every axis that counts or measures in both.

    Parameters
    ----------
    first, second : dict
        Vega-Lite specifications with their data inside, layers allowed. Neither is changed.

    Returns
    -------
    tuple of dict
        Copies. Axes of words, of time, of places in a row (they name their whole domain), and those that layers do not
        share are left as they are.
    """
    pair = deepcopy(first), deepcopy(second)
    for axis in ("x", "y"):
        found = [list(_channels(spec, axis)) for spec in pair]
        ends = [_ends(channels) for channels in found]
        if ends[0] is None or ends[1] is None or any(_is_of_its_own(spec, axis) for spec in pair):
            continue
        low = min(ends[0][0], ends[1][0], key=_size)
        high = max(ends[0][1], ends[1][1], key=_size)
        for channel, _ in (*found[0], *found[1]):
            channel["scale"] = {**(channel.get("scale") or {}), "domainMin": low, "domainMax": high, "nice": False,
                                "zero": False}
    return pair


def _channels(spec: Spec, axis: str, data: list[Spec] | None = None) -> Iterator[tuple[Spec, list[float]]]:
    """List the channels of an axis that hold numbers, each with what it holds."""
    rows = (spec.get("data") or {}).get("values", data) or []
    encoding = spec.get("encoding") or {}
    channel = encoding.get(axis)
    if isinstance(channel, dict) and channel.get("type") == "quantitative":
        yield channel, [*_values(channel, rows), *_values(encoding.get(f"{axis}2"), rows)]
    for layer in spec.get("layer", ()):
        yield from _channels(layer, axis, rows)


def _values(channel: Any, rows: list[Spec]) -> list[float]:
    if not isinstance(channel, dict):
        return []
    told = [channel["datum"]] if "datum" in channel else [row.get(str(channel.get("field"))) for row in rows]
    return [float(value) for value in told if isinstance(value, (int, float)) and math.isfinite(value)]


def _ends(channels: list[tuple[Spec, list[float]]]) -> tuple[Any, Any] | None:
    """Give the first and last value of an axis: those it names, else those of its data and 0; None without any."""
    values = [value for _, told in channels for value in told]
    scales = [channel.get("scale") or {} for channel, _ in channels]
    lows = [scale["domainMin"] for scale in scales if "domainMin" in scale]
    highs = [scale["domainMax"] for scale in scales if "domainMax" in scale]
    if any("domain" in scale for scale in scales) or not (values or (lows and highs)):
        return None
    return (min(lows, key=_size) if lows else min([0.0, *values]),
            max(highs, key=_size) if highs else max([0.0, *values]))


def _size(limit: Any) -> float:
    """Say how large a limit is, words aside."""
    if not isinstance(limit, dict):
        return float(limit)
    found = ROOM_FOR_WORDS.match(str(limit.get("expr", "")))
    return sum(float(number) for number in found.groups() if number) if found else 0.0


def _is_of_its_own(spec: Spec, axis: str) -> bool:
    resolved: Spec = (spec.get("resolve") or {}).get("scale") or {}
    return resolved.get(axis) == "independent" or any(_is_of_its_own(layer, axis) for layer in spec.get("layer", ()))
