"""Performance: how many leads, how good, what became of them, and whether the scores keep their word."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.charts import conversion as conversion_charts
from leadscore.charts import distribution as distribution_charts
from leadscore.services import insight, policies
from leadscore.services.insight import Overview
from pages.shared import Context, current
from pages.widgets import notices, spend, words

QUIET = {"displayModeBar": False}


def main() -> None:
    """Draw the figures, then the pictures."""
    context = current()
    notices.say_pending()
    st.title("Performance", anchor=False)
    with notices.refusals():
        overview = insight.overview(context.workbench, context.actor, client=context.client)
        if not overview.lead_volume:
            _nothing_yet(context)
            return
        _figures(overview)
        _pictures(context, overview)
        _sources(overview)
        with st.expander("Spend", icon=":material/payments:", key="spend-section"):
            spend.draw(context)


def _nothing_yet(context: Context) -> None:
    notices.empty_state("insights", "Nothing to measure yet",
                        "Upload leads, or try the sample campaign, and this page shows how good they are and what "
                        "becomes of them.")
    if context.actor.may(Action.IMPORT_LEADS):
        notices.offer_upload()


def _figures(overview: Overview) -> None:
    with st.grid(4, min_column_width=170):
        st.metric("Leads", words.count(overview.lead_volume), border=True, height="stretch")
        st.metric("Average score", words.decimal(overview.average_score), border=True, height="stretch")
        st.metric("High-quality leads", words.percent(overview.high_quality_share), border=True, height="stretch",
                  help="Share of leads whose score is at or above the qualified threshold.")
        st.metric("Converted", words.count(overview.converted), border=True, height="stretch",
                  help=f"Of {overview.converted + overview.lost:,} leads decided either way.")
        st.metric("Conversion rate", words.percent(overview.conversion_rate), border=True, height="stretch",
                  help="Converted, of all leads.")
        st.metric("Win rate", words.percent(overview.win_rate), border=True, height="stretch",
                  help="Converted, of those decided either way.")
        _revenue(overview)
        _cost(overview)
        _accuracy(overview)
    for note in overview.notes:
        st.caption(f":material/info: {words.escape(note)}")


def _revenue(overview: Overview) -> None:
    named = sorted(overview.revenue.items(), key=lambda item: (item[0] == "", -item[1]))
    amounts = [words.short_money(amount, currency) + ("" if currency or len(named) == 1 else " in no named currency")
               for currency, amount in named]
    st.metric("Revenue won", amounts[0] if amounts else words.MISSING, border=True, height="stretch",
              help="Revenue of converted leads; each currency by itself.",
              delta=" · ".join(amounts[1:]) or None, delta_arrow="off", delta_color="off")


def _cost(overview: Overview) -> None:
    named = sorted(overview.spend.items(), key=lambda item: -item[1])
    per = [words.short_money(amount / overview.converted, currency) for currency, amount in named] \
        if overview.converted else []
    st.metric("Cost per conversion", per[0] if per else words.MISSING, border=True, height="stretch",
              delta=" · ".join(per[1:]) or None, delta_arrow="off", delta_color="off",
              help="All that was spent, for each converted lead; each currency by itself. Enter what your sources cost "
                   "at the end of this page.")


def _accuracy(overview: Overview) -> None:
    accuracy = overview.score_accuracy or {}
    interval = None
    if accuracy.get("low") is not None:
        interval = f"{words.percent(accuracy['low'], 0)} to {words.percent(accuracy['high'], 0)}"
    st.metric("Score accuracy", words.percent(accuracy.get("value"), 0), border=True, height="stretch", delta=interval,
              delta_arrow="off", delta_color="off",
              help="How often a lead that converted had the higher score than one that did not, measured on leads the "
                   "model had not seen. 50 % is chance, 100 % is perfect. Below it the range it likely lies in.")


def _pictures(context: Context, overview: Overview) -> None:
    policy = policies.current_policy(context.workbench, context.actor, client=context.client).policy
    # bands of the score only mean tiers where tiers go by the score
    bands = {"high": policy.thresholds.high, "low": policy.thresholds.low} if policy.tier_mode == "threshold" else {}
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**How the scores are spread**")
        st.plotly_chart(distribution_charts.score_histogram(overview.histogram, **bands), config=QUIET,
                        key="histogram", alt="Number of leads by score")
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Do higher scores convert more?**")
        if overview.converted:
            st.plotly_chart(conversion_charts.conversion_by_score(overview.conversion), config=QUIET, key="conversion",
                            alt="Share of converted leads by score range, with the range it likely lies in")
        else:
            st.caption("Shown as soon as conversions are recorded: on the ranked list, on a lead, or in a file.")
    with st.container(border=True):
        st.markdown("**The tiers**")
        _tiers(overview)


def _tiers(overview: Overview) -> None:
    total = max(int(overview.tiers["leads"].sum()), 1)
    for row in overview.tiers.to_dict("records"):
        name, bar, rate = st.columns([1, 5, 2], vertical_alignment="center")
        name.markdown(words.tier_badge(row["tier"]))
        bar.progress(row["leads"] / total, text=f":small[{words.counted(int(row['leads']), 'lead')} · "
                                                f"{words.percent(row['leads'] / total, 0)}]")
        rate.markdown(f":small[:gray[{words.percent(row['rate'])} converted]]")


def _sources(overview: Overview) -> None:
    if overview.sources.empty:
        return
    with st.container(border=True):
        st.markdown("**Where good leads come from**")
        st.dataframe(
            overview.sources.assign(rate=100 * overview.sources["rate"]), hide_index=True, placeholder=words.MISSING,
            alt="Leads, score and conversions per source",
            column_order=["source", "leads", "average_score", "converted", "rate"], column_config={
                "source": st.column_config.TextColumn("Source", width="medium"),
                "leads": st.column_config.NumberColumn("Leads", format="localized"),
                "average_score": st.column_config.ProgressColumn("Average score", min_value=0, max_value=100,
                                                                 format="%.1f"),
                "converted": st.column_config.NumberColumn("Converted", format="localized"),
                "rate": st.column_config.NumberColumn("Conversion rate", format="%.1f %%")})


main()
