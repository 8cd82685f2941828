"""The leads of a client prepared for trying out policies, kept in memory until something about them changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.modeling.model import Model
from leadscore.schema import CLOSED_STAGES, Group
from leadscore.scoring.blend import WHOLE
from leadscore.scoring.policy import Policy, digest
from leadscore.scoring.simulation import ModelSide, Panel, joined, joined_sides, model_side, narrow
from leadscore.steps.held_out import Measured, Reading, find_measured
from leadscore.steps.models import load_model
from leadscore.steps.progress import Progress, silent
from leadscore.steps.records import NOT_ABOUT_LEADS
from leadscore.store import audit, lead_reading
from leadscore.store.database import read
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

CHUNK = 20_000
TRIES = 3
MOST_LEADS = 1_000_000
"""Of more leads so many are chosen by chance: their shares are those of all."""
MOST_BYTES = 1_500_000_000
"""Memory all panels may take together; those not used for longest go first."""
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

    @cached_property
    def bytes(self) -> int:
        """Size in memory."""
        if self.measured is None:
            return self.panel.bytes
        samples = self.measured.samples
        return self.panel.bytes + self.measured.panel.bytes + samples.counts.nbytes + samples.converted.nbytes


def prepare(workbench: Workbench, client_id: int, champion: ModelVersion | None, policy: Policy, *,
            tell: Progress = silent) -> Prepared:
    """Give the leads of a client, read and judged by the champion once, and again only after something has changed.

    Parameters
    ----------
    policy : Policy
        Its offer and the features people made decide which columns there are; all else may differ from move to move.
    tell : Progress
        Told while leads are being read; no transaction that writes may be open.
    """
    with read(workbench.engine) as session:
        key = _key(session, workbench, client_id, champion, policy)
    return _kept(workbench, key, lambda: _build(workbench, client_id, champion, policy, tell))


def in_memory(session: Session, workbench: Workbench, client_id: int, champion: ModelVersion | None,
              policy: Policy) -> Prepared | None:
    """Give what :func:`prepare` would, if somebody has just looked at it; nothing is read for this."""
    found = workbench.panels.get(_key(session, workbench, client_id, champion, policy))
    return found if isinstance(found, Prepared) else None


def _key(session: Session, workbench: Workbench, client_id: int, champion: ModelVersion | None,
         policy: Policy) -> tuple[Any, ...]:
    state = audit.latest(session, client_id, besides=NOT_ABOUT_LEADS)
    version = champion.id if champion else None
    # ages are counted to the present, so a panel is for a day
    made = digest(replace(Policy(group_weights={Group.FIT: WHOLE}), made=policy.made, offer=policy.offer))
    return client_id, made, state, version, workbench.clock().date()


def prepare_both(workbench: Workbench, client_id: int, champion: ModelVersion | None,
                 policies: tuple[Policy, Policy], *, tell: Progress = silent) -> tuple[Prepared, Prepared]:
    """Prepare the same leads for two policies, whose offer or made features may differ.

    Raises
    ------
    InvalidRequest
        ``leads_are_changing``: leads come in faster than they can be read twice.
    """
    for _ in range(TRIES):
        first, second = (prepare(workbench, client_id, champion, policy, tell=tell) for policy in policies)
        if first is second or _about_the_same(first, second):
            return first, second
    raise InvalidRequest("leads_are_changing", "Leads are being imported or changed right now.",
                         "Look again when that is done.")


def _about_the_same(first: Prepared, second: Prepared) -> bool:
    """Say whether both are of the same leads, and measure on the same outcomes."""
    ends, others = (np.empty(0) if one.measured is None else one.measured.samples.y for one in (first, second))
    return np.array_equal(first.panel.lead_ids, second.panel.lead_ids) and np.array_equal(ends, others)


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
        if other[:2] == key[:2] and other != key:
            del panels[other]
    kept = [other for other, value in panels.items() if isinstance(value, Prepared)]
    total = wanted + sum(panels[other].bytes for other in kept)
    for other in kept:
        if total <= MOST_BYTES:
            return
        total -= panels.pop(other).bytes


def _build(workbench: Workbench, client_id: int, champion: ModelVersion | None, policy: Policy,
           tell: Progress) -> Prepared:
    tell(0.0, "Reading the leads")
    with read(workbench.engine) as session:
        lead_ids = lead_reading.ids(session, client_id)
        counts = lead_reading.outcome_counts(session, client_id)
        closed = sum(leads for stage, leads in counts.items() if stage in {str(stage) for stage in CLOSED_STAGES})
        model = load_model(workbench, champion).model
        panel = _panel(Reading(session, workbench, client_id, policy), lead_ids, model, tell=tell)
        tell(0.95, "Reading leads whose end is known")
        measured = find_measured(Reading(session, workbench, client_id, policy), champion)
    tell(1.0, "Ready")
    return Prepared(panel, len(lead_ids), len(lead_ids) - closed, measured)


def _panel(reading: Reading, lead_ids: np.ndarray, model: Model | None, *, tell: Progress) -> Panel:
    chosen = lead_ids if len(lead_ids) <= MOST_LEADS else np.sort(
        np.random.default_rng(0).permutation(lead_ids)[:MOST_LEADS])
    frames: list[pd.DataFrame] = []
    sides: list[ModelSide] = []
    for done in range(0, max(len(chosen), 1), CHUNK):
        tell(0.9 * done / max(len(chosen), 1), f"Preparing lead {done + 1:,} of {len(chosen):,}")
        features = reading.features(chosen[done:done + CHUNK], model)
        frames.append(narrow(features))
        if model is not None:
            said = model.predict(features)
            sides.append(model_side(said, said.tier))
    by_hand = lead_reading.overrides(reading.session, reading.client_id, chosen)
    return Panel(chosen, joined(frames), joined_sides(sides) if sides else None, by_hand)
