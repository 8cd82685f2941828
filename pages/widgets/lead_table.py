"""A table of leads whose names open them, for lists beside the ranked one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.widgets import words

OPENED = "opened_from_table"
TALLEST = 15


def draw(frame: pd.DataFrame, columns: dict[str, Any], *, key: str, label: str) -> None:
    """Draw leads; a click on a name opens the lead.

    Parameters
    ----------
    frame : DataFrame
        With ``lead_id``, ``name`` and ``company``.
    columns : dict
        Further columns in their order, as ``st.dataframe`` configures them; those nobody has a value for are left out.
    """
    if (opened := st.session_state.pop(OPENED, None)) is not None:
        st.switch_page("lead.py", query_params={"lead": str(opened)})
    known = frame["name"].notna() & (frame["name"] != "")
    shown = frame.assign(name=frame["name"].where(known, frame["company"])
                         .fillna("Lead " + frame["lead_id"].astype("str")))
    for name, wording in (("tier", {}), ("intent", {}), ("outcome", words.STAGE_WORDS)):
        if name in shown:
            shown[name] = [[] if words.is_missing(value) else [wording.get(value, value)] for value in frame[name]]
    opener = st.column_config.ButtonColumn(
        "Lead", width=170, pinned=True, type="tertiary", alignment="left", help="Click a name to open the lead.",
        on_click=_open, args=(frame["lead_id"].tolist(), f"{key}-open"), key=f"{key}-open")
    order = ["name", *(name for name in columns if name in frame and not frame[name].isna().all())]
    st.dataframe(shown, hide_index=True, key=key, height=min(44 + 35 * len(shown), 44 + 35 * TALLEST),
                 placeholder=words.MISSING, column_order=order, alt=label, column_config={"name": opener} | columns)


def levels(label: str) -> Any:
    """Configure a column of High, Medium and Low."""
    return st.column_config.MultiselectColumn(label, width=90, options=list(words.TIER_COLORS),
                                              color=list(words.TIER_COLORS.values()))


def stages(label: str) -> Any:
    """Configure a column of outcomes."""
    return st.column_config.MultiselectColumn(label, width=100, options=list(words.STAGE_WORDS.values()),
                                              color=list(words.STAGE_COLORS.values()))


def _open(lead_ids: list[int], key: str) -> None:
    click = st.session_state.get(key)
    if click is not None:
        st.session_state[OPENED] = lead_ids[click["row"]]
