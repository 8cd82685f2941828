"""Features are listed with what each is worth, tried out, made, retired and switched on and off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.features.columns import Column, columns_of, written
from leadscore.features.expressions import Expression, compile_expression
from leadscore.features.functions import FUNCTIONS
from leadscore.modeling.evaluation import Interval
from leadscore.schema import MADE_PREFIX, Group, Kind, MadeFeature, OutcomeStage, label_of
from leadscore.scoring.policy import Policy
from leadscore.steps.feature_previews import distribution_of, examples_of, power_alone, warning_about
from leadscore.steps.feature_views import FeatureView as FeatureView
from leadscore.steps.feature_views import is_feature, split_by_age, views
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import PolicyInForce, policy_in_force
from leadscore.steps.policy_saving import definitions, free_name, save_changed
from leadscore.steps.samples import draw
from leadscore.store import batches, clients, lead_reading
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

LONGEST_LABEL = 80
LONGEST_NAME = 50


@dataclass(frozen=True)
class FeatureList:
    """The features of a client.

    Parameters
    ----------
    features : tuple of FeatureView
    leads : int
        Leads looked at.
    total : int
        Leads there are; more than ``leads`` where a sample was looked at.
    drift_basis : str
        What the drift compares, in a sentence.
    """

    features: tuple[FeatureView, ...]
    leads: int
    total: int
    drift_basis: str


@dataclass(frozen=True)
class FormulaHelp:
    """What a formula may be made of.

    Parameters
    ----------
    columns : tuple of (written, label, unit, family)
    functions : tuple of (family, usage, meaning)
    """

    columns: tuple[tuple[str, str, str, str], ...]
    functions: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class FeaturePreview:
    """What a formula gives for the stored leads.

    Parameters
    ----------
    formula : str
        With every column under its lasting name.
    coverage : float, in [0, 1]
    examples : tuple of (lead id, value)
    distribution : tuple of (value or range, leads)
        Numbers in up to 12 ranges, texts by their commonest values; what is missing last.
    power : Interval or None
        Area under the curve of this feature alone, on leads whose outcome is known; None with fewer than 10
        converted or lost ones.
    decided : int
        Leads whose outcome is known.
    warning : str
        Why it is too good to be true; empty when it is not.
    """

    formula: str
    kind: Kind
    unit: str
    sources: tuple[str, ...]
    coverage: float
    examples: tuple[tuple[int, str | float | None], ...]
    distribution: tuple[tuple[str, int], ...]
    power: Interval | None
    decided: int
    warning: str
    leads: int
    total: int


@dataclass(frozen=True)
class Wish:
    """Changes of a policy, why, and the version they were worked out from."""

    changes: Mapping[str, Any]
    comment: str
    based_on: int


def list_features(workbench: Workbench, actor: Actor, *, client: str) -> FeatureList:
    """List every feature of the stored leads with what it is worth; a sample stands for a large store."""
    require(actor, Action.VIEW_LEADS, client)
    policy = _in_force(workbench, client).policy
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        sample = draw(session, workbench, client_id)
        sample = replace(sample, leads=with_offer(workbench, session, client_id, sample.leads, policy))
        champion = model_rows.champion(session, client_id)
        split = split_by_age(session, client_id, sample.leads, champion)
    found = views(sample, sample.features(policy.made), policy, champion, split,
                  personal=actor.may(Action.VIEW_PERSONAL_DATA)) if len(sample.leads) else ()
    return FeatureList(found, len(sample.leads), sample.total, split.basis)


def formula_help(workbench: Workbench, actor: Actor, *, client: str) -> FormulaHelp:
    """List the columns and functions a formula may use; columns the client's leads have come first."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        headers = batches.headers(session, client_id)
        columns = columns_of(lead_reading.custom_fields(session, client_id), headers)
    known = sorted(columns.usable, key=lambda column: (not _is_known(column, headers), column.label.casefold()))
    return FormulaHelp(
        tuple((written(column), headers.get(column.name, column.label), column.unit_words, column.family)
              for column in known),
        tuple((function.family, function.usage, function.meaning) for function in FUNCTIONS.values()))


def preview_feature(workbench: Workbench, actor: Actor, *, client: str, expression: str) -> FeaturePreview:
    """Work a formula out for stored leads and see how well it alone would rank them; nothing is saved.

    Raises
    ------
    WrongExpression
        The formula cannot be used; the message says at which character.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        formula = _compiled(session, client_id, expression)
        sample = draw(session, workbench, client_id, fields=formula.sources)
        outcomes = lead_reading.outcomes(session, client_id)
    values = formula.evaluate(sample.leads, sample.as_of)
    y = outcomes.reindex(values.index).map({str(OutcomeStage.CONVERTED): 1.0, str(OutcomeStage.LOST): 0.0}).dropna()
    power = power_alone(values.loc[y.index], formula.kind, y)
    return FeaturePreview(
        formula=formula.text, kind=formula.kind, unit=formula.unit,
        sources=tuple(label_of(name, sample.headers) for name in formula.sources),
        coverage=float(values.notna().mean()) if len(values) else 0.0, examples=examples_of(values),
        distribution=distribution_of(values, formula.kind), power=power, decided=len(y), warning=warning_about(power),
        leads=len(values), total=sample.total)


def feature_changes(workbench: Workbench, actor: Actor, *, client: str, label: str, expression: str, family: str,
                    replaces: str = "") -> dict[str, Any]:
    """Say how the policy would change by a made feature, in plain values to try out and to save.

    Parameters
    ----------
    replaces : str
        Name of the made feature it takes the place of; criteria that use that one use the new one then. The new one
        has a name of its own, since models and old scores still mean the old one.

    Raises
    ------
    InvalidRequest
        No label, an unknown family, a formula that cannot be used, or nothing of that name to replace.
    """
    require(actor, Action.VIEW_LEADS, client)
    policy = _in_force(workbench, client).policy
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        formula = _compiled(session, client_id, expression)
        taken = set(definitions(session, client_id))
    feature = MadeFeature(_name_of(label, replaces, taken), _label(label), formula.text, _family(family))
    return _with(policy, feature, replaces)


def save_feature(workbench: Workbench, actor: Actor, *, client: str, label: str, expression: str, family: str,
                 replaces: str = "", comment: str = "") -> int:
    """Make a feature, or replace one; gives the number of the new policy version.

    Raises
    ------
    InvalidRequest
        As :func:`feature_changes`; the old version stays in force.
    """
    require(actor, Action.EDIT_POLICY, client)
    in_force = _in_force(workbench, client)
    changes = feature_changes(workbench, actor, client=client, label=label, expression=expression, family=family,
                              replaces=replaces)
    return _save(workbench, actor, client, Wish(changes, comment, in_force.version),
                 {"feature": changes["made"][-1]["name"]})


def retire_feature(workbench: Workbench, actor: Actor, *, client: str, name: str, comment: str = "") -> int:
    """Take a made feature out of the policy; models that learnt it keep it. Gives the number of the new version.

    Raises
    ------
    NotFound
        There is none of that name.
    InvalidRequest
        A criterion uses it.
    """
    require(actor, Action.EDIT_POLICY, client)
    in_force = _in_force(workbench, client)
    gone = _made_named(in_force.policy, name)
    changes = {"made": [asdict(feature) for feature in in_force.policy.made if feature is not gone]}
    return _save(workbench, actor, client, Wish(changes, comment, in_force.version), {"retired": name})


def switch_feature(workbench: Workbench, actor: Actor, *, client: str, name: str, on: bool, comment: str = "") -> int:
    """Let a feature count for nothing, or count again; gives the number of the new policy version.

    Raises
    ------
    NotFound
        There is no such feature.
    """
    require(actor, Action.EDIT_POLICY, client)
    in_force = _in_force(workbench, client)
    policy = in_force.policy
    if name not in {feature.column for feature in policy.made} and not is_feature(name):
        raise NotFound("unknown_feature", f"There is no feature '{name}'.", "The list shows those there are.")
    others = [column for column in policy.switched_off if column != name]
    changes = {"switched_off": others if on else [*others, name]}
    return _save(workbench, actor, client, Wish(changes, comment, in_force.version), {"feature": name, "on": on})


def _in_force(workbench: Workbench, client: str) -> PolicyInForce:
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, workbench.clock())
        return policy_in_force(session, client_id, None, now=workbench.clock())


def _save(workbench: Workbench, actor: Actor, client: str, wish: Wish, about: Mapping[str, Any]) -> int:
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, workbench.clock())
        return save_changed(session, workbench, client_id, wish.changes, comment=wish.comment, actor_name=actor.name,
                            based_on=wish.based_on, about=about)


def _compiled(session: Session, client_id: int, expression: str) -> Expression:
    columns = columns_of(lead_reading.custom_fields(session, client_id), batches.headers(session, client_id))
    return compile_expression(expression, columns)


def _is_known(column: Column, headers: Mapping[str, str]) -> bool:
    return column.name in headers or column.name.startswith("custom:")


def _with(policy: Policy, feature: MadeFeature, replaces: str) -> dict[str, Any]:
    """Put a feature among the made ones; one it replaces goes, with its switch, and its criteria follow."""
    if not replaces:
        return {"made": [*(asdict(other) for other in policy.made), asdict(feature)]}
    old = _made_named(policy, replaces)
    criteria = [asdict(replace(criterion, field=feature.column) if criterion.field == old.column else criterion)
                for criterion in policy.criteria]
    changes: dict[str, Any] = {
        "made": [*(asdict(other) for other in policy.made if other is not old), asdict(feature)]}
    if any(criterion.field == old.column for criterion in policy.criteria):
        changes["criteria"] = criteria
    if old.column in policy.switched_off:
        changes["switched_off"] = [feature.column if name == old.column else name for name in policy.switched_off]
    return changes


def _made_named(policy: Policy, name: str) -> MadeFeature:
    for feature in policy.made:
        if name in (feature.name, feature.column):
            return feature
    raise NotFound("unknown_feature", f"There is no made feature '{name}'.", "The list shows those there are.")


def _label(label: str) -> str:
    text = " ".join(label.split())
    if not text or len(text) > LONGEST_LABEL or not text.isprintable():
        raise InvalidRequest("wrong_feature_label", "The feature needs a name people can read.",
                             f"Use 1 to {LONGEST_LABEL} printable characters.")
    return text


def _family(family: str) -> str:
    if family not in {str(group) for group in Group}:
        raise InvalidRequest("unknown_group", f"'{family}' is no family of features.",
                             f"Choose one of {', '.join(Group)}.")
    return family


def _name_of(label: str, replaces: str, taken: set[str]) -> str:
    """Give a feature a name that never stood for another: of the one it replaces, else of its label."""
    if replaces:
        return free_name(re.sub(r"_\d+$", "", replaces.removeprefix(MADE_PREFIX)), taken)
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME]
    return free_name(words if words[:1].isalpha() else f"feature_{words}".strip("_"), taken)
