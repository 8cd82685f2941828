"""What every page needs to begin: the workbench, who is looking, and whose leads are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from leadscore.access import Actor
from leadscore.errors import NotFound
from leadscore.services import accounts, sessions
from leadscore.workbench import Workbench, open_workbench

COOKIE = "leadscore_session"
CLIENT = "client"


@dataclass(frozen=True)
class Context:
    """Who is looking at whose leads; made anew on each run, so that changed rights hold at once."""

    workbench: Workbench
    actor: Actor
    client: str


@st.cache_resource(show_spinner=False)
def workbench() -> Workbench:
    """Open the workbench once for the whole server."""
    return open_workbench()


def token() -> str | None:
    """Give the token of this browser's session; scripts in the page cannot read it, the server can."""
    return st.context.cookies.get(COOKIE)


def signed_in() -> Actor | None:
    """Say who is looking, from the store and with the role of this moment; None before signing in."""
    held = token()
    return sessions.session_from_token(workbench(), held) if held else None


def somebody() -> Actor:
    """Say who is looking; a page asked for without a session draws nothing."""
    actor = signed_in()
    if actor is None:
        st.info("Sign in to see this page.", icon=":material/lock:")
        st.stop()
    return actor


def current() -> Context:
    """Give a page its context; a page asked for without a session draws nothing.

    Raises
    ------
    NotFound
        The address names a client that is not one of the actor's.
    """
    actor = somebody()
    return Context(workbench=workbench(), actor=actor, client=_client(accounts.visible_clients(workbench(), actor)))


def _client(visible: list[str]) -> str:
    """Choose the client: the address first, then what was chosen before, then the first."""
    if not visible:
        raise NotFound("no_client", "No client has been opened for you yet.",
                       "Ask an administrator to give you access to one.")
    asked = st.query_params.get(CLIENT)
    if asked is not None and asked not in visible:
        raise NotFound("unknown_client", f"There is no client '{asked}' in your account.",
                       "Choose one of the clients you have been given access to.")
    remembered = st.session_state.get("chosen_client")
    return asked or (remembered if remembered in visible else visible[0])
