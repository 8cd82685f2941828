"""What is sold and to whom: offers, their neighbouring industries, and leads scored by them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import offers, policies, similar
from pages.shared import Context
from pages.widgets import lead_table, look_alikes, notices, policy_effect, words

NEW = 0
SHOWN = 100
WHOLE_PRESET, ONLY_OFFER = "Score by it: 50 points for fit, 50 for intent", "Keep my scorecard, only measure fit"
BY_POINTS, BY_WORDS, BY_CUSTOMERS = "Best by points", "Closest in words", "Like our customers"
MATCH_WORDS = {"exact": "Ideal", "adjacent": "Next to it", "other": "Other"}


def draw(context: Context) -> None:
    """Draw the tab."""
    known = {view.id: view for view in offers.list_offers(context.workbench, context.actor, client=context.client)}
    chosen = _choose(context, known)
    if chosen is None:
        if context.actor.may(Action.EDIT_POLICY):
            _form(context, None, [])
        return
    found = offers.offer_neighbours(context.workbench, context.actor, client=context.client, offer_id=chosen.id)
    left, right = st.columns([5, 4], gap="large")
    with left:
        _form(context, chosen, found["industry"].tolist())
        _neighbours(found)
    with right, st.container(border=True):
        _use(context, chosen)
    _leads(context, chosen)


def _choose(context: Context, known: dict[int, offers.OfferView]) -> offers.OfferView | None:
    """Let people choose an offer, or begin a new one."""
    may_edit = context.actor.may(Action.EDIT_POLICY)
    if not known:
        notices.empty_state("sell", "No offer yet", "Write down what you sell and to whom; leads are then scored by "
                            "how well they fit it." if may_edit else "A manager can write one down.")
        return None
    numbers = [*known, NEW] if may_edit else list(known)
    if st.session_state.get("offer") not in numbers:
        st.session_state["offer"] = numbers[0]
    used = policies.current_policy(context.workbench, context.actor, client=context.client).policy.offer
    number = st.segmented_control(
        "Offer", numbers, key="offer", required=True, label_visibility="collapsed",
        format_func=lambda one: ":material/add: New offer" if one == NEW else
        words.escape(known[one].offer.name) + (" (in force)" if used == known[one].offer else ""))
    return known.get(number or NEW)


# --- writing ------------------------------------------------------------------------------------------------


def _form(context: Context, view: offers.OfferView | None, industries: list[str]) -> None:
    frozen = not context.actor.may(Action.EDIT_POLICY)
    offer, key = (view.offer, f"offer-{view.id}") if view else (None, "offer-new")
    with st.form(key, border=True):
        name = st.text_input("Name", offer.name if offer else "", key=f"{key}-name", max_chars=200, disabled=frozen)
        props = _lines("What it promises", offer.value_props if offer else (), f"{key}-props", frozen,
                       "24/7 outreach\n6x more meetings")
        cases = _lines("Ideal customers", offer.ideal_use_cases if offer else (), f"{key}-cases", frozen,
                       "B2B SaaS mid-market\nFintech")
        also = _names("Also count as next to them", offer.also_adjacent if offer else (), industries, f"{key}-also",
                      frozen)
        never = _names("Never count as next to them", offer.never_adjacent if offer else (), industries,
                       f"{key}-never", frozen)
        saved = st.form_submit_button("Save" if view else "Create", type="primary", key=f"{key}-save", disabled=frozen)
    if saved:
        values = {"name": name or "", "value_props": props, "ideal_use_cases": cases, "also_adjacent": also,
                  "never_adjacent": never}
        with notices.refusals():
            _save(context, view, values)
    if view and not frozen and st.button("Take out of use", icon=":material/archive:", key=f"{key}-retire",
                                         type="tertiary"):
        with notices.refusals():
            offers.retire_offer(context.workbench, context.actor, client=context.client, offer_id=view.id)
            notices.say_after_rerun(f"'{view.offer.name}' is out of use. Scores made by it stay.")
            st.rerun()


def _save(context: Context, view: offers.OfferView | None, values: dict[str, Any]) -> None:
    if view is None:
        made = offers.create_offer(context.workbench, context.actor, client=context.client, values=values)
    else:
        made = offers.edit_offer(context.workbench, context.actor, client=context.client, offer_id=view.id,
                                 values=values)
    # the widget that shows the choice is drawn already; the new one is first in the next run
    st.session_state.pop("offer", None)
    notices.say_after_rerun(f"Saved '{made.offer.name}'. Scores change when you score by it.")
    st.rerun()


def _lines(label: str, lines: tuple[str, ...], key: str, frozen: bool, example: str) -> list[str]:
    text = st.text_area(label, "\n".join(lines), key=key, placeholder=example, help="A line each.", height=90,
                        disabled=frozen)
    return (text or "").splitlines()


def _names(label: str, chosen: tuple[str, ...], industries: list[str], key: str, frozen: bool) -> list[str]:
    return st.multiselect(label, list(dict.fromkeys([*chosen, *industries])), default=list(chosen), key=key,
                          accept_new_options=True, placeholder="Industries", disabled=frozen)


def _neighbours(found: pd.DataFrame) -> None:
    if found.empty:
        st.caption("No lead has an industry yet.")
        return
    with st.expander("Industries of your leads", icon=":material/hub:"):
        st.caption("An industry is next to an ideal customer when their meanings are close enough; the two lists above "
                   "overrule that.")
        shown = found.assign(match=[MATCH_WORDS[match] for match in found["match"]])
        st.dataframe(shown, hide_index=True, alt="Industries with their closeness to the ideal customers",
                     column_order=["industry", "leads", "match", "closeness", "nearest"], column_config={
                         "industry": st.column_config.TextColumn("Industry", width=200),
                         "leads": st.column_config.NumberColumn("Leads", format="localized", width=70),
                         "match": st.column_config.TextColumn("Counts as", width=100),
                         "closeness": st.column_config.NumberColumn("Closeness", format="%.2f", width=90),
                         "nearest": st.column_config.TextColumn("Nearest ideal customer", width=200)})


# --- using --------------------------------------------------------------------------------------------------


def _use(context: Context, view: offers.OfferView) -> None:
    how = st.radio("Use this offer", [WHOLE_PRESET, ONLY_OFFER], key=f"offer-use-{view.id}")
    changes = offers.offer_changes(context.workbench, context.actor, client=context.client, offer_id=view.id,
                                   preset=how == WHOLE_PRESET)
    if how == ONLY_OFFER:
        st.caption("Industry match, closeness and intent become features that your own criteria may use.")
    policy_effect.draw(context, changes, key=f"offer{view.id}")


@st.fragment
def _leads(context: Context, view: offers.OfferView) -> None:
    st.markdown("##### Leads for this offer")
    what = st.segmented_control("Show", [BY_POINTS, BY_WORDS, BY_CUSTOMERS], key=f"offer-leads-{view.id}",
                                label_visibility="collapsed")
    with notices.refusals():
        if what == BY_POINTS:
            _points(_scored(context, context.client, view.id), view.id)
        elif what == BY_WORDS:
            look_alikes.table(similar.leads_like_offer(context.workbench, context.actor, client=context.client,
                                                       offer_id=view.id), key=f"offer-words-{view.id}")
        elif what == BY_CUSTOMERS:
            look_alikes.table(similar.look_alikes(context.workbench, context.actor, client=context.client),
                              key=f"offer-alike-{view.id}")
        else:
            st.caption("Choose a list; nothing is saved by looking at it.")


@st.cache_data(scope="session", max_entries=4, ttl=120, show_spinner="Scoring the leads by this offer …")
def _scored(_context: Context, client: str, offer_id: int) -> tuple[int, pd.DataFrame]:
    found = offers.score_offer(_context.workbench, _context.actor, client=client, offer_id=offer_id).frame
    return len(found), found.head(SHOWN)


def _points(scored: tuple[int, pd.DataFrame], offer_id: int) -> None:
    total, frame = scored
    if frame.empty:
        st.caption("Upload leads to score them.")
        return
    st.caption(f"The best {len(frame):,} of {words.counted(total, 'lead')}: up to 50 points by rules (role 20, "
               "industry 20, complete profile 10) and 50, 30 or 10 for intent, whatever policy is in force.")
    column = st.column_config
    lead_table.draw(frame, {
        "score": column.ProgressColumn("Score", width=110, min_value=0, max_value=100, format="%.0f"),
        "rule_score": column.NumberColumn("Rules", width=70, format="%.0f"),
        "ai_points": column.NumberColumn("Intent", width=70, format="%.0f"), "intent": lead_table.levels("Level"),
        "reasoning": column.TextColumn("Reasoning", width=300),
        "role": column.TextColumn("Role", width=170), "company": column.TextColumn("Company", width=150),
        "industry": column.TextColumn("Industry", width=150),
    }, key=f"offer-points-{offer_id}", label="Leads scored by the offer, best first")
