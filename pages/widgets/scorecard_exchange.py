"""Where a scorecard comes from and goes to: a start to choose, a file to save, a file to read into the draft."""

from __future__ import annotations

from functools import partial

import streamlit as st

from leadscore.services import policy_files, scorecard
from pages.shared import Context
from pages.widgets import notices, scorecard_draft

MOST_MEGABYTES = 1
FILES = {"policy": ("The whole policy (JSON)", "application/json"),
         "scorecard": ("The scorecard (JSON)", "application/json"),
         "criteria": ("The criteria (CSV for a spreadsheet)", "text/csv")}


def draw(context: Context, draft: scorecard_draft.Draft, *, frozen: bool) -> None:
    """Draw the chooser and the files."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not frozen:
            _start(context, draft)
        with st.popover("Files", icon=":material/swap_vert:"):
            _export(context)
            if not frozen:
                _import(context, draft)


def _start(context: Context, draft: scorecard_draft.Draft) -> None:
    starts = {start.key: start for start in
              scorecard.starting_points(context.workbench, context.actor, client=context.client)}
    chosen = st.selectbox("Start from …", list(starts), None, key="card-start", placeholder="Choose a scorecard",
                          format_func=lambda key: starts[key].name, width=340)
    if chosen and st.button("Put into the draft", key="card-start-take"):
        with notices.refusals():
            scorecard_draft.push(draft, scorecard.start_from(context.workbench, context.actor, client=context.client,
                                                             preset=chosen, changes=draft.changes))
            st.rerun()
    if chosen:
        start = starts[chosen]
        train = " Train a random forest for it in the tab Training." if start.algorithm == "forest" else ""
        st.caption(f"{start.sentence}{train}", width="stretch")


def _export(context: Context) -> None:
    st.markdown("**Save what is in force**")
    for kind, (label, mime) in FILES.items():
        made = partial(_content, context, kind)
        st.download_button(label, made, f"{kind}-{context.client}.{mime.rsplit('/')[-1]}", mime,
                           key=f"card-export-{kind}", on_click="ignore", width="stretch")


def _content(context: Context, kind: str) -> bytes:
    return policy_files.export_policy(context.workbench, context.actor, client=context.client, format=kind).content


def _import(context: Context, draft: scorecard_draft.Draft) -> None:
    st.markdown("**Read a file into the draft**")
    file = st.file_uploader("Policy or scorecard", ["json", "csv"], key="card-file", max_upload_size=MOST_MEGABYTES,
                            label_visibility="collapsed")
    if file and st.button("Read into the draft", key="card-file-take", width="stretch"):
        with notices.refusals():
            changes = policy_files.read_policy_file(context.workbench, context.actor, client=context.client,
                                                    data=file.getvalue(), filename=file.name)
            scorecard_draft.push(draft, draft.changes | changes)
            st.rerun()
