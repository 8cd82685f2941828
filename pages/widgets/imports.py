"""What an import did, the list of past imports, and taking one back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import delivery, intake, jobs
from pages.shared import Context
from pages.widgets import filters, notices, words

IMPORTS_SHOWN = 10


def result(context: Context, job: jobs.JobView) -> None:
    """Say what an import job stored, learned and scored, as a sum that adds up."""
    told = job.result or {}
    done: dict[str, Any] = told.get("import") or told
    with st.container(border=True):
        st.markdown("#### :green[:material/check_circle:] Your leads are in")
        _sum(done)
        _learned(told.get("training"))
        with st.container(horizontal=True):
            if st.button("See who to call first", type="primary", icon=":material/format_list_numbered:",
                         key="to-list"):
                _show_list(context, int(done["batch_id"]))
            if done.get("rejected"):
                _remarks(context, int(done["batch_id"]), key="remarks-result")
            _undo(context, int(done["batch_id"]), "this import", key="undo-result")


def _show_list(context: Context, batch_id: int) -> None:
    options = delivery.filter_options(context.workbench, context.actor, client=context.client)
    label = dict(options.batches).get(batch_id)
    st.switch_page("leads.py", query_params={"batch": filters.in_words(batch_id, label)} if label else None)


def past(context: Context) -> None:
    """List the imports of this client, newest first, each with its undo."""
    batches = intake.list_batches(context.workbench, context.actor, client=context.client)
    if not batches:
        return
    st.space("medium")
    st.markdown("##### Earlier imports")
    for batch in batches[:IMPORTS_SHOWN]:
        _line(context, batch)
    if len(batches) > IMPORTS_SHOWN:
        st.caption(f"The newest {IMPORTS_SHOWN} of {len(batches):,} imports.")


def _sum(done: dict[str, Any]) -> None:
    parts = [("new", "rows_stored", "green"), ("updated", "updated", "blue"), ("already there", "duplicates", "gray"),
             ("left out", "rejected", "red")]
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        _term(words.count(done.get("rows_read")), "rows read", None)
        for position, (label, name, color) in enumerate(parts):
            st.markdown("### :gray[{}]".format("=" if position == 0 else "\\+"), width="content")
            _term(words.count(done.get(name)), label, color if done.get(name) else "gray")


def _term(number: str, label: str, color: str | None) -> None:
    shown = f":{color}[{number}]" if color else number
    st.markdown(f"### {shown}\n:small[:gray[{label}]]", width="content")


def _learned(training: dict[str, Any] | None) -> None:
    if not training:
        return
    if error := training.get("error"):
        st.info(error.get("hint") or " ", title=error.get("message"), icon=":material/model_training:")
        return
    capture = (training.get("metrics") or {}).get("capture_at_20") or {}
    if capture.get("value") is not None:
        st.markdown(f":material/model_training: A model has learned from the outcomes. On leads it had not seen, the "
                    f"best-scored 20 % held **{words.percent(capture['value'], 0)}** of all conversions "
                    f"(likely between {words.percent(capture.get('low'), 0)} and "
                    f"{words.percent(capture.get('high'), 0)}; calling at random finds 20 %).")


def _remarks(context: Context, batch_id: int, *, key: str) -> None:
    st.download_button(
        "Remarks", lambda: intake.issue_report(context.workbench, context.actor, client=context.client,
                                                          batch_id=batch_id),
        file_name=f"import-{batch_id}-remarks.csv", mime="text/csv", on_click="ignore", icon=":material/download:",
        key=key, help="Every remark about this file, with its row.")


def _line(context: Context, batch: intake.BatchView) -> None:
    undone = batch.undone_at is not None
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        name = words.escape(batch.filename)
        told = f"#{batch.id} · {words.minute(batch.created_at)} · {words.escape(batch.imported_by)}"
        if undone:
            st.markdown(f":gray[~~{name}~~]  \n:small[:gray[{told}]]", width="stretch")
            st.markdown(f":gray-badge[taken back {words.day(batch.undone_at)}]", width="content")
            return
        st.markdown(f"**{name}** &nbsp; {_counts(batch)}  \n:small[:gray[{told}]]", width="stretch")
        if batch.issues:
            _remarks(context, batch.id, key=f"remarks-{batch.id}")
        if context.actor.may(Action.IMPORT_LEADS):
            _undo(context, batch.id, batch.filename, key=f"undo-{batch.id}")


def _counts(batch: intake.BatchView) -> str:
    parts = [f":green-badge[{batch.rows_stored:,} new]"]
    parts += [f":blue-badge[{batch.updated:,} updated]"] if batch.updated else []
    parts += [f":gray-badge[{batch.duplicates:,} already there]"] if batch.duplicates else []
    parts += [f":red-badge[{batch.rejected:,} left out]"] if batch.rejected else []
    return " ".join(parts)


def _undo(context: Context, batch_id: int, name: str, *, key: str) -> None:
    with st.popover("Undo", icon=":material/undo:", key=f"{key}-open"):
        st.markdown(f"Take back **{words.escape(name)}**?  \n:gray[Leads it brought are removed; leads it changed get "
                    "their earlier values back.]")
        st.button("Yes, take it back", key=key, type="primary", on_click=_take_back, args=(context, batch_id))


def _take_back(context: Context, batch_id: int) -> None:
    with notices.refusals():
        undone = intake.undo_import(context.workbench, context.actor, client=context.client, batch_id=batch_id)
        if undone.restored:
            # their scores are still those of the values that were taken back
            jobs.submit(context.workbench, context.actor, client=context.client, kind="rescore", arguments={})
        notices.say_after_rerun(f"Taken back: {words.counted(undone.deleted, 'lead')} removed, "
                                f"{undone.restored:,} restored.")
