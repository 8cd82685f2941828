"""One person: found by address, number or lead, given what is stored, and erased if they ask."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import data_rights, privacy
from pages.shared import Context
from pages.widgets import notices, words

BY = {"email": "E-mail", "phone": "Phone", "lead_id": "Number of a lead"}


def draw(context: Context) -> None:
    """Draw the search, what was found and what can be done with it."""
    with st.container(border=True):
        st.markdown("**One person**  \n:small[:gray[Everything that is stored about them, to give out, to take along "
                    "or to erase.]]")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            by = st.selectbox("Known by", list(BY), format_func=BY.__getitem__, key="person_by", width=180)
            typed = st.text_input(BY[by], key="person_typed", placeholder="The whole address or number", width=320)
        told = st.session_state.pop("person_erased", None)
        if told:
            _say_erased(told)
        if typed.strip():
            with notices.refusals():
                _found(context, _who(by, typed.strip()))


def _who(by: str, typed: str) -> dict[str, Any]:
    if by != "lead_id":
        return {by: typed}
    return {by: int(typed) if typed.isdecimal() else 0}


def _found(context: Context, who: dict[str, Any]) -> None:
    found = data_rights.find_people(context.workbench, context.actor, client=context.client, **who)
    if not found:
        st.info("Nothing is stored about this person. Erasing them all the same keeps them out of later imports.",
                icon=":material/person_off:")
    for lead in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            objects = " :orange-badge[objects to profiling]" if lead.objected else ""
            name = words.first_known(lead.name, lead.company, f"Lead {lead.lead_id}")
            st.markdown(f"**{words.escape(name)}** :gray[{words.escape(lead.company)} · lead {lead.lead_id}]{objects}",
                        width="stretch")
            if st.button("Open", icon=":material/arrow_forward:", type="tertiary", key=f"open_{lead.lead_id}"):
                st.switch_page("lead.py", query_params={"lead": str(lead.lead_id)})
    with st.container(horizontal=True):
        if found:
            _files(context, who)
        _erasure(context, who, len(found))


def _files(context: Context, who: dict[str, Any]) -> None:
    """Offer what a person may get; each is made when it is asked for, and written down in the trail."""
    wishes = {"Everything, to read": ("html", "text/html"), "Everything, for machines": ("json", "application/json"),
              "A copy to take along": ("csv", "text/csv")}
    for label, (ending, mime) in wishes.items():
        st.download_button(label, partial(_content, context, who, ending), file_name=f"person.{ending}", mime=mime,
                           on_click="ignore", icon=":material/download:", key=f"person_{ending}")


def _content(context: Context, who: dict[str, Any], ending: str) -> bytes:
    if ending == "csv":
        return data_rights.portable_data(context.workbench, context.actor, client=context.client, **who).other
    file = data_rights.access_record(context.workbench, context.actor, client=context.client, **who)
    return file.other if ending == "html" else file.json


def _erasure(context: Context, who: dict[str, Any], leads: int) -> None:
    may = context.actor.may(Action.ERASE)
    with st.popover("Erase", icon=":material/person_remove:", disabled=not may,
                    help=None if may else "A manager can do this."):
        st.markdown(f"Erase this person, with {words.counted(leads, 'lead')}, from every table, file and model "
                    "material, and keep them out of later imports? This cannot be undone.")
        if st.button("Erase for good", type="primary", key="person_erase"):
            with notices.refusals(), st.spinner("Erasing …"):
                erased = privacy.erase_person(context.workbench, context.actor, client=context.client, **who)
                st.session_state["person_erased"] = erased.as_dict()
                st.rerun()


def _say_erased(told: dict[str, Any]) -> None:
    """Say what went, and what cannot be reached."""
    said = [f"{words.counted(told['leads'], 'lead')} and {words.counted(told['records'], 'row')} are gone.",
            told["backups"]]
    if told["files"]:
        said.append(f"{words.counted(told['files'], 'waiting file')} went, too.")
    if told["exports"]:
        takers = ", ".join(sorted({export["by"] for export in told["exports"]}))
        said.append(f"Tell those who took exports that held the person: {takers} "
                    f"({words.counted(len(told['exports']), 'file')}).")
    for model in told["models"]:
        said.append(f"Model {model['version']} has learnt from the person. {model['reason']}")
    if not told["disk_clean"]:
        said.append("The worker cleans the disk as soon as nobody is at work.")
    st.success("  \n".join(words.escape(sentence) for sentence in said), icon=":material/check_circle:",
               title="This person is erased.")
