"""A ranking in, pictures of what it is worth out: who is found when the best are called first, and what that earns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    RECORD,
    count_texts,
    hundredths,
    nothing,
    numbers,
    share_text,
    share_texts,
)
from leadscore.charts.numbers import count, counted, money, short_money
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
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
    level,
    mark,
    note,
    place,
    quantity,
    rows,
    upright,
)

BY_SCORE, ANY_ORDER = "by score", "any order"
BEST = 0.2
FIFTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
LIFTS_AT = (0.1, 0.2, 0.3, 0.5)
MOST_POINTS = 200
LINE, BLOCK = 18, 172
"""Pixels of a line of the legend, and of its width."""
LINES_ABOVE = 68
NEAR_THE_EDGE = 0.25
CELL_HEIGHT = 280
CELLS = (("true_positive", "converted", "qualified", "found", True),
         ("false_negative", "converted", "not qualified", "missed", False),
         ("false_positive", "lost", "qualified", "called in vain", False),
         ("true_negative", "lost", "not qualified", "rightly left", True))


def gains(curves: pd.DataFrame) -> Picture:
    """Draw which share of the conversions is found, by how many leads are called.

    Parameters
    ----------
    curves : DataFrame
        Columns ``order`` ("by score", "any order" or any other way to go through the leads), ``share`` (of the leads)
        and ``captured`` (of the conversions): fractions, rising within each order.
    """
    key, title = "gains", "How soon the conversions are found"
    table = pd.DataFrame({"Order": curves["order"].astype(str),
                          "Leads called (%)": hundredths(numbers(curves, "share")),
                          "Conversions found (%)": hundredths(numbers(curves, "captured"))})
    known = curves[np.isfinite(numbers(curves, "share")) & np.isfinite(numbers(curves, "captured"))]
    if not (known["order"].astype(str) != ANY_ORDER).any():
        return nothing(key, title, f"{RECORD}, to see how soon calling by score finds the conversions.", table)
    lines = {str(name): _thinned(part) for name, part in known.groupby("order", sort=False)}
    at_best = {name: float(np.interp(BEST, part["share"], part["captured"])) for name, part in lines.items()}
    drawn = pd.concat([part.assign(order=name) for name, part in lines.items()])
    data = rows(order=drawn["order"], share=drawn["share"], found=drawn["captured"])
    names = list(lines)
    paint = colours(names, _line_colours(names), "order", legend=False)
    marks = rows(order=names, share=BEST, found=list(at_best.values()), share_words=share_text(BEST),
                 words=[share_text(value) for value in at_best.values()])
    across = quantity("share", "Share of the leads called", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    up = quantity("found", "Share of the conversions found", Kind.SHARE, limits=(0, 1.02), ticks=FIFTHS, top=True)
    dash = {"condition": {"test": f"datum.order == '{ANY_ORDER}'", "value": [5, 4]}, "value": [1, 0]}
    spec = layered(
        data, mark("line", {"x": across, "y": up, "color": paint, "strokeDash": dash}, strokeWidth=3),
        *upright(BEST),
        mark("point", {"x": place("share"), "y": place("found"), "color": paint}, data=marks, filled=True, size=100,
             opacity=1, tooltip=[("order", "Order"), ("share_words", "Leads called"),
                                 ("words", "Conversions found")]),
        *_told(names, at_best))
    first = BY_SCORE if BY_SCORE in at_best else next(name for name in names if name != ANY_ORDER)
    said = f"Calling {first}, the first {share_text(BEST)} of the leads hold {share_text(at_best[first])} of the " \
           f"conversions; in any order they hold {share_text(BEST)}."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Rising lines, one an order. {said}", caption=said)


def lift(curve: pd.DataFrame) -> Picture:
    """Draw how many times more often the best leads convert than leads in any order.

    Parameters
    ----------
    curve : DataFrame
        Columns ``share`` (of the leads, best first) and ``lift`` (1 is any order); ``low`` and ``high`` where known.
    """
    key, title = "lift", "How much better than calling in any order"
    table = pd.DataFrame({"Best leads (%)": hundredths(numbers(curve, "share")),
                          "Times as many conversions": np.round(numbers(curve, "lift"), 3)})
    for name, heading in (("low", "Likely from"), ("high", "Likely to")):
        if name in curve:
            table[heading] = np.round(numbers(curve, name), 3)
    known = _thinned(curve[np.isfinite(numbers(curve, "lift")) & (numbers(curve, "share") > 0)])
    if known.empty:
        return nothing(key, title, f"{RECORD}, to see how much better calling by score is.", table)
    share, times = numbers(known, "share"), numbers(known, "lift")
    low, high = numbers(known, "low"), numbers(known, "high")
    data = rows(share=share, times=times, low=low, high=high, share_words=share_texts(share),
                words=[f"{value:.1f} times" for value in times])
    across = quantity("share", "Best share of the leads", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    most = max(1.0, float(np.nanmax(np.concatenate([times, np.fmin(high[np.isfinite(high)], 2 * times.max())]))))
    up = quantity("times", "Times as many conversions", limits=(0, headroom(24, most)), top=True, format="~r")
    up["axis"].pop("labelExpr")
    chosen = [value for value in LIFTS_AT if share.min() <= value <= share.max()] or [float(share[-1])]
    named = rows(share=chosen, times=np.interp(chosen, share, times),
                 words=[f"{value:.1f} ×" for value in np.interp(chosen, share, times)])
    band = [mark("area", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=SKY, opacity=0.25,
                 clip=True)] if np.isfinite(low).any() else []
    spec = layered(
        data, *band, *level(1.0, "any order", right=False),
        mark("line", {"x": across, "y": up}, color=BLUE, strokeWidth=3,
             tooltip=[("share_words", "Best leads"), ("words", "Conversions")]),
        mark("point", {"x": place("share"), "y": place("times")}, data=named, filled=True, size=80, color=BLUE,
             opacity=1),
        label({"x": place("share"), "y": place("times")}, "words", data=named, align="left", dx=5, dy=-7,
              baseline="bottom", fontWeight=600))
    at_best = float(np.interp(BEST, share, times))
    said = f"The best {share_text(BEST)} of the leads convert {at_best:.1f} times as often as leads in any order."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"A falling line. {said}", caption=said)


def confusion(numbers_: Mapping[str, int], *, threshold: float) -> Picture:
    """Draw what the threshold said of leads whose end is known.

    Parameters
    ----------
    numbers_ : mapping of str to int
        ``true_positive``, ``false_positive``, ``false_negative`` and ``true_negative``.
    threshold : float
        Score from which a lead counts as qualified.
    """
    key, title = "confusion", f"Was the threshold of {threshold:g} right?"
    found = np.array([float(numbers_.get(name) or 0) for name, *_ in CELLS])
    ends, calls = [cell[1] for cell in CELLS], [cell[2] for cell in CELLS]
    whole = found.sum()
    table = pd.DataFrame({"Ended": ends, "The score said": calls, "Meaning": [cell[3] for cell in CELLS],
                          "Leads": found.astype(int),
                          "Share (%)": hundredths(found / whole if whole else np.full(len(CELLS), np.nan))})
    if not whole:
        return nothing(key, title, f"{RECORD}, won and lost, to see whether the threshold was right.", table)
    shares = found / whole
    data = rows(end=ends, call=calls, right=[cell[4] for cell in CELLS], leads=count_texts(found), share=shares,
                words=[f"{cell[3]}, {share_text(share)}" for cell, share in zip(CELLS, shares.tolist(), strict=True)])
    across = category("call", ["qualified", "not qualified"], orient="top", labelAngle=0,
                      labelExpr=f"datum.label == 'qualified' ? 'scored {threshold:g} or more' : "
                                f"'scored below {threshold:g}'")
    down = category("end", ["converted", "lost"])
    where: Spec = {"x": across, "y": down}
    spec = layered(
        data,
        mark("rect", {**where, "color": {"condition": {"test": "datum.right", "value": GREEN}, "value": VERMILION},
                      "opacity": {"field": "share", "type": "quantitative", "legend": None,
                                  "scale": {"domain": [0, 1], "range": [3 * FAINT_TINT, TINT]}}},
             cornerRadius=6, width={"band": 0.97}, height={"band": 0.95}, tooltip=[("leads", "Leads"), ("words", "")]),
        label(where, "leads", fontSize=24, fontWeight=600, dy=-8), label(where, "words", fontSize=13, dy=18),
        height=CELL_HEIGHT)
    right = share_text(float(shares[0] + shares[3]))
    called, won = found[0] + found[2], found[0] + found[1]
    said = f"Right for {right} of {counted(int(whole), 'decided lead')}."
    if called:
        said += f" Of those above the threshold {share_text(found[0] / called)} converted."
    if won:
        said += f" Of all conversions {share_text(found[0] / won)} scored above it."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"A table of two by two. {said}", caption=said)


def profit_curve(curve: pd.DataFrame, *, currency: str, best_share: float | None) -> Picture:
    """Draw what calling the best leads earns by how many are called, with the best place to stop.

    Parameters
    ----------
    curve : DataFrame
        Columns ``share`` (of the leads, best first), ``contacts``, ``profit``, ``low``, ``high`` (in ``currency``) and
        ``score``: that of the last lead called.
    currency : str
    best_share : float or None
        The share with the largest profit; the largest drawn when None.
    """
    key, title = "profit", "How far down the list calling pays"
    share, profit = numbers(curve, "share"), numbers(curve, "profit")
    table = pd.DataFrame({
        "Leads called (%)": hundredths(share), "Leads called": numbers(curve, "contacts"),
        "Down to score": np.round(numbers(curve, "score"), 1), f"Profit ({currency})": np.round(profit, 2),
        f"Likely from ({currency})": np.round(numbers(curve, "low"), 2),
        f"Likely to ({currency})": np.round(numbers(curve, "high"), 2)})
    known = curve[np.isfinite(share) & np.isfinite(profit)]
    if known.empty:
        return nothing(key, title, "Say what a call costs and what a conversion brings, under Settings, to see how far "
                                   "down the list calling pays.", table)
    place_ = int(np.argmax(numbers(known, "profit"))) if best_share is None or not np.isfinite(best_share) \
        else int(np.abs(numbers(known, "share") - best_share).argmin())
    best = {name: float(numbers(known, name)[place_]) for name in ("share", "contacts", "profit", "score")}
    thin = _thinned(known)
    contacts = numbers(thin, "contacts")
    data = rows(share=thin["share"], profit=thin["profit"], low=numbers(thin, "low"), high=numbers(thin, "high"),
                words=[money(value, currency) for value in thin["profit"]],
                share_words=share_texts(numbers(thin, "share")), contacts=[count(value) for value in contacts],
                score=[count(value) for value in numbers(thin, "score")])
    across = quantity("share", "Share of the leads called, best first", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    least = min(0.0, float(thin["profit"].min()))
    up = quantity("profit", f"Profit in {currency}".removesuffix(" in "), Kind.MONEY, top=True,
                  limits=(least, headroom(LINES_ABOVE, max(best["profit"], least + 1e-9), least)))
    lines = [f"best: call the top {share_text(best['share'])}",
             *([f"down to score {best['score']:.0f}"] if np.isfinite(best["score"]) else []),
             short_money(best["profit"], currency)]
    band = [mark("area", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=SKY, opacity=0.25,
                 clip=True)] if np.isfinite(numbers(thin, "low")).any() else []
    spec = layered(
        data, *band, *level(0.0),
        mark("line", {"x": across, "y": up}, color=BLUE, strokeWidth=3,
             tooltip=[("share_words", "Leads called"), ("contacts", "That is"), ("score", "Down to score"),
                      ("words", "Profit")]),
        *_best_place(best["share"], best["profit"], lines))
    said = f"Calling the best {share_text(best['share'])} earns most: {money(best['profit'], currency)}. After that, " \
           "a call costs more than it brings in." if best["profit"] > 0 else \
           "At these costs calling does not pay, however few are called."
    return Picture(key=key, title=title, data=table, spec=spec, alt=f"Profit by share of leads called. {said}",
                   caption=f"{said} Shaded: where the profit likely lies." if band else said)


def _best_place(share: float, profit: float, lines: list[str]) -> list[Spec]:
    """Mark the place with its words above it, where no line runs."""
    x: Spec = {"datum": share, "type": "quantitative"}
    y: Spec = {"datum": profit, "type": "quantitative"}
    align = "left" if share < NEAR_THE_EDGE else "right" if share > 1 - NEAR_THE_EDGE else "center"
    return [mark("point", {"x": x, "y": y}, data=[{}], filled=True, size=130, color=GREEN, opacity=1),
            note(lines, x=x, y=y, align=align, baseline="bottom", dy=-11 - LINE * (len(lines) - 1), fontWeight=600,
                 lineHeight=LINE)]


def _told(names: list[str], at_best: Mapping[str, float]) -> list[Spec]:
    """Write the legend with its figures where no line runs: at the bottom on the right."""
    first = len(names) * LINE + 14
    lines = [note(f"the best {share_text(BEST)} of the leads hold", x=_from_right(BLOCK), y=_from_bottom(first),
                  align="left", baseline="top", fontWeight=600)]
    for place_, (name, colour) in enumerate(zip(names, _line_colours(names), strict=True)):
        y = _from_bottom(first - (place_ + 1) * LINE)
        lines += [note("\u25cf", x=_from_right(BLOCK), y=y, align="left", baseline="top", fontSize=15, dy=-3,
                       color=colour),
                  note(f"{share_text(at_best[name])} {name}", x=_from_right(BLOCK - 16), y=y, align="left",
                       baseline="top", limit=BLOCK)]
    return lines


def _from_right(pixels: int) -> Spec:
    return {"value": {"expr": f"width - {pixels}"}}


def _from_bottom(pixels: int) -> Spec:
    return {"value": {"expr": f"height - {pixels}"}}


def _line_colours(names: list[str]) -> list[str]:
    others = iter([ORANGE, GREEN, VERMILION, SKY] * len(names))
    return [BLUE if name == BY_SCORE else GREY if name == ANY_ORDER else next(others) for name in names]


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Leave as many points of a curve as a screen can show, first and last among them."""
    if len(curve) <= MOST_POINTS:
        return curve
    return curve.iloc[np.unique(np.linspace(0, len(curve) - 1, MOST_POINTS).astype(int))]
