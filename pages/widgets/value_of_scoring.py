"""What scoring is worth: a sentence and two pictures, beside an order of before that people choose."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import value
from leadscore.services.value import ListView, Orders
from pages.shared import Context
from pages.widgets import notices, pictures, words

IN_URL = "query-params"
SHARES = list(range(value.LEAST_SHARE, value.MOST_SHARE + 1, 5))


def draw(context: Context, view: ListView) -> None:
    """Draw the value of scoring for the leads of a view."""
    st.subheader("What scoring is worth", anchor=False)
    orders = value.call_orders(context.workbench, context.actor, client=context.client)
    order, share = _choose(context, orders)
    with notices.refusals():
        _compare(context, view, order, share)
    with notices.refusals():
        _by_chance(context, view)


def _compare(context: Context, view: ListView, order: str, share: int) -> None:
    found = value.scoring_value(context.workbench, context.actor, client=context.client, view=view, order=order,
                                share=share)
    if found.value is None:
        st.info(found.sentence, icon=":material/hourglass_empty:")
        return
    st.markdown(f"**{words.escape(found.sentence)}**")
    if found.value.unknown:
        st.caption(f"{words.counted(found.value.unknown, 'lead')} of {found.value.leads:,} have no value in the "
                   "order of before: it calls them last.")
    left, right = st.columns(2, gap="medium")
    for place, picture in zip((left, right), found.pictures, strict=True):
        with place:
            pictures.draw(context, picture)


def _choose(context: Context, orders: Orders) -> tuple[str, int]:
    labels = {choice.key: choice.label for choice in orders.choices}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Before there were scores, leads were called", list(labels), key="called_by",
                              index=list(labels).index(orders.before), bind=IN_URL, width=320,
                              format_func=labels.__getitem__)
        share = st.select_slider("Leads called", SHARES, value=20, key="called_share", bind=IN_URL, width=240,
                                 format_func=lambda part: f"the best {part} %")
        if chosen != orders.before and context.actor.may(Action.EDIT_LEADS):
            st.button("Keep as our order", icon=":material/bookmark:", key="keep_order", on_click=_keep,
                      args=(context, chosen), help="Everybody who opens this page then compares with it.")
    return chosen, int(share)


def _keep(context: Context, order: str) -> None:
    with notices.refusals():
        value.save_order(context.workbench, context.actor, client=context.client, order=order)
        notices.say_after_rerun("Kept: from now on scores are compared with this order.")


def _by_chance(context: Context, view: ListView) -> None:
    found = value.held_back_leads(context.workbench, context.actor, client=context.client, view=view)
    st.markdown("**The best beside leads picked by chance**")
    if found.others:
        st.markdown(words.escape(found.sentence))
        st.caption(f"{words.counted(found.others, 'lead')} came into exported lists by chance beside "
                   f"{found.best:,} of the best; rates are of those whose end is known.")
    else:
        st.caption("Teams call the leads with high scores, so nobody learns what the others would have done. A few of "
                   "these in each exported list of the best, picked by chance and not marked, keep the comparison "
                   "honest.")
    may_edit = context.actor.may(Action.EDIT_POLICY)
    now = round(100 * found.share)
    if may_edit:
        wanted = st.slider("Leads by chance, for every 100 of an exported list of the best", 0, round(100 * value.MOST),
                           now, key="held_back_share", width=420)
        if wanted != now:
            st.button("Save", type="primary", key="held_back_save", on_click=_save_share, args=(context, wanted))
    elif found.share:
        st.caption(f"Exported lists of the best hold {now} leads by chance for every 100.")


def _save_share(context: Context, percent: int) -> None:
    with notices.refusals():
        value.save_held_back_share(context.workbench, context.actor, client=context.client,
                                   held_back_share=percent / 100)
        notices.say_after_rerun(f"Saved: {percent} leads by chance for every 100 of a list." if percent
                                else "Saved: exported lists hold nobody by chance.")
