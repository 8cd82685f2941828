"""A changed policy is checked as a whole, kept as the next version and told in the audit trail, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.features.columns import columns_of
from leadscore.features.expressions import compile_expression
from leadscore.schema import MadeFeature
from leadscore.scoring.policy import Policy
from leadscore.steps.effects import told_effect
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.policies import policy_in_force, with_suggested_blend
from leadscore.store import audit, batches, lead_reading
from leadscore.store import policies as policy_rows
from leadscore.workbench import Workbench

CHANGEABLE = tuple(item.name for item in fields(Policy))


def changed(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    """Apply changes to a policy; the result is checked as a whole. Another blend than the one in use is a person's."""
    body = policy.to_dict()
    if changes.get("alpha", policy.alpha) != policy.alpha:
        body["alpha_is_suggested"] = False
    body.update({name: value for name, value in changes.items() if name in CHANGEABLE})
    return Policy.from_dict(body)


def settled(session: Session, client_id: int, before: Policy, after: Policy) -> Policy:
    """Check the formulas of features that are new in a policy, and write their columns under lasting names.

    Raises
    ------
    WrongExpression
        A formula cannot be used; the message says at which character.
    InvalidRequest
        A name stood for another formula before, which models and old scores may still mean.
    """
    new = [feature for feature in after.made if feature not in before.made]
    if not new:
        return after
    columns = columns_of(lead_reading.custom_fields(session, client_id), batches.headers(session, client_id))
    lasting = {feature.name: replace(feature, expression=compile_expression(feature.expression, columns).text)
               for feature in new}
    meant = definitions(session, client_id)
    for name, feature in lasting.items():
        if name in meant and meant[name].expression != feature.expression:
            raise InvalidRequest("feature_name_taken", f"'{name}' stood for another formula before "
                                 f"({meant[name].expression}).",
                                 f"Give it another name, such as {free_name(name, set(meant))}.")
    return replace(after, made=tuple(lasting.get(feature.name, feature) for feature in after.made))


def definitions(session: Session, client_id: int) -> dict[str, MadeFeature]:
    """Give every made feature any version of a client's policy has had, by name."""
    bodies = [row.body for row in policy_rows.list_all(session, client_id)]
    return {entry["name"]: MadeFeature(**entry) for body in bodies for entry in body.get("made", ())}


def free_name(name: str, taken: set[str]) -> str:
    """Give a name nobody has used yet: the name itself, or with the next free number."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def save_changed(session: Session, workbench: Workbench, client_id: int, changes: Mapping[str, Any], *, comment: str,
                 actor_name: str, based_on: int | None = None, about: Mapping[str, Any] | None = None) -> int:
    """Keep changed settings as the next version, in force, in the caller's transaction; give its number.

    Parameters
    ----------
    based_on : int or None
        The version the changes were made on; None goes on top of whatever is in force.
    about : mapping or None
        What the audit trail is told beside the settings before and after.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves, or somebody else has saved a version since (``policy_changed_meanwhile``);
        what is in force stays so.
    """
    now = workbench.clock()
    before = policy_in_force(session, client_id, None, now=now)
    if based_on not in (None, before.version):
        raise InvalidRequest("policy_changed_meanwhile", f"{before.created_by} has saved version {before.version} "
                             "while you were looking at an older one; your changes are not saved.",
                             "Look at what your changes do now, then save them again.")
    champion = find_version(session, client_id, CHAMPION)
    in_use = with_suggested_blend(before, champion).policy
    after = settled(session, client_id, in_use, changed(in_use, changes))
    saved = policy_rows.save(session, client_id, body=after.to_dict(), comment=comment, created_by=actor_name, now=now)
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action="policy_saved",
                 object=f"policy:{saved.version}",
                 detail={"comment": comment, "before": _told(in_use, changes), "after": _told(after, changes)}
                 | told_effect(session, workbench, client_id, champion, in_use, after) | dict(about or {}))
    return saved.version


def _told(policy: Policy, changes: Mapping[str, Any]) -> dict[str, Any]:
    body = policy.to_dict()
    return {name: body[name] for name in CHANGEABLE if name in changes}
