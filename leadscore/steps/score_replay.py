"""A past score is made once more, with the values, versions and date of then: the same bit for bit, or why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.errors import LeadScoreError, NotFound
from leadscore.modeling.files.artefact import library_differences
from leadscore.schema import PERSONAL_FIELDS
from leadscore.scoring.reasons import Reason, reasons_for_lead
from leadscore.steps.judge import Judged
from leadscore.steps.listing import judge_again
from leadscore.steps.models import NO_MODEL, find_version, load_model
from leadscore.steps.replay import COMPARED, same_bits
from leadscore.steps.run_records import reasons_digest
from leadscore.store import batches, lead_past, score_seals
from leadscore.store import scores as score_rows
from leadscore.store.bulk import fetch_columns
from leadscore.store.tables import ScoreRun
from leadscore.workbench import Workbench

WHOLE, ALTERED, UNSEALED = "whole", "altered", "unsealed"


@dataclass(frozen=True)
class Shown:
    """Somebody was given this score with its reasons; ``same`` says whether the replay gives these reasons again."""

    record: int
    at: str
    actor: str
    action: str
    same: bool


@dataclass(frozen=True)
class ReplayedScore:
    """What making one score again has shown.

    Parameters
    ----------
    stored, again : dict of str to float or None
        ``rule_score`` and ``blended`` in [0, 100], ``probability`` in [0, 1]: as stored and as made again; ``again`` is
        empty when it could not be made.
    identical : bool
        Whether they are the same bit for bit.
    seal : str
        ``whole``, ``altered`` (the stored numbers are not those the scoring wrote) or ``unsealed`` (made before scores
        were sealed).
    put_back : list of str
        Values that have changed since and were put back for this.
    why_not : list of str
        Why it is not identical, in sentences; empty when it is.
    reasons : list of Reason
    shown : list of Shown
    """

    lead_id: int
    run_id: int
    scored_at: datetime
    as_of: datetime
    policy_version: int
    model_version: int | None
    stored: dict[str, float | None]
    again: dict[str, float | None]
    identical: bool
    seal: str
    put_back: list[str] = field(default_factory=list)
    why_not: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)


@dataclass(frozen=True)
class ReplayedRun:
    """What making the scores of a run again has shown; ``different`` names the leads, at most 100."""

    run_id: int
    leads: int
    identical: int
    altered: int
    put_back: int
    different: list[int]
    why_not: list[str]

    @property
    def same(self) -> bool:
        """Whether every score came out as it is stored."""
        return self.identical == self.leads


MOST_NAMED = 100


def replay_lead(session: Session, workbench: Workbench, client_id: int, lead_id: int, run_id: int | None = None, *,
                personal: bool = True) -> ReplayedScore:
    """Make one lead's score of a run again.

    Parameters
    ----------
    run_id : int, optional
        The scoring in force by default.
    personal : bool
        False leaves the values of personal fields out of the reasons.

    Raises
    ------
    NotFound
        The client has no such lead, or it got no score from this run.
    """
    runs = score_rows.runs_of_lead(session, client_id, lead_id)
    if not runs or (run_id is not None and run_id not in runs):
        raise NotFound("unknown_score", f"Lead {lead_id} has no score" + (f" from scoring {run_id}." if runs else "."),
                       f"It has scores from {', '.join(map(str, runs))}." if runs else "Score the leads first.")
    run = score_rows.run(session, client_id, runs[-1] if run_id is None else run_id)
    stored = score_rows.of_run(session, client_id, int(run.id or 0), lead_ids=[lead_id])
    made = _made_again(session, workbench, run, stored.index.to_numpy())
    seal = _seals_hold(workbench, run, stored)[0]
    numbers = {name: _plain(stored[name].iloc[0]) for name in COMPARED}
    about: dict[str, Any] = {
        "lead_id": lead_id, "run_id": int(run.id or 0), "scored_at": run.created_at, "as_of": run.as_of,
        "policy_version": run.policy_version, "model_version": run.model_version, "stored": numbers, "seal": seal}
    if made.judged is None:
        return ReplayedScore(**about, again={}, identical=False, why_not=made.why_not)
    again = _numbers(made.judged)
    same = bool(same_bits(stored, again).all())
    reasons = reasons_for_lead(made.judged.blend, made.judged.features, lead_id, made.judged.policy)
    digest = reasons_digest(reasons)
    shown_reasons = reasons if personal else reasons_for_lead(
        made.judged.blend, made.judged.features, lead_id, made.judged.policy, hidden=PERSONAL_FIELDS)
    altered = ["The stored numbers are not those the scoring wrote: they were altered in the database."] \
        if seal == ALTERED else []
    return ReplayedScore(
        **about, again={name: _plain(again[name].iloc[0]) for name in COMPARED}, identical=same,
        put_back=made.put_back.get(lead_id, []), why_not=[] if same else altered or made.why_not, reasons=shown_reasons,
        shown=_shown(session, client_id, lead_id, int(run.id or 0), digest))


def replay_run(session: Session, workbench: Workbench, client_id: int, run_id: int, *,
               most: int = 1_000) -> ReplayedRun:
    """Make scores of a run again, at most so many, the first ones by number.

    Raises
    ------
    NotFound
        The client has no such scoring, or nothing is left of it.
    """
    run = score_rows.run(session, client_id, run_id)
    stored = score_rows.of_run(session, client_id, run_id, limit=most)
    if stored.empty:
        raise NotFound("unknown_score", f"Nothing is left of scoring {run_id}.", "Its leads have gone.")
    made = _made_again(session, workbench, run, stored.index.to_numpy())
    held = np.array(_seals_hold(workbench, run, stored))
    altered = int((held == ALTERED).sum())
    if made.judged is None:
        return ReplayedRun(run_id, len(stored), 0, altered, 0, stored.index[:MOST_NAMED].tolist(), made.why_not)
    same = same_bits(stored, _numbers(made.judged).reindex(stored.index))
    different = stored.index[~same]
    why = [f"{altered:,} stored scores were altered in the database."] if altered else []
    return ReplayedRun(run_id, len(stored), int(same.sum()), altered, sum(map(bool, made.put_back.values())),
                       different[:MOST_NAMED].tolist(), (why or made.why_not) if len(different) else [])


@dataclass(frozen=True)
class _Again:
    judged: Judged | None
    put_back: dict[int, list[str]]
    why_not: list[str]


def _made_again(session: Session, workbench: Workbench, run: ScoreRun, lead_ids: np.ndarray) -> _Again:
    """Judge leads as they were then; without the model's files or the policy there is nothing to judge with."""
    record = lead_past.record_of_run(session, run.client_id, int(run.id or 0))
    if record is None:
        return _Again(None, {}, ["The audit trail does not tell of this scoring, so it is not known which imports came "
                                 "after it."])
    past = lead_past.read_leads_at(session, workbench.vault, run.client_id, lead_ids, record=record)
    try:
        judged = judge_again(session, workbench, run.client_id, run, past.leads, past.custom,
                             batches.headers(session, run.client_id))
    except LeadScoreError as problem:
        return _Again(None, past.put_back, [f"The score cannot be made again: {problem}"])
    return _Again(judged, past.put_back, _why_not(session, workbench, run, past))


def _why_not(session: Session, workbench: Workbench, run: ScoreRun, past: lead_past.Past) -> list[str]:
    """List what may have made the difference, should there be one."""
    found = [f"Import {batch} was taken back after this scoring; what it had changed is kept nowhere."
             for batch in past.undone]
    row = find_version(session, run.client_id, str(run.model_version) if run.model_version else NO_MODEL)
    model = load_model(workbench, row).model
    if model is not None:
        found += [f"The model was trained with another library version: {difference}."
                  for difference in library_differences(model.report)]
    return found or ["The lead was changed at the same time as it was scored, or outside the workbench."]


def _numbers(judged: Judged) -> pd.DataFrame:
    return pd.DataFrame({"rule_score": judged.rules.rule_score, "probability": judged.probability,
                         "blended": judged.blend.blended})


def _seals_hold(workbench: Workbench, run: ScoreRun, stored: pd.DataFrame) -> list[str]:
    right = score_seals.seals(workbench.vault, stored.index.to_numpy(), np.full(len(stored), run.id), stored)
    return [UNSEALED if seal is None else WHOLE if bytes(seal) == own else ALTERED
            for seal, own in zip(stored["seal"], right, strict=True)]


def _shown(session: Session, client_id: int, lead_id: int, run_id: int, digest: str) -> list[Shown]:
    """Find when somebody was given the reasons of this score, and whether they are the same again."""
    columns = fetch_columns(session, "SELECT seq, at, actor, action, detail FROM audit_events WHERE "
                            "client_id = :client AND object = :lead ORDER BY seq",
                            {"client": client_id, "lead": f"lead:{lead_id}"})
    told = [(*row[:4], orjson.loads(row[4])) for row in zip(*columns, strict=True)]
    return [Shown(int(seq), str(at), str(actor), str(action), detail["reasons"] == digest)
            for seq, at, actor, action, detail in told if detail.get("run") == run_id and detail.get("reasons")]


def _plain(value: Any) -> float | None:
    number = float(value)
    return None if np.isnan(number) else number
