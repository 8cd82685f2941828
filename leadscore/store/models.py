"""The model versions of a client and which of them is in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store.tables import Client, ModelVersion

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"


def add(session: Session, client_id: int, *, folder: str, algorithm: str, balance: str, metrics: Mapping[str, Any],
        report: Mapping[str, Any], manifest: Mapping[str, Any], created_by: str, now: datetime) -> ModelVersion:
    """Register a version whose files the registry has saved; its id is the version number."""
    row = ModelVersion(client_id=client_id, folder=folder, algorithm=algorithm, balance=balance, metrics=dict(metrics),
                       report=dict(report), manifest=dict(manifest), created_by=created_by[:80], created_at=now)
    session.add(row)
    session.flush()
    return row


def find(session: Session, client_id: int, version: int) -> ModelVersion | None:
    """Find a version."""
    return session.exec(select(ModelVersion).where(ModelVersion.client_id == client_id, ModelVersion.id == version)
                        .execution_options(populate_existing=True)).one_or_none()


def champion(session: Session, client_id: int) -> ModelVersion | None:
    """Find the version that scores leads."""
    return with_alias(session, client_id, CHAMPION)


def with_alias(session: Session, client_id: int, alias: str) -> ModelVersion | None:
    """Find the version with an alias: champion, previous (the champion before) or challenger."""
    return session.exec(select(ModelVersion).where(ModelVersion.client_id == client_id, ModelVersion.alias == alias)
                        .execution_options(populate_existing=True)).one_or_none()


def list_all(session: Session, client_id: int) -> list[ModelVersion]:
    """List the versions, newest first."""
    return list(session.exec(select(ModelVersion).where(ModelVersion.client_id == client_id)
                             .order_by(col(ModelVersion.id).desc())))


def folders(session: Session) -> set[str]:
    """Name the folders that belong to a version of any client."""
    return set(session.exec(select(ModelVersion.folder)))


def stand_alone(session: Session, client_id: int) -> None:
    """Wait until nobody else moves this client's aliases, and keep others waiting until the transaction ends.

    An alias is taken away and given in two steps. Call it before the audit log is written to, which others also wait
    for: two that wait for each other would both fail.
    """
    session.exec(select(Client.id).where(Client.id == client_id).with_for_update(key_share=True))


def deploy(session: Session, client_id: int, version: int) -> ModelVersion:
    """Make a version champion; the champion before it is remembered.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    stand_alone(session, client_id)
    row = _known(session, client_id, version)
    current = champion(session, client_id)
    if current is not None and current.id == row.id:
        return row
    # an alias is unique, so each is taken away before it is given
    _take(session, client_id, PREVIOUS)
    _give(session, row, None)
    if current is not None:
        _give(session, current, PREVIOUS)
    return _give(session, row, CHAMPION)


def previous(session: Session, client_id: int) -> ModelVersion:
    """Find the champion before the present one, to which a roll-back without a number goes.

    Raises
    ------
    InvalidRequest
        There was none before.
    """
    row = with_alias(session, client_id, PREVIOUS)
    if row is None:
        raise InvalidRequest("no_previous_model", "No earlier champion is known.",
                             "Name the version: 'models rollback V'.")
    return row


def challenge(session: Session, client_id: int, version: int) -> ModelVersion:
    """Make a version the challenger.

    Raises
    ------
    NotFound
        The client has no such version.
    InvalidRequest
        It is the champion.
    """
    stand_alone(session, client_id)
    row = _known(session, client_id, version)
    if row.alias == CHAMPION:
        raise InvalidRequest("is_champion", f"Version {version} is the champion.", "Choose another challenger.")
    _take(session, client_id, CHALLENGER)
    return _give(session, row, CHALLENGER)


def _known(session: Session, client_id: int, version: int) -> ModelVersion:
    row = find(session, client_id, version)
    if row is None:
        raise NotFound("unknown_model", f"There is no model version {version}.", "'models list' shows the versions.")
    return row


def _take(session: Session, client_id: int, alias: str) -> None:
    session.exec(update(ModelVersion).where(col(ModelVersion.client_id) == client_id,
                                            col(ModelVersion.alias) == alias).values(alias=None))


def _give(session: Session, row: ModelVersion, alias: str | None) -> ModelVersion:
    row.alias = alias
    session.add(row)
    session.flush()
    return row
