"""The models: every version with what it achieved, and putting one to use."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import jobs, models
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import model_report, notices, report_words, words

BADGES = {"champion": ":green-badge[:material/check: in use]", "challenger": ":blue-badge[challenger]",
          "previous": ":gray-badge[in use before]"}


def draw(context: Context) -> None:
    """Draw the tab."""
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    if not versions:
        notices.empty_state("model_training", "No model yet",
                            "Train one in the tab Training; every version you train is kept here.")
        return
    for model in versions:
        _card(context, model)


def _card(context: Context, model: ModelView) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Model {model.version}** {BADGES.get(model.alias or '', '')}  \n"
                        f":small[:gray[{report_words.algorithm(model.algorithm, model.balance)} · "
                        f"{words.minute(model.created_at)} · {words.escape(model.created_by)}]]", width="stretch")
            if model.alias != "champion" and context.actor.may(Action.DEPLOY_MODEL):
                st.button("Put to use", key=f"deploy-{model.version}", icon=":material/rocket_launch:",
                          on_click=_deploy, args=(context, model.version))
        _worth(model)
        details = st.expander("Its report", key=f"report-open-{model.version}", on_change="rerun")
        if details.open:
            with details:
                model_report.draw(model.report, model.metrics, f"models-{model.version}")
                model_report.draw_details(model.report, model.metrics)


def _worth(model: ModelView) -> None:
    """Draw what the best 20 % find as a bar, and the verdict."""
    found = model.metrics.get(report_words.FOUND.key) or {}
    value = found.get("value")
    if value is not None:
        sure = report_words.between(found, "percent")
        st.progress(min(max(value, 0.0), 1.0), text=f":small[Finds {words.percent(value, 0)} of the conversions in the "
                                                    f"best 20 %{f' ({sure})' if sure else ''}]")
    if verdict := model.report.get("verdict"):
        st.markdown(f":small[{report_words.verdict(verdict)}]")


def _deploy(context: Context, version: int) -> None:
    with notices.refusals():
        models.deploy_model(context.workbench, context.actor, client=context.client, version=str(version))
        st.session_state["rescore_job"] = jobs.submit(context.workbench, context.actor, client=context.client,
                                                      kind="rescore", arguments={})
        notices.say_after_rerun(f"Model {version} is in use; all leads are being scored again.")
