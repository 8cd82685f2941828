"""Counts by score range in, pictures of how scores are spread, whether higher ones convert more, and which pay, out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    FEW,
    RECORD,
    between,
    count_texts,
    counts,
    hundredths,
    longest,
    nothing,
    numbers,
    score_ranges,
    sensible_top,
    share_text,
    share_texts,
    total,
)
from leadscore.charts.numbers import money
from leadscore.charts.palette import BLUE, FAINT, GREEN, ORANGE, TIER_COLOURS, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    Kind,
    Spec,
    colours,
    headroom,
    label,
    layered,
    level,
    mark,
    only_if,
    place,
    quantity,
    rows,
    upright,
)

CONVERTED, EXPECTED = "converted", "expected by the score"
TENS = tuple(range(0, 101, 10))
MIDDLE = 60
"""Score from which the words of a line stand left of it."""
PIXELS_A_LETTER, PIXELS_A_SMALL_LETTER = 7, 6
BAND_OPACITY = 1.5 * FAINT
ONE_LINE, TIER_LINE, BOTH_LINES = 20, 26, 44
"""Pixels above the highest bar for its figure, for the names of tiers, and for those and the threshold."""


def score_histogram(ranges: pd.DataFrame, *, high: float | None = None, low: float | None = None,
                    qualified: float | None = None) -> Picture:
    """Draw how many leads have which score.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``low``, ``high`` (edges in [0, 100]) and ``leads``.
    high, low : float or None
        Score from which a lead is High, and below which it is Low; shaded when both are given.
    qualified : float or None
        Score from which a lead counts as qualified.
    """
    key, title = "scores", "How the scores are spread"
    leads = counts(ranges, "leads")
    table = pd.DataFrame({"Score": score_ranges(ranges), "Leads": leads.astype(int)})
    if not leads.sum():
        return nothing(key, title, "Upload leads to see how their scores are spread.", table)
    best = int(leads.argmax())
    most = f"More leads score {table['Score'][best]} than in any other range: {count_texts(leads)[best]} of " \
           f"{leads.sum():,.0f}." if leads[best] < leads.sum() else \
           f"All leads, {leads.sum():,.0f}, score {table['Score'][best]}."
    return Picture(key=key, title=title, data=table, spec=_histogram(ranges, table["Score"], high, low, qualified),
                   alt=f"Bars of leads by score. {most}", caption=most)


def conversion_by_score(ranges: pd.DataFrame) -> Picture:
    """Draw the share of converted leads in each score range beside the share the scores led to expect.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``low``, ``high``, ``leads``, ``converted``, ``rate``, ``rate_low``, ``rate_high`` and ``expected``
        (fractions, missing where nothing is known).
    """
    key, title = "conversion-by-score", "Do higher scores convert more?"
    leads, rate = counts(ranges, "leads"), numbers(ranges, "rate")
    table = pd.DataFrame({
        "Score": score_ranges(ranges), "Leads": leads.astype(int), "Converted": counts(ranges, "converted").astype(int),
        "Conversion rate (%)": hundredths(rate), "Likely from (%)": hundredths(numbers(ranges, "rate_low")),
        "Likely to (%)": hundredths(numbers(ranges, "rate_high")),
        "Expected by the score (%)": hundredths(numbers(ranges, "expected"))})
    if not total(counts(ranges, "converted")) or not np.isfinite(rate).any():
        return nothing(key, title, f"{RECORD}, to see whether higher scores convert more.", table)
    return Picture(key=key, title=title, data=table, spec=_conversion(ranges, table["Score"]),
                   caption=_few(table["Score"], leads),
                   alt=f"Bars of the share of leads that converted, by score. {_ends(table['Score'], rate)}")


def roi_by_score(ranges: pd.DataFrame, *, currency: str) -> Picture:
    """Draw what each score range returned on what it cost.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``low``, ``high``, ``leads``, ``revenue``, ``cost`` (in ``currency``) and ``ret``: (revenue - cost) /
        cost, missing where nothing was spent.
    """
    key, title = "roi-by-score", "Which scores pay"
    gain = numbers(ranges, "ret")
    table = pd.DataFrame({
        "Score": score_ranges(ranges), "Leads": counts(ranges, "leads").astype(int),
        f"Revenue ({currency})": np.round(numbers(ranges, "revenue"), 2),
        f"Cost ({currency})": np.round(numbers(ranges, "cost"), 2), "Return on cost (%)": hundredths(gain)})
    if not np.isfinite(gain).any():
        return nothing(key, title, "Enter what your sources cost and what conversions brought, to see which scores "
                                   "pay.", table)
    said = _paying(ranges, gain > 0)
    return Picture(key=key, title=title, data=table, spec=_returns(ranges, table["Score"], currency),
                   alt=f"Bars of return on cost by score. {said}",
                   caption=f"{said} 0 % is even, 100 % doubles the money.")


def _histogram(ranges: pd.DataFrame, names: pd.Series, high: float | None, low: float | None,
               qualified: float | None) -> Spec:
    leads = counts(ranges, "leads")
    data = rows(**_edges(ranges), leads=leads, range=names, words=count_texts(leads),
                share=share_texts(leads / leads.sum()))
    above = BOTH_LINES if qualified is not None else TIER_LINE if high is not None else ONE_LINE
    up = quantity("leads", "Leads", limits=(0, headroom(above, float(leads.max()))), top=True)
    fits = f"width / {len(ranges)} > {PIXELS_A_LETTER * longest(count_texts(leads))}"
    shown = only_if(f"datum.leads == {leads.max():g} || datum.leads > 0 && {fits}")
    return layered(
        data, *_tier_bands(high, low),
        mark("bar", _columns("leads", up), color=BLUE, binSpacing=2,
             tooltip=[("range", "Score"), ("words", "Leads"), ("share", "Share of all")]),
        label({"x": _score("middle"), "y": place("leads"), "opacity": shown}, "words", dy=-4, baseline="bottom"),
        *(upright(qualified, f"qualified from {qualified:g}", flip=qualified > MIDDLE, down=20)
          if qualified is not None else []))


def _conversion(ranges: pd.DataFrame, names: pd.Series) -> Spec:
    rate, expected = numbers(ranges, "rate"), numbers(ranges, "expected")
    low, high, leads = numbers(ranges, "rate_low"), numbers(ranges, "rate_high"), counts(ranges, "leads")
    most = sensible_top(rate, high, expected, leads)
    data = rows(**_edges(ranges), rate=rate, rate_low=low, rate_high=np.minimum(high, most), expected=expected,
                top=np.fmin(np.fmax(np.fmax(rate, high), expected), most), words=share_texts(rate),
                short=[_signed(value, "", "") for value in rate.tolist()], range=names, leads=count_texts(leads),
                foretold=share_texts(expected), likely=between(low, high), series=CONVERTED, other=EXPECTED)
    told = bool(np.isfinite(expected).any())
    paint = colours([CONVERTED, EXPECTED], [BLUE, ORANGE], legend=told)
    up = quantity("rate", "Share converted", Kind.SHARE, limits=(0, headroom(22, most)), top=True)
    middle = {"x": _score("middle")}
    line = mark("line", {**middle, "y": place("expected"), "color": {"field": "other", **paint}}, strokeWidth=2.5,
                point={"size": 45, "filled": True})
    return layered(
        data,
        mark("bar", {**_columns("rate", up), "color": {"field": "series", **paint}}, binSpacing=3,
             tooltip=[("range", "Score"), ("words", "Converted"), ("likely", "Likely between"),
                      ("foretold", "Expected"), ("leads", "Leads")]),
        *([line] if told else []),
        mark("rule", {**middle, "y": place("rate_low"), "y2": {"field": "rate_high"}}, strokeWidth=1.5, opacity=0.75),
        *_heads(data, "top", "isValid(datum.rate)"))


def _returns(ranges: pd.DataFrame, names: pd.Series, currency: str) -> Spec:
    gain = numbers(ranges, "ret")
    data = rows(**_edges(ranges), gain=gain, words=[_signed(value) for value in gain.tolist()],
                short=[_signed(value, "") for value in gain.tolist()], range=names,
                leads=count_texts(counts(ranges, "leads")),
                revenue=[money(value, currency) for value in numbers(ranges, "revenue")],
                cost=[money(value, currency) for value in numbers(ranges, "cost")])
    least, most = min(0.0, float(np.nanmin(gain))), max(0.0, float(np.nanmax(gain)))
    air = 0.1 * max(most - least, 0.01)
    up = quantity("gain", "Return on cost", Kind.SHARE, limits=(least - air * (least < 0), most + air), top=True)
    paint = {"condition": {"test": "datum.gain < 0", "value": VERMILION}, "value": GREEN}
    return layered(
        data,
        mark("bar", {**_columns("gain", up), "y2": {"datum": 0}, "color": paint}, binSpacing=3,
             tooltip=[("range", "Score"), ("words", "Return on cost"), ("revenue", "Revenue"), ("cost", "Cost"),
                      ("leads", "Leads")]),
        *level(0.0), *_heads(data, "gain", "datum.gain >= 0"), *_heads(data, "gain", "datum.gain < 0", below=True))


def _edges(ranges: pd.DataFrame) -> dict[str, np.ndarray]:
    low, high = numbers(ranges, "low"), numbers(ranges, "high")
    return {"low": low, "high": high, "middle": (low + high) / 2}


def _score(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "scale": {"domain": [0, 100], "nice": False},
            "axis": {"title": "Score", "values": list(TENS), "tickCount": len(TENS), "grid": False}}


def _columns(field: str, height: Spec) -> Spec:
    return {"x": {**_score("low"), "bin": "binned"}, "x2": {"field": "high"}, "y": {**height, "field": field}}


def _heads(data: list[dict[str, Any]], field: str, test: str, *, below: bool = False) -> list[Spec]:
    """Write the figure of each bar at its end; without per cent signs where bars are narrow."""
    side: Spec = {"dy": 5, "baseline": "top"} if below else {"dy": -5, "baseline": "bottom"}
    fits, scarce = (f"width / {len(data)} > {pixels * longest(str(row[name]) for row in data)}" for name, pixels in
                    (("words", PIXELS_A_LETTER), ("short", PIXELS_A_SMALL_LETTER)))
    at = {"x": _score("middle"), "y": place(field)}
    return [label({**at, "opacity": only_if(f"{test} && {fits}")}, "words", fontWeight=600, **side),
            label({**at, "opacity": only_if(f"{test} && !({fits}) && {scarce}")}, "short", fontWeight=600, fontSize=11,
                  **side)]


def _tier_bands(high: float | None, low: float | None) -> list[Spec]:
    if high is None or low is None:
        return []
    edges = [("Low", 0.0, low), ("Medium", low, high), ("High", high, 100.0)]
    shown = [{"tier": tier, "start": start, "end": end, "middle": (start + end) / 2} for tier, start, end in edges
             if end > start]
    paint = colours(list(TIER_COLOURS), list(TIER_COLOURS.values()), "tier", legend=False)
    fits = only_if(f"width * (datum.end - datum.start) / 100 > {PIXELS_A_LETTER} * length(datum.tier)")
    return [mark("rect", {"x": _score("start"), "x2": {"field": "end"}, "y": {"value": 0}, "y2": {"value": "height"},
                          "color": paint}, data=shown, opacity=BAND_OPACITY),
            label({"x": _score("middle"), "y": {"value": 3}, "opacity": fits}, "tier", data=shown, baseline="top",
                  fontWeight=600)]


def _paying(ranges: pd.DataFrame, pays: np.ndarray) -> str:
    """Name the ranges that pay, neighbours together."""
    if not pays.any():
        return "No score range has brought in what it cost."
    low, high = numbers(ranges, "low"), numbers(ranges, "high")
    edges = np.diff(np.concatenate([[0], pays.astype(int), [0]]))
    spans = [f"{low[start]:g} to {high[end - 1]:g}"
             for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)]
    return f"Leads that score {' and '.join(spans)} brought in more than they cost."


def _few(names: pd.Series, leads: np.ndarray) -> str:
    said = "Thin lines: where the rate likely lies (95 %)."
    few = [f"{name} ({count:,.0f})" for name, count in zip(names, leads, strict=True) if 0 < count < FEW]
    return f"{said} Too few leads to tell: {', '.join(few)}." if few else said


def _ends(names: pd.Series, rate: np.ndarray) -> str:
    known = np.flatnonzero(np.isfinite(rate))
    lowest, highest = int(known[0]), int(known[-1])
    return f"Score {names[lowest]}: {share_text(rate[lowest])}; score {names[highest]}: {share_text(rate[highest])}."


def _signed(value: float, unit: str = " %", sign: str = "+") -> str:
    return "" if not np.isfinite(value) else f"{100 * value:{sign},.0f}{unit}".replace("-", "\u2212")
