"""Settings: how scores are made, which model is used, and who may do what."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from pages.shared import current
from pages.widgets import model_settings, notices, scoring_settings, user_settings


def main() -> None:
    """Draw the tabs the role allows."""
    context = current()
    notices.say_pending()
    st.title("Settings", anchor=False)
    tabs = {"Scoring": scoring_settings.draw, "Models": model_settings.draw}
    if context.actor.may(Action.MANAGE_USERS):
        tabs["Users"] = user_settings.draw
    for tab, draw in zip(st.tabs(list(tabs), key="settings_tab"), tabs.values(), strict=True):
        with tab, notices.refusals():
            draw(context)


main()
