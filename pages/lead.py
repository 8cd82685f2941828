"""One lead: its score, what makes it, what is known, and what a person decides about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts import reasons as reason_charts
from leadscore.schema import FIELD_BY_NAME, normalise_header
from leadscore.services import delivery, dossier
from leadscore.services.delivery import ListView
from leadscore.services.dossier import LeadDetail
from pages.shared import Context, current
from pages.widgets import (
    explaining,
    hands,
    lead_intent,
    lead_plain_words,
    lead_privacy,
    lead_similar,
    notices,
    words,
)

PARAMETER = "lead"
QUIET = {"displayModeBar": False}
FOUND_SHOWN = 10
REASONS_SHOWN = 5
LONGEST_NUMBER = 18


def main() -> None:
    """Draw the lead the address names, or help to find one."""
    context = current()
    notices.say_pending()
    written = st.query_params.get(PARAMETER, "")
    if not written:
        _find(context)
        return
    if not written.isdecimal() or len(written) > LONGEST_NUMBER:
        st.error("Open a lead from the ranked list.", title=f"'{written}' is not the number of a lead.")
        return
    with notices.refusals():
        seen = (context.client, written)
        detail = dossier.lead_detail(context.workbench, context.actor, client=context.client, lead_id=int(written),
                                      note=st.session_state.get("lead_seen") != seen)
        st.session_state["lead_seen"] = seen
        _draw(context, detail)


def _find(context: Context) -> None:
    st.title("Lead", anchor=False)
    search = st.text_input("Find a lead", placeholder="Name, company, e-mail …", icon=":material/search:",
                           key="find_lead")
    with notices.refusals():
        page = delivery.list_leads(context.workbench, context.actor, client=context.client,
                                   view=ListView(search=(search or "").strip(), page_size=FOUND_SHOWN))
        if page.frame.empty:
            notices.empty_state("person_search", "No lead found" if search else "No leads yet",
                                "Try a part of the name or company." if search else "Upload a list first.")
            return
        st.caption("The best leads first." if not search else f"{words.counted(page.total, 'lead')} found.")
        for row in page.frame.to_dict("records"):
            _found(row)


def _found(row: dict[str, object]) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        told = " · ".join(words.escape(str(row[name])) for name in ("job_title", "company")
                          if not words.is_missing(row.get(name)))
        name = words.first_known(row["name"], row["company"], f"Lead {row['lead_id']}")
        st.markdown(f"**{words.escape(name)}**  \n:small[:gray[{told or words.MISSING}]]",
                    width="stretch")
        st.markdown(f"{words.tier_badge(row['tier'])} **{words.decimal(row['score'])}**", width="content")
        st.page_link("lead.py", label="Open", icon=":material/arrow_forward:",
                     query_params={PARAMETER: str(row["lead_id"])})


def _draw(context: Context, lead: LeadDetail) -> None:
    may_edit = context.actor.may(Action.EDIT_LEADS)
    _head(context, lead, may_edit)
    hands.override_note(context, lead, may_edit)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        _score_card(lead)
    with right:
        _waterfall(lead)
    _reasons(lead)
    lead_intent.draw(context, lead.lead_id)
    explaining.way_up(lead)
    if lead.score is not None:
        lead_plain_words.draw(context, lead.lead_id)
        explaining.curves(lead)
    lead_similar.draw(context, lead.lead_id)
    known, rules, history, company, origin, privacy = st.tabs(
        ["What is known", "Rules", "History", f"Same company ({len(lead.colleagues)})", "Where it comes from",
         "Privacy"], key="lead_tab")
    with known:
        _values(lead)
    with rules:
        _rules(lead)
    with history:
        _history(lead)
        if may_edit and len(lead.outcomes):
            hands.take_back(context, [lead.lead_id],
                            label=f"Take back “{words.STAGE_WORDS[hands.standing(lead)]}”")
    with company:
        _colleagues(lead)
    with origin:
        _origin(lead)
        if context.actor.may(Action.VIEW_AUDIT):
            st.page_link("audit.py", label="Follow it from file to score, and replay past scores",
                         icon=":material/account_tree:",
                         query_params={"tab": "Lineage", "follow": "From a lead", "trace_lead": str(lead.lead_id)})
    with privacy, notices.refusals():
        lead_privacy.draw(context, lead)


# --- who, and how good --------------------------------------------------------------------------------------


def _head(context: Context, lead: LeadDetail, may_edit: bool) -> None:
    known = [_value_of(lead, name) for name in ("job_title", "company", "country")]
    role = " · ".join(words.escape(value) for value in known if value and value != lead.title)
    stage = hands.standing(lead)
    with st.container(gap="small"):
        st.title(words.escape(lead.title), anchor=False)
        if role:
            st.markdown(f":gray[{role}]")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{words.tier_badge(lead.tier)} {words.stage_badge(stage)} "
                        + ("" if lead.reachable else f":red-badge[:material/block: {lead.unreachable_reason}]")
                        + (" :orange-badge[:material/front_hand: objects to profiling]" if lead.objected_at else ""),
                        width="stretch")
            if may_edit:
                owners = delivery.filter_options(context.workbench, context.actor, client=context.client).owners
                hands.outcome_form(context, [lead.lead_id])
                hands.owner_form(context, lead, owners)
                hands.override_form(context, lead)


def _value_of(lead: LeadDetail, field: str) -> str:
    """Find a field among the values, which carry the headers of the user's own file."""
    spellings = FIELD_BY_NAME[field].aliases
    return next((value for _, label, value in lead.values if normalise_header(label) in spellings), "")


def _score_card(lead: LeadDetail) -> None:
    with st.container(border=True, height="stretch"):
        if lead.score is None:
            st.metric("Score", words.MISSING)
            st.caption("The person objects to being scored." if lead.objected_at else
                       "Not scored yet. Scores appear after the next scoring.")
            return
        st.metric("Score out of 100", words.decimal(lead.score))
        st.progress(lead.score / 100)
        _chance(lead)
        explaining.tier_chances(lead)
        _meter("Fit: who they are", lead.fit)
        _meter("Engagement: what they did", lead.engagement)
        if lead.next_action:
            due = f" · due {words.day(lead.due)}" if lead.due else ""
            st.markdown(f":material/event_upcoming: **{words.escape(lead.next_action)}**{due}")


def _chance(lead: LeadDetail) -> None:
    if lead.probability is None:
        st.caption("No model yet: the score comes from the rules alone. A model learns as soon as there are enough "
                   "conversions and losses.")
        return
    interval = ""
    if lead.probability_low is not None and lead.probability_high is not None:
        interval = (f" (likely between {100 * lead.probability_low:.0f} and "
                    f"{100 * lead.probability_high:.0f})")
    said = words.chance(lead.probability)
    st.markdown(f"{said[0].upper()}{said[1:]} leads like this convert{interval}.")


def _meter(label: str, value: float | None) -> None:
    if value is None:
        st.caption(f"{label} {words.MISSING}")
        return
    st.progress(min(max(value / 100, 0.0), 1.0), text=f":small[{label} · **{words.decimal(value)}**]")


# --- why ----------------------------------------------------------------------------------------------------


def _waterfall(lead: LeadDetail) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown("**What makes this score**")
        if lead.waterfall.empty or lead.base is None or lead.blended is None:
            st.caption("Nothing to show before the first scoring.")
            return
        st.plotly_chart(reason_charts.waterfall(lead.waterfall, base=lead.base, total=lead.blended),
                        config=QUIET, key="waterfall",
                        alt=f"From {words.decimal(lead.base)} to {words.decimal(lead.blended)} points, step by step")


def _reasons(lead: LeadDetail) -> None:
    if not lead.reasons:
        return
    up = sorted((r for r in lead.reasons if r.effect > 0), key=lambda reason: -reason.effect)
    down = sorted((r for r in lead.reasons if r.effect < 0), key=lambda reason: reason.effect)
    columns = st.columns(2, gap="medium")
    for column, title, color, arrow, chosen in (
            (columns[0], "Speaks for this lead", "green", "arrow_upward", up),
            (columns[1], "Speaks against", "red", "arrow_downward", down)):
        with column, st.container(border=True, height="stretch", gap="small"):
            st.markdown(f"**{title}**")
            for reason in chosen[:REASONS_SHOWN]:
                said, points = st.columns([5, 1], wrap=False)
                said.markdown(_without_points(reason.text))
                points.markdown(f":{color}[:material/{arrow}: **{reason.effect:+.1f}**]", text_alignment="right")
            if not chosen:
                st.caption("Nothing.")


def _without_points(text: str) -> str:
    """Leave the points to the column at the right."""
    head, colon, tail = text.rpartition(":")
    points = colon and tail.strip().lstrip("+-−").replace(".", "").replace(",", "").isdecimal()
    return words.escape(head if points else text)


# --- what lies behind ---------------------------------------------------------------------------------------


def _values(lead: LeadDetail) -> None:
    groups = dict.fromkeys(group for group, _, _ in lead.values)
    with st.grid(2, min_column_width=320, gap="medium"):
        for group in groups:
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{words.GROUP_WORDS.get(group, group)}**")
                known = {words.escape(label): words.escape(value) for g, label, value in lead.values if g == group}
                st.table(known, border="horizontal")


def _rules(lead: LeadDetail) -> None:
    if lead.criteria.empty:
        st.caption("No rule has been applied yet.")
        return
    st.caption(f"The rules alone give {words.decimal(lead.rule_score)} of 100 points.")
    st.dataframe(
        lead.criteria.assign(group=[words.GROUP_WORDS.get(g, g) for g in lead.criteria["group"]],
                             value=[words.plain(value) for value in lead.criteria["value"]]), hide_index=True,
        placeholder=words.MISSING, alt="Points of each rule for this lead", column_config={
            "group": "Group", "label": st.column_config.TextColumn("Rule", width="large"), "value": "Value",
            "points": st.column_config.NumberColumn("Points", format="%+.1f"),
            "max": st.column_config.NumberColumn("At most", format="%.1f")})


def _history(lead: LeadDetail) -> None:
    if len(lead.history) > 1:
        st.plotly_chart(reason_charts.score_history(lead.history), config=QUIET, key="score_history",
                        alt="The lead's score over time")
    _table(lead.history, "No scores yet.", {
        "scored_at": st.column_config.DatetimeColumn("Scored", format="D MMM YYYY, HH:mm"),
        "score": st.column_config.NumberColumn("Score", format="%.1f"),
        "rule_score": st.column_config.NumberColumn("By rules", format="%.1f"),
        "probability": st.column_config.NumberColumn("Chance", format="percent"), "tier": "Tier",
        "model_version": "Model", "policy_version": "Policy"})
    st.markdown("**Outcomes**")
    newest_first = lead.outcomes.iloc[::-1]
    _table(newest_first.assign(stage=[words.STAGE_WORDS.get(s, s) for s in newest_first["stage"]]),
           "Nothing recorded yet.", {
               "stage": "What happened", "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY"),
               "revenue": st.column_config.NumberColumn("Revenue", format="localized"), "currency": "Currency",
               "origin": "From", "recorded_by": "By"})
    if len(lead.activities):
        st.markdown("**Activities**")
        _table(lead.activities, "", {
            "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm"), "kind": "What they did",
            "amount": st.column_config.NumberColumn("How much", format="localized")})


def _colleagues(lead: LeadDetail) -> None:
    if lead.colleagues.empty:
        st.caption("No other lead of this company.")
    for row in lead.colleagues.to_dict("records"):
        _found(row | {"company": None})


def _origin(lead: LeadDetail) -> None:
    batch = lead.batch if isinstance(lead.batch, dict) else vars(lead.batch)
    told = {"File": str(batch.get("filename", words.MISSING)), "Row in the file": words.count(lead.source_row),
            "Import": f"#{batch.get('id', words.MISSING)}", "Imported by": str(batch.get("imported_by", words.MISSING)),
            "On": words.minute(batch.get("created_at"))}
    st.table({label: words.escape(value) for label, value in told.items()}, border="horizontal", width="content")


def _table(frame: pd.DataFrame, empty: str, columns: dict[str, object]) -> None:
    if frame.empty:
        st.caption(empty)
        return
    st.dataframe(frame, hide_index=True, placeholder=words.MISSING, column_config=columns, alt="Details",
                 column_order=[name for name in columns if name in frame])


main()
