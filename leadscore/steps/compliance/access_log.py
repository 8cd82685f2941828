"""Who saw or took personal data of which leads in a period, who signed in or failed to, and whose rights changed."""

from __future__ import annotations

import pandas as pd

from leadscore.charts.numbers import counted
from leadscore.reports.document import Figure, Section, Table
from leadscore.steps.compliance.asking import Asked, Compiled
from leadscore.steps.compliance.trail import as_records, left_out, listed, of_families, records_of
from leadscore.steps.record_words import Family

VIEWED, EXPORTED = "lead_viewed", "leads_exported"
REFUSED, DENIED, SIGNED_IN = "sign_in_refused", "access_denied", "signed_in"
RIGHTS = ("user_added", "user_changed", "password_changed", "sessions_ended", "session_ended", "account_unlocked")
ACCESSES = (Family.PERSON, Family.EXPORT)
NOT_SEEN = ("retention_saved", "retention_applied", "keys_rotated", "secret_changed", "erasures_repeated",
            "request_received", "request_closed", "report_made", "figure_downloaded", "audit_exported")
"""Records of these families at which nobody sees a person's data."""
ABOUT_A_LEAD = "lead:"


def access_log(asked: Asked) -> Compiled:
    """Make the log of accesses to personal data; leads are named by their numbers alone."""
    frame = records_of(asked)
    accesses, account = accesses_in(frame), of_families(frame, Family.ACCOUNT)
    rights = account[account["action"].isin(RIGHTS)]
    refused = account[account["action"].isin((REFUSED, DENIED))]
    viewed = accesses[accesses["action"] == VIEWED]
    sections = (
        Section("In short", (_sentence(viewed, accesses),), figures=(
            Figure("Looks at a lead's personal data", f"{len(viewed):,}"),
            Figure("Leads looked at", f"{viewed['object'].nunique():,}"),
            Figure("Rows exported", f"{_rows(accesses):,}", note=f"in {counted(_exports(accesses), 'export')}"),
            Figure("Sign-ins refused", f"{(account['action'] == REFUSED).sum():,}"))),
        Section("By person", tables=(Table("", by_person(frame)),)),
        Section("Who saw or took what", tables=(Table("", listed(accesses)),)),
        Section("Refused sign-ins and refused actions", _or_none(refused), tables=_table(refused)),
        Section("Changes of accounts and rights", _or_none(rights), tables=_table(rights)),
    )
    records = pd.concat([accesses, account]).sort_values("seq")
    notes = (*left_out(asked),
             "Lead numbers are pseudonyms: the workbench knows whose they are, the log does not.",
             "Sign-ins under a name that is no account's are written down as user:unknown, never with what was typed.")
    return Compiled("Access log", f"Personal data, {asked.days.words}", sections, notes, as_records(records))


def accesses_in(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the records at which somebody saw or took personal data; of compliance reports those about one lead."""
    found = of_families(frame, *ACCESSES)
    impersonal = (found["action"] == "compliance_report_made") & ~found["object"].str.startswith(ABOUT_A_LEAD)
    return found[~found["action"].isin(NOT_SEEN) & ~impersonal.astype(bool)]


def by_person(frame: pd.DataFrame) -> pd.DataFrame:
    """Count for each person looks, leads looked at, exports and rows taken, sign-ins and refusals."""
    people = sorted({*accesses_in(frame)["actor"], *of_families(frame, Family.ACCOUNT)["actor"]})
    groups = {name: frame[frame["actor"] == name] for name in people}
    return pd.DataFrame({
        "Who": people, "Looks": [_count(groups[name], VIEWED) for name in people],
        "Leads": [groups[name].loc[groups[name]["action"] == VIEWED, "object"].nunique() for name in people],
        "Exports": [_exports(groups[name]) for name in people], "Rows": [_rows(groups[name]) for name in people],
        "Sign-ins": [_count(groups[name], SIGNED_IN) for name in people],
        "Refused": [_count(groups[name], REFUSED) + _count(groups[name], DENIED) for name in people]})


def _sentence(viewed: pd.DataFrame, accesses: pd.DataFrame) -> str:
    if accesses.empty:
        return "Nobody looked at or took personal data in this period."
    people, leads = viewed["actor"].nunique(), viewed["object"].nunique()
    return (f"{counted(people, 'person', 'people')} looked at the personal data of {counted(leads, 'lead')}; "
            f"{counted(_exports(accesses), 'export')} took {counted(_rows(accesses), 'row')}.")


def _exports(frame: pd.DataFrame) -> int:
    return _count(frame, EXPORTED)


def _rows(frame: pd.DataFrame) -> int:
    return sum(int(detail.get("rows") or 0) for detail in frame.loc[frame["action"] == EXPORTED, "detail"])


def _count(frame: pd.DataFrame, action: str) -> int:
    return int((frame["action"] == action).sum())


def _or_none(frame: pd.DataFrame) -> tuple[str, ...]:
    return ("None in this period.",) if frame.empty else ()


def _table(frame: pd.DataFrame) -> tuple[Table, ...]:
    return () if frame.empty else (Table("", listed(frame)),)
