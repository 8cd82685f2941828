"""What each source or campaign cost and brought, as a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.widgets import words


def draw(returns: pd.DataFrame, name: str) -> None:
    """Draw a line for each group and currency; nothing where no amount is known.

    Parameters
    ----------
    name : {"source", "campaign"}
        The column with the groups.
    """
    if returns.empty:
        return
    # nothing entered is not the same as nothing spent
    shown = returns.assign(return_on_spend=100 * returns["return_on_spend"],
                           spend=returns["spend"].where(returns["spend"] > 0),
                           currency=returns["currency"].replace("", "none named"))
    with st.container(border=True):
        st.markdown(f"**What each {name} cost and brought**")
        st.dataframe(
            shown, hide_index=True,
            placeholder=words.MISSING, alt=f"Spend, revenue, cost per conversion and return by {name}", column_config={
                name: st.column_config.TextColumn(name.capitalize(), pinned=True), "currency": "Currency",
                "spend": st.column_config.NumberColumn("Spent", format="localized"),
                "revenue": st.column_config.NumberColumn("Revenue", format="localized"),
                "cost_per_conversion": st.column_config.NumberColumn("Cost per conversion", format="%.0f"),
                "return_on_spend": st.column_config.NumberColumn("Return on spend", format="%.0f %%")})
