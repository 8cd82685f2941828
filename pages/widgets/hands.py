"""What a person does with one lead: record what happened, and set its score by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

import streamlit as st

from leadscore.services import dossier
from leadscore.services.dossier import LeadDetail
from pages.shared import Context
from pages.widgets import notices, words

TIERS = ("High", "Medium", "Low")
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "PLN", "INR")


def outcome_form(context: Context, lead_ids: Sequence[int], *, label: str = "Record outcome",
                 prominent: bool = True) -> None:
    """Record how far leads have come, on which day, and what they brought."""
    many = len(lead_ids) > 1
    today = context.workbench.clock().date()
    with st.popover(label, icon=":material/flag:", type="primary" if prominent else "secondary",
                    disabled=not lead_ids), st.form("outcome_form", border=False, clear_on_submit=True):
        stage = st.segmented_control("What happened?", list(words.STAGE_WORDS)[1:], key="outcome_stage",
                                     format_func=words.STAGE_WORDS.__getitem__, default="contacted", required=True)
        on = st.date_input("When?", key="outcome_day", value=today)
        revenue = st.number_input("Revenue of each, if they were won" if many else "Revenue, if it was won",
                                  min_value=0.0, value=None, step=100.0, key="outcome_revenue")
        currency = st.selectbox("Currency", CURRENCIES, index=None, accept_new_options=True, key="outcome_currency",
                                placeholder="Choose")
        if st.form_submit_button("Record", type="primary", key="record"):
            with notices.refusals():
                # today is now: it follows what was recorded a minute ago
                at = datetime.combine(on, time(12), tzinfo=UTC) if on and on != today else None
                recorded = dossier.record_outcome(context.workbench, context.actor, client=context.client,
                                                  lead_ids=lead_ids, stage=stage, at=at, revenue=revenue,
                                                  currency=currency)
                notices.say_after_rerun(_recorded(context, lead_ids, recorded, stage))
                st.rerun()


def _recorded(context: Context, lead_ids: Sequence[int], recorded: int, stage: str) -> str:
    """Say what was recorded, and when something of a later day stands all the same."""
    said = f"{words.counted(recorded, 'lead')} recorded as {words.STAGE_WORDS[stage].lower()}."
    if len(lead_ids) > 1:
        return said
    lead = dossier.lead_detail(context.workbench, context.actor, client=context.client, lead_id=lead_ids[0], note=False)
    stands = standing(lead)
    if stands == stage:
        return f"Recorded as {words.STAGE_WORDS[stage].lower()}."
    return (f"Recorded as {words.STAGE_WORDS[stage].lower()}. The lead stays {words.STAGE_WORDS[stands].lower()}, told "
            "of a later day: take that back under History if it is wrong.")


def standing(lead: LeadDetail) -> str:
    """Give the stage a lead is in."""
    return str(lead.outcomes["stage"].iloc[-1]) if len(lead.outcomes) else "new"


def take_back(context: Context, lead_ids: Sequence[int], *, label: str = "Take back the latest") -> None:
    """Take back a wrong outcome, so that what was recorded before it stands again."""
    if st.button(label, icon=":material/undo:", key="take_back", disabled=not lead_ids,
                 help="For an outcome that was recorded by mistake: what was recorded before it counts again. If your "
                      "CRM says the same, correct it there too, or the next import brings it back."):
        with notices.refusals():
            taken = dossier.take_back_outcome(context.workbench, context.actor, client=context.client,
                                              lead_ids=lead_ids)
            notices.say_after_rerun("Taken back." if len(lead_ids) == 1 else
                                    f"Taken back for {words.counted(taken, 'lead')}.")
            st.rerun()


def owner_form(context: Context, lead: LeadDetail, owners: list[str]) -> None:
    """Hand the lead to someone."""
    with st.popover("Hand to …", icon=":material/person_add:"):
        owner = st.selectbox("Owner", owners, index=None, accept_new_options=True, key="lead_owner",
                             placeholder="Choose or type a name")
        if st.button("Assign", type="primary", disabled=not owner, key="assign"):
            with notices.refusals():
                dossier.assign_owner(context.workbench, context.actor, client=context.client,
                                      lead_ids=[lead.lead_id], owner=owner)
                notices.say_after_rerun(f"Handed to {owner}.")
                st.rerun()


def override_form(context: Context, lead: LeadDetail) -> None:
    """Set tier or score by hand, with a reason; or let the calculated score rule again."""
    with st.popover("Set by hand", icon=":material/pan_tool:"), st.form("override", border=False):
        st.caption("Your judgement wins over the calculated score, and scoring again does not erase it.")
        tier = st.segmented_control("Tier", TIERS, key="by_hand_tier")
        score = st.number_input("Score, if you want to set it too", 0.0, 100.0, value=None, step=1.0,
                                key="by_hand_score")
        reason = st.text_area("Why?", key="by_hand_reason", max_chars=500, height=80)
        if st.form_submit_button("Set", type="primary", key="set_by_hand"):
            with notices.refusals():
                dossier.override(context.workbench, context.actor, client=context.client, lead_id=lead.lead_id,
                                  tier=tier, score=score, reason=reason)
                notices.say_after_rerun("Set by hand.")
                st.rerun()


def override_note(context: Context, lead: LeadDetail, may_edit: bool) -> None:
    """Say who set it by hand and why."""
    if not lead.override:
        return
    told = lead.override
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/pan_tool: **Set by hand** by {words.escape(told.get('by') or words.MISSING)}"
                    f" · {words.day(told.get('at'))}  \n{words.escape(told.get('reason') or '')}  \n"
                    f":small[:gray[Calculated score: {words.decimal(lead.blended)}]]", width="stretch")
        if may_edit and st.button("Use the calculated score", icon=":material/undo:", key="clear_override"):
            with notices.refusals():
                dossier.clear_override(context.workbench, context.actor, client=context.client, lead_id=lead.lead_id)
                notices.say_after_rerun("The calculated score rules again.")
                st.rerun()
