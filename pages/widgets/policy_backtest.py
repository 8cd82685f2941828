"""A version measured on the past: what is asked for, the work while it runs, and what it would have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.charts import history as charts
from leadscore.services import jobs, policies
from pages.shared import Context
from pages.widgets import words
from pages.widgets.progress import running, watch

KIND = "backtest"
DAYS = 180
RECENT = 20
BY = {"ended": "whose end was known then", "created": "that came in then"}
LABELS = {"capture": "Conversions found in the best 20 %", "precision": "Of the best 20 %, converted",
          "lift": "Times as many as chance", "average_precision": "Quality of the whole ranking",
          "calibration_error": "Score misses what came true by"}
QUIET = {"displayModeBar": False}


def draw(context: Context, versions: Sequence[policies.PolicySummary]) -> None:
    """Draw the form, the running work and the latest reports."""
    st.caption("The version ranks the leads of a past period whose end is known by now. A model takes part only with "
               "leads it had not learnt from. The leads' values are those stored today; ages are counted to the end "
               "of the period.")
    _ask(context, versions)
    for job in running(context, KIND):
        watch(context, job.id)
    done = [job for job in jobs.recent(context.workbench, context.actor, client=context.client, limit=RECENT)
            if job.kind == KIND and job.ended]
    if not done:
        return
    if done[0].state != "done":
        watch(context, done[0].id)
    reports = {job.id: job.result for job in done if job.state == "done" and job.result}
    if reports:
        chosen = st.selectbox("Report", list(reports), key="backtest-report",
                              format_func=lambda job_id: _title(reports[job_id]))
        _report(reports[chosen], str(chosen))


def _ask(context: Context, versions: Sequence[policies.PolicySummary]) -> None:
    today = context.workbench.clock().date()
    numbers = {version.version: version for version in versions}
    with st.form("backtest", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            version = st.selectbox("Version", list(numbers), key="backtest-version", width=220,
                                   format_func=lambda number: f"{number}: {numbers[number].comment}"
                                   if numbers[number].comment else str(number))
            period = st.date_input("Period", (today - timedelta(days=DAYS), today), key="backtest-period",
                                   max_value=today, width=260)
            by = st.selectbox("Leads", list(BY), key="backtest-by", format_func=BY.__getitem__, width=240)
        anew = st.toggle("Let the model learn anew from what was known before the period", key="backtest-anew",
                         help="Takes longer and is the honest test of a long period: the present model has learnt "
                              "from most of the past.")
        asked = st.form_submit_button("Measure", key="backtest-go")
    if asked and isinstance(period, Sequence) and len(period) == 2:
        jobs.submit(context.workbench, context.actor, client=context.client, kind=KIND, arguments={
            "version": int(version), "start": period[0].isoformat(), "end": period[1].isoformat(), "by": by,
            "learn_anew": anew})
        st.rerun()
    elif asked:
        st.warning("Choose a first and a last day.", icon=":material/date_range:")


def _title(report: Mapping[str, Any]) -> str:
    request = report["request"]
    start, end = (f"{date.fromisoformat(request[name]):%-d %b %Y}" for name in ("start", "end"))
    return f"Version {request['version']}, {start} to {end}{', learnt anew' if request['learn_anew'] else ''}"


def _report(report: Mapping[str, Any], key: str) -> None:
    version, rival = report["request"]["version"], report["rival"]
    st.markdown(f"**{words.escape(report['sentence'])}**")
    st.caption(f"{words.counted(report['inside'], 'lead')} of the period ended; measured on {report['leads']:,} of "
               f"them, {report['converted']:,} converted. {words.escape(report['about'])}")
    if not report["figures"]:
        return
    names = {"tested": f"Version {version}"} | ({"rival": f"Version {rival}", "difference": "Difference"}
                                                if rival != version else {}) | {"arrival": "In the order they came"}
    st.dataframe(pd.DataFrame([_row(name, label, names, report["figures"][name]) for name, label in LABELS.items()]),
                 hide_index=True, placeholder=words.MISSING, alt="Figures with their 95 % intervals")
    st.caption("In brackets: 95 % intervals. By chance the best 20 % hold 20 % of the conversions.")
    left, right = st.columns(2)
    shown = {side: name for side, name in names.items() if side != "difference"}
    left.plotly_chart(charts.gains_of(pd.DataFrame(report["gains"]), shown), key=f"gains-{key}", config=QUIET,
                      alt="Share of conversions found among the best leads, by version and in the order they came")
    right.plotly_chart(charts.promised_and_real(pd.DataFrame(report["reliability"])), key=f"promise-{key}",
                       config=QUIET, alt="Score against the share that converted, with 95 % intervals")


def _row(name: str, label: str, names: Mapping[str, str], figures: Mapping[str, Any]) -> dict[str, Any]:
    return {"": label} | {shown: figure(name, figures[side], signed=side == "difference") if side in figures else None
                          for side, shown in names.items()}


def figure(name: str, value: Any, *, signed: bool = False) -> str:
    """Write a figure with its interval; a difference with its sign."""
    parts = [value[part] if isinstance(value, Mapping) else getattr(value, part) for part in ("value", "low", "high")]
    sign = "+" if signed else ""
    shown = [f"{part:{sign}.2f}" if name == "lift" else f"{100 * part:{sign}.1f} %" for part in parts]
    return f"{shown[0]} ({shown[1]} to {shown[2]})".replace("-", "−")
