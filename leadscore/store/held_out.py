"""The leads a model had not seen, kept encrypted with what became of them, so that later changes can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session, select

from leadscore.store.tables import HeldOut
from leadscore.store.vault import Vault

ABOUT = b"about"


@dataclass(frozen=True)
class KeptLeads:
    """A frame of leads as it was kept, indexed by ``lead_id``, what was said about it, and the date it speaks of."""

    frame: pd.DataFrame
    about: dict[str, Any]
    as_of: datetime


def keep(session: Session, vault: Vault, client_id: int, *, model_version: int, frame: pd.DataFrame,
         about: Mapping[str, Any], as_of: datetime) -> None:
    """Keep a frame for a model version, encrypted for this client and version alone.

    Parameters
    ----------
    frame : DataFrame
        Index ``lead_id``; columns of types Arrow knows.
    about : mapping
        Plain values.
    """
    table = pa.Table.from_pandas(frame.reset_index(names="lead_id"), preserve_index=False)
    table = table.replace_schema_metadata((table.schema.metadata or {}) | {ABOUT: orjson.dumps(dict(about))})
    body = _sealed(vault, table, client_id, model_version)
    session.add(HeldOut(model_version=model_version, client_id=client_id, rows=len(frame), as_of=as_of, body=body))
    session.flush()


def forget(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray) -> int:
    """Take stored leads out of every frame of a client; returns how many rows that were.

    Rows of a file a model has learnt from are no stored leads, and hold nothing that tells who they are.
    """
    removed = 0
    for row in session.exec(select(HeldOut).where(HeldOut.client_id == client_id)).all():
        table = _opened(vault, row)
        theirs = pc.is_in(table["lead_id"], pa.array(lead_ids, table["lead_id"].type))
        if orjson.loads(table.schema.metadata[ABOUT])["stored"] and pc.any(theirs).as_py():
            kept = table.filter(pc.invert(theirs))
            removed += len(table) - len(kept)
            row.rows, row.body = len(kept), _sealed(vault, kept, client_id, row.model_version)
            session.add(row)
    session.flush()
    return removed


def _sealed(vault: Vault, table: pa.Table, client_id: int, model_version: int) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return vault.encrypt(sink.getvalue().to_pybytes(), place(client_id, model_version))


def _opened(vault: Vault, row: HeldOut) -> pa.Table:
    with pa.ipc.open_stream(vault.decrypt(row.body, place(row.client_id, row.model_version))) as reader:
        return reader.read_all()


def find(session: Session, vault: Vault, client_id: int, model_version: int) -> KeptLeads | None:
    """Give the leads kept for a model version of this client, or None where none were.

    Raises
    ------
    TamperedData
        What is stored is not what was kept for this client and version.
    """
    row = session.exec(select(HeldOut).where(HeldOut.client_id == client_id,
                                             HeldOut.model_version == model_version)).one_or_none()
    if row is None:
        return None
    table = _opened(vault, row)
    about = orjson.loads(table.schema.metadata[ABOUT])
    return KeptLeads(table.to_pandas().set_index("lead_id"), about, row.as_of)


def place(client_id: int, model_version: int) -> str:
    """Name the place a frame is encrypted for."""
    return f"held_out:{client_id}:{model_version}"
