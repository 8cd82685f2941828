"""Reports: the name, colour and logo they go out under, with the head of one as it would look."""

from __future__ import annotations

from base64 import b64encode

import streamlit as st

from leadscore.access import Action
from leadscore.services import branding
from pages.shared import Context
from pages.widgets import notices

HEAD_HEIGHT = 240


def draw(context: Context) -> None:
    """Draw what can be chosen, and what comes of it."""
    may_edit = context.actor.may(Action.EDIT_POLICY)
    brand = branding.current_brand(context.workbench, context.actor, client=context.client)
    st.caption("What is downloaded as a report goes out under this name, colour and logo.")
    left, right = st.columns([2, 3], gap="large")
    with left:
        name = st.text_input("Name on reports", brand.name, max_chars=80, key="brand_name", disabled=not may_edit,
                             help="Left empty, the name of the client.")
        colour = st.color_picker("Accent colour", brand.colour, key="brand_colour", disabled=not may_edit,
                                 help="For lines and the name. A light colour is darkened where it is text.")
        logo = _logo(context, brand.logo, may_edit)
        with notices.refusals():
            _buttons(context, name, colour, logo, may_edit, changed=(name.strip(), colour.lower(), logo) != (
                brand.name, brand.colour, None))
    with right, notices.refusals():
        st.markdown("**The head of a report**")
        page = branding.preview_brand(context.workbench, context.actor, client=context.client, name=name,
                                      colour=colour, logo=logo)
        # in a frame of no origin, which could reach nothing of this page
        st.iframe(f"data:text/html;charset=utf-8;base64,{b64encode(page.encode()).decode()}", height=HEAD_HEIGHT,
                  alt="Preview of the head of a report")


def _logo(context: Context, known: bytes | None, may_edit: bool) -> bytes | None:
    """Let a person choose a logo; None where the one in force stays."""
    upload = st.file_uploader("Logo", ["png", "jpg", "jpeg"], key=f"brand_logo_{_round()}", max_upload_size=1,
                              disabled=not may_edit, help="PNG or JPEG, 200 kB at most.")
    if known and may_edit and st.button("Remove the logo", key="brand_logo_remove", icon=":material/delete:"):
        with notices.refusals():
            branding.remove_logo(context.workbench, context.actor, client=context.client)
            _done("The logo is removed.")
    return upload.getvalue() if upload else None


def _buttons(context: Context, name: str, colour: str, logo: bytes | None, may_edit: bool, *, changed: bool) -> None:
    if may_edit and st.button("Save", type="primary", key="brand_save", disabled=not changed):
        branding.save_brand(context.workbench, context.actor, client=context.client, name=name, colour=colour,
                            logo=logo)
        _done("Saved.")


def _round() -> int:
    """Count the saves of this visit: an uploader forgets its file only under a new name."""
    return int(st.session_state.get("brand_round", 0))


def _done(message: str) -> None:
    st.session_state["brand_round"] = _round() + 1
    notices.say_after_rerun(message)
    st.rerun()
