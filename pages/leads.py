"""Prioritized leads: the ranked list, filtered by its address, worked through, and handed on as a file."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import delivery, dossier, jobs, segments
from leadscore.services.delivery import LeadPage, ListView
from pages.shared import Context, current
from pages.widgets import filters, hands, look_alikes, notices, opinion, saved_views, words
from pages.widgets.progress import watch

# larger exports are made by the worker
EXPORT_AT_ONCE = 50_000

FORMATS = {"csv": ("CSV", "text/csv"),
           "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}
OPTIONAL = ("company", "owner", "probability", "job_title", "email")
STAGES = ("contacted", "qualified", "converted", "lost")
SHOWN = ("name", "rank", "company", "score", "tier", "top_reason", "next_action", "due", "owner", "outcome",
         "probability", "job_title", "email", "exported")


def main() -> None:
    """Draw filters, counts, actions, the table and its pages."""
    context = current()
    notices.say_pending()
    head = st.container(horizontal=True, vertical_alignment="center")
    head.title("Prioritized leads", anchor=False, width="stretch")
    options = delivery.filter_options(context.workbench, context.actor, client=context.client)
    if not options.batches:
        _nothing_yet(context)
        return
    saved = segments.list_segments(context.workbench, context.actor, client=context.client)
    numbers = {view.name: view.id for view in saved}
    view = _from_first_page(filters.choose(options, numbers))
    with head:
        saved_views.draw(context, saved, view, open_view=lambda chosen: filters.show(chosen, options, numbers))
        look_alikes.draw(context)
    page = None
    with notices.refusals():
        page = delivery.list_leads(context.workbench, context.actor, client=context.client, view=view)
        if view.page > page.pages > 0:
            filters.turn_to(page.pages)
            view = replace(view, page=page.pages)
            page = delivery.list_leads(context.workbench, context.actor, client=context.client, view=view)
    if page is None:
        return
    _counts(context, view, page)
    if page.total == 0:
        _nothing_found()
        return
    actions = st.container()
    chosen = _table(context, page, view)
    with actions:
        _actions(context, options, chosen)
    _pages(page)
    opinion.ask(context, "leads")


def _from_first_page(view: ListView) -> ListView:
    """Start at the top again when the filters have changed."""
    asked = replace(view, page=1)
    before = st.session_state.get("asked_view", asked)
    st.session_state["asked_view"] = asked
    if before == asked:
        return view
    filters.turn_to(1)
    return asked


def _nothing_yet(context: Context) -> None:
    notices.empty_state("group", "No leads yet", "Upload a list, and the best leads appear here, each "
                        "with its main reason.")
    if context.actor.may(Action.IMPORT_LEADS):
        notices.offer_upload()


def _nothing_found() -> None:
    notices.empty_state("search_off", "No lead matches", "Take a filter off to see more.")
    with st.container(horizontal_alignment="center"):
        st.button("Clear all filters", on_click=filters.clear, key="clear-all")


# --- what is in the list ------------------------------------------------------------------------------------


def _counts(context: Context, view: ListView, page: LeadPage) -> None:
    told = [f"**{words.counted(page.total, 'lead')}**"]
    if page.unreachable:
        told.append(f"{page.unreachable:,} may not be contacted")
    if page.exported_before:
        told.append(f"{page.exported_before:,} exported before")
    scored = [f"scored with model {page.model_version}" if page.model_version else "scored by rules alone"]
    scored += [f"policy {page.policy_version}"] if page.policy_version else []
    scored += [f"as of {words.day(page.as_of)}"] if page.as_of else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{' · '.join(told)}  \n:small[:gray[{', '.join(scored)}{_chance(page)}]]", width="stretch")
        if context.actor.may(Action.EXPORT_LEADS) and page.total:
            _export(context, view, page)


def _chance(page: LeadPage) -> str:
    return f". A file holds about {page.by_chance:,} more by chance from the rest, to keep the comparison honest" \
        if page.by_chance else ""


def _export(context: Context, view: ListView, page: LeadPage) -> None:
    if page.total > EXPORT_AT_ONCE:
        _export_by_job(context, view)
        return
    for file_format, (label, mime) in FORMATS.items():
        st.download_button(
            label, lambda file_format=file_format: _file(context, view, file_format), on_click="ignore", mime=mime,
            file_name=f"leads-{_name(view)}.{file_format}", icon=":material/download:", key=f"export-{file_format}",
            help="Exactly this list, without people who may not be contacted; the leads in it are marked as exported.",
            type="primary" if file_format == "csv" else "secondary")


def _file(context: Context, view: ListView, file_format: str) -> bytes:
    return delivery.export_leads(context.workbench, context.actor, client=context.client, view=view,
                                 format=file_format).content


def _name(view: ListView) -> str:
    if view.top and view.top != "capacity":
        return "top-" + view.top.replace("%", "-percent")
    return "list"


def _export_by_job(context: Context, view: ListView) -> None:
    with st.popover("Export", icon=":material/download:", type="primary"):
        st.caption("A list this long is prepared in the background.")
        for file_format, (label, _) in FORMATS.items():
            if st.button(f"Prepare {label}", key=f"prepare-{file_format}"):
                st.session_state["export_job"] = jobs.submit(
                    context.workbench, context.actor, client=context.client, kind="export",
                    arguments={"view": view.to_dict(), "format": file_format})
        recent = jobs.recent(context.workbench, context.actor, client=context.client, limit=20)
        exports = [job.id for job in recent if job.kind == "export"]
        if job_id := st.session_state.get("export_job") or next(iter(exports), None):
            _prepared(context, job_id)


def _prepared(context: Context, job_id: str) -> None:
    job = watch(context, job_id)
    if job and job.state == "done":
        made = job.result or {}
        st.download_button(
            f"Download {words.counted(int(made.get('rows', 0)), 'lead')}",
            lambda: jobs.result_file(context.workbench, context.actor, client=context.client, job_id=job_id)[1],
            file_name=f"leads.{job.arguments.get('format', 'csv')}", on_click="ignore", key=f"fetch-{job_id}",
            icon=":material/download:", type="primary")
        by_chance = int(made.get("by_chance", 0))
        st.caption(f"Prepared {words.minute(job.finished_at)}; {int(made.get('left_out', 0)):,} left out because they "
                   "may not be contacted" + (f"; {by_chance:,} are in it by chance." if by_chance else "."))


# --- the table ----------------------------------------------------------------------------------------------


def _table(context: Context, page: LeadPage, view: ListView) -> list[int]:
    frame = page.frame.reset_index(drop=True)
    shown = _readable(frame)
    may_edit = context.actor.may(Action.EDIT_LEADS)
    # ticks are kept by the place of a row: other leads in these places must not have them
    key = f"leads-{abs(hash((view, *frame['lead_id'])))}"
    event = st.dataframe(
        shown, key=key, hide_index=True, height=min(44 + 35 * len(shown), 44 + 35 * 18), placeholder=words.MISSING,
        column_order=_order(shown),
        column_config=_columns(frame), alt="Ranked leads, best first",
        on_select="rerun" if may_edit else "ignore", selection_mode="multi-row")
    if (opened := st.session_state.pop("opened_lead", None)) is not None:
        st.switch_page("lead.py", query_params={"lead": str(opened)})
    rows = event.selection.rows if may_edit else []
    return [int(frame["lead_id"].iloc[row]) for row in rows if row < len(frame)]


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    shown = frame.copy()
    for name, wording in (("tier", {}), ("outcome", words.STAGE_WORDS)):
        shown[name] = [[] if words.is_missing(value) else [wording.get(value, value)] for value in frame[name]]
    known = frame["name"].notna() & (frame["name"] != "")
    shown["name"] = frame["name"].where(known, frame["company"]).fillna("Lead " + frame["lead_id"].astype(str))
    return shown


def _order(shown: pd.DataFrame) -> list[str]:
    """Put our columns first and those a person has added last; what no lead here has needs no column."""
    ours = [name for name in SHOWN if name in shown and not (name in OPTIONAL and shown[name].isna().all())]
    return ours + [name for name in shown if name not in (*SHOWN, "lead_id")]


def _columns(frame: pd.DataFrame) -> dict[str, object]:
    column = st.column_config
    opened = {"on_click": _open, "args": (frame["lead_id"].tolist(),), "key": "open_row"}
    return {
        "rank": column.NumberColumn("#", width=56, format="localized"),
        "name": column.ButtonColumn("Lead", width=180, pinned=True, type="tertiary", alignment="left",
                                    help="Click a name to open the lead.", **opened),
        "company": column.TextColumn("Company", width=160),
        "score": column.ProgressColumn("Score", width=130, min_value=0, max_value=100, format="%.1f"),
        "tier": column.MultiselectColumn("Tier", width=90, options=list(words.TIER_COLORS),
                                         color=list(words.TIER_COLORS.values())),
        "top_reason": column.TextColumn("Main reason", width=260),
        "next_action": column.TextColumn("Next action", width=190),
        "due": column.DatetimeColumn("Due", width=110, format="D MMM YYYY"),
        "owner": column.TextColumn("Owner", width=120),
        "outcome": column.MultiselectColumn("Outcome", width=110, options=list(words.STAGE_WORDS.values()),
                                            color=list(words.STAGE_COLORS.values())),
        "probability": column.NumberColumn("Chance to convert", width=130, format="percent"),
        "job_title": column.TextColumn("Job title", width=170),
        "email": column.TextColumn("E-mail", width=200),
        "exported": column.CheckboxColumn("Exported", width=90),
    }


def _open(lead_ids: list[int]) -> None:
    click = st.session_state.get("open_row")
    if click is not None:
        st.session_state["opened_lead"] = lead_ids[click["row"]]


def _pages(page: LeadPage) -> None:
    if page.pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.pagination(page.pages, key="page", bind=filters.IN_URL)


# --- what people do with the chosen rows --------------------------------------------------------------------


def _actions(context: Context, options: delivery.FilterOptions, chosen: list[int]) -> None:
    if not context.actor.may(Action.EDIT_LEADS):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        # always there, so that the table below does not move when a row is ticked
        st.markdown(f"**{words.counted(len(chosen), 'lead')}**" if chosen else ":gray[Tick rows to]", width="content")
        for stage in STAGES:
            st.button(words.STAGE_WORDS[stage], key=f"stage-{stage}", disabled=not chosen, on_click=_record,
                      args=(context, chosen, stage))
        hands.outcome_form(context, chosen, label="With a date …", prominent=False)
        hands.take_back(context, chosen, label="Take back")
        with st.popover("Hand to …", icon=":material/person_add:", disabled=not chosen):
            owner = st.selectbox("Owner", options.owners, index=None, accept_new_options=True, key="new_owner",
                                 placeholder="Choose or type a name")
            st.button("Assign", type="primary", disabled=not owner, key="assign", on_click=_assign,
                      args=(context, chosen, owner))
        if st.button("Open", icon=":material/arrow_forward:", key="open-chosen", disabled=len(chosen) != 1,
                     help="A click on a name opens the lead too."):
            st.switch_page("lead.py", query_params={"lead": str(chosen[0])})


def _record(context: Context, chosen: list[int], stage: str) -> None:
    with notices.refusals():
        recorded = dossier.record_outcome(context.workbench, context.actor, client=context.client, lead_ids=chosen,
                                           stage=stage)
        notices.say_after_rerun(f"{words.counted(recorded, 'lead')} recorded as {words.STAGE_WORDS[stage].lower()}.")


def _assign(context: Context, chosen: list[int], owner: str) -> None:
    with notices.refusals():
        assigned = dossier.assign_owner(context.workbench, context.actor, client=context.client, lead_ids=chosen,
                                         owner=owner)
        notices.say_after_rerun(f"{words.counted(assigned, 'lead')} handed to {owner}.")


main()
