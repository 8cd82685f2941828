"""The registry of model versions: list, show, deploy, roll back, challenge, verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import TamperedData
from leadscore.modeling.files.card import CardFacts, card_html
from leadscore.modeling.report import Verdict
from leadscore.schema import MADE_PREFIX, label_of
from leadscore.steps.alerting import AlertKind, Severity, raise_alert
from leadscore.steps.drift_told import last_check
from leadscore.steps.models import Checked, challenge, check_version, crown, known_version, number_of
from leadscore.steps.replay import Replayed, replay
from leadscore.store import audit, clients
from leadscore.store import models as model_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

STRONGEST_SHOWN = 10
ORPHAN_AGE = timedelta(hours=1)
"""Younger files may belong to a training that is about to register them."""


@dataclass(frozen=True)
class ModelView:
    """A registered version."""

    version: int
    algorithm: str
    balance: str
    alias: str | None
    metrics: dict[str, dict[str, float | None]]
    report: dict[str, Any]
    manifest: dict[str, Any]
    created_at: datetime
    created_by: str
    last_drift_check: str = ""

    def as_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """Give the answer of the command line: a line of the list, or the whole report."""
        short = {"version": self.version, "algorithm": self.algorithm, "balance": self.balance, "alias": self.alias,
                 "created_at": self.created_at, "created_by": self.created_by, "metrics": self.metrics,
                 "last_drift_check": self.last_drift_check}
        return short | {"report": self.report, "manifest": self.manifest} if whole else short

    def in_short(self) -> dict[str, Any]:
        """Give what a person wants to know first: how good it is, what it looks at, and what to beware of."""
        report = self.report
        findings = {name: {one.get("label") or one["column"]: one["reason"] for one in report.get(name, [])}
                    for name in ("set_aside", "suspects")}
        strongest = sorted((report.get("importance") or {}).items(), key=lambda item: -item[1])[:STRONGEST_SHOWN]
        about = {"version": self.version, "alias": self.alias, "algorithm": self.algorithm, "balance": self.balance,
                 "created_at": self.created_at, "created_by": self.created_by}
        told = {name: report[name] for name in ("target", "verdict", "warnings", "split", "threshold", "confusion",
                                                "expectation") if report.get(name) is not None}
        looks_at = {_label(name, report): value for name, value in strongest}
        return about | told | {"metrics": self.metrics, "looks_at": looks_at, **findings, "proof": report.get("proof")}


def _label(name: str, report: Mapping[str, Any]) -> str:
    """Name a column; a feature that people made goes by the label they gave it."""
    curve = (report.get("effect_curves") or {}).get(name) if name.startswith(MADE_PREFIX) else None
    return str((curve or {}).get("label") or label_of(name))


def list_models(workbench: Workbench, actor: Actor, *, client: str) -> list[ModelView]:
    """List the versions of a client, newest first."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        versions = model_rows.list_all(session, row.id) if row and row.id else []
        return [_model_view(version, last_check(session, version) if version.alias else "") for version in versions]


def show_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> ModelView:
    """Show one version with its report and manifest.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        known = known_version(session, client, version)
        return _model_view(known, last_check(session, known))


def model_card(workbench: Workbench, actor: Actor, *, client: str, version: str) -> bytes:
    """Write the card of a version as one HTML page to print, keep or send; it holds no lead's data.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = known_version(session, client, version)
        checked = last_check(session, row)
    facts = CardFacts(version=number_of(row), client=client, alias=row.alias, report=row.report, manifest=row.manifest,
                      created_at=f"{row.created_at:%d %B %Y, %H:%M} UTC", created_by=row.created_by,
                      last_drift_check=checked)
    return card_html(facts).encode()


def deploy_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> dict[str, Any]:
    """Make a version the champion, after its files and its answers have been checked.

    Returns
    -------
    dict
        ``champion``, ``before``, ``checked``, ``warnings``, and ``rescore_needed``: stored scores are those of another
        version until they are made again.

    Raises
    ------
    TamperedData
        A file is not what was registered; nothing is changed.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    with read(workbench.engine) as session:
        row = known_version(session, client, version)
    checked = _checked(workbench, actor, row)
    return _put_to_use(workbench, actor, row, checked) | {"warnings": [*checked.warnings, *_chance_warnings(row)]}


def roll_back_model(workbench: Workbench, actor: Actor, *, client: str, version: str | None = None) -> dict[str, Any]:
    """Put the champion before the present one, or any version, back to use after its files and answers are checked.

    Up to 1,000 leads it has scored are scored again and compared with what is stored.

    Parameters
    ----------
    version : str or None
        The previous champion when left out.

    Returns
    -------
    dict
        As :func:`deploy_model`, with ``replay``.

    Raises
    ------
    InvalidRequest
        No version is named and none was champion before.
    TamperedData
        A file is not what was registered; nothing is changed.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    with read(workbench.engine) as session:
        row = known_version(session, client, version) if version is not None \
            else model_rows.previous(session, clients.require(session, client))
    checked = _checked(workbench, actor, row)
    with read(workbench.engine) as session:
        replayed = replay(session, workbench, row)
    return _put_to_use(workbench, actor, row, checked, action="model_rolled_back") | {
        "replay": replayed.as_dict(),
        "warnings": [*checked.warnings, *_replay_warnings(replayed), *_chance_warnings(row)]}


def verify_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> dict[str, Any]:
    """Check every file of a version against its signed manifest, its answers against the proof, and stored scores.

    Returns
    -------
    dict
        ``version``, ``ok``, ``files``, ``same_answers``, ``proof``, ``libraries``, ``replay`` and ``warnings``.

    Raises
    ------
    TamperedData
        A file is missing, altered or added.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = known_version(session, client, version)
    checked = _checked(workbench, actor, row)
    with read(workbench.engine) as session:
        replayed = replay(session, workbench, row)
    return {"version": checked.version, "ok": checked.same_answers is not False and replayed.same,
            **checked.as_dict(), "replay": replayed.as_dict(),
            "warnings": [*checked.warnings, *_replay_warnings(replayed)]}


def challenge_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> dict[str, Any]:
    """Make a version the challenger: it scores nothing, and is the one to compare the champion with.

    Raises
    ------
    InvalidRequest
        It is the champion.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    with write(workbench.engine) as session:
        row = known_version(session, client, version)
        before = challenge(session, workbench, client_id=row.client_id, version=number_of(row), actor_name=actor.name,
                           now=workbench.clock())
    return {"challenger": row.id, "before": before}


def forget_orphans(workbench: Workbench) -> list[str]:
    """Remove model files no version knows, which a program that was killed has left; for the worker's start."""
    with read(workbench.engine) as session:
        known = model_rows.folders(session)
    return workbench.registry.remove_orphans(known, before=workbench.clock() - ORPHAN_AGE)


def _checked(workbench: Workbench, actor: Actor, row: ModelVersion) -> Checked:
    """Check files and answers of a version; files that were tampered with are written down and must be looked at."""
    try:
        return check_version(workbench, row)
    except TamperedData as refusal:
        now = workbench.clock()
        with write(workbench.engine) as session:
            audit.append(session, workbench.vault, at=now, client_id=row.client_id, actor=actor.name,
                         action="model_refused", object=f"model:{row.id}", detail={"reason": refusal.message})
            raise_alert(session, workbench, client_id=row.client_id, kind=AlertKind.MODEL, subject=f"model:{row.id}",
                        text=f"The files of version {row.id} are not as they were registered.",
                        severity=Severity.SERIOUS, now=now)
        raise


def _put_to_use(workbench: Workbench, actor: Actor, row: ModelVersion, checked: Checked, *,
                action: str = "model_deployed") -> dict[str, Any]:
    with write(workbench.engine) as session:
        before = crown(session, workbench, client_id=row.client_id, version=checked.version, actor_name=actor.name,
                       now=workbench.clock(), action=action)
        waiting = score_rows.made_by_others(session, row.client_id, checked.version)
    return {"champion": checked.version, "before": before, "rescore_needed": waiting > 0, "checked": checked.as_dict()}


def _chance_warnings(row: ModelVersion) -> list[str]:
    """Say of a version that knew nothing when it was measured that it is put to use all the same."""
    if row.report.get("verdict") != Verdict.CHANCE:
        return []
    return [f"Version {row.id} ranked leads no better than chance when it was measured; the rules alone may do better."]


def _replay_warnings(replayed: Replayed) -> list[str]:
    differing = replayed.leads - replayed.identical
    return [f"{differing:,} of {replayed.leads:,} leads scored again have another score than the stored one."] \
        if differing else []


def _model_view(row: ModelVersion, checked: str = "") -> ModelView:
    return ModelView(number_of(row), row.algorithm, row.balance, row.alias, row.metrics, row.report, row.manifest,
                     row.created_at, row.created_by, checked)
