"""How scores are made: sliders with what a move would do, before it is saved, and the versions saved so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import models, policies
from pages.shared import Context
from pages.widgets import (
    factor_sliders,
    grid_settings,
    money_settings,
    notices,
    policy_effect,
    policy_versions,
    tier_settings,
    words,
)
from pages.widgets.tuning import Tuning

WHOLE = 100
NARROWEST = 210
"""Pixels a slider needs beside another."""
MEANING = {
    "demographic": "Who the person is: role, place, language.",
    "firmographic": "What the company is: industry, size, revenue.",
    "behavioural": "What they did: visits, downloads, time on the site.",
    "engagement": "How they answer: opens, clicks, replies.",
    "fit": "How well they match what you sell.",
}


def draw(context: Context) -> None:
    """Draw the tab."""
    with notices.refusals():
        _tune(context)
    policy_versions.draw(context)


@st.fragment
def _tune(context: Context) -> None:
    with notices.refusals():
        current = policies.current_policy(context.workbench, context.actor, client=context.client)
        tuning, frozen = Tuning(current.version), not context.actor.may(Action.EDIT_POLICY)
        left, right = st.columns([5, 4], gap="large")
        with left:
            changes, reason = _sliders(context, tuning, current.policy, frozen)
            money = st.expander("What contacts cost and bring", icon=":material/payments:")
            cells = st.expander("Fit and engagement", icon=":material/grid_on:")
        with money:
            changes |= money_settings.inputs(tuning, current.policy, frozen)
        with cells:
            grid, wrong = grid_settings.inputs(tuning, current.policy, frozen)
        with right, st.container(border=True):
            preview = policy_effect.draw(context, changes | grid, key="policy", disabled_reason=reason or wrong)
        tuning.note()
        with right:
            _way_back(tuning, frozen)
        if preview is not None:
            with money:
                money_settings.outcome(tuning, current.policy, preview, changes, frozen)
            with cells:
                grid_settings.outcome(preview)


def _sliders(context: Context, tuning: Tuning, policy: Any, frozen: bool) -> tuple[dict[str, Any], str]:
    """Draw the sliders; give what they stand at, and why that cannot be tried as it stands."""
    st.markdown("##### What counts how much")
    weights = _groups(tuning, policy, frozen)
    st.markdown("##### Rules or model")
    blend = _blend(context, tuning, policy, frozen)
    factors = factor_sliders.draw(context, tuning, policy, frozen)
    st.markdown("##### Tiers")
    tiers = tier_settings.draw(tuning, policy, frozen)
    complete = sum(weights.values()) == WHOLE
    return {"group_weights": weights} | blend | factors | tiers, \
        "" if complete else "Shown as soon as the weights together are 100 %."


# --- groups and blend ---------------------------------------------------------------------------------------


def _groups(tuning: Tuning, policy: Any, frozen: bool) -> dict[str, int]:
    shares = _shared_out(policy.group_weights)
    with st.grid(2, min_column_width=NARROWEST):
        weights = {group: st.slider(words.GROUP_WORDS.get(group, group), 0, WHOLE, format="%d %%",
                                    key=tuning.key(f"weight-{group}", round(share)), help=MEANING.get(group),
                                    disabled=frozen)
                   for group, share in shares.items()}
    total = sum(weights.values())
    if total == WHOLE:
        st.caption(":green[:material/check_circle:] Together 100 %.")
        return weights
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":red-badge[Together {total} %; it must be 100 %]", width="content")
        st.button("Share out to 100 %", key="balance", disabled=not total, on_click=_balance, args=(tuning, weights))
    return weights


def _balance(tuning: Tuning, weights: dict[str, int]) -> None:
    for group, share in _shared_out(weights).items():
        tuning.put(f"weight-{group}", share)


def _shared_out(weights: Mapping[str, float]) -> dict[str, int]:
    """Keep the proportions and make the total 100; the largest takes what rounding leaves."""
    total = sum(weights.values())
    shares = {group: round(WHOLE * weight / total) for group, weight in weights.items()}
    shares[max(shares, key=lambda group: shares[group])] += WHOLE - sum(shares.values())
    return shares


def _blend(context: Context, tuning: Tuning, policy: Any, frozen: bool) -> dict[str, Any]:
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    champion = next((model for model in versions if model.alias == "champion"), None)
    suggested = champion.report.get("suggested_alpha") if champion else None
    if champion is None:
        st.caption(":material/info: No model yet, so the rules decide alone. The choice below takes effect once a "
                   "model has learned from your outcomes.")
    by_data = st.toggle("Let the leads the model had not seen choose the blend",
                        key=tuning.key("blend-by-data", policy.alpha_is_suggested), disabled=frozen)
    if by_data:
        if suggested is not None:
            st.caption(f"Their choice: **{words.percent(suggested, 0)}** rules, **{words.percent(1 - suggested, 0)}** "
                       "model.")
        return {"alpha_is_suggested": True}
    share = st.slider("Share of the rules", 0, WHOLE, format="%d %%",
                      key=tuning.key("alpha", round(WHOLE * policy.alpha)), disabled=frozen,
                      help="0 %: the model alone decides. 100 %: the rules alone decide.")
    if suggested is not None:
        st.caption(f"The leads the model had not seen suggest {words.percent(suggested, 0)}.")
    return {"alpha_is_suggested": False, "alpha": share / WHOLE}


def _way_back(tuning: Tuning, frozen: bool) -> None:
    with st.container(horizontal=True):
        st.button("Undo the last move", icon=":material/undo:", key="undo-move", on_click=tuning.undo,
                  disabled=frozen or not tuning.can_undo())
        st.button("Back to the settings in force", icon=":material/restart_alt:", key="reset-moves",
                  on_click=tuning.reset, disabled=frozen or not tuning.can_undo())
