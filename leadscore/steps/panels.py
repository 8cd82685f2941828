"""The leads of a client prepared for trying out policies, kept in memory until something about them changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.features.build import build_features
from leadscore.modeling.model import Model
from leadscore.schema import CLOSED_STAGES
from leadscore.scoring.simulation import ModelSide, Panel, joined, joined_sides, model_side, narrow
from leadscore.steps.dates import reference_date
from leadscore.steps.held_out import Measured, find_measured
from leadscore.steps.models import load_model
from leadscore.steps.progress import Progress, silent
from leadscore.store import audit, lead_reading
from leadscore.store.database import read
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

CHUNK = 20_000
MOST_LEADS = 1_000_000
"""Of more leads so many are chosen by chance: their shares are those of all."""
MOST_BYTES = 1_500_000_000
"""Memory all panels may take together; those not used for longest go first."""
NOT_ABOUT_LEADS = (
    "access_denied", "audit_exported", "experiment_ended", "experiment_started", "file_scored", "job_cancelled",
    "job_submitted", "lead_viewed", "leads_exported", "leads_scored", "model_challenges", "model_deployed",
    "model_rolled_back", "model_trained", "policy_saved", "policy_restored", "retraining_queued",
    "retraining_settings_saved", "segment_saved", "segment_deleted")
"""Records that leave leads and outcomes as they are; any other one makes panels be built anew."""

_guard = Lock()


@dataclass(frozen=True)
class Prepared:
    """Leads ready to be scored under any policy.

    Parameters
    ----------
    panel : Panel
    stored : int
        Leads of the client; more than the panel has where there are very many.
    open_leads : int
        Those that have not ended yet.
    measured : Measured or None
        Leads whose end is known, to measure policies on.
    """

    panel: Panel
    stored: int
    open_leads: int
    measured: Measured | None

    @property
    def bytes(self) -> int:
        """Size in memory."""
        if self.measured is None:
            return self.panel.bytes
        samples = self.measured.samples
        return self.panel.bytes + self.measured.panel.bytes + samples.counts.nbytes + samples.converted.nbytes


def prepare(workbench: Workbench, client_id: int, champion: ModelVersion | None, *,
            tell: Progress = silent) -> Prepared:
    """Give the leads of a client, read and judged by the champion once, and again only after something has changed.

    Parameters
    ----------
    tell : Progress
        Told while leads are being read; no transaction that writes may be open.
    """
    now = workbench.clock()
    with read(workbench.engine) as session:
        state = audit.latest(session, client_id, besides=NOT_ABOUT_LEADS)
    version = champion.id if champion else None
    # ages are counted to the present, so a panel is for a day
    key = (client_id, state, version, now.date())
    return _kept(workbench, key, lambda: _build(workbench, client_id, champion, tell))


def _kept(workbench: Workbench, key: tuple[Any, ...], build: Callable[[], Prepared]) -> Prepared:
    panels = workbench.panels
    with _guard:
        lock = panels.setdefault(("lock", key[0]), Lock())
    # people of one client wait for one building instead of each doing it
    with lock:
        found = panels.pop(key, None)
        prepared: Prepared = build() if found is None else found
        with _guard:
            _make_room(panels, key, prepared.bytes)
            panels[key] = prepared
    return prepared


def _make_room(panels: dict[Any, Any], key: tuple[Any, ...], wanted: int) -> None:
    """Let go of what has become out of date for this client, then of what was not used for longest."""
    for other in [other for other, value in panels.items() if isinstance(value, Prepared)]:
        if other[0] == key[0] and other[1] != key[1]:
            del panels[other]
    kept = [other for other, value in panels.items() if isinstance(value, Prepared)]
    total = wanted + sum(panels[other].bytes for other in kept)
    for other in kept:
        if total <= MOST_BYTES:
            return
        total -= panels.pop(other).bytes


def _build(workbench: Workbench, client_id: int, champion: ModelVersion | None, tell: Progress) -> Prepared:
    tell(0.0, "Reading the leads")
    with read(workbench.engine) as session:
        lead_ids = lead_reading.ids(session, client_id)
        counts = lead_reading.outcome_counts(session, client_id)
        closed = sum(leads for stage, leads in counts.items() if stage in {str(stage) for stage in CLOSED_STAGES})
        model = load_model(workbench, champion).model
        panel = _panel(session, workbench, client_id, lead_ids, model, tell=tell)
        tell(0.95, "Reading leads whose end is known")
        measured = find_measured(session, workbench, client_id, champion)
    tell(1.0, "Ready")
    return Prepared(panel, len(lead_ids), len(lead_ids) - closed, measured)


def _panel(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray, model: Model | None, *,
           tell: Progress) -> Panel:
    chosen = lead_ids if len(lead_ids) <= MOST_LEADS else np.sort(
        np.random.default_rng(0).permutation(lead_ids)[:MOST_LEADS])
    as_of = reference_date(lead_reading.latest_dates(session, client_id), workbench.clock())
    custom = lead_reading.custom_fields(session, client_id)
    frames: list[pd.DataFrame] = []
    sides: list[ModelSide] = []
    for done in range(0, max(len(chosen), 1), CHUNK):
        tell(0.9 * done / max(len(chosen), 1), f"Preparing lead {done + 1:,} of {len(chosen):,}")
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=chosen[done:done + CHUNK],
                                        keep_empty=True)
        features = build_features(leads, custom, as_of=as_of, headers={}).frame
        frames.append(narrow(features))
        if model is not None:
            said = model.predict(features)
            sides.append(model_side(said, said.tier))
    side = joined_sides(sides) if sides else None
    by_hand = lead_reading.overrides(session, client_id, chosen)
    return Panel(chosen, joined(frames), side, by_hand)

