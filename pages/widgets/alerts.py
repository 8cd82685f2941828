"""What somebody must look at, above everything else of a page, with the way to it and a button to settle it."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import alerts
from leadscore.services.alerts import AlertKind, OpenAlert, Severity
from pages.shared import Context
from pages.widgets import notices, words

SHOWN = 5
BADGES = {
    Severity.SERIOUS: ":red-badge[:material/error: Serious]",
    Severity.WARNING: ":orange-badge[:material/warning: Look at this]",
    Severity.NOTE: ":blue-badge[:material/info: Note]",
}
WAYS = {
    AlertKind.DRIFT: ("audit.py", "Drift"), AlertKind.REQUEST: ("audit.py", "Privacy"),
    AlertKind.CHAIN: ("audit.py", "Trail"), AlertKind.FAULT: ("audit.py", "System"),
    AlertKind.BACKUP: ("audit.py", "System"), AlertKind.HEALTH: ("audit.py", "System"),
    AlertKind.APPROVAL: ("settings.py", "Models"), AlertKind.MODEL: ("settings.py", "Models"),
}
"""Where each kind is dealt with: a page and its tab."""


def draw(context: Context) -> None:
    """Draw the gravest of the open alerts; nothing where all is well."""
    found = alerts.open_alerts(context.workbench, context.actor, client=context.client)
    if not found:
        return
    with st.container(border=True, gap="small", key="alerts"):
        for alert in found[:SHOWN]:
            _one(context, alert)
        if len(found) > SHOWN:
            st.caption(f"and {words.counted(len(found) - SHOWN, 'more alert', 'more alerts')}")


def _one(context: Context, alert: OpenAlert) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        owner = f" :gray[{words.escape(alert.owner)} looks after it.]" if alert.owner else ""
        st.markdown(f"{BADGES[alert.severity]} {words.escape(alert.text)}{owner}", width="stretch")
        page, tab = WAYS[alert.kind]
        if page != "audit.py" or context.actor.may(Action.VIEW_AUDIT):
            st.page_link(page, label="Look", icon=":material/arrow_forward:", query_params={"tab": tab},
                         width="content")
        if context.actor.may(Action.CONFIGURE if alert.everywhere else Action.EDIT_LEADS):
            st.button("Settled", key=f"settle-{alert.id}", icon=":material/check:", type="tertiary",
                      help="Dealt with: it opens again if it happens again.", on_click=_settle, args=(context, alert))


def _settle(context: Context, alert: OpenAlert) -> None:
    with notices.refusals():
        alerts.dismiss_alert(context.workbench, context.actor, client=context.client, alert_id=alert.id,
                      everywhere=alert.everywhere)
