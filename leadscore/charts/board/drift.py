"""What newer leads are like beside earlier ones, and promises beside what came true: plain values in, pictures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import between, hundredths, nothing, numbers, share_text, share_texts
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    INK,
    ROW_HEIGHT,
    Kind,
    Spec,
    category,
    colours,
    headroom,
    label,
    layered,
    level,
    mark,
    place,
    quantity,
    room,
    rows,
    steps,
)

BEFORE, NOW = "when it learnt", "newer leads"
PROMISED, TRUE = "promised", "came true"
COURSE_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY)
MODERATE, LARGE = 0.1, 0.25
CAPPED = 2.0
"""Index above which a course is drawn at its edge; a column that has vanished reaches nine."""
HEAD, AXIS = 64, 30
MOST_VALUES = 10
BOTH = 34
"""Pixels of two bars beside each other with the gap to the next two."""
SQUARE = 320

Figure = tuple[float | None, float | None, float | None]


def column(number: int, name: str, bins: Sequence[str], before: Sequence[float], now: Sequence[float],
           sentence: str) -> Picture:
    """Draw the shares of the leads by value, then and now, as pairs of bars.

    Parameters
    ----------
    number : int
        Place among the columns, which names the picture.
    before, now : sequence of float
        Shares in [0, 1], one for each of ``bins``.
    sentence : str
        What has happened; may be empty.
    """
    shown = pd.DataFrame({"value": list(bins), "before": list(before), "now": list(now)})
    shown = shown[(shown["before"] > 0) | (shown["now"] > 0)].reset_index(drop=True)
    moved = (shown["now"] - shown["before"]).abs().nlargest(MOST_VALUES).index
    table = pd.DataFrame({"Value": shown["value"], "When it learnt (%)": hundredths(shown["before"].to_numpy()),
                          "Newer leads (%)": hundredths(shown["now"].to_numpy())})
    key = f"drift-column-{number}"
    if shown.empty:
        return nothing(key, name, "No lead has a value here.", table)
    left = len(shown) - len(moved)
    shown = shown.loc[moved.sort_values()]
    long = shown.melt(id_vars="value", var_name="side", value_name="share")
    sides = long["side"].map({"before": BEFORE, "now": NOW})
    order = shown["value"].tolist()
    data = rows(value=long["value"], side=sides, share=long["share"], words=share_texts(long["share"].to_numpy()))
    most = float(long["share"].max())
    where: Spec = {"y": category("value", order, labelLimit=140),
                   "yOffset": {"field": "side", "type": "nominal", "sort": [BEFORE, NOW], "scale": {
                       "domain": [BEFORE, NOW], "paddingInner": 0.05}},
                   "x": quantity("share", None, Kind.SHARE, limits=(0, room(52, max(most, 0.01))), hidden=True)}
    spec = layered(
        data,
        mark("bar", {**where, "color": colours([BEFORE, NOW], [GREY, BLUE], "side")},
             tooltip=[("value", name), ("side", "Leads"), ("words", "Share")]),
        label(where, "words", align="left", dx=5, fontSize=11), height=HEAD + BOTH * len(order))
    return Picture(key=key, title=name, data=table, spec=spec,
                   caption=f"{sentence} {left} that changed less are left out here.".strip() if left else sentence,
                   alt=f"Pairs of bars by value of {name}. {sentence}")


def over_time(course: Sequence[tuple[datetime, str, float]], shown: Sequence[str]) -> Picture:
    """Draw how far columns had moved at each check.

    Parameters
    ----------
    course : sequence of (moment, column, index)
        Oldest first.
    shown : sequence of str
        At most five columns.
    """
    key, title = "drift-history", "How far columns have moved, check by check"
    frame = pd.DataFrame(list(course), columns=["at", "column", "index"])
    table = pd.DataFrame({"Checked": [f"{moment:%Y-%m-%d %H:%M}" for moment in frame["at"]],
                          "Column": frame["column"], "Stability index": frame["index"].round(4)})
    moments = sorted(set(frame["at"]))
    names = [name for name in dict.fromkeys(shown) if name in set(frame["column"])][:len(COURSE_COLOURS)]
    if len(moments) < 2 or not names:
        return nothing(key, title, "From the second check on, this shows whether columns move further.", table)
    drawn = frame[frame["column"].isin(names)]
    where = {moment: number + 0.5 for number, moment in enumerate(moments)}
    data = rows(at=[where[moment] for moment in drawn["at"]], column=drawn["column"],
                index=drawn["index"].clip(upper=CAPPED), words=[f"{value:.2f}" for value in drawn["index"]],
                when=[f"{moment.day} {moment:%b %Y, %H:%M}" for moment in drawn["at"]])
    most = max(float(drawn["index"].clip(upper=CAPPED).max()), 1.2 * LARGE)
    across = steps("at", [f"{moment.day} {moment:%b}" for moment in moments])
    up = quantity("index", "Stability index", Kind.SCORE, limits=(0, headroom(10, most)), top=True)
    paint = colours(names, COURSE_COLOURS[:len(names)], "column")
    tips = [("column", "Column"), ("when", "Checked"), ("words", "Stability index")]
    spec = layered(
        data, *level(MODERATE, "counts from here"), *level(LARGE, "large"),
        mark("line", {"x": across, "y": up, "color": paint}, strokeWidth=2.5),
        mark("point", {"x": across, "y": place("index"), "color": paint}, filled=True, size=50, opacity=1,
             tooltip=tips))
    return Picture(key=key, title=title, data=table, spec=spec,
                   caption="0: the same shares as when the model learnt. From 0.1 on a change counts, from 0.25 on it "
                           "is large.",
                   alt=f"Lines by check of {', '.join(names)}.")


def promises(found: Sequence[tuple[str, Figure, Figure, bool | None]]) -> Picture:
    """Draw figures as promised at the training and as they came true, with where each likely lies.

    Parameters
    ----------
    found : sequence of (label, promised, realised, kept)
        Figures as value, low and high.
    """
    key, title = "drift-promises", "What was promised and what came true"
    sides = [(text, side, *figure) for text, was, now, _ in found for side, figure in ((PROMISED, was), (TRUE, now))]
    frame = pd.DataFrame(sides, columns=["label", "side", "value", "low", "high"])
    value, low, high = (numbers(frame, name) for name in ("value", "low", "high"))
    table = pd.DataFrame({"Figure": frame["label"], "": frame["side"], "Value (%)": hundredths(value),
                          "Likely from (%)": hundredths(low), "Likely to (%)": hundredths(high)})
    if not np.isfinite(value[(frame["side"] == TRUE).to_numpy()]).any():
        return nothing(key, title, "Record what became of leads that have come in since the training, won and lost, to "
                                   "see whether its promises hold.", table)
    known = np.isfinite(value)
    data = rows(label=frame["label"][known], side=frame["side"][known], value=value[known],
                low=np.where(np.isfinite(low), low, value)[known], high=np.where(np.isfinite(high), high, value)[known],
                words=share_texts(value[known]), likely=between(low[known], high[known]))
    labels = [text for text, *_ in found]
    where: Spec = {"y": category("label", labels, labelLimit=230),
                   "yOffset": {"field": "side", "type": "nominal", "sort": [PROMISED, TRUE],
                               "scale": {"domain": [PROMISED, TRUE]}}}
    across = quantity("value", None, Kind.SHARE, limits=(0, 1.12), ticks=[0, 0.25, 0.5, 0.75, 1])
    paint = colours([PROMISED, TRUE], [GREY, BLUE], "side")
    spec = layered(
        data,
        mark("rule", {**where, "x": {**across, "field": "low"}, "x2": {"field": "high"}, "color": paint},
             strokeWidth=3, opacity=0.55),
        mark("point", {**where, "x": across, "color": paint}, filled=True, size=80, opacity=1,
             tooltip=[("label", "Figure"), ("side", "It"), ("words", "Was"), ("likely", "Likely between")]),
        label({**where, "x": {**place("high")}}, "words", align="left", dx=8, fontSize=11),
        height=HEAD + AXIS + (ROW_HEIGHT + BOTH) // 2 * len(labels))
    broken = [text for text, _, _, kept in found if kept is False]
    said = f"Not kept: {', '.join(broken)}." if broken else "Lines show where a figure likely lies."
    return Picture(key=key, title=title, data=table, spec=spec, caption=said,
                   alt=f"Dots with intervals, promised and come true, by figure. {said}")


def calibration(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw chances beside what came of them, at the training and now.

    Parameters
    ----------
    before : sequence of mapping
        ``probability``, ``rate`` and ``rows``: of the training report.
    now : sequence of mapping
        ``expected``, ``rate``, ``rate_low``, ``rate_high`` and ``leads``.
    """
    key, title = "drift-calibration", "Do chances come true, then and now?"
    then = [(BEFORE, part["probability"], part["rate"], part["rate"], part["rate"], part["rows"]) for part in before]
    lately = [(NOW, part["expected"], part["rate"], part["rate_low"], part["rate_high"], part["leads"]) for part in now]
    frame = pd.DataFrame([*then, *lately], columns=["side", "expected", "rate", "low", "high", "leads"])
    table = pd.DataFrame({"Leads": frame["side"], "Expected (%)": hundredths(numbers(frame, "expected")),
                          "Converted (%)": hundredths(numbers(frame, "rate")), "Number": frame["leads"]})
    if not lately:
        return nothing(key, title, "Too few leads that came in since the training have ended to compare chances with "
                                   "what came of them.", table)
    most = min(1.0, 1.08 * float(frame[["expected", "rate"]].to_numpy(dtype=float).max()) + 0.01)
    data = rows(side=frame["side"], expected=frame["expected"], rate=frame["rate"], low=frame["low"],
                high=np.minimum(numbers(frame, "high"), most), foretold=share_texts(numbers(frame, "expected")),
                found=share_texts(numbers(frame, "rate")), leads=[f"{int(value):,}" for value in frame["leads"]])
    across = quantity("expected", "Chance the model gave", Kind.SHARE, limits=(0, most), grid=False)
    up = quantity("rate", "Share that converted", Kind.SHARE, limits=(0, headroom(12, most)), top=True, grid=False)
    paint = colours([BEFORE, NOW], [GREY, BLUE], "side")
    spec = layered(
        data,
        mark("line", {"x": place("at"), "y": place("at")}, data=[{"at": 0}, {"at": most}], color=INK,
             strokeDash=[5, 4], strokeWidth=1.5, opacity=0.6),
        mark("rule", {"x": across, "y": place("low"), "y2": {"field": "high"}, "color": paint}, strokeWidth=1.5,
             opacity=0.6),
        mark("line", {"x": across, "y": up, "color": paint}, strokeWidth=1.5, opacity=0.6),
        mark("point", {"x": across, "y": up, "color": paint}, filled=True, size=70, opacity=0.95,
             tooltip=[("side", "Leads"), ("foretold", "Chance"), ("found", "Converted"), ("leads", "Number")]),
        height=SQUARE)
    return Picture(key=key, title=title, data=table, spec=spec,
                   caption="On the dashed line as many converted as the chances said.",
                   alt="Two lines of converted against expected share, when the model learnt and now.")


def coverage(bands: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw of which leads it is known what became of them, by score.

    Parameters
    ----------
    bands : sequence of mapping
        ``low``, ``high``, ``leads``, ``worked`` and ``ended``.
    """
    key, title = "drift-coverage", "Whose end is known, by score"
    frame = pd.DataFrame(list(bands), columns=["low", "high", "leads", "worked", "ended"])
    shares = {name: numbers(frame, name) / np.maximum(numbers(frame, "leads"), 1) for name in ("worked", "ended")}
    names = [f"{low:.0f} to {high:.0f}" for low, high in zip(numbers(frame, "low"), numbers(frame, "high"),
                                                             strict=True)]
    table = pd.DataFrame({"Score": names, "Leads": numbers(frame, "leads"), "Worked (%)": hundredths(shares["worked"]),
                          "End known (%)": hundredths(shares["ended"])})
    if frame.empty:
        return nothing(key, title, "No lead is old enough to have ended.", table)
    worked, ended = "worked", "end known"
    data = rows(score=[*names, *names], side=[worked] * len(names) + [ended] * len(names),
                share=np.concatenate([shares["worked"], shares["ended"]]),
                words=[share_text(value) for name in ("worked", "ended") for value in shares[name].tolist()],
                leads=[f"{value:,.0f}" for value in [*numbers(frame, "leads").tolist()] * 2])
    where: Spec = {"y": category("score", names[::-1], "Score", titleAngle=0, titleAnchor="start", titleY=-9,
                                 titleAlign="left", titleX=-50),
                   "yOffset": {"field": "side", "type": "nominal", "sort": [worked, ended],
                               "scale": {"domain": [worked, ended], "paddingInner": 0.05}},
                   "x": quantity("share", None, Kind.SHARE, limits=(0, room(52, 1.0)), hidden=True)}
    spec = layered(
        data,
        mark("bar", {**where, "color": colours([worked, ended], [SKY, BLUE], "side")},
             tooltip=[("score", "Score"), ("side", "Leads"), ("words", "Share"), ("leads", "Of")]),
        label(where, "words", align="left", dx=5, fontSize=11), height=HEAD + BOTH * len(names))
    return Picture(key=key, title=title, data=table, spec=spec,
                   caption="Leads old enough to have ended. Where few are worked, little is known of what scores are "
                           "worth.", alt="Pairs of bars by score: worked, and with a known end.")
