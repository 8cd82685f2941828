"""A client's own rules for its data are listed, tried on the stored leads, and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadscore.access import Action, Actor, require
from leadscore.ingest.rule_checks import check_rules, checks_for
from leadscore.ingest.rules import Rule, broken_by, described
from leadscore.schema import CUSTOM_PREFIX, Kind, label_of
from leadscore.steps.rules import keep_rules, kinds_of, rules_of
from leadscore.steps.samples import draw
from leadscore.store import audit, batches, clients
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

SHOWN_LEADS = 5


@dataclass(frozen=True)
class RuleView:
    """One rule in words.

    Parameters
    ----------
    rule : dict
        Its plain values.
    label : str
        The field as its reader knows it.
    asks : str
        What it asks, such as “must be at least 18”.
    """

    rule: dict[str, Any]
    label: str
    asks: str


@dataclass(frozen=True)
class RuleField:
    """A field a rule may be about, and what may be asked of it."""

    name: str
    label: str
    kind: Kind
    checks: tuple[str, ...]


@dataclass(frozen=True)
class RuleList:
    """The rules of a client, and the fields there could be rules for; those its leads have come first."""

    rules: tuple[RuleView, ...]
    fields: tuple[RuleField, ...]


@dataclass(frozen=True)
class RuleTrial:
    """What a rule finds among the stored leads.

    Parameters
    ----------
    asks : str
        What it asks, in words.
    broken, leads, total : int
        Leads that break it, leads looked at, leads there are.
    examples : tuple of int
        Ids of some that break it.
    """

    asks: str
    broken: int
    leads: int
    total: int
    examples: tuple[int, ...]


def list_rules(workbench: Workbench, actor: Actor, *, client: str) -> RuleList:
    """List the validation rules of a client."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else -1
        headers = batches.headers(session, client_id)
        kinds = kinds_of(session, client_id)
        rules = rules_of(row)
    fields = [RuleField(name, label_of(name, headers), kind, checks_for(kind)) for name, kind in kinds.items()]
    return RuleList(
        tuple(RuleView(rule.to_dict(), label_of(rule.field, headers), described(rule)) for rule in rules),
        tuple(sorted(fields, key=lambda field: (not _is_filled(field.name, headers), field.label.casefold()))))


def _is_filled(name: str, headers: Mapping[str, str]) -> bool:
    return name in headers or name.startswith(CUSTOM_PREFIX)


def try_rule(workbench: Workbench, actor: Actor, *, client: str, rule: Mapping[str, Any]) -> RuleTrial:
    """Count the stored leads that would break a rule; nothing is changed, and a sample stands for a large store.

    Raises
    ------
    InvalidRequest
        The rule cannot be used.
    """
    require(actor, Action.VIEW_LEADS, client)
    wished = Rule.from_dict(rule)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        check_rules([wished], kinds_of(session, client_id))
        sample = draw(session, workbench, client_id, fields=[wished.field])
    broken = broken_by(sample.leads, wished, as_of=workbench.clock())
    examples = tuple(int(lead) for lead in sample.leads.index[np.flatnonzero(broken)[:SHOWN_LEADS]])
    return RuleTrial(described(wished), int(broken.sum()), len(sample.leads), sample.total, examples)


def save_rules(workbench: Workbench, actor: Actor, *, client: str,
               rules: Sequence[Mapping[str, Any]]) -> tuple[RuleView, ...]:
    """Replace the validation rules; they hold for imports from now on, stored leads stay as they are.

    Raises
    ------
    InvalidRequest
        A rule cannot be used or contradicts another; the old ones stay in force.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    wished = [Rule.from_dict(rule) for rule in rules]
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        check_rules(wished, kinds_of(session, client_id))
        before = rules_of(clients.find(session, client))
        keep_rules(session, client_id, wished)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="validation_rules_saved", object=f"client:{client_id}",
                     detail={"before": [rule.to_dict() for rule in before],
                             "after": [rule.to_dict() for rule in wished]})
    return list_rules(workbench, actor, client=client).rules
