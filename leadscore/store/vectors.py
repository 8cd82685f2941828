"""Where leads lie in the space of an embedder: kept turned by a secret rotation, and searched as they are kept.

A stored vector is multiplied by an orthogonal matrix that only the secret key can give. Dot products stay what they
were, so leads are found by turning the question the same way; whoever holds the file alone cannot look the vectors up
in a public vocabulary. It hides what is said, not how leads lie to each other: somebody who knows the texts of as many
leads as a vector has numbers could work the rotation out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b, shake_256

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns, in_portions, insert_rows, member_of, members
from leadscore.store.database import is_sqlite
from leadscore.store.tables import Fact
from leadscore.store.vault import Vault

STORED = np.float16
DIGEST_BYTES = 16
LARGEST_INDEXED = 2_000
"""Dimensions up to which pgvector can build its index."""
LOCK = 7_361_002
SEARCHED = 200
"""Candidates the index of pgvector looks at; more finds the nearest more surely."""


@lru_cache(maxsize=8)
def _rotation(key: bytes, dimensions: int) -> np.ndarray:
    # from a hash and not from a generator of random numbers, which a later version may make otherwise
    drawn = shake_256(key + dimensions.to_bytes(4, "big")).digest(4 * dimensions * dimensions)
    square = np.frombuffer(drawn, dtype="<u4").reshape(dimensions, dimensions) / 2.0**32 - 0.5
    orthogonal, triangle = np.linalg.qr(square)
    return np.asarray(orthogonal * np.sign(np.diag(triangle)), dtype=np.float32)


def turned(vault: Vault, vectors: np.ndarray) -> np.ndarray:
    """Turn vectors by the secret rotation: float32 of the same shape, dot products unchanged."""
    return np.asarray(vectors @ _rotation(vault.key("vectors"), vectors.shape[-1]), dtype=np.float32)


def stamp(session: Session, client_id: int) -> str:
    """Say which state of the leads vectors must match: the imports that were made and undone."""
    newest, undone = session.execute(text(
        "SELECT coalesce(max(id), 0), count(undone_at) FROM batches WHERE client_id = :client"),
        {"client": client_id}).one()
    return f"{newest}/{undone}"


def prepared_for(session: Session, client_id: int, space: str) -> str:
    """Say for which state of the leads the vectors were last prepared; empty when they never were."""
    row = session.get(Fact, _fact(client_id, space))
    return row.value if row else ""


def note_prepared(session: Session, client_id: int, space: str, state: str) -> None:
    """Write down for which state of the leads the vectors are prepared."""
    session.merge(Fact(name=_fact(client_id, space), value=state))
    session.flush()


def digests(session: Session, client_id: int, space: str) -> pd.Series:
    """Give the digest of the text behind each stored vector, by lead id."""
    ids, found = fetch_columns(session, "SELECT lead_id, digest FROM lead_vectors WHERE client_id = :client AND "
                                        "space = :space", {"client": client_id, "space": space})
    return pd.Series(found, index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"), dtype="str")


def save(session: Session, vault: Vault, client_id: int, space: str, *, lead_ids: np.ndarray,
         texts: Sequence[str], vectors: np.ndarray) -> None:
    """Store the vectors of leads in place of earlier ones.

    Parameters
    ----------
    texts : sequence of str
        Digests of the texts behind them.
    vectors : ndarray of shape (n_leads, n_dimensions)
        Of length 1, as the embedder gave them.
    """
    if not len(lead_ids):
        return
    if not is_sqlite(session):
        # two processes may place the same leads at once; the second finds the work done
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, :client)"), {"lock": LOCK, "client": client_id})
    remove(session, client_id, space, lead_ids)
    rows = turned(vault, vectors)
    insert_rows(session, "lead_vectors", {
        "lead_id": lead_ids, "space": space, "client_id": client_id, "digest": list(texts),
        "vector": [row.tobytes() for row in rows.astype(STORED)]})
    if has_index(session, vectors.shape[1]):
        _save_indexed(session, client_id, space, lead_ids, rows)


def remove(session: Session, client_id: int, space: str, lead_ids: np.ndarray) -> None:
    """Forget the vectors of leads, also those the index of PostgreSQL knows."""
    length = dimensions(session, client_id, space)
    tables = ["lead_vectors", *([_table(length)] if length and has_index(session, length) else [])]
    for portion in in_portions(lead_ids):
        for table in tables:
            session.execute(text(f"DELETE FROM {table} WHERE client_id = :client AND space = :space AND "
                                 f"{member_of(session, 'lead_id', 'ids')}"),
                            {"client": client_id, "space": space, "ids": members(session, portion)})


def forget(session: Session, client_id: int, lead_ids: np.ndarray) -> None:
    """Forget the vectors of leads in every space."""
    (spaces,) = fetch_columns(session, "SELECT DISTINCT space FROM lead_vectors WHERE client_id = :client",
                              {"client": client_id})
    for space in spaces:
        remove(session, client_id, space, lead_ids)
    note_forgotten(session, client_id)


def note_forgotten(session: Session, client_id: int) -> None:
    """Let those who keep vectors of a client in memory read them anew, because some are gone."""
    session.merge(Fact(name=_forgotten(client_id), value=str(forgotten(session, client_id) + 1)))
    session.flush()


def forgotten(session: Session, client_id: int) -> int:
    """Say how often vectors of this client have been forgotten."""
    row = session.get(Fact, _forgotten(client_id))
    return int(row.value) if row else 0


def prepare_again(session: Session, client_id: int) -> None:
    """Let the vectors of a client be brought up to date, because there are leads again that had none."""
    session.execute(text("UPDATE facts SET value = '' WHERE name LIKE :names"), {"names": f"vectors:{client_id}:%"})


def dimensions(session: Session, client_id: int, space: str) -> int:
    """Say how many numbers a stored vector has; 0 when none is stored."""
    found = session.execute(text("SELECT vector FROM lead_vectors WHERE client_id = :client AND space = :space "
                                 "LIMIT 1"), {"client": client_id, "space": space}).scalar()
    return len(found) // np.dtype(STORED).itemsize if found else 0


def load(session: Session, client_id: int, space: str) -> tuple[np.ndarray, np.ndarray]:
    """Read all vectors of a client in a space.

    Returns
    -------
    tuple
        Ids, ascending; ndarray of float32, shape (n_leads, n_dimensions), turned.
    """
    ids, blobs = fetch_columns(session, "SELECT lead_id, vector FROM lead_vectors WHERE client_id = :client AND "
                                        "space = :space ORDER BY lead_id", {"client": client_id, "space": space})
    if not ids:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
    flat = np.frombuffer(b"".join(blobs), dtype=STORED)
    return np.array(ids, dtype=np.int64), flat.reshape(len(ids), -1).astype(np.float32)


def of_leads(session: Session, client_id: int, space: str, lead_ids: Sequence[int]) -> dict[int, np.ndarray]:
    """Read the vectors of some leads, turned; leads without one are missing."""
    ids, blobs = fetch_columns(
        session, f"SELECT lead_id, vector FROM lead_vectors WHERE client_id = :client AND space = :space AND "
                 f"{member_of(session, 'lead_id', 'ids')}",
        {"client": client_id, "space": space, "ids": members(session, list(lead_ids))})
    return {int(lead_id): np.frombuffer(blob, dtype=STORED).astype(np.float32)
            for lead_id, blob in zip(ids, blobs, strict=True)}


# --- the index of PostgreSQL --------------------------------------------------------------------------------------


def ensure_index(session: Session, dimensions: int) -> bool:
    """Make the side table with its index where PostgreSQL has pgvector; False elsewhere, and nothing is lost.

    Rows of leads that go, go with them.
    """
    if is_sqlite(session) or dimensions > LARGEST_INDEXED:
        return False
    if has_index(session, dimensions):
        return True
    table = _table(dimensions)
    try:
        with session.begin_nested():
            session.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            session.execute(text(
                f"CREATE TABLE IF NOT EXISTS {table} (lead_id bigint REFERENCES leads (id) ON DELETE CASCADE, "
                f"space varchar(120), client_id integer NOT NULL, v vector({dimensions}) NOT NULL, "
                f"PRIMARY KEY (lead_id, space))"))
            session.execute(text(f"CREATE INDEX IF NOT EXISTS ix_{table} ON {table} USING hnsw (v vector_ip_ops)"))
    except DBAPIError:
        # the extension is not there, or not ours to create; the exact search does the same
        return False
    return True


def has_index(session: Session, dimensions: int) -> bool:
    """Say whether the side table exists."""
    return not is_sqlite(session) and session.execute(
        text("SELECT to_regclass(:name)"), {"name": _table(dimensions)}).scalar() is not None


def nearest_indexed(session: Session, client_id: int, space: str, question: np.ndarray, count: int) -> pd.Series:
    """Ask the index for the leads nearest to a turned vector.

    Returns
    -------
    Series of float
        Cosines by lead id, largest first; at most ``count``, and of a client with few leads among many perhaps fewer.
    """
    session.execute(text(f"SET LOCAL hnsw.ef_search = {max(SEARCHED, min(count, 1_000))}"))
    ids, distances = fetch_columns(
        session, f"SELECT lead_id, v <#> CAST(:question AS vector) FROM {_table(len(question))} WHERE "
                 "client_id = :client AND space = :space ORDER BY v <#> CAST(:question AS vector) LIMIT :count",
        {"client": client_id, "space": space, "question": _as_text(question), "count": count})
    return pd.Series(-np.array(distances, dtype=float), index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"))


def _save_indexed(session: Session, client_id: int, space: str, lead_ids: np.ndarray, rows: np.ndarray) -> None:
    table = _table(rows.shape[1])
    session.execute(text(f"DELETE FROM {table} WHERE space = :space AND {member_of(session, 'lead_id', 'ids')}"),
                    {"space": space, "ids": members(session, lead_ids)})
    insert_rows(session, table, {"lead_id": lead_ids, "space": space, "client_id": client_id,
                                 "v": [_as_text(row) for row in rows]})


def _as_text(vector: np.ndarray) -> str:
    return "[" + ",".join(f"{number:.6g}" for number in vector.tolist()) + "]"


def _table(dimensions: int) -> str:
    return f"lead_vectors_{int(dimensions)}"


def _forgotten(client_id: int) -> str:
    return f"vectors_forgotten:{client_id}"


def _fact(client_id: int, space: str) -> str:
    # of the name only a digest: two long ones may begin alike, and the column is narrow
    return f"vectors:{client_id}:{blake2b(space.encode(), digest_size=8).hexdigest()}"
