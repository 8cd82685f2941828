"""One button that hands out what a page shows as a report of its own, dated and under the client's brand."""

from __future__ import annotations

import streamlit as st

from leadscore.services import reporting
from leadscore.services.reporting import ListView
from pages.shared import Context


def draw(context: Context, view: ListView) -> None:
    """Draw the button; the report is made when it is pressed."""
    st.download_button(
        "Report", lambda: _content(context, view), on_click="ignore", mime="text/html", key="report",
        file_name=reporting.report_name("performance", context.client, context.workbench.clock().date()),
        icon=":material/summarize:",
        help="This page as one HTML file to keep, print or send, with its filters in words; it takes a few seconds. "
             "Name, colour and logo: Settings, Reports.")


def _content(context: Context, view: ListView) -> bytes:
    return reporting.performance_report(context.workbench, context.actor, client=context.client, view=view).content
