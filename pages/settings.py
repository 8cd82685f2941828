"""Settings: how scores are made, how models learn and which one is used, and who may do what."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from pages.shared import current
from pages.widgets import (
    brand_settings,
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
        "Reports": brand_settings.draw,
    }
    if context.actor.may(Action.CONFIGURE):
        tabs["Language"] = language_settings.draw
    if context.actor.may(Action.MANAGE_USERS):
        tabs["Users"] = user_settings.draw
    places = st.tabs(list(tabs), key="tab", on_change="rerun", bind="query-params")
    for place, name in zip(places, tabs, strict=True):
        # only what is looked at: a tab may take seconds to draw
        if place.open:
            with place, notices.refusals():
                tabs[name](context)


main()
