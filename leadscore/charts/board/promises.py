"""What scores said and what came of it in, pictures of whether they keep their word out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    RECORD,
    between,
    count_texts,
    counts,
    hundredths,
    nothing,
    numbers,
    sensible_top,
    share_text,
    share_texts,
)
from leadscore.charts.numbers import counted
from leadscore.charts.palette import BLUE, GREEN, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    FAINT_TINT,
    INK,
    TINT,
    Kind,
    Spec,
    category,
    headroom,
    label,
    layered,
    mark,
    note,
    only_if,
    place,
    quantity,
    room,
    rows,
)

CALIBRATION_HEIGHT, CELL_HEIGHT = 340, 280
LEAST_RISE, LEAST_APART = 0.1, 0.07
"""Of the height: where words beside a dot begin, since dots crowd below, and the room of one line of words."""
AIR = 1.12
NOTE_LINE = 24
"""Pixels above the highest dot for the words about the upper half."""
CELLS = (("true_positive", "converted", "qualified", "found", True),
         ("false_negative", "converted", "not qualified", "missed", False),
         ("false_positive", "lost", "qualified", "called in vain", False),
         ("true_negative", "lost", "not qualified", "rightly left", True))


def reliability(bins: pd.DataFrame) -> Picture:
    """Draw the chances the scores gave beside the shares that converted.

    Parameters
    ----------
    bins : DataFrame
        Columns ``expected``, ``rate``, ``rate_low``, ``rate_high`` (fractions) and ``leads``.
    """
    key, title = "reliability", "Do the scores keep their word?"
    expected, rate, leads = numbers(bins, "expected"), numbers(bins, "rate"), counts(bins, "leads")
    table = pd.DataFrame({
        "Expected (%)": hundredths(expected), "Converted (%)": hundredths(rate),
        "Likely from (%)": hundredths(numbers(bins, "rate_low")),
        "Likely to (%)": hundredths(numbers(bins, "rate_high")), "Leads": leads.astype(int)})
    known = np.isfinite(expected) & np.isfinite(rate) & (leads > 0)
    if not known.any():
        return nothing(key, title, f"{RECORD}, to see whether the chances that scores give come true.", table)
    gap = float(np.average(np.abs(rate - expected)[known], weights=leads[known]))
    return Picture(key=key, title=title, data=table, spec=_dots(bins[known]),
                   caption="Dots on the dashed line: as many converted as the score said. Larger dots stand for more "
                           "leads; the line through a dot is where its rate likely lies.",
                   alt=f"Dots of converted against expected share; on average {share_text(gap)} apart.")


def confusion(ends: Mapping[str, int], *, threshold: float) -> Picture:
    """Draw what the threshold said of leads whose end is known.

    Parameters
    ----------
    ends : mapping of str to int
        Leads: ``true_positive``, ``false_positive``, ``false_negative`` and ``true_negative``.
    threshold : float
        Score from which a lead counts as qualified.
    """
    key, title = "confusion", f"Was the threshold of {threshold:g} right?"
    found = np.array([float(ends.get(name) or 0) for name, *_ in CELLS])
    whole = found.sum()
    shares = found / whole if whole else np.full(len(CELLS), np.nan)
    table = pd.DataFrame({"Ended": [cell[1] for cell in CELLS], "The score said": [cell[2] for cell in CELLS],
                          "Meaning": [cell[3] for cell in CELLS], "Leads": found.astype(int),
                          "Share (%)": hundredths(shares)})
    if not whole:
        return nothing(key, title, f"{RECORD}, won and lost, to see whether the threshold was right.", table)
    said = _verdict(*found.tolist())
    return Picture(key=key, title=title, data=table, spec=_four_cells(table, shares, threshold),
                   alt=f"A table of two by two. {said}", caption=said)


def _dots(bins: pd.DataFrame) -> Spec:
    expected, rate, leads = numbers(bins, "expected"), numbers(bins, "rate"), counts(bins, "leads")
    low, high = numbers(bins, "rate_low"), numbers(bins, "rate_high")
    most = min(1.0, AIR * sensible_top(rate, high, expected, leads))
    data = rows(expected=expected, rate=rate, low=low, high=np.minimum(high, most), leads=leads,
                apart=_apart(rate, LEAST_APART * most), words=[counted(int(value), "lead") for value in leads],
                foretold=share_texts(expected), found=share_texts(rate), likely=between(low, high))
    across = quantity("expected", "Chance the score gave", Kind.SHARE, limits=(0, room(46, most)), grid=False)
    up = quantity("rate", "Share that converted", Kind.SHARE, limits=(0, headroom(NOTE_LINE, most)), top=True,
                  grid=False)
    size = {"field": "leads", "type": "quantitative", "legend": None,
            "scale": {"type": "sqrt", "range": [40, 420], "zero": True}}
    return layered(
        data, *_diagonal(most),
        mark("rule", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=BLUE, strokeWidth=1.5,
             opacity=0.7),
        mark("point", {"x": across, "y": up, "size": size}, filled=True, color=BLUE, opacity=0.9,
             tooltip=[("foretold", "Chance the score gave"), ("found", "Converted"), ("likely", "Likely between"),
                      ("words", "Of")]),
        label({"x": across, "y": up, "opacity": only_if("datum.apart && width > 300")}, "words", align="left", dx=14,
              dy=1, fontSize=11),
        height=CALIBRATION_HEIGHT)


def _diagonal(most: float) -> list[Spec]:
    """Draw where scores keep their word, and say what it means to be above or below."""
    return [mark("line", {"x": place("at"), "y": place("at")}, data=[{"at": 0}, {"at": most}], color=INK,
                 strokeDash=[5, 4], strokeWidth=1.5, opacity=0.6),
            note("more converted than the score said", x={"value": 8}, y={"value": 4}, align="left", baseline="top",
                 opacity=0.75),
            note("fewer converted than the score said", x={"value": "width"}, y={"value": "height"}, align="right",
                 dx=-4, dy=-8, baseline="bottom", opacity={"expr": "width > 320 ? 0.75 : 0"})]


def _apart(values: np.ndarray, least: float) -> np.ndarray:
    """Choose, from the highest down, values that lie far enough apart for a line of words beside each."""
    chosen, last = np.zeros(len(values), dtype=bool), np.inf
    for position in np.argsort(-values):
        chosen[position] = last - values[position] >= least
        last = values[position] if chosen[position] else last
    far: np.ndarray = chosen & (values >= LEAST_RISE * values.max(initial=0.0))
    return far


def _four_cells(table: pd.DataFrame, shares: np.ndarray, threshold: float) -> Spec:
    data = rows(end=table["Ended"], call=table["The score said"], right=[cell[4] for cell in CELLS], share=shares,
                leads=count_texts(table["Leads"].to_numpy()),
                words=[f"{meaning}, {share_text(share)}" for meaning, share in
                       zip(table["Meaning"], shares.tolist(), strict=True)])
    where: Spec = {
        "x": category("call", ["qualified", "not qualified"], orient="top", labelAngle=0,
                      labelExpr=f"datum.label == 'qualified' ? 'scored {threshold:g} or more' : "
                                f"'scored below {threshold:g}'"),
        "y": category("end", ["converted", "lost"])}
    paint = {"condition": {"test": "datum.right", "value": GREEN}, "value": VERMILION}
    strength = {"field": "share", "type": "quantitative", "legend": None,
                "scale": {"domain": [0, 1], "range": [3 * FAINT_TINT, TINT]}}
    return layered(
        data,
        mark("rect", {**where, "color": paint, "opacity": strength}, cornerRadius=6, width={"band": 0.97},
             height={"band": 0.95}, tooltip=[("leads", "Leads"), ("words", "They were")]),
        label(where, "leads", fontSize=24, fontWeight=600, dy=-8), label(where, "words", fontSize=13, dy=18),
        height=CELL_HEIGHT)


def _verdict(found: float, missed: float, in_vain: float, left: float) -> str:
    whole, called, won = found + missed + in_vain + left, found + in_vain, found + missed
    said = [f"Right for {share_text((found + left) / whole)} of {counted(int(whole), 'decided lead')}."]
    if called:
        said.append(f"Of those above the threshold {share_text(found / called)} converted.")
    if won:
        said.append(f"Of all conversions {share_text(found / won)} scored above it.")
    return " ".join(said)
