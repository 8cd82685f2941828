"""Sliders for single columns of the model, and for whole families of them: 1 is what the data say."""

from __future__ import annotations

from typing import Any

import streamlit as st

from leadscore.services import policies
from pages.shared import Context
from pages.widgets import words
from pages.widgets.tuning import Tuning

SHOWN = 8
NARROWEST = 210
"""Pixels a slider needs beside another."""
MOST, STEP, AS_LEARNED = 3.0, 0.1, 1.0


def draw(context: Context, tuning: Tuning, policy: Any, frozen: bool) -> dict[str, Any]:
    """Draw a slider for each column the model looks at, the most important first; give their weights."""
    factors = policies.model_factors(context.workbench, context.actor, client=context.client)
    if not factors:
        return {}
    st.markdown("##### Single factors of the model")
    st.caption("1 is what the data say, 0 leaves a factor out, 2 lets it count double.")
    with st.grid(2, min_column_width=NARROWEST):
        weights = {factor.name: _slider(factor, tuning, policy, frozen) for factor in factors[:SHOWN]}
    if further := factors[SHOWN:]:
        with st.expander(words.counted(len(further), "more factor"), icon=":material/tune:"), \
                st.grid(2, min_column_width=NARROWEST):
            weights |= {factor.name: _slider(factor, tuning, policy, frozen) for factor in further}
    with st.expander("Whole families of factors", icon=":material/stacks:"):
        st.caption("Multiplies the sliders of all factors of a family at once.")
        families = _families(factors, tuning, frozen)
    told = {factor.name: min(max(MOST, weights[factor.name]), round(weights[factor.name] * families[factor.group], 2))
            for factor in factors}
    # weights of columns this model does not look at stay as they are
    others = {name: weight for name, weight in policy.factor_weights.items() if name not in told}
    moved = {name: weight for name, weight in told.items() if weight != AS_LEARNED or name in policy.factor_weights}
    return {"factor_weights": others | moved}


def _slider(factor: policies.Factor, tuning: Tuning, policy: Any, frozen: bool) -> float:
    now = policy.factor_weights.get(factor.name, AS_LEARNED)
    if factor.name in policy.switched_off:
        st.caption(f"{words.escape(factor.label)} is switched off.")
        return now
    return st.slider(words.escape(factor.label), 0.0, max(MOST, now), step=STEP, format="%.1f",
                     key=tuning.key(f"factor-{factor.name}", now), disabled=frozen)


def _families(factors: list[policies.Factor], tuning: Tuning, frozen: bool) -> dict[str, float]:
    names = list(dict.fromkeys(factor.group for factor in factors))
    with st.grid(2, min_column_width=NARROWEST):
        return {name: st.slider(f"All of {words.GROUP_WORDS.get(name, name)}", 0.0, MOST, step=STEP, format="%.1f",
                                key=tuning.key(f"family-{name}", AS_LEARNED), disabled=frozen)
                for name in names}
