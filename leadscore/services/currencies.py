"""In which currency reports are read, and by which rates other amounts become that currency."""

from __future__ import annotations

from collections.abc import Mapping

from leadscore.access import Action, Actor, require
from leadscore.steps.currencies import GivenRate as GivenRate
from leadscore.steps.currencies import RateTable as RateTable
from leadscore.steps.currencies import checked_rates, keep_rates, rates_of
from leadscore.store import audit, clients
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench


def current_rates(workbench: Workbench, actor: Actor, *, client: str) -> RateTable:
    """Give the report currency of a client and the rates given for it; both empty for one that has chosen none."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return rates_of(clients.find(session, client))


def save_rates(workbench: Workbench, actor: Actor, *, client: str, report: str,
               rates: Mapping[str, float]) -> RateTable:
    """Replace the report currency and all rates; a rate that stays as it is keeps its day and who gave it.

    Parameters
    ----------
    report : str
        Code such as EUR; empty to leave every currency by itself.
    rates : mapping of str to float
        What one unit of a currency is worth in ``report``; an empty code stands for amounts without a currency.

    Raises
    ------
    InvalidRequest
        An unknown code, a rate that is not above 0 and finite, or one for the report currency itself.
    """
    require(actor, Action.EDIT_LEADS, client)
    code, wanted = checked_rates(report, rates)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = rates_of(session.get_one(Client, client_id))
        after = _dated(before, code, wanted, day=now.date().isoformat(), by=actor.name)
        if after == before:
            return before
        keep_rates(session, client_id, after)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="rates_saved",
                     object=code or "every currency by itself",
                     detail={"before": _plain(before), "after": _plain(after)})
    return after


def _dated(before: RateTable, report: str, rates: Mapping[str, float], *, day: str, by: str) -> RateTable:
    known = {given.currency: given for given in before.rates} if before.report == report else {}
    kept = tuple(known[code] if code in known and known[code].rate == rate else GivenRate(code, rate, day, by)
                 for code, rate in sorted(rates.items()))
    return RateTable(report, kept)


def _plain(table: RateTable) -> dict[str, object]:
    return {"report": table.report, "rates": {given.currency: given.rate for given in table.rates}}
