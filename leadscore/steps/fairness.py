"""Groups of a client's leads, counted: in the database where it can, else lead by lead in portions, and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.monitoring.fairness import (
    GroupTable,
    Opportunity,
    calibration,
    group_table,
    opportunity,
)
from leadscore.monitoring.groups import as_groups, few_enough
from leadscore.schema import FIELD_BY_NAME, Kind
from leadscore.steps.records import LOOKS
from leadscore.steps.remembering import remembered
from leadscore.steps.sensitive import SensitiveField
from leadscore.store import audit, lead_reading
from leadscore.store import fairness as counted
from leadscore.store.fairness import Cuts
from leadscore.workbench import Workbench

TOP = 0.2
"""Share of the leads that counts as chosen: those people call first."""
PORTION = 50_000
REMEMBERED = 8
IN_DATABASE = 2
"""Fields up to which the database counts: with more, nearly every lead is a combination of its own, and sorting them
costs more than reading them."""
MOST_FIELDS = 5


@dataclass(frozen=True)
class Groups:
    """What is known of the groups of some fields.

    Parameters
    ----------
    fields : tuple of SensitiveField
    cuts : Cuts
    tables : tuple of GroupTable
        One a field, then one for each two fields that meet.
    found : tuple of Opportunity
        One a field.
    kept : tuple of DataFrame
        One a field: chances beside what came of them.
    """

    fields: tuple[SensitiveField, ...]
    cuts: Cuts
    tables: tuple[GroupTable, ...]
    found: tuple[Opportunity, ...]
    kept: tuple[pd.DataFrame, ...]


def groups_of_leads(session: Session, workbench: Workbench, client_id: int,
                    fields: Sequence[SensitiveField]) -> Groups | None:
    """Count the groups of some fields and compare them; None where no lead has a score.

    Personal fields are decrypted in portions, and only counts of groups leave this step.
    """
    key = (client_id, tuple(field.name for field in fields),
           audit.latest(session, client_id, besides=LOOKS), lead_reading.state(session, client_id))
    return remembered(workbench, "groups", key, lambda: _compared(session, workbench, client_id, tuple(fields)),
                      most=REMEMBERED)


def pairs_of(fields: Sequence[SensitiveField]) -> list[tuple[str, str]]:
    """Name the fields that meet, two and two."""
    names = [field.name for field in fields]
    return [(one, other) for place, one in enumerate(names) for other in names[place + 1:]]


def _compared(session: Session, workbench: Workbench, client_id: int,
              fields: tuple[SensitiveField, ...]) -> Groups | None:
    found = counted.cuts(session, client_id, TOP)
    if found is None or not fields:
        return None
    cells = _cells(session, workbench, client_id, found, fields)
    return compared(fields, cells, found)


def compared(fields: tuple[SensitiveField, ...], cells: pd.DataFrame, found: Cuts) -> Groups:
    """Make the tables from counts: a row for each combination of groups, columns named like the fields."""
    one, two = [(field.name,) for field in fields], pairs_of(fields)
    # of a million leads there may be as many combinations of five fields: each table is made of its own sums
    coded = cells.astype({field.name: "category" for field in fields})
    sums = {by: _summed(coded, by) for by in (*one, *two)}
    tables = tuple(group_table(sums[by], by, tables=len(sums)) for by in (*one, *two))
    return Groups(fields, found, tables,
                  tuple(opportunity(sums[by], by, tables=len(one)) for by in one),
                  tuple(calibration(sums[by], by, tables=len(one)) for by in one))


def _cells(session: Session, workbench: Workbench, client_id: int, found: Cuts,
           fields: Sequence[SensitiveField]) -> pd.DataFrame:
    names = [field.name for field in fields]
    if len(names) <= IN_DATABASE and all(is_counted_in_database(name) for name in names):
        cells = _grouped(counted.count_groups(session, client_id, found, names), names)
    else:
        cells = _in_portions(session, workbench, client_id, found, names)
    for name in names:
        cells = few_enough(cells, name)
    return _summed(cells, names)


def is_counted_in_database(name: str) -> bool:
    """Say whether the values of a column stand in the table of leads as they are."""
    field = FIELD_BY_NAME.get(name)
    return field is not None and not field.personal and field.kind in (Kind.CATEGORY, Kind.IDENTIFIER)


def _in_portions(session: Session, workbench: Workbench, client_id: int, found: Cuts,
                 names: Sequence[str]) -> pd.DataFrame:
    custom = lead_reading.custom_fields(session, client_id)
    parts, after = [], 0
    while len(facts := counted.facts_of(session, client_id, found, after=after, most=PORTION)):
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=facts.index.to_numpy(),
                                        fields=list(names), custom=custom)
        parts.append(_grouped(facts.join(leads[list(names)]), names))
        after = int(facts.index[-1])
    return pd.concat(parts, ignore_index=True)


def _grouped(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Turn values into groups and add up those of the same."""
    return _summed(rows.assign(**{name: _groups_of(rows[name], name) for name in names}), names)


def _groups_of(values: pd.Series, name: str) -> pd.Categorical:
    """Turn values into groups, each different value once."""
    places, different = pd.factorize(values)
    groups = pd.Categorical(as_groups(pd.Series(different), name))
    return pd.Categorical.from_codes(np.where(places >= 0, groups.codes[places] if len(groups) else -1, -1),
                                     categories=groups.categories)


def _summed(cells: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Add up the cells of the same groups; a group that is not known is one of its own here."""
    sums = cells.groupby(list(names), dropna=False, observed=True, sort=False)[list(counted.COUNTS)].sum().reset_index()
    return sums.astype(dict.fromkeys(names, "str"))


def group_of_leads(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray,
                   field: SensitiveField) -> pd.Series:
    """Say which group each of some leads belongs to: index ``lead_id``, missing where it is not known."""
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids, fields=[field.name])
    return as_groups(leads[field.name], field.name).reindex(lead_ids)
