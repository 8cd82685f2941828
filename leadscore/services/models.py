"""The registry of model versions: list, show, deploy, verify."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import NotFound
from leadscore.steps.models import crown, find_version
from leadscore.store import clients
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench


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

    def as_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """Give the answer of the command line: a line of the list, or the whole report."""
        short = {"version": self.version, "algorithm": self.algorithm, "balance": self.balance, "alias": self.alias,
                 "created_at": self.created_at, "created_by": self.created_by, "metrics": self.metrics}
        return short | {"report": self.report, "manifest": self.manifest} if whole else short


def list_models(workbench: Workbench, actor: Actor, *, client: str) -> list[ModelView]:
    """List the versions of a client, newest first."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        return [_model_view(version) for version in model_rows.list_all(session, row.id)] if row and row.id else []


def show_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> ModelView:
    """Show one version with its report and manifest.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return _model_view(_known(session, client, version))


def deploy_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> dict[str, Any]:
    """Make a version the champion, after its files have been checked."""
    require(actor, Action.DEPLOY_MODEL, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        row = _known(session, client, version)
        # a version already in memory was checked when it was loaded, its files may have changed since
        workbench.registry.load(row.folder)
        before = crown(session, workbench, client_id=row.client_id, version=_id(row), actor_name=actor.name, now=now)
    return {"champion": row.id, "before": before}


def verify_model(workbench: Workbench, actor: Actor, *, client: str, version: str) -> dict[str, Any]:
    """Check every file of a version against its signed manifest.

    Raises
    ------
    TamperedData
        A file is missing, altered or added.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = _known(session, client, version)
        files = workbench.registry.load(row.folder)
    return {"version": row.id, "ok": True, "files": len(files)}


def _known(session: Session, client: str, version: str) -> ModelVersion:
    client_row = clients.find(session, client)
    row = find_version(session, client_row.id, version) if client_row and client_row.id else None
    if row is None:
        raise NotFound("unknown_model", f"There is no model version '{version}'.", "'models list' shows the versions.")
    return row


def _model_view(row: ModelVersion) -> ModelView:
    return ModelView(_id(row), row.algorithm, row.balance, row.alias, row.metrics, row.report, row.manifest,
                     row.created_at, row.created_by)


def _id(row: ModelVersion) -> int:
    if row.id is None:
        raise NotFound("unknown_model", "The model has not been registered.", "Train it again.")
    return row.id
