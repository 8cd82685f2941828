"""Reasons and past scores of one lead in, pictures of how its score came about out."""

from __future__ import annotations

import html
import re

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, DOWN, TOTAL, UP, styled

MOST_BARS = 12
ROW_HEIGHT = 30
NUMBER_WIDTH = 44
FRAME_HEIGHT = 90
LONGEST_LABEL = 48
POINTS_AT_THE_END = re.compile(r": [+\-−]\d[\d,.]*$")
OTHERS = "All other factors"
START, SCORE = "Start", "Score"


def waterfall(reasons: pd.DataFrame, *, base: float, total: float) -> go.Figure:
    """Draw the way from the base to the score, one step a reason.

    The strongest reasons have a bar each; the last step is whatever is left, so that the bars always end at the score.

    Parameters
    ----------
    reasons : DataFrame
        Columns ``label`` and ``effect`` (points, signed).
    base, total : float
        Where every lead starts, and this lead's score.
    """
    steps = _steps(reasons, round(base, 1), round(total, 1))
    labels = [START, *(_short(label) for label, _ in steps), SCORE]
    values = [round(base, 1), *(effect for _, effect in steps), round(total, 1)]
    written = [f"{base:.1f}", *(f"{effect:+.1f}" for _, effect in steps), f"{total:.1f}"]
    figure = go.Figure(go.Waterfall(
        orientation="h", y=list(range(len(values))), x=values, text=written, textposition="outside", cliponaxis=False,
        measure=["absolute", *("relative" for _ in steps), "total"], increasing={"marker": {"color": UP}},
        decreasing={"marker": {"color": DOWN}}, totals={"marker": {"color": TOTAL}}, customdata=labels,
        hovertemplate="%{customdata}: %{text}<extra></extra>"))
    # places instead of labels, since two reasons may read the same and would fall on one bar
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(values))), ticktext=labels, autorange="reversed")
    # room at the right for the number beside the longest bar
    height = FRAME_HEIGHT + ROW_HEIGHT * len(values)
    return styled(figure, x="Score", height=height).update_layout(margin_r=NUMBER_WIDTH)


def score_history(history: pd.DataFrame) -> go.Figure:
    """Draw a lead's score over time, from columns ``scored_at`` and ``score``."""
    ordered = history.sort_values("scored_at")
    figure = go.Figure(go.Scatter(x=ordered["scored_at"], y=ordered["score"], mode="lines+markers",
                                  line={"color": BLUE, "shape": "hv"},
                                  hovertemplate="%{x|%d %b %Y}: %{y:.1f}<extra></extra>"))
    figure.update_yaxes(range=[0, 100])
    return styled(figure, y="Score", height=240)


def _steps(reasons: pd.DataFrame, base: float, total: float) -> list[tuple[str, float]]:
    """Choose the bars between base and total; rounded first, so that the numbers people read add up too."""
    places = reasons["effect"].abs().to_numpy().argsort(kind="stable")[::-1][:MOST_BARS]
    shown = reasons.iloc[places]
    steps = [(str(label), round(float(effect), 1))
             for label, effect in zip(shown["label"], shown["effect"], strict=True)]
    rest = round(total - base - sum(effect for _, effect in steps), 1)
    return [*steps, (OTHERS, rest)] if rest else steps


def _short(label: str) -> str:
    """Shorten a label without the points its bar shows; mark-up is escaped, since values come from users' files."""
    label = POINTS_AT_THE_END.sub("", label)
    text = label if len(label) <= LONGEST_LABEL else label[:LONGEST_LABEL - 1] + "…"
    return html.escape(text, quote=False)
