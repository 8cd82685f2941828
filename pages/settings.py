"""Settings: how scores are made, how models learn and which one is used, and who may do what."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from pages.shared import current
from pages.widgets import (
    experiment_settings,
    feature_settings,
    language_settings,
    model_settings,
    notices,
    offer_settings,
    policy_effect,
    scorecard_settings,
    scoring_settings,
    training_settings,
    user_settings,
)

ALWAYS_DRAWN = "Scoring"
"""Its sliders must not forget an unsaved change while another tab is looked at; the others are drawn when opened."""


def main() -> None:
    """Draw the tabs the role allows."""
    context = current()
    notices.say_pending()
    st.title("Settings", anchor=False)
    policy_effect.watch_rescoring(context)
    tabs = {
        "Scoring": scoring_settings.draw,
        "Scorecard": scorecard_settings.draw,
        "Features": feature_settings.draw,
        "Offers": offer_settings.draw,
        "Training": training_settings.draw,
        "Models": model_settings.draw,
        "Experiments": experiment_settings.draw,
    }
    if context.actor.may(Action.CONFIGURE):
        tabs["Language"] = language_settings.draw
    if context.actor.may(Action.MANAGE_USERS):
        tabs["Users"] = user_settings.draw
    places = st.tabs(list(tabs), key="tab", on_change="rerun", bind="query-params")
    drawn = [(place, name) for place, name in zip(places, tabs, strict=True) if place.open or name == ALWAYS_DRAWN]
    # what is looked at comes first
    for place, name in sorted(drawn, key=lambda pair: not pair[0].open):
        with place, notices.refusals():
            tabs[name](context)


main()
