"""Features: what scores are made of, features of one's own by a formula, and rules for the data that come in."""

from __future__ import annotations

import streamlit as st

from pages.shared import Context
from pages.widgets import feature_list, feature_maker, notices, rule_settings

LIST, MAKE, RULES = "All features", "Make a feature", "Validation rules"
PARTS = {LIST: feature_list.draw, MAKE: feature_maker.draw, RULES: rule_settings.draw}


def draw(context: Context) -> None:
    """Draw the tab."""
    part = st.segmented_control("Part", list(PARTS), default=LIST, required=True, key="features_part",
                                label_visibility="collapsed")
    with notices.refusals():
        PARTS[part or LIST](context)
