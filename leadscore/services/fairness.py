"""Whom scores put first, by group: chosen fields, how often each group is chosen and found, and whether chances hold.

It describes and judges nobody: whether a difference is lawful, or right, is for people to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.charts.board import fairness as board
from leadscore.charts.numbers import counted
from leadscore.charts.picture import Picture
from leadscore.errors import InvalidRequest
from leadscore.features.derived import DERIVED
from leadscore.monitoring.fairness import BETWEEN, FEW, GroupTable
from leadscore.steps.fairness import MOST_FIELDS, TOP, Groups, groups_of_leads
from leadscore.steps.group_effects import costs_for, proxies_for
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.policies import policy_in_force
from leadscore.steps.policy_saving import changed
from leadscore.steps.sensitive import (
    SensitiveField,
    criteria_about,
    fields_of,
    find_fields,
    keep_marked,
    marked_by,
)
from leadscore.store import audit, clients, lead_reading
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

HARDLY, WELL = 0.6, 0.75
"""Areas below which columns hardly, and from which they well give a group away; words, not limits."""
OWN_THRESHOLDS = ("Thresholds of their own for each group may themselves be unlawful in places. Nothing is applied by "
                  "itself; this is no legal advice.")
USUAL_FIELDS = 2
"""Fields that are looked at where none is marked."""
NOTE = ("Four fifths is a customary screening figure: a ratio below it is a reason to look, no verdict. Whether a "
        "difference is lawful depends on the place and the purpose; this is no legal advice.")


@dataclass(frozen=True)
class FairnessFields:
    """Fields groups can be made of, and what still uses the marked ones.

    Parameters
    ----------
    criteria : tuple of str
        Criteria of the scorecard in force that ask about a marked field.
    learnt : tuple of str
        Marked fields that the model in use has learnt from, since they were marked later.
    model : int or None
        Its version.
    """

    offered: tuple[SensitiveField, ...]
    criteria: tuple[str, ...]
    learnt: tuple[str, ...]
    model: int | None

    @property
    def marked(self) -> tuple[SensitiveField, ...]:
        """Those that are marked."""
        return tuple(field for field in self.offered if field.marked)


@dataclass(frozen=True)
class FairnessReport:
    """The groups of some fields, compared.

    Parameters
    ----------
    looked_at : tuple of SensitiveField
    groups : Groups or None
        None where no lead has a score, or there is no field.
    sentences : tuple of str
        One a field.
    chosen, found, kept : tuple of Picture
        One a field; ``chosen`` also one for each two fields that meet.
    """

    looked_at: tuple[SensitiveField, ...]
    groups: Groups | None
    sentences: tuple[str, ...]
    chosen: tuple[Picture, ...]
    found: tuple[Picture, ...]
    kept: tuple[Picture, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        if self.groups is None:
            return {"fields": [field.label for field in self.looked_at], "tables": [], "note": NOTE}
        tables = [{"fields": list(table.by), "leads": table.leads, "unknown": _not_few(table.unknown),
                   "groups": _plain_rows(table)} for table in self.groups.tables]
        return {"fields": [field.label for field in self.looked_at], "share": TOP, "sentences": list(self.sentences),
                "tables": tables, "note": NOTE}


def fairness_fields(workbench: Workbench, actor: Actor, *, client: str,
                    changes: Mapping[str, Any] | None = None) -> FairnessFields:
    """List the fields groups can be made of, which are marked, and what scores by a marked one.

    Parameters
    ----------
    changes : mapping or None
        Changes of the policy that are not saved yet.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return FairnessFields((), (), (), None)
        return _fields(session, workbench, row.id, changes or {})


def mark_fields(workbench: Workbench, actor: Actor, *, client: str, names: Sequence[str]) -> FairnessFields:
    """Mark fields as sensitive, these and no others: the next training leaves them and what is made of them out.

    Parameters
    ----------
    names : sequence of str
        Names, headers or labels.

    Raises
    ------
    InvalidRequest
        ``unknown_field``: groups cannot be made of one of them; ``too_many_fields``.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        fields = find_fields(fields_of(session, client_id), names)
        before = marked_by(session, client_id)
        keep_marked(session, client_id, [field.name for field in fields])
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="sensitive_fields_saved", object=f"client:{client_id}",
                     detail={"before": {"fields": list(before)}, "after": {"fields": [one.name for one in fields]}})
    return fairness_fields(workbench, actor, client=client)


def fairness_report(workbench: Workbench, actor: Actor, *, client: str, fields: Sequence[str] = ()) -> FairnessReport:
    """Compare the groups of some fields: who is among the best 20 %, who is found, whose chances come true.

    Groups of fewer than 30 leads are not judged and their figures are not given out.

    Parameters
    ----------
    fields : sequence of str
        Names, headers or labels; the marked ones when left out, or the first two there are.

    Raises
    ------
    InvalidRequest
        ``unknown_field`` or ``too_many_fields``.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        offered = fields_of(session, client_id)
        looked_at = find_fields(offered, fields) if fields else _usual(offered)
        if len(looked_at) > MOST_FIELDS:
            raise InvalidRequest("too_many_fields", f"At most {MOST_FIELDS} fields can be compared at once.",
                                 "Look at some of them first.")
        groups = groups_of_leads(session, workbench, client_id, looked_at) if looked_at else None
    if groups is None:
        return FairnessReport(looked_at, None, (), (), (), ())
    return _drawn(groups)


@dataclass(frozen=True)
class GivenAway:
    """How well the columns that scores use tell the group of a lead.

    Parameters
    ----------
    area : float
        0.5 by chance, 1 always.
    groups : dict
        Of each group against all others: ``value``, ``low`` and ``high``.
    used_itself : tuple of str
        Columns scores use that are the field, or made of it; they are left out of the figures.
    """

    field: SensitiveField
    leads: int
    area: float
    groups: dict[str, Any]
    used_itself: tuple[str, ...]
    sentence: str
    picture: Picture

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"field": self.field.label, "leads": self.leads, "area": self.area, "groups": self.groups,
                "used_itself": list(self.used_itself), "sentence": self.sentence,
                "columns": self.picture.data.to_dict("records")}


@dataclass(frozen=True)
class CostsOfChange:
    """What treating the groups of a field more alike would cost, on leads whose end is known."""

    field: SensitiveField
    leads: int
    converted: int
    picture: Picture

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        options = self.picture.data.astype(object).where(self.picture.data.notna(), None)
        return {"field": self.field.label, "leads": self.leads, "converted": self.converted,
                "options": options.to_dict("records"), "note": OWN_THRESHOLDS}


def given_away(workbench: Workbench, actor: Actor, *, client: str, name: str) -> GivenAway:
    """Say how well the columns that scores use tell the group of a lead, and which columns do.

    Parameters
    ----------
    name : str
        Name, header or label of the field.

    Raises
    ------
    InvalidRequest
        ``unknown_field``, ``too_few_in_groups``, ``no_usable_column``.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        (field,) = find_fields(fields_of(session, client_id), [name])
        found = proxies_for(session, workbench, client_id, field)
    sentence = _how_well(found.proxies.area, field.label)
    return GivenAway(field, found.proxies.leads, found.proxies.area,
                     {group: area.to_dict() for group, area in found.proxies.groups.items()}, found.used_itself,
                     sentence, board.proxies(found.proxies.columns, field.label, f"proxies-{_safe(field.label)}",
                                             sentence))


def costs_of_change(workbench: Workbench, actor: Actor, *, client: str, name: str) -> CostsOfChange:
    """Say what leaving proxies out, own thresholds or a reweighed training would cost; nothing is changed.

    Raises
    ------
    InvalidRequest
        ``unknown_field``, ``too_few_outcomes``, or ``not_stored`` where the model learnt from a file.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        (field,) = find_fields(fields_of(session, client_id), [name])
        costs = costs_for(session, workbench, client_id, field)
    picture = board.costs(costs.curve, costs.options, field.label, f"costs-{_safe(field.label)}")
    return CostsOfChange(field, costs.leads, costs.converted, picture)


def _how_well(area: float, label: str) -> str:
    strength = "hardly" if area < HARDLY else "partly" if area < WELL else "well"
    return (f"Of two leads of different groups, the columns scores use tell {100 * area:.0f} in 100 times which is "
            f"which (50 by chance): they give “{label}” away {strength}.")


def _usual(offered: Sequence[SensitiveField]) -> tuple[SensitiveField, ...]:
    marked = tuple(field for field in offered if field.marked)
    return (marked or tuple(offered[:USUAL_FIELDS]))[:MOST_FIELDS]


def _fields(session: Session, workbench: Workbench, client_id: int, changes: Mapping[str, Any]) -> FairnessFields:
    marked = set(marked_by(session, client_id))
    in_force = policy_in_force(session, client_id, None, now=workbench.clock()).policy
    policy = changed(in_force, changes) if changes else in_force
    champion = find_version(session, client_id, CHAMPION)
    learnt = set((champion.report.get("data") or {}).get("columns") or ()) if champion else set()
    derived = {feature.name: feature.label for feature in DERIVED if set(feature.sources) & marked}
    used = [derived.get(name, name) for name in sorted(learnt & (marked | derived.keys()))]
    return FairnessFields(fields_of(session, client_id),
                          criteria_about(policy, marked, lead_reading.custom_fields(session, client_id)),
                          tuple(used), champion.id if champion else None)


def _drawn(groups: Groups) -> FairnessReport:
    labels = {field.name: field.label for field in groups.fields}
    names = [BETWEEN.join(labels[name] for name in table.by) for table in groups.tables]
    keys = ["-and-".join(_safe(labels[name]) for name in table.by) for table in groups.tables]
    single = groups.tables[:len(groups.fields)]
    return FairnessReport(
        groups.fields, groups,
        tuple(_sentence(name, table) for name, table in zip(names, single, strict=False)),
        tuple(board.selection(table.groups, name, f"chosen-{key}")
              for table, name, key in zip(groups.tables, names, keys, strict=True)),
        tuple(board.found(one.groups, name, f"found-{key}")
              for one, name, key in zip(groups.found, names, keys, strict=False)),
        tuple(board.kept_word(frame, name, f"kept-{key}")
              for frame, name, key in zip(groups.kept, names, keys, strict=False)))


def _sentence(name: str, table: GroupTable) -> str:
    many, lower = len(table.judged), table.lower
    if many < 2:
        return f"{name}: there is not enough data in two groups to compare them."
    if not lower:
        return f"{name}: none of {counted(many, 'group')} is below four fifths beyond chance."
    return (f"{name}: {', '.join(lower)} {'is' if len(lower) == 1 else 'are'} among the best less often than four "
            "fifths of everybody else's rate, and chance does not explain it.")


def _not_few(number: int) -> int | str:
    return number if number == 0 or number >= FEW else f"fewer than {FEW}"


def _plain_rows(table: GroupTable) -> list[dict[str, Any]]:
    rows = table.groups.astype(object).where(table.groups.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} | {"leads": row["leads"] and int(row["leads"])}
            for row in rows]


def _safe(label: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in label.casefold())[:30]
