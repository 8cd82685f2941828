"""Spend: what sources, campaigns and the tool cost, entered by hand or read from a file, and taken back again."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.schema import SpendKind
from leadscore.services import spend
from leadscore.services.spend import SpendEntry, SpendImported
from pages.shared import Context
from pages.widgets import currency_rates, notices, words
from pages.widgets.currency_rates import CURRENCIES

KINDS = {str(SpendKind.LEADS): "Leads", str(SpendKind.TOOL): "This tool"}


def draw(context: Context, *, currency: str) -> None:
    """Draw the amounts there are, a form for one more, a place for a file, and the rates of other currencies.

    The form begins with the currency given: that of most of the revenue.
    """
    may_edit = context.actor.may(Action.EDIT_LEADS)
    known = spend.list_spend(context.workbench, context.actor, client=context.client)
    if known.empty:
        st.caption("Nothing is entered yet. With what your sources cost, this page tells what a conversion costs and "
                   "what comes back.")
    if may_edit:
        by_hand, by_file = st.tabs(["Enter an amount", "Read a file"])
        with by_hand, notices.refusals():
            _by_hand(context, currency)
        with by_file, notices.refusals():
            _by_file(context)
    if not known.empty:
        _list(context, known, may_edit)
    currency_rates.draw(context)


def _by_hand(context: Context, usual: str) -> None:
    today = context.workbench.clock().date()
    # Enter chooses a currency or a date; it must not add what is half filled in
    with st.form("spend", border=False, clear_on_submit=False, enter_to_submit=False):
        kind = st.segmented_control("What was it spent on?", list(KINDS), format_func=KINDS.__getitem__,
                                    default=str(SpendKind.LEADS), required=True, key="spend_kind",
                                    help="Leads: advertising, fairs, lists. This tool: what running this workbench "
                                         "costs, people's time included; no source or campaign is needed.")
        with st.container(horizontal=True):
            source = st.text_input("Source", key="spend_source", placeholder="Google Ads", width=180)
            campaign = st.text_input("Campaign", key="spend_campaign", placeholder="Any", width=180)
            amount = st.number_input("Spent", 0.0, 1e12, key="spend_amount", step=100.0, width=140)
            currency = st.selectbox("Currency", list(dict.fromkeys([usual, *CURRENCIES] if usual else CURRENCIES)),
                                    key="spend_currency", accept_new_options=True, width=110)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            starts = st.date_input("From", today.replace(day=1), key="spend_from", width=160)
            ends = st.date_input("To", today, key="spend_to", width=160)
            pressed = st.form_submit_button("Add", type="primary", key="spend_add")
    if pressed and not amount:
        st.warning("Say how much was spent.", icon=":material/payments:")
    elif pressed:
        entry = SpendEntry(_day(starts), _day(ends), float(amount), str(currency or ""), source, campaign,
                           str(kind))
        added = spend.add_spend(context.workbench, context.actor, client=context.client, entry=entry)
        notices.say_after_rerun("Added." if added else "This amount stands there already.")
        st.rerun()


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _by_file(context: Context) -> None:
    st.caption("A CSV or Excel file with columns such as Month (or From and To), Source, Campaign, Spend and Currency. "
               "A column Kind may say 'leads' or 'tool'; without it everything was spent on leads.")
    upload = st.file_uploader("File of spend", ["csv", "tsv", "txt", "xlsx"], key="spend_file",
                              label_visibility="collapsed")
    if upload is not None and st.button("Keep these amounts", type="primary", key="spend_keep"):
        brought = spend.import_spend(context.workbench, context.actor, client=context.client,
                                     source=upload.getvalue(), filename=upload.name)
        st.session_state["spend_brought"] = brought
        st.rerun()
    if (brought := st.session_state.pop("spend_brought", None)) is not None:
        _brought(brought)


def _brought(brought: SpendImported) -> None:
    known = f", {brought.known:,} were there already" if brought.known else ""
    st.success(f"{words.counted(brought.kept, 'amount')} added{known}.", icon=":material/check_circle:")
    if len(brought.refused):
        st.warning(f"{words.counted(len(brought.refused), 'row')} could not be read and were left out.",
                   icon=":material/warning:")
        st.dataframe(brought.refused, hide_index=True, column_config={"row": "Row", "column": "Column",
                                                                      "message": "What is wrong"})


def _list(context: Context, known: pd.DataFrame, may_edit: bool) -> None:
    event = st.dataframe(
        known.assign(kind=known["kind"].map(KINDS)), hide_index=True, height=min(44 + 35 * len(known), 320),
        placeholder=words.MISSING, key="spend_list",
        column_order=["kind", "source", "campaign", "starts", "ends", "amount", "currency", "filename", "created_by"],
        on_select="rerun" if may_edit else "ignore", selection_mode="multi-row", alt="Spend, newest period first",
        column_config={"kind": "Spent on", "source": "Source", "campaign": "Campaign", "starts": "From", "ends": "To",
                       "amount": st.column_config.NumberColumn("Spent", format="%.2f"), "currency": "Currency",
                       "filename": "File", "created_by": "By"})
    rows = event.selection.rows if may_edit else []
    if may_edit and st.button("Forget the ticked ones", key="spend_forget", icon=":material/delete:",
                              disabled=not rows):
        with notices.refusals():
            gone = spend.remove_spend(context.workbench, context.actor, client=context.client,
                                      spend_ids=[int(known["id"].iloc[row]) for row in rows])
            notices.say_after_rerun(f"{words.counted(gone, 'amount')} forgotten.")
            st.rerun()
