"""One shape for messages: refused requests in plain words, and what to do on a page with nothing on it yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from leadscore.errors import LeadScoreError

FLASH = "flash_message"


@contextmanager
def refusals() -> Iterator[None]:
    """Show a refused request as a sentence with its way out, where the page would have gone on."""
    try:
        yield
    except LeadScoreError as error:
        show_refusal(error)


def show_refusal(error: LeadScoreError) -> None:
    """Draw one refusal."""
    st.error(error.hint or " ", title=error.message, icon=":material/error:") if error.hint else st.error(
        error.message, icon=":material/error:")


def say_after_rerun(message: str) -> None:
    """Keep a confirmation until the page has drawn itself anew."""
    st.session_state[FLASH] = message


def say_pending() -> None:
    """Show the confirmation of what the last click did."""
    if message := st.session_state.pop(FLASH, None):
        st.toast(message, icon=":material/check_circle:", duration="long")


def offer_upload() -> None:
    """Draw the first action of an empty page."""
    with st.container(horizontal_alignment="center"):
        if st.button("Upload leads", icon=":material/upload:", type="primary", key="to-upload"):
            st.switch_page("upload.py")


def empty_state(icon: str, title: str, sentence: str) -> None:
    """Draw a quiet centred notice; the caller puts the first action below it."""
    with st.container(horizontal_alignment="center"):
        st.space("medium")
        st.markdown(f"# :gray[:material/{icon}:]", text_alignment="center", width="content")
        st.subheader(title, text_alignment="center", anchor=False, width="content")
        st.markdown(f":gray[{sentence}]", text_alignment="center", width="content")
