"""Clean leads are held against common sense: ranges, dates, contradictions, duplicates; faults become issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from leadscore.errors import UnreadableFile
from leadscore.ingest.cleaning import CleanTable
from leadscore.ingest.duplicates import find_duplicates
from leadscore.ingest.issues import Severity, concat_issues, issues_at
from leadscore.ingest.outcomes import outcome_stage
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS

GRACE = pd.Timedelta(days=1)
"""Clocks and time zones differ; within a day nothing is called out of order."""
OLDEST = pd.Timestamp("1990-01-01", tz="UTC")
"""No CRM holds records older than this; such dates are defaults like 1970-01-01."""

PAST_DATES = ("created_at", "modified_at", "last_activity_at", "first_response_at", "consent_at")
RECORD_DATES = (*PAST_DATES, "converted_at")
DATE_ORDER = (("created_at", "last_activity_at"), ("created_at", "first_response_at"), ("created_at", "converted_at"),
              ("created_at", "modified_at"))
COUNT_ORDER = (("email_clicks", "email_opens"), ("email_opens", "emails_sent"), ("email_replies", "emails_sent"))
"""Pairs of which the first cannot be larger than the second."""
CONTACT_FIELDS = ("email", "phone", "mobile", "crm_id", "linkedin_url")

RANGE_CODES = frozenset({"out_of_range", "outlier"})
ACCURACY_CODES = frozenset({
    "dates_out_of_order", "future_date", "implausible_date", "contradictory_outcome", "contradictory_consent",
    "inconsistent_counts",
})


def validate(clean: CleanTable, *, as_of: datetime) -> pd.DataFrame:
    """Judge clean leads.

    Parameters
    ----------
    clean : CleanTable
    as_of : datetime
        The present, in UTC.

    Returns
    -------
    DataFrame
        Issues; those of severity ``error`` reject their row.

    Raises
    ------
    UnreadableFile
        ``no_usable_column`` when no cell of the file holds anything.
    """
    require_values(clean.leads)
    present = _utc(as_of)
    checks = (_empty_rows, _without_contact, _ranges, _record_dates, _date_order, _count_order, _outcomes, _consent,
              _duplicates)
    return concat_issues([found for check in checks for found in check(clean, present)])


def require_values(leads: pd.DataFrame) -> None:
    """Refuse leads of which nothing at all is known.

    Raises
    ------
    UnreadableFile
        ``no_usable_column`` when no cell of the file holds anything.
    """
    if not len(leads.columns) or (len(leads) and leads.isna().to_numpy().all()):
        raise UnreadableFile("no_usable_column", "No column of the file holds any usable value.",
                             "Check that the header is in the first row and that this is the right sheet.")


def rejected_rows(issues: pd.DataFrame, clean: CleanTable) -> pd.Series:
    """Tell which leads an import must leave out: those whose row has an error.

    Returns
    -------
    Series of bool, shape (n_leads,)
        Index of ``clean.leads``.
    """
    rows = issues.loc[issues["severity"] == str(Severity.ERROR), "row"]
    return pd.Series(np.isin(clean.row_numbers, rows[rows > 0].to_numpy()), index=clean.leads.index)


def rejected(issues: pd.DataFrame) -> np.ndarray:
    """List the row numbers that have an error, ascending."""
    rows = issues.loc[issues["severity"] == str(Severity.ERROR), "row"].to_numpy("int64")
    return np.unique(rows[rows > 0])


def _utc(moment: datetime) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _say(clean: CleanTable, wrong: pd.Series | np.ndarray, column: str, code: str, severity: Severity,
         message: str) -> Iterator[pd.DataFrame]:
    """Give the issue for the rows where something is wrong; ``column`` names a column of the leads, or none."""
    positions = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if len(positions):
        values = clean.leads[column].iloc[positions].reset_index(drop=True) if column else None
        header = clean.headers.get(column, column)
        yield issues_at(clean.row_numbers[positions], header, code, severity, message, values)


def _empty_rows(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    empty = np.ones(len(clean.leads), dtype=bool)
    for column in clean.leads.columns:
        empty &= clean.leads[column].isna().to_numpy(bool)
        if not empty.any():
            return
    yield from _say(clean, empty, "", "empty_row", Severity.ERROR, "No cell of this row holds a usable value.")


def _without_contact(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    known = [name for name in CONTACT_FIELDS if name in clean.leads]
    if known:
        nothing = clean.leads[known].isna().all(axis=1)
        yield from _say(clean, nothing, "", "no_contact", Severity.INFO,
                        "There is neither an address nor a number nor an id to find this lead again.")


def _ranges(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    for column in clean.leads.columns:
        field = FIELD_BY_NAME.get(column)
        if field is None or field.kind not in NUMERIC_KINDS:
            continue
        values = clean.leads[column]
        low, high = (-np.inf if field.low is None else field.low), (np.inf if field.high is None else field.high)
        message = f"{field.label} is usually between {low:,.15g} and {high:,.15g}."
        yield from _say(clean, (values < low) | (values > high), column, "out_of_range", Severity.WARNING, message)


def _record_dates(clean: CleanTable, present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    for column in RECORD_DATES:
        if column not in clean.leads:
            continue
        moments = clean.leads[column]
        yield from _say(clean, moments < OLDEST, column, "implausible_date", Severity.WARNING,
                        "This is before any CRM kept records; it may stand for 'unknown'.")
        if column in PAST_DATES:
            yield from _say(clean, moments > present + GRACE, column, "future_date", Severity.WARNING,
                            "This has not happened yet; day and month may be in the other order.")


def _date_order(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    for first, then in DATE_ORDER:
        if first in clean.leads and then in clean.leads:
            wrong = clean.leads[then] < clean.leads[first] - GRACE
            yield from _say(clean, wrong, then, "dates_out_of_order", Severity.WARNING,
                            f"This is before '{clean.headers.get(first, first)}'.")


def _count_order(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    for part, whole in COUNT_ORDER:
        if part in clean.leads and whole in clean.leads:
            yield from _say(clean, clean.leads[part] > clean.leads[whole], part, "inconsistent_counts", Severity.INFO,
                            f"This is more than '{clean.headers.get(whole, whole)}'.")


def _outcomes(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    if not {"converted", "stage", "lost_reason"} & set(clean.leads.columns):
        return
    column = "stage" if "stage" in clean.leads else "lost_reason" if "lost_reason" in clean.leads else "converted"
    yield from _say(clean, outcome_stage(clean.leads)["contradictory"], column, "contradictory_outcome",
                    Severity.WARNING, "The columns disagree on whether this lead was won or lost.")


def _consent(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    refusals = [name for name in ("do_not_email", "do_not_contact") if name in clean.leads]
    if "consent" not in clean.leads or not refusals:
        return
    refused = clean.leads[refusals].fillna(False).astype(bool).any(axis=1)
    agreed = clean.leads["consent"].fillna(False).astype(bool)
    yield from _say(clean, agreed & refused, "consent", "contradictory_consent", Severity.WARNING,
                    "This person has agreed and refused to be contacted; the refusal counts.")


def _duplicates(clean: CleanTable, _present: pd.Timestamp) -> Iterator[pd.DataFrame]:
    links = find_duplicates(clean.leads).to_numpy()
    positions = np.flatnonzero(links >= 0)
    if len(positions):
        firsts = pd.Series(clean.row_numbers[links[positions]]).astype("str")
        yield issues_at(clean.row_numbers[positions], "", "duplicate", Severity.INFO,
                        "This row means the same lead as the row given.", "row " + firsts)
