"""Lineage: from a lead back to its file and forward to where it went, from a file forward, and past scores again."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.services import intake, lineage
from leadscore.services.lineage import FileLineage, LeadLineage, ReplayedScore
from pages.shared import Context
from pages.widgets import notices, pictures, words

IN_URL = "query-params"
LEAD, FILE = "lead", "file"
FROM = {LEAD: "From a lead", FILE: "From a file"}
LONGEST_NUMBER = 15
SEALS = {"whole": ":green-badge[:material/verified_user: seal whole]",
         lineage.ALTERED: ":red-badge[:material/gpp_bad: altered]",
         lineage.UNSEALED: ":gray-badge[made before scores were sealed]"}
NUMBERS = {"blended": "Score of rules and model", "rule_score": "Rule score", "probability": "Probability"}


def draw(context: Context) -> None:
    """Draw the choice and what it leads to."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.segmented_control("Follow", list(FROM), default=LEAD, key="follow", bind=IN_URL,
                                     format_func=lambda name: FROM.get(name, name)) or LEAD
        chosen = _lead_number() if start == LEAD else _file_number(context)
    if chosen is None:
        notices.empty_state("account_tree", "Where does it come from, where did it go?",
                            "Type the number of a lead: the Lead page and every list show it." if start == LEAD
                            else "Upload a list first.")
        return
    with notices.refusals():
        if start == LEAD:
            _lead(context, lineage.lead_lineage(context.workbench, context.actor, client=context.client,
                                                lead_id=chosen))
        else:
            _file(context, lineage.file_lineage(context.workbench, context.actor, client=context.client,
                                                batch_id=chosen))


def _lead_number() -> int | None:
    written = st.text_input("Number of the lead", key="trace_lead", bind=IN_URL, placeholder="17", width=200)
    written = (written or "").strip()
    return int(written) if written.isdecimal() and len(written) <= LONGEST_NUMBER else None


def _file_number(context: Context) -> int | None:
    batches = {batch.id: batch for batch in intake.list_batches(context.workbench, context.actor,
                                                                client=context.client)}
    if not batches:
        return None
    return st.selectbox("File", list(batches), key="trace_file", bind=IN_URL, width=420,
                        format_func=lambda number: f"{number} · {batches[number].filename}"
                        if number in batches else str(number))


# --- from a lead ------------------------------------------------------------------------------------------------


def _lead(context: Context, found: LeadLineage) -> None:
    st.page_link("lead.py", label=f"Open lead {found.lead_id}", icon=":material/arrow_forward:",
                 query_params={"lead": str(found.lead_id)})
    pictures.draw(context, lineage.drawn(found), download=False)
    if found.run_id is not None:
        _replay(context, found)
    source, made, went = st.tabs(["Fields and cleaning", "Features and versions", "Where it went"], key="lineage_part")
    with source:
        _source(found)
    with made:
        _made(found)
    with went:
        _went(found)


def _source(found: LeadLineage) -> None:
    st.markdown(f"Row **{found.row:,}** of **{words.escape(found.file.filename)}**"
                + (f", sheet {words.escape(found.file.sheet)}" if found.file.sheet else "")
                + f"  \n:small[:gray[SHA-256 {found.file.sha256}]]")
    st.caption(" · ".join(f"{name}: {value}" for name, value in found.file.cleaning))
    st.dataframe(found.fields, hide_index=True, alt="What each column of the file became",
                 height=min(44 + 35 * max(len(found.fields), 1), 420),
                 column_config={"header": "Column of the file", "field": "Became", "value": "Value now",
                                "remarks": "Remarks on this row"})
    for update in found.updates:
        rows = f", row {', '.join(map(str, update.rows))}" if update.rows else ""
        st.markdown(f"Changed by import {update.file.batch_id}, **{words.escape(update.file.filename)}**{rows}  \n"
                    f":small[:gray[{words.minute(update.file.at)}, {words.escape(update.file.imported_by)}]]")
        st.dataframe(pd.DataFrame(update.changed), hide_index=True, alt="What the import changed",
                     column_config={"field": "Field", "before": "Before", "after": "After"})


def _made(found: LeadLineage) -> None:
    if found.policy:
        st.markdown(f"Policy version **{found.policy['version']}**, saved {words.minute(found.policy['at'])} by "
                    f"{words.escape(found.policy['by'])}: {words.escape(found.policy['comment'] or 'no comment')}")
    if found.model:
        model = found.model
        st.markdown(f"Model **{model.version}** ({model.algorithm}), trained {words.minute(model.created_at)} by "
                    f"{words.escape(model.created_by)} on {words.escape(model.trained_on)}  \n"
                    f":small[:gray[Files {model.files_digest}]]")
    if len(found.features):
        st.dataframe(found.features, hide_index=True, alt="The features of this lead",
                     height=min(44 + 35 * len(found.features), 420),
                     column_config={"feature": "Feature", "value": "Value", "made_of": "Made of"})
    else:
        st.caption("No features yet: this lead has not been scored, or its model is gone.")


def _went(found: LeadLineage) -> None:
    st.markdown(f"Looked at {words.counted(found.looked_at, 'time')} by people who may see personal data.")
    if not found.exports:
        st.caption("No export has held this lead.")
        return
    exports = pd.DataFrame([{"at": pd.Timestamp(export.at), "by": export.by, "rows": export.rows,
                             "certain": "yes" if export.certain else "may have been", "record": export.seq}
                            for export in found.exports])
    st.dataframe(exports, hide_index=True, alt="Exports of this lead", column_config={
        "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm"), "by": "Who",
        "rows": st.column_config.NumberColumn("Leads in the file", format="localized"),
        "certain": "This lead in it", "record": st.column_config.NumberColumn("Entry", format="localized")})


# --- again ------------------------------------------------------------------------------------------------------


def _replay(context: Context, found: LeadLineage) -> None:
    history = found.history.iloc[::-1]
    runs = {int(row["run_id"]): f"{words.minute(row['scored_at'])} · {words.decimal(row['score'])}"
            for row in history.to_dict("records")}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.markdown("**Make a score again**  \n:small[:gray[With the values, the versions and the date of then. It "
                        "must come out the same, bit for bit.]]", width="stretch")
            run = st.selectbox("Score of", list(runs), format_func=lambda number: runs.get(number, str(number)),
                               key=f"replayed-{found.lead_id}", width=260)
            asked = st.button("Replay", icon=":material/replay:", key="replay", type="primary")
        if asked:
            _shown(lineage.replay_score(context.workbench, context.actor, client=context.client,
                                        lead_id=found.lead_id, run_id=run))


def _shown(again: ReplayedScore) -> None:
    if again.identical:
        st.success("It comes out the same, bit for bit.", icon=":material/check_circle:")
    else:
        st.warning(" ".join(map(words.escape, again.why_not)), title="It does not come out the same.",
                   icon=":material/difference:")
    model = f"model {again.model_version}" if again.model_version else "no model"
    st.markdown(f"{SEALS[again.seal]} policy version {again.policy_version}, {model}, as of "
                f"{words.minute(again.as_of)}")
    numbers = pd.DataFrame([{"number": label, "then": _exactly(again.stored.get(name)),
                             "again": _exactly(again.again.get(name))} for name, label in NUMBERS.items()])
    st.dataframe(numbers, hide_index=True, alt="The score then and again",
                 column_config={"number": "Number", "then": "As stored", "again": "Made again"})
    if again.put_back:
        st.caption(f"Changed since and put back for this: {words.escape(', '.join(again.put_back))}.")
    for shown in again.shown:
        st.caption(f"{words.escape(shown.actor)} was shown the reasons (entry {shown.record:,}): "
                   + ("the same reasons come out again." if shown.same else "other reasons come out now."))


def _exactly(number: float | None) -> str:
    return words.MISSING if number is None else repr(number)


# --- from a file ------------------------------------------------------------------------------------------------


def _file(context: Context, found: FileLineage) -> None:
    pictures.draw(context, lineage.drawn(found), download=False)
    with st.container(horizontal=True):
        st.metric("Leads stored now", f"{found.leads:,}", border=True)
        st.metric("Changed in earlier leads", f"{found.changed:,}", border=True)
        st.metric("Mean score", words.decimal(found.mean_score), border=True)
        st.metric("Exports with its leads", f"{len(found.exports):,}", border=True)
    if found.models:
        st.dataframe(pd.DataFrame([{"version": model.version, "algorithm": model.algorithm, "at": model.created_at,
                                    "by": model.created_by, "on": model.trained_on} for model in found.models]),
                     hide_index=True, alt="Models that may have learnt from this file", column_config={
                         "version": "Model", "algorithm": "Kind", "by": "By", "on": "Trained on",
                         "at": st.column_config.DatetimeColumn("Trained", format="D MMM YYYY, HH:mm")})
    if found.exports:
        st.dataframe(pd.DataFrame(found.exports).assign(at=lambda frame: pd.to_datetime(frame["at"], utc=True)),
                     hide_index=True, alt="Exports with leads of this file", column_config={
                         "at": st.column_config.DatetimeColumn("Exported", format="D MMM YYYY, HH:mm"), "by": "By",
                         "rows": "Leads in the export", "leads": "Of this file", "record": "Entry"})
