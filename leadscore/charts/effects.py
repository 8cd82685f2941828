"""What values do and what changes bring in, pictures of both out."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, DOWN, GREY, ORANGE, TOTAL, UP, styled

ROW_HEIGHT = 30
FRAME_HEIGHT = 76
NUMBER_WIDTH = 52
SCORE_WIDTH = 88
CURVE_HEIGHT = 300
LONGEST_LABEL = 40
LINE_LENGTH = 28
MOST_FACTORS = 15
BAND = "rgba(0,114,178,0.18)"
HERE = "this lead"
NOT_KNOWN = "not known"
OTHER = "other"
EFFECT = "Effect on the chance (log-odds)"


def effect_curve(points: Sequence[Mapping[str, Any]], kind: str, label: str, *, mark: float | str | None = None,
                 marked: bool = False) -> go.Figure:
    """Draw what the values of a column do: numbers as a line in its band, levels as bars, the best on top.

    Parameters
    ----------
    points : sequence of mappings
        ``value`` (a number, a text, or None where it is missing), ``effect``, ``low``, ``high`` (log-odds), ``leads``.
    kind : str
        ``number``, or anything else for levels.
    label : str
        What people call the column.
    mark : float, str or None
        The value of the lead that is looked at.
    marked : bool
        True when there is such a lead; its ``mark`` may then be missing.
    """
    if kind == "number":
        return _line(points, label, mark, marked)
    ordered = sorted(points, key=lambda point: point["effect"])
    here = _place_of(mark, ordered) if marked else None
    effects = [point["effect"] for point in ordered]
    names = [_short(_said(point["value"])) for point in ordered]
    ticks = [f"<b>{name} ◂ {HERE}</b>" if place == here else name for place, name in enumerate(names)]
    figure = go.Figure(go.Bar(
        orientation="h", y=list(range(len(ordered))), x=effects, text=[f"{effect:+.2f}" for effect in effects],
        textposition="outside", cliponaxis=False, marker_color=[UP if effect >= 0 else DOWN for effect in effects],
        customdata=[[name, point["low"], point["high"], point["leads"]]
                    for name, point in zip(names, ordered, strict=True)],
        hovertemplate="%{customdata[0]}: %{x:+.2f}<br>most between %{customdata[1]:+.2f} and %{customdata[2]:+.2f}"
                      "<br>%{customdata[3]:,} leads<extra></extra>"))
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(ordered))), ticktext=ticks)
    _leave_room(figure, [0.0, *effects])
    return _zero(_bars(styled(figure, x=EFFECT, height=FRAME_HEIGHT + ROW_HEIGHT * len(ordered))), vertical=True)


def improvement_bars(labels: Sequence[str], scores: Sequence[float], *, now: float) -> go.Figure:
    """Draw the way from the score now to the score with each change, one bar a change, in the order given."""
    gains = [score - now for score in scores]
    places = list(range(len(scores)))
    figure = go.Figure(go.Bar(
        orientation="h", y=places, x=gains, base=[now] * len(scores), marker_color=UP, cliponaxis=False,
        text=[f"{score:.1f} ({gain:+.1f})" for score, gain in zip(scores, gains, strict=True)], textposition="outside",
        customdata=[_short(label, 2 * LONGEST_LABEL) for label in labels],
        hovertemplate="%{customdata}: %{text}<extra></extra>"))
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=[_wrapped(label) for label in labels],
                        autorange="reversed")
    figure.update_xaxes(range=[now, max([now + 1.0, *scores])])
    figure.add_vline(x=now, line_color=TOTAL, line_dash="dot")
    figure.add_annotation(x=now, y=1, yref="paper", yanchor="bottom", xanchor="left", showarrow=False,
                          text=f"now {now:.1f}")
    rows = sum(1 + _wrapped(label).count("<br>") / 2 for label in labels)
    # the numbers beside the bars stand in the margin, which is as wide on a telephone as on a large screen
    return _bars(styled(figure, x="Score", height=int(FRAME_HEIGHT + (ROW_HEIGHT + 8) * rows))) \
        .update_layout(margin_r=SCORE_WIDTH)


def importance_bars(importance: Mapping[str, float], labels: Mapping[str, str]) -> go.Figure:
    """Draw how much each column moves the chance on average, the strongest on top.

    Parameters
    ----------
    importance : mapping of column to mean absolute contribution in log-odds
    labels : mapping of column to what people call it
    """
    strongest = sorted(importance.items(), key=lambda item: item[1])[-MOST_FACTORS:]
    sizes = [size for _, size in strongest]
    names = [_short(labels.get(column, column)) for column, _ in strongest]
    figure = go.Figure(go.Bar(
        orientation="h", y=list(range(len(sizes))), x=sizes, marker_color=BLUE, customdata=names, cliponaxis=False,
        text=[f"{size:.2f}" for size in sizes], textposition="outside",
        hovertemplate="%{customdata}: %{x:.3f}<extra></extra>"))
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(sizes))), ticktext=names)
    height = FRAME_HEIGHT + ROW_HEIGHT * len(sizes)
    return _bars(styled(figure, x="Mean effect on the chance (log-odds)", height=height)) \
        .update_layout(margin_r=NUMBER_WIDTH)


def _line(points: Sequence[Mapping[str, Any]], label: str, mark: float | str | None, marked: bool) -> go.Figure:
    known = sorted((point for point in points if isinstance(point["value"], (int, float))),
                   key=lambda point: point["value"])
    missing = next((point["effect"] for point in points if point["value"] is None), None)
    values, effects = ([point[name] for point in known] for name in ("value", "effect"))
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure = go.Figure([
        go.Scatter(x=values, y=[point["low"] for point in known], **edge),
        go.Scatter(x=values, y=[point["high"] for point in known], fill="tonexty", fillcolor=BAND, **edge),
        go.Scatter(x=values, y=effects, mode="lines+markers", line={"color": BLUE},
                   customdata=[point["leads"] for point in known],
                   hovertemplate="%{x:,.6~g}: %{y:+.2f}<br>%{customdata:,} leads<extra></extra>")])
    if missing is not None:
        own = f" ◂ {HERE}" if marked and mark is None else ""
        figure.add_hline(y=missing, line_color=GREY, line_dash="dot", annotation_text=f"{NOT_KNOWN}{own}",
                         annotation_position="top right")
    if marked and values and isinstance(mark, (int, float)):
        figure.add_trace(go.Scatter(
            x=[mark], y=[float(np.interp(mark, values, effects))], mode="markers+text", text=[HERE],
            textposition="top center", cliponaxis=False, hovertemplate=f"{HERE}: %{{x:,.6~g}}<extra></extra>",
            marker={"color": ORANGE, "size": 14, "symbol": "diamond", "line": {"color": GREY, "width": 1}}))
    return _zero(styled(figure, x=_wrapped(label, 2 * LINE_LENGTH), y=EFFECT, height=CURVE_HEIGHT), vertical=False)


def _place_of(mark: float | str | None, points: Sequence[Mapping[str, Any]]) -> int | None:
    """Find the bar of a value; one that has no bar stands with the others."""
    values = [point["value"] for point in points]
    for wanted in (mark, *((OTHER,) if mark is not None else ())):
        if wanted in values:
            return values.index(wanted)
    return None


def _zero(figure: go.Figure, *, vertical: bool) -> go.Figure:
    line = {"line_color": GREY, "line_width": 1}
    return figure.add_vline(x=0, **line) if vertical else figure.add_hline(y=0, **line)


def _bars(figure: go.Figure) -> go.Figure:
    """Leave out the lines along lying bars, which would strike their numbers through."""
    return figure.update_yaxes(showgrid=False).update_layout(bargap=0.2)


def _leave_room(figure: go.Figure, effects: Sequence[float]) -> None:
    """Keep the numbers beside the bars inside the picture, on either side."""
    low, high = min(effects), max(effects)
    room = 0.2 * ((high - low) or 1.0)
    figure.update_xaxes(range=[low - room if low < 0 else -room / 4, high + room if high > 0 else room / 4])


def _said(value: Any) -> str:
    return NOT_KNOWN if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def _short(text: str, longest: int = LONGEST_LABEL) -> str:
    """Shorten a text; mark-up is escaped, since values and names come from users' files."""
    kept = text if len(text) <= longest else text[:longest - 1] + "…"
    return html.escape(kept, quote=False)


def _wrapped(text: str, width: int = LINE_LENGTH) -> str:
    """Break a long label into lines, so that it leaves the bars their room on a small screen."""
    together = _short(text, 3 * width).replace(" → ", "\u00a0→\u00a0")
    return "<br>".join(textwrap.wrap(together, width, break_long_words=False, break_on_hyphens=False))
