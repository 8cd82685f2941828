"""What people have agreed or objected to, as it was told by hand: rows are added, never changed; the newest holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns, fetch_for, insert_rows

LONGEST_SOURCE = 200


class Purpose(StrEnum):
    """What a person agrees or objects to."""

    CONTACT = "contact"
    PROFILING = "profiling"
    SALE = "sale"


def add(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, purpose: Purpose, given: bool,
        source: str, at: datetime, by: str, now: datetime) -> int:
    """Write down what persons of leads said; returns how many rows that were."""
    return insert_rows(session, "consents", {
        "client_id": client_id, "lead_id": np.asarray(lead_ids, dtype=np.int64), "purpose": str(purpose),
        "given": given, "source": source[:LONGEST_SOURCE], "at": at, "recorded_by": by[:80], "recorded_at": now})


def of_leads(session: Session, client_id: int, lead_ids: Sequence[int]) -> pd.DataFrame:
    """Give what was told of these leads, oldest first.

    Returns
    -------
    DataFrame
        Columns ``lead_id``, ``purpose``, ``given``, ``source``, ``at``, ``recorded_by``, ``recorded_at``.
    """
    names = ("id", "lead_id", "purpose", "given", "source", "at", "recorded_by", "recorded_at")
    columns = fetch_for(session, f"SELECT {', '.join(names)} FROM consents WHERE client_id = :client", "lead_id",
                        np.asarray(lead_ids, dtype=np.int64), {"client": client_id})
    frame = pd.DataFrame(dict(zip(names, columns, strict=True))).sort_values("id", ignore_index=True)
    times = {name: pd.to_datetime(frame[name], utc=True, format="ISO8601") for name in ("at", "recorded_at")}
    return frame.assign(given=frame["given"].astype(bool), **times).drop(columns="id")


def opted_out(session: Session, client_id: int, purpose: Purpose) -> np.ndarray:
    """List the leads whose newest word on a purpose is no, in ascending order."""
    (found,) = fetch_columns(session, "SELECT c.lead_id FROM consents c WHERE c.client_id = :client AND c.purpose = "
                             ":purpose AND NOT c.given AND c.id = (SELECT max(n.id) FROM consents n WHERE n.client_id "
                             "= c.client_id AND n.lead_id = c.lead_id AND n.purpose = c.purpose) ORDER BY c.lead_id",
                             {"client": client_id, "purpose": str(purpose)})
    return np.array(found, dtype=np.int64)


def coverage(session: Session, client_id: int) -> pd.DataFrame:
    """Count leads by source and by what is known of their consent to be contacted.

    Returns
    -------
    DataFrame
        Columns ``source`` (empty where unknown), ``given``, ``refused``, ``unknown``; most leads first.
    """
    columns = fetch_columns(session, "SELECT coalesce(source, ''), sum(CASE WHEN consent THEN 1 ELSE 0 END), "
                            "sum(CASE WHEN NOT consent THEN 1 ELSE 0 END), "
                            "sum(CASE WHEN consent IS NULL THEN 1 ELSE 0 END) FROM leads "
                            "WHERE client_id = :client GROUP BY coalesce(source, '') ORDER BY count(*) DESC, 1",
                            {"client": client_id})
    return pd.DataFrame(dict(zip(("source", "given", "refused", "unknown"), columns, strict=True)))
