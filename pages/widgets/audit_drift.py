"""Drift: whether newer leads are still like those the model learnt from, and whether what it promised holds."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import delivery, drift, jobs
from leadscore.services.drift import CheckView, DriftView, Verdict
from pages.shared import Context
from pages.widgets import filters, notices, pictures, words

BADGES = {
    Verdict.ALARM: ":red-badge[:material/warning: Changed]",
    Verdict.NOTICED: ":orange-badge[:material/visibility: Changed a little]",
    Verdict.STEADY: ":green-badge[:material/check_circle: Steady]",
    Verdict.TOO_LITTLE: ":gray-badge[:material/hourglass_empty: Too little data]",
}
WINDOWS = {"days": "Of late", "import": "The last import", "training": "All since the training"}
CHARTS_SHOWN = 6
ABOUT = ("A column counts as changed where its stability index (PSI) is at least the limit and more than chance gives "
         "with so few leads, and a test of the column (Kolmogorov-Smirnov for numbers, chi-squared for values) is "
         "significant among all columns tested (Benjamini-Hochberg, 5 %). Columns that say how long something is ago "
         "are left out: newer leads differ in these by themselves.")


def draw(context: Context) -> None:
    """Draw the verdict, what can be done, what has moved, and what came of the promises."""
    view = drift.drift_overview(context.workbench, context.actor, client=context.client)
    if view.version is None:
        notices.empty_state("query_stats", "No model is in use",
                            "Once one is, this tells whether newer leads are still like those it has learnt from.")
        return
    _head(context, view)
    if view.latest is not None:
        _found(context, view, view.latest)
    _settings(context, view)


def _head(context: Context, view: DriftView) -> None:
    with st.container(border=True):
        if view.latest is None:
            st.markdown(f"**Model {view.version} has not been checked yet.**")
        else:
            result = view.latest.result
            st.markdown(f"{BADGES[Verdict(result.verdict)]} **{words.escape(result.sentence)}**")
            for cause in result.causes[:CHARTS_SHOWN]:
                st.markdown(f"- {words.escape(cause)}")
            st.caption(f"Checked {words.minute(view.latest.at)} by {words.escape(view.latest.started_by)}. "
                       f"{words.escape(result.window)} {result.compared:,} compared with {result.known:,}. "
                       f"{words.escape(result.reference)}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            window = st.segmented_control("Leads", list(WINDOWS), format_func=WINDOWS.__getitem__, default="days",
                                          key="drift-window", required=True)
            if st.button("Check now", key="drift-check", icon=":material/refresh:", type="primary"):
                _check(context, str(window))
            if context.actor.may(Action.DEPLOY_MODEL):
                _retrain(context, view)


def _check(context: Context, window: str) -> None:
    with notices.refusals(), st.spinner("Comparing"):
        drift.check_drift(context.workbench, context.actor, client=context.client, window=window)
        notices.say_after_rerun("Checked.")
        st.rerun()


def _retrain(context: Context, view: DriftView) -> None:
    alarm = view.latest is not None and view.latest.result.verdict == Verdict.ALARM
    if st.button("Train again", key="drift-retrain", icon=":material/model_training:", disabled=not alarm,
                 help="On all stored outcomes. The new version is put to use only if it is not worse on leads neither "
                      "has learnt from."):
        with notices.refusals():
            jobs.submit(context.workbench, context.actor, client=context.client, kind="retrain",
                        arguments={"reason": "Newer leads differ from those the model has learnt from."})
            notices.say_after_rerun("The training has been queued. Settings, Models shows the new version.")
            st.rerun()


def _found(context: Context, view: DriftView, latest: CheckView) -> None:
    result = latest.result
    if result.columns:
        st.markdown("**What newer leads are like**")
        _columns(context, view, latest)
        pictures.draw(context, view.pictures["drift-history"])
    st.markdown("**What became of them**")
    pictures.draw(context, view.pictures["drift-promises"])
    left, right = st.columns(2, gap="medium")
    with left:
        pictures.draw(context, view.pictures["drift-calibration"])
    with right:
        pictures.draw(context, view.pictures["drift-coverage"])
    with st.container(border=True):
        _reading(latest)


def _reading(latest: CheckView) -> None:
    result, estimated = latest.result, latest.result.estimated
    st.markdown("**How to read this**")
    if estimated.value is not None and estimated.low is not None and estimated.high is not None:
        st.metric("Accuracy estimated before outcomes are known", words.percent(estimated.value, 0),
                  help="From the chances of the newer leads alone.")
        st.caption(f"Likely between {words.percent(estimated.low, 0)} and {words.percent(estimated.high, 0)}.")
    st.markdown(f"{words.counted(result.ended, 'lead')} with a known end "
                f"{'counts' if result.ended == 1 else 'count'}; {result.waiting:,} as old have none yet.")
    for note in result.notes:
        st.caption(words.escape(note))
    if result.held_back:
        st.caption(f"Leads picked by chance, which tell of all leads alike: {words.escape(result.held_back)}")


def _columns(context: Context, view: DriftView, latest: CheckView) -> None:
    columns = latest.result.columns
    shown = [(place, column) for place, column in enumerate(columns) if column.moved][:CHARTS_SHOWN] \
        or list(enumerate(columns))[:3]
    options = delivery.filter_options(context.workbench, context.actor, client=context.client)
    for start in range(0, len(shown), 2):
        for place, (number, column) in zip(st.columns(2, gap="medium"), shown[start:start + 2], strict=False):
            with place, st.container(border=True, height="stretch"):
                pictures.draw_inside(context, view.pictures[f"drift-column-{number}"])
                if column.moved:
                    _concerned(latest, number, options)
    with st.expander("All columns compared", icon=":material/table:", key="drift-all"):
        st.dataframe(
            [{"column": label, "index": index} for label, index in
             sorted(latest.result.indices.items(), key=lambda pair: -pair[1])],
            hide_index=True, alt="Stability index of every column", column_config={
                "column": "Column", "index": st.column_config.NumberColumn("Stability index", format="%.3f")})
        st.caption(ABOUT)


def _concerned(latest: CheckView, number: int, options: delivery.FilterOptions) -> None:
    """Say how many leads a change concerns, with the way to them."""
    result, column = latest.result, latest.result.columns[number]
    about = round(column.affected * result.newer)
    weight = f" It makes up {words.percent(column.importance, 0)} of what moves the score." if column.importance else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":small[About {words.counted(about, 'newer lead')}.{weight}]", width="stretch")
        address = filters.address_of(options, *column.filter) if len(column.filter) == 3 else None
        if address:
            st.page_link("leads.py", label="Open these leads", icon=":material/arrow_forward:", query_params=address,
                         width="content")


def _settings(context: Context, view: DriftView) -> None:
    if not context.actor.may(Action.DEPLOY_MODEL):
        return
    now = view.settings
    with st.expander("When it is checked and who is told", icon=":material/settings:", key="drift-settings"), \
            st.form("drift-form", border=False):
        on = st.toggle("Check once a day and after each import", value=now.on, key="drift-on")
        with st.container(horizontal=True):
            days = st.number_input("Leads of the last so many days", 1, 3_650, now.days, key="drift-days", width=220)
            index = st.number_input("A change counts from a stability index of", 0.02, 1.0, now.index, 0.01,
                                    key="drift-index", width=280)
            owner = st.text_input("Who looks after alerts", now.owner, max_chars=80, key="drift-owner", width=220)
        if st.form_submit_button("Save", key="drift-save"):
            with notices.refusals():
                drift.save_drift_settings(
                    context.workbench, context.actor, client=context.client,
                    changes={"on": on, "days": int(days), "index": float(index), "owner": owner.strip()})
                notices.say_after_rerun("Saved.")
                st.rerun()
        st.caption("Settings, Models has a switch that trains again by itself when newer leads are found to differ.")
