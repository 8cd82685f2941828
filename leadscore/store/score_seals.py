"""Each score carries a seal, so that one that was altered in the database is found and named by itself.

The seal is a keyed BLAKE2b of lead, scoring, rule score, probability and blended score. What lists show must be the
blended score or a person's own judgement, and that must be the one the log tells of. The group is not sealed: it
follows from the place among all leads and moves with theirs. Seals of different leads do not depend on each other:
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

from leadscore.store.bulk import fetch_columns, fetch_for
from leadscore.store.vault import Vault

SEALED = ("rule_score", "probability", "blended")
SEAL_BYTES = 16
PORTION = 50_000
ONE = ("lead_id", "run_id")
NAMES = (*ONE, "client_id")
WITH_SCORE = "FROM leads l LEFT JOIN scores s ON s.lead_id = l.id"
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
        Those of scorings from before the first that sealed its scores.
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
    seen: list[pd.DataFrame] = []
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
            seen.append(portion.loc[wrong, list(ONE)])
    for shown, why in _shown_otherwise(session, client_id):
        fresh = shown[~_among(shown, seen)]
        altered = altered + len(fresh)
        seen.append(fresh[list(ONE)])
        named += _named(fresh, why)[:MOST_NAMED - len(named)]
    gone = sum(max(rows - there.get(run_id, 0), 0) for run_id, rows in made.items())
    return ScoresVerdict(scores, unsealed, altered, named, gone)


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
    # once scores are sealed every later scoring is; a number of none, put in by hand, is no way round
    plain = portion["seal"].isna().to_numpy() & (portion["run_id"].to_numpy() < min(made, default=np.inf))
    return plain, ~same & ~plain


def _shown_otherwise(session: Session, client_id: int | None) -> list[tuple[pd.DataFrame, str]]:
    """Find leads that show something else than rules and model said, or a judgement nobody has made."""
    parameters = {} if client_id is None else {"client": client_id}
    where = "" if client_id is None else " AND l.client_id = :client"
    told = _judgements_of_log(session, client_id)
    ids, *judged = fetch_columns(
        session, "SELECT l.id, l.override_score, l.override_tier FROM leads l WHERE (l.override_score IS NOT NULL OR "
        f"l.override_tier IS NOT NULL){where}", parameters)
    stands = dict(zip(ids, zip(*judged, strict=True), strict=True))
    differ = sorted(lead for lead in {*told, *stands} if told.get(lead) != stands.get(lead))
    forged = fetch_for(session, f"SELECT l.id, coalesce(s.run_id, 0), l.client_id {WITH_SCORE} WHERE l.id > 0", "l.id",
                       differ, {})
    lists, past = (fetch_columns(session, f"SELECT l.id, s.run_id, l.client_id FROM {table} s JOIN leads l ON l.id = "
                                 f"s.lead_id WHERE s.score <> {said}{where} ORDER BY l.id", parameters)
                   for table, said in (("scores", "coalesce(l.override_score, s.blended)"),
                                       ("score_history", "s.blended")))
    history = _found(past)
    return [(_found(lists), "lists show another score than the scoring or a person gave"),
            (_found(forged), "the judgement of a person that stands here is not the one the log tells of"),
            (history[~history["lead_id"].isin(list(told))], "the history shows another score than the scoring gave")]


def _among(found: pd.DataFrame, seen: Sequence[pd.DataFrame]) -> np.ndarray:
    """Say which were named already, of a lead's score of one scoring."""
    keys = [pd.MultiIndex.from_frame(frame[list(ONE)]) for frame in (found, *seen) if len(frame)]
    return np.logical_or.reduce([np.zeros(len(found), dtype=bool), *(keys[0].isin(other) for other in keys[1:])]) \
        if len(found) else np.zeros(0, dtype=bool)


def _found(columns: list[list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({name: np.array(values, dtype=np.int64) for name, values in zip(NAMES, columns, strict=True)})


def _judgements_of_log(session: Session, client_id: int | None) -> dict[int, tuple[Any, Any] | None]:
    """Give each lead's last judgement by a person as score and group, as the log tells it; None where taken back."""
    where = "" if client_id is None else " AND client_id = :client"
    objects, details = fetch_columns(
        session, "SELECT object, detail FROM audit_events WHERE action IN ('override_set', 'override_cleared')"
        f"{where} ORDER BY seq", {} if client_id is None else {"client": client_id})
    found: dict[int, tuple[Any, Any] | None] = {}
    for about, detail in zip(objects, details, strict=True):
        after = orjson.loads(detail).get("after") or {}
        judged = (after.get("score"), after.get("tier"))
        found[int(about.partition(":")[2])] = None if judged == (None, None) else judged
    return found


def _named(found: pd.DataFrame, why: str) -> list[dict[str, Any]]:
    rows = found[["client_id", "lead_id", "run_id"]].head(MOST_NAMED).to_dict("records")
    return [{str(name): int(value) for name, value in row.items()} | {"why": why} for row in rows]
