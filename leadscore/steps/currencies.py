"""In which currency a client reads its reports, and the rates it has given, kept in its settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pycountry
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.monitoring.money import NO_CURRENCY, Rates
from leadscore.store import clients
from leadscore.store.tables import Client

SETTING = "currencies"
LARGEST_RATE = 1e9


@dataclass(frozen=True)
class GivenRate:
    """What one unit of a currency is worth in the report currency, the day (as 2026-01-31) it was given and by whom."""

    currency: str
    rate: float
    day: str
    by: str


@dataclass(frozen=True)
class RateTable:
    """The report currency of a client, empty where every currency stays by itself, and the rates given for it."""

    report: str = NO_CURRENCY
    rates: tuple[GivenRate, ...] = ()

    def as_rates(self) -> Rates:
        """Give what amounts are converted with."""
        return Rates(self.report, {given.currency: given.rate for given in self.rates})


def rates_of(row: Client | None) -> RateTable:
    """Read the rates in a client's row."""
    kept: Mapping[str, Any] = (row.settings.get(SETTING) or {}) if row else {}
    return RateTable(kept.get("report", NO_CURRENCY), tuple(
        GivenRate(code, float(entry["rate"]), entry["day"], entry["by"])
        for code, entry in sorted((kept.get("rates") or {}).items())))


def rates_for(session: Session, client_id: int) -> Rates:
    """Give what the amounts of a client are converted with."""
    return rates_of(session.get(Client, client_id)).as_rates()


def keep_rates(session: Session, client_id: int, table: RateTable) -> None:
    """Replace the rates of a client, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    kept = {given.currency: {"rate": given.rate, "day": given.day, "by": given.by} for given in table.rates}
    clients.save_settings(session, client_id, {**row.settings, SETTING: {"report": table.report, "rates": kept}})


def checked_rates(report: str, rates: Mapping[str, float]) -> tuple[str, dict[str, float]]:
    """Check what somebody wants amounts to be converted with; codes come back in capital letters.

    Raises
    ------
    InvalidRequest
        An unknown code, a rate that is not above 0 and finite, a rate for the report currency itself, one currency
        twice, or rates without a report currency.
    """
    wanted = _code(report) if report.strip() else NO_CURRENCY
    if rates and not wanted:
        raise InvalidRequest("no_report_currency", "Rates need a currency they lead to.",
                             "Choose the currency of your reports first.")
    found: dict[str, float] = {}
    for written, rate in rates.items():
        code = _code(written) if written.strip() else NO_CURRENCY
        if code == wanted:
            raise InvalidRequest("rate_for_itself", f"Reports are in {code} already: it needs no rate.",
                                 "Take this rate out.")
        if code in found:
            raise InvalidRequest("rate_twice", f"There are two rates for {code or 'no named currency'}.",
                                 "Keep one of them.")
        found[code] = _rate(code, rate)
    return wanted, found


def _code(written: str) -> str:
    code = written.strip().upper()
    if len(code) != 3 or pycountry.currencies.get(alpha_3=code) is None:
        raise InvalidRequest("unknown_currency", f"'{written.strip()}' is no currency.",
                             "Use a code of three letters such as EUR.")
    return code


def _rate(code: str, rate: float) -> float:
    if not isinstance(rate, int | float) or not math.isfinite(rate) or not 0 < rate <= LARGEST_RATE:
        raise InvalidRequest("wrong_rate", f"{rate} is no rate for {code or 'amounts without a currency'}.",
                             "Give a number above 0: what one unit is worth in the currency of your reports.")
    return float(rate)
