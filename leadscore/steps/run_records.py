"""What the audit trail is told of a scoring, so that each of its scores can be proven later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.scoring.reasons import Reason
from leadscore.store import models as model_rows
from leadscore.store import score_seals
from leadscore.store import scores as score_rows
from leadscore.store.tables import ModelVersion

REASON_COLUMN = "reason_"
MOST_NAMED = 50
"""Leads that come into the best 20 % or drop out of them, whose numbers a record holds."""


@dataclass(frozen=True)
class Moved:
    """Who came into the best 20 % of a client's leads and who dropped out; the first of very many are named."""

    leads: int
    entered: int
    left: int
    entered_leads: list[int]
    left_leads: list[int]


@dataclass(frozen=True)
class Made:
    """What a scoring has made.

    Parameters
    ----------
    run_id : int or None
        The last of its runs; one with the champion, and one with the challenger of an experiment.
    runs : list of dict
        ``run``, ``rows``, ``model_version``, ``model_digest`` (of the files), ``digest`` (over all seals).
    moved : Moved or None
    """

    run_id: int | None = None
    runs: list[dict[str, Any]] = field(default_factory=list)
    moved: Moved | None = None

    def told(self) -> dict[str, Any]:
        """Give what the record says beside the versions."""
        return {"runs": self.runs} | ({"best_fifth": asdict(self.moved)} if self.moved else {})


def sealed_runs(session: Session, client_id: int, seals: pd.Series, runs: pd.Series) -> list[dict[str, Any]]:
    """Describe each run with one digest over all its scores.

    Parameters
    ----------
    seals, runs : Series
        Index ``lead_id``, in ascending order; the seal and the run of each score.
    """
    told = []
    for run_id in sorted(runs.unique().tolist()):
        row = score_rows.run(session, client_id, run_id)
        own = seals[(runs == run_id).to_numpy()].tolist()
        version = model_rows.find(session, client_id, row.model_version) if row.model_version else None
        told.append({"run": run_id, "rows": len(own), "model_version": row.model_version,
                     "model_digest": files_digest(version), "digest": score_seals.digest_of(own)})
    return told


def files_digest(version: ModelVersion | None) -> str | None:
    """Give one digest over the digests of a model's files, as its manifest noted them; None for rules alone."""
    if version is None:
        return None
    files = version.manifest.get("files", {})
    return sha256(orjson.dumps({name: facts["sha256"] for name, facts in files.items()},
                               option=orjson.OPT_SORT_KEYS)).hexdigest()


def numbers_digest(scores: pd.Series) -> str:
    """Give a digest over scores, bit for bit, in their order."""
    return sha256(scores.to_numpy(dtype="<f8").tobytes()).hexdigest()


def moved_among_best(before: np.ndarray, after: np.ndarray) -> Moved | None:
    """Say who came into the best leads and who dropped out; None where nobody had a score before.

    Parameters
    ----------
    before, after : ndarray of int
        The best leads, best first.
    """
    if not len(before):
        return None
    entered, left = after[~np.isin(after, before)], before[~np.isin(before, after)]
    return Moved(len(after), len(entered), len(left), entered[:MOST_NAMED].tolist(), left[:MOST_NAMED].tolist())


def reasons_digest(reasons: Sequence[Reason]) -> str:
    """Give a digest over the reasons somebody was shown; a replay that gives the same reasons gives it again."""
    # the order of adding up may change the last bits of an effect with the number of leads judged together
    told = sorted((reason.code, reason.value or "", f"{reason.effect:.6f}", reason.source) for reason in reasons)
    return sha256(orjson.dumps(told)).hexdigest()


def reasons_in(frame: pd.DataFrame) -> str | None:
    """Give a digest over the columns of reasons a file holds; None when it holds none."""
    columns = [str(name) for name in frame.columns if str(name).startswith(REASON_COLUMN)]
    if not columns:
        return None
    texts = frame[columns].astype(object).where(frame[columns].notna(), None)
    return sha256(orjson.dumps([texts[name].tolist() for name in columns])).hexdigest()
