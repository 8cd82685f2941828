"""The risk record: the matrix, what the workbench proposes, each risk, and a form to enter or change one."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.charts.risk_matrix import IMPACTS, LIKELIHOODS
from leadscore.services import risks
from leadscore.services.risks import KeptRisk, Proposal, State
from pages.shared import Context
from pages.widgets import notices, pictures, words

BADGES = {"grave": ":red-badge[grave]", "to be watched": ":orange-badge[to be watched]", "low": ":green-badge[low]"}
STATES = {State.OPEN: "Open", State.REDUCED: "Reduced by measures", State.ACCEPTED: "Accepted", State.CLOSED: "Closed"}


def draw(context: Context) -> None:
    """Draw the record."""
    may = context.actor.may(Action.EDIT_POLICY)
    record = risks.risk_record(context.workbench, context.actor, client=context.client)
    left, right = st.columns([3, 4], gap="medium")
    with left.container(border=True):
        pictures.draw_inside(context, record.matrix, download=False)
    with right:
        _proposals(context, record.proposals, may)
        for kept in record.risks:
            _one(context, kept, may)
        if may:
            with st.expander("Enter a risk", icon=":material/add:", key="new_risk"):
                _form(context, None)


def _proposals(context: Context, found: list[Proposal], may: bool) -> None:
    for place, proposal in enumerate(found):
        with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":blue-badge[Seen by the workbench] **{words.escape(proposal.entry.title)}**  \n"
                        f":small[:gray[{words.escape(proposal.because)}]]", width="stretch")
            st.button("Adopt", key=f"adopt-{place}", icon=":material/add_task:", disabled=not may, on_click=_adopt,
                      args=(context, proposal), help=None if may else "A manager can adopt it.")


def _adopt(context: Context, proposal: Proposal) -> None:
    with notices.refusals():
        risks.save_risk(context.workbench, context.actor, client=context.client, values=proposal.entry.as_dict())
        notices.say_after_rerun("It is in the risk record.")


def _one(context: Context, kept: KeptRisk, may: bool) -> None:
    entry = kept.entry
    badge = BADGES[kept.grade] if entry.state != State.CLOSED else ":gray-badge[closed]"
    review = f" · review on {entry.review_on}" if entry.review_on else ""
    with st.container(border=True):
        st.markdown(f"{badge} **{kept.id}. {words.escape(entry.title)}**  \n:small[{words.escape(entry.description)}]"
                    f"  \n:small[:gray[{LIKELIHOODS[entry.likelihood - 1].capitalize()}, "
                    f"{IMPACTS[entry.impact - 1]} · {words.escape(entry.owner) or 'nobody looks after it'}{review}]]")
        if entry.measures:
            st.markdown(f":small[What is done: {words.escape(entry.measures)}]")
        if may:
            with st.expander("Change", key=f"risk-{kept.id}"):
                _form(context, kept)


def _form(context: Context, kept: KeptRisk | None) -> None:
    place = kept.id if kept else "new"
    with st.form(f"risk-form-{place}", border=False, clear_on_submit=kept is None):
        values = _fields(kept, f"{place}")
        if st.form_submit_button("Save", type="primary", key=f"save-risk-{place}"):
            with notices.refusals():
                risks.save_risk(context.workbench, context.actor, client=context.client, values=values,
                                risk_id=kept.id if kept else None)
                notices.say_after_rerun("Saved.")
                st.rerun()


def _fields(kept: KeptRisk | None, place: str) -> dict[str, Any]:
    entry = kept.entry if kept else None
    title = st.text_input("What could go wrong", entry.title if entry else "", max_chars=120, key=f"title-{place}")
    description = st.text_area("In more words", entry.description if entry else "", max_chars=2_000, height=92,
                               key=f"description-{place}")
    left, right = st.columns(2)
    likelihood = left.selectbox("How likely", range(1, 6), (entry.likelihood if entry else 3) - 1,
                                format_func=lambda level: f"{level}: {LIKELIHOODS[level - 1]}",
                                key=f"likelihood-{place}")
    impact = right.selectbox("How bad", range(1, 6), (entry.impact if entry else 3) - 1,
                             format_func=lambda level: f"{level}: {IMPACTS[level - 1]}", key=f"impact-{place}")
    measures = st.text_area("What is done about it", entry.measures if entry else "", max_chars=2_000, height=92,
                            key=f"measures-{place}")
    first, second, third = st.columns(3)
    owner = first.text_input("Who looks after it", entry.owner if entry else "", max_chars=80, key=f"owner-{place}")
    state = second.selectbox("State", list(STATES), list(STATES).index(State(entry.state)) if entry else 0,
                             format_func=STATES.__getitem__, key=f"state-{place}")
    review = third.date_input("Look again on", date.fromisoformat(entry.review_on) if entry and entry.review_on
                              else None, key=f"review-{place}")
    return {"title": title.strip(), "description": description.strip(), "likelihood": likelihood, "impact": impact,
            "measures": measures.strip(), "owner": owner.strip(), "state": str(state),
            "review_on": f"{review}" if review else None}
