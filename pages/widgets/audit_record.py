"""Records of the trail as a table, and one of them in full: a sentence, what changed, and who was concerned."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import governance
from pages.shared import Context
from pages.widgets import notices, words


def table(context: Context, frame: pd.DataFrame) -> None:
    """Draw records, newest first; a chosen one is told in full below."""
    shown = frame.assign(
        what=[governance.words_of(action).label for action in frame["action"]],
        told=[governance.in_short(detail) for detail in frame["detail"]],
        object=frame["object"].str.replace("batch:", "import ").str.replace(":", " "),
        at=pd.to_datetime(frame["at"], utc=True))
    state = st.dataframe(
        shown, hide_index=True, placeholder=words.MISSING, alt="Audit entries, newest first", key="audit_rows",
        height=min(44 + 35 * len(shown), 560), column_order=["seq", "at", "actor", "what", "object", "told"],
        on_select="rerun", selection_mode="single-row",
        column_config={
            "seq": st.column_config.NumberColumn("No.", width=64, format="localized"),
            "at": st.column_config.DatetimeColumn("When", width=170, format="D MMM YYYY, HH:mm:ss"),
            "actor": st.column_config.TextColumn("Who", width=110),
            "what": st.column_config.TextColumn("What", width=160),
            "object": st.column_config.TextColumn("On", width=110),
            "told": st.column_config.TextColumn("Details", width="large")})
    chosen = [place for place in state.selection.rows if place < len(frame)]
    if chosen:
        _full(context, frame.iloc[chosen[0]])


def _full(context: Context, record: Any) -> None:
    with st.container(border=True):
        told = governance.sentence(record["actor"], record["action"], record["object"])
        st.markdown(f"**{words.escape(told)}**  \n:small[:gray[Entry {record['seq']:,} · "
                    f"{words.minute(pd.Timestamp(record['at']).to_pydatetime())} UTC]]")
        changes, others = governance.changes_of(record["detail"]), governance.others_of(record["detail"])
        if len(changes):
            st.dataframe(changes, hide_index=True, alt="What changed", height=min(44 + 35 * len(changes), 400),
                         column_config={"what": "What", "before": "Before", "after": "After"})
        if len(others):
            st.dataframe(others, hide_index=True, alt="What else the entry says",
                         height=min(44 + 35 * len(others), 300), column_config={"what": "What", "value": "Says"})
        _sealed(context, record)
        _link(record["object"])


def _sealed(context: Context, record: Any) -> None:
    """Offer the personal details of a record, for those who may see them; looking is recorded too."""
    if "sealed" not in governance.details_of(record["detail"]) or not context.actor.may(Action.VIEW_PERSONAL_DATA):
        return
    if st.button("Show the personal details", icon=":material/lock_open:", key=f"sealed-{record['seq']}",
                 help="That you have looked is recorded."):
        with notices.refusals():
            found = governance.sealed_details(context.workbench, context.actor, client=context.client,
                                              seq=int(record["seq"]))
            if found is None:
                st.info("The person has been erased: what this entry said about them cannot be read any more.")
            else:
                st.dataframe(governance.changes_of(found), hide_index=True, alt="Personal values before and after",
                             column_config={"what": "What", "before": "Before", "after": "After"})


def _link(about: str) -> None:
    kind, _, number = str(about).partition(":")
    if kind == "lead" and number.isdecimal():
        st.page_link("lead.py", label=f"Lead {number}", icon=":material/arrow_forward:", query_params={"lead": number})
