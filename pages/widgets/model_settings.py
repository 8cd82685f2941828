"""The models: every version with what it achieved, which one is in use, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from leadscore.charts import training as charts
from leadscore.services import approvals, models
from leadscore.services.approvals import Approvals
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import (
    model_actions,
    model_approval,
    model_comparison,
    model_report,
    notices,
    report_words,
    retraining_settings,
    words,
)

BADGES = {"champion": ":green-badge[:material/check: in use]", "challenger": ":blue-badge[challenger]",
          "previous": ":gray-badge[in use before]"}
NEWEST_SHOWN = 5
ANY_ORDER = 0.2


def draw(context: Context) -> None:
    """Draw the tab."""
    model_actions.watch_scoring(context)
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    said = approvals.approval_states(context.workbench, context.actor, client=context.client)
    if not versions:
        notices.empty_state("model_training", "No model yet",
                            "Train one in the tab Training; every version you train is kept here.")
        return
    _overview(versions)
    for model in _shown(versions):
        _card(context, model, said)
    if len(versions) > 1:
        model_comparison.draw(context, versions)
    retraining_settings.draw(context)
    model_approval.settings(context, said)


def _overview(versions: Sequence[ModelView]) -> None:
    """Draw what the newest versions and those with a part to play find, each with its range."""
    known = [(model, figure) for model in _few(versions)
             if report_words.between(figure := model.metrics.get(report_words.FOUND.key) or {}, "percent")]
    if len(known) < 2:
        return
    rows = pd.DataFrame([{**figure, "marked": model.alias == "champion", "label": f"Model {model.version}"}
                         for model, figure in known])
    with st.container(border=True):
        st.markdown("**What each version finds in the best 20 %**  \n:small[:gray[The blue one is in use. Where the "
                    "lines overlap, the difference may be luck; versions trained at other times were judged on other "
                    "leads.]]")
        st.plotly_chart(charts.dots(rows, reference=ANY_ORDER), key="versions-found",
                        config=model_report.QUIET, alt="Conversions each version finds in the best 20 %")


def _shown(versions: Sequence[ModelView]) -> Sequence[ModelView]:
    """Leave out what is old and has no part to play, unless a person wants to see all versions."""
    few = _few(versions)
    if len(few) == len(versions):
        return versions
    return versions if st.toggle(f"Show all {len(versions)} versions", key="all-versions") else few


def _few(versions: Sequence[ModelView]) -> Sequence[ModelView]:
    return [model for place, model in enumerate(versions) if place < NEWEST_SHOWN or model.alias]


def _card(context: Context, model: ModelView, said: Approvals) -> None:
    with st.container(border=True):
        st.markdown(f"**Model {model.version}** {BADGES.get(model.alias or '', '')}  \n"
                    f":small[:gray[{report_words.algorithm(model.algorithm, model.balance)} · "
                    f"{words.minute(model.created_at)} · {words.escape(model.created_by)}]]")
        _worth(model)
        model_approval.draw(context, model, said)
        model_actions.draw(context, model)
        details = st.expander("Its report", key=f"report-open-{model.version}", on_change="rerun",
                              icon=":material/insights:")
        if details.open:
            with details:
                model_report.draw(model.report, model.metrics, f"models-{model.version}")
                model_report.draw_details(model.report, model.metrics, folded=False)


def _worth(model: ModelView) -> None:
    """Draw what the best 20 % find as a bar, and the verdict."""
    found = model.metrics.get(report_words.FOUND.key) or {}
    if not words.is_missing(value := found.get("value")):
        sure = f" ({words.percent(found['low'], 0)} to {words.percent(found['high'], 0)})" \
            if report_words.between(found, "percent") else ""
        st.progress(min(max(value, 0.0), 1.0),
                    text=f":small[Finds {words.percent(value, 0)} of the conversions in the best 20 %{sure}]")
    if verdict := model.report.get("verdict"):
        st.markdown(f":small[{report_words.verdict(verdict)}]")
    if model.last_drift_check:
        st.markdown(f":small[:gray[Last check for drift, {words.escape(model.last_drift_check)}]]")
