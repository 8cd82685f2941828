"""Privacy: one person's rights, requests with their clock, consent, people who are kept out, retention and keys."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import consents, keys, privacy, requests, retention
from pages.shared import Context
from pages.widgets import notices, pictures, privacy_person, privacy_requests, words

DELETIONS_MB = 50


def draw(context: Context) -> None:
    """Draw the tab."""
    waiting = requests.list_requests(context.workbench, context.actor, client=context.client)
    known = consents.consent_coverage(context.workbench, context.actor, client=context.client)
    _figures(waiting, known)
    privacy_person.draw(context)
    privacy_requests.draw(context, waiting)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        pictures.draw(context, known.picture)
    with right:
        _kept_out(context)
    _retention(context)
    if context.actor.may(Action.CONFIGURE):
        _keys(context)
    st.caption("What is shown here helps to answer people; it is no legal advice.")


def _figures(waiting: list[requests.RequestView], known: consents.Coverage) -> None:
    unanswered = [one for one in waiting if one.state == "open"]
    late = sum(one.overdue for one in unanswered)
    soonest = min((one.days_left for one in unanswered if not one.overdue), default=None)
    told = f"{late} overdue" if late else f"next due in {words.counted(soonest, 'day')}" if soonest is not None else ""
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("Open requests", words.count(len(unanswered)), told or None, border=True, height="stretch",
                  delta_color="inverse" if late else "off", delta_arrow="off")
        st.metric("Object to profiling", words.count(known.objecting), border=True, height="stretch",
                  help="Not scored, learnt from, compared or exported.")
        st.metric("Opted out of being sold", words.count(known.not_for_sale), border=True, height="stretch",
                  help="In no export.")
        st.metric("Kept out", words.count(known.suppressed), border=True, height="stretch",
                  help="Addresses and numbers of erased people, as keyed hashes. An import refuses them.")


def _kept_out(context: Context) -> None:
    """Let a manager erase a whole list of people."""
    may = context.actor.may(Action.ERASE)
    with st.container(border=True, height="stretch"):
        st.markdown("**Erase a list of people**  \n:small[:gray[A table with one e-mail address in each row, such as a "
                    "deletion list of an authority. Those who are stored are erased; all are kept out of later "
                    "imports.]]")
        file = st.file_uploader("Deletion list", type=["csv", "xlsx", "txt", "tsv"], key="deletion_list",
                                disabled=not may, label_visibility="collapsed", max_upload_size=DELETIONS_MB)
        sure = st.checkbox("Erase everybody of this list; this cannot be undone.", key="deletion_sure",
                           disabled=not may or file is None)
        if st.button("Erase these people", type="primary", key="deletion_go", disabled=not (file and sure),
                     icon=":material/person_remove:", help=None if may else "A manager can do this."):
            with notices.refusals(), st.spinner("Erasing …"):
                told = privacy.erase_list(context.workbench, context.actor, client=context.client,
                                          source=file.getvalue(), filename=file.name)
                st.session_state[f"deletion_proof-{context.client}"] = told.proof
                st.success(f"{words.counted(told.rows, 'row')} read, {words.counted(told.erased.leads, 'lead')} "
                           f"erased, {words.counted(told.erased.suppressed, 'address', 'addresses')} and numbers kept "
                           "out.")
        if proof := st.session_state.get(f"deletion_proof-{context.client}"):
            st.download_button("Proof, row by row (CSV)", proof, file_name="erased.csv", mime="text/csv",
                               on_click="ignore", icon=":material/download:", key="deletion_proof_file")


def _retention(context: Context) -> None:
    """Show how long things are kept and what is older, and let a manager change it."""
    rules = retention.retention_rules(context.workbench, context.actor, client=context.client).rules
    own = {rule.name for rule in retention.CLIENT_RULES}
    may = context.actor.may(Action.ERASE)
    with st.container(border=True):
        st.markdown("**How long things are kept**  \n:small[:gray[The worker removes what is older once a day and says "
                    "so in the trail. Waiting uploads and kept exports go after one day. Empty means for good.]]")
        frame = pd.DataFrame([{"name": rule.name, "What": rule.label, "Days": rule.days, "Older now": rule.rows,
                               "For": "this client" if rule.name in own else "the whole workbench"}
                              for rule in rules]).astype({"Days": "Int64"})
        edited = st.data_editor(
            frame, hide_index=True, key="retention", disabled=["What", "Older now", "For"] if may else True,
            column_order=["What", "Days", "Older now", "For"], column_config={
                "What": st.column_config.TextColumn(width="medium"),
                "Days": st.column_config.NumberColumn("Kept for (days)", min_value=1, step=1, format="localized"),
                "Older now": st.column_config.NumberColumn("Older now", format="localized",
                                                           help="What the next run removes.")})
        days = {row["name"]: None if pd.isna(row["Days"]) else int(row["Days"]) for row in edited.to_dict("records")}
        before = {rule.name: rule.days for rule in rules}
        changed = {name: number for name, number in days.items() if name in own and number != before[name]}
        with st.container(horizontal=True):
            if st.button("Save", key="retention_save", disabled=not (may and changed), type="primary"):
                with notices.refusals():
                    retention.save_retention(context.workbench, context.actor, client=context.client, days=changed)
                    notices.say_after_rerun("Saved; the next run keeps to it.")
                    st.rerun()
            due = sum(rule.rows for rule in rules if rule.name in own)
            if st.button(f"Remove {words.count(due)} now", key="retention_run", disabled=not (may and due)):
                with notices.refusals(), st.spinner("Removing …"):
                    run = retention.run_retention(context.workbench, context.actor, client=context.client,
                                                  dry_run=False)
                    notices.say_after_rerun(f"Removed {words.count(run.as_dict()['removed'])}.")
                    st.rerun()


def _keys(context: Context) -> None:
    """Show an administrator the state of the keys, and renew them."""
    state = keys.show_keys(context.workbench, context.actor)
    newest = max((key.created_at for key in state.ring if key.purpose == "fields"), default=None)
    with st.container(border=True):
        st.markdown("**Keys of personal data**  \n:small[:gray[Personal fields are encrypted one by one. A renewal "
                    "makes a new key and encrypts all of them with it; it can be interrupted.]]")
        told = {"In use": f"key {state.generation}" + (f", since {words.day(newest)}" if newest else ", the first"),
                "Encrypted with an older key": words.count(state.waiting), "Secret": state.secret_from}
        st.table({label: words.escape(value) for label, value in told.items()}, border="horizontal", width="content")
        label = "Finish the renewal" if state.waiting else "Renew the key"
        if st.button(label, key="keys_rotate", icon=":material/key:"):
            with notices.refusals(), st.spinner("Encrypting personal data anew …"):
                keys.rotate_keys(context.workbench, context.actor)
                notices.say_after_rerun("All personal data are encrypted with a new key.")
                st.rerun()
