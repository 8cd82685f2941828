"""Reports: what each answers and for whom, made for a period or a lead, with those made so far, and what feeds them."""

from __future__ import annotations

import streamlit as st

from pages.shared import Context
from pages.widgets import audit_processing, audit_report_cards, audit_reports_made, audit_risks

PARTS = {
    "Make a report": audit_report_cards.draw,
    "Made so far": audit_reports_made.draw,
    "Processing details": audit_processing.draw,
    "Risks": audit_risks.draw,
}


def draw(context: Context) -> None:
    """Draw the part of the tab that is looked at."""
    part = st.segmented_control("Part", list(PARTS), default=next(iter(PARTS)), key="report_part", bind="query-params",
                                label_visibility="collapsed", required=True)
    PARTS[part or next(iter(PARTS))](context)
