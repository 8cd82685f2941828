"""What a training on the stored leads could learn, told before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.modeling.choosing import MIN_FOR_TREES
from leadscore.modeling.targets import TargetChoices, describe_target
from leadscore.modeling.verdicts import MIN_OUTCOMES
from leadscore.schema import CLOSED_STAGES, FIELD_BY_NAME, Kind, OutcomeStage, label_of
from leadscore.steps.material import Material, from_store, target_columns
from leadscore.store import batches, clients, lead_reading
from leadscore.store import models as model_rows
from leadscore.store.database import read
from leadscore.workbench import Workbench

TARGETS_SHOWN = 5


@dataclass(frozen=True)
class TargetColumn:
    """A column a training could learn, and how it would be read.

    Parameters
    ----------
    column : str or None
        Its name; None for the outcomes recorded with the leads.
    label : str
        What its reader knows it by.
    choices : TargetChoices
    """

    column: str | None
    label: str
    choices: TargetChoices


@dataclass(frozen=True)
class StoredColumn:
    """A column of the stored leads a person may name in a request."""

    name: str
    label: str
    kind: Kind


@dataclass(frozen=True)
class LearningMaterial:
    """What a training on the stored leads would learn from at this moment.

    Parameters
    ----------
    converted, lost, open : int
        Leads by outcome; open ones can still go either way and are left out.
    columns : tuple of StoredColumn
        Columns of the imports, without those that tell who somebody is.
    needed, enough : int
        Outcomes of each kind without which there is no model, and from which on every algorithm may be tried.
    """

    converted: int
    lost: int
    open: int
    columns: tuple[StoredColumn, ...]
    needed: int = MIN_OUTCOMES
    enough: int = MIN_FOR_TREES

    @property
    def leads(self) -> int:
        """All leads."""
        return self.converted + self.lost + self.open


def target_choices(workbench: Workbench, actor: Actor, *, client: str, column: str | None = None,
                   positive: str | None = None) -> tuple[TargetColumn, ...]:
    """Show what a training on the stored leads could learn, before anything is trained.

    Parameters
    ----------
    column : str or None
        Only this column, by header or name; by default the stored outcomes and the likeliest other columns.
    positive : str or None
        The value of ``column`` that means converted; guessed when left out.

    Raises
    ------
    InvalidRequest
        There is no such column, or it describes people.
    """
    require(actor, Action.TRAIN_MODEL, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        leads = lead_reading.read_leads(session, workbench.vault, client_id, personal=False)
        stages = lead_reading.outcomes(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
        headers = batches.headers(session, client_id)
    parts: dict[str, Any] = {"headers": headers, "positive": positive}
    if column:
        chosen = from_store(leads, stages, custom, target=column, **parts)
        return (_target_column(chosen, str(chosen.target_column)),)
    material = from_store(leads, stages, custom, target=None, **parts)
    stored = TargetColumn(None, "Stored outcomes", describe_target(stages, str(OutcomeStage.CONVERTED)))
    return (stored, *(_target_column(material, name) for name in target_columns(material)[:TARGETS_SHOWN]))


def _target_column(material: Material, name: str) -> TargetColumn:
    positive = material.positive if material.target_column else None
    return TargetColumn(name, label_of(name, material.headers), describe_target(material.leads[name], positive))


def ready_for_first_model(workbench: Workbench, actor: Actor, *, client: str) -> bool:
    """Say whether there is no champion yet and the stored outcomes suffice for one."""
    require(actor, Action.TRAIN_MODEL, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        if model_rows.champion(session, client_id) is not None:
            return False
        counts = lead_reading.outcomes(session, client_id).value_counts()
    return min(int(counts.get(stage, 0)) for stage in CLOSED_STAGES) >= MIN_OUTCOMES


def learning_material(workbench: Workbench, actor: Actor, *, client: str) -> LearningMaterial:
    """Count the stored outcomes and list the columns; all zero for a client without leads."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        counts = lead_reading.outcome_counts(session, client_id)
        headers = batches.headers(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
    known = [FIELD_BY_NAME[name] for name in headers if name in FIELD_BY_NAME]
    columns = [StoredColumn(field.name, label_of(field.name, headers), field.kind)
               for field in known if not field.personal]
    columns += [StoredColumn(field.name, field.header, field.kind) for field in custom if not field.personal]
    converted, lost = counts.get(OutcomeStage.CONVERTED, 0), counts.get(OutcomeStage.LOST, 0)
    return LearningMaterial(converted, lost, sum(counts.values()) - converted - lost,
                            tuple(sorted(columns, key=lambda column: column.label.casefold())))
