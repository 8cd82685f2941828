"""The door as people see it: the first administrator's form, or name and password."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit_authenticator import Authenticate

from leadscore.errors import LeadScoreError
from leadscore.services import accounts, sessions
from leadscore.workbench import Workbench
from pages.widgets.notices import show_refusal

WIDTH = 420
HEADER = "## :primary[:material/signal_cellular_alt:] Lead scoring"
CLAIM = "Which leads to call first, and why."
# the library offers no way to make its button the main one
BUTTON = """<style>
.st-key-door [data-testid="stElementContainer"]:has([data-testid="stFormSubmitButton"]),
.st-key-door div:has(> [data-testid="stFormSubmitButton"]),
.st-key-door [data-testid="stFormSubmitButton"], .st-key-door [data-testid="stFormSubmitButton"] button {width: 100%}
.st-key-door [data-testid="stFormSubmitButton"] button {background: #2b6cb0; border-color: #2b6cb0; color: #fff}
.st-key-door [data-testid="stFormSubmitButton"] button:hover {background: #245d99}
</style>"""
FIELDS = {"Form name": "Sign in", "Username": "Name", "Password": "Password", "Login": "Sign in"}


def main(workbench: Workbench) -> None:
    """Draw the one form this visitor needs."""
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
        st.space("medium")
        st.markdown(HEADER, text_alignment="center")
        st.markdown(f":gray[{CLAIM}]", text_alignment="center")
        if accounts.nobody_yet(workbench):
            _first_run(workbench)
        else:
            _sign_in(workbench)


def enter(ticket: str) -> None:
    """Let the browser exchange a ticket for the cookie of a session, and draw the page anew."""
    _hand_over("/session", ticket=ticket)


def leave(workbench: Workbench, token: str) -> None:
    """End the session, with it that of the sign-in service it came from, and draw the empty door anew."""
    sessions.sign_out(workbench, token)
    # else the service's cookie would stay in the browser for a month
    _hand_over("/sign-out", next_page="/auth/logout" if st.user.get("is_logged_in") else "/")
    st.stop()


def address() -> str:
    """Say where the visitor comes from."""
    return st.context.ip_address or "this computer"


class _Door:
    """Answers the library's form: passwords go to our accounts, and nothing is kept in the library or a script."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self.ticket: str | None = None
        self.refusal: LeadScoreError | None = None

    def login(self, username: str = "", password: str = "", *_: Any, **__: Any) -> bool:
        try:
            self.ticket = sessions.sign_in(self._workbench, name=username, password=password, address=address()).token
        except LeadScoreError as refusal:
            self.refusal = refusal
        # never True: the library would go on to keep the visitor in its own cookie
        return False


class _NoCookie:
    """Stands where the library would read and write a cookie that any script could read."""

    def get_cookie(self) -> None:
        return None


class _Form(Authenticate):  # type: ignore[misc]
    """The library's sign-in form over our accounts: its own password check, cookie and pauses are left out."""

    def __init__(self, door: _Door) -> None:  # the parent's would build what is left out
        self.path, self.attrs = None, {"login_sleep_time": 0}
        self.cookie_controller, self.authentication_controller = _NoCookie(), door


def _sign_in(workbench: Workbench) -> None:
    if _by_service(workbench):
        return
    door = _Door(workbench)
    st.html(BUTTON)
    with st.container(key="door"):
        _Form(door).login(location="main", fields=FIELDS, key="sign_in")
    if door.ticket:
        enter(door.ticket)
    elif door.refusal:
        show_refusal(door.refusal)
    _offer_services()
    st.caption("No account, or a forgotten password? Ask your administrator.", text_alignment="center")


def _by_service(workbench: Workbench) -> bool:
    """Let in whom a sign-in service has just sent back, or say why not; False where it has sent nobody."""
    claims = st.user.to_dict() if st.user.get("is_logged_in") else {}
    if not claims:
        return False
    try:
        enter(sessions.sign_in_by_identity(workbench, claims=claims, address=address()).token)
        return True
    except LeadScoreError as refusal:
        # what the service said a while ago opens nothing: the form is there, and nothing needs to be said
        if refusal.code != "stale_identity":
            show_refusal(refusal)
        return False


def services() -> dict[str, str]:
    """Name the sign-in services that are set up: how Streamlit knows each, and what people call it."""
    try:
        chosen = st.secrets.get("auth", {})
    except (StreamlitSecretNotFoundError, FileNotFoundError):
        return {}
    if not chosen.get("redirect_uri"):
        return {}
    named = {name: str(section.get("label", name.capitalize())) for name, section in chosen.items()
             if isinstance(section, Mapping) and section.get("client_id")}
    return named or ({"default": str(chosen.get("label", "your company account"))} if chosen.get("client_id") else {})


def _offer_services() -> None:
    for name, label in services().items():
        st.button(f"Sign in with {label}", key=f"service-{name}", icon=":material/login:", width="stretch",
                  on_click=st.login, args=(None if name == "default" else name,))


def _first_run(workbench: Workbench) -> None:
    with st.form("first_run"):
        st.subheader("Welcome. Create the administrator", anchor=False)
        st.caption("This account can do everything and invites the others. Everything stays on this computer; there "
                   "is no default password.")
        name = st.text_input("Name", autocomplete="username", max_chars=80, placeholder="anna.berg")
        password = st.text_input("Password", type="password", autocomplete="new-password",
                                 max_chars=accounts.LONGEST_PASSWORD,
                                 help=f"At least {accounts.SHORTEST_PASSWORD} characters of any kind.")
        again = st.text_input("Password again", type="password", autocomplete="new-password",
                              max_chars=accounts.LONGEST_PASSWORD)
        if not st.form_submit_button("Create and sign in", type="primary", width="stretch"):
            return
    if password != again:
        st.error("Type the same password twice.", title="The two passwords are not the same.",
                 icon=":material/error:")
        return
    try:
        accounts.create_first_administrator(workbench, name=name, password=password)
        ticket = sessions.sign_in(workbench, name=name, password=password, address=address()).token
    except LeadScoreError as refusal:
        show_refusal(refusal)
        return
    # an empty workbench has nothing to show but the drop zone and the sample campaign
    _hand_over("/session", ticket=ticket, next_page="/upload")


def _hand_over(route: str, *, ticket: str = "", next_page: str = "") -> None:
    """Let the browser call a route of the door, which alone can set or clear a cookie scripts cannot read."""
    st.html(f'<script src="/door.js" data-route="{route}" data-ticket="{escape(ticket)}" '
            f'data-next="{escape(next_page)}"></script>', unsafe_allow_javascript=True)
