"""Everything that is known of a model version, gathered for its document; what nobody has provided stays empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore.modeling.by_segment import measured_by_segment
from leadscore.monitoring.fairness import GroupTable
from leadscore.monitoring.rates import wilson
from leadscore.schema import CUSTOM_PREFIX, MADE_PREFIX, label_of
from leadscore.steps.approving import is_wanted
from leadscore.steps.drift import DriftSettings
from leadscore.steps.fairness import MOST_FIELDS, groups_of_leads
from leadscore.steps.held_out import ENDED, SAID
from leadscore.steps.models import CHAMPION, number_of
from leadscore.steps.processing import Processing, processing_of
from leadscore.steps.sensitive import SensitiveField, fields_of
from leadscore.store import approvals, drift, held_out, model_use
from leadscore.store import models as model_rows
from leadscore.store.tables import Approval, Client, DriftCheck, ModelVersion
from leadscore.workbench import Workbench

SEGMENTED_BY = ("source", "country", "industry", "seniority", "region")
MOST_SEGMENTS = 3
"""Columns performance is split by."""


@dataclass(frozen=True)
class ModelFacts:
    """What a document of a model version is made of.

    Parameters
    ----------
    row, before : ModelVersion
        The version, and the one trained before it, if any.
    segments : dict of str to DataFrame
        By the label of a column; of ``modeling.by_segment`` with the Wilson interval of the rate.
    fairness : tuple of pair of SensitiveField and GroupTable
        Of the scores in force; empty where nothing is marked or the version is not in use.
    scorings, uses : DataFrame
        Of ``store.model_use``.
    """

    row: ModelVersion
    before: ModelVersion | None
    processing: Processing
    segments: dict[str, pd.DataFrame]
    marked: tuple[SensitiveField, ...]
    fairness: tuple[tuple[SensitiveField, GroupTable], ...]
    drift_settings: DriftSettings
    drift_check: DriftCheck | None
    approval_wanted: bool
    approvals: tuple[Approval, ...]
    scorings: pd.DataFrame
    uses: pd.DataFrame

    @property
    def report(self) -> Mapping[str, Any]:
        """What its training has told."""
        return self.row.report

    def label(self, name: str) -> str:
        """Give what people call a column."""
        return label_in(self.report, name)


def label_in(report: Mapping[str, Any], name: str) -> str:
    """Give what people call a column of a training; a feature that people made goes by its label."""
    curve = (report.get("effect_curves") or {}).get(name) or {}
    plain = name.startswith((MADE_PREFIX, CUSTOM_PREFIX))
    return str((report.get("labels") or {}).get(name) or (curve.get("label") if plain else None) or label_of(name))


def facts_of(session: Session, workbench: Workbench, row: ModelVersion) -> ModelFacts:
    """Gather what is known of a version."""
    client_id, number = row.client_id, number_of(row)
    client = session.get_one(Client, client_id)
    marked = tuple(field for field in fields_of(session, client_id) if field.marked)[:MOST_FIELDS]
    return ModelFacts(
        row, _before(session, row), processing_of(client), _segments(session, workbench, row), marked,
        _fairness(session, workbench, row, marked), DriftSettings.of(client), drift.latest(session, client_id, number),
        is_wanted(session, client_id), tuple(approvals.list_all(session, client_id, number)),
        model_use.scorings(session, client_id, number), model_use.put_to_use(session, client_id, number))


def _before(session: Session, row: ModelVersion) -> ModelVersion | None:
    older = [one for one in model_rows.list_all(session, row.client_id) if number_of(one) < number_of(row)]
    return older[0] if older else None


def _segments(session: Session, workbench: Workbench, row: ModelVersion) -> dict[str, pd.DataFrame]:
    kept = held_out.find(session, workbench.vault, row.client_id, number_of(row))
    if kept is None:
        return {}
    frame = kept.frame
    ends, said = frame[ENDED].to_numpy(dtype=float), frame[SAID].to_numpy(dtype=float)
    found = {}
    for name in [name for name in SEGMENTED_BY if name in frame]:
        measured = measured_by_segment(ends, said, frame[name])
        if len(measured) > 1:
            _, low, high = wilson(measured["converted"].to_numpy(dtype=float), measured["leads"].to_numpy(dtype=float))
            found[label_in(row.report, name)] = measured.assign(rate_low=low, rate_high=high)
        if len(found) == MOST_SEGMENTS:
            break
    return found


def _fairness(session: Session, workbench: Workbench, row: ModelVersion,
              marked: Sequence[SensitiveField]) -> tuple[tuple[SensitiveField, GroupTable], ...]:
    """Take the groups of the scores in force, which tell of this version only while it is in use."""
    if row.alias != CHAMPION or not marked:
        return ()
    groups = groups_of_leads(session, workbench, row.client_id, marked)
    return () if groups is None else tuple(zip(groups.fields, groups.tables, strict=False))
