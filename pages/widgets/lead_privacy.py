"""The rights of a lead's person on the lead's own page: consent, objection, corrections, a contested score."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import consents, data_rights, scoring
from leadscore.services.dossier import LeadDetail
from pages.shared import Context
from pages.widgets import notices, privacy_requests, words

PURPOSES = {"contact": "Being contacted", "profiling": "Being scored (profiling)", "sale": "Being sold or handed on"}


def draw(context: Context, lead: LeadDetail) -> None:
    """Draw what is known of the person's consent and what can be done for them."""
    if not context.actor.may(Action.VIEW_PERSONAL_DATA):
        st.caption("Your role does not see personal data.")
        return
    told = consents.lead_consents(context.workbench, context.actor, client=context.client, lead_id=lead.lead_id)
    if told.empty:
        st.caption("Nothing is known of this person's consent.")
    else:
        shown = told.assign(purpose=[PURPOSES.get(name, name) for name in told["purpose"]],
                            given=["agreed" if given else "refused" for given in told["given"]]).iloc[::-1]
        st.dataframe(shown, hide_index=True, alt="What this person agreed or objected to, newest first",
                     placeholder=words.MISSING, column_config={
                         "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY"), "purpose": "What",
                         "given": "Said", "source": "Where it is known from", "known_from": "Told by"})
    if context.actor.may(Action.EDIT_LEADS):
        with st.container(horizontal=True):
            _consent_form(context, lead)
            _correction_form(context, lead)
            privacy_requests.open_form(context, lead.lead_id, label="Contest the score", kind="contest")


def _consent_form(context: Context, lead: LeadDetail) -> None:
    with st.popover("Consent or objection", icon=":material/how_to_reg:"), \
            st.form("consent_form", border=False, clear_on_submit=True):
        purpose = st.selectbox("What about?", list(PURPOSES), format_func=PURPOSES.__getitem__, key="consent_purpose",
                               index=1)
        said = st.segmented_control("The person", ["objects", "agrees"], default="objects", required=True,
                                    key="consent_said")
        source = st.text_input("Where is it known from?", placeholder="Phone call, letter, web form …",
                               key="consent_source", max_chars=200)
        if st.form_submit_button("Write down", type="primary", key="consent_save"):
            with notices.refusals():
                given = said == "agrees"
                consents.record_consent(context.workbench, context.actor, client=context.client, lead_id=lead.lead_id,
                                        purpose=purpose, given=given, source=source)
                if purpose == "profiling" and given:
                    scoring.rescore(context.workbench, context.actor, client=context.client, only=[lead.lead_id])
                notices.say_after_rerun("Written down; it holds from now on.")
                st.rerun()


def _correction_form(context: Context, lead: LeadDetail) -> None:
    with st.popover("Correct a value", icon=":material/edit:"):
        values = data_rights.correctable(context.workbench, context.actor, client=context.client,
                                         lead_id=lead.lead_id).set_index("name")
        name = st.selectbox("What is wrong?", list(values.index), format_func=values["label"].to_dict().__getitem__,
                            key="correct_name")
        with st.form("correct_form", border=False):
            text = st.text_input("Right is (empty: not known)", value=str(values.loc[name, "value"]),
                                 key=f"correct_{name}")
            if st.form_submit_button("Correct and score again", type="primary", key="correct_save"):
                with notices.refusals():
                    data_rights.rectify(context.workbench, context.actor, client=context.client, lead_id=lead.lead_id,
                                        changes={name: text})
                    scoring.rescore(context.workbench, context.actor, client=context.client, only=[lead.lead_id])
                    notices.say_after_rerun("Corrected; what stood there before is in the audit trail.")
                    st.rerun()
