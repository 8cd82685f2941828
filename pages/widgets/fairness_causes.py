"""Where a difference between groups comes from, and what treating them alike would cost; asked for, not at once."""

from __future__ import annotations

import streamlit as st

from leadscore.services import fairness
from leadscore.services.fairness import FairnessReport
from pages.shared import Context
from pages.widgets import notices, pictures, words


def draw(context: Context, report: FairnessReport) -> None:
    """Draw both questions for one field at a time, each when it is opened: they take seconds."""
    labels = {field.name: field.label for field in report.looked_at}
    st.markdown("##### Causes and costs")
    field = st.segmented_control("Field", list(labels), default=next(iter(labels)), required=True,
                                 format_func=lambda name: labels[name], key=f"causes-{'-'.join(labels)}",
                                 label_visibility="collapsed", wrap=True)
    away = st.expander("What gives the group away, though the field is not used", icon=":material/visibility:",
                       key="proxies-open", on_change="rerun")
    if away.open:
        with away, notices.refusals(), st.spinner("Comparing columns …"):
            _proxies(context, field)
    costs = st.expander("What a change would cost in conversions", icon=":material/balance:", key="costs-open",
                        on_change="rerun")
    if costs.open:
        with costs, notices.refusals(), st.spinner("Trying it on leads whose end is known …"):
            _costs(context, field)


def _proxies(context: Context, field: str) -> None:
    found = fairness.given_away(context.workbench, context.actor, client=context.client, name=field)
    if found.used_itself:
        st.warning(f"Scores use the field itself: {words.escape(', '.join(found.used_itself))}. It is left out here; "
                   "mark it as sensitive to keep it out of the next model.", icon=":material/warning:")
    pictures.draw_inside(context, found.picture)
    told = ", ".join(f"{words.escape(group)} {words.percent(area['value'], 0)}"
                     for group, area in found.groups.items())
    st.caption(f"Told from all others: {told}. Looked at: {words.counted(found.leads, 'lead')}.")


def _costs(context: Context, field: str) -> None:
    found = fairness.costs_of_change(context.workbench, context.actor, client=context.client, name=field)
    pictures.draw_inside(context, found.picture)
    st.dataframe(found.picture.data, hide_index=True, placeholder=words.MISSING, alt=found.picture.title)
    st.caption(f"On {words.counted(found.leads, 'lead')} whose end is known and that the model had not learnt from, "
               f"{words.counted(found.converted, 'conversion')}. Without a column: the scores as they are, its part "
               f"taken out. Trained again: a simple model that has learnt both ways. {fairness.OWN_THRESHOLDS}")
