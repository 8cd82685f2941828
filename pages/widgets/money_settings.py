"""What a contact costs and a conversion brings, and how many leads it pays to contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from leadscore.charts.economics import profit_curve
from pages.widgets import words
from pages.widgets.tier_settings import widest_share
from pages.widgets.tuning import Tuning

WHOLE = 100
QUIET = {"displayModeBar": False}


def inputs(tuning: Tuning, policy: Any, frozen: bool) -> dict[str, Any]:
    """Draw the amounts; give them as plain values."""
    economics = policy.economics
    first, second, third = st.columns([3, 3, 2])
    cost = first.number_input("A contact costs", 0.0, step=1.0, format="%g", placeholder="Not known", disabled=frozen,
                              value=None, key=tuning.key("cost", economics.cost_per_contact))
    value = second.number_input("A conversion brings", 0.0, step=100.0, format="%g", placeholder="Not known",
                                value=None, disabled=frozen, key=tuning.key("value", economics.value_per_conversion))
    currency = third.text_input("Currency", key=tuning.key("currency", economics.currency), max_chars=8,
                                disabled=frozen)
    return {"economics": {"cost_per_contact": cost, "value_per_conversion": value,
                          "currency": currency.strip() or economics.currency}}


def outcome(tuning: Tuning, policy: Any, preview: Any, wished: Mapping[str, Any], frozen: bool) -> None:
    """Draw how far down the ranking contacts pay under the wished settings, with a button that cuts the tiers there."""
    profit, currency, mode = preview.held_out.profit, wished["economics"]["currency"], wished["tier_mode"]
    if profit is None:
        st.caption("With both amounts known, and enough leads whose end is known, this shows how many leads it pays to "
                   "contact.")
        return
    if profit.score is None:
        st.warning("With these amounts contacting nobody is best: even the best leads bring less than the contacts "
                   "cost.", icon=":material/block:")
    else:
        st.markdown(_sentence(profit, currency))
    st.plotly_chart(profit_curve(profit.curve, best=profit.share.value, currency=currency), config=QUIET,
                    key="profit-curve")
    if profit.score is not None:
        st.button(_offer(policy, profit, preview, mode), icon=":material/content_cut:", key="cut-there",
                  disabled=frozen, on_click=_cut_there, args=(tuning, policy, profit, preview, mode))


def _sentence(profit: Any, currency: str) -> str:
    best, money = profit.share, profit.profit
    return (f"It pays most to contact the best **{words.percent(best.value, 0)}** of the open leads "
            f"(95 %: {words.percent(best.low, 0)} to {words.percent(best.high, 0)}), {profit.contacts:,} leads: about "
            f"**{words.money(money.value, currency)}** ({words.money(money.low, currency)} to "
            f"{words.money(money.high, currency)}).")


def _offer(policy: Any, profit: Any, preview: Any, mode: str) -> str:
    if mode == "threshold":
        return f"High from a score of {_score(profit)}"
    if mode == "capacity":
        return f"Call the best {_leads(profit, preview):,} of all leads"
    return f"High are the best {_share(policy, profit)} %"


def _cut_there(tuning: Tuning, policy: Any, profit: Any, preview: Any, mode: str) -> None:
    if mode == "threshold":
        tuning.put("tiers", (min(round(policy.thresholds.low), _score(profit)), _score(profit)))
    elif mode == "capacity":
        tuning.put("capacity", _leads(profit, preview))
    else:
        tuning.put("share", _share(policy, profit))


def _score(profit: Any) -> int:
    return int(profit.score)


def _share(policy: Any, profit: Any) -> int:
    return min(max(1, round(WHOLE * profit.share.value)), widest_share(policy))


def _leads(profit: Any, preview: Any) -> int:
    return max(1, round(profit.share.value * preview.stored))
