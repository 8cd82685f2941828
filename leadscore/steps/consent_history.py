"""All that is known of a person's consent: what files said, import by import, and what was told by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.store import consents, lead_reading
from leadscore.store.bulk import fetch_columns
from leadscore.store.leads import change_place
from leadscore.store.vault import Vault

COLUMNS = ("at", "purpose", "given", "source", "known_from")


def consent_history(session: Session, vault: Vault, client_id: int, lead_id: int) -> pd.DataFrame:
    """Give the history of a lead's consent, oldest first.

    Returns
    -------
    DataFrame
        Columns ``at`` (when it was given, else when it became known), ``purpose``, ``given``, ``source`` and
        ``known_from``: an import, or who wrote it down.
    """
    by_hand = consents.of_leads(session, client_id, [lead_id])
    told = [{"at": row["at"], "purpose": row["purpose"], "given": row["given"], "source": row["source"],
             "known_from": row["recorded_by"]} for row in by_hand.to_dict("records")]
    frame = pd.DataFrame(_from_files(session, vault, client_id, lead_id) + told, columns=list(COLUMNS))
    dated = frame.assign(at=pd.to_datetime(frame["at"], utc=True)).sort_values("at", kind="stable")
    return dated.drop_duplicates(["at", "purpose", "given", "source"], ignore_index=True)


def keep_what_stood(session: Session, client_id: int, lead_id: int, purpose: consents.Purpose, *,
                    now: datetime) -> None:
    """Write down what a file said of a consent before the first word by hand takes its place.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    row = lead_reading.find_lead(session, client_id, lead_id)
    known = consents.of_leads(session, client_id, [lead_id])
    if purpose is consents.Purpose.CONTACT and row.consent is not None and not (known["purpose"] == purpose).any():
        consents.add(session, client_id, [lead_id], purpose=purpose, given=bool(row.consent),
                     source=row.consent_source or "", at=row.consent_at or row.stored_at, by=f"import {row.batch_id}",
                     now=now)


def _from_files(session: Session, vault: Vault, client_id: int, lead_id: int) -> list[dict[str, Any]]:
    """Go back from what stands in the lead through every import that changed it."""
    row = lead_reading.find_lead(session, client_id, lead_id)
    stands: dict[str, Any] = {name: getattr(row, name) for name in ("consent", "consent_source", "consent_at")}
    batch_ids, notes = fetch_columns(session, "SELECT batch_id, before FROM lead_changes WHERE client_id = :client AND "
                                     "lead_id = :lead ORDER BY id DESC", {"client": client_id, "lead": lead_id})
    opened = vault.decrypt_many(notes, [change_place(lead_id, batch_id) for batch_id in batch_ids])
    states = []
    for batch_id, note in zip(batch_ids, opened, strict=True):
        change = orjson.loads(note or b"{}")
        before, after = (change.get(side, {}).get("values", {}) for side in ("before", "after"))
        if "consent" in after:
            # what was told by hand since then is listed by itself
            states.append(_said(stands | {name: after[name] for name in stands if name in after}, batch_id,
                                row.stored_at))
        stands |= {name: before[name] for name in stands if name in before}
    by_hand = (consents.of_leads(session, client_id, [lead_id])["purpose"] == str(consents.Purpose.CONTACT)).any()
    if stands["consent"] is not None and not by_hand:
        states.append(_said(stands, row.batch_id, row.stored_at))
    return states


def _said(stands: dict[str, Any], batch_id: int, known_at: Any) -> dict[str, Any]:
    return {"at": stands["consent_at"] or known_at, "purpose": str(consents.Purpose.CONTACT),
            "given": bool(stands["consent"]), "source": stands["consent_source"] or "",
            "known_from": f"import {batch_id}"}
