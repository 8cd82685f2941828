"""Performance: how many leads, how good, what became of them, and whether the scores keep their word."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import delivery, insight, models, policies, segments
from leadscore.services.insight import ListView
from pages.shared import Context, current
from pages.widgets import notices, performance_figures, performance_filters, spend


def main() -> None:
    """Draw the filters, the figures, then the pictures."""
    context = current()
    notices.say_pending()
    st.title("Performance", anchor=False)
    with notices.refusals():
        options = delivery.filter_options(context.workbench, context.actor, client=context.client)
        if not options.batches:
            _nothing_yet(context)
            return
        view = _filters(context, options)
        report = insight.performance(context.workbench, context.actor, client=context.client, view=view)
        if not report.figures.leads:
            notices.empty_state("search_off", "No lead matches", "Take a filter off to see more.")
            return
        performance_figures.draw(report.tiles)
        with st.expander("Spend", icon=":material/payments:", key="spend-section"):
            spend.draw(context)


def _filters(context: Context, options: delivery.FilterOptions) -> ListView:
    bench, actor, client = context.workbench, context.actor, context.client
    saved = segments.list_segments(bench, actor, client=client)
    versions = [version.version for version in models.list_models(bench, actor, client=client)]
    settings = [version.version for version in policies.list_policies(bench, actor, client=client)]
    return performance_filters.choose(options, saved, versions, settings, today=bench.clock().date())


def _nothing_yet(context: Context) -> None:
    notices.empty_state("insights", "Nothing to measure yet",
                        "Upload leads, or try the sample campaign, and this page shows how good they are and what "
                        "becomes of them.")
    if context.actor.may(Action.IMPORT_LEADS):
        notices.offer_upload()


main()
