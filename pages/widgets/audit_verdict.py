"""Whether the trail and the scores are whole: until where they were checked, checking now, and taking a copy along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import governance
from pages.shared import Context
from pages.widgets import notices, words

NEWEST, ALL, SCORES = "newest", "all", "scores"


def draw(context: Context) -> None:
    """Draw the card."""
    may_all = context.actor.may(Action.MANAGE_USERS)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**A record that cannot be changed unnoticed**  \n:small[:gray["
                        f"{_state(context)}]]", width="stretch")
            asked = _buttons(may_all)
            if may_all:
                _copies(context)
        if asked:
            with notices.refusals():
                _check(context, asked)


def _state(context: Context) -> str:
    last = governance.last_checkpoint(context.workbench, context.actor)
    if last.at is None:
        return ("Each entry is sealed together with the one before it. No checkpoint has been signed yet: the "
                "workbench signs one every minute while something happens.")
    newer = "nothing has come since" if not last.newer else f"{words.counted(last.newer, 'entry', 'entries')} since"
    signed = words.minute(governance.moment_of(last.at))
    return (f"Checked and signed up to entry {last.seq:,} on {signed} UTC; {newer}. "
            "A full check runs once a day and names the first entry that was altered, removed or moved.")


def _buttons(may_all: bool) -> str | None:
    newest = st.button("Check what is new", key="verify_newest")
    everything = st.button("Check all", icon=":material/verified_user:", key="verify", type="primary")
    scores = st.button("Check scores", key="verify_scores", help="Every score carries a seal of its own.") \
        if may_all else False
    return NEWEST if newest else ALL if everything else SCORES if scores else None


def _check(context: Context, asked: str) -> None:
    bar = st.progress(0.0, "Checking")

    def tell(fraction: float, message: str) -> None:
        bar.progress(min(fraction, 1.0), message)

    if asked == SCORES:
        found = governance.verify_scores(context.workbench, context.actor, progress=tell)
        bar.empty()
        _scores_told(found)
    else:
        verdict = governance.verify_audit(context.workbench, context.actor, newest_only=asked == NEWEST, progress=tell)
        bar.empty()
        _told(verdict)


def _told(verdict: Any) -> None:
    if not verdict.ok:
        st.error(f"The first broken entry is number {verdict.broken_at}. {words.escape(verdict.reason or '')} "
                 "Keep a copy of the database and tell your administrator.",
                 title="The record has been tampered with.", icon=":material/gpp_bad:")
        return
    checked = verdict.records - verdict.checked_from + 1
    whole = "All" if verdict.checked_from == 1 else "The newest"
    st.success(f"{whole} {words.counted(checked, 'entry', 'entries')} are whole: none altered, removed or moved."
               + ("" if verdict.checkpoint else " No checkpoint has been signed yet, so entries cut off at the end "
                                                "could not be noticed."),
               icon=":material/verified_user:")


def _scores_told(found: Any) -> None:
    aside = [f"{found.unsealed:,} were made before scores were sealed"] if found.unsealed else []
    aside += [f"{found.gone:,} are gone with their leads"] if found.gone else []
    if found.ok:
        st.success(f"{words.counted(found.scores, 'score')} checked, none altered"
                   + (f"; {', '.join(aside)}." if aside else "."), icon=":material/verified_user:")
        return
    st.error(f"{words.counted(found.altered, 'score')} of {found.scores:,} are not as they were written.",
             title="Scores have been tampered with.", icon=":material/gpp_bad:")
    st.dataframe(found.named, hide_index=True, alt="Altered scores",
                 column_config={"client_id": "Client", "lead_id": "Lead", "run_id": "Scoring", "why": "Why"})


def _copies(context: Context) -> None:
    with st.popover("", icon=":material/download:", help="Take a copy along"):
        st.caption("The sealed copy can be checked by anybody, without this program: with the script, and with the "
                   "public key you tell them by another way. The key lets nobody sign.")
        _offer("Sealed copy (JSONL)", "audit.jsonl", lambda: governance.audit_file(
            context.workbench, context.actor, form="jsonl"), "audit_sealed")
        _offer("Script that checks it", "verify_export.py", lambda: governance.verifier(
            context.workbench, context.actor), "audit_script")
        st.code(governance.signing_key(context.workbench, context.actor), language=None, wrap_lines=True)


def _offer(text: str, name: str, content: Callable[[], bytes], key: str) -> None:
    st.download_button(text, content, file_name=name, mime="text/plain", on_click="ignore", key=key, type="tertiary",
                       icon=":material/download:")
