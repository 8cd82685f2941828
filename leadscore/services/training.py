"""Models are trained on a file or on stored outcomes, measured, registered and deployed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.features.build import unused_columns
from leadscore.modeling.model import TrainedModel
from leadscore.modeling.targets import binary_target
from leadscore.modeling.tiers.model import ThreeTierModel
from leadscore.modeling.tiers.training import train_tiers
from leadscore.modeling.training import BUDGET_SECONDS, TrainingOptions, train
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
    tiers_of,
    times_of,
)
from leadscore.steps.policies import active_policy
from leadscore.steps.progress import Progress, silent
from leadscore.steps.reading import read_file
from leadscore.steps.registration import Lesson, Registered, promised, register
from leadscore.steps.sensitive import REASON, left_out, marked_for
from leadscore.store import batches, clients, lead_reading
from leadscore.store.database import read
from leadscore.workbench import Workbench

ALGORITHM_ALIASES = {"logistic_regression": "logistic", "random_forest": "forest", "neural_network": "neural"}


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
    if not request.target and material.outcome.isna().all():
        raise InvalidRequest("no_outcomes", "No stored lead has a known outcome yet.",
                             "Import leads with an outcome column, record outcomes, or train on a labelled file.")
    return _train(workbench, actor, client, material, request, tell)


def _require_rights(actor: Actor, client: str, request: TrainingRequest) -> None:
    require(actor, Action.TRAIN_MODEL, client)
    if request.deploy or request.publish_if_not_worse:
        require(actor, Action.DEPLOY_MODEL, client)


def _train(workbench: Workbench, actor: Actor, client: str, material: Material, request: TrainingRequest,
           tell: Progress) -> Trained:
    started = time.perf_counter()
    marked = marked_for(workbench, client)
    keep, drop = _wishes(material, request, marked)
    tiers = tiers_of(material, request.tiers)
    policy = active_policy(workbench, client)
    features = features_of(material, workbench.clock(), policy.made)
    sensitive = left_out(features.specs, marked)
    learnt = features.frame.drop(columns=[name for name in features.frame if name in sensitive or
                                          (name in policy.switched_off and name not in keep)])
    kinds = {spec.name: spec.kind for spec in features.specs}
    parts: dict[str, Any] = dict(
        times=times_of(material, request.time), groups=groups_of(material, request.group),
        labels={spec.name: spec.label for spec in features.specs},
        sources={spec.name: spec.sources for spec in features.specs},
        moments=moments_of(material), dates=dates_of(material, features),
        options=TrainingOptions(
            algorithm=ALGORITHM_ALIASES.get(request.algorithm, request.algorithm), balance=request.balance,
            keep=keep, drop=drop,
            seconds=request.seconds, random_state=request.random_state),
        elapsed=lambda: time.perf_counter() - started,
        progress=lambda fraction, message: tell(0.1 + 0.8 * fraction, message))
    model: TrainedModel | ThreeTierModel
    if tiers is not None:
        model = train_tiers(learnt, kinds, tiers, **parts)
    else:
        y = binary_target(material.outcome, material.positive).y
        model = train(learnt, kinds, y, **parts)
    model = replace(model, made=tuple(feature for feature in policy.made if feature.column in model.columns))
    tell(0.92, "Registering the model")
    seconds = time.perf_counter() - started
    lesson = Lesson(material, features, model, seconds, asdict(request), request.deploy, request.publish_if_not_worse,
                    sensitive)
    return _told(register(workbench, client, lesson, actor.name), material.target)


def _wishes(material: Material, request: TrainingRequest,
            marked: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read which columns a person wants or not; what no model may see need not be dropped, and cannot be kept.

    Raises
    ------
    InvalidRequest
        ``unknown_column``, or ``cannot_keep`` with the reason.
    """
    never = unused_columns(material.leads, material.custom_fields) | dict.fromkeys(marked, REASON)
    if material.target_column:
        never[material.target_column] = "It is the outcome to be learnt."
    keep = columns_named(request.keep, material)
    for name, column in zip(request.keep, keep, strict=True):
        if column in never:
            raise InvalidRequest("cannot_keep", f"“{name}” cannot be kept: {never[column][0].lower()}"
                                                f"{never[column][1:]}", "Leave it out of the columns to keep.")
    return keep, tuple(column for column in columns_named(request.drop, material) if column not in never)


def _told(registered: Registered, target: str) -> Trained:
    report = registered.report
    names = ("algorithm", "balance", "split", "set_aside", "suspects", "candidates", "verdict", "warnings",
             "suggested_alpha", "seconds", "promotion", "classes")
    return Trained(model_version=registered.version, metrics=promised(report["metrics"]), target=target,
                   deployed=registered.deployed, **{name: report[name] for name in names})


