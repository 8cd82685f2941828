"""Policies and scorecards leave as files and come back as changes that are looked at before they are saved."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.features.derived import DERIVED
from leadscore.features.offer_fit import OFFER_FEATURES
from leadscore.schema import FIELDS
from leadscore.scoring.policy import Policy
from leadscore.steps.criteria_files import Known, criteria_csv, read_criteria_csv
from leadscore.steps.policies import policy_in_force
from leadscore.steps.policy_files import policy_json, read_policy_json, with_settings
from leadscore.store import audit, clients, lead_reading
from leadscore.store.database import write
from leadscore.workbench import Workbench

FORMATS = ("policy", "scorecard", "criteria")


@dataclass(frozen=True)
class PolicyFile:
    """A file to be saved by a person."""

    filename: str
    content: bytes


def export_policy(workbench: Workbench, actor: Actor, *, client: str, format: str = "policy",
                  version: str | None = None) -> PolicyFile:
    """Write a version, that in force when none is named, as a file.

    Parameters
    ----------
    format : {"policy", "scorecard", "criteria"}
        The whole policy or its scorecard as JSON, or one row a criterion as CSV.

    Raises
    ------
    InvalidRequest
        There is no such format.
    NotFound
        There is no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    if format not in FORMATS:
        raise InvalidRequest("unknown_format", f"A policy cannot be written as '{format}'.",
                             f"Choose one of {', '.join(FORMATS)}.")
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        found = policy_in_force(session, client_id, version, now=now)
        content = criteria_csv(found.policy.criteria) if format == "criteria" \
            else policy_json(found.policy, scorecard_only=format == "scorecard")
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="policy_exported", object=f"policy:{found.version}",
                     detail={"format": format, "sha256": sha256(content).hexdigest()})
    ending = "csv" if format == "criteria" else "json"
    return PolicyFile(f"{format}-{client}-v{found.version}.{ending}", content)


def read_policy_file(workbench: Workbench, actor: Actor, *, client: str, data: bytes, filename: str) -> dict[str, Any]:
    """Read such a file as changes to the policy in force; nothing is saved.

    Raises
    ------
    InvalidRequest
        The file cannot be used; the message names the row and the column, or the setting.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        policy = policy_in_force(session, client_id, None, now=now).policy
        own = [field.name for field in lead_reading.custom_fields(session, client_id) if not field.personal]
    known = Known({*_columns(policy), *own})
    changes = {"criteria": read_criteria_csv(data, known)} if filename.lower().endswith(".csv") \
        else read_policy_json(data, known)
    with_settings(policy, changes)
    return changes


def _columns(policy: Policy) -> set[str]:
    made = [*(feature.column for feature in OFFER_FEATURES), *(feature.column for feature in policy.made)]
    return {*(field.name for field in FIELDS if field.feature), *(feature.name for feature in DERIVED), *made,
            *(criterion.field for criterion in policy.criteria)}
