"""Groups of leads in, pictures of how often each is chosen, found and told the truth out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import between, hundredths, nothing, numbers, share_text, share_texts, told_apart
from leadscore.charts.numbers import MISSING, is_missing
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    INK,
    ROW_HEIGHT,
    Kind,
    Spec,
    category,
    colours,
    label,
    layered,
    mark,
    place,
    quantity,
    rows,
    upright,
)

MOST_ROWS = 20
LONGEST = 40
FOUR_FIFTHS = 0.8
LEAST_TOP, ROOM_ABOVE = 1.5, 1.2
"""End of the axis of ratios: past 1, and past the highest ratio, however wide the interval of a small group."""
TALL_ROW = 44
"""Pixels of a group with its figures above its line."""
FOOT = 64
FEW = "few"
STANDINGS = {"lower": "below four fifths", "slightly lower": "lower, above four fifths",
             "open": "below four fifths, may be chance", "alike": "no difference found", "higher": "chosen more often",
             FEW: "not enough data"}
FOUND = {"lower": "fewer found", "higher": "more found"}
KEPT = {"lower": "more converted than was said", "higher": "fewer converted than was said"}
COLOURS = {"lower": VERMILION, "slightly lower": ORANGE, "open": ORANGE, "alike": BLUE, "higher": GREEN}


def selection(groups: pd.DataFrame, name: str, key: str) -> Picture:
    """Draw how often each group is chosen beside everybody else.

    Parameters
    ----------
    groups : DataFrame
        Of ``monitoring.fairness.group_table``.
    name : str
        What people call the field.
    key : str
    """
    title = f"Among the best 20 %: {name}"
    table = selection_table(groups)
    judged = groups[groups["standing"] != FEW].head(MOST_ROWS)
    if len(judged) < 2:
        return nothing(key, title, "Fewer than two groups have 30 leads or more: there is nothing to compare.", table)
    most = max(LEAST_TOP, ROOM_ABOVE * float(np.nanmax(numbers(judged, "ratio"))))
    ratio, low, high = (np.minimum(numbers(judged, column), most) for column in ("ratio", "ratio_low", "ratio_high"))
    states = judged["standing"].tolist()
    data = rows(group=_names(judged), ratio=ratio, low=low, high=high,
                words=[f"{share_text(rate)} of {leads:,.0f}" for rate, leads in
                       zip(judged["selection_rate"], judged["leads"], strict=True)],
                state=[STANDINGS[state] for state in states], times=_times(numbers(judged, "ratio")),
                likely=_spans(low, high))
    present = [state for state in COLOURS if state in states]
    across = quantity("ratio", "Times as often as everybody else", Kind.SCORE, limits=(0, most), grid=False)
    down = category("group", [str(row["group"]) for row in data], labelLimit=150)
    paint = _legend(colours([STANDINGS[state] for state in present], [COLOURS[state] for state in present], "state"))
    tips = [("group", name), ("words", "Among the best"), ("times", "Beside everybody else"),
            ("likely", "Likely between"), ("state", "Finding")]
    spec = layered(
        data, *upright(FOUR_FIFTHS, "four fifths", flip=True, down=-14), *upright(1.0),
        mark("rule", {"x": across, "x2": {"field": "high"}, "y": down, "color": paint} | {"x": place("low")},
             strokeWidth=2),
        mark("point", {"x": across, "y": down, "color": paint}, filled=True, size=90, opacity=1, tooltip=tips),
        label({"x": {"value": "width"}, "y": down}, "words", align="right", baseline="bottom", dy=-6, fontSize=11),
        height=TALL_ROW * len(data) + FOOT + ROW_HEIGHT)
    lower = [str(group) for group in judged.loc[judged["standing"] == "lower", "group"]]
    said = f"Below four fifths, and not by chance: {', '.join(lower)}." if lower else \
        "No group is below four fifths beyond chance."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Dots of groups. {said}",
                   caption="Dot: a group's share among the best, divided by everybody else's; the line is where it "
                           "likely lies, for all groups at once.")


def selection_table(groups: pd.DataFrame) -> pd.DataFrame:
    """Give the customary audit table: what was chosen of each group, and its impact ratio."""
    return pd.DataFrame({
        "Group": groups["group"].tolist(), "Leads": _whole(groups, "leads"),
        "Share of leads (%)": hundredths(numbers(groups, "share")),
        "Selection rate (%)": hundredths(numbers(groups, "selection_rate")),
        "Impact ratio": np.round(numbers(groups, "impact_ratio"), 3),
        "Qualified (%)": hundredths(numbers(groups, "qualified_rate")),
        "Scoring rate (%)": hundredths(numbers(groups, "scoring_rate")),
        "Scoring impact ratio": np.round(numbers(groups, "scoring_ratio"), 3),
        "Beside everybody else": np.round(numbers(groups, "ratio"), 3),
        "Likely from": np.round(numbers(groups, "ratio_low"), 3),
        "Likely to": np.round(numbers(groups, "ratio_high"), 3),
        "Finding": [STANDINGS[state] for state in groups["standing"]],
        "Note": ["fewer than 30 leads" if state == FEW else "less than 2 % of the leads" if small else ""
                 for state, small in zip(groups["standing"], groups["small"], strict=True)]})


def found(groups: pd.DataFrame, name: str, key: str) -> Picture:
    """Draw how many of each group's conversions were among the best before anybody knew the end."""
    title = f"Conversions found: {name}"
    table = pd.DataFrame({
        "Group": groups["group"].tolist(), "Converted": _whole(groups, "converted"),
        "Found (%)": hundredths(numbers(groups, "found_rate")), "Likely from (%)": hundredths(
            numbers(groups, "found_low")), "Likely to (%)": hundredths(numbers(groups, "found_high")),
        "Beside everybody else (points)": hundredths(numbers(groups, "found_gap")),
        "Called in vain (%)": hundredths(numbers(groups, "vain_rate")),
        "Finding": [FOUND.get(state, STANDINGS[state]) for state in groups["standing"]]})
    judged = groups[groups["standing"] != FEW].head(MOST_ROWS)
    if len(judged) < 2:
        return nothing(key, title, "Fewer than two groups have 30 conversions whose score stood before the end was "
                                   "known. Record what became of leads, won and lost.", table)
    return Picture(key=key, title=title, data=table, alt="Dots of groups, the share of conversions found.",
                   spec=_dots(judged, "found_rate", "found_low", "found_high", "Share of its conversions found", name),
                   caption="Of those who did convert, the share that the score had put among the best 20 %.")


def kept_word(groups: pd.DataFrame, name: str, key: str) -> Picture:
    """Draw the chances a group was given beside the share that converted."""
    title = f"Do chances come true? {name}"
    table = pd.DataFrame({
        "Group": groups["group"].tolist(), "Leads": _whole(groups, "leads"),
        "Expected (%)": hundredths(numbers(groups, "expected")), "Converted (%)": hundredths(numbers(groups, "rate")),
        "Likely from (%)": hundredths(numbers(groups, "rate_low")),
        "Likely to (%)": hundredths(numbers(groups, "rate_high")),
        "Finding": [KEPT.get(state, STANDINGS[state])
                    for state in groups["standing"]]})
    judged = groups[groups["standing"] != FEW].head(MOST_ROWS)
    if judged.empty:
        return nothing(key, title, "No group has 30 leads with a chance from a model and a known end. Train a model, "
                                   "and record what becomes of leads.", table)
    return Picture(key=key, title=title, data=table, alt="Dots of converted shares beside expected ones.",
                   spec=_dots(judged, "rate", "rate_low", "rate_high", "Share that converted", name, "expected"),
                   caption="Dot: the share that converted, with its interval; upright mark: what the chances said.")


def proxies(columns: pd.DataFrame, name: str, key: str, sentence: str) -> Picture:
    """Draw how much single columns tell about the group.

    Parameters
    ----------
    columns : DataFrame
        Columns ``label`` and ``told``, the share in [0, 1] of what there is to know of the group, most first.
    """
    title = f"What gives the group away: {name}"
    table = pd.DataFrame({"Column": columns["label"].tolist(), "Tells of the group (%)": hundredths(
        numbers(columns, "told"))})
    shown = columns.head(10)
    if shown.empty:
        return nothing(key, title, "No column that scores use can be compared with the groups.", table)
    most = max(float(numbers(shown, "told").max()), 0.01)
    data = rows(column=told_apart(str(text)[:LONGEST] for text in shown["label"]), told=numbers(shown, "told"),
                words=share_texts(numbers(shown, "told")))
    across = quantity("told", "Share of what there is to know about the group", Kind.SHARE, limits=(0, 1.15 * most),
                      grid=False)
    down = category("column", [str(row["column"]) for row in data], labelLimit=170)
    return Picture(
        key=key, title=title, data=table, alt=f"Bars of columns. {sentence}", caption=sentence,
        spec=layered(data, mark("bar", {"x": across, "y": down}, color=BLUE, cornerRadiusEnd=3, height={"band": 0.6},
                                tooltip=[("column", "Column"), ("words", "Tells")]),
                     label({"x": across, "y": down}, "words", align="left", dx=6),
                     height=ROW_HEIGHT * len(data) + FOOT))


def costs(curve: pd.DataFrame, options: pd.DataFrame, name: str, key: str) -> Picture:
    """Draw the conversions among the best 20 % against how alike the groups are chosen.

    Parameters
    ----------
    curve : DataFrame
        Columns ``ratio`` (of the lowest to the highest selection rate), ``captured``, ``low`` and ``high`` (shares of
        all conversions).
    options : DataFrame
        The same with ``option``, in words.
    """
    title = f"What alike treatment would cost: {name}"
    table = pd.DataFrame({
        "Option": options["option"].tolist(), "Lowest to highest rate": np.round(numbers(options, "ratio"), 3),
        "Conversions found (%)": hundredths(numbers(options, "captured")),
        "Change (points)": hundredths(numbers(options, "change")),
        "Likely from (points)": hundredths(numbers(options, "change_low")),
        "Likely to (points)": hundredths(numbers(options, "change_high")),
        "Enter the best": numbers(options, "enter"), "Leave the best": numbers(options, "leave")})
    if curve.empty:
        return nothing(key, title, "There are too few leads with a known end to work this out.", table)
    line = rows(ratio=numbers(curve, "ratio"), captured=numbers(curve, "captured"), low=numbers(curve, "low"),
                high=numbers(curve, "high"))
    dots = rows(ratio=numbers(options, "ratio"), captured=numbers(options, "captured"),
                option=options["option"].tolist(), words=share_texts(numbers(options, "captured")))
    top = min(1.0, 1.15 * float(np.nanmax(np.concatenate([numbers(curve, "high"), numbers(options, "captured")]))))
    across = quantity("ratio", "Lowest to highest selection rate", Kind.SCORE, limits=(0, 1.02), grid=False)
    up = quantity("captured", "Conversions among the best 20 %", Kind.SHARE, limits=(0, top), top=True)
    names = options["option"].tolist()
    paint = _legend(colours(names, [GREY, BLUE, VERMILION, ORANGE, GREEN, SKY][:len(names)], "option"))
    return Picture(
        key=key, title=title, data=table, alt="A line of conversions found against how alike groups are chosen.",
        caption="Grey line: own thresholds for each group, from as it is to equal rates, with its 95 % interval.",
        spec=layered(
            line, *upright(FOUR_FIFTHS, "four fifths", flip=True),
            mark("area", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=GREY, opacity=0.18),
            mark("line", {"x": across, "y": up}, color=GREY, strokeWidth=2),
            mark("point", {"x": across, "y": up, "color": paint}, data=dots, filled=True, size=130, opacity=1,
                 tooltip=[("option", "Option"), ("words", "Conversions found")]), height=360))


def _dots(judged: pd.DataFrame, value: str, low: str, high: str, heading: str, name: str, beside: str = "") -> Spec:
    """Draw a dot with its interval a group; ``beside`` names a column that is drawn as an upright mark."""
    lower = judged["standing"].eq("lower").to_numpy()
    data = rows(group=_names(judged), value=numbers(judged, value), low=numbers(judged, low),
                high=numbers(judged, high), beside=numbers(judged, beside or value), lower=lower,
                words=share_texts(numbers(judged, value)), told=share_texts(numbers(judged, beside or value)),
                likely=between(numbers(judged, low), numbers(judged, high)))
    top = min(1.0, 1.1 * float(np.nanmax(np.concatenate([numbers(judged, high), numbers(judged, beside or value)]))))
    across = quantity("value", heading, Kind.SHARE, limits=(0, top), grid=False)
    down = category("group", [str(row["group"]) for row in data], labelLimit=150)
    paint: Spec = {"condition": {"test": "datum.lower", "value": VERMILION}, "value": BLUE}
    tips = [("group", name), ("words", heading), ("likely", "Likely between"),
            *([("told", "The chances said")] if beside else [])]
    said = [mark("tick", {"x": place("beside"), "y": down}, color=INK, thickness=3, size=16)] if beside else []
    return layered(
        data, mark("rule", {"x": {**across, "field": "low"}, "x2": {"field": "high"}, "y": down, "color": paint},
                   strokeWidth=2), *said,
        mark("point", {"x": across, "y": down, "color": paint}, filled=True, size=90, opacity=1, tooltip=tips),
        height=ROW_HEIGHT * len(data) + FOOT)


def _legend(paint: Spec) -> Spec:
    """Set a legend in lines: its words are long, and what does not fit would be cut off."""
    return paint | {"legend": {"title": None, "columns": 2 if len(paint["scale"]["domain"]) <= 2 else 1}}


def _names(judged: pd.DataFrame) -> list[str]:
    return told_apart(_short(str(group)) for group in judged["group"])


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[:LONGEST - 1] + "…"


def _whole(frame: pd.DataFrame, name: str) -> pd.Series:
    return pd.Series(numbers(frame, name)).round().astype("Int64")


def _times(ratios: np.ndarray) -> list[str]:
    return [MISSING if is_missing(ratio) else f"{ratio:.2f} times" for ratio in ratios.tolist()]


def _spans(low: np.ndarray, high: np.ndarray) -> list[str]:
    return [f"{start:.2f} to {end:.2f}" for start, end in zip(low.tolist(), high.tolist(), strict=True)]
