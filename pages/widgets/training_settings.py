"""Training: what there is to learn from, a button, and what came out of it, in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import jobs, learning, models
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import (
    leakage_settings,
    model_report,
    notices,
    report_words,
    training_choices,
    training_target,
    words,
)
from pages.widgets.progress import watch

JOB = "train_job"
RECENT_JOBS = 50
TRAININGS = ("train", "retrain")


def draw(context: Context) -> None:
    """Draw the tab."""
    material = learning.learning_material(context.workbench, context.actor, client=context.client)
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    busy = _work(context)
    if not versions and not busy:
        notices.empty_state("model_training", "No model yet",
                            "A model learns from leads that have converted or been lost, and then ranks the new ones. "
                            "Until there is one, the rules score alone.")
    may_train = context.actor.may(Action.TRAIN_MODEL)
    with st.container(border=True):
        target, enough = training_target.draw(context, material, may_train=may_train)
        if may_train:
            wishes = target | training_choices.draw(context, material)
            st.button("Train", type="primary", icon=":material/model_training:", key="train",
                      disabled=busy or not enough, on_click=_submit, args=(context, wishes))
        else:
            st.caption(":material/lock: Your role can look at models; an analyst, a manager or an administrator can "
                       "train them.")
    if versions:
        _report(context, versions, busy=busy)


# --- the work -----------------------------------------------------------------------------------------------


def _work(context: Context) -> bool:
    """Tell of the newest training: how far it is, or how it ended; whether it is still going on."""
    recent = jobs.recent(context.workbench, context.actor, client=context.client, limit=RECENT_JOBS)
    newest = next((job for job in recent if job.kind in TRAININGS), None)
    if newest is None:
        return False
    mine = st.session_state.get(JOB) == newest.id
    if not newest.ended or newest.state == "failed" or mine:
        watch(context, newest.id)
    if mine and newest.state == "done":
        _done(newest)
    if newest.ended:
        st.session_state.pop(JOB, None)
    else:
        # who has come back to it is told of its end like who has started it
        st.session_state[JOB] = newest.id
    return not newest.ended


def _done(job: jobs.JobView) -> None:
    trained = (job.result or {}).get("training") or {}
    if trained:
        st.success("It scores your leads from now on." if trained.get("deployed") else
                   "What it achieves stands below. Put it to use in the tab Models when you are convinced.",
                   title=f"Model {trained.get('model_version')} is trained.", icon=":material/model_training:")


def _submit(context: Context, arguments: dict[str, Any]) -> None:
    with notices.refusals():
        st.session_state[JOB] = jobs.submit(context.workbench, context.actor, client=context.client, kind="train",
                                            arguments=arguments)


# --- what came out ------------------------------------------------------------------------------------------


def _report(context: Context, versions: Sequence[ModelView], *, busy: bool) -> None:
    by_number = {model.version: model for model in versions}
    st.subheader("What came out", anchor=False)
    if len(by_number) > 1:
        # the newest one by its key too, so that a training that has just ended shows itself
        number = st.selectbox("Model", list(by_number), format_func=lambda version: _named(by_number[version]),
                              key=f"report-of-{versions[0].version}", width=600)
    else:
        number = versions[0].version
        st.caption(_named(versions[0]))
    model = by_number[number]
    model_report.draw(model.report, model.metrics, f"report-{number}")
    may_train = context.actor.may(Action.TRAIN_MODEL)
    changes = leakage_settings.draw(model.report, f"columns-{number}", may_change=may_train)
    if may_train:
        wishes = (model.report.get("request") or {}) | (changes or {}) | {"deploy": False}
        st.button("Train again with these changes", icon=":material/restart_alt:", key=f"again-{number}",
                  disabled=changes is None or busy, on_click=_submit, args=(context, wishes))
    model_report.draw_details(model.report, model.metrics)


def _named(model: ModelView) -> str:
    state = {"champion": ", in use", "challenger": ", challenger", "previous": ", in use before"}.get(model.alias or "")
    return (f"Model {model.version}{state or ''} · {report_words.algorithm(model.algorithm, model.balance)} · "
            f"{words.minute(model.created_at)}")
