"""Sources, countries, owners and the like in, pictures that compare them out."""

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
    share_text,
    told_apart,
    words_in,
)
from leadscore.charts.numbers import MISSING, counted, decimal, is_missing, short_money
from leadscore.charts.palette import BLUE, GREEN, GREY
from leadscore.charts.picture import Picture
from leadscore.charts.vega import Spec, category, label, layered, mark, quantity, rows

MOST_BARS = 12
BAR_ROW = 42
"""Pixels of a line of words and the bar below it."""
LINE_UP, BAR_THICK = -9, 9
LEAST_NAME = 0.38
"""Share of the width that names keep, however long their figures are."""
FIGURES, SUMS = 200, 270
LONGEST = 60
"""Characters of a name a chart shows; the table has all of it."""
BEST_SCORE = 100.0


def groups(frame: pd.DataFrame, name: str, *, by: str, plural: str = "") -> Picture:
    """Draw the largest or the best groups: the name, its bar and its figures on each line.

    Parameters
    ----------
    frame : DataFrame
        Columns ``name``, ``leads``, ``converted``, ``rate``, ``rate_low``, ``rate_high`` (fractions),
        ``average_score`` and, where it is known, ``revenue``.
    name : str
        The column with the groups, such as "source".
    by : {"volume", "quality"}
        Bars of leads, most on top, or of the average score, best on top.
    plural : str
        Of the name, where it is not made with an s.
    """
    many = plural or ("countries" if name == "country" else f"{name}s")
    volume = by == "volume"
    key = f"{name}-{by}"
    title = f"{many.capitalize()} that bring the most leads" if volume else f"{many.capitalize()} with the best leads"
    table = _group_table(frame, name)
    leads, score, rate = counts(frame, "leads"), numbers(frame, "average_score"), numbers(frame, "rate")
    length = leads if volume else np.nan_to_num(score)
    if not leads.sum() or not length.sum():
        return nothing(key, title, f"No lead says its {name}: map that column when you upload, and the {many} are "
                                   "compared here.", table)
    best = np.argsort(-length, kind="stable")
    best = best[(leads > 0)[best]][:MOST_BARS]
    few = leads[best] < FEW
    figures = [_figures(volume, *values) for values in zip(leads[best], score[best], rate[best], few, strict=True)]
    likely = between(numbers(frame, "rate_low"), numbers(frame, "rate_high"))
    data = rows(name=told_apart(_short(words_in(frame, name)[place]) for place in best), length=length[best], few=few,
                words=figures, leads=count_texts(leads[best]), score=[decimal(value) for value in score[best]],
                rate=[share_text(value) for value in rate[best].tolist()], likely=[likely[place] for place in best])
    tips = [("name", name.capitalize()), ("leads", "Leads"), ("score", "Average score"), ("rate", "Converted"),
            ("likely", "Likely between")]
    spec = _lines(data, float(length[best].max()) if volume else BEST_SCORE, BLUE if volume else GREEN, tips,
                  figures=FIGURES)
    first = data[0]
    said = f"Most leads: {first['name']}, {first['words']}." if volume else \
        f"Best: {first['name']}, {first['words']}."
    left_out = int((leads > 0).sum()) - len(best)
    caption = " ".join(part for part in (
        f"{counted(left_out, 'more')} in the table.".replace("mores", "more") if left_out else "",
        f"Pale: fewer than {FEW} leads, too few to judge." if few.any() else "") if part)
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Bars of {many}. {said}", caption=caption)


def owners(frame: pd.DataFrame) -> Picture:
    """Draw how many conversions each owner has, with what they brought.

    Parameters
    ----------
    frame : DataFrame
        Columns ``owner``, ``conversions``, ``revenue``, ``currency``, ``leads`` and ``rate`` (a fraction); an owner
        has a row for each currency.
    """
    key, title = "owners", "Conversions and revenue by owner"
    won, leads, rate = counts(frame, "conversions"), counts(frame, "leads"), numbers(frame, "rate")
    table = pd.DataFrame({
        "Owner": words_in(frame, "owner", "nobody"), "Leads": leads.astype(int), "Conversions": won.astype(int),
        "Conversion rate (%)": hundredths(rate), "Revenue": np.round(numbers(frame, "revenue"), 2),
        "Currency": words_in(frame, "currency", "") if "currency" in frame else ""})
    if not won.sum():
        return nothing(key, title, f"{RECORD}, on leads that have an owner, to see who converts them.", table)
    together = _by_owner(table.assign(rate=rate))
    data = rows(name=told_apart(_short(name) for name in together["Owner"]), length=together["Conversions"], few=False,
                words=[_won(row) for row in zip(together["Conversions"], together["rate"], together["sums"],
                                                strict=True)],
                leads=count_texts(together["Leads"].to_numpy(dtype=float)), revenue=together["sums"],
                rate=[share_text(value) for value in together["rate"]])
    spec = _lines(data, float(together["Conversions"].max()), BLUE,
                  [("name", "Owner"), ("leads", "Leads"), ("rate", "Converted"), ("revenue", "Revenue")],
                  figures=SUMS)
    said = f"Most conversions: {data[0]['name']}, {data[0]['words']}."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Bars of owners. {said}",
                   caption="Owners work different leads: compare rates only where the leads are alike.")


def _lines(data: list[dict[str, object]], most: float, colour: str, tips: list[tuple[str, str]], *,
           figures: int) -> Spec:
    """Draw a name, its figures (so many pixels) and a bar below both, which reads at any width."""
    down = {**category("name", [str(row["name"]) for row in data]), "axis": None}
    across = quantity("length", limits=(0, most), hidden=True)
    pale = {"condition": {"test": "datum.few", "value": 0.4}, "value": 1}
    return layered(
        data,
        mark("bar", {"x": {"value": 0}, "x2": {"value": "width"}, "y": down}, color=GREY, opacity=0.16,
             height=BAR_THICK, cornerRadius=4, yOffset=-LINE_UP - 2, tooltip=tips),
        mark("bar", {"x": across, "y": down, "opacity": pale}, color=colour, height=BAR_THICK, cornerRadius=4,
             yOffset=-LINE_UP - 2, tooltip=tips),
        label({"x": {"value": 0}, "y": down}, "name", align="left", baseline="middle", dy=LINE_UP, fontSize=13,
              limit={"expr": f"max({LEAST_NAME} * width, width - {figures})"}),
        label({"x": {"value": "width"}, "y": down}, "words", align="right", baseline="middle", dy=LINE_UP,
              fontWeight=600, limit={"expr": f"{1 - LEAST_NAME} * width"}),
        height=BAR_ROW * len(data) + 12)


def _figures(volume: bool, leads: float, score: float, rate: float, few: bool) -> str:
    converted = "" if is_missing(rate) else f" \u00b7 {share_text(rate)} converted"
    if volume:
        return f"{counted(int(leads), 'lead')}{converted}"
    return f"{decimal(score)}{converted}" + (f" (of {int(leads)})" if few else "")


def _won(row: tuple[float, float, str]) -> str:
    won, rate, sums = row
    shown = "" if is_missing(rate) else f" ({share_text(rate)})"
    return f"{won:,.0f}{shown}" + (f" \u00b7 {sums}" if sums and sums != MISSING else "")


def _by_owner(table: pd.DataFrame) -> pd.DataFrame:
    """Put the currencies of an owner together, amounts side by side."""
    sums = [short_money(amount, currency) if amount and amount > 0 else "" for amount, currency in
            zip(table["Revenue"], table["Currency"], strict=True)]
    grouped = table.assign(sums=sums).groupby("Owner", sort=False)
    together = grouped.agg(Conversions=("Conversions", "sum"), Leads=("Leads", "max"), rate=("rate", "max"),
                           sums=("sums", lambda parts: " + ".join(part for part in parts if part)))
    return together.sort_values("Conversions", ascending=False, kind="stable").head(MOST_BARS).reset_index()


def _group_table(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    table = pd.DataFrame({
        name.capitalize(): words_in(frame, name), "Leads": counts(frame, "leads").astype(int),
        "Average score": np.round(numbers(frame, "average_score"), 1),
        "Converted": counts(frame, "converted").astype(int), "Conversion rate (%)": hundredths(numbers(frame, "rate")),
        "Likely from (%)": hundredths(numbers(frame, "rate_low")),
        "Likely to (%)": hundredths(numbers(frame, "rate_high"))})
    return table.assign(Revenue=np.round(numbers(frame, "revenue"), 2)) if "revenue" in frame else table


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[:LONGEST - 1] + "\u2026"
