"""Where tiers are cut, and what each of them asks people to do by when."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.widgets.tuning import Tuning

WHOLE = 100
MODES = {"threshold": "By score", "rank": "The best share", "capacity": "As many as we can call"}
USUAL_CAPACITY = 100
LONGEST_DEADLINE = 365.0


def draw(tuning: Tuning, policy: Any, frozen: bool) -> dict[str, Any]:
    """Draw how tiers are cut and what they ask for; give it as plain values."""
    mode = st.segmented_control("High priority is …", list(MODES), key=tuning.key("mode", str(policy.tier_mode)),
                                required=True, format_func=MODES.__getitem__, disabled=frozen)
    chosen: dict[str, Any] = {"tier_mode": mode}
    low, high = policy.thresholds.low, policy.thresholds.high
    if mode == "threshold":
        low, high = st.slider("Medium from … High from …", 0, WHOLE, key=tuning.key("tiers", (round(low), round(high))),
                              disabled=frozen)
    if mode == "rank":
        chosen["top_share"] = st.slider(
            "Best share", 1, widest_share(policy), format="%d %%",
            key=tuning.key("share", round(WHOLE * policy.top_share)), disabled=frozen,
            help=f"Medium are the next {round(WHOLE * policy.medium_share)} %.") / WHOLE
    if mode == "capacity":
        chosen["capacity"] = st.number_input("Leads we can call", 1, step=10, disabled=frozen,
                                             key=tuning.key("capacity", policy.capacity or USUAL_CAPACITY),
                                             help="So many of the best leads are High; twice as many more are Medium.")
    qualified = st.slider("A lead counts as qualified from", 0, WHOLE, disabled=frozen,
                          key=tuning.key("qualified", round(policy.thresholds.qualified)))
    chosen["thresholds"] = {"qualified": qualified, "high": high, "low": low}
    with st.expander("What each tier asks for", icon=":material/checklist:"):
        chosen["tier_rules"] = [_rule(tuning, rule, frozen) for rule in policy.tier_rules]
    return chosen


def widest_share(policy: Any) -> int:
    """Say how many per cent of the leads can be High beside those that are Medium."""
    return round(WHOLE * (1 - policy.medium_share))


def _rule(tuning: Tuning, rule: Any, frozen: bool) -> dict[str, Any]:
    tier = str(rule.tier)
    st.markdown(f"**{tier}**")
    first, second, third = st.columns([5, 2, 4])
    action = first.text_input("What to do", key=tuning.key(f"action-{tier}", rule.action), max_chars=100,
                              disabled=frozen)
    days = second.number_input("Days", 0.0, LONGEST_DEADLINE, step=1.0, format="%g", disabled=frozen,
                               key=tuning.key(f"days-{tier}", float(rule.deadline_days)))
    deadline = third.text_input("In words", key=tuning.key(f"deadline-{tier}", rule.deadline_text), max_chars=60,
                                disabled=frozen)
    usual = tuple(round(WHOLE * share) for share in rule.expected_conversion)
    low, high = st.slider("Share that usually converts", 0, WHOLE, key=tuning.key(f"usual-{tier}", usual),
                          format="%d %%", disabled=frozen)
    expected = rule.expected_conversion if (low, high) == usual else (low / WHOLE, high / WHOLE)
    return {"tier": tier, "action": action, "deadline_days": days, "deadline_text": deadline,
            "expected_conversion": expected}
