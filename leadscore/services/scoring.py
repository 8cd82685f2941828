"""Scores are made: for the stored leads, or for a file whose leads are not kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Cancelled
from leadscore.features.offer_fit import INTENT
from leadscore.ingest.cleaning import CleaningChoices, clean_table
from leadscore.ingest.validation import require_values
from leadscore.schema import Tier
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.reasons import reason_columns
from leadscore.scoring.tiers import tiers_in_force
from leadscore.steps.dates import reference_date
from leadscore.steps.experiments import (
    NOBODY,
    Judge,
    Parts,
    Trial,
    challengers_leads,
    put_into_arms,
    running_trial,
    said_in_the_shadow,
    who_takes_part,
)
from leadscore.steps.foretelling import foretell
from leadscore.steps.judge import Judged, judge
from leadscore.steps.language import Consulted, consult
from leadscore.steps.mapping import mapping_for
from leadscore.steps.models import CHAMPION, NO_MODEL, ChosenModel, columns_missed, find_version, load_model
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import PolicyInForce, policy_in_force, with_suggested_blend
from leadscore.steps.progress import Progress, silent
from leadscore.steps.reading import read_file
from leadscore.steps.run_records import (
    Made,
    files_digest,
    moved_among_best,
    numbers_digest,
    reasons_in,
    sealed_runs,
)
from leadscore.steps.selection import count_of_top, unreachable_reason
from leadscore.store import audit, clients, lead_reading, score_seals
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.restriction import restricted_ids
from leadscore.workbench import Workbench

CHUNK = 100_000
"""Leads in memory at a time when the store is scored again."""

TIED_SHARE = 0.05
ASKING_SHARE = 0.3
"""Part of the progress bar that is given to questions to a language server."""


@dataclass(frozen=True)
class Rescored:
    """What a scoring of stored leads did."""

    rows: int
    model_version: int | None
    policy_version: int
    run_id: int | None
    experiment: dict[str, Any] | None = None
    language: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


@dataclass(frozen=True)
class ScoredFile:
    """A scored file: its own columns in their order, best lead first, then ours."""

    frame: pd.DataFrame
    rows: int
    exported: int
    tiers: dict[str, int]
    model_version: int | None
    policy_version: int
    seconds: float
    missing_columns: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"rows": self.rows, "exported": self.exported, "tiers": self.tiers,
                "model_version": self.model_version, "policy_version": self.policy_version,
                "seconds": round(self.seconds, 3), "missing_columns": list(self.missing_columns),
                "notes": list(self.notes)}


def rescore(workbench: Workbench, actor: Actor, *, client: str, batch_id: int | None = None,
            only: Sequence[int] | None = None, progress: Progress | None = None) -> Rescored:
    """Score the stored leads of a client, those an import touched, or some, with the policy and champion in force.

    Leads whose person has objected are never among them.

    Earlier scores move to the history; a person's override stays in force. While an experiment runs, open leads are put
    into an arm by chance, and those of the challenger's arm are scored by the challenger, in a scoring of their own.
    """
    require(actor, Action.IMPORT_LEADS if batch_id else Action.EDIT_LEADS, client)
    tell, now = progress or silent, workbench.clock()
    in_force, champion = _versions(workbench, client, CHAMPION, None)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        lead_ids = lead_reading.ids(session, client_id, batch_id=batch_id)
        lead_ids = lead_ids if only is None else np.intersect1d(lead_ids, np.asarray(only, dtype=np.int64))
    only_some = batch_id is not None or only is not None
    asked = _asked(workbench, client_id, lead_ids, in_force.policy, actor, now, tell)
    with read(workbench.engine) as session:
        as_of = reference_date(lead_reading.latest_dates(session, client_id), now)
        trial = running_trial(session, workbench, client_id, champion=champion.version, in_force=in_force)
        scorers = _Scorers(in_force.policy, champion, trial)
        scores = _score_stored(session, workbench, client_id, lead_ids, scorers, as_of=as_of, known_at=now,
                               tell=tell)
    tell(0.9, f"Storing {len(lead_ids):,} scores")
    run_id, about, made = None, None, Made()
    with write(workbench.engine) as session:
        if scores is not None:
            head = _RunHead(client_id, in_force.version, as_of.to_pydatetime(), actor.name, now)
            # somebody may have objected meanwhile
            scores = scores[~scores.index.isin(restricted_ids(session, client_id))]
            best = score_rows.best_fifth(session, client_id)
            made = _put_in_force(session, workbench, head, scores, scorers, only_some=only_some)
            run_id = made.run_id
            made = replace(made, moved=moved_among_best(best, score_rows.best_fifth(session, client_id)))
            foretell(session, workbench, client_id, policy=in_force.policy, versions=scorers.versions,
                     lead_ids=lead_ids if only_some else None)
        if trial and scores is not None:
            put = put_into_arms(session, client_id, trial, scores, champion=champion.version, now=now)
            about = {"experiment": trial.id, "challenger": trial.challenger.version, "put_into_arms": put,
                     "scored_by_challenger": int(scores["by_challenger"].sum())}
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="leads_scored",
                     object=f"run:{run_id}", detail={"rows": len(lead_ids), "policy_version": in_force.version,
                                                     "model_version": champion.version, "as_of": as_of.isoformat()}
                     | made.told() | (about or {}))
    with suppress(Cancelled):
        # too late to stop: the scores are in force
        tell(1.0, f"Scored {len(lead_ids):,} leads")
    return Rescored(len(lead_ids), champion.version, in_force.version, run_id, about,
                    asked.as_dict() if asked else None)


def _asked(workbench: Workbench, client_id: int, lead_ids: np.ndarray, policy: Policy, actor: Actor, now: datetime,
           tell: Progress) -> Consulted | None:
    """Ask the language server about the intent of leads before they are scored, if a rule of the policy looks at it."""
    if policy.offer is None or not any(criterion.field == INTENT.name for criterion in policy.criteria):
        return None
    asked = consult(workbench, client_id=client_id, lead_ids=lead_ids, offer=policy.offer, asked_by=actor.name, now=now,
                    tell=lambda fraction, message: tell(ASKING_SHARE * fraction, message))
    return asked if asked.asked or asked.note else None


@dataclass(frozen=True)
class _Scorers:
    """Who scores: the champion with the policy in force, and the challenger of an experiment beside it."""

    policy: Policy
    champion: ChosenModel
    trial: Trial | None

    @property
    def versions(self) -> tuple[int | None, ...]:
        """The champion's number, and the challenger's while there is one."""
        return self.champion.version, self.trial.challenger.version if self.trial else None


@dataclass(frozen=True)
class _RunHead:
    """What all scores of one scoring share."""

    client_id: int
    policy_version: int
    as_of: datetime
    started_by: str
    now: datetime


def _score_stored(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray, scorers: _Scorers, *,
                  as_of: pd.Timestamp, known_at: datetime, tell: Progress) -> pd.DataFrame | None:
    """Score stored leads, a chunk at a time; None when there are none."""
    custom = lead_reading.custom_fields(session, client_id)
    taking_part = who_takes_part(session, client_id, scorers.trial) if scorers.trial else NOBODY

    def judge_these(leads: pd.DataFrame, policy: Policy, model: ChosenModel) -> Judged:
        return judge(leads, custom_fields=custom, headers={}, policy=policy, model=model.model, as_of=as_of,
                     contributions=False)

    parts = []
    for done in range(0, len(lead_ids), CHUNK):
        tell(0.9 * done / len(lead_ids), f"Scoring lead {done + 1:,} of {len(lead_ids):,}")
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids[done:done + CHUNK],
                                        keep_empty=True)
        leads = with_offer(workbench, session, client_id, leads, scorers.policy, known_at=known_at)
        parts.append(_score_chunk(leads, scorers, taking_part, judge_these))
    return pd.concat(parts).sort_index() if parts else None


def _score_chunk(leads: pd.DataFrame, scorers: _Scorers, taking_part: Parts, judge_these: Judge) -> pd.DataFrame:
    """Let each lead be scored by the model of its arm; outside an experiment that is the champion."""
    trial = scorers.trial
    theirs = challengers_leads(trial, taking_part, leads.index.to_numpy())
    sides = [(~theirs, scorers.policy, scorers.champion)]
    if trial:
        sides.append((theirs, trial.policy, trial.challenger))
    frames = []
    for mine, policy, model in sides:
        if mine.any():
            own = leads if mine.all() else leads[mine]
            frames.append(_narrow(own, judge_these(own, policy, model)).assign(
                by_challenger=model is not scorers.champion))
    scores = pd.concat(frames)
    return scores.assign(new_in_arm=np.isin(scores.index.to_numpy(), taking_part.new),
                         challenger_probability=said_in_the_shadow(trial, taking_part, leads, judge_these))


def _put_in_force(session: Session, workbench: Workbench, head: _RunHead, scores: pd.DataFrame, scorers: _Scorers, *,
                  only_some: bool) -> Made:
    """Store the scores, each model's as a scoring of its own."""
    by_hand = lead_reading.overrides(session, head.client_id)
    scores = _in_force(scores, by_hand, scorers.policy)
    versions = {True: scorers.trial.challenger.version if scorers.trial else None, False: scorers.champion.version}
    runs = pd.Series(0, index=scores.index)
    run_id = None
    # the champion's comes last: the latest scoring speaks for the client
    for by_challenger, version in versions.items():
        own = (scores["by_challenger"] == by_challenger).to_numpy()
        if own.any():
            run_id = score_rows.new_run(session, head.client_id, policy_version=head.policy_version,
                                        model_version=version, as_of=head.as_of, rows=int(own.sum()),
                                        started_by=head.started_by, now=head.now)
            runs[own] = run_id
    # all at once and in the order of their ids, which the database is quickest at
    scores = scores.assign(seal=score_seals.seals(workbench.vault, scores.index.to_numpy(), runs.to_numpy(), scores))
    score_rows.replace_scores(session, head.client_id, runs, scores)
    by_rank = scorers.policy.tier_mode != TierMode.THRESHOLD and not _gives_tiers(scorers.champion)
    if only_some and by_rank:
        # ranks are about all leads: new ones push others down
        score_rows.set_tiers(session, head.client_id, tiers_in_force(
            score_rows.blended(session, head.client_id), by_hand, scorers.policy))
    return Made(run_id, sealed_runs(session, head.client_id, scores["seal"], runs))


def score_file(
    workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str, sheet: str | None = None,
    overrides: Sequence[str] = (), model: str = CHAMPION, policy: str | None = None, top: str | None = None,
    reasons: int = 5, progress: Progress | None = None,
) -> ScoredFile:
    """Score a file; its leads are not stored, no row is dropped or merged.

    Parameters
    ----------
    overrides : sequence of str
        ``"Header=field"`` corrections to the mapping.
    model : str
        A version, ``"champion"`` (rules alone while there is none) or ``"none"``.
    policy : str or None
        A policy version; the active one by default.
    top : str or None
        ``"20%"`` or ``"400"``; all rows by default.
    reasons : int
        Reasons beside each lead, in [0, 50].

    Raises
    ------
    UnreadableFile, InvalidRequest, NotFound
        Refused.
    """
    require(actor, Action.VIEW_LEADS, client)
    started = time.perf_counter()
    tell = progress or silent
    tell(0.0, "Reading the file")
    raw = read_file(workbench.settings, source, filename, sheet)
    wanted = count_of_top(top, raw.rows_read)
    in_force, chosen = _versions(workbench, client, model, policy)
    mapping = mapping_for(workbench, raw.frame, client=client, overrides=overrides)
    tell(0.3, f"Cleaning {raw.rows_read:,} rows")
    clean = clean_table(raw, mapping, CleaningChoices(), as_of=workbench.clock())
    require_values(clean.leads)
    tell(0.5, "Scoring")
    as_of = reference_date(clean.leads, workbench.clock())
    with read(workbench.engine) as session:
        leads = with_offer(workbench, session, clients.require(session, client), clean.leads, in_force.policy)
    judged = judge(leads, custom_fields=clean.custom_fields, headers=clean.headers, policy=in_force.policy,
                   model=chosen.model, as_of=as_of)
    tell(0.8, "Writing down the reasons")
    frame = _ranked(raw.frame, judged, wanted, reasons)
    _note_file(workbench, actor, client, {
        "file_sha256": raw.sha256, "rows": raw.rows_read, "given": len(frame), "policy_version": in_force.version,
        "model_version": chosen.version, "as_of": as_of.isoformat(), "scores": numbers_digest(judged.blend.blended),
        "reasons": reasons_in(frame)})
    tell(1.0, f"Scored {raw.rows_read:,} leads")
    counts = judged.tiers.value_counts()
    return ScoredFile(
        frame=frame, rows=raw.rows_read, exported=len(frame),
        tiers={str(tier): int(counts.get(tier, 0)) for tier in Tier},
        model_version=chosen.version, policy_version=in_force.version, seconds=time.perf_counter() - started,
        missing_columns=tuple(columns_missed(chosen.model, judged.prediction.missing_columns))
        if chosen.model and judged.prediction else (), notes=_notes(judged))


def _notes(judged: Judged) -> tuple[str, ...]:
    """Say what the ranking cannot tell."""
    scores = judged.blend.blended
    if judged.prediction is None and not (scores > 0).any():
        return ("The rules know none of these columns, so all leads are equal. Train a model on a file with outcomes, "
                "or map the columns with --map.",)
    shared = int((scores == scores.max()).sum())
    if shared > max(10, len(scores) * TIED_SHARE):
        return (f"{shared:,} leads share the highest score; among them the order of the file decides.",)
    return ()


def _versions(workbench: Workbench, client: str, model: str, policy: str | None) -> tuple[PolicyInForce, ChosenModel]:
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        row = find_version(session, client_id, model)
        in_force = policy_in_force(session, client_id, policy, now=now)
    return with_suggested_blend(in_force, row), load_model(workbench, row)


def _ranked(rows: pd.DataFrame, judged: Judged, wanted: int, reasons: int) -> pd.DataFrame:
    order = np.argsort(-judged.blend.blended.to_numpy(), kind="stable")[:wanted]
    chosen = judged.features.frame.index[order]
    ours = pd.DataFrame({
        "rank": np.arange(1, len(order) + 1),
        "score": judged.blend.blended.to_numpy()[order].round(1),
        "probability": judged.probability.to_numpy()[order].round(4),
        "tier": judged.tiers.to_numpy()[order],
        "qualified": judged.qualified.to_numpy()[order],
    })
    if judged.confidence is not None:
        ours["confidence"] = judged.confidence.to_numpy()[order].round(4)
    texts = reason_columns(judged.blend, judged.features, judged.policy, index=chosen, k=reasons).reset_index(drop=True)
    taken = set(ours.columns) | set(texts.columns)
    theirs = rows.iloc[order].reset_index(drop=True).rename(columns=_free_names(list(rows.columns), taken))
    return pd.concat([theirs, ours, texts], axis=1)


def _note_file(workbench: Workbench, actor: Actor, client: str, told: dict[str, Any]) -> None:
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        version = find_version(session, client_id, str(told["model_version"] or NO_MODEL))
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="file_scored",
                     object=f"file:{told['file_sha256'][:16]}", detail=told | {"model_digest": files_digest(version)})


def _free_names(theirs: Sequence[str], ours: set[str]) -> dict[str, str]:
    """Give the user's columns that are called like ours another name, which no column of theirs has either."""
    renamed, used = {}, ours | set(theirs)
    for name in ours.intersection(theirs):
        free = f"input_{name}"
        while free in used:
            free = f"input_{free}"
        renamed[name] = free
        used.add(free)
    return renamed


def _narrow(leads: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Keep of a chunk what the scores table holds."""
    frame = pd.DataFrame({
        "rule_score": judged.rules.rule_score,
        "probability": judged.probability,
        "blended": judged.blend.blended,
        "fit": judged.rules.fit,
        "engagement": judged.rules.engagement,
        "tier": judged.tiers,
        "tier_of_model": _model_tiers(judged),
        "qualified": judged.qualified,
        "reachable": unreachable_reason(leads).isna(),
    }, index=leads.index)
    for name in ("owner", "source", "country", "industry"):
        frame[name] = leads[name] if name in leads else pd.Series(None, index=leads.index, dtype="str")
    return frame


def _model_tiers(judged: Judged) -> pd.Series:
    """Give the tiers of a model of three tiers, which do not wait for the last chunk; else missing throughout."""
    if judged.prediction is not None and judged.prediction.tier is not None:
        return judged.prediction.tier
    return pd.Series(None, index=judged.features.frame.index, dtype="str")


def _gives_tiers(chosen: ChosenModel) -> bool:
    return chosen.model is not None and chosen.model.gives_tiers


def _in_force(scores: pd.DataFrame, by_hand: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Let a person's judgement stand; tiers by rank are about all leads at once, so they waited for the last chunk."""
    set_scores = by_hand["score"].reindex(scores.index).astype(float)
    return scores.assign(score=set_scores.fillna(scores["blended"]),
                         tier=tiers_in_force(scores["blended"], by_hand, policy, of_model=scores["tier_of_model"]))
