"""How good the stored leads are: frames in, pictures by field and source, by month and by import out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import hundredths, nothing, numbers, share_text, share_texts, words_in
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    FAINT_TINT,
    ROW_HEIGHT,
    TINT,
    Kind,
    category,
    colours,
    headroom,
    label,
    layered,
    mark,
    place,
    quantity,
    room,
    rows,
    steps,
)

NAMES = {"completeness": "filled in", "format": "well formed", "range": "in a sensible range",
         "uniqueness": "no one twice", "timeliness": "recent", "accuracy": "consistent"}
COLOURS = {"completeness": BLUE, "format": SKY, "range": GREEN, "uniqueness": GREY, "timeliness": ORANGE,
           "accuracy": VERMILION}
MOST_FIELDS = 24
HEADER = 110
FRAME = 40
UPLOAD = "Upload leads"


def heat_map(cells: pd.DataFrame, fields: Sequence[str]) -> Picture:
    """Draw which share of the leads of each source has a usable value, by field.

    Parameters
    ----------
    cells : DataFrame
        Columns ``field``, ``label``, ``source``, ``leads`` and ``usable`` (fraction).
    fields : sequence of str
        Fields in the order they are drawn; at most 24 are.
    """
    key, title = "quality-heat-map", "What is known, by field and source"
    table = pd.DataFrame({"Field": cells["label"], "Source": cells["source"], "Leads": cells["leads"],
                          "Usable (%)": hundredths(numbers(cells, "usable"))})
    shown = cells[cells["field"].isin(list(fields)[:MOST_FIELDS])].copy()
    if shown.empty:
        return nothing(key, title, f"{UPLOAD}, to see what is known of them.", table)
    labels = dict(zip(shown["field"], shown["label"], strict=True))
    order = [labels[name] for name in fields if name in labels]
    sources = list(dict.fromkeys(words_in(shown, "source")))
    usable = numbers(shown, "usable")
    data = rows(field=shown["label"], source=words_in(shown, "source"), usable=usable, gap=1 - usable,
                words=share_texts(usable), leads=[f"{value:,}" for value in shown["leads"]])
    where = {"x": category("source", sources, orient="top", labelAngle=-45, labelLimit=130,
                           labelOverlap=False),
             "y": category("field", order)}
    strength = {"field": "gap", "type": "quantitative", "legend": None,
                "scale": {"domain": [0, 1], "range": [FAINT_TINT, TINT]}}
    spec = layered(
        data,
        mark("rect", {**where, "opacity": strength}, color=VERMILION, cornerRadius=3,
             tooltip=[("field", "Field"), ("source", "Source"), ("words", "Usable"), ("leads", "Leads")]),
        label({**where, "opacity": {"condition": {"test": f"width / {len(sources)} > 44", "value": 1}, "value": 0}},
              "words", fontSize=11), height=HEADER + 24 * len(order))
    worst = shown.iloc[int(np.nanargmin(usable))]
    said = (f"Least is known of {worst['label']} from {worst['source']}: {share_text(float(worst['usable']))} have a "
            "usable value. Fields that move the score most stand on top.")
    return Picture(key=key, title=title, data=table, spec=spec, caption=said, alt=f"A table of shares. {said}")


def over_months(months: pd.DataFrame) -> Picture:
    """Draw how good the leads are by the month they came in: ``month``, ``leads`` and dimensions (fractions)."""
    return _course(months, months["month"].astype(str).tolist(), "quality-months", "By the month leads came in",
                   "Month", ["completeness", "range", "timeliness", "accuracy"], "As they are stored now. What could "
                   "not be read, and who was there twice, is judged by import.")


def over_imports(imports: pd.DataFrame) -> Picture:
    """Draw how good files were when they were imported: ``batch``, ``rows`` and the six dimensions (fractions)."""
    return _course(imports, [f"#{number}" for number in imports["batch"]], "quality-imports", "By import", "Import",
                   list(NAMES), "As judged when each file was imported.")


def fixes(frame: pd.DataFrame) -> Picture:
    """Draw what to mend first.

    Parameters
    ----------
    frame : DataFrame
        Columns ``title``, ``leads``, ``importance`` (fraction), ``cost``, ``sentence`` and ``advice``, dearest first.
    """
    key, title = "quality-fixes", "What to mend first"
    table = pd.DataFrame({"What": frame["sentence"], "Leads": frame["leads"],
                          "Part of what moves the score (%)": hundredths(numbers(frame, "importance")),
                          "What to do": frame["advice"]})
    if frame.empty:
        return nothing(key, title, "Nothing stands out: every field is filled and plausible for nearly all leads.",
                       table)
    cost = 100 * numbers(frame, "cost")
    data = rows(title=words_in(frame, "title"), cost=cost, words=[f"{value:,}" for value in frame["leads"]],
                weight=share_texts(numbers(frame, "importance")), advice=frame["advice"])
    where = {"y": category("title", words_in(frame, "title"), labelLimit=240),
             "x": quantity("cost", None, Kind.SCORE, limits=(0, room(70, max(float(cost.max()), 1e-6))), hidden=True)}
    spec = layered(
        data,
        mark("bar", where, color=BLUE, tooltip=[("title", "What"), ("words", "Leads or cells"),
                                                ("weight", "Of what moves the score"), ("advice", "What to do")]),
        label({**where}, "words", align="left", dx=6), height=FRAME + ROW_HEIGHT * len(frame))
    return Picture(key=key, title=title, data=table, spec=spec,
                   caption="Longer bars: more leads, and fields the score depends on more. Numbers: leads concerned.",
                   alt=f"Bars, longest first: {frame['sentence'].iloc[0]}")


def _course(frame: pd.DataFrame, names: list[str], key: str, title: str, heading: str, dimensions: Sequence[str],
            caption: str) -> Picture:
    parts: dict[str, Any] = {f"{NAMES[each].capitalize()} (%)": hundredths(numbers(frame, each)) for each in dimensions}
    table = pd.DataFrame({heading: names, "Leads": frame["leads" if "leads" in frame else "rows"], **parts})
    known = [each for each in dimensions if np.isfinite(numbers(frame, each)).any()]
    if len(frame) < 2 or not known:
        return nothing(key, title, "With leads of a second month this shows a course." if heading == "Month" else
                       "From the second import on this shows a course.", table)
    long = pd.concat([pd.DataFrame({"at": np.arange(len(frame)) + 0.5, "name": names, "side": NAMES[each],
                                    "share": numbers(frame, each)}) for each in known]).dropna(subset="share")
    data = rows(at=long["at"], name=long["name"], side=long["side"], share=long["share"],
                words=share_texts(long["share"].to_numpy()))
    least = max(0.0, float(np.floor(10 * long["share"].min()) / 10) - 0.05)
    across, up = steps("at", names), quantity("share", "Share that is as it should be", Kind.SHARE,
                                              limits=(least, headroom(10, 1.0, least)), top=True)
    paint = colours([NAMES[each] for each in known], [COLOURS[each] for each in known], "side")
    spec = layered(
        data, mark("line", {"x": across, "y": up, "color": paint}, strokeWidth=2.5),
        mark("point", {"x": across, "y": place("share"), "color": paint}, filled=True, size=45, opacity=1,
             tooltip=[("name", heading), ("side", "Share"), ("words", "Is")]))
    return Picture(key=key, title=title, data=table, spec=spec, caption=caption,
                   alt=f"Lines by {heading.lower()}: {', '.join(NAMES[each] for each in known)}.")
