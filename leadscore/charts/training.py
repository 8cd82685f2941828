"""Figures of a training in, pictures of what a model achieved on leads it had not seen out."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, FAINT, GREEN, GREY, ORANGE, SKY, VERMILION, styled

ROW_HEIGHT = 34
FRAME_HEIGHT = 70
LONGEST_LABEL = 40
LARGEST_MARK = 18
SMALLEST_MARK = 7
OUTCOMES = (("converted", "Converted", GREEN, "white"), ("lost", "Lost", GREY, "white"),
            ("open", "Still open, left out", SKY, "black"))
SIDES = (BLUE, ORANGE)


def outcome_bar(counts: pd.DataFrame) -> go.Figure:
    """Draw how many leads ended how as one bar.

    Parameters
    ----------
    counts : DataFrame
        Columns ``outcome`` (converted, lost or open) and ``leads``.
    """
    leads = counts.set_index("outcome")["leads"]
    figure = go.Figure([
        go.Bar(x=[int(leads.get(name, 0))], y=[""], orientation="h", name=words, marker_color=colour,
               texttemplate="%{x:,}" if leads.get(name, 0) else "", textposition="inside", textangle=0,
               insidetextanchor="middle", insidetextfont={"color": ink},
               hovertemplate=f"{words}: %{{x:,}} leads<extra></extra>")
        for name, words, colour, ink in OUTCOMES])
    figure.update_layout(barmode="stack")
    figure = styled(figure, height=110)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.1, "x": 0, "traceorder": "normal"})


def found_by_share(figures: pd.DataFrame) -> go.Figure:
    """Draw which part of the conversions the best leads hold, against leads in any order.

    Parameters
    ----------
    figures : DataFrame
        Columns ``share`` (of the leads), ``value``, ``low`` and ``high`` (of the conversions), all fractions.
    """
    ranges = [f"best {share:.0%}" for share in figures["share"]]
    figure = go.Figure([
        go.Bar(x=ranges, y=figures["value"], marker_color=BLUE, name="By score", error_y=_errors(figures),
               customdata=figures[["low", "high"]].to_numpy(dtype=float),
               hovertemplate="The %{x} hold %{y:.0%} of the conversions (%{customdata[0]:.0%} to "
                             "%{customdata[1]:.0%})<extra></extra>"),
        go.Scatter(x=ranges, y=figures["share"], mode="markers", name="Any order",
                   marker={"symbol": "line-ew-open", "size": 34, "color": VERMILION, "line": {"width": 3}},
                   hovertemplate="Chosen at random, the %{x} hold %{y:.0%}<extra></extra>")])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_xaxes(type="category")
    return _with_legend(styled(figure, y="Conversions found"))


def dots(rows: pd.DataFrame, *, x: str = "", percent: bool = True, reference: float | None = None) -> go.Figure:
    """Draw a dot with its interval for each row, the first on top.

    Parameters
    ----------
    rows : DataFrame
        Columns ``label``, ``value``, ``low``, ``high`` and ``marked``; the marked ones stand out.
    x : str
        What the figures are; empty where a title beside the picture says it.
    percent : bool
        Whether they are fractions to be read as per cent.
    reference : float or None
        Where chance would be.
    """
    places = list(range(len(rows)))
    number = ":.1%" if percent else ":.3f"
    figure = go.Figure(go.Scatter(
        x=rows["value"], y=places, mode="markers", error_x=_errors(rows),
        marker={"color": [BLUE if marked else GREY for marked in rows["marked"]],
                "size": [14 if marked else 10 for marked in rows["marked"]]},
        customdata=list(zip(map(_label, rows["label"]), rows["low"], rows["high"], strict=True)),
        hovertemplate=f"%{{customdata[0]}}: %{{x{number}}} (%{{customdata[1]{number}}} to "
                      f"%{{customdata[2]{number}}})<extra></extra>"))
    if reference is not None:
        figure.add_vline(x=reference, line_dash="dot", line_color=VERMILION, annotation_text="chance")
    # few and upright ticks, since long labels leave little room on a phone
    figure.update_xaxes(tickformat=".0%" if percent else "", nticks=4, tickangle=0)
    return _by_rows(styled(figure, x=x, height=_height(len(rows))), rows["label"])


def side_by_side(rows: pd.DataFrame, *, names: tuple[str, str], x: str) -> go.Figure:
    """Draw two dots with their intervals for each figure, one for each of two versions.

    Parameters
    ----------
    rows : DataFrame
        Columns ``label``, ``side`` (0 or 1), ``value``, ``low`` and ``high``, fractions.
    names : tuple of two str
        What the sides are called.
    """
    labels = list(dict.fromkeys(rows["label"]))
    figure = go.Figure()
    for side, (name, colour) in enumerate(zip(names, SIDES, strict=True)):
        part = rows[rows["side"] == side]
        places = [labels.index(label) + (0.14 if side else -0.14) for label in part["label"]]
        figure.add_trace(go.Scatter(
            x=part["value"], y=places, mode="markers", name=html.escape(name),
            marker={"color": colour, "size": 11, "symbol": "diamond" if side else "circle"},
            error_x=_errors(part, colour),
            customdata=list(zip(map(_label, part["label"]), part["low"], part["high"], strict=True)),
            hovertemplate="%{customdata[0]}: %{x:.1%} (%{customdata[1]:.1%} to %{customdata[2]:.1%})<extra></extra>"))
    figure.update_xaxes(tickformat=".0%")
    return _with_legend(_by_rows(styled(figure, x=x, height=_height(len(labels)) + 50), labels))


def learning_curve(points: pd.DataFrame) -> go.Figure:
    """Draw how good a model is after so many outcomes.

    Parameters
    ----------
    points : DataFrame
        Columns ``outcomes``, ``average_precision``, ``low`` and ``high``, outcomes rising.
    """
    band = [*points["high"], *reversed(list(points["low"]))]
    figure = go.Figure([
        go.Scatter(x=[*points["outcomes"], *reversed(list(points["outcomes"]))], y=band, fill="toself", mode="lines",
                   line={"width": 0}, fillcolor=_faint(BLUE), hoverinfo="skip"),
        go.Scatter(x=points["outcomes"], y=points["average_precision"], mode="lines+markers",
                   line={"color": BLUE, "width": 3}, customdata=points[["low", "high"]].to_numpy(dtype=float),
                   hovertemplate="%{x:,} outcomes: %{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})"
                                 "<extra></extra>")])
    figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(rangemode="tozero")
    return styled(figure, x="Outcomes learned from", y="Quality of the ranking")


def reliability(points: pd.DataFrame) -> go.Figure:
    """Draw stated chances against what happened; on the diagonal they agree.

    Parameters
    ----------
    points : DataFrame
        Columns ``probability`` and ``rate`` (fractions) and ``rows`` (leads).
    """
    top = min(1.0, max(float(points["probability"].max()), float(points["rate"].max())) * 1.08 + 0.01)
    sizes = SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * np.sqrt(points["rows"] / max(points["rows"].max(), 1))
    figure = go.Figure([
        go.Scatter(x=[0, top], y=[0, top], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"),
        go.Scatter(x=points["probability"], y=points["rate"], mode="lines+markers", customdata=points["rows"],
                   line={"color": BLUE, "width": 1}, marker={"size": sizes, "color": BLUE},
                   hovertemplate="Said %{x:.1%}, came true for %{y:.1%} of %{customdata:,} leads<extra></extra>")])
    figure.update_xaxes(tickformat=".0%", range=[0, top])
    figure.update_yaxes(tickformat=".0%", range=[0, top])
    return styled(figure, x="Chance the model stated", y="Share that converted")


def confusion(counts: pd.DataFrame, *, by: str = "The model called them") -> go.Figure:
    """Draw what leads were called against what they were.

    Parameters
    ----------
    counts : DataFrame of shape (n_classes, n_classes)
        Leads by what they were (index) and by what they were called (columns).
    by : str
        Who called them so, as the title of the axis.
    """
    cells = counts.to_numpy(dtype=float)
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    was, called = [_label(name) for name in counts.index], [_label(name) for name in counts.columns]
    figure = go.Figure(go.Heatmap(
        z=shares, x=called, y=was, zmin=0, zmax=1, colorscale="Blues", showscale=False, xgap=3, ygap=3,
        text=[[f"{int(leads):,}<br>{share:.0%}" for leads, share in zip(row, part, strict=True)]
              for row, part in zip(cells, shares, strict=True)],
        texttemplate="%{text}", hovertemplate="Was %{y}, called %{x}: %{text}<extra></extra>"))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category", side="top")
    figure = styled(figure, x=by, y="They were", height=90 + 70 * len(was))
    return figure.update_layout(margin_t=48)


# --- shared ---------------------------------------------------------------------------------------------------


def _errors(rows: pd.DataFrame, colour: str = GREY) -> dict[str, object]:
    return {"type": "data", "symmetric": False, "array": rows["high"] - rows["value"], "color": colour,
            "arrayminus": rows["value"] - rows["low"], "thickness": 1.5}


def _by_rows(figure: go.Figure, labels: Sequence[str] | pd.Series) -> go.Figure:
    """Put a label beside each row, the first on top; places, since two labels may read the same."""
    places = list(range(len(labels)))
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=[_label(label) for label in labels],
                        range=[len(places) - 0.5, -0.5])
    return figure


def _with_legend(figure: go.Figure) -> go.Figure:
    return figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})


def _height(rows: int) -> int:
    return FRAME_HEIGHT + ROW_HEIGHT * max(rows, 1)


def _label(text: object) -> str:
    """Shorten a label and keep mark-up in it from being obeyed, since it may come from users' files."""
    words = str(text)
    return html.escape(words if len(words) <= LONGEST_LABEL else words[:LONGEST_LABEL - 1] + "…", quote=False)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place:place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{2 * FAINT})"
