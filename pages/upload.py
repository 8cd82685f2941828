"""Upload: a file is dropped, looked at, matched, judged, imported by the worker, and undone as one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.errors import LeadScoreError, NotFound
from leadscore.services import intake, jobs
from pages.shared import Context, current
from pages.widgets import cleaning, imports, mapping, notices, quality, words
from pages.widgets.progress import running, watch

ENDINGS = ["csv", "tsv", "txt", "xlsx"]
SAMPLE_LEADS = 5_000
SAMPLE_SEED = 7
OWN_PARAMETERS = ("upload", "sheet", "job", mapping.PARAMETER, *cleaning.OPTIONS)


def main() -> None:
    """Draw the step the address names: a job, a staged file, or the drop zone."""
    context = current()
    notices.say_pending()
    st.title("Upload leads", anchor=False)
    if not context.actor.may(Action.IMPORT_LEADS):
        notices.empty_state("lock", "Your role does not import files",
                            "Ask an administrator, or look at the leads that are already here.")
        return
    if job_id := st.query_params.get("job"):
        _job_step(context, job_id)
    elif upload_id := st.query_params.get("upload"):
        _file_step(context, upload_id)
    else:
        _drop_step(context)
    imports.past(context)


def _go(**parameters: str) -> None:
    """Move to another step; only this page's own part of the address changes."""
    for name in OWN_PARAMETERS:
        st.query_params.pop(name, None)
    for name, value in parameters.items():
        st.query_params[name] = value
    st.rerun()


# --- nothing chosen yet -------------------------------------------------------------------------------------


def _drop_step(context: Context) -> None:
    left, right = st.columns([5, 3], gap="large")
    with left:
        st.markdown(":gray[Drop a list of leads: CSV, TSV or Excel, from any CRM. Columns are recognised by "
                    "themselves, and you can change everything before anything is stored.]")
        chosen = st.file_uploader("A file with leads", type=ENDINGS, label_visibility="collapsed",
                                  max_upload_size=context.workbench.settings.max_upload_mb, key="file")
        with notices.refusals():
            if chosen is not None:
                _go(upload=intake.stage_upload(context.workbench, context.actor, client=context.client,
                                               data=chosen.getvalue(), filename=chosen.name))
    with right, st.container(border=True):
        st.markdown("**No file at hand?**")
        st.markdown(f":gray[Try a made-up campaign with {SAMPLE_LEADS:,} leads: it is imported, a model learns from "
                    "it, and every lead gets a score. Undo removes all of it.]")
        if st.button("Try the sample campaign", icon=":material/science:", key="sample", width="stretch"):
            with notices.refusals():
                _go(job=jobs.submit(context.workbench, context.actor, client=context.client, kind="demo",
                                    arguments={"leads": SAMPLE_LEADS, "seed": SAMPLE_SEED}))
    for job in running(context, "import", "demo"):
        if st.button(f"{words.JOB_WORDS[job.kind]} at work: {100 * job.progress:.0f} % · see it",
                     icon=":material/progress_activity:", key=f"see-{job.id}", type="tertiary"):
            _go(job=job.id)


# --- a file waits for decisions -----------------------------------------------------------------------------


@st.cache_data(scope="session", max_entries=4, show_spinner="Reading the file …")
def _inspected(_context: Context, client: str, upload_id: str, sheet: str | None) -> intake.Inspection:
    return intake.inspect_upload(_context.workbench, _context.actor, client=client, upload_id=upload_id, sheet=sheet)


@st.cache_data(scope="session", max_entries=6, show_spinner="Checking every row …")
def _checked(_context: Context, client: str, upload_id: str, sheet: str | None,
             decided: dict[str, str | None], choices: dict[str, Any]) -> intake.ImportCheck:
    return intake.check_upload(_context.workbench, _context.actor, client=client, upload_id=upload_id, sheet=sheet,
                               mapping=decided, choices=choices)


def _file_step(context: Context, upload_id: str) -> None:
    sheet = st.query_params.get("sheet") or None
    try:
        found = _inspected(context, context.client, upload_id, sheet)
    except LeadScoreError as error:
        _unreadable(context, upload_id, error)
        return
    matches = [(match.header, match.field, match.confidence, match.how) for match in found.matches]
    decided, choices = mapping.decided(matches), cleaning.decided(found.choices)
    _file_card(context, upload_id, found)
    check = None
    with notices.refusals():
        check = _checked(context, context.client, upload_id, sheet, decided, choices)
    if check:
        _summary(context, upload_id, found, check, decided, choices)
    columns, tidying, judged, rows = st.tabs(["Columns", "Cleaning", "Quality", "First rows"], key="upload_tab")
    with columns:
        if found.remembered:
            st.caption(":material/history: Matched as you decided for the last file with these columns.")
        mapping.edit(matches, found.preview, key=f"map-{upload_id}-{found.sheet}")
    with tidying:
        cleaning.edit(found.choices, key=f"clean-{upload_id}")
    with judged:
        _judged(context, check)
    with rows:
        _first_rows(found, check)


def _unreadable(context: Context, upload_id: str, error: LeadScoreError) -> None:
    gone = isinstance(error, NotFound)
    notices.show_refusal(error)
    if not gone:
        st.caption("Nothing was stored. Choose another file, or save this one again as CSV or Excel.")
    if st.button("Choose another file", icon=":material/arrow_back:", key="another"):
        if not gone:
            intake.discard_upload(context.workbench, context.actor, client=context.client, upload_id=upload_id)
        _go()


def _file_card(context: Context, upload_id: str, found: intake.Inspection) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        told = [words.counted(found.rows, "row"), words.counted(len(found.columns), "column")]
        told += [found.encoding] if found.encoding else []
        told += [f"separated by {_separator(found.delimiter)}"] if found.delimiter else []
        st.markdown(f":material/description: **{words.escape(found.filename)}**  \n"
                    f":small[:gray[{' · '.join(told)}]]", width="stretch")
        if len(found.sheets) > 1:
            st.selectbox("Sheet", found.sheets, index=found.sheets.index(found.sheet) if found.sheet else 0,
                         key="sheet_choice", on_change=_sheet_changed, width=220, label_visibility="collapsed")
        if st.button("Choose another file", icon=":material/close:", key="another"):
            intake.discard_upload(context.workbench, context.actor, client=context.client, upload_id=upload_id)
            _go()
    if found.seen_before is not None:
        st.warning(f"It is import #{found.seen_before}. Importing it again changes nothing unless you decide otherwise "
                   "below: rows that are already stored count as duplicates.",
                   title="This very file was imported before.", icon=":material/content_copy:")


def _sheet_changed() -> None:
    st.query_params["sheet"] = st.session_state["sheet_choice"]
    st.query_params.pop(mapping.PARAMETER, None)


def _separator(delimiter: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(delimiter, delimiter)


def _summary(context: Context, upload_id: str, found: intake.Inspection, check: intake.ImportCheck,
             decided: dict[str, str | None], choices: dict[str, Any]) -> None:
    recognised = sum(1 for field in decided.values() if field)
    left = check.rows - check.will_reject - check.duplicates_in_file
    with st.grid(4, min_column_width=150):
        st.metric("Leads to import", words.count(left), border=True)
        st.metric("Columns recognised", f"{recognised} of {len(decided)}", border=True,
                  help="The others are kept as your own columns; the model can use them as well.")
        st.metric("Duplicates in the file", words.count(check.duplicates_in_file), border=True)
        st.metric("Rows left out", words.count(check.will_reject), border=True,
                  help="Rows with an error; the Quality tab says which and why.")
    with st.container(horizontal=True, vertical_alignment="center"):
        remember = st.toggle("Remember these choices for files with the same columns", value=True, key="remember",
                             width="stretch")
        if st.button(f"Import {words.counted(left, 'lead')}", type="primary", icon=":material/upload:", key="import",
                     disabled=left <= 0):
            with notices.refusals():
                _go(job=jobs.submit(
                    context.workbench, context.actor, client=context.client, kind="import",
                    arguments={"upload_id": upload_id, "sheet": found.sheet, "mapping": decided, "choices": choices,
                               "remember": remember, "train_first": True}))


def _judged(context: Context, check: intake.ImportCheck | None) -> None:
    if check is None:
        st.caption("The check appears here once the columns fit together.")
        return
    quality.dimensions(check.quality)
    st.space("small")
    st.markdown("##### Remarks")
    quality.remarks(check.issues, lambda: intake.check_report(context.workbench, context.actor, client=context.client,
                                                              check=check))
    st.markdown("##### How full each column is")
    quality.coverage(check.quality)


def _first_rows(found: intake.Inspection, check: intake.ImportCheck | None) -> None:
    cleaned = st.segmented_control("Show", ["As in the file", "As it will be stored"], default="As in the file",
                                   required=True, key="rows_show", label_visibility="collapsed")
    frame: pd.DataFrame = found.preview if check is None or cleaned == "As in the file" else check.sample
    # a column of the user's own may be called like a field
    twice = frame.columns.duplicated()
    frame = frame.set_axis([f"{name} (your own)" if again else name
                            for name, again in zip(frame.columns, twice, strict=True)], axis=1)
    st.dataframe(frame, hide_index=True, placeholder=words.MISSING, alt="The first rows of the file")
    st.caption(f"The first {len(frame):,} of {words.counted(found.rows, 'row')}.")


# --- a job runs or has ended --------------------------------------------------------------------------------


def _job_step(context: Context, job_id: str) -> None:
    job = watch(context, job_id)
    if job and job.state == "done":
        imports.result(context, job)
    at_work = any(one.id == job_id for one in running(context, "import", "demo"))
    if not at_work and st.button("Import another file", icon=":material/add:", key="next"):
        _go()


main()
