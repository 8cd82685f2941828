"""A card for each report: what it answers, for whom, what it is about, and its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import compliance, model_documents, models, reporting
from leadscore.services.compliance import ABOUT_A_LEAD, ABOUT_A_PERIOD, WITH_RECORDS, Format, Kind, Period, Wish
from leadscore.services.reporting import ListView
from pages.shared import Context
from pages.widgets import report_download

DAYS = 90
MOST_LEADS = 10**15


@dataclass(frozen=True)
class Words:
    """What a card says of its report."""

    title: str
    answers: str
    for_whom: str


CARDS = {
    Kind.NOTICE: Words(
        "Notice about one lead's score", "What was decided about this person, what counted and how much, what would "
        "change it, where the data came from, and how to contest it. In plain words.",
        "the person, on request (GDPR Art. 22 and 15(1)(h))"),
    Kind.PROCESSING: Words(
        "Record of processing activities", "Which data is held, from where, for what, who gets it, how long it is "
        "kept and how it is protected, as it is set up now.", "the data protection authority (GDPR Art. 30)"),
    Kind.ACCESS: Words(
        "Access log", "Who looked at or exported personal data of which leads, refused sign-ins, changed rights.",
        "the works council, the data protection officer"),
    Kind.SOC2: Words(
        "SOC 2 evidence", "Accounts and sign-ins (CC6.1), alerts, drift and faults (CC7.2), every change from what to "
        "what (CC8.1), backups, and whether the audit trail is whole.", "auditors"),
    Kind.CCPA: Words(
        "California notice and opt-out list", "Categories collected, sources, purposes, sold or shared, rights. The "
        "CSV is the list of those who opted out.", "consumers, and whoever must leave them out (CCPA)"),
    Kind.RISKS: Words(
        "Risk record", "What could go wrong, how likely and how bad, what is done about it and who looks after it.",
        "management, auditors"),
}


def draw(context: Context) -> None:
    """Draw the cards, two in a row where there is room."""
    st.caption("Each report is dated, under your name, colour and logo (Settings, Reports), and can be made again "
               "later and compared. None of them is legal advice.")
    for first, second in zip(list(CARDS)[::2], list(CARDS)[1::2], strict=True):
        for place, kind in zip(st.columns(2, gap="medium"), (first, second), strict=True):
            with place.container(border=True, height="stretch"):
                _card(context, kind)
    _elsewhere(context)


def files(context: Context, wanted: Wish, *, key: str) -> None:
    """Draw the buttons that make a report as a file; each is written down when it is pressed."""
    day = context.workbench.clock().date()
    with st.container(horizontal=True, gap="small"):
        for as_a in Format:
            _button(as_a.upper(), partial(_made, context, wanted, as_a), report_download.MEDIA[as_a],
                    reporting.report_name(wanted.kind, context.client, day, as_a), f"{key}-{as_a}")
        if wanted.kind in WITH_RECORDS:
            _button("CSV", partial(_records, context, wanted), "text/csv",
                    reporting.report_name(wanted.kind, context.client, day, "csv"), f"{key}-csv")


def _card(context: Context, kind: Kind) -> None:
    told = CARDS[kind]
    st.markdown(f"**{told.title}**  \n:small[{told.answers}]  \n:small[:gray[For {told.for_whom}.]]")
    if kind is Kind.NOTICE and not context.actor.may(Action.VIEW_PERSONAL_DATA):
        st.caption("Your role does not see personal data.")
        return
    wanted = _wanted(context, kind)
    if wanted is not None:
        files(context, wanted, key=f"make-{kind}")


def _wanted(context: Context, kind: Kind) -> Wish | None:
    if kind in ABOUT_A_LEAD:
        lead = st.number_input("Number of the lead", 1, MOST_LEADS, None, step=1, key=f"lead-{kind}",
                               placeholder="As in the address of its page", width=260)
        return None if lead is None else Wish(kind, lead_id=int(lead))
    if kind not in ABOUT_A_PERIOD:
        return Wish(kind)
    today = context.workbench.clock().date()
    days = st.date_input("Period", (today - timedelta(days=DAYS), today), key=f"period-{kind}", width=260)
    period = _period(days)
    if period is None:
        st.caption("Choose the last day, too.")
    return None if period is None else Wish(kind, period)


def _period(days: Any) -> Period | None:
    if not isinstance(days, (tuple, list)) or len(days) != 2:
        return None
    first, last = days
    return Period(first, last) if isinstance(first, date) and isinstance(last, date) else None


def _button(label: str, content: Callable[[], bytes], mime: str, name: str, key: str) -> None:
    st.download_button(label, content, file_name=name, mime=mime, on_click="ignore", key=key,
                       icon=":material/download:")


def _made(context: Context, wanted: Wish, as_a: Format) -> bytes:
    return compliance.make_report(context.workbench, context.actor, client=context.client, wanted=wanted,
                                  as_a=as_a).content


def _records(context: Context, wanted: Wish) -> bytes:
    return compliance.report_records(context.workbench, context.actor, client=context.client, wanted=wanted).content


def _elsewhere(context: Context) -> None:
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        st.markdown("**Performance report**  \n:small[Whether scores keep their word and what they bring, of all "
                    "leads; narrowed by filters it leaves from the Performance page.]  \n:small[:gray[For management, "
                    "and the client.]]")
        with st.container(horizontal=True, gap="small"):
            for as_a in Format:
                report_download.button(context, ListView(), as_a, label=as_a.upper(), key=f"performance-{as_a}")
    with right.container(border=True, height="stretch"):
        st.markdown("**Model documentation**  \n:small[One version: purpose and limits, data, figures with intervals, "
                    "fairness, drift, approvals and use.]  \n:small[:gray[For whoever must be able to challenge a "
                    "model.]]")
        _model(context)


def _model(context: Context) -> None:
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    if not versions:
        st.caption("No model has been trained yet.")
        return
    named = {f"v{one.version}": f"v{one.version}" + (f" ({one.alias})" if one.alias else "") for one in versions}
    chosen = st.selectbox("Version", list(named), format_func=named.__getitem__, key="model_document", width=260)
    day = context.workbench.clock().date()
    with st.container(horizontal=True, gap="small"):
        for as_a in Format:
            _button(as_a.upper(), partial(_document, context, chosen, as_a), report_download.MEDIA[as_a],
                    reporting.report_name(f"model-{chosen}", context.client, day, as_a), f"model-{as_a}")


def _document(context: Context, version: str, as_a: Format) -> bytes:
    return model_documents.model_document(context.workbench, context.actor, client=context.client, version=version,
                                          as_a=as_a).content
