"""Each score carries a seal, so that one that was altered in the database is found and named by itself.

The seal is a keyed BLAKE2b of lead, scoring, rule score, probability and blended score. What lists show follows from
these and from a person's own judgement, which stand in the log. Seals of different leads do not depend on each other:
erasing a lead breaks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns
from leadscore.store.vault import Vault

SEALED = ("rule_score", "probability", "blended")
SEAL_BYTES = 16
PORTION = 50_000
MOST_NAMED = 100
"""Altered scores that are named one by one; their number is always told."""


@dataclass(frozen=True)
class ScoresVerdict:
    """What a check of the scores has found.

    Parameters
    ----------
    scores : int
        Scores in force and in the history.
    unsealed : int
        Those made before scores were sealed.
    altered : int
    named : list of dict
        ``client_id``, ``lead_id``, ``run_id`` and ``why`` of the altered ones, at most 100.
    gone : int
        Scores that scorings of the log made and that are no longer there, as after an erasure or an import taken back.
    """

    scores: int
    unsealed: int
    altered: int
    named: list[dict[str, Any]] = field(default_factory=list)
    gone: int = 0

    @property
    def ok(self) -> bool:
        """Whether no score is altered."""
        return self.altered == 0


def seals(vault: Vault, lead_ids: np.ndarray, run_ids: np.ndarray, scores: pd.DataFrame) -> list[bytes]:
    """Seal scores.

    Parameters
    ----------
    lead_ids, run_ids : ndarray of int, shape (n,)
    scores : DataFrame of shape (n, columns)
        Columns ``rule_score``, ``probability`` and ``blended``, in the order of the ids.

    Returns
    -------
    list of bytes
        16 bytes for each score.
    """
    packed = np.zeros(len(lead_ids), dtype=[("lead", "<i8"), ("run", "<i8"), *((name, "<f8") for name in SEALED)])
    packed["lead"], packed["run"] = lead_ids, run_ids
    for name in SEALED:
        values = scores[name].to_numpy(dtype=float)
        # one way to write a missing number, and one zero
        packed[name] = np.where(np.isnan(values), np.nan, values + 0.0)
    keyed = blake2b(key=vault.key("scores"), digest_size=SEAL_BYTES).copy
    raw, size, sealed = memoryview(packed.tobytes()), packed.itemsize, []
    for start in range(0, len(raw), size):
        state = keyed()
        state.update(raw[start:start + size])
        sealed.append(state.digest())
    return sealed


def digest_of(sealed: Sequence[bytes]) -> str:
    """Give one digest over the seals of a scoring, in the order of its leads."""
    return sha256(b"".join(sealed)).hexdigest()


def check(session: Session, vault: Vault, client_id: int | None = None,
          tell: Callable[[int], None] | None = None) -> ScoresVerdict:
    """Check every score in force and in the history.

    Parameters
    ----------
    client_id : int, optional
        Only this client's.
    tell : callable, optional
        Is told, now and then, how many scores have been checked.
    """
    made = runs_of_log(session, client_id)
    there: dict[int, int] = {}
    named: list[dict[str, Any]] = []
    known: list[np.ndarray] = []
    scores = unsealed = altered = 0
    for table in ("scores", "score_history"):
        for portion in _portions(session, table, client_id):
            plain, wrong = _judged(vault, portion, made)
            scores, unsealed, altered = scores + len(portion), unsealed + int(plain.sum()), altered + int(wrong.sum())
            named += _named(portion[wrong], "the numbers are not those the scoring wrote")[:MOST_NAMED - len(named)]
            runs, counts = np.unique(portion["run_id"].to_numpy(), return_counts=True)
            for run_id, number in zip(runs.tolist(), counts.tolist(), strict=True):
                there[run_id] = there.get(run_id, 0) + number
            if tell:
                tell(scores)
            if table == "scores":
                known.append(portion["lead_id"].to_numpy()[wrong])
    shown = _shown_otherwise(session, client_id)
    shown = shown[~np.isin(shown["lead_id"].to_numpy(dtype=np.int64), np.concatenate([*known, []]))]
    named += _named(shown, "lists show another score than the scoring or a person gave")[:MOST_NAMED - len(named)]
    gone = sum(max(rows - there.get(run_id, 0), 0) for run_id, rows in made.items())
    return ScoresVerdict(scores, unsealed, altered + len(shown), named, gone)


def count(session: Session, client_id: int | None = None) -> int:
    """Count the scores in force and in the history."""
    where = "" if client_id is None else " WHERE client_id = :client"
    parameters = {} if client_id is None else {"client": client_id}
    return sum(int(session.execute(text(f"SELECT count(*) FROM {table}{where}"), parameters).scalar_one())
               for table in ("scores", "score_history"))


def runs_of_log(session: Session, client_id: int | None = None) -> dict[int, int]:
    """Read from the log which scorings sealed their scores, and how many each made."""
    where = "" if client_id is None else " AND client_id = :client"
    (details,) = fetch_columns(session, f"SELECT detail FROM audit_events WHERE action = 'leads_scored'{where}",
                               {} if client_id is None else {"client": client_id})
    told: list[Mapping[str, Any]] = [entry for detail in details for entry in orjson.loads(detail).get("runs", ())]
    return {int(entry["run"]): int(entry["rows"]) for entry in told}


def _portions(session: Session, table: str, client_id: int | None) -> Iterator[pd.DataFrame]:
    names = ("lead_id", "run_id", "client_id", *SEALED, "seal")
    where = "" if client_id is None else " AND +client_id = :client"
    lead, run = -1, -1
    while True:
        columns = fetch_columns(
            session, f"SELECT {', '.join(names)} FROM {table} WHERE (lead_id > :lead OR (lead_id = :lead AND "
            f"run_id > :run)){where} ORDER BY lead_id, run_id LIMIT {PORTION}",
            {"lead": lead, "run": run} | ({} if client_id is None else {"client": client_id}))
        if not columns[0]:
            return
        raw = dict(zip(names, columns, strict=True))
        yield pd.DataFrame({name: np.array(raw[name], dtype=np.int64) for name in names[:3]}
                           | {name: np.array(raw[name], dtype=float) for name in SEALED}
                           | {"seal": pd.Series(raw["seal"], dtype=object)})
        lead, run = columns[0][-1], columns[1][-1]


def _judged(vault: Vault, portion: pd.DataFrame, made: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Say which scores carry no seal since none was made yet, and which are not as they were written."""
    right = seals(vault, portion["lead_id"].to_numpy(), portion["run_id"].to_numpy(), portion)
    same = np.array([seal is not None and bytes(seal) == own for seal, own in zip(portion["seal"], right, strict=True)],
                    dtype=bool)
    plain = portion["seal"].isna().to_numpy() & ~portion["run_id"].isin(list(made)).to_numpy()
    return plain, ~same & ~plain


def _shown_otherwise(session: Session, client_id: int | None) -> pd.DataFrame:
    """Find leads whose score in lists is neither what rules and model say nor what a person set."""
    where = "" if client_id is None else " AND s.client_id = :client"
    columns = fetch_columns(
        session, "SELECT s.lead_id, s.run_id, s.client_id FROM scores s JOIN leads l ON l.id = s.lead_id WHERE "
        f"s.score <> coalesce(l.override_score, s.blended){where} ORDER BY s.lead_id",
        {} if client_id is None else {"client": client_id})
    return pd.DataFrame(dict(zip(("lead_id", "run_id", "client_id"), columns, strict=True)))


def _named(found: pd.DataFrame, why: str) -> list[dict[str, Any]]:
    rows = found[["client_id", "lead_id", "run_id"]].head(MOST_NAMED).to_dict("records")
    return [{str(name): int(value) for name, value in row.items()} | {"why": why} for row in rows]
