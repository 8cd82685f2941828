"""A second person's word on a model: how a version stands, and where to give or want it."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import approvals
from leadscore.services.approvals import Approvals, ApprovalState, Word
from leadscore.services.models import ModelView
from pages.shared import Context
from pages.widgets import notices, words

LONGEST = approvals.LONGEST_COMMENT


def draw(context: Context, model: ModelView, found: Approvals) -> None:
    """Say what was said of a version, and let somebody else than the one who trained it say something."""
    state = found.versions.get(model.version)
    if state is None or not (found.on or state.said):
        return
    _standing(model, state, on=found.on)
    if found.on and context.actor.may(Action.DEPLOY_MODEL) and model.alias != "champion":
        _ask(context, model)


def settings(context: Context, found: Approvals) -> None:
    """Draw the switch; only an administrator turns it."""
    with st.container(border=True):
        st.markdown("**Second person**  \n:small[:gray[A model is put to use only after somebody else than the one who "
                    "trained it has looked at it and approved it; automatic retraining waits, too.]]")
        st.toggle("Want a second person's approval", value=found.on, key="second_person",
                  disabled=not context.actor.may(Action.CONFIGURE), on_change=_switch, args=(context,),
                  help=None if context.actor.may(Action.CONFIGURE) else "An administrator can change this.")


def _standing(model: ModelView, state: ApprovalState, *, on: bool) -> None:
    if state.word is not None:
        icon = ":green-badge[:material/how_to_reg: approved]" if state.word.approved else \
            ":red-badge[:material/person_cancel: rejected]"
        st.markdown(f"{icon} :small[{_said(state.word)}]")
    elif on and not state.usable:
        st.markdown(":orange-badge[:material/hourglass_empty: waits for a second person] "
                    f":small[:gray[Somebody else than {words.escape(model.created_by)} has to look at it.]]")
    if len(state.said) > 1:
        with st.popover("All that was said", type="tertiary"):
            for word in reversed(state.said):
                st.markdown(f"{'Approved' if word.approved else 'Rejected'}: {_said(word)}")


def _said(word: Word) -> str:
    comment = f" “{words.escape(word.comment)}”" if word.comment else ""
    return f"{words.escape(word.by)}, {words.minute(word.at)}.{comment}"


def _ask(context: Context, model: ModelView) -> None:
    if context.actor.name.strip().casefold() == model.created_by.strip().casefold():
        st.caption("You have trained it yourself; somebody else has to approve it.")
        return
    version = model.version
    with st.popover("Approve or reject", icon=":material/how_to_reg:", key=f"word-{version}"):
        comment = st.text_area("What did you look at?", key=f"word-comment-{version}", max_chars=LONGEST,
                               help="Kept with your name in the record; a rejection needs a reason.")
        with st.container(horizontal=True):
            approved = st.button("Approve", icon=":material/check:", key=f"approve-{version}", type="primary")
            rejected = st.button("Reject", icon=":material/close:", key=f"reject-{version}")
        if approved or rejected:
            with notices.refusals():
                approvals.judge_model(context.workbench, context.actor, client=context.client, version=str(version),
                                      approved=approved, comment=comment or "")
                notices.say_after_rerun(f"Model {version} is {'approved' if approved else 'rejected'}.")
                st.rerun()


def _switch(context: Context) -> None:
    with notices.refusals():
        on = bool(st.session_state["second_person"])
        approvals.require_approval(context.workbench, context.actor, client=context.client, on=on)
