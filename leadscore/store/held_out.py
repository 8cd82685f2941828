"""The leads a model had not seen, kept encrypted with what became of them, so that later changes can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
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
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    body = vault.encrypt(sink.getvalue().to_pybytes(), _place(client_id, model_version))
    session.add(HeldOut(model_version=model_version, client_id=client_id, rows=len(frame), as_of=as_of, body=body))
    session.flush()


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
    with pa.ipc.open_stream(vault.decrypt(row.body, _place(client_id, model_version))) as reader:
        table = reader.read_all()
    about = orjson.loads(table.schema.metadata[ABOUT])
    return KeptLeads(table.to_pandas().set_index("lead_id"), about, row.as_of)


def _place(client_id: int, model_version: int) -> str:
    return f"held_out:{client_id}:{model_version}"
