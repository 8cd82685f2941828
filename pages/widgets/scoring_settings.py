"""How scores are made: sliders, what a change would do before it is saved, and the versions saved so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import models, policies
from pages.shared import Context
from pages.widgets import notices, policy_effect, policy_versions, words

WHOLE = 100
MODES = {"threshold": "By score", "rank": "The best share", "capacity": "As many as we can call"}
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
    current = policies.current_policy(context.workbench, context.actor, client=context.client)
    left, right = st.columns([5, 4], gap="large")
    with left:
        changes = _sliders(context, current)
    with right, st.container(border=True):
        policy_effect.draw(context, changes, key="policy", disabled_reason=_unfinished(changes))


# --- the sliders --------------------------------------------------------------------------------------------


def _sliders(context: Context, current: Any) -> dict[str, Any]:
    policy, version = current.policy, current.version
    frozen = not context.actor.may(Action.EDIT_POLICY)
    st.markdown("##### What counts how much")
    for group, share in _shared_out(policy.group_weights).items():
        # in the state and not as a default, since sharing out to 100 % sets them too
        st.session_state.setdefault(f"weight-{group}-v{version}", round(share))
    weights = {group: st.slider(words.GROUP_WORDS.get(group, group), 0, WHOLE, format="%d %%",
                                key=f"weight-{group}-v{version}", help=MEANING.get(group), disabled=frozen)
               for group in policy.group_weights}
    _total(weights, version)
    st.markdown("##### Rules or model")
    blend = _blend(context, policy, version, frozen)
    st.markdown("##### Tiers")
    return {"group_weights": weights} | blend | _tiers(policy, version, frozen)


def _total(weights: dict[str, int], version: int) -> None:
    total = sum(weights.values())
    if total == WHOLE:
        st.caption(":green[:material/check_circle:] Together 100 %.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":red-badge[Together {total} %; it must be 100 %]", width="content")
        st.button("Share out to 100 %", key="balance", disabled=not total, on_click=_balance, args=(weights, version))


def _unfinished(changes: dict[str, Any]) -> str:
    complete = sum(changes["group_weights"].values()) == WHOLE
    return "" if complete else "Shown as soon as the weights together are 100 %."


def _balance(weights: dict[str, int], version: int) -> None:
    for group, share in _shared_out(weights).items():
        st.session_state[f"weight-{group}-v{version}"] = share


def _shared_out(weights: Mapping[str, float]) -> dict[str, int]:
    """Keep the proportions and make the total 100; the largest takes what rounding leaves."""
    total = sum(weights.values())
    shares = {group: round(WHOLE * weight / total) for group, weight in weights.items()}
    shares[max(shares, key=lambda group: shares[group])] += WHOLE - sum(shares.values())
    return shares


def _blend(context: Context, policy: Any, version: int, frozen: bool) -> dict[str, Any]:
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    champion = next((model for model in versions if model.alias == "champion"), None)
    suggested = champion.report.get("suggested_alpha") if champion else None
    if champion is None:
        st.caption(":material/info: No model yet, so the rules decide alone. The choice below takes effect once a "
                   "model has learned from your outcomes.")
    by_data = st.toggle("Let the leads the model had not seen choose the blend", value=policy.alpha_is_suggested,
                        key=f"blend-by-data-v{version}", disabled=frozen)
    if by_data:
        if suggested is not None:
            st.caption(f"Their choice: **{words.percent(suggested, 0)}** rules, **{words.percent(1 - suggested, 0)}** "
                       "model.")
        return {"alpha_is_suggested": True}
    share = st.slider("Share of the rules", 0, WHOLE, round(WHOLE * policy.alpha), format="%d %%",
                      key=f"alpha-v{version}", disabled=frozen,
                      help="0 %: the model alone decides. 100 %: the rules alone decide.")
    return {"alpha_is_suggested": False, "alpha": share / WHOLE}


def _tiers(policy: Any, version: int, frozen: bool) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    mode = st.segmented_control("High priority is …", list(MODES), default=policy.tier_mode, required=True,
                                format_func=MODES.__getitem__, key=f"mode-v{version}", disabled=frozen)
    chosen["tier_mode"] = mode
    low, high = policy.thresholds.low, policy.thresholds.high
    if mode == "threshold":
        low, high = st.slider("Medium from … High from …", 0, WHOLE, (round(low), round(high)),
                              key=f"tiers-v{version}", disabled=frozen)
    qualified = st.slider("A lead counts as qualified from", 0, WHOLE, round(policy.thresholds.qualified),
                          key=f"qualified-v{version}", disabled=frozen)
    if mode == "rank":
        chosen["top_share"] = st.slider("Best share", 1, WHOLE, round(WHOLE * policy.top_share), format="%d %%",
                                        key=f"share-v{version}", disabled=frozen) / WHOLE
    if mode == "capacity":
        chosen["capacity"] = st.number_input("Leads we can call", 1, value=policy.capacity or 100,
                                             key=f"capacity-v{version}", disabled=frozen)
    return chosen | {"thresholds": {"qualified": qualified, "high": high, "low": low}}
