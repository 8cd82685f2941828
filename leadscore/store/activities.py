"""What leads did, with its time: appended, never changed, each fact once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns, in_portions, insert_rows, member_of, members, to_list


def append(session: Session, client_id: int, activities: pd.DataFrame, *, batch_id: int | None,
           strangers: np.ndarray | None = None) -> int:
    """Append activities that are not known yet.

    Parameters
    ----------
    activities : DataFrame
        Columns ``lead_id``, ``kind`` and ``at`` (UTC); rows without a time are left out.
    batch_id : int or None
        The import that told, so that undo takes them back.
    strangers : ndarray of int, optional
        Leads stored just now, of whom nothing can be known yet.

    Returns
    -------
    int
        Number of new ones.
    """
    dated = activities[activities["at"].notna()].drop_duplicates(["lead_id", "kind", "at"])
    if dated.empty:
        return 0
    moments = _texts(dated["at"])
    lead_ids, kinds = dated["lead_id"].to_numpy(dtype=np.int64), np.array(to_list(dated["kind"]), dtype=object)
    familiar = lead_ids if strangers is None else np.setdiff1d(lead_ids, strangers)
    known = _known(session, client_id, familiar)
    fresh = np.array([key not in known for key in zip(lead_ids.tolist(), kinds, moments, strict=True)], dtype=bool)
    return insert_rows(session, "activities", {
        "client_id": client_id, "lead_id": lead_ids[fresh], "batch_id": batch_id, "kind": kinds[fresh].tolist(),
        "at": moments[fresh].tolist()}) if fresh.any() else 0


def of_lead(session: Session, client_id: int, lead_id: int) -> pd.DataFrame:
    """Give what a lead did, oldest first: columns ``at`` (UTC) and ``kind``."""
    moments, kinds = fetch_columns(session, "SELECT at, kind FROM activities WHERE client_id = :client AND "
                                   "lead_id = :lead ORDER BY at, id", {"client": client_id, "lead": lead_id})
    return pd.DataFrame({"at": pd.to_datetime(moments, utc=True, format="ISO8601"),
                         "kind": pd.array(kinds, dtype="str")})


def _texts(moments: pd.Series) -> np.ndarray:
    plain = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
    return np.char.add(np.datetime_as_string(plain, unit="ms"), "Z").astype(object)


def _known(session: Session, client_id: int, lead_ids: np.ndarray) -> set[tuple[int, str, str]]:
    known: set[tuple[int, str, str]] = set()
    for portion in in_portions(np.unique(lead_ids)):
        found = fetch_columns(session, f"SELECT lead_id, kind, at FROM activities WHERE client_id = :client AND "
                              f"{member_of(session, 'lead_id', 'ids')}",
                              {"client": client_id, "ids": members(session, portion)})
        known.update(zip(*found, strict=True))
    return known
