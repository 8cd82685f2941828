"""A file of spend becomes amounts by source, campaign and period, with a remark for every row that cannot be one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.ingest.dates import read_dates
from leadscore.ingest.numbers import read_numbers
from leadscore.schema import SpendKind, normalise_header

ALIASES = {
    "source": "source|lead source|channel|medium|utm_source|platform|network|original source|quelle|kanal",
    "campaign": "campaign|campaign name|utm_campaign|ad campaign|kampagne|campagne",
    "amount": "amount|spend|spent|cost|costs|ad spend|media spend|budget|total|amount spent|kosten|ausgaben|betrag",
    "currency": "currency|currency code|account currency|währung|devise",
    "kind": "kind|spent on|kind of spend|spend type|cost type|type|art",
    "starts": "start|starts|from|start date|date from|date|day|month|period|week|reporting starts|von|datum|monat",
    "ends": "end|ends|to|end date|date to|until|reporting ends|bis",
}
_FIELD_OF = {normalise_header(alias): field for field, aliases in ALIASES.items() for alias in aliases.split("|")}
MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4})", re.ASCII)
LONGEST_TEXT = 200
LARGEST_AMOUNT = 1e12
KINDS = {"tool": SpendKind.TOOL, "this tool": SpendKind.TOOL, "leads": SpendKind.LEADS, "lead": SpendKind.LEADS}
"""What a column of kinds may say; the name of a source is never taken for one."""


@dataclass(frozen=True)
class SpendTable:
    """What a file of spend says.

    Parameters
    ----------
    spend : DataFrame
        Columns ``source``, ``campaign``, ``starts``, ``ends`` (days as 2026-01-31), ``amount``, ``currency``, ``kind``
        (one of ``SpendKind``).
    refused : DataFrame
        Columns ``row`` (as in the file), ``column`` and ``message``.
    """

    spend: pd.DataFrame
    refused: pd.DataFrame


def read_spend(frame: pd.DataFrame, row_numbers: np.ndarray, *, currency: str) -> SpendTable:
    """Read spend.

    Parameters
    ----------
    frame : DataFrame of str
        Cells as in the file.
    row_numbers : ndarray of int, shape (n_rows,)
        Number of each row in the user's file.
    currency : str
        Of rows that name none.

    Raises
    ------
    InvalidRequest
        The file has no column of amounts, or none of periods.
    """
    columns = _columns(list(frame.columns))
    texts = {field: _texts(frame[header]) for field, header in columns.items()}
    nothing = pd.Series("", index=frame.index, dtype="str")
    amounts = read_numbers(texts["amount"])
    starts, ends = _periods(texts["starts"], texts.get("ends"))
    spend = pd.DataFrame({
        "source": _named(texts.get("source", nothing)), "campaign": _named(texts.get("campaign", nothing)),
        "starts": starts, "ends": ends, "amount": amounts.round(2),
        "currency": _currencies(texts.get("currency", nothing), texts["amount"], currency),
        "kind": _kinds(texts.get("kind", nothing))})
    problems = _problems(spend, texts, columns)
    blank = (texts["amount"] == "") & (texts["starts"] == "")
    keep = problems.isna().all(axis=1) & ~blank
    return SpendTable(spend[keep].reset_index(drop=True), _refused(problems[~blank], row_numbers[~blank.to_numpy()]))


def _columns(headers: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for header in headers:
        field = _FIELD_OF.get(normalise_header(header))
        if field and field not in found:
            found[field] = header
    shown = ", ".join(f"'{header}'" for header in headers[:12])
    if "amount" not in found:
        raise InvalidRequest("no_amounts", f"No column of the file says what was spent; its columns are {shown}.",
                             "Call that column 'Amount' or 'Spend'.")
    if "starts" not in found:
        raise InvalidRequest("no_periods", f"No column of the file says when it was spent; its columns are {shown}.",
                             "Add a column 'Month', or 'From' and 'To'.")
    return found


def _texts(cells: pd.Series) -> pd.Series:
    return cells.astype("str").fillna("").str.strip()


def _named(texts: pd.Series) -> pd.Series:
    cut = texts.str.slice(0, LONGEST_TEXT)
    return cut.mask(cut == "")


def _periods(starts: pd.Series, ends: pd.Series | None) -> tuple[pd.Series, pd.Series]:
    """Give first and last day; a month stands for all of its days, a day for itself."""
    first, last = _first_and_last(starts)
    if ends is not None:
        last = last.where(ends == "", _first_and_last(ends)[1])
    return _days(first), _days(last)


def _first_and_last(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    months = texts.str.fullmatch(MONTH.pattern)
    first = read_dates(texts.where(~months, texts.map(_first_of_month)), bare_numbers=False).values
    return first, first.where(~months, first + pd.offsets.MonthEnd(0))


def _first_of_month(text: str) -> str:
    match = MONTH.fullmatch(text)
    if match is None:
        return text
    year, month = (match[1], match[2]) if match[1] else (match[4], match[3])
    return f"{year}-{int(month):02d}-01"


def _days(moments: pd.Series) -> pd.Series:
    days: pd.Series = moments.dt.strftime("%Y-%m-%d").astype("str")
    return days


def _currencies(named: pd.Series, amounts: pd.Series, currency: str) -> pd.Series:
    signs = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}
    by_sign = pd.Series(None, index=amounts.index, dtype="str")
    for sign, code in signs.items():
        by_sign = by_sign.mask(amounts.str.contains(sign, regex=False), code)
    upper = named.str.upper()
    return upper.mask(upper == "").fillna(by_sign).fillna(currency)


def _kinds(texts: pd.Series) -> pd.Series:
    """Read what was spent on; a column that never says 'tool' or 'leads' is about something else."""
    said = texts.str.lower()
    read = said.map(KINDS).astype("str")
    if read.isna().all():
        return pd.Series(str(SpendKind.LEADS), index=texts.index, dtype="str")
    return read.mask(said == "", str(SpendKind.LEADS))


def _problems(spend: pd.DataFrame, texts: dict[str, pd.Series], columns: dict[str, str]) -> pd.DataFrame:
    """Say per row and column what is wrong; missing where nothing is."""
    amount, nothing = spend["amount"], pd.Series(None, index=spend.index, dtype="str")
    upside_down = (spend["ends"] < spend["starts"]).fillna(False).astype(bool)
    wrong_currency = ~spend["currency"].str.fullmatch(r"[A-Z]{3}").fillna(False).astype(bool)
    said = {
        columns["amount"]: nothing.mask(amount.isna(), "'" + texts["amount"] + "' is no amount.")
        .mask((amount < 0) | (amount > LARGEST_AMOUNT), "'" + texts["amount"] + "' is not an amount of 0 or more."),
        columns["starts"]: nothing.mask(spend["starts"].isna(), "'" + texts["starts"] + "' is no day and no month."),
        columns.get("currency", "currency"): nothing.mask(wrong_currency, "'" + spend["currency"].astype("str")
                                                          + "' is no currency code such as EUR."),
    }
    if "kind" in columns:
        said[columns["kind"]] = nothing.mask(spend["kind"].isna(), "'" + texts["kind"] + "' is neither 'leads' nor "
                                             "'tool'.")
    end_column = columns.get("ends", columns["starts"])
    last = nothing.mask(upside_down, "The period ends before it starts.")
    if "ends" in texts:
        last = last.mask(spend["ends"].isna() & (texts["ends"] != ""), "'" + texts["ends"] + "' is no day.")
    said[end_column] = said[end_column].fillna(last) if end_column in said else last
    return pd.DataFrame(said)


def _refused(problems: pd.DataFrame, row_numbers: np.ndarray) -> pd.DataFrame:
    told = problems.reset_index(drop=True).assign(row=row_numbers).melt("row", var_name="column", value_name="message")
    return told.dropna(subset="message").sort_values(["row", "column"], ignore_index=True)
