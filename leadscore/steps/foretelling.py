"""What scores foretold of leads whose end is known by now, each by a judgement that could not know that end."""

from __future__ import annotations

import numpy as np
from sqlmodel import Session

from leadscore.scoring.policy import Policy
from leadscore.steps.comparing import learnt_by_neither
from leadscore.steps.held_out import Reading, said_of_kept
from leadscore.steps.models import find_version
from leadscore.store import endings
from leadscore.store.endings import ForetoldBy
from leadscore.workbench import Workbench


def foretell(session: Session, workbench: Workbench, client_id: int, *, policy: Policy,
             versions: tuple[int | None, ...], lead_ids: np.ndarray | None = None) -> None:
    """Note what the scores in force foretold, after a scoring and in its transaction.

    A score that stood there before the end was told is known by then (``endings.refresh``). For the others: rules do
    not learn; the end may have been told after the models had learnt; or the model's judgement was kept from before it
    learnt from the lead, too. Of leads a model has learnt from nothing is foretold.

    Parameters
    ----------
    versions : tuple of int or None
        The models that scored, the champion first; None where rules alone did.
    lead_ids : ndarray or None
        The leads that were scored; all by default.
    """
    endings.take_from_score(session, client_id, ForetoldBy.RULES, lead_ids)
    models = [row for version in versions if version and (row := find_version(session, client_id, str(version)))]
    if not models:
        return
    later = learnt_by_neither(session, models).index.to_numpy()
    endings.take_from_score(session, client_id, ForetoldBy.LATER, _among(later, lead_ids))
    said = said_of_kept(Reading(session, workbench, client_id, policy), models[0], only=lead_ids)
    if said is not None:
        endings.take_from_held_out(session, client_id, said)


def _among(found: np.ndarray, lead_ids: np.ndarray | None) -> np.ndarray:
    return found if lead_ids is None else np.intersect1d(found, lead_ids)
