"""Counts by score range in, pictures of how scores are spread and whether they keep their word out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    FEW,
    RECORD,
    between,
    count_texts,
    counts,
    hundredths,
    nothing,
    numbers,
    score_ranges,
    share_text,
    share_texts,
    total,
)
from leadscore.charts.numbers import counted, money
from leadscore.charts.palette import BLUE, FAINT, GREEN, ORANGE, TIER_COLOURS, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    INK,
    Kind,
    Spec,
    colours,
    headroom,
    label,
    layered,
    level,
    mark,
    note,
    only_if,
    place,
    quantity,
    room,
    rows,
    upright,
)

CONVERTED, EXPECTED = "converted", "expected by the score"
TENS = tuple(range(0, 101, 10))
MIDDLE = 60
"""Score from which the words of a line stand left of it."""
PIXELS_A_LETTER = 7
CALIBRATION_HEIGHT = 340
LEAST_TOP = 0.01
LEAST_RISE, LEAST_APART = 0.1, 0.07
"""Of the height: room for one line of words."""


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
    shares = leads / leads.sum()
    data = rows(low=numbers(ranges, "low"), high=numbers(ranges, "high"), middle=_middle(ranges), leads=leads,
                range=table["Score"], words=count_texts(leads), share=share_texts(shares))
    top = headroom(44 if qualified is not None else 26 if high is not None else 20, float(leads.max()))
    fits = only_if(f"datum.leads > 0 && width / {len(ranges)} > {PIXELS_A_LETTER} * length(datum.words)")
    spec = layered(
        data, *_tier_bands(high, low),
        mark("bar", _columns("leads", quantity("leads", "Leads", limits=(0, top), top=True)), color=BLUE, binSpacing=2,
             tooltip=[("range", "Score"), ("words", "Leads"), ("share", "Share of all")]),
        label({"x": _score("middle"), "y": place("leads"), "opacity": fits}, "words", dy=-4, baseline="bottom"),
        *(upright(qualified, f"qualified from {qualified:g}", flip=qualified > MIDDLE, down=20)
          if qualified is not None else []))
    best = int(leads.argmax())
    most = f"Most leads ({count_texts(leads)[best]} of {leads.sum():,.0f}) score {table['Score'][best]}."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Bars of leads by score. {most}", caption=most)


def conversion_by_score(ranges: pd.DataFrame) -> Picture:
    """Draw the share of converted leads in each score range beside the share the scores led to expect.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``low``, ``high``, ``leads``, ``converted``, ``rate``, ``rate_low``, ``rate_high`` and ``expected``
        (fractions, missing where nothing is known).
    """
    key, title = "conversion-by-score", "Do higher scores convert more?"
    leads, rate, expected = counts(ranges, "leads"), numbers(ranges, "rate"), numbers(ranges, "expected")
    low, high = numbers(ranges, "rate_low"), numbers(ranges, "rate_high")
    table = pd.DataFrame({
        "Score": score_ranges(ranges), "Leads": leads.astype(int), "Converted": counts(ranges, "converted").astype(int),
        "Conversion rate (%)": hundredths(rate), "Likely from (%)": hundredths(low), "Likely to (%)": hundredths(high),
        "Expected by the score (%)": hundredths(expected)})
    if not total(counts(ranges, "converted")):
        return nothing(key, title, f"{RECORD}, to see whether higher scores convert more.", table)
    most = _sensible_top(rate, high, expected, leads)
    data = rows(low=numbers(ranges, "low"), high=numbers(ranges, "high"), middle=_middle(ranges), rate=rate,
                rate_low=low, rate_high=np.minimum(high, most), expected=expected,
                top=np.fmin(np.fmax(np.fmax(rate, high), expected), most), words=share_texts(rate),
                range=table["Score"], leads=count_texts(leads),
                foretold=share_texts(expected), likely=between(low, high), series=CONVERTED, other=EXPECTED)
    paint = colours([CONVERTED, *([EXPECTED] if np.isfinite(expected).any() else [])], [BLUE, ORANGE])
    tips = [("range", "Score"), ("words", "Converted"), ("likely", "Likely between"), ("foretold", "Expected"),
            ("leads", "Leads")]
    share = quantity("rate", "Share converted", Kind.SHARE, limits=(0, headroom(22, most)), top=True)
    foretold = [mark("line", {"x": _score("middle"), "y": place("expected"),
                              "color": {"field": "other", **paint}}, strokeWidth=2.5,
                     point={"size": 45, "filled": True})] if np.isfinite(expected).any() else []
    spec = layered(
        data,
        mark("bar", {**_columns("rate", share), "color": {"field": "series", **paint}}, binSpacing=3, tooltip=tips),
        *foretold,
        mark("rule", {"x": _score("middle"), "y": place("rate_low"),
                      "y2": {"field": "rate_high"}}, strokeWidth=1.5, opacity=0.75),
        label({"x": _score("middle"), "y": place("top"),
               "opacity": only_if(f"isValid(datum.rate) && width / {len(ranges)} > {PIXELS_A_LETTER} * "
                                    "length(datum.words)")}, "words", dy=-5,
              baseline="bottom", fontWeight=600))
    return Picture(key=key, title=title, data=table, spec=spec, caption=_few(table["Score"], leads),
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
    gain, leads = numbers(ranges, "ret"), counts(ranges, "leads")
    revenue, cost = numbers(ranges, "revenue"), numbers(ranges, "cost")
    table = pd.DataFrame({
        "Score": score_ranges(ranges), "Leads": leads.astype(int), f"Revenue ({currency})": np.round(revenue, 2),
        f"Cost ({currency})": np.round(cost, 2), "Return on cost (%)": hundredths(gain)})
    if not np.isfinite(gain).any():
        return nothing(key, title, "Enter what your sources cost and what conversions brought, to see which scores "
                                   "pay.", table)
    least, most = min(0.0, float(np.nanmin(gain))), max(0.0, float(np.nanmax(gain)))
    data = rows(low=numbers(ranges, "low"), high=numbers(ranges, "high"), middle=_middle(ranges), gain=gain,
                words=[_signed(value) for value in gain.tolist()], range=table["Score"], leads=count_texts(leads),
                revenue=[money(value, currency) for value in revenue], cost=[money(value, currency) for value in cost])
    height = quantity("gain", "Return on cost", Kind.SHARE, top=True)
    span = max(most - least, 1e-9)
    height["scale"] = {"domainMin": least - 0.1 * span * (least < 0), "domainMax": most + 0.1 * span, "nice": False}
    paint = {"condition": {"test": "datum.gain < 0", "value": VERMILION}, "value": GREEN}
    fits = f"isValid(datum.gain) && width / {len(ranges)} > 36"
    spec = layered(
        data,
        mark("bar", {**_columns("gain", height), "color": paint}, binSpacing=3,
             tooltip=[("range", "Score"), ("words", "Return on cost"), ("revenue", "Revenue"), ("cost", "Cost"),
                      ("leads", "Leads")]),
        *level(0.0),
        label({"x": _score("middle"), "y": place("gain"),
               "opacity": only_if(f"datum.gain >= 0 && {fits}")}, "words", dy=-5, baseline="bottom", fontWeight=600),
        label({"x": _score("middle"), "y": place("gain"),
               "opacity": only_if(f"datum.gain < 0 && {fits}")}, "words", dy=5, baseline="top", fontWeight=600))
    said = _paying(ranges, gain > 0)
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Bars of return on cost by score. {said}",
                   caption=f"{said} 0 % is even, 100 % doubles the money.")


def reliability(bins: pd.DataFrame) -> Picture:
    """Draw the chances the scores gave beside the shares that converted.

    Parameters
    ----------
    bins : DataFrame
        Columns ``expected``, ``rate``, ``rate_low``, ``rate_high`` (fractions) and ``leads``.
    """
    key, title = "reliability", "Do the scores keep their word?"
    expected, rate, leads = numbers(bins, "expected"), numbers(bins, "rate"), counts(bins, "leads")
    low, high = numbers(bins, "rate_low"), numbers(bins, "rate_high")
    table = pd.DataFrame({
        "Expected (%)": hundredths(expected), "Converted (%)": hundredths(rate), "Likely from (%)": hundredths(low),
        "Likely to (%)": hundredths(high), "Leads": leads.astype(int)})
    known = np.isfinite(expected) & np.isfinite(rate) & (leads > 0)
    if not known.any():
        return nothing(key, title, f"{RECORD}, to see whether the chances that scores give come true.", table)
    most = min(1.0, 1.12 * max(float(np.nanmax(expected[known])), _sensible_top(rate, high, expected, leads), 0.01))
    data = rows(expected=expected[known], rate=rate[known], low=low[known], high=np.minimum(high, most)[known],
                leads=leads[known], apart=_apart(rate[known], LEAST_APART * most),
                words=[counted(int(value), "lead") for value in leads[known]],
                foretold=share_texts(expected[known]), found=share_texts(rate[known]),
                likely=between(low[known], high[known]))
    across = quantity("expected", "Chance the score gave", Kind.SHARE, limits=(0, room(46, most)))
    up = quantity("rate", "Share that converted", Kind.SHARE, limits=(0, most), top=True)
    spec = layered(
        data,
        mark("line", {"x": place("at"), "y": place("at")},
             data=[{"at": 0}, {"at": most}], color=INK, strokeDash=[5, 4], strokeWidth=1.5, opacity=0.6),
        note("more converted than the score said", x={"value": 8}, y={"value": 4}, align="left", baseline="top",
             opacity=0.75),
        note("fewer converted than the score said", x={"value": "width"}, y={"value": "height"}, align="right", dx=-4,
             dy=-8, baseline="bottom", opacity=0.75),
        mark("rule", {"x": across, "y": place("low"), "y2": {"field": "high"}},
             color=BLUE, strokeWidth=1.5, opacity=0.7),
        mark("point", {"x": across, "y": up, "size": {"field": "leads", "type": "quantitative", "legend": None,
                                                      "scale": {"type": "sqrt", "range": [40, 420], "zero": True}}},
             filled=True, color=BLUE, opacity=0.9,
             tooltip=[("foretold", "Chance the score gave"), ("found", "Converted"), ("likely", "Likely between"),
                      ("words", "Of")]),
        label({"x": across, "y": up, "opacity": only_if("datum.apart && width > 380")}, "words", align="left", dx=14,
              dy=1, fontSize=11),
        height=CALIBRATION_HEIGHT)
    said = "Dots on the dashed line: as many converted as the score said. Larger dots stand for more leads; the line " \
           "through a dot is where its rate likely lies."
    gap = float(np.nansum(np.abs(rate - expected)[known] * leads[known]) / leads[known].sum())
    return Picture(key=key, title=title, data=table, spec=spec, caption=said,
                   alt=f"Dots of converted against expected share; on average {share_text(gap)} apart.")


def _paying(ranges: pd.DataFrame, pays: np.ndarray) -> str:
    """Name the ranges that pay, neighbours together."""
    if not pays.any():
        return "No score range has brought in what it cost."
    low, high = numbers(ranges, "low"), numbers(ranges, "high")
    edges = np.diff(np.concatenate([[0], pays.astype(int), [0]]))
    spans = [f"{low[start]:g} to {high[end - 1]:g}"
             for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)]
    return f"Leads that score {' and '.join(spans)} brought in more than they cost."


def _score(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "scale": {"domain": [0, 100], "nice": False},
            "axis": {"title": "Score", "values": list(TENS), "tickCount": len(TENS), "grid": False}}


def _columns(field: str, height: Spec) -> Spec:
    return {"x": {**_score("low"), "bin": "binned"}, "x2": {"field": "high"}, "y": {**height, "field": field}}


def _middle(ranges: pd.DataFrame) -> np.ndarray:
    middle: np.ndarray = (numbers(ranges, "low") + numbers(ranges, "high")) / 2
    return middle


def _tier_bands(high: float | None, low: float | None) -> list[Spec]:
    if high is None or low is None:
        return []
    edges = [("Low", 0.0, low), ("Medium", low, high), ("High", high, 100.0)]
    shown = [{"tier": tier, "start": start, "end": end, "middle": (start + end) / 2} for tier, start, end in edges
             if end > start]
    paint = colours(list(TIER_COLOURS), list(TIER_COLOURS.values()), "tier", legend=False)
    fits = only_if(f"width * (datum.end - datum.start) / 100 > {PIXELS_A_LETTER} * length(datum.tier)")
    return [mark("rect", {"x": _score("start"), "x2": {"field": "end"}, "y": {"value": 0}, "y2": {"value": "height"},
                          "color": paint}, data=shown, opacity=1.5 * FAINT),
            label({"x": _score("middle"), "y": {"value": 3}, "opacity": fits}, "tier", data=shown, baseline="top",
                  fontWeight=600)]


def _sensible_top(rate: np.ndarray, high: np.ndarray, expected: np.ndarray, leads: np.ndarray) -> float:
    """Choose the end of an axis of rates: the wide intervals of a handful of leads must not flatten all others."""
    firm = high[(leads >= FEW) & np.isfinite(high)]
    known = np.concatenate([[LEAST_TOP], rate[np.isfinite(rate)], expected[np.isfinite(expected)], firm])
    return min(1.0, float(known.max()))


def _apart(values: np.ndarray, least: float) -> np.ndarray:
    """Choose, from the highest down, values that lie far enough apart for a line of words beside each."""
    chosen, last = np.zeros(len(values), dtype=bool), np.inf
    for place_ in np.argsort(-values):
        chosen[place_] = last - values[place_] >= least
        last = values[place_] if chosen[place_] else last
    far: np.ndarray = chosen & (values >= LEAST_RISE * values.max(initial=0.0))
    return far


def _few(names: pd.Series, leads: np.ndarray) -> str:
    said = "Thin lines: where the rate likely lies (95 %)."
    few = [f"{name} ({count:,.0f})" for name, count in zip(names, leads, strict=True) if 0 < count < FEW]
    return f"{said} Too few leads to tell: {', '.join(few)}." if few else said


def _ends(names: pd.Series, rate: np.ndarray) -> str:
    known = np.flatnonzero(np.isfinite(rate))
    lowest, highest = int(known[0]), int(known[-1])
    return f"Score {names[lowest]}: {share_text(rate[lowest])}; score {names[highest]}: {share_text(rate[highest])}."


def _signed(value: float) -> str:
    return "" if not np.isfinite(value) else f"{100 * value:+,.0f} %".replace("-", "\u2212")


