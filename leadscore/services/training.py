"""Models are trained on a file or on stored outcomes, measured, registered and deployed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.features.build import Features, unused_columns
from leadscore.modeling.choosing import MIN_FOR_TREES
from leadscore.modeling.evaluation import Interval, measure
from leadscore.modeling.files.artefact import from_files, to_files
from leadscore.modeling.files.proof import proof_of
from leadscore.modeling.model import Model, Prediction, TrainedModel
from leadscore.modeling.report import Verdict
from leadscore.modeling.targets import TargetChoices, binary_target, describe_target
from leadscore.modeling.tiers.evaluation import TierFigures, measure_tiers
from leadscore.modeling.tiers.model import ThreeTierModel
from leadscore.modeling.tiers.target import TierTarget, holds_tiers, tier_target
from leadscore.modeling.tiers.training import train_tiers
from leadscore.modeling.training import BUDGET_SECONDS, TrainingOptions, train
from leadscore.schema import CLOSED_STAGES, FIELD_BY_NAME, Kind, OutcomeStage, label_of
from leadscore.scoring.blend import suggest_alpha
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import score_rules
from leadscore.steps.mapping import mapping_for
from leadscore.steps.material import (
    Material,
    columns_named,
    dates_of,
    features_of,
    from_file,
    from_store,
    groups_of,
    moments_of,
    target_columns,
    times_of,
)
from leadscore.steps.models import CHAMPION, challenge, crown, find_version, load_model
from leadscore.steps.personal_scan import refuse_personal_data
from leadscore.steps.policies import policy_in_force
from leadscore.steps.progress import Progress, silent
from leadscore.steps.promotion import judge_candidate
from leadscore.steps.reading import read_file
from leadscore.store import audit, batches, clients, lead_reading
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

ALGORITHM_ALIASES = {"logistic_regression": "logistic", "random_forest": "forest", "neural_network": "neural"}
MIN_OUTCOMES_EACH = 40
TARGETS_SHOWN = 5
CONTRACT_METRICS = ("roc_auc", "average_precision", "brier", "log_loss", "calibration_error", "capture_at_20",
                    "lift_at_20", "precision_at_20")


@dataclass(frozen=True)
class TrainingRequest:
    """What to train; the defaults let the data decide."""

    target: str | None = None
    positive: str | None = None
    time: str | None = None
    group: str | None = None
    algorithm: str = "auto"
    balance: str = "auto"
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    deploy: bool = False
    seconds: float = BUDGET_SECONDS
    publish_if_not_worse: bool = False
    random_state: int = 0
    tiers: tuple[str, ...] = ()
    """Three labels of the target, best first, where they are not words for High, Medium and Low."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingRequest:
        """Read plain values; unknown names are ignored."""
        known = {item.name for item in fields(cls)}
        plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                                 for name, value in values.items() if name in known}
        return cls(**plain)


@dataclass(frozen=True)
class Trained:
    """What a training gave; metrics are ``{name: {value, low, high}}`` on leads the model had not seen."""

    model_version: int
    algorithm: str
    balance: str
    split: dict[str, Any]
    set_aside: list[dict[str, Any]]
    suspects: list[dict[str, Any]]
    metrics: dict[str, dict[str, float | None]]
    candidates: list[dict[str, Any]]
    verdict: str
    warnings: list[str]
    target: str
    deployed: bool
    suggested_alpha: float | None
    seconds: float
    promotion: dict[str, Any] | None = None
    classes: list[dict[str, Any]] = field(default_factory=list)
    """What was measured for each tier, where three were learnt; else empty."""

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


@dataclass(frozen=True)
class TargetColumn:
    """A column a training could learn, and how it would be read.

    Parameters
    ----------
    column : str or None
        Its name; None for the outcomes recorded with the leads.
    label : str
        What its reader knows it by.
    choices : TargetChoices
    """

    column: str | None
    label: str
    choices: TargetChoices


@dataclass(frozen=True)
class StoredColumn:
    """A column of the stored leads a person may name in a request."""

    name: str
    label: str
    kind: Kind


@dataclass(frozen=True)
class LearningMaterial:
    """What a training on the stored leads would learn from at this moment.

    Parameters
    ----------
    converted, lost, open : int
        Leads by outcome; open ones can still go either way and are left out.
    columns : tuple of StoredColumn
        Columns of the imports, without those that tell who somebody is.
    needed, enough : int
        Outcomes of each kind without which there is no model, and from which on every algorithm may be tried.
    """

    converted: int
    lost: int
    open: int
    columns: tuple[StoredColumn, ...]
    needed: int = MIN_OUTCOMES_EACH
    enough: int = MIN_FOR_TREES

    @property
    def leads(self) -> int:
        """All leads."""
        return self.converted + self.lost + self.open


# --- training -----------------------------------------------------------------------------------------------


def train_file(workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str,
               request: TrainingRequest, sheet: str | None = None, overrides: Sequence[str] = (),
               progress: Progress | None = None) -> Trained:
    """Train on a labelled file whose leads are not stored.

    Parameters
    ----------
    overrides : sequence of str
        ``"Header=field"`` corrections to the mapping.

    Raises
    ------
    UnreadableFile, InvalidRequest
        The file, the target or its outcomes do not allow it; nothing is registered.
    """
    _require_rights(actor, client, request)
    if not request.target:
        raise InvalidRequest("no_target", "Which column holds the outcome?",
                             "Choose the column (on the command line: --target COLUMN).")
    tell = progress or silent
    tell(0.0, "Reading the file")
    raw = read_file(workbench.settings, source, filename, sheet)
    mapping = mapping_for(workbench, raw.frame, client=client, overrides=overrides)
    material = from_file(raw, mapping, target=request.target, positive=request.positive, now=workbench.clock())
    return _train(workbench, actor, client, material, request, tell)


def train_stored(workbench: Workbench, actor: Actor, *, client: str, request: TrainingRequest,
                 progress: Progress | None = None) -> Trained:
    """Train on the stored leads and their outcomes, or on another stored column when the request names one."""
    _require_rights(actor, client, request)
    tell = progress or silent
    tell(0.0, "Loading the stored leads")
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        leads = lead_reading.read_leads(session, workbench.vault, client_id)
        stages = lead_reading.outcomes(session, client_id)
        moments = lead_reading.outcome_moments(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
        headers = batches.headers(session, client_id)
    material = from_store(leads, stages, custom, headers=headers, target=request.target, positive=request.positive,
                          moments=moments)
    return _train(workbench, actor, client, material, request, tell)


def target_choices(workbench: Workbench, actor: Actor, *, client: str, column: str | None = None,
                   positive: str | None = None) -> tuple[TargetColumn, ...]:
    """Show what a training on the stored leads could learn, before anything is trained.

    Parameters
    ----------
    column : str or None
        Only this column, by header or name; by default the stored outcomes and the likeliest other columns.
    positive : str or None
        The value of ``column`` that means converted; guessed when left out.

    Raises
    ------
    InvalidRequest
        There is no such column, or it describes people.
    """
    require(actor, Action.TRAIN_MODEL, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        leads = lead_reading.read_leads(session, workbench.vault, client_id, personal=False)
        stages = lead_reading.outcomes(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
        headers = batches.headers(session, client_id)
    parts: dict[str, Any] = {"headers": headers, "positive": positive}
    if column:
        chosen = from_store(leads, stages, custom, target=column, **parts)
        return (_target_column(chosen, str(chosen.target_column)),)
    material = from_store(leads, stages, custom, target=None, **parts)
    stored = TargetColumn(None, "Stored outcomes", describe_target(stages, str(OutcomeStage.CONVERTED)))
    return (stored, *(_target_column(material, name) for name in target_columns(material)[:TARGETS_SHOWN]))


def _target_column(material: Material, name: str) -> TargetColumn:
    positive = material.positive if material.target_column else None
    return TargetColumn(name, label_of(name, material.headers), describe_target(material.leads[name], positive))


def _require_rights(actor: Actor, client: str, request: TrainingRequest) -> None:
    require(actor, Action.TRAIN_MODEL, client)
    if request.deploy or request.publish_if_not_worse:
        require(actor, Action.DEPLOY_MODEL, client)


def ready_for_first_model(workbench: Workbench, actor: Actor, *, client: str) -> bool:
    """Say whether there is no champion yet and the stored outcomes suffice for one."""
    require(actor, Action.TRAIN_MODEL, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        if model_rows.champion(session, client_id) is not None:
            return False
        counts = lead_reading.outcomes(session, client_id).value_counts()
    return min(int(counts.get(stage, 0)) for stage in CLOSED_STAGES) >= MIN_OUTCOMES_EACH


def learning_material(workbench: Workbench, actor: Actor, *, client: str) -> LearningMaterial:
    """Count the stored outcomes and list the columns; all zero for a client without leads."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else -1
        counts = lead_reading.outcome_counts(session, client_id)
        headers = batches.headers(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
    known = [FIELD_BY_NAME[name] for name in headers if name in FIELD_BY_NAME]
    columns = [StoredColumn(field.name, label_of(field.name, headers), field.kind)
               for field in known if not field.personal]
    columns += [StoredColumn(field.name, field.header, field.kind) for field in custom if not field.personal]
    converted, lost = counts.get(OutcomeStage.CONVERTED, 0), counts.get(OutcomeStage.LOST, 0)
    return LearningMaterial(converted, lost, sum(counts.values()) - converted - lost,
                            tuple(sorted(columns, key=lambda column: column.label.casefold())))


def evaluate_file(workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str,
                  target: str, positive: str | None = None, model: str = CHAMPION, sheet: str | None = None,
                  overrides: Sequence[str] = (), progress: Progress | None = None) -> dict[str, Any]:
    """Measure a model on a labelled file it has not seen.

    Parameters
    ----------
    overrides : sequence of str
        ``"Header=field"`` corrections to the mapping.

    Returns
    -------
    dict
        ``rows``, ``positives``, ``model_version`` and ``metrics`` as training reports them.
    """
    require(actor, Action.VIEW_LEADS, client)
    tell = progress or silent
    tell(0.0, "Reading the file")
    raw = read_file(workbench.settings, source, filename, sheet)
    mapping = mapping_for(workbench, raw.frame, client=client, overrides=overrides)
    material = from_file(raw, mapping, target=target, positive=positive, now=workbench.clock())
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        chosen = load_model(workbench, find_version(session, row.id, model) if row and row.id else None)
    if chosen.model is None:
        raise NotFound("no_model", "There is no model to measure.", "Train one, or name its version with --model.")
    tiers = _tiers_of(material, _labels_of(chosen.model, material)) if chosen.model.gives_tiers else None
    y = binary_target(material.outcome, positive).y if tiers is None else tiers.y
    decided = y.notna().to_numpy()
    features = features_of(material, workbench.clock())
    tell(0.6, "Scoring")
    prediction = chosen.model.predict(features.frame.loc[decided], contributions=False)
    known = y[decided].to_numpy()
    won = known if tiers is None else np.asarray(known == 0, dtype=float)
    answer = {"rows": len(known), "positives": int(won.sum()), "model_version": chosen.version}
    metrics = measure(won, prediction.probability, random_state=0)
    if tiers is None:
        return answer | {"metrics": _plain(metrics)}
    figures = _measure_tiers(known, prediction)
    classes = [of_tier | {"label": label} for of_tier, label in zip(figures.classes, tiers.labels, strict=True)]
    return answer | {"metrics": _plain(metrics | figures.metrics), "classes": classes,
                     "tier_confusion": figures.confusion}


def _measure_tiers(y: np.ndarray, prediction: Prediction) -> TierFigures:
    chances, given = prediction.tiers, prediction.tier
    if chances is None or given is None:
        raise InvalidRequest("no_tiers", "This model gives no tiers.", "Name a model of three tiers with --model.")
    places = chances.columns.get_indexer(pd.Index(given))
    return measure_tiers(y.astype(int), chances.to_numpy(), places, random_state=0)


def _tiers_of(material: Material, order: Sequence[str]) -> TierTarget | None:
    """Read the outcome as three tiers, where it holds them or somebody says so; a named value makes it two classes."""
    if material.positive is not None or not (order or holds_tiers(material.outcome, material.target)):
        return None
    return tier_target(material.outcome, material.target, order=order)


def _labels_of(model: Model, material: Material) -> Sequence[str]:
    """Give the words a model of three tiers was taught, where the column uses them and says no tiers by itself."""
    present = set(material.outcome.dropna().astype("str").str.strip())
    labels = [str(part["label"]) for part in model.report.classes]
    return labels if set(labels) <= present and not holds_tiers(material.outcome, material.target) else ()


def _train(workbench: Workbench, actor: Actor, client: str, material: Material, request: TrainingRequest,
           tell: Progress) -> Trained:
    started = time.perf_counter()
    tiers = _tiers_of(material, request.tiers)
    features = features_of(material, workbench.clock())
    kinds = {spec.name: spec.kind for spec in features.specs}
    parts: dict[str, Any] = dict(
        times=times_of(material, request.time), groups=groups_of(material, request.group),
        labels={spec.name: spec.label for spec in features.specs},
        sources={spec.name: spec.sources for spec in features.specs},
        moments=moments_of(material), dates=dates_of(material, features),
        options=TrainingOptions(
            algorithm=ALGORITHM_ALIASES.get(request.algorithm, request.algorithm), balance=request.balance,
            keep=columns_named(request.keep, material), drop=columns_named(request.drop, material),
            seconds=request.seconds, random_state=request.random_state),
        elapsed=lambda: time.perf_counter() - started,
        progress=lambda fraction, message: tell(0.1 + 0.8 * fraction, message))
    model: TrainedModel | ThreeTierModel
    if tiers is not None:
        model = train_tiers(features.frame, kinds, tiers, **parts)
    else:
        y = binary_target(material.outcome, material.positive).y
        model = train(features.frame, kinds, y, **parts)
    tell(0.92, "Registering the model")
    seconds = time.perf_counter() - started
    return _register(workbench, actor, client, material, request, model, features, seconds)


def _register(workbench: Workbench, actor: Actor, client: str, material: Material, request: TrainingRequest,
              model: TrainedModel | ThreeTierModel, features: Features, seconds: float) -> Trained:
    now = workbench.clock()
    report = model.report.to_dict()
    report["set_aside"] = [_in_their_words(finding) for finding in report["set_aside"]] + _never_features(material)
    report["suspects"] = [_in_their_words(finding) for finding in report["suspects"]]
    report["data"] = report["data"] | {"period": _period(material)}
    files = to_files(model)
    refuse_personal_data(files, material.leads, material.headers)
    proof = proof_of(from_files(files))
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        model_rows.stand_alone(session, client_id)
        in_force = policy_in_force(session, client_id, None, now=now)
        alpha = _suggested_alpha(model, features, in_force.policy)
        report |= {"suggested_alpha": alpha, "target": material.target, "seconds": round(seconds, 2),
                   "policy_version": in_force.version, "proof": proof, "request": asdict(request)}
        manifest = {"target": material.target, "data_fingerprint": material.fingerprint,
                    "created_at": now.isoformat(), "created_by": actor.name, "algorithm": model.report.algorithm,
                    "balance": model.report.balance, "proof": proof}
        saved = workbench.registry.save(files, manifest)
        first = model_rows.champion(session, client_id) is None
        promotion = judge_candidate(session, workbench, client_id, model, features) \
            if request.publish_if_not_worse else None
        report["promotion"] = promotion.to_dict() if promotion else None
        deploy = request.deploy or (first and model.report.verdict != Verdict.CHANCE) \
            or (promotion is not None and promotion.publish)
        row = model_rows.add(session, client_id, folder=saved.folder, algorithm=model.report.algorithm,
                             balance=model.report.balance, metrics=report["metrics"], report=report,
                             manifest=saved.manifest, created_by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="model_trained",
                     object=f"model:{row.id}", detail={"algorithm": row.algorithm, "balance": row.balance,
                                                       "fingerprint": material.fingerprint,
                                                       "promotion": report["promotion"]})
        if deploy:
            crown(session, workbench, client_id=client_id, version=int(row.id or 0), actor_name=actor.name, now=now)
        elif promotion is not None and not first:
            challenge(session, workbench, client_id=client_id, version=int(row.id or 0), actor_name=actor.name,
                      now=now, reason=promotion.reason)
    return Trained(
        model_version=int(row.id or 0), algorithm=row.algorithm, balance=row.balance, split=report["split"],
        set_aside=report["set_aside"], suspects=report["suspects"], metrics=_contract(report["metrics"]),
        candidates=report["candidates"], verdict=report["verdict"], warnings=report["warnings"],
        target=material.target, deployed=deploy, suggested_alpha=alpha, seconds=round(seconds, 2),
        promotion=report["promotion"], classes=report["classes"])


def _suggested_alpha(model: Model, features: Features, policy: Policy) -> float | None:
    """Find the blend that would have ranked the held-out leads best."""
    if model.held_out is None:
        return None
    held_out = model.held_out
    unseen = replace(features, frame=features.frame.loc[held_out.index])
    rules = score_rules(unseen, policy)
    return float(suggest_alpha(rules.rule_score, held_out["probability"], held_out["y"]).alpha)


def _period(material: Material) -> list[str] | None:
    """Say from when to when the leads with a known outcome came in."""
    if "created_at" not in material.leads:
        return None
    days = material.leads["created_at"][material.outcome.notna()].dropna()
    return [f"{day:%Y-%m-%d}" for day in (days.min(), days.max())] if len(days) else None


def _in_their_words(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Name a screened column as the user's file does; ours stays beside it."""
    return {"column": finding["label"], "reason": finding["reason"], "code": finding["code"], "name": finding["column"],
            "effect": finding["effect"]}


def _never_features(material: Material) -> list[dict[str, Any]]:
    """List the columns no model may see at all: identifiers, personal data, outcomes, consent."""
    reasons = unused_columns(material.leads, material.custom_fields)
    return [{"column": label_of(name, material.headers), "reason": reason, "code": "never_a_feature", "name": name,
             "effect": None}
            for name, reason in reasons.items() if name != material.target_column]


def _contract(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Put the promised figures first."""
    return {name: metrics[name] for name in CONTRACT_METRICS if name in metrics} | dict(metrics)


def _plain(metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return _contract({name: figure.to_dict() for name, figure in metrics.items()})
