"""What sources, campaigns and the tool itself cost is entered, or read from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.ingest.spend import LARGEST_AMOUNT, LONGEST_TEXT, read_spend
from leadscore.schema import SpendKind
from leadscore.steps.reading import read_file
from leadscore.store import audit, clients
from leadscore.store import spend as spend_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class SpendEntry:
    """An amount over days that are both included: for a source, a campaign or both, or for the tool itself."""

    starts: date
    ends: date
    amount: float
    currency: str
    source: str | None = None
    campaign: str | None = None
    kind: str = SpendKind.LEADS


@dataclass(frozen=True)
class SpendImported:
    """What a file of spend brought; ``refused`` has columns ``row``, ``column`` and ``message``."""

    kept: int
    known: int
    refused: pd.DataFrame


def list_spend(workbench: Workbench, actor: Actor, *, client: str) -> pd.DataFrame:
    """List every amount, newest period first.

    Returns
    -------
    DataFrame
        Columns ``id``, ``kind``, ``source``, ``campaign``, ``starts``, ``ends``, ``amount``, ``currency``,
        ``filename``, ``created_by``.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return spend_rows.read_all(session, clients.id_of(session, client))


def add_spend(workbench: Workbench, actor: Actor, *, client: str, entry: SpendEntry) -> bool:
    """Keep an amount; False when it stands there already.

    Raises
    ------
    InvalidRequest
        The period ends before it starts, the amount is none, the currency is no code, or the kind is none.
    """
    require(actor, Action.EDIT_LEADS, client)
    _check(entry)
    frame = pd.DataFrame({
        "kind": str(entry.kind), "source": pd.array([_named(entry.source)], dtype="str"),
        "campaign": pd.array([_named(entry.campaign)], dtype="str"), "starts": [entry.starts.isoformat()],
        "ends": [entry.ends.isoformat()], "amount": [round(entry.amount, 2)], "currency": [entry.currency.upper()]})
    return _keep(workbench, actor, client, frame, None) == 1


def import_spend(workbench: Workbench, actor: Actor, *, client: str, source: bytes, filename: str,
                 currency: str = "EUR") -> SpendImported:
    """Keep the amounts of a file; rows that cannot be read are named and left out, the others stand.

    Raises
    ------
    UnreadableFile, InvalidRequest
        The file is no table, or has no column of amounts or of periods.
    """
    require(actor, Action.EDIT_LEADS, client)
    raw = read_file(workbench.settings, source, filename, None)
    table = read_spend(raw.frame, raw.row_numbers, currency=currency)
    kept = _keep(workbench, actor, client, table.spend, filename) if len(table.spend) else 0
    return SpendImported(kept, len(table.spend) - kept, table.refused)


def remove_spend(workbench: Workbench, actor: Actor, *, client: str, spend_ids: Sequence[int]) -> int:
    """Forget amounts and return how many of them were this client's."""
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        gone = spend_rows.remove(session, client_id, spend_ids)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="spend_removed",
                     object=f"{gone} amounts", detail={"ids": [int(number) for number in spend_ids][:100]})
    return gone


def _keep(workbench: Workbench, actor: Actor, client: str, frame: pd.DataFrame, filename: str | None) -> int:
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        kept = spend_rows.add(session, client_id, frame, filename=filename, created_by=actor.name, now=now)
        totals = frame.groupby("currency")["amount"].sum().round(2)
        of_tool = int((frame["kind"] == SpendKind.TOOL).sum())
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="spend_added",
                     object=f"{kept} amounts",
                     detail={"rows": len(frame), "new": kept, "file": filename, "for_this_tool": of_tool,
                             "total": {str(name): float(sum_) for name, sum_ in totals.items()}})
    return kept


def _check(entry: SpendEntry) -> None:
    if entry.ends < entry.starts:
        raise InvalidRequest("period_upside_down", "The period ends before it starts.", "Swap the two days.")
    if not 0 <= entry.amount <= LARGEST_AMOUNT:
        raise InvalidRequest("wrong_amount", f"{entry.amount:g} is not an amount of 0 or more.", "Give what was spent.")
    if len(entry.currency) != 3 or not entry.currency.isascii() or not entry.currency.isalpha():
        raise InvalidRequest("wrong_currency", f"'{entry.currency}' is no currency code.", "Use letters such as EUR.")
    if entry.kind not in {str(kind) for kind in SpendKind}:
        raise InvalidRequest("wrong_kind", f"Money is not spent on '{entry.kind}' here.", "Use 'leads' or 'tool'.")


def _named(text: str | None) -> str | None:
    return (text or "").strip()[:LONGEST_TEXT] or None
