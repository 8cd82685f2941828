"""Two model versions score the same stored leads; outcomes neither has learnt from say which one ranks better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session

from leadscore.features.build import build_features
from leadscore.schema import OutcomeStage
from leadscore.steps.dates import reference_date
from leadscore.steps.judge import judge_features, made_for
from leadscore.steps.models import load_model
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import PolicyInForce, with_suggested_blend
from leadscore.steps.progress import Progress
from leadscore.store import lead_reading
from leadscore.store import outcomes as outcome_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

CHUNK = 50_000
"""Leads in memory at a time."""
COLUMNS = ("first", "probability_first", "second", "probability_second")


@dataclass(frozen=True)
class Pair:
    """Two versions of one client, the older judgement first."""

    first: ModelVersion
    second: ModelVersion

    @property
    def both(self) -> tuple[ModelVersion, ModelVersion]:
        """The two in order."""
        return self.first, self.second


def score_with_both(session: Session, workbench: Workbench, pair: Pair, in_force: PolicyInForce, *,
                    progress: Progress, lead_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """Score stored leads with both versions, in portions, each with the blend its own report suggests.

    Returns
    -------
    DataFrame
        Index ``lead_id``; columns ``first``, ``second`` (scores, 0-100) and ``probability_first``,
        ``probability_second``.
    """
    client_id = pair.first.client_id
    wanted = lead_reading.ids(session, client_id) if lead_ids is None else pd.Index(lead_ids).to_numpy()
    as_of = reference_date(lead_reading.latest_dates(session, client_id), workbench.clock())
    parts = []
    for done in range(0, len(wanted), CHUNK):
        progress(done / len(wanted), f"Scoring lead {done + 1:,} of {len(wanted):,} with both versions")
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=wanted[done:done + CHUNK],
                                        keep_empty=True)
        parts.append(_scored(session, workbench, pair, in_force, leads, as_of))
    return pd.concat(parts) if parts else pd.DataFrame({name: pd.Series(dtype=float) for name in COLUMNS})


def _scored(session: Session, workbench: Workbench, pair: Pair, in_force: PolicyInForce, leads: pd.DataFrame,
            as_of: pd.Timestamp) -> pd.DataFrame:
    custom = lead_reading.custom_fields(session, pair.first.client_id)
    models = {row.id: load_model(workbench, row).model for row in pair.both}
    fitting = with_offer(workbench, session, pair.first.client_id, leads, in_force.policy)
    features = build_features(fitting, custom, as_of=as_of, headers={},
                              made=made_for(in_force.policy, *models.values()))
    columns: dict[str, pd.Series] = {}
    for name, row in zip(("first", "second"), pair.both, strict=True):
        judged = judge_features(features, policy=with_suggested_blend(in_force, row).policy,
                                model=models[row.id], contributions=False)
        columns |= {name: judged.blend.blended, f"probability_{name}": judged.probability}
    return pd.DataFrame(columns)


def learnt_by_neither(session: Session, rows: Sequence[ModelVersion]) -> pd.Series:
    """Find the leads decided since the newest of these versions was trained.

    Returns
    -------
    Series
        Index ``lead_id``; 1 converted, 0 lost.
    """
    newest = max(row.created_at for row in rows)
    from_files = [fingerprint_of(row) for row in rows if not is_from_store(row)]
    stages = outcome_rows.decided_since(session, rows[0].client_id, newest, files=from_files)
    return (stages == str(OutcomeStage.CONVERTED)).astype(float)


def fingerprint_of(row: ModelVersion) -> str:
    """Say which data a version was trained on: the SHA-256 of a file, or ``store:`` and counts."""
    return str(row.manifest.get("about", {}).get("data_fingerprint", ""))


def is_from_store(row: ModelVersion) -> bool:
    """Whether a version learnt from stored leads: then what was recorded later is new to it."""
    return fingerprint_of(row).startswith("store:")

