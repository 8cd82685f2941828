"""Your account: your password, and where you are signed in."""

from __future__ import annotations

import streamlit as st

from pages import shared
from pages.widgets import notices, own_account


def main() -> None:
    """Draw the page."""
    actor = shared.somebody()
    notices.say_pending()
    st.title("Your account", anchor=False)
    with notices.refusals():
        own_account.draw(shared.workbench(), actor)


main()
