"""Small clients, imports and leads frames for the tests of the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, CustomField, Kind
from leadscore.store import batches, clients, leads
from leadscore.store.vault import Vault

COLOUR = CustomField("Colour", Kind.CATEGORY)
SPOUSE = CustomField("Spouse", Kind.TEXT, personal=True)
VISITS = CustomField("Shop visits", Kind.NUMBER)
CUSTOM = (COLOUR, SPOUSE, VISITS)


def typed(values: list[Any], kind: Kind) -> pd.Series:
    if kind in NUMERIC_KINDS:
        return pd.Series(values, dtype=float)
    if kind is Kind.BOOLEAN:
        return pd.Series(values, dtype="boolean")
    if kind is Kind.DATE:
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601")).dt.as_unit("us")
    return pd.Series(values, dtype="str")


def frame(**columns: list[Any]) -> pd.DataFrame:
    """Make a leads frame; the names of the custom fields above may be used without their prefix."""
    custom = {field.header.replace(" ", "_").lower(): field for field in CUSTOM}
    made = {}
    for name, values in columns.items():
        field = custom.get(name)
        made[field.name if field else name] = typed(values, field.kind if field else FIELD_BY_NAME[name].kind)
    return pd.DataFrame(made)


def people(count: int = 3) -> pd.DataFrame:
    numbers = range(count)
    return frame(
        crm_id=[f"C{i}" for i in numbers], email=[f"Person{i}@firm{i}.example" for i in numbers],
        phone=[f"+49 170 000{i:04d}" for i in numbers], first_name=[f"Ann {i}" for i in numbers],
        age=[30.0 + i for i in numbers], company=[f"Firm {i} GmbH" for i in numbers],
        industry=["Steel", None, "Retail"] * (count // 3) + ["Steel"] * (count % 3),
        employees=[10.0 * i if i else np.nan for i in numbers],
        demo_requested=[None if i == 1 else i % 2 == 0 for i in numbers],
        created_at=[None if i == 2 else f"2026-01-{i % 28 + 1:02d}T10:00:00.250Z" for i in numbers],
        colour=["red" if i else None for i in numbers], spouse=[f"Partner {i}" for i in numbers],
        shop_visits=[float(i) for i in numbers])


def batch(session: Session, now: datetime, client: str = "acme", custom=CUSTOM) -> tuple[int, int]:
    client_id = clients.ensure(session, client, now)
    return client_id, batches.create(session, client_id, filename="leads.csv", sha256="0" * 64, imported_by="ann",
                                     now=now, custom_fields=custom)


def stored(session: Session, vault: Vault, now: datetime, table: pd.DataFrame | None = None, client: str = "acme",
           **arguments: Any) -> tuple[int, int, np.ndarray]:
    """Store a frame as one import; gives client, batch and lead ids."""
    client_id, batch_id = batch(session, now, client)
    table = people() if table is None else table
    lead_ids = leads.write_leads(session, vault, client_id=client_id, batch_id=batch_id, leads=table,
                                 row_numbers=np.arange(len(table)) + 2, custom_fields=CUSTOM, now=now, **arguments)
    return client_id, batch_id, lead_ids


def as_stored(table: pd.DataFrame, lead_ids: np.ndarray) -> pd.DataFrame:
    """What a frame looks like when it comes back: its filled columns under their lead ids."""
    filled = table.loc[:, table.notna().any()]
    return filled.set_axis(pd.Index(lead_ids, name="lead_id"))
