"""What language models answered, encrypted, found again by a digest of the question; and what it has cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns, fetch_for, insert_rows
from leadscore.store.database import is_sqlite
from leadscore.store.tables import to_text
from leadscore.store.vault import Vault

INTENT, EMBEDDING, SPENT = "intent", "embedding", "spent"
LOCK = 7_361_003


@dataclass(frozen=True)
class NewAnswer:
    """An answer to keep; ``lead_id`` is given when the question told of one person, and goes with that lead."""

    key: str
    body: Mapping[str, Any]
    tokens: int
    lead_id: int | None = None


def place(client_id: int, key: str) -> str:
    """Name the place an answer is encrypted for."""
    return f"language:{client_id}:{key}"


def save(session: Session, vault: Vault, client_id: int, answers: Sequence[NewAnswer], *, kind: str, model: str,
         now: datetime) -> int:
    """Keep answers; one that is there already stays. Returns how many were new."""
    (known,) = fetch_for(session, "SELECT key FROM language_answers WHERE client_id = :client", "key",
                         [answer.key for answer in answers], {"client": client_id})
    new = list({answer.key: answer for answer in answers if answer.key not in set(known)}.values())
    bodies = vault.encrypt_many([orjson.dumps(dict(answer.body)) for answer in new],
                                [place(client_id, answer.key) for answer in new])
    if new:
        insert_rows(session, "language_answers", {
            "client_id": client_id, "key": [answer.key for answer in new], "kind": kind, "model": model[:120],
            "lead_id": [answer.lead_id for answer in new], "body": bodies,
            "tokens": [answer.tokens for answer in new], "at": now})
    return len(new)


def find(session: Session, vault: Vault, client_id: int, keys: Sequence[str], *,
         known_at: datetime | None = None) -> dict[str, dict[str, Any]]:
    """Give the answers to these questions, by key: the stored values, ``model`` and ``at``.

    Parameters
    ----------
    known_at : datetime, optional
        Answers that came later are left out.

    Raises
    ------
    TamperedData
        A stored answer does not decrypt.
    """
    statement = "SELECT key, model, at, body FROM language_answers WHERE client_id = :client"
    parameters: dict[str, Any] = {"client": client_id}
    if known_at is not None:
        statement, parameters["at"] = f"{statement} AND at <= :at", to_text(known_at)
    found, models, moments, bodies = fetch_for(session, statement, "key", keys, parameters)
    opened = vault.decrypt_many(bodies, [place(client_id, key) for key in found])
    return {key: orjson.loads(body or b"{}") | {"model": model, "at": moment}
            for key, model, moment, body in zip(found, models, moments, opened, strict=True)}


def models(session: Session, client_id: int, kind: str) -> list[str]:
    """List the models that have answered questions of a kind."""
    (names,) = fetch_columns(session, "SELECT DISTINCT model FROM language_answers WHERE client_id = :client AND "
                                      "kind = :kind ORDER BY model",
                             {"client": client_id, "kind": kind})
    return [str(name) for name in names]


def tokens_since(session: Session, client_id: int, since: datetime) -> int:
    """Add up the tokens paid for since a moment."""
    return int(session.execute(text("SELECT coalesce(sum(tokens), 0) FROM language_answers WHERE client_id = :client "
                                    "AND at >= :since"), {"client": client_id, "since": to_text(since)}).scalar_one())


def reserve(session: Session, vault: Vault, client_id: int, tokens: int, *, limit: int, since: datetime, kind: str,
            model: str, now: datetime) -> str | None:
    """Set tokens aside before they are spent, so that requests at the same time cannot pass the limit together.

    Returns
    -------
    str or None
        The key to settle with; None when the limit does not allow them.
    """
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, :client)"), {"lock": LOCK, "client": client_id})
    if tokens_since(session, client_id, since) + tokens > limit:
        return None
    key = uuid4().hex
    save(session, vault, client_id, [NewAnswer(key, {}, tokens)], kind=kind, model=model, now=now)
    return key


def settle(session: Session, client_id: int, key: str, tokens: int) -> None:
    """Put what a request has cost in place of what was set aside for it."""
    if tokens:
        session.execute(text("UPDATE language_answers SET tokens = :tokens WHERE client_id = :client AND key = :key"),
                        {"tokens": tokens, "client": client_id, "key": key})
    else:
        session.execute(text("DELETE FROM language_answers WHERE client_id = :client AND key = :key"),
                        {"client": client_id, "key": key})
