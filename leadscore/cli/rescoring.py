"""Scoring stored leads the way every command does it: then look who came into which segment."""

from __future__ import annotations

import logging

from leadscore.cli.words import (
    operator,
    progress,
)
from leadscore.services import (
    scoring,
    segments,
)
from leadscore.workbench import Workbench

log = logging.getLogger(__name__)


def rescored(workbench: Workbench, client: str, batch_id: int | None = None) -> scoring.Rescored:
    """Score stored leads, then look who has come into the segments that something happens for."""
    actor = operator()
    scored = scoring.rescore(workbench, actor, client=client, batch_id=batch_id, progress=progress)
    for found in segments.follow_segments(workbench, actor, client=client):
        log.info("%s: %d came in, %d left. %s", found.segment, found.came, found.went, found.done)
    return scored
