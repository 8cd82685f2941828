"""The policy a scoring uses: a named version, or the active one, or the default saved as version 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from leadscore.errors import InvalidRequest, NotFound
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy
from leadscore.store import clients
from leadscore.store import policies as policy_rows
from leadscore.store.database import read
from leadscore.store.tables import ModelVersion, PolicyVersion
from leadscore.workbench import Workbench

AUTHOR_OF_DEFAULT = "the product's default"


@dataclass(frozen=True)
class PolicyInForce:
    """A policy with the version number every score keeps."""

    version: int
    policy: Policy
    comment: str
    created_by: str
    created_at: datetime


def policy_in_force(session: Session, client_id: int, version: str | None, *, now: datetime) -> PolicyInForce:
    """Find a policy version; a client without any gets the default as version 1.

    Raises
    ------
    InvalidRequest
        The text is no version number.
    NotFound
        The client has no such version.
    """
    active = policy_rows.active(session, client_id)
    if active is None:
        active = policy_rows.save(session, client_id, body=default_policy().to_dict(), comment="Default scorecard",
                                  created_by=AUTHOR_OF_DEFAULT, now=now)
    return _in_force(active if version is None else _named(session, client_id, version))


def active_policy(workbench: Workbench, client: str) -> Policy:
    """Give the policy a client's next training and scoring go by; the default where it has none yet."""
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        active = policy_rows.active(session, row.id) if row and row.id else None
        return default_policy() if active is None else Policy.from_dict(active.body)


def with_suggested_blend(in_force: PolicyInForce, model: ModelVersion | None) -> PolicyInForce:
    """Use the blend the model's held-out leads suggest, unless a person has chosen one."""
    suggested = model.report.get("suggested_alpha") if model else None
    if suggested is None or not in_force.policy.alpha_is_suggested:
        return in_force
    return replace(in_force, policy=replace(in_force.policy, alpha=float(suggested)))


def _named(session: Session, client_id: int, version: str) -> PolicyVersion:
    number = version.strip().lower().removeprefix("v")
    if not number.isdecimal() or len(number) > 9:
        raise InvalidRequest("unknown_policy", f"'{version}' is not a policy version.", "Use a whole number.")
    row = policy_rows.find(session, client_id, int(number))
    if row is None:
        raise NotFound("unknown_policy", f"There is no policy version {number}.", "The Settings page lists them.")
    return row


def _in_force(row: PolicyVersion) -> PolicyInForce:
    return PolicyInForce(row.version, Policy.from_dict(row.body), row.comment, row.created_by, row.created_at)
