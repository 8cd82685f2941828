"""Rates: the currency reports are read in, and what one unit of each other currency is worth in it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.errors import InvalidRequest
from leadscore.services import currencies
from leadscore.services.currencies import RateTable
from pages.shared import Context
from pages.widgets import notices, words

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "INR")
APART = "Each by itself"
UNNAMED = "none named"


def draw(context: Context) -> None:
    """Draw the rates there are, and for those who may a table to change them."""
    known = currencies.current_rates(context.workbench, context.actor, client=context.client)
    st.markdown("**Currencies**")
    st.caption(_told(known))
    if context.actor.may(Action.EDIT_LEADS):
        with notices.refusals():
            _form(context, known)


def _told(known: RateTable) -> str:
    if not known.report:
        return "Amounts in different currencies are kept apart. With a currency for reports and a rate for each of " \
               "the others, they become one figure."
    rates = " · ".join(f"1 {given.currency or '(no currency named)'} = {given.rate:g} {known.report}, given "
                       f"{given.day} by {words.escape(given.by)}" for given in known.rates)
    return f"Reports are in {known.report}. " + (f"{rates}. Currencies without a rate are kept apart." if rates else
                                                "No rate is given yet: other currencies are kept apart.")


def _form(context: Context, known: RateTable) -> None:
    choices = list(dict.fromkeys(["", *CURRENCIES, known.report]))
    with st.form("currency_rates", border=False):
        report = st.selectbox("Reports are in", choices, index=choices.index(known.report), width=200,
                              format_func=lambda code: code or APART, accept_new_options=True, key="rates_report")
        edited = st.data_editor(
            _table(known), num_rows="dynamic", hide_index=True, key="rates_table", width=420, column_config={
                "currency": st.column_config.TextColumn(
                    "One", help=f"A code such as USD; '{UNNAMED}' for amounts without a currency.", max_chars=12),
                "rate": st.column_config.NumberColumn("is worth", format="%.6g", help="In the currency of reports.")})
        pressed = st.form_submit_button("Save rates", key="rates_save")
    if pressed:
        currencies.save_rates(context.workbench, context.actor, client=context.client, report=str(report or ""),
                              rates=_read(edited))
        notices.say_after_rerun("Saved: money on this page is converted by these rates from now on.")
        st.rerun()


def _table(known: RateTable) -> pd.DataFrame:
    return pd.DataFrame({
        "currency": pd.array([given.currency or UNNAMED for given in known.rates], dtype="str"),
        "rate": pd.array([given.rate for given in known.rates], dtype="float64")})


def _read(edited: pd.DataFrame) -> dict[str, float]:
    filled = edited[edited["currency"].notna() & (edited["currency"].fillna("").str.strip() != "")]
    codes = filled["currency"].str.strip().mask(lambda names: names.str.lower() == UNNAMED, "")
    if codes.duplicated().any():
        raise InvalidRequest("rate_twice", "One currency has two rates.", "Keep one of them.")
    return dict(zip(codes.tolist(), filled["rate"].astype(float).tolist(), strict=True))
