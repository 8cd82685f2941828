"""Scores stored earlier are made once more, with the versions and the date they carry, and compared bit for bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.steps.listing import judge_again
from leadscore.steps.models import number_of
from leadscore.store import lead_reading
from leadscore.store import scores as score_rows
from leadscore.store.score_seals import SEALED
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

REPLAYED_LEADS = 1_000
COMPARED = SEALED


@dataclass(frozen=True)
class Replayed:
    """What scoring leads again with a version has shown.

    Parameters
    ----------
    leads : int
        Leads scored again.
    identical : int
        Those whose probability, rule score and blended score are the stored ones, bit for bit.
    skipped_changed : int
        Leads left out because their values have changed since they were scored.
    """

    leads: int
    identical: int
    skipped_changed: int

    @property
    def same(self) -> bool:
        """Whether every lead scored again has its stored score."""
        return self.identical == self.leads

    def as_dict(self) -> dict[str, int]:
        """Give the answer of the command line."""
        return asdict(self)


def replay(session: Session, workbench: Workbench, row: ModelVersion, *, most: int = REPLAYED_LEADS) -> Replayed:
    """Score leads again that a version has scored, each with the policy and the date of its run.

    Parameters
    ----------
    row : ModelVersion
    most : int
        Leads to take, those of the newest runs first.
    """
    stored = score_rows.scored_by(session, row.client_id, number_of(row), most)
    kept = stored[~stored["changed"].to_numpy(dtype=bool)]
    parts = [_scored_again(session, workbench, row.client_id, run_id, kept.index[kept["run_id"] == run_id].to_numpy())
             for run_id in kept["run_id"].unique().tolist()]
    if not parts:
        return Replayed(0, 0, len(stored))
    again = pd.concat(parts).reindex(kept.index)
    same = same_bits(kept, again)
    return Replayed(len(kept), int(same.sum()), len(stored) - len(kept))


def _scored_again(session: Session, workbench: Workbench, client_id: int, run_id: int,
                  lead_ids: np.ndarray) -> pd.DataFrame:
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids, keep_empty=True)
    judged = judge_again(session, workbench, client_id, score_rows.run(session, client_id, run_id), leads,
                         lead_reading.custom_fields(session, client_id), {})
    return pd.DataFrame({"probability": judged.probability, "rule_score": judged.rules.rule_score,
                         "blended": judged.blend.blended})


def same_bits(stored: pd.DataFrame, again: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say of each lead whether all its numbers are alike to the last bit; two missing ones are."""
    then, now = (frame[list(COMPARED)].to_numpy(dtype=float) for frame in (stored, again))
    return np.asarray(((then == now) | (np.isnan(then) & np.isnan(now))).all(axis=1))
