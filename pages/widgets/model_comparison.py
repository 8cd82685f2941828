"""Two model versions side by side: what each achieved, and whom each would have you call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.charts import training as charts
from leadscore.services import comparison
from leadscore.services.comparison import Comparison, Moved, SameLeads
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import model_report, report_words, words

COMPARED = "compared_models"
FIGURES = ("capture_at_20", "precision_at_20", "roc_auc", "average_precision")


def draw(context: Context, versions: Sequence[ModelView]) -> None:
    """Draw the choice of two versions and, once asked for, how they differ."""
    numbers = [model.version for model in versions]
    with st.container(border=True):
        st.markdown("**Compare two versions**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            first = st.selectbox("The one", numbers, index=_place(versions, "champion", 0), key="compare-first",
                                 format_func=lambda number: f"Model {number}", width=160)
            second = st.selectbox("The other", numbers, index=_place(versions, "challenger", _other(versions)),
                                  key="compare-second", format_func=lambda number: f"Model {number}", width=160)
            asked = st.button("Compare", icon=":material/compare_arrows:", key="compare", disabled=first == second)
        if asked:
            st.session_state[COMPARED] = _compared(context, first, second)
        found = st.session_state.get(COMPARED)
        # what was compared is shown as long as it is what is chosen
        if found and (found.first, found.second) == (first, second):
            _found(found)


def _place(versions: Sequence[ModelView], alias: str, otherwise: int) -> int:
    return next((place for place, model in enumerate(versions) if model.alias == alias), otherwise)


def _other(versions: Sequence[ModelView]) -> int:
    """Give the newest version that is not in use."""
    return next(place for place, model in enumerate(versions) if model.alias != "champion")


def _compared(context: Context, first: int, second: int) -> Comparison:
    bar = st.progress(0.0, text="Ranking the leads with both")
    try:
        return comparison.compare_models(
            context.workbench, context.actor, client=context.client, first=str(first), second=str(second),
            progress=lambda fraction, message: bar.progress(min(max(fraction, 0.0), 1.0), text=words.escape(message)))
    finally:
        bar.empty()


def _found(found: Comparison) -> None:
    names = (f"Model {found.first}", f"Model {found.second}")
    for said in _in_words(found, names):
        st.markdown(said)
    for note in found.notes:
        st.caption(f":material/info: {report_words.sentence(note)}")
    _figures(found.metrics, names)
    if found.same_leads:
        _same_leads(found.same_leads, names)
    _moves(found, names)


def _in_words(found: Comparison, names: tuple[str, str]) -> list[str]:
    """Say what would change for the people who call."""
    if not found.leads or found.overlap is None:
        return []
    change = f"If {names[1]} took over from {names[0]}, **{words.count(found.moved)}** of the " \
             f"{words.counted(found.top, 'lead')} in the best 20 % would change."
    if not found.moved:
        change = f"Both put the same {words.counted(found.top, 'lead')} into the best 20 %."
    if found.rank_correlation is None:
        return [change]
    return [change, f"They rank your {words.counted(found.leads, 'lead')} "
                    f"{report_words.agreement(found.rank_correlation)}."]


def _figures(metrics: dict[str, dict[str, Any]], names: tuple[str, str]) -> None:
    labels = {shown.key: shown.label for shown in report_words.FIGURES} | {"precision_at_20": "Buy, of the best 20 %"}
    rows = [{"label": labels[key], "side": side, **figure} for key in FIGURES
            for side, name in enumerate(("first", "second"))
            if report_words.between(figure := (metrics.get(key) or {}).get(name) or {}, "percent")]
    if rows:
        st.plotly_chart(charts.side_by_side(pd.DataFrame(rows), names=names, x="On leads each had not seen"),
                        config=model_report.QUIET, key="compare-figures",
                        alt="Figures of both versions with the ranges they likely lie in")


def _same_leads(same: SameLeads, names: tuple[str, str]) -> None:
    """Say which one is better on leads neither has learnt from."""
    st.markdown(f"On **{words.counted(same.leads, 'lead')}** decided since both were trained "
                f"({words.count(same.converted)} converted):")
    labels = {shown.key: shown.label for shown in report_words.FIGURES}
    st.table(pd.DataFrame([{
        "Figure": labels.get(name, name.replace("_", " ").capitalize()), names[0]: words.percent(figure.first),
        names[1]: words.percent(figure.second),
        "So": report_words.difference(figure.difference.low, figure.difference.high, names),
    } for name, figure in same.figures.items()]), hide_index=True, border="horizontal",
        alt="Both versions on the same leads")


def _moves(found: Comparison, names: tuple[str, str]) -> None:
    if not found.moved:
        return
    for place, title, moves in zip(st.columns(2, gap="medium"), ("Would come in", "Would drop out"),
                                   (found.entering, found.leaving), strict=True):
        with place:
            more = f", the first {len(moves)} of {words.count(found.moved)}" if len(moves) < found.moved else ""
            st.markdown(f"**{title}**:small[:gray[{more}]]")
            st.dataframe(_table(moves, names), hide_index=True, placeholder=words.MISSING, alt=title)


def _table(moves: Sequence[Moved], names: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([{"Lead": lead.name or f"Lead {lead.lead_id}", f"Place by {names[0]}": lead.rank_first,
                          f"by {names[1]}": lead.rank_second} for lead in moves])
