"""What sources, campaigns and the tool itself have cost, as people entered it or a file told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session, col, delete

from leadscore.store.bulk import fetch_columns, insert_rows
from leadscore.store.tables import Spend

COLUMNS = ("id", "kind", "source", "campaign", "starts", "ends", "amount", "currency", "filename", "created_by")
TEXTS = ("kind", "source", "campaign", "starts", "ends", "currency", "filename", "created_by")


def add(session: Session, client_id: int, spend: pd.DataFrame, *, filename: str | None, created_by: str,
        now: datetime) -> int:
    """Keep amounts; one that stands there already, to the day and the cent, is not kept twice.

    Parameters
    ----------
    spend : DataFrame
        Columns ``kind`` (one of ``SpendKind``), ``source``, ``campaign`` (either may be missing), ``starts``, ``ends``
        (days as 2026-01-31), ``amount`` and ``currency``.

    Returns
    -------
    int
        How many were new.
    """
    keys = ["kind", "source", "campaign", "starts", "ends", "amount", "currency"]
    known = set(_keys(read_all(session, client_id)[keys]))
    fresh = spend[keys].drop_duplicates()
    fresh = fresh[[key not in known for key in _keys(fresh)]]
    return insert_rows(session, "spend", {name: fresh[name] for name in keys} | {
        "client_id": client_id, "filename": filename, "created_by": created_by[:80], "created_at": now})


def read_all(session: Session, client_id: int) -> pd.DataFrame:
    """Give every amount of a client, newest period first: columns ``COLUMNS``."""
    columns = fetch_columns(session, f"SELECT {', '.join(COLUMNS)} FROM spend WHERE client_id = :client "
                            "ORDER BY starts DESC, id DESC", {"client": client_id})
    raw: dict[str, Any] = dict(zip(COLUMNS, columns, strict=True))
    return pd.DataFrame({"id": np.array(raw["id"], dtype=np.int64), "amount": np.array(raw["amount"], dtype=float)}
                        | {name: pd.array(raw[name], dtype="str") for name in TEXTS})[list(COLUMNS)]


def remove(session: Session, client_id: int, spend_ids: Sequence[int]) -> int:
    """Forget amounts and return how many there were."""
    gone = session.exec(delete(Spend).where(col(Spend.client_id) == client_id, col(Spend.id).in_(list(spend_ids))))
    return int(gone.rowcount)


def _keys(spend: pd.DataFrame) -> list[tuple[Any, ...]]:
    texts = spend.drop(columns="amount").fillna("")
    return list(zip(*(texts[name] for name in texts), spend["amount"].round(2), strict=True))
