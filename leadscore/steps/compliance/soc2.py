"""Evidence for the criteria CC6.1, CC7.2 and CC8.1 of SOC 2 over a period, and for backups and the log itself."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pandas as pd

from leadscore.reports.document import Figure, Section, Table
from leadscore.steps.compliance.access_log import DENIED, REFUSED, RIGHTS, SIGNED_IN
from leadscore.steps.compliance.asking import Asked, Compiled, moment
from leadscore.steps.compliance.trail import as_records, left_out, listed, of_families, records_of
from leadscore.steps.record_words import Family
from leadscore.store import alerts, audit, evidence

BACKUPS = ("backup_made", "backup_verified", "backup_restored", "backups_removed", "backup_settings_saved")
APPROVALS = ("model_approved", "model_rejected", "approval_setting_saved")
KEYS = ("keys_rotated", "secret_changed")
NOTHING = ("Nothing is recorded in this period.",)


def soc2(asked: Asked) -> Compiled:
    """Gather the evidence of a period; it says what is recorded, not whether a control works."""
    frame = records_of(asked)
    account = of_families(frame, Family.ACCOUNT)
    changes = of_families(frame, Family.CHANGE, Family.MODEL)
    sections = (
        Section("In short", figures=(
            Figure("Sign-ins", f"{_count(account, SIGNED_IN):,}"),
            Figure("Sign-ins refused", f"{_count(account, REFUSED):,}"),
            Figure("Changes of accounts and rights", f"{account['action'].isin(RIGHTS).sum():,}"),
            Figure("Changes of settings and models", f"{len(changes):,}"),
            Figure("Faults", f"{len(of_families(frame, Family.FAULT)):,}"),
            Figure("Backups made", f"{_count(frame, BACKUPS[0]):,}"))),
        _access(asked, frame),
        _monitoring(asked, frame),
        _changes(changes),
        _part("Backups and restores", frame[frame["action"].isin(BACKUPS)]),
        Section("The audit trail itself", (chain_words(asked),)),
    )
    notes = (*left_out(asked), "CC6.1: logical access. CC7.2: monitoring for anomalies. CC8.1: change management. "
             "Trust Services Criteria of the AICPA.")
    return Compiled("SOC 2 evidence", f"CC6.1, CC7.2 and CC8.1, {asked.days.words}", sections, notes,
                    as_records(frame))


def chain_words(asked: Asked) -> str:
    """Say in a sentence whether the log is whole."""
    verdict = audit.verify(asked.session, asked.workbench.vault,
                           audit.checkpoint_file(asked.workbench.settings.data_folder))
    if verdict.ok:
        return (f"The chain of the log was checked from its first record to number {asked.upto:,} and beyond, if there "
                "were more: none was altered, removed or moved.")
    return f"The chain of the log is broken at record {verdict.broken_at}. {verdict.reason}"


def _access(asked: Asked, frame: pd.DataFrame) -> Section:
    account = of_families(frame, Family.ACCOUNT)
    people = evidence.people(asked.session, asked.client_id)
    accounts = pd.DataFrame({"Account": [user.name for user in people], "Role": [user.role for user in people],
                             "May sign in": [not user.disabled for user in people],
                             "Made on": [f"{user.created_at:%Y-%m-%d}" for user in people]})
    changed = account[account["action"].isin(RIGHTS)]
    refused = account[account["action"].isin((REFUSED, DENIED))]
    return Section("CC6.1 Who may sign in, and who did",
                   (f"Accounts as of {moment(asked.as_of)} UTC that may see this client.",),
                   tables=(Table("Accounts", accounts), Table("Sign-ins by person", _sign_ins(account)),
                           *_tables("Changes of accounts and rights", changed),
                           *_tables("Refused sign-ins and refused actions", refused),
                           *_tables("Keys", frame[frame["action"].isin(KEYS)])))


def _sign_ins(account: pd.DataFrame) -> pd.DataFrame:
    tried = account[account["action"].isin((SIGNED_IN, REFUSED))]
    counted = tried.groupby(["actor", "action"]).size().unstack(fill_value=0)
    counted = counted.reindex(columns=[SIGNED_IN, REFUSED], fill_value=0)
    return counted.rename(columns={SIGNED_IN: "Sign-ins", REFUSED: "Refused"}).reset_index(names="Who")


def _monitoring(asked: Asked, frame: pd.DataFrame) -> Section:
    raised = [alert for alert in alerts.between(asked.session, asked.client_id, first=_start(asked), last=asked.as_of)
              if f"{alert.raised_at:%Y-%m-%d}" < asked.days.after]
    checks = evidence.drift_checks(asked.session, asked.client_id, first=str(asked.days.first), after=asked.days.after)
    shown = pd.DataFrame({"Raised": [moment(one.raised_at) for one in raised], "About": [one.kind for one in raised],
                          "Severity": [one.severity for one in raised], "What": [one.text for one in raised],
                          "Settled": [_settled(asked, one) for one in raised]})
    drift = pd.DataFrame({"When (UTC)": [moment(one.at) for one in checks], "Verdict": [one.verdict for one in checks],
                          "Model": [f"version {one.model_version}" if one.model_version else "" for one in checks],
                          "By": [one.started_by for one in checks]})
    faults = of_families(frame, Family.FAULT)
    tables = tuple(Table(title, rows) for title, rows in (("Alerts", shown), ("Checks for drift", drift)) if len(rows))
    tables += _tables("Faults of the program", faults)
    return Section("CC7.2 What was watched and found", () if tables else NOTHING, tables=tables)


def _settled(asked: Asked, alert: object) -> str:
    at = getattr(alert, "settled_at", None)
    return moment(at) if at is not None and at <= asked.as_of else "open"


def _start(asked: Asked) -> datetime:
    return datetime.combine(asked.days.first, time.min, tzinfo=UTC)


def _changes(changes: pd.DataFrame) -> Section:
    approvals = changes[changes["action"].isin(APPROVALS)]
    tables = (*_tables("Settings", of_families(changes, Family.CHANGE)),
              *_tables("Models and experiments", of_families(changes, Family.MODEL)),
              *_tables("Approvals by a second person", approvals))
    return Section("CC8.1 What was changed, by whom, from what to what", () if tables else NOTHING, tables=tables)


def _part(title: str, frame: pd.DataFrame) -> Section:
    return Section(title, NOTHING if frame.empty else (), tables=_tables("", frame))


def _tables(title: str, frame: pd.DataFrame) -> tuple[Table, ...]:
    return () if frame.empty else (Table(title, listed(frame)),)


def _count(frame: pd.DataFrame, action: str) -> int:
    return int((frame["action"] == action).sum())
