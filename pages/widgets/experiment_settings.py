"""Experiments: how many leads one takes, the one that is running as a picture, and its end."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts import experiment as charts
from leadscore.services import experiments, jobs, models
from leadscore.services.experiments import ExperimentView, Plan, PlanRequest, Result
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import notices, report_words, words
from pages.widgets.progress import running, watch

QUIET = {"displayModeBar": False}
JOB = "experiment_job"
MODES = {"live": "Live: it scores its share", "shadow": "Shadow: it is only noted"}
DECISIONS = {"keep_champion": "The champion stayed", "deploy_challenger": "The challenger was put to use",
             "champion_replaced": "Ended early"}
FIGURES = {"roc_auc": "Ranking (AUC)", "average_precision": "Average precision", "capture_at_20":
           "Found in the best 20 %"}
LARGEST_RATE, FINEST_RATE = 80.0, 0.5
LONG_DAYS = 90
UNITS = (("day", 1, 21), ("week", 7, 100), ("month", 30.4, 730), ("year", 365.25, float("inf")))
"""How long a time is, in words: the unit, its days, and the days from which on the next one is used."""


def draw(context: Context) -> None:
    """Draw the tab."""
    _work(context)
    shown = experiments.experiment_status(context.workbench, context.actor, client=context.client)
    if shown and shown.status == "running":
        _running(context, shown)
        return
    if shown:
        _last(shown)
    else:
        notices.empty_state("science", "No experiment yet",
                            "An experiment lets a second model, the challenger, score a share of your open leads, "
                            "drawn by chance. What becomes of the leads each model puts on top shows which to keep.")
    _calculator(context)


def _work(context: Context) -> None:
    """Show the scoring that puts leads into their arms, or back to one model."""
    job_id = st.session_state.get(JOB) or next((job.id for job in running(context, "rescore")), None)
    if job_id and watch(context, job_id):
        st.session_state.pop(JOB, None)


def _score_again(context: Context) -> None:
    st.session_state[JOB] = jobs.submit(context.workbench, context.actor, client=context.client, kind="rescore",
                                        arguments={})


# --- the one that is running ------------------------------------------------------------------------------------


def _running(context: Context, shown: ExperimentView) -> None:
    result = shown.result
    if result is None:
        return
    with st.container(border=True):
        _head(shown)
        _verdict(result)
        _pictures(shown, result)
        _progress(shown, result)
        if context.actor.may(Action.DEPLOY_MODEL):
            _end(context, shown)
        else:
            st.caption(":material/lock: A manager or an administrator ends it.")
    with st.expander("The figures behind it"):
        _figures(shown, result)


def _head(shown: ExperimentView) -> None:
    if shown.mode == "live":
        who = (f"Model {shown.challenger_version} scores {words.percent(shown.aim.share, 0)} of the open leads, model "
               f"{shown.champion_version} all others.")
    else:
        who = (f"Model {shown.champion_version} scores all leads; what model {shown.challenger_version} says is noted, "
               "and sales does not see it.")
    st.markdown(f"**{words.escape(shown.name)}** :blue-badge[:material/science: running]  \n{who}  \n"
                f":small[:gray[Since {words.day(shown.started_at)} · {words.escape(shown.started_by)}]]")


def _verdict(result: Result) -> None:
    title, _, rest = result.sentence.partition(": ")
    box, icon = {"challenger finds more": (st.success, ":material/trending_up:"),
                 "champion stays": (st.info, ":material/verified:"),
                 "no difference worth having": (st.info, ":material/drag_handle:")}.get(
                     result.finding, (st.info, ":material/hourglass_empty:"))
    box(words.escape(rest[:1].upper() + rest[1:]), title=title, icon=icon)


def _pictures(shown: ExperimentView, result: Result) -> None:
    with st.grid(2, min_column_width=320):
        with st.container():
            st.markdown("**What the leads on top became**")
            rates = pd.DataFrame([
                {"name": name, "leads": arm.on_top, "rate": arm.rate, "low": arm.rate_low, "high": arm.rate_high}
                for name, arm in (("Champion", result.champion), ("Challenger", result.challenger))])
            if rates["rate"].isna().all():
                st.caption("Nobody has been put into an arm yet; the next scoring does it.")
            else:
                st.plotly_chart(charts.rates_on_top(rates.astype({"rate": float, "low": float, "high": float})),
                                config=QUIET, key="experiment-rates",
                                alt=f"Champion {words.percent(result.champion.rate)}, challenger "
                                    f"{words.percent(result.challenger.rate)}")
                st.caption(_lift(result))
        with st.container():
            st.markdown("**How sure that is**")
            if result.path["low"].isna().all():
                st.caption("Ten conversions have to come in before anything can be said.")
            else:
                st.plotly_chart(charts.difference_by_day(result.path, effect=shown.aim.effect), config=QUIET,
                                key="experiment-path", alt=result.sentence)
                st.caption("You may look every day: once the band has left the line at zero, you may stop. The dotted "
                           "lines are the smallest difference worth having.")


def _lift(result: Result) -> str:
    lift = result.lift
    if lift.value is None or lift.low is None or lift.high is None or result.low is None:
        return "The grey lines are the ranges the rates likely lie in."
    return (f"The challenger's top leads converted {abs(100 * lift.value):,.0f} % "
            f"{'more' if lift.value >= 0 else 'less'} often; likely between {100 * lift.low:+,.0f} % and "
            f"{100 * lift.high:+,.0f} %, on whatever day you look.")


def _progress(shown: ExperimentView, result: Result) -> None:
    if shown.mode == "shadow":
        have, planned = result.champion.on_top, shown.sizes.champion
    else:
        have, planned = result.champion.on_top + result.challenger.on_top, shown.sizes.both
    text = f"{have:,} of {planned:,} leads on top"
    if result.conversions_missing:
        text += f", about {words.counted(result.conversions_missing, 'more conversion')} to come"
    st.progress(min(have / max(planned, 1), 1.0), text=text)


def _end(context: Context, shown: ExperimentView) -> None:
    with st.container(horizontal=True):
        with st.popover("Keep the champion", icon=":material/verified:"):
            st.markdown(f"The experiment ends, and model {shown.champion_version} scores all leads again.")
            if st.button("End the experiment", type="primary", key="experiment-keep"):
                _stop(context, deploy=False)
        with st.popover("Put the challenger to use", icon=":material/rocket_launch:"):
            st.markdown(f"The experiment ends, and model {shown.challenger_version} scores all leads from now on.")
            if st.button("End it and put the challenger to use", type="primary", key="experiment-deploy"):
                _stop(context, deploy=True)


def _stop(context: Context, *, deploy: bool) -> None:
    with notices.refusals():
        experiments.stop_experiment(context.workbench, context.actor, client=context.client, deploy=deploy)
        _score_again(context)
        notices.say_after_rerun("The experiment has ended; all leads are being scored by one model again.")
        st.rerun()


def _figures(shown: ExperimentView, result: Result) -> None:
    arms = {f"Champion (model {result.champion.version})": result.champion,
            f"Challenger (model {result.challenger.version})": result.challenger}
    columns = {name: [words.count(arm.on_top), words.count(arm.on_top_converted), words.percent(arm.rate),
                      words.count(arm.leads), words.count(arm.converted), words.percent(arm.arm_rate)]
               for name, arm in arms.items()}
    rows = ["Leads on top", "of them converted", "Rate on top", "All leads", "of them converted", "Rate of all"]
    st.table(pd.DataFrame({"": rows} | columns), hide_index=True, border="horizontal", alt="Leads of both models")
    st.caption("On top are the best 20 % of the leads a model has, by their score when they were put into its arm. The "
               "rate of all its leads hardly depends on the ranking, so it is only shown beside.")
    if result.rankings:
        _rankings(result)
    st.caption(f"Planned for a rate of {words.percent(shown.aim.base_rate)}, a difference of "
               f"{words.percent(shown.aim.effect, 0)} of it, a chance of {words.percent(shown.aim.alpha, 0)} for a "
               f"false conclusion, and one of at least {words.percent(shown.aim.power, 0)} to find the difference.")


def _rankings(result: Result) -> None:
    rows = [(FIGURES[one.name], words.percent(one.champion), words.percent(one.challenger),
             f"{100 * one.difference:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})") for one in result.rankings]
    st.table(pd.DataFrame(rows, columns=("", "Champion", "Challenger", "Difference in points")), hide_index=True,
             border="horizontal", alt="Both models on the same leads")


def _last(shown: ExperimentView) -> None:
    """Tell of the last experiment in a few words."""
    decision = DECISIONS.get(shown.decision or "", "Ended")
    with st.container(border=True):
        st.markdown(f"**{words.escape(shown.name)}** :gray-badge[{decision}]  \n{words.escape(shown.verdict or '')}  \n"
                    f":small[:gray[{words.day(shown.started_at)} to {words.day(shown.ended_at)} · "
                    f"{words.escape(shown.ended_by or '')}]]")
        if shown.result and shown.result.champion.on_top + shown.result.challenger.on_top:
            with st.expander("The figures behind it"):
                _figures(shown, shown.result)


# --- planning the next ------------------------------------------------------------------------------------------


@st.fragment
def _calculator(context: Context) -> None:
    """Draw sliders, the leads they ask for, and the way to begin."""
    with st.container(border=True), notices.refusals():
        st.markdown("**How many leads does it take?**")
        own = experiments.plan_experiment(context.workbench, context.actor, client=context.client)
        mode = st.segmented_control("How", list(MODES), format_func=MODES.__getitem__, default="live", required=True,
                                    key="experiment-mode", label_visibility="collapsed")
        with st.grid(2, min_column_width=320):
            with st.container():
                request = _sliders(own, mode)
            plan = experiments.plan_experiment(context.workbench, context.actor, client=context.client, plan=request)
            with st.container():
                st.plotly_chart(charts.leads_by_effect(plan.curve, effect=plan.aim.effect, leads=plan.leads),
                                config=QUIET, key="experiment-curve",
                                alt="Leads an experiment takes, by the smallest difference worth having")
        _says(plan)
        if context.actor.may(Action.DEPLOY_MODEL):
            _start(context, request)
        else:
            st.caption(":material/lock: A manager or an administrator starts an experiment.")


def _sliders(own: Plan, mode: str) -> PlanRequest:
    usual = min(max(round(100 * own.aim.base_rate / FINEST_RATE) * FINEST_RATE, FINEST_RATE), LARGEST_RATE)
    source = "From your own conversions." if own.base_rate_known else "You have no conversions yet; this is a guess."
    rate = st.slider("Conversion rate of the best 20 %", FINEST_RATE, LARGEST_RATE, usual, FINEST_RATE,
                     format="%.1f %%", key="experiment-rate", help=source)
    effect = st.slider("Smallest difference worth having", 1, 100, max(1, round(100 * own.aim.effect)), format="%d %%",
                       key="experiment-effect",
                       help="How many more conversions the challenger must find to be worth the change.")
    share = st.slider("Leads for the challenger", 5, 95, 50, 5, format="%d %%", key="experiment-share",
                      disabled=mode == "shadow", help="Half and half is quickest; less is more careful.")
    return PlanRequest(mode=mode, base_rate=rate / 100, effect=effect / 100,
                       share=0.5 if mode == "shadow" else share / 100)


def _says(plan: Plan) -> None:
    rate, better = words.percent(plan.aim.base_rate), words.percent(plan.aim.expected_rate)
    st.markdown(f"To tell **{rate}** from **{better}**, about **{words.counted(plan.leads, 'lead')}** have to be "
                f"scored, {words.count(plan.sizes.both)} of them end up on top. {_duration(plan)}")
    st.caption("You may look every day and stop as soon as the answer is clear, which is usually well before the end. "
               "With a single look at the end it would be "
               f"{words.percent(1 - plan.sizes_one_look.both / plan.sizes.both, 0)} fewer.")


def _duration(plan: Plan) -> str:
    if plan.days is None:
        return "No leads have come in during the last 90 days, so nobody can say how long that takes."
    if not plan.days:
        return f"Your {words.counted(plan.waiting, 'open lead')} are enough; then their outcomes have to come in."
    told = (f"With {words.counted(plan.waiting, 'open lead')} now and {words.decimal(plan.per_day)} new ones a day, "
            f"that takes about {_length(plan.days)}, and the time their outcomes need.")
    if plan.days > LONG_DAYS and plan.smallest_in_90_days:
        told += (f" The leads of the next 90 days are enough for a difference of "
                 f"**{words.percent(plan.smallest_in_90_days, 0)}**.")
    return told


def _length(days: float) -> str:
    unit, size = next((unit, size) for unit, size, most in UNITS if days < most)
    return words.counted(max(round(days / size), 1), unit)


def _start(context: Context, request: PlanRequest) -> None:
    others = _challengers(context)
    if not others:
        st.caption(":material/info: An experiment needs a champion and a second model: train another one first.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_number = {model.version: model for model in others}
        version = st.selectbox("Challenger", list(by_number), key="experiment-challenger", width=300,
                               format_func=lambda number: _named(by_number[number]))
        name = st.text_input("Name", key="experiment-name", max_chars=120, placeholder="What is it about?", width=300)
        if st.button("Start the experiment", type="primary", icon=":material/science:", key="experiment-start"):
            experiments.start_experiment(context.workbench, context.actor, client=context.client,
                                         challenger=str(version), name=name, plan=request)
            _score_again(context)
            notices.say_after_rerun("The experiment has begun; the leads are being scored.")
            st.rerun()


def _named(model: ModelView) -> str:
    return f"Model {model.version} · {report_words.algorithm(model.algorithm, model.balance)}"


def _challengers(context: Context) -> Sequence[ModelView]:
    """List the models that can challenge the champion, the one already called challenger first."""
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    if not any(model.alias == "champion" for model in versions):
        return []
    return sorted((model for model in versions if model.alias != "champion"),
                  key=lambda model: model.alias != "challenger")
