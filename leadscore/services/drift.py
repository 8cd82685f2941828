"""Checks whether newer leads still are like those a model has learnt from, and whether its promises hold."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.charts.board import drift as pictures
from leadscore.charts.picture import Picture
from leadscore.errors import InvalidRequest, LeadScoreError, NotFound
from leadscore.monitoring.drift_verdict import Verdict as Verdict
from leadscore.monitoring.performance import Measured
from leadscore.steps.alerting import DRIFT_SUBJECT, WORKBENCH, AlertKind, Severity, raise_alert, settle_alert
from leadscore.steps.drift import LATELY, check, keep_settings
from leadscore.steps.drift import WINDOWS as WINDOWS
from leadscore.steps.drift import DriftResult as DriftResult
from leadscore.steps.drift import DriftSettings as DriftSettings
from leadscore.steps.models import number_of
from leadscore.store import audit, clients
from leadscore.store import drift as rows
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Client, DriftCheck, ModelVersion
from leadscore.workbench import Workbench

SHOWN_CHECKS = 60
EVERY = timedelta(hours=24)
AFTER_IMPORT = timedelta(minutes=10)
"""How long after an import the next check by itself waits: imports come in rows."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckView:
    """A check that was made."""

    id: int
    at: datetime
    started_by: str
    result: DriftResult

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"checked_at": self.at, "started_by": self.started_by} | self.result.to_dict()


@dataclass(frozen=True)
class DriftView:
    """What is known of the drift of a client's leads.

    Parameters
    ----------
    settings : DriftSettings
    version : int or None
        The model in use; None where there is none.
    latest : CheckView or None
        The newest check of that model.
    pictures : dict of str to Picture
        ``columns``, ``history``, ``promises``, ``calibration`` and ``coverage``, of the newest check.
    """

    settings: DriftSettings
    version: int | None
    latest: CheckView | None
    pictures: dict[str, Picture]


def drift_overview(workbench: Workbench, actor: Actor, *, client: str) -> DriftView:
    """Show the newest check of the model in use, and how it was before."""
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else clients.NOBODY
        champion = model_rows.champion(session, client_id)
        version = number_of(champion) if champion else None
        latest = rows.latest(session, client_id, version) if version else None
        past = rows.history(session, client_id, SHOWN_CHECKS)
    seen = _view(latest) if latest else None
    return DriftView(DriftSettings.of(row), version, seen, _pictures(seen, past) if seen else {})


def check_drift(workbench: Workbench, actor: Actor, *, client: str, window: str = LATELY) -> CheckView:
    """Check now; the result is kept, and alarms are raised or settled.

    Parameters
    ----------
    window : {"days", "import", "training"}
        Which newer leads are compared.

    Raises
    ------
    NotFound
        No model is in use.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
    return _checked(workbench, client_id, by=actor.name, window=window)


def save_drift_settings(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any]) -> DriftView:
    """Change some settings of the check.

    Parameters
    ----------
    changes : mapping
        Any of ``on``, ``days``, ``index`` and ``owner``.

    Raises
    ------
    InvalidRequest
        A value makes no sense.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = DriftSettings.of(session.get_one(Client, client_id))
        after = _changed(before, changes)
        keep_settings(session, client_id, after)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="drift_settings_saved", object=f"client:{client_id}",
                     detail={"before": asdict(before), "after": asdict(after)})
    return drift_overview(workbench, actor, client=client)


def check_due(workbench: Workbench) -> int:
    """Check every client whose model has not been checked for a day, or since its last import; for the worker.

    Returns
    -------
    int
        Checks made.
    """
    with read(workbench.engine) as session:
        due = [row.id for row in clients.list_all(session) if row.id and _is_due(session, workbench, row)]
    made = 0
    for client_id in due:
        try:
            _checked(workbench, client_id, by=WORKBENCH, window=LATELY)
            made += 1
        except LeadScoreError as refusal:
            log.warning("drift of client %s was not checked: %s", client_id, refusal.code)
    return made


def _is_due(session: Session, workbench: Workbench, row: Client) -> bool:
    client_id, now = row.id or 0, workbench.clock()
    champion = model_rows.champion(session, client_id)
    if champion is None or not DriftSettings.of(row).on:
        return False
    last = rows.latest(session, client_id, number_of(champion))
    if last is None or last.at <= now - EVERY:
        return True
    imported = rows.last_import_at(session, client_id)
    return imported is not None and last.at < imported <= now - AFTER_IMPORT


def _checked(workbench: Workbench, client_id: int, *, by: str, window: str) -> CheckView:
    with read(workbench.engine) as session:
        champion = model_rows.champion(session, client_id)
        if champion is None:
            raise NotFound("no_model", "No model is in use whose leads could be compared.", "Train a first one.")
        settings = DriftSettings.of(session.get(Client, client_id))
        result = check(session, workbench, champion, settings, window=window)
    with write(workbench.engine) as session:
        row = _kept(session, workbench, champion, settings, result, by)
    return _view(row)


def _kept(session: Session, workbench: Workbench, champion: ModelVersion, settings: DriftSettings,
          result: DriftResult, by: str) -> DriftCheck:
    """Keep a check; what it found is raised or settled, and written down."""
    now, client_id = workbench.clock(), champion.client_id
    row = rows.add(session, client_id, model_version=number_of(champion), verdict=result.verdict,
                   findings=result.to_dict(), started_by=by, now=now)
    moved = {column.label: {"index": round(column.index, 3), "cause": column.cause} for column in result.moved}
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=by, action="drift_checked",
                 object=f"model:{champion.id}", detail={
                     "verdict": result.verdict, "columns": moved, "newer": result.newer, "owner": settings.owner,
                     "promises_broken": [promise.key for promise in result.promises if promise.kept is False]})
    if result.verdict == Verdict.ALARM:
        raise_alert(session, workbench, client_id=client_id, kind=AlertKind.DRIFT, subject=DRIFT_SUBJECT,
                    text=result.sentence, severity=Severity.WARNING, now=now, owner=settings.owner or None, by=by)
    elif result.verdict != Verdict.TOO_LITTLE:
        settle_alert(session, workbench, client_id=client_id, kind=AlertKind.DRIFT, subject=DRIFT_SUBJECT, now=now,
                     by=by)
    return row


def _changed(before: DriftSettings, changes: Mapping[str, Any]) -> DriftSettings:
    try:
        return DriftSettings(**(asdict(before) | dict(changes)))
    except TypeError as problem:
        raise InvalidRequest("wrong_drift_settings", "There is no such setting of the check for drift.",
                             "Settings are 'on', 'days', 'index' and 'owner'.") from problem


def _view(row: DriftCheck) -> CheckView:
    return CheckView(row.id or 0, row.at, row.started_by, DriftResult.from_dict(row.findings))


def _pictures(seen: CheckView, past: list[DriftCheck]) -> dict[str, Picture]:
    result = seen.result
    course = [(check_.at, str(label), float(index)) for check_ in past if check_.model_version == result.version
              for label, index in (check_.findings.get("indices") or {}).items()]
    found = [pictures.over_time(course, [column.label for column in result.columns[:5]]),
             pictures.promises([(each.label, _three(each.promised), _three(each.realised), each.kept)
                                for each in result.promises]),
             pictures.calibration(result.calibration_before, result.calibration), pictures.coverage(result.coverage)]
    found += [pictures.column(place, column.label, column.bins, column.before, column.now, column.sentence)
              for place, column in enumerate(result.columns)]
    return {picture.key: picture for picture in found}


def _three(figure: Measured) -> tuple[float | None, float | None, float | None]:
    return figure.value, figure.low, figure.high
