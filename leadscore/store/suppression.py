"""People who must not be stored or contacted again, remembered only as blind indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from sqlmodel import Session, col, func, select

from leadscore.store.bulk import fetch_for, insert_rows
from leadscore.store.tables import Suppression

EMAIL, PHONE = "email", "phone"


def add(session: Session, client_id: int, *, emails: Iterable[str | None] = (), phones: Iterable[str | None] = (),
        reason: str, now: datetime) -> int:
    """Suppress people by the indexes of their e-mail addresses and phone numbers; known ones are skipped.

    Parameters
    ----------
    emails, phones : iterable of str or None
        From ``leads.email_index`` and ``leads.phone_index``.
    """
    added = 0
    for kind, digests in ((EMAIL, emails), (PHONE, phones)):
        wanted = sorted({digest for digest in digests if digest})
        known = _known(session, client_id, kind, wanted)
        fresh = [digest for digest in wanted if digest not in known]
        added += insert_rows(session, "suppressions", {"client_id": client_id, "kind": kind, "digest": fresh,
                                                       "reason": reason[:40], "at": now})
    return added


def suppressed(session: Session, client_id: int, *, email_indexes: Sequence[str | None],
               phone_indexes: Sequence[str | None]) -> np.ndarray:
    """Say of each incoming row whether its person is suppressed.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    found = np.zeros(len(email_indexes), dtype=bool)
    for kind, digests in ((EMAIL, email_indexes), (PHONE, phone_indexes)):
        column = pd.Series(list(digests), dtype=object)
        known = _known(session, client_id, kind, sorted(set(column.dropna())))
        found |= column.isin(known).to_numpy()
    return found


def count(session: Session, client_id: int) -> int:
    """Count the suppressed indexes of a client."""
    return int(session.exec(select(func.count()).select_from(Suppression)
                            .where(col(Suppression.client_id) == client_id)).one())


def _known(session: Session, client_id: int, kind: str, digests: Sequence[str]) -> set[str]:
    (found,) = fetch_for(session, "SELECT digest FROM suppressions WHERE client_id = :client AND kind = :kind",
                         "digest", digests, {"client": client_id, "kind": kind})
    return set(found)
