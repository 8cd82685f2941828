"""The frame around every page: who may come in, the navigation, and the sidebar."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Actor
from leadscore.errors import Forbidden, LeadScoreError, NotFound
from leadscore.services import accounts, operations, sessions
from pages import shared, sign_in
from pages.shared import Context
from pages.widgets import own_account
from pages.widgets.notices import show_refusal
from pages.widgets.words import ROLE_WORDS, escape

NAME = "Lead scoring"
FAVICON = "🎯"
ACCOUNT = "account"

# one blue that reads well on the light and on the dark sidebar
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 32" width="190" height="32" role="img"
aria-label="Lead scoring"><rect x="2" y="18" width="6" height="10" rx="2" fill="#4a8fd0" opacity=".45"/>
<rect x="11" y="11" width="6" height="17" rx="2" fill="#4a8fd0" opacity=".7"/>
<rect x="20" y="4" width="6" height="24" rx="2" fill="#4a8fd0"/><text x="36" y="23" font-size="20" font-weight="600"
font-family="'Source Sans 3','Source Sans Pro',system-ui,sans-serif" fill="#4585c4">Lead scoring</text></svg>"""

def main() -> None:
    """Register every page, so that an address survives the sign-in, then run the one asked for or the door."""
    # first of all: else the browser fetches the page's symbol as its tab icon from another computer
    st.set_page_config(page_title=NAME, page_icon=FAVICON, layout="wide")
    try:
        workbench = shared.workbench()
        actor = shared.signed_in()
    except LeadScoreError as refusal:
        _navigation(None)
        show_refusal(refusal)
        return
    page = _navigation(actor)
    st.set_page_config(page_title=f"{page.title if actor else 'Sign in'} · {NAME}")
    if actor is None:
        sign_in.main(workbench)
        return
    try:
        _inside(actor, page)
    except LeadScoreError as refusal:
        if isinstance(refusal, Forbidden):
            sessions.note_denied(workbench, actor, refusal, page.url_path or "performance")
        show_refusal(refusal)


def _navigation(actor: Actor | None) -> st.Page:
    return st.navigation({
        "Leads": [
            st.Page("upload.py", title="Upload", icon=":material/upload_file:", url_path="upload"),
            st.Page("leads.py", title="Prioritized leads", icon=":material/format_list_numbered:", url_path="leads"),
            st.Page("lead.py", title="Lead", icon=":material/person_search:", url_path="lead"),
        ],
        "Lead Scoring": [
            st.Page("performance.py", title="Performance", icon=":material/monitoring:", default=True),
            st.Page("settings.py", title="Settings", icon=":material/tune:", url_path="lead-scoring-settings"),
            st.Page("audit.py", title="Audit", icon=":material/verified_user:", url_path="lead-scoring-audit"),
        ],
        "": [st.Page("account.py", title="Your account", icon=":material/account_circle:", url_path=ACCOUNT,
                     visibility="hidden")],
    }, position="sidebar" if actor else "hidden", expanded=True)


def _inside(actor: Actor, page: st.Page) -> None:
    st.logo(LOGO, size="large")
    if accounts.must_change_password(shared.workbench(), actor):
        with st.sidebar:
            _person(actor)
        own_account.draw_due(shared.workbench(), actor)
        return
    with st.sidebar:
        try:
            _client_picker(actor)
        except NotFound:
            # one's own account is there without any client
            if page.url_path != ACCOUNT:
                raise
        finally:
            # the way out stays, whatever the address asks for
            _person(actor, page)
    with operations.timed(shared.workbench(), f"page {page.url_path or 'performance'}",
                          client=st.session_state.get("chosen_client")):
        page.run()


def _client_picker(actor: Actor) -> None:
    """Draw the choice of clients, also when the address names a wrong one: choosing is the way out of that."""
    visible = accounts.visible_clients(shared.workbench(), actor)
    context, refusal = None, None
    try:
        context = shared.current()
    except NotFound as unknown:
        refusal = unknown
    if len(visible) > 1 or (visible and refusal):
        st.session_state["frame_client"] = context.client if context else None
        st.selectbox("Client", visible, index=0 if context else None, key="frame_client", on_change=_change_client,
                     placeholder="Choose a client", icon=":material/apartment:",
                     help="Whose leads every page shows.")
    if refusal:
        raise refusal
    if context and len(visible) > 1:
        _remember(context)


def _remember(context: Context) -> None:
    """Keep the choice beyond this page and show it in the address, so that a link leads to the same leads."""
    st.session_state["chosen_client"] = context.client
    if st.query_params.get(shared.CLIENT) != context.client:
        st.query_params[shared.CLIENT] = context.client


def _change_client() -> None:
    """Start the page anew for another client: what the address names belongs to the one before."""
    chosen = st.session_state["frame_client"]
    if chosen is None:
        return
    st.session_state["chosen_client"] = chosen
    st.query_params.from_dict({shared.CLIENT: chosen})


def _person(actor: Actor, page: st.Page | None = None) -> None:
    with st.container(border=True):
        st.markdown(f":material/account_circle: **{escape(actor.name)}**  \n:gray[{ROLE_WORDS[actor.role]}]")
        if page is not None:
            st.page_link("account.py", label="Your account", icon=":material/manage_accounts:", width="stretch")
        if st.button("Sign out", icon=":material/logout:", key="frame_sign_out", width="stretch"):
            sign_in.leave(shared.workbench(), shared.token() or "")


main()
