"""The columns a client has marked as sensitive: looked at in the fairness report, and no part of any score's learning.

A model never learns from a marked column, nor from anything made of it. The scorecard is a person's: where one of its
criteria asks about a marked column, it is named so that people see it and decide.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.features.build import FeatureSpec
from leadscore.features.derived import DERIVED
from leadscore.features.made import sources_of
from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, CustomField, Kind, label_of
from leadscore.scoring.policy import Policy
from leadscore.store import batches, clients, lead_reading
from leadscore.store.database import read
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

SETTING = "sensitive_fields"
OFFERED = ("gender", "age", "language", "country", "region", "postal_code", "location")
GROUP_KINDS = frozenset({Kind.CATEGORY, Kind.BOOLEAN})
"""Kinds of own columns that sort people into groups."""
REASON = "It is marked as sensitive: looked at in the fairness report, never learnt from."


@dataclass(frozen=True)
class SensitiveField:
    """A field groups can be made of.

    Parameters
    ----------
    personal : bool
        Whether it is kept encrypted.
    marked : bool
        Whether the client has marked it.
    """

    name: str
    label: str
    personal: bool
    marked: bool


def marked_fields(row: Client | None) -> tuple[str, ...]:
    """Give the columns a client has marked."""
    return tuple(row.settings.get(SETTING) or ()) if row else ()


def marked_for(workbench: Workbench, client: str) -> tuple[str, ...]:
    """Give the columns a client has marked; none of one that is new."""
    with read(workbench.engine) as session:
        return marked_fields(clients.find(session, client))


def marked_by(session: Session, client_id: int) -> tuple[str, ...]:
    """Give the columns a client has marked, by its number."""
    return marked_fields(session.get(Client, client_id))


def keep_marked(session: Session, client_id: int, names: Sequence[str]) -> None:
    """Replace the marked columns, in the caller's transaction; the rest of the settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: list(names)})


def fields_of(session: Session, client_id: int) -> tuple[SensitiveField, ...]:
    """List the fields of a client's leads that groups can be made of, the marked ones first."""
    own = lead_reading.custom_fields(session, client_id)
    headers, marked = batches.headers(session, client_id), marked_by(session, client_id)
    filled = lead_reading.filled(session, client_id)
    known = [SensitiveField(name, label_of(name, headers), FIELD_BY_NAME[name].personal, name in marked)
             for name in OFFERED if name in filled]
    customs = [SensitiveField(field.name, field.header, field.personal, field.name in marked)
               for field in own if field.kind in GROUP_KINDS or field.name in marked]
    return tuple(sorted([*known, *customs], key=lambda field: not field.marked))


def find_fields(offered: Sequence[SensitiveField], wanted: Sequence[str]) -> tuple[SensitiveField, ...]:
    """Find fields by name, header or label.

    Raises
    ------
    InvalidRequest
        ``unknown_field``: groups cannot be made of it.
    """
    by_name = {spelling.casefold(): field for field in offered
               for spelling in (field.label, field.name.removeprefix(CUSTOM_PREFIX), field.name)}
    for name in wanted:
        if name.casefold() not in by_name:
            listed = ", ".join(f"'{field.label}'" for field in offered) or "none yet"
            raise InvalidRequest("unknown_field", f"The leads have no field '{name}' that groups can be made of.",
                                 f"There are: {listed}.")
    return tuple(dict.fromkeys(by_name[name.casefold()] for name in wanted))


def left_out(specs: Sequence[FeatureSpec], marked: Collection[str]) -> dict[str, str]:
    """Name the features that are a marked column or made of one, with the label of each."""
    return {spec.name: spec.label for spec in specs if spec.name in marked or set(spec.sources) & set(marked)}


def criteria_about(policy: Policy, marked: Collection[str], custom_fields: Sequence[CustomField]) -> tuple[str, ...]:
    """Give the labels of the criteria of a scorecard that ask about a marked column, or about something made of one."""
    wanted = set(marked)
    about = wanted | {feature.name for feature in DERIVED if set(feature.sources) & wanted} | {
        feature.column for feature in policy.made if set(sources_of(feature, custom_fields)) & wanted}
    return tuple(criterion.label for criterion in policy.criteria if criterion.field in about)
