"""One small question at the end of a page: whether the scores help."""

from __future__ import annotations

import streamlit as st

from leadscore.services import opinions
from pages.shared import Context
from pages.widgets import notices, words

QUESTION = "Do these scores help you decide whom to call?"


def ask(context: Context, place: str) -> None:
    """Ask, or thank a person who has answered today; another click changes the answer.

    Parameters
    ----------
    place : str
        The page, as ``services.opinions.Place`` names it.
    """
    known = opinions.opinions(context.workbench, context.actor, client=context.client)
    key = f"opinion-{place}-{context.client}"
    # what was said on another page, or before this visit, stands here too
    if known.mine is not None:
        st.session_state[key] = int(known.mine)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="left"):
        st.markdown(f":small[:gray[{QUESTION}]]", width="content")
        st.feedback("thumbs", key=key, on_change=_answer, args=(context, place, key))
        if known.mine is not None:
            st.markdown(f":small[:gray[{_thanks(known.satisfaction)}]]", width="content")


def _answer(context: Context, place: str, key: str) -> None:
    said = st.session_state.get(key)
    if said is None:
        # a second click on the same thumb takes nothing back
        return
    with notices.refusals():
        opinions.give_opinion(context.workbench, context.actor, client=context.client, helpful=bool(said), place=place)


def _thanks(satisfaction: opinions.Satisfaction) -> str:
    if satisfaction.people < 2:
        return "Thank you."
    return f"Thank you. {satisfaction.helpful:,} of {words.counted(satisfaction.people, 'person', 'people')} say yes."
