"""What becomes of leads in, pictures of how far they get and how long it takes out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import RECORD, count_texts, counts, hundredths, nothing, numbers, share_text
from leadscore.charts.numbers import counted
from leadscore.charts.palette import BLUE, GREY, TIER_COLOURS
from leadscore.charts.picture import Picture
from leadscore.charts.vega import (
    FAINT_TINT,
    TINT,
    Kind,
    Spec,
    category,
    colours,
    headroom,
    label,
    layered,
    mark,
    only_if,
    place,
    quantity,
    room,
    rows,
)

STAGES = ("came in", "contacted", "qualified", "converted")
FUNNEL_ROW, HEADING = 24, "heading"
COHORT_ROW, COHORT_LEAST = 32, 130
WIDE_CELL = 34
"""Pixels a per cent needs inside a cell."""
MOST_MONTHS = 12
MOST_COHORTS = 18
MEDIAN, MOST, NEARLY_ALL = 0.5, 0.8, 0.99
NEAR_THE_END = 0.6
FIFTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def stage_funnel(stages: pd.DataFrame) -> Picture:
    """Draw how far the leads of each tier get, each stage as a share of the tier.

    Parameters
    ----------
    stages : DataFrame
        Columns ``tier``, ``stage`` ("came in", "contacted", "qualified", "converted"), ``leads`` and ``share`` (of
        the tier's leads, a fraction); best tier first.
    """
    key, title = "funnel", "How far the leads of each tier get"
    leads, share = counts(stages, "leads"), numbers(stages, "share")
    tiers, names = stages["tier"].astype(str), stages["stage"].astype(str)
    table = pd.DataFrame({"Tier": tiers, "Stage": names, "Leads": leads.astype(int),
                          "Share of the tier (%)": hundredths(share)})
    if not leads.sum():
        return nothing(key, title, "Upload leads to see how far those of each tier get.", table)
    ends = [f"{tier} {share_text(part)}" for tier, stage, part in zip(tiers, names, share.tolist(), strict=True)
            if stage == STAGES[-1] and np.isfinite(part)]
    said = f"Converted of each tier: {', '.join(ends)}." if ends else ""
    return Picture(key=key, title=title, data=table, spec=_funnel(tiers, names, leads, share),
                   alt=f"Bars of the stages of each tier. {said}".strip(),
                   caption="Per cents are of all leads of the tier. A lead counts in every stage it has reached.")


def cohorts(cells: pd.DataFrame) -> Picture:
    """Draw how many of the leads of each month have converted within the months after.

    Parameters
    ----------
    cells : DataFrame
        Columns ``month`` in which the leads came in ("2026-05"), ``months_since`` (0 is the month itself), ``leads``
        (of the cohort), ``converted`` (until then) and ``rate`` (a fraction); months that are not over have no row or
        a missing rate.
    """
    key, title = "cohorts", "Conversions by the month leads came in"
    rate, leads = numbers(cells, "rate"), counts(cells, "leads")
    since = numbers(cells, "months_since")
    table = pd.DataFrame({"Came in": cells["month"].astype(str), "Months since": since, "Leads": leads.astype(int),
                          "Converted so far": numbers(cells, "converted"), "Converted so far (%)": hundredths(rate)})
    known = np.isfinite(rate) & np.isfinite(since) & (since < MOST_MONTHS)
    months = sorted(cells["month"][known].astype(str).unique())[-MOST_COHORTS:]
    known &= cells["month"].astype(str).isin(months).to_numpy()
    if not known.any() or not _converted(cells):
        return nothing(key, title, f"{RECORD}, with the day of each conversion, to see how many leads of each month "
                                   "convert, and when.", table)
    return Picture(key=key, title=title, data=table, spec=_months(cells[known], months),
                   alt=f"A table of {counted(len(months), 'month')}: the share of each month's leads converted so far.",
                   caption="Each row: the leads of one month, and the share of them converted so far (%). Read across "
                           "for how long it takes, down for whether newer leads do better. Empty: not over yet.")


def _converted(cells: pd.DataFrame) -> float:
    """Add up conversions; without the column, rates above 0 stand for them."""
    return float(counts(cells, "converted" if "converted" in cells else "rate").sum())


def time_to_conversion(days: pd.DataFrame) -> Picture:
    """Draw which share of the conversions had happened how many days after the lead came in.

    Parameters
    ----------
    days : DataFrame
        Columns ``days`` (0 or more) and ``leads`` that converted after so many.
    """
    key, title = "time-to-conversion", "How long conversions take"
    usable = pd.DataFrame({"days": numbers(days, "days"), "leads": counts(days, "leads")})
    usable = usable[np.isfinite(usable["days"]) & (usable["days"] >= 0) & (usable["leads"] > 0)]
    grouped = usable.groupby("days", as_index=False)["leads"].sum()
    reached = grouped["leads"].cumsum().to_numpy() / max(grouped["leads"].sum(), 1.0)
    table = pd.DataFrame({"Days": grouped["days"], "Conversions": grouped["leads"].astype(int),
                          "Converted within (%)": hundredths(reached)})
    if grouped.empty:
        return nothing(key, title, f"{RECORD}, with the day of each conversion, to see how long they take.", table)
    at = grouped["days"].to_numpy()
    middle, late = (float(at[int(np.searchsorted(reached, part - 1e-12))]) for part in (MEDIAN, MOST))
    total = int(grouped["leads"].sum())
    said = f"Half of {counted(total, 'conversion')} came {_within(middle)}, {share_text(MOST)} " \
           f"{_within(late)}."
    return Picture(key=key, title=title, data=table, spec=_rising(at, reached, middle, late),
                   alt=f"A rising line. {said}",
                   caption=f"{said} Leads that may still convert are not counted.")


def _funnel(tiers: pd.Series, stages: pd.Series, leads: np.ndarray, share: np.ndarray) -> Spec:
    shown = list(dict.fromkeys(tiers))
    order = [f"{tier}|{stage}" for tier in shown for stage in (HEADING, *STAGES)]
    texts, shares = count_texts(leads), [share_text(part) for part in share.tolist()]
    data = rows(row=tiers + "|" + stages, tier=tiers, stage=stages, leads=leads, share=np.nan_to_num(share),
                words=[lead if stage == STAGES[0] else f"{lead} \u00b7 {part}"
                       for lead, part, stage in zip(texts, shares, stages, strict=True)],
                lead_words=texts, share_words=shares)
    headings = [{"row": f"{tier}|{HEADING}", "words": f"{tier} tier"} for tier in shown]
    named = "split(datum.label, '|')[1]"
    down = category("row", order, labelExpr=f"{named} == '{HEADING}' ? '' : {named}", labelOverlap=False)
    across = quantity("share", kind=Kind.SHARE, limits=(0, room(96, 1.0)), hidden=True)
    paint = colours(shown, [TIER_COLOURS.get(tier, GREY) for tier in shown], "tier", legend=False)
    first = {"condition": {"test": f"datum.stage == '{STAGES[0]}'", "value": 0.35}, "value": 0.95}
    return layered(
        data,
        mark("bar", {"x": across, "y": down, "color": paint, "opacity": first}, cornerRadiusEnd=3,
             height={"band": 0.78},
             tooltip=[("tier", "Tier"), ("stage", "Stage"), ("lead_words", "Leads"), ("share_words", "Of the tier")]),
        label({"x": place("share"), "y": down}, "words", align="left", dx=6, fontWeight=600),
        label({"x": {"value": 0}, "y": down}, "words", data=headings, align="left", baseline="middle", fontSize=13,
              fontWeight=700, dy=2),
        height=FUNNEL_ROW * len(order) + 12)


def _months(cells: pd.DataFrame, months: list[str]) -> Spec:
    names, since, rate = cells["month"].astype(str), numbers(cells, "months_since"), numbers(cells, "rate")
    sizes = dict(zip(names, counts(cells, "leads"), strict=True))
    headings = {month: f"{pd.Period(month, 'M'):%b %Y} \u00b7 {sizes[month]:,.0f}" for month in months}
    data = rows(month=[headings[month] for month in names], since=[f"{value:.0f}" for value in since], rate=rate,
                words=[share_text(value) for value in rate.tolist()],
                short=[f"{100 * value:.0f}" for value in rate.tolist()], leads=count_texts(counts(cells, "leads")),
                converted=count_texts(counts(cells, "converted")))
    columns = [str(number) for number in range(int(since.max()) + 1)]
    where: Spec = {"x": category("since", columns, "Months since they came in", orient="top", labelAngle=0),
                   "y": category("month", list(headings.values()), labelOverlap=False)}
    fill = {"field": "rate", "type": "quantitative", "legend": None,
            "scale": {"domain": [0, max(float(rate.max()), 0.01)], "range": [FAINT_TINT, TINT]}}
    wide = f"width / {len(columns)} > {WIDE_CELL}"
    return layered(
        data,
        mark("rect", {**where, "opacity": fill}, color=BLUE, cornerRadius=3, width={"band": 0.96},
             height={"band": 0.92}, tooltip=[("month", "Came in"), ("since", "Months since"), ("words", "Converted"),
                                             ("converted", "That is"), ("leads", "Of")]),
        label({**where, "opacity": only_if(wide)}, "words", fontSize=11),
        label({**where, "opacity": only_if(f"!({wide})")}, "short", fontSize=10),
        height=max(COHORT_LEAST, COHORT_ROW * len(months) + 60))


def _rising(days: np.ndarray, reached: np.ndarray, middle: float, late: float) -> Spec:
    last = max(float(days[min(int(np.searchsorted(reached, NEARLY_ALL)), len(days) - 1)]), 1.0)
    data = rows(days=np.concatenate([[0.0], days]), part=np.concatenate([[0.0], reached]))
    points = rows(days=[middle, late], part=[MEDIAN, MOST],
                  words=[f"half {_within(middle)}", f"{share_text(MOST)} {_within(late)}"])
    across = quantity("days", "Days since the lead came in", limits=(0, last))
    up = quantity("part", "Share of the conversions", Kind.SHARE, limits=(0, headroom(8, 1.0)), ticks=FIFTHS, top=True)
    side = {"x": place("days"), "y": place("part")}
    left = f"datum.days <= {NEAR_THE_END * last:g}"
    return layered(
        data,
        mark("area", {"x": across, "y": up}, color=BLUE, opacity=0.14, interpolate="step-after", clip=True),
        mark("line", {"x": across, "y": up}, color=BLUE, strokeWidth=3, interpolate="step-after", clip=True),
        mark("point", side, data=points, filled=True, size=110, color=BLUE, opacity=1),
        label({**side, "opacity": only_if(left)}, "words", data=points, align="left", dx=11, dy=12, fontWeight=600),
        label({**side, "opacity": only_if(f"!({left})")}, "words", data=points, align="right", dx=-11, dy=-8,
              fontWeight=600))


def _within(days: float) -> str:
    return f"within {counted(int(round(days)), 'day')}" if round(days) else "on the same day"
