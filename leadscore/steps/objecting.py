"""A person objects to being profiled, or agrees again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlmodel import Session

from leadscore.steps.erasing import forget_in_memory
from leadscore.store import held_out, restriction, vectors
from leadscore.store import scores as score_rows
from leadscore.workbench import Workbench


def stop_profiling(session: Session, workbench: Workbench, client_id: int, lead_ids: Sequence[int] | np.ndarray, *,
                   now: datetime) -> int:
    """Take leads out of every list, scoring, training, measurement and comparison; returns how many were in them.

    Their earlier scores stay in the history, for whoever asks what was thought of them.
    """
    stopped = restriction.mark(session, client_id, lead_ids, now=now)
    score_rows.withdraw(session, client_id, stopped)
    vectors.forget(session, client_id, stopped)
    held_out.forget(session, workbench.vault, client_id, stopped)
    forget_in_memory(workbench, client_id)
    return len(stopped)


def resume_profiling(session: Session, workbench: Workbench, client_id: int,
                     lead_ids: Sequence[int] | np.ndarray) -> int:
    """Let leads take part again from the next scoring on; returns how many had not."""
    freed = restriction.unmark(session, client_id, lead_ids)
    if len(freed):
        vectors.prepare_again(session, client_id)
    forget_in_memory(workbench, client_id)
    return len(freed)
