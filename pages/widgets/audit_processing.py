"""What only people know about the processing of a client's data: a form whose entries go into the reports."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import compliance
from pages.shared import Context
from pages.widgets import notices

LONGEST = 2_000
ENTRIES = {
    "controller": ("Controller", "Who decides about the data: name, address, how to reach them."),
    "contact": ("Where people can write to", "For questions, to contest a score, to object. Told in each notice."),
    "representative": ("Representative", "In the Union, where there is one."),
    "officer": ("Data protection officer", "Name and how to reach them, where there is one."),
    "purposes": ("Purposes", "What scores are used for."),
    "legal_basis": ("Legal basis", "What allows it, such as legitimate interest, and why that outweighs."),
    "recipients": ("Further recipients", "A CRM, an agency, a processor. Accounts and exports are listed anyway."),
    "transfers": ("Transfers", "Countries outside the Union the data goes to, and what safeguards it."),
    "retention": ("Further time limits", "Beside the rules of this workbench."),
    "security": ("Further security measures", "Beside those of this workbench, such as disk encryption."),
    "sold_or_shared": ("Sold or shared", "In the meaning of the CCPA: with whom, or that it is not."),
}


def draw(context: Context) -> None:
    """Draw the form."""
    may = context.actor.may(Action.EDIT_POLICY)
    known = compliance.processing_details(context.workbench, context.actor, client=context.client).as_dict()
    st.caption("The reports add to this what the workbench knows of itself. What is left empty, they call “not "
               "provided”." + ("" if may else " A manager can change it."))
    with st.form("processing", border=True):
        left, right = st.columns(2, gap="medium")
        values = {name: _entry(left if place % 2 == 0 else right, name, known[name], frozen=not may)
                  for place, name in enumerate(ENTRIES)}
        saved = st.form_submit_button("Save", type="primary", disabled=not may, key="save_processing")
    if saved:
        with notices.refusals():
            compliance.save_processing_details(context.workbench, context.actor, client=context.client, values=values)
            notices.say_after_rerun("Saved.")
            st.rerun()


def _entry(place: st.delta_generator.DeltaGenerator, name: str, value: str, *, frozen: bool) -> str:
    label, help_ = ENTRIES[name]
    return place.text_area(label, value, help=help_, max_chars=LONGEST, height=92, key=f"processing_{name}",
                           disabled=frozen) or ""
