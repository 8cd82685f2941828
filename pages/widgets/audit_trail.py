"""The trail: who did what, filtered and paged, each record as a sentence, and a picture of what happened when."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts import trail
from leadscore.services import governance
from leadscore.services.governance import Choice, Family
from pages.shared import Context
from pages.widgets import audit_record, audit_verdict, notices, pictures, words

PAGE_SIZE = 50
IN_URL = "query-params"
PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "all": "All time"}
PEOPLE_SHOWN = 200
LAST_PAGE = 1_000_000
"""Nobody turns further, and an address may name any number."""


def draw(context: Context) -> None:
    """Draw the verdict, the filters, what happened when and by whom, and the records."""
    audit_verdict.draw(context)
    with notices.refusals():
        choice, everywhere = _filters(context)
        _activity(context, choice, everywhere)
        _records(context, choice, everywhere)


def _filters(context: Context) -> tuple[Choice, bool]:
    known = governance.RECORD_WORDS
    with st.container(horizontal=True, vertical_alignment="bottom"):
        period = st.segmented_control("Period", list(PERIODS), default="30", key="period", bind=IN_URL,
                                      format_func=lambda name: PERIODS.get(name, name)) or "30"
        family = st.selectbox("Family", [None, *map(str, Family)], key="family", bind=IN_URL, width=200,
                              format_func=lambda name: governance.FAMILY_LABELS[Family(name)] if name else "All")
        offered = [name for name in known if family is None or known[name].family == family]
        action = st.selectbox("What", [None, *offered], key="action", bind=IN_URL, width=220,
                              format_func=lambda name: known[name].label if name else "Everything")
        person = st.text_input("Who", key="person", bind=IN_URL, placeholder="Anyone", width=150)
        about = st.text_input("On", key="about", bind=IN_URL, placeholder="lead:17", width=150,
                              help="Such as lead:17, import 3 as batch:3, or model:2; 'lead:' alone for all leads.")
        everywhere = context.actor.may(Action.MANAGE_USERS) and st.toggle("Every client", key="everywhere", bind=IN_URL)
    chosen = (action,) if action else tuple(offered) if family else ()
    since = None if period == "all" else context.workbench.clock() - timedelta(days=int(period))
    return Choice(actions=chosen, person=(person or "").strip() or None, about=(about or "").strip() or None,
                  since=since), bool(everywhere)


def _activity(context: Context, choice: Choice, everywhere: bool) -> None:
    counted = _counted(context, choice, everywhere)
    if choice.actions:
        counted = counted[counted["action"].isin(choice.actions)]
    if choice.person:
        counted = counted[counted["actor"] == choice.person]
    if counted.empty:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        days = counted.groupby(["day", "family"], as_index=False)["records"].sum()
        labels = {str(family): label for family, label in governance.FAMILY_LABELS.items()}
        pictures.draw(context, trail.activity(days, labels))
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Who did what**")
        _people(counted)


def _counted(context: Context, choice: Choice, everywhere: bool) -> pd.DataFrame:
    """Count once for each state of the log: of a million records it takes a second."""
    client = None if everywhere else context.client
    since = f"{choice.since:%Y-%m-%d}" if choice.since else None
    state = (client, since, governance.newest_record(context.workbench, context.actor))
    kept: tuple[object, pd.DataFrame] | None = st.session_state.get("trail_activity")
    if kept is None or kept[0] != state:
        kept = (state, governance.audit_activity(context.workbench, context.actor, client=client, since=choice.since))
        st.session_state["trail_activity"] = kept
    return kept[1]


def _people(counted: pd.DataFrame) -> None:
    """Tell what each person did: signed in, looked at people, took files out, changed things."""
    groups = {"All": counted["records"].notna(), "Sign-ins": counted["action"].eq("signed_in"),
              "Leads seen": counted["family"].eq(str(Family.PERSON)),
              "Exports": counted["family"].eq(str(Family.EXPORT)),
              "Changes": counted["family"].isin([str(Family.CHANGE), str(Family.DATA), str(Family.MODEL)]),
              "Refused": counted["action"].isin(["sign_in_refused", "access_denied"])}
    sums = {name: counted[rows].groupby("actor")["records"].sum() for name, rows in groups.items()}
    people = pd.DataFrame(sums).fillna(0).astype(int).sort_values("All", ascending=False).head(PEOPLE_SHOWN)
    people["Last"] = pd.to_datetime(counted.groupby("actor")["last_at"].max().reindex(people.index), utc=True)
    st.dataframe(people.reset_index(names="Who"), hide_index=True, alt="What each person did",
                 height=min(44 + 35 * len(people), 320),
                 column_config={"Last": st.column_config.DatetimeColumn("Last", format="D MMM, HH:mm", width=100),
                                "Who": st.column_config.TextColumn("Who", width=110)})


def _records(context: Context, choice: Choice, everywhere: bool) -> None:
    number = _page_number()
    client = None if everywhere else context.client
    page = governance.audit_events(context.workbench, context.actor, client=client, choice=choice, limit=PAGE_SIZE,
                                   offset=(number - 1) * PAGE_SIZE)
    if not len(page.frame) and page.total:
        st.session_state["entries"] = 1
        st.rerun()
    if page.total == 0:
        notices.empty_state("history", "No entries", "Take a filter off, choose a longer period, or come back when "
                            "something has happened.")
        return
    many = page.total > governance.MOST_COUNTED and choice != Choice()
    told = f"More than {governance.MOST_COUNTED:,} entries" if many else words.counted(page.total, "entry", "entries")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{told}, newest first. Choose a row to read it.", width="stretch")
        st.download_button("These entries (CSV)", lambda: governance.audit_file(
            context.workbench, context.actor, client=client, choice=choice),
            file_name="audit.csv", mime="text/csv", on_click="ignore", key="audit_csv", icon=":material/download:",
            type="tertiary")
    audit_record.table(context, page.frame)
    pages = -(-min(page.total, governance.MOST_COUNTED if many else page.total) // PAGE_SIZE)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.pagination(pages, key="entries", bind=IN_URL)


def _page_number() -> int:
    written = str(st.session_state.get("entries") or st.query_params.get("entries", "1"))
    return min(max(int(written), 1), LAST_PAGE) if written.isdecimal() else 1
