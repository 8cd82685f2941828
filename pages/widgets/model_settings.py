"""The models: what each achieved on leads it had not seen, training a new one, and putting one to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts import conversion as conversion_charts
from leadscore.schema import label_of
from leadscore.services import jobs, models
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import notices, words
from pages.widgets.progress import running, watch

ALGORITHMS = {"auto": "Let the data decide", "logistic": "Logistic regression",
              "additive": "Gradient boosting, each column on its own", "xgboost": "Gradient boosting",
              "forest": "Random forest", "average": "Average of logistic regression and boosting",
              "neural": "Neural network"}
BALANCES = {"auto": "Let the data decide", "none": "As they are", "weights": "Weigh conversions more",
            "smote": "Add synthetic conversions (SMOTE)"}
FIGURES = (
    ("capture_at_20", "Found in the best 20 %", "percent",
     "Of all conversions, the share among the 20 % of leads with the highest score. Calling at random finds 20 %."),
    ("lift_at_20", "Better than random", "times",
     "How many times more conversions the best 20 % hold than 20 % chosen at random."),
    ("roc_auc", "Ranking", "percent",
     "How often a lead that converted stood above one that did not (AUC). 50 % is chance, 100 % is perfect."),
    ("calibration_error", "Off by", "percent",
     "How far the stated chances are from what happened, on average. Small is good."),
)
IMPORTANT_SHOWN = 10
VERDICTS = {
    "ready": ":green[:material/check_circle:] Better than calling at random, as far as these leads can tell.",
    "use with care": ":orange[:material/warning:] To be used with care; 'How it was made' says why.",
    "not better than chance": ":red[:material/block:] Not better than calling at random.",
}


def draw(context: Context) -> None:
    """Draw the tab."""
    job_id = st.session_state.get("train_job") or next((job.id for job in running(context, "train")), None)
    job = watch(context, job_id) if job_id else None
    if job:
        _told(job)
        st.session_state.pop("train_job", None)
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    if context.actor.may(Action.TRAIN_MODEL):
        _train(context, busy=job_id is not None and job is None, first=not versions)
    for model in versions:
        _card(context, model)


def _told(job: jobs.JobView) -> None:
    trained = (job.result or {}).get("training") or {}
    if job.state != "done" or not trained:
        return
    st.success(("It scores your leads from now on." if trained.get("deployed") else
                "It waits in the list below; put it to use when you are convinced.") +
               "".join(f" {words.escape(warning)}" for warning in trained.get("warnings", [])),
               title=f"Model {trained.get('model_version')} is trained.", icon=":material/model_training:")


def _train(context: Context, *, busy: bool, first: bool) -> None:
    if first and not busy:
        notices.empty_state("model_training", "No model yet",
                            "A model learns from leads that have converted or been lost. Until there are about 40 of "
                            "each, the rules score alone.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        algorithm = st.selectbox("Kind of model", list(ALGORITHMS), format_func=ALGORITHMS.__getitem__,
                                 key="train_algorithm", width=240)
        balance = st.selectbox("Rare conversions", list(BALANCES), format_func=BALANCES.__getitem__,
                               key="train_balance", width=260)
        if st.button("Train a model", type="primary", icon=":material/model_training:", key="train", disabled=busy):
            with notices.refusals():
                st.session_state["train_job"] = jobs.submit(
                    context.workbench, context.actor, client=context.client, kind="train",
                    arguments={"algorithm": algorithm, "balance": balance, "deploy": False})
                st.rerun()


def _card(context: Context, model: ModelView) -> None:
    in_use = model.alias == "champion"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            badge = " :green-badge[:material/check: in use]" if in_use else \
                " :blue-badge[challenger]" if model.alias == "challenger" else ""
            st.markdown(f"**Model {model.version}**{badge}  \n:small[:gray[{_kind(model)} · "
                        f"{words.minute(model.created_at)} · {words.escape(model.created_by)}]]", width="stretch")
            if not in_use and context.actor.may(Action.DEPLOY_MODEL):
                st.button("Put to use", key=f"deploy-{model.version}", icon=":material/rocket_launch:",
                          on_click=_deploy, args=(context, model.version))
        _figures(model.metrics)
        if verdict := model.report.get("verdict"):
            st.caption(VERDICTS.get(verdict, _sentence(verdict)))
        with st.expander("How it was made"):
            _report(model.report, model.version)


def _kind(model: ModelView) -> str:
    return ALGORITHMS.get(model.algorithm, model.algorithm.replace("_", " "))


def _deploy(context: Context, version: int) -> None:
    with notices.refusals():
        models.deploy_model(context.workbench, context.actor, client=context.client, version=str(version))
        st.session_state["rescore_job"] = jobs.submit(context.workbench, context.actor, client=context.client,
                                                      kind="rescore", arguments={})
        notices.say_after_rerun(f"Model {version} is in use; all leads are being scored again.")


def _figures(metrics: Mapping[str, Mapping[str, float | None]]) -> None:
    with st.grid(4, min_column_width=160):
        for name, label, unit, meaning in FIGURES:
            figure = metrics.get(name) or {}
            low, high = figure.get("low"), figure.get("high")
            between = f"{_in_unit(low, unit)} to {_in_unit(high, unit)}" if low is not None else None
            st.metric(label, _in_unit(figure.get("value"), unit), delta=between, delta_arrow="off", delta_color="off",
                      help=f"{meaning} Measured on leads the model had not seen; below, the range it likely lies in.")


def _in_unit(value: float | None, unit: str) -> str:
    if words.is_missing(value):
        return words.MISSING
    return f"{value:.1f} ×" if unit == "times" else words.percent(value)


def _sentence(text: str) -> str:
    text = words.escape(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!")) else ".")


# --- the report ---------------------------------------------------------------------------------------------


def _report(report: Mapping[str, Any], version: int) -> None:
    split = report.get("split") or {}
    if split:
        st.markdown(f"Learned from **{words.count(split.get('train_rows'))}** leads, judged on "
                    f"**{words.count(split.get('test_rows'))}** it had not seen ({_split_words(split.get('kind'))}).")
    for warning in report.get("warnings", []):
        st.caption(f":material/warning: {_sentence(warning)}")
    _gains(report.get("gains") or [], version)
    _columns("Set aside", "These columns were not used, because they would make the model look better than it is:",
             report.get("set_aside") or [])
    _columns("Suspicious", "These columns were used; please check that they are known before the outcome:",
             report.get("suspects") or [])
    _importance(report.get("importance") or {})


def _gains(gains: Sequence[Mapping[str, float]], version: int) -> None:
    if not gains:
        return
    st.markdown("**How soon the conversions are found**")
    st.plotly_chart(conversion_charts.cumulative_gains(pd.DataFrame(gains)), config={"displayModeBar": False},
                    key=f"gains-{version}", alt="Conversions found when leads are called from the best down")


def _split_words(kind: str | None) -> str:
    return {"forward": "the most recent ones", "grouped": "other companies"}.get(kind or "", "chosen at random")


def _columns(title: str, sentence: str, columns: Sequence[Mapping[str, str]]) -> None:
    if not columns:
        return
    st.markdown(f"**{title}**  \n:small[:gray[{sentence}]]")
    st.table(pd.DataFrame({"Column": [f"**{words.escape(one['column'])}**" for one in columns],
                           "Why": [words.escape(one["reason"]) for one in columns]}), hide_index=True,
             border="horizontal", alt=title)


def _importance(importance: Mapping[str, float]) -> None:
    if not importance:
        return
    top = pd.Series(importance, dtype=float).nlargest(IMPORTANT_SHOWN)
    st.markdown("**What it looks at most**")
    share = (top / max(top.max(), 1e-12)).to_numpy()
    st.dataframe(
        pd.DataFrame({"column": [label_of(name) for name in top.index], "share": share}), hide_index=True,
        alt="The columns with most influence", column_config={
            "column": st.column_config.TextColumn("Column", width="medium"),
            "share": st.column_config.ProgressColumn("Influence", min_value=0, max_value=1, format=" ")})
