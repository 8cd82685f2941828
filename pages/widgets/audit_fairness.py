"""Fairness: which fields are sensitive, whom scores put first by group, what gives groups away, what a change costs."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.schema import CUSTOM_PREFIX
from leadscore.services import fairness
from leadscore.services.fairness import FairnessFields, FairnessReport
from pages.shared import Context
from pages.widgets import fairness_causes, notices, pictures, words

MOST = fairness.MOST_FIELDS


def draw(context: Context) -> None:
    """Draw the tab."""
    found = fairness.fairness_fields(context.workbench, context.actor, client=context.client)
    if not found.offered:
        notices.empty_state("diversity_3", "No field that sorts people into groups",
                            "Upload leads with a column such as gender, age, language, country or region, or one of "
                            "your own with a few values, and this page compares how scores treat each group.")
        return
    _marks(context, found)
    with st.spinner("Counting the groups …"):
        report = _report(context, found)
    if report is None or report.groups is None:
        notices.empty_state("diversity_3", "No scores yet", "Score the leads, and their groups are compared here.")
        return
    _findings(report)
    _pictures(context, report)
    fairness_causes.draw(context, report)
    st.caption(fairness.NOTE)


def _marks(context: Context, found: FairnessFields) -> None:
    """Let a manager mark fields, and say what still uses them."""
    labels = {field.name: field.label for field in found.offered}
    may = context.actor.may(Action.EDIT_POLICY)
    with st.container(border=True):
        st.markdown("**Sensitive fields**  \n:small[:gray[Used for this report only: models leave them out from the "
                    "next training on, with everything made of them.]]")
        st.multiselect("Sensitive fields", list(labels), [field.name for field in found.marked],
                       format_func=lambda name: labels.get(name, name), key="sensitive", on_change=_mark,
                       args=(context,), disabled=not may, label_visibility="collapsed", max_selections=MOST,
                       placeholder="Choose fields", help=None if may else "A manager can change this.")
        if found.criteria:
            st.warning(f"The scorecard asks about a sensitive field: {words.escape(', '.join(found.criteria))}. "
                       "Take these criteria out in Settings, Scorecard, or unmark the field.",
                       icon=":material/rule:")
        if found.learnt:
            st.warning(f"Model {found.model}, which is in use, has learnt from {words.escape(', '.join(found.learnt))}"
                       " before that was marked. Train a new one in Settings, Training.", icon=":material/history:")


def _mark(context: Context) -> None:
    with notices.refusals():
        fairness.mark_fields(context.workbench, context.actor, client=context.client,
                             names=list(st.session_state["sensitive"]))


def _report(context: Context, found: FairnessFields) -> FairnessReport | None:
    labels = {field.name: field.label for field in found.offered}
    # a client's own columns may mean anything: they are offered, and looked at once somebody chooses them
    known = [field for field in found.offered if not field.name.startswith(CUSTOM_PREFIX)][:2]
    usual = [field.name for field in (found.marked or known or found.offered[:1])]
    chosen = st.multiselect("Look at", list(labels), usual, format_func=lambda name: labels.get(name, name),
                            key=f"looked-at-{'-'.join(usual)}", max_selections=MOST)
    if not chosen:
        st.caption("Choose a field to look at.")
        return None
    return fairness.fairness_report(context.workbench, context.actor, client=context.client, fields=chosen)


def _findings(report: FairnessReport) -> None:
    with st.container(border=True):
        for sentence in report.sentences:
            st.markdown(f"- {words.escape(sentence)}")
        groups = report.groups
        if groups is not None:
            unknown = [f"{field.label} of {_few(table.unknown)}"
                       for field, table in zip(groups.fields, groups.tables, strict=False) if table.unknown]
            told = f" Not known: {words.escape(', '.join(unknown))}." if unknown else ""
            st.caption(f"{groups.cuts.leads:,} leads have a score.{told} Groups of fewer than 30 leads are not judged "
                       "and their figures are not shown. Intervals hold for all groups and tables together.")


def _few(number: int) -> str:
    return words.counted(number, "lead") if number >= fairness.FEW else f"fewer than {fairness.FEW} leads"


def _pictures(context: Context, report: FairnessReport) -> None:
    one = len(report.looked_at)
    with st.grid(2, min_column_width=420):
        for picture in report.chosen[:one]:
            pictures.draw(context, picture)
    if meeting := [picture for picture in report.chosen[one:] if picture.spec is not None]:
        with st.expander("Groups that meet", icon=":material/join_inner:"), st.grid(2, min_column_width=420):
            for picture in meeting:
                pictures.draw(context, picture)
    with st.expander("The audit table", icon=":material/table:"):
        for picture in report.chosen[:one]:
            st.markdown(f"**{words.escape(picture.title)}**")
            st.dataframe(picture.data, hide_index=True, placeholder=words.MISSING, alt=picture.title)
    st.markdown("##### When the end is known")
    with st.grid(2, min_column_width=420):
        for picture in (*report.found, *report.kept):
            pictures.draw(context, picture)
