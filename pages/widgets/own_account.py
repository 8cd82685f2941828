"""One's own account: who one is here, one's password, and the places where one is signed in."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Actor, Role
from leadscore.errors import LeadScoreError
from leadscore.services import accounts, sessions
from leadscore.services.sessions import OpenSession
from leadscore.workbench import Workbench
from pages import shared, sign_in
from pages.widgets import notices, words

WIDTH = 420


def draw(workbench: Workbench, actor: Actor) -> None:
    """Draw everything about the account of whoever is looking."""
    clients = "all" if actor.role is Role.ADMIN else words.escape(", ".join(sorted(actor.clients))) or "none yet"
    st.markdown(f"**{words.escape(actor.name)}** :gray[· {words.ROLE_WORDS[actor.role]} · clients: {clients}]")
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.markdown("**Change your password**")
        st.caption("You stay signed in here and are signed out everywhere else.")
        _password(workbench, actor)
    with right, st.container(border=True, height="stretch"):
        _places(workbench, actor)


def draw_due(workbench: Workbench, actor: Actor) -> None:
    """Draw the one thing that comes before everything else: a password that only its owner knows."""
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
        st.title("Choose your own password", anchor=False)
        st.caption("An administrator gave you the one you signed in with. Only you should know the next one.")
        _password(workbench, actor)


def _password(workbench: Workbench, actor: Actor) -> None:
    with st.form("own_password", border=False):
        current = st.text_input("Present password", type="password", autocomplete="current-password",
                                key="own_current", max_chars=accounts.LONGEST_PASSWORD)
        new = st.text_input("New password", type="password", autocomplete="new-password", key="own_new",
                            max_chars=accounts.LONGEST_PASSWORD,
                            help=f"At least {accounts.SHORTEST_PASSWORD} characters; four unrelated words make a good "
                                 "one.")
        again = st.text_input("New password again", type="password", autocomplete="new-password", key="own_again",
                              max_chars=accounts.LONGEST_PASSWORD)
        if not st.form_submit_button("Change", type="primary", icon=":material/key:", key="own_change"):
            return
    if new != again:
        st.error("Type the same password twice.", title="The two new passwords are not the same.",
                 icon=":material/error:")
        return
    try:
        place = sign_in.address()
        sessions.change_password(workbench, actor, current=current, new=new, address=place)
        # all sessions have ended, so this browser gets a new one, as if at the door
        ticket = sessions.sign_in(workbench, name=actor.name, password=new, address=place).token
    except LeadScoreError as refusal:
        notices.show_refusal(refusal)
        return
    sign_in.enter(ticket)


def _places(workbench: Workbench, actor: Actor) -> None:
    st.markdown("**Where you are signed in**")
    found = sessions.list_sessions(workbench, actor, token=shared.token())
    for place in found:
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            here = " :green-badge[this browser]" if place.this else ""
            st.markdown(f":material/devices: {words.escape(place.device)}{here}  \n:small[:gray[{_when(place)}]]",
                        width="stretch")
            if not place.this:
                st.button("Sign out", key=f"end-{place.id}", type="tertiary", icon=":material/logout:",
                          on_click=_end, args=(workbench, actor, place.id))
    if st.button("Sign out everywhere", icon=":material/logout:", key="everywhere",
                 help="Ends all your sessions, this one too."):
        sessions.sign_out_everywhere(workbench, actor)
        sign_in.leave(workbench, shared.token() or "")


def _when(place: OpenSession) -> str:
    return f"since {words.minute(place.since)}, last used {words.minute(place.seen_at)} (UTC)"


def _end(workbench: Workbench, actor: Actor, session_id: str) -> None:
    with notices.refusals():
        sessions.end_session(workbench, actor, session_id=session_id)
        notices.say_after_rerun("Signed out there.")
