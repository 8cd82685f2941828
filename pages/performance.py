"""Performance: how many leads, how good, what became of them, and whether the scores keep their word."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts import conversion as conversion_charts
from leadscore.charts import distribution as distribution_charts
from leadscore.charts import performance as charts
from leadscore.charts import training as training_charts
from leadscore.services import delivery, insight, models, policies, segments
from leadscore.services.insight import ListView, Report
from pages.shared import Context, current
from pages.widgets import notices, performance_figures, performance_filters, spend, words

QUIET = {"displayModeBar": False}


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
        performance_figures.draw(report)
        _pictures(context, report)
        _groups(report)
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


def _pictures(context: Context, report: Report) -> None:
    policy = policies.current_policy(context.workbench, context.actor, client=context.client).policy
    # bands of the score only mean tiers where tiers go by the score
    bands = {"high": policy.thresholds.high, "low": policy.thresholds.low} if policy.tier_mode == "threshold" else {}
    with _picture(f"Leads and conversions by {report.step}"):
        st.plotly_chart(charts.trend(report.trend, step=report.step), config=QUIET, key="trend",
                        alt="Leads that came in and the share of them that converted, over time")
    left, right = st.columns(2, gap="medium")
    with left, _picture("How the scores are spread"):
        st.plotly_chart(distribution_charts.score_histogram(report.histogram, **bands), config=QUIET, key="histogram",
                        alt="Number of leads by score")
    with right, _picture("Do higher scores convert more?"):
        if report.figures.converted:
            st.plotly_chart(conversion_charts.conversion_by_score(report.ranges), config=QUIET, key="conversion",
                            alt="Share of converted leads by score range, with the range it likely lies in")
        else:
            st.caption("Shown as soon as conversions are recorded: on the ranked list, on a lead, or in a file.")
    left, right = st.columns(2, gap="medium")
    with left, _picture("The tiers"):
        st.plotly_chart(charts.funnel(report.tiers), config=QUIET, key="tiers",
                        alt="Leads of each tier and how many of them converted")
    with right, _picture("How soon the conversions are found"):
        _gains(report)


def _gains(report: Report) -> None:
    if report.gains.empty:
        st.caption("Shown as soon as conversions are recorded.")
        return
    st.plotly_chart(conversion_charts.cumulative_gains(report.gains), config=QUIET, key="gains",
                    alt="Share of the conversions found, by share of the leads called, best first")
    st.caption("On leads the model had not seen, all filters aside." if report.gains_from == "held out"
               else "Among the leads whose end is known.")


def _picture(title: str) -> object:
    box = st.container(border=True, height="stretch")
    box.markdown(f"**{title}**")
    return box


def _groups(report: Report) -> None:
    left, right = st.columns(2, gap="medium")
    with left, _picture("Where good leads come from"):
        _rates(report.sources, "source")
    with right, _picture("By country"):
        _rates(report.countries, "country")
    with st.expander("Figures by source, owner and threshold", icon=":material/table:", key="tables"):
        _table("Sources", report.sources, "source")
        _owners(report.owners)
        ended = sum(report.confusion.values())
        if ended:
            st.markdown(f"**What the qualified threshold of {report.threshold:g} said of {ended:,} ended leads**")
            found = report.confusion
            counts = pd.DataFrame({"qualified": [found["true_positive"], found["false_positive"]],
                                   "not qualified": [found["false_negative"], found["true_negative"]]},
                                  index=["converted", "lost"])
            st.plotly_chart(training_charts.confusion(counts, by="By the threshold"), config=QUIET, key="confusion",
                            alt="Leads by whether they reached the threshold and whether they converted")


def _rates(groups: pd.DataFrame, name: str) -> None:
    if groups.empty:
        st.caption("None of these leads says.")
    else:
        st.plotly_chart(charts.rates_by(groups, name), config=QUIET, key=f"by-{name}",
                        alt=f"Share of converted leads by {name}, with the range it likely lies in")


def _table(title: str, groups: pd.DataFrame, name: str) -> None:
    if groups.empty:
        return
    st.markdown(f"**{title}**")
    st.dataframe(
        groups.assign(rate=100 * groups["rate"]), hide_index=True, placeholder=words.MISSING,
        alt=f"Leads, score and conversions by {name}", column_order=_present(groups, (
            name, "leads", "average_score", "converted", "rate", "revenue")), column_config={
            name: st.column_config.TextColumn(name.capitalize(), width="medium"),
            "leads": st.column_config.NumberColumn("Leads", format="localized"),
            "average_score": st.column_config.ProgressColumn("Average score", min_value=0, max_value=100,
                                                             format="%.1f"),
            "converted": st.column_config.NumberColumn("Converted", format="localized"),
            "rate": st.column_config.NumberColumn("Conversion rate", format="%.1f %%"),
            "revenue": st.column_config.NumberColumn("Revenue", format="localized")})


def _present(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in frame]


def _owners(owners: pd.DataFrame) -> None:
    if owners.empty:
        return
    st.markdown("**Owners**")
    st.dataframe(owners, hide_index=True, placeholder=words.MISSING, alt="Conversions and revenue by owner",
                 column_config={"owner": "Owner", "currency": "Currency",
                                "conversions": st.column_config.NumberColumn("Conversions", format="localized"),
                                "revenue": st.column_config.NumberColumn("Revenue", format="localized")})


main()
