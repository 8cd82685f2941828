"""Performance: how many leads, how good, what became of them, and whether the scores keep their word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from leadscore.access import Action
from leadscore.charts.picture import Picture
from leadscore.services import delivery, insight, models, policies, segments
from leadscore.services.insight import ListView, Report
from pages.shared import Context, current
from pages.widgets import (
    alerts,
    compare,
    notices,
    opinion,
    performance_figures,
    performance_filters,
    pictures,
    report_download,
    returns,
    sentences,
    spend,
    value_of_scoring,
    words,
    work_on_list,
)

REFRESH_SECONDS = 20
RECENT = 90
"""Days that a new visitor sees, beside as many before."""
STEPS = {"day": "Days", "week": "Weeks", "month": "Months"}
OVERVIEW = ("conversion-by-score", "gains", "funnel", "scores")


def main() -> None:
    """Draw the filters, what is to be said, the figures, then the pictures."""
    context = current()
    notices.say_pending()
    head = st.container(horizontal=True, vertical_alignment="center")
    head.title("Performance", anchor=False, width="stretch")
    with notices.refusals():
        alerts.draw(context)
        options = delivery.filter_options(context.workbench, context.actor, client=context.client)
        if not options.batches:
            _nothing_yet(context)
            return
        _page(context, options, head)


def _nothing_yet(context: Context) -> None:
    notices.empty_state("insights", "Nothing to measure yet",
                        "Upload leads, or try the sample campaign, and this page shows how good they are and what "
                        "becomes of them.")
    if context.actor.may(Action.IMPORT_LEADS):
        notices.offer_upload()


def _nothing_found() -> None:
    if performance_filters.in_use():
        notices.empty_state("search_off", "No lead matches", "Take a filter off to see more.")
    else:
        notices.empty_state("hourglass_empty", "No scores yet", "The leads are here, but none of them has a score: an "
                            "import is scored by itself after a while, and saving the settings of scoring does it too.")


def _page(context: Context, options: delivery.FilterOptions, head: DeltaGenerator) -> None:
    state = insight.state(context.workbench, context.actor, client=context.client)
    choose = _chooser(context, options)
    view = choose("")
    report = _report(context, view)
    _watch(context, state)
    if performance_filters.comparing():
        _compare(context, choose, report)
        return
    if not report.figures.leads:
        _nothing_found()
        return
    with head:
        report_download.draw(context, view)
    sentences.draw(context, report.sentences)
    performance_figures.draw(report.tiles)
    _tabs(context, report, view)
    opinion.ask(context, "performance")


def _report(context: Context, view: ListView) -> Report:
    return insight.performance(context.workbench, context.actor, client=context.client, view=view)


def _compare(context: Context, choose: Callable[[str], ListView], first: Report) -> None:
    second = _report(context, choose(performance_filters.SECOND))
    names = [compare.name_of(performance_filters.in_use(prefix)) for prefix in ("", performance_filters.SECOND)]
    compare.draw(*(compare.Side(name, report.tiles, report.pictures)
                   for name, report in zip(names, (first, second), strict=True)))


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(context: Context, seen: int) -> None:
    """Draw the page anew when something has changed since it was drawn."""
    with notices.refusals():
        if insight.state(context.workbench, context.actor, client=context.client) != seen:
            st.rerun()


def _chooser(context: Context, options: delivery.FilterOptions) -> Callable[[str], ListView]:
    bench, actor, client = context.workbench, context.actor, context.client
    saved = segments.list_segments(bench, actor, client=client)
    versions = [version.version for version in models.list_models(bench, actor, client=client)]
    settings = [version.version for version in policies.list_policies(bench, actor, client=client)]

    def choose(prefix: str) -> ListView:
        return performance_filters.choose(options, saved, versions, settings, today=bench.clock().date(), prefix=prefix,
                                          comparable=not prefix, usual=_usual_period(context))

    return choose


def _usual_period(context: Context) -> str:
    """Begin with the last 90 days where these and the 90 before can be told; else with everything there is."""
    span = insight.span(context.workbench, context.actor, client=context.client)
    today = context.workbench.clock().date()
    if span is None or span[1] < today - timedelta(days=RECENT) or span[0] > today - timedelta(days=2 * RECENT):
        return ""
    return str(RECENT)


def _tabs(context: Context, report: Report, view: ListView) -> None:
    tabs: dict[str, Callable[[Context, Report, ListView], None]] = {
        "Overview": _overview, "Do scores work?": _scores, "Money": _money, "Where from": _places, "Over time": _time,
        "People": _people}
    places = st.tabs(list(tabs), key="show", on_change="rerun", bind="query-params")
    for place, name in zip(places, tabs, strict=True):
        # only what is looked at: each picture is drawn by the browser
        if place.open:
            with place, notices.refusals():
                tabs[name](context, report, view)


def _overview(context: Context, report: Report, view: ListView) -> None:  # noqa: ARG001
    _pair(context, report, ["trend-leads", "trend-rate"])
    _pair(context, report, OVERVIEW)


def _scores(context: Context, report: Report, view: ListView) -> None:  # noqa: ARG001
    _pair(context, report, ["conversion-by-score", "gains", "lift", "reliability", "confusion", "scores"])


def _money(context: Context, report: Report, view: ListView) -> None:
    _pair(context, report, ["roi-by-score", "profit", "trend-revenue", "trend-conversions"])
    if report.measured.profit.empty and context.actor.may(Action.EDIT_POLICY):
        st.page_link("settings.py", label="Say what a contact costs and a conversion is worth",
                     icon=":material/arrow_forward:", query_params={"tab": "Scoring"}, width="content")
    returns.draw(report.measured.source_returns, "source")
    returns.draw(report.measured.campaign_returns, "campaign")
    value_of_scoring.draw(context, view)
    with st.expander("Spend", icon=":material/payments:", key="spend-section"):
        spend.draw(context, currency=report.measured.currency)


def _places(context: Context, report: Report, view: ListView) -> None:  # noqa: ARG001
    _pair(context, report, ["source-quality", "source-volume", "country-quality", "country-volume"])
    _wide(context, report, "world")
    with st.expander("Countries in numbers", icon=":material/table:", key="countries-table"):
        st.dataframe(report.picture("world").data, hide_index=True, placeholder=words.MISSING,
                     alt="Leads, conversions and average score by country")


def _time(context: Context, report: Report, view: ListView) -> None:  # noqa: ARG001
    step = st.segmented_control("By", list(STEPS), format_func=STEPS.__getitem__, default=report.measured.step,
                                key="step", bind="query-params", required=True, label_visibility="collapsed")
    _row(context, [*report.courses(str(step)), report.picture("time-to-conversion")])
    _wide(context, report, "cohorts")


def _people(context: Context, report: Report, view: ListView) -> None:  # noqa: ARG001
    _wide(context, report, "owners")
    work_on_list.draw(report.now.adoption)


def _pair(context: Context, report: Report, keys: Sequence[str]) -> None:
    _row(context, [report.picture(key) for key in keys])


def _wide(context: Context, report: Report, key: str) -> None:
    pictures.draw(context, report.picture(key))


def _row(context: Context, shown: Sequence[Picture]) -> None:
    """Draw pictures two beside each other."""
    for start in range(0, len(shown), 2):
        for place, picture in zip(st.columns(2, gap="medium"), shown[start:start + 2], strict=False):
            with place:
                pictures.draw(context, picture)


main()
