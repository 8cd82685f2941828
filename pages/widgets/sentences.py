"""Plain sentences beside the figures, each with the way to where something can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from leadscore.access import Action
from leadscore.services.insight import NextAction, Sentence, SentenceKind
from pages.shared import Context
from pages.widgets import words

BADGES = {
    SentenceKind.CHANGE: ":blue-badge[:material/trending_up: Changed]",
    SentenceKind.UNCERTAIN: ":orange-badge[:material/help: Not certain]",
    SentenceKind.NEXT: ":green-badge[:material/arrow_circle_right: Next]",
}


@dataclass(frozen=True)
class Way:
    """A page with what its address says, for those who may do something there."""

    label: str
    page: str
    address: tuple[tuple[str, str], ...]
    needs: Action


WAYS = {
    NextAction.IMPORT_LEADS: Way("Upload leads", "upload.py", (), Action.IMPORT_LEADS),
    NextAction.OPEN_HIGH_UNCONTACTED: Way("Open them", "leads.py", (("tier", "High"), ("outcome", "New")),
                                          Action.VIEW_LEADS),
    NextAction.RECORD_OUTCOMES: Way("Open the list", "leads.py", (("open", "true"),), Action.EDIT_LEADS),
    NextAction.TRAIN: Way("Train a model", "settings.py", (("tab", "Training"),), Action.TRAIN_MODEL),
    NextAction.RETRAIN: Way("Train again", "settings.py", (("tab", "Training"),), Action.TRAIN_MODEL),
    NextAction.SET_THRESHOLD: Way("Change it", "settings.py", (("tab", "Scoring"),), Action.EDIT_POLICY),
    NextAction.LOOK_AT_DRIFT: Way("See how much", "audit.py", (("tab", "Drift"),), Action.VIEW_AUDIT),
}
HERE = {NextAction.ENTER_SPEND: "Enter it", NextAction.SET_RATES: "Enter rates"}
"""What is done on this page, under its tab of money."""


def draw(context: Context, sentences: Sequence[Sentence]) -> None:
    """Draw the sentences, one below the other."""
    if not sentences:
        return
    with st.container(border=True, gap="small", key="sentences"):
        for place, sentence in enumerate(sentences):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{BADGES[sentence.kind]} {words.escape(sentence.text)}", width="stretch")
                _way(context, sentence, place)


def _way(context: Context, sentence: Sentence, place: int) -> None:
    if sentence.action == NextAction.LOOK_AT_SOURCE and sentence.target:
        st.button("Only this source", key=f"sentence-{place}", icon=":material/filter_alt:", type="tertiary",
                  on_click=_only_source, args=(sentence.target,))
        return
    if sentence.action in HERE and context.actor.may(Action.EDIT_LEADS):
        st.button(HERE[sentence.action], key=f"sentence-{place}", icon=":material/arrow_forward:", type="tertiary",
                  on_click=_show_money)
        return
    way = WAYS.get(sentence.action) if sentence.action else None
    if way and context.actor.may(way.needs):
        st.page_link(way.page, label=way.label, icon=":material/arrow_forward:", query_params=dict(way.address),
                     width="content")


def _show_money() -> None:
    st.session_state["show"] = "Money"


def _only_source(name: str) -> None:
    st.session_state["of_source"] = [name]
