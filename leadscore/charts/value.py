"""What is found by score and by other orders in, two pictures of what scoring is worth out."""

from __future__ import annotations

import pandas as pd

from leadscore.charts import vega
from leadscore.charts.numbers import count, counted, percent
from leadscore.charts.palette import BLUE, GREY, ORANGE
from leadscore.charts.picture import Picture
from leadscore.charts.vega import Kind

COLOURS = (BLUE, ORANGE, GREY)
MOST_POINTS = 120
LABEL_ROOM = 130
"""Pixels to the right of the longest bar, for its words."""
ROOMY = "width < 420 ? 1 : 3"
"""Orders named side by side: beneath each other where there is little room."""


def orders_picture(found: pd.DataFrame, *, share: float, conversions: int) -> Picture:
    """Draw how many conversions the same number of calls finds in each order.

    Parameters
    ----------
    found : DataFrame
        Columns ``order`` (words), ``conversions``, ``share`` (of all conversions), ``low`` and ``high`` (95 %); by
        score first.
    share : float
        Of the leads, how many are called.
    conversions : int
        All there are.
    """
    names = [str(name) for name in found["order"]]
    said = [f"{count(number)} ({percent(part, 0)})" for number, part in
            zip(found["conversions"], found["share"], strict=True)]
    between = [f"{percent(low, 0)} to {percent(high, 0)}" for low, high in
               zip(found["low"], found["high"], strict=True)]
    data = vega.rows(order=names, share=found["share"], low=found["low"], high=found["high"], said=said,
                     between=between)
    y, x = vega.category("order", names), vega.quantity("share", hidden=True, limits=(
        0, vega.room(LABEL_ROOM, float(found["high"].max()))))
    tips = [("order", "Order"), ("said", "Conversions found"), ("between", "Likely (95 %)")]
    spec = vega.layered(
        data, vega.mark("bar", {"x": x, "y": y, "color": vega.colours(names, COLOURS, "order", legend=False)},
                        tooltip=tips, height=16, cornerRadiusEnd=3),
        vega.mark("rule", {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}, "y": y},
                  strokeWidth=1.5),
        vega.label({"x": {"field": "high", "type": "quantitative"}, "y": y}, "said", align="left", dx=6),
        height=vega.ROW_HEIGHT * len(names) + 30)
    table = pd.DataFrame({"Order": names, "Conversions found": found["conversions"].to_numpy(),
                          "Share of conversions (%)": _hundredths(found["share"]),
                          "Likely from (%)": _hundredths(found["low"]),
                          "Likely to (%)": _hundredths(found["high"])})
    told = "; ".join(f"{name} {words}" for name, words in zip(names, said, strict=True))
    return Picture("value-orders", f"What calling {percent(share, 0)} of the leads finds", table, spec,
                   alt=f"Of {counted(conversions, 'conversion')}: {told}",
                   caption="Leads whose end is known, by the score they had before it was known. Thin lines: where the "
                           "shares likely lie.")


def reach_picture(curves: dict[str, pd.DataFrame], *, share: float) -> Picture:
    """Draw which share of the conversions is found, by the share of the leads called, in each order.

    Parameters
    ----------
    curves : dict of str to DataFrame
        Words of each order, by score first; columns ``share`` and ``captured``, rising from 0 to 1.
    share : float
        Of the leads, marked by an upright line.
    """
    points = pd.concat([_thinned(one).assign(order=name) for name, one in curves.items()], ignore_index=True)
    names = list(curves)
    data = vega.rows(order=points["order"], share=points["share"], captured=points["captured"],
                     called=[percent(value, 0) for value in points["share"]],
                     found=[percent(value, 0) for value in points["captured"]])
    whole, ticks = (0, 1), (0, 0.25, 0.5, 0.75, 1)
    spec = vega.layered(
        data, vega.mark("line", {
            "x": vega.quantity("share", "Leads called", Kind.SHARE, limits=whole, ticks=ticks),
            "y": vega.quantity("captured", "Conversions found", Kind.SHARE, limits=whole, ticks=ticks),
            "color": {**vega.colours(names, COLOURS, "order"), "legend": {"columns": {"expr": ROOMY}}}},
            strokeWidth=2.5,
            tooltip=[("order", "Order"), ("called", "Leads called"), ("found", "Conversions found")]),
        *vega.upright(share, f"{percent(share, 0)} called", flip=share > 0.5))
    table = points[["order", "share", "captured"]].rename(
        columns={"order": "Order", "share": "Leads called", "captured": "Conversions found"})
    return Picture("value-reach", "How soon each order finds the conversions", table, spec,
                   alt=f"Share of conversions found by share of leads called: {', '.join(names)}",
                   caption="The higher the line, the sooner the conversions are reached.")


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep as many points as a picture shows, both ends among them."""
    step = max(1, len(curve) // MOST_POINTS)
    kept = curve.iloc[::step]
    return kept if kept.index[-1] == curve.index[-1] else pd.concat([kept, curve.iloc[[-1]]])


def _hundredths(shares: pd.Series) -> pd.Series:
    return (100 * shares).round(2)
