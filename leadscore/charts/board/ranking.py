"""A ranking in, pictures of what it is worth out: who is found when the best are called first, and what that earns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import (
    RECORD,
    hundredths,
    nothing,
    numbers,
    share_text,
    share_texts,
)
from leadscore.charts.numbers import count, money, short_money
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
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
MOST_POINTS = 100
LINE, BLOCK = 18, 172
"""Pixels of a line of the legend, and of its width."""
LINES_ABOVE = 68
NEAR_THE_EDGE = 0.25


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
    lines = {str(name): _thinned(part) for name, part in known.groupby("order", sort=False)}
    if not set(lines) - {ANY_ORDER}:
        return nothing(key, title, f"{RECORD}, to see how soon calling by score finds the conversions.", table)
    at_best = {name: float(np.interp(BEST, part["share"], part["captured"])) for name, part in lines.items()}
    first = BY_SCORE if BY_SCORE in at_best else next(name for name in at_best if name != ANY_ORDER)
    said = f"Calling {first}, the first {share_text(BEST)} of the leads hold {share_text(at_best[first])} of the " \
           f"conversions; in any order they hold {share_text(BEST)}."
    return Picture(key=key, title=title, data=table, spec=_orders(lines, at_best),
                   alt=f"Rising lines, one an order. {said}", caption=said)


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
    at_best = float(np.interp(BEST, share, times))
    said = f"The best {share_text(BEST)} of the leads convert {at_best:.1f} times as often as leads in any order."
    return Picture(key=key, title=title, data=table, spec=_falling(known), alt=f"A falling line. {said}", caption=said)


def profit_curve(curve: pd.DataFrame, *, currency: str, best_share: float | None = None) -> Picture:
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
    best = _best(known, best_share)
    said = f"Calling the best {share_text(best['share'])} earns most: {money(best['profit'], currency)}. After that, " \
           "a call costs more than it brings in." if best["profit"] > 0 else \
           "At these costs calling does not pay, however few are called."
    shaded = " Shaded: where the profit likely lies." if np.isfinite(numbers(known, "low")).any() else ""
    return Picture(key=key, title=title, data=table, spec=_earnings(_thinned(known), best, currency),
                   alt=f"Profit by share of leads called. {said}", caption=said + shaded)


def _orders(lines: Mapping[str, pd.DataFrame], at_best: Mapping[str, float]) -> Spec:
    names = list(lines)
    drawn = pd.concat([part.assign(order=name) for name, part in lines.items()])
    data = rows(order=drawn["order"], share=drawn["share"], found=drawn["captured"])
    marks = rows(order=names, share=BEST, found=list(at_best.values()), share_words=share_text(BEST),
                 words=[share_text(value) for value in at_best.values()])
    paint = colours(names, _line_colours(names), "order", legend=False)
    across = quantity("share", "Share of the leads called", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    up = quantity("found", "Share of the conversions found", Kind.SHARE, limits=(0, 1.02), ticks=FIFTHS, top=True)
    dash = {"condition": {"test": f"datum.order == '{ANY_ORDER}'", "value": [5, 4]}, "value": [1, 0]}
    return layered(
        data, mark("line", {"x": across, "y": up, "color": paint, "strokeDash": dash}, strokeWidth=3), *upright(BEST),
        mark("point", {"x": place("share"), "y": place("found"), "color": paint}, data=marks, filled=True, size=100,
             opacity=1, tooltip=[("order", "Order"), ("share_words", "Leads called"), ("words", "Conversions found")]),
        *_told(names, at_best))


def _falling(curve: pd.DataFrame) -> Spec:
    share, times = numbers(curve, "share"), numbers(curve, "lift")
    low, high = numbers(curve, "low"), numbers(curve, "high")
    data = rows(share=share, times=times, low=low, high=high, share_words=share_texts(share),
                words=[f"{value:.1f} times" for value in times])
    chosen = [value for value in LIFTS_AT if share.min() <= value <= share.max()] or [float(share[-1])]
    at = np.interp(chosen, share, times)
    named = rows(share=chosen, times=at, words=[f"{value:.1f} \u00d7" for value in at])
    across = quantity("share", "Best share of the leads", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    # an interval of the first few leads may be as wide as the sky
    most = max(1.0, float(times.max()), float(np.fmin(high[np.isfinite(high)], 2 * times.max()).max(initial=0.0)))
    up = quantity("times", "Times as many conversions", Kind.SCORE, limits=(0, headroom(24, most)), top=True)
    band = mark("area", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=SKY, opacity=0.25, clip=True)
    side = {"x": place("share"), "y": place("times")}
    return layered(
        data, *([band] if np.isfinite(low).any() else []), *level(1.0, "any order", right=False),
        mark("line", {"x": across, "y": up}, color=BLUE, strokeWidth=3,
             tooltip=[("share_words", "Best leads"), ("words", "Conversions")]),
        mark("point", side, data=named, filled=True, size=80, color=BLUE, opacity=1),
        label(side, "words", data=named, align="left", dx=5, dy=-7, baseline="bottom", fontWeight=600))


def _best(curve: pd.DataFrame, best_share: float | None) -> dict[str, float]:
    """Give the row with the most profitable share."""
    known = best_share is not None and np.isfinite(best_share)
    at = int(np.abs(numbers(curve, "share") - best_share).argmin()) if known else \
        int(numbers(curve, "profit").argmax())
    return {name: float(numbers(curve, name)[at]) for name in ("share", "profit", "score")}


def _earnings(curve: pd.DataFrame, best: Mapping[str, float], currency: str) -> Spec:
    share, profit, low = numbers(curve, "share"), numbers(curve, "profit"), numbers(curve, "low")
    data = rows(share=share, profit=profit, low=low, high=numbers(curve, "high"), share_words=share_texts(share),
                words=[money(value, currency) for value in profit.tolist()],
                contacts=[count(value) for value in numbers(curve, "contacts").tolist()],
                score=[count(value) for value in numbers(curve, "score").tolist()])
    least = min(0.0, float(profit.min()))
    across = quantity("share", "Share of the leads called, best first", Kind.SHARE, limits=(0, 1), ticks=FIFTHS)
    up = quantity("profit", f"Profit in {currency}".removesuffix(" in "), Kind.MONEY, top=True,
                  limits=(least, headroom(LINES_ABOVE, max(best["profit"], least + 1.0), least)))
    band = mark("area", {"x": across, "y": place("low"), "y2": {"field": "high"}}, color=SKY, opacity=0.25, clip=True)
    call = "best: call" if best["profit"] > 0 else "least is lost with"
    words = [f"{call} the top {share_text(best['share'])}",
             *([f"down to score {best['score']:.0f}"] if np.isfinite(best["score"]) else []),
             short_money(best["profit"], currency)]
    return layered(
        data, *([band] if np.isfinite(low).any() else []), *level(0.0),
        mark("line", {"x": across, "y": up}, color=BLUE, strokeWidth=3,
             tooltip=[("share_words", "Leads called"), ("contacts", "That is"), ("score", "Down to score"),
                      ("words", "Profit")]),
        *_best_place(best["share"], best["profit"], words))


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
