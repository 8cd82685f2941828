"""One button that hands out what a page shows as a report of its own, dated and under the client's brand."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from leadscore.services import reporting
from leadscore.services.reporting import Format, ListView
from pages.shared import Context

MEDIA = {Format.HTML: "text/html", Format.PDF: "application/pdf"}
WORDS = {Format.HTML: "For screens (HTML)", Format.PDF: "For paper (PDF)"}


def draw(context: Context, view: ListView) -> None:
    """Draw the button; the report is made when one of its formats is pressed."""
    with st.popover("Report", icon=":material/summarize:", key="report"):
        st.caption("This page as one file to keep, print or send, with its filters in words; it takes a few seconds. "
                   "Name, colour and logo: Settings, Reports.")
        for as_a in Format:
            button(context, view, as_a, label=WORDS[as_a], key=f"report_{as_a}", width="stretch")


def button(context: Context, view: ListView, as_a: Format, *, label: str, key: str,
           width: Literal["stretch", "content"] = "content") -> None:
    """Draw the button of one format."""
    name = reporting.report_name("performance", context.client, context.workbench.clock().date(), as_a)
    st.download_button(label, lambda: _content(context, view, as_a), on_click="ignore", mime=MEDIA[as_a], key=key,
                       file_name=name, icon=":material/download:", width=width)


def _content(context: Context, view: ListView, as_a: Format) -> bytes:
    made = reporting.performance_report(context.workbench, context.actor, client=context.client, view=view, as_a=as_a)
    return made.content
