"""The reports made so far: what, when, by whom, with fingerprints; any of them made again and compared."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.services import compliance
from leadscore.services.compliance import MadeReport
from pages.shared import Context
from pages.widgets import notices, words
from pages.widgets.audit_report_cards import CARDS

HEIGHT = 420


def draw(context: Context) -> None:
    """Draw the list, and the comparison of one of them."""
    found = compliance.list_reports(context.workbench, context.actor, client=context.client)
    if not found:
        notices.empty_state("summarize", "No report yet", "Reports that somebody makes are listed here, with all that "
                            "is needed to make them again.")
        return
    _compare(context, found)
    st.dataframe(_table(found), hide_index=True, height=min(44 + 35 * len(found), HEIGHT), placeholder=words.MISSING,
                 alt="Compliance reports, newest first", column_config={
                     "No.": st.column_config.NumberColumn(width=64, format="localized"),
                     "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=160),
                     "Report": st.column_config.TextColumn(width="medium"),
                     "Fingerprint (SHA-256)": st.column_config.TextColumn(width="large")})
    st.caption("The fingerprint is that of the HTML; PDF and CSV follow from it. The audit trail holds the "
               "fingerprints of the files themselves.")


def _compare(context: Context, found: list[MadeReport]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_number = {report.id: report for report in found}
        number = st.selectbox("Report", list(by_number), format_func=lambda one: _named(by_number[one]),
                              key="made_report", width=420)
        asked = st.button("Make again and compare", icon=":material/compare_arrows:", key="make_again")
    if asked:
        with st.spinner("Making it again …"), notices.refusals():
            again = compliance.make_again(context.workbench, context.actor, client=context.client, report_id=number)
            if again.same:
                st.success(again.explained, icon=":material/verified:")
            else:
                st.warning(again.explained, icon=":material/difference:")


def _named(report: MadeReport) -> str:
    return f"No. {report.id}: {CARDS[report.kind].title}, {words.minute(report.made_at)}"


def _about(report: MadeReport) -> str:
    if report.period is not None:
        return f"{report.period.first} to {report.period.last}"
    return f"Lead {report.lead_id}" if report.lead_id is not None else "The whole client"


def _table(found: list[MadeReport]) -> pd.DataFrame:
    return pd.DataFrame({
        "No.": [report.id for report in found], "Report": [CARDS[report.kind].title for report in found],
        "About": [_about(report) for report in found], "Made": [report.made_at for report in found],
        "By": [report.made_by for report in found], "Trail up to": [report.audit_seq for report in found],
        "Fingerprint (SHA-256)": [report.sha256 for report in found]})
