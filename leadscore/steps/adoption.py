"""Adoption of the scores by the people who should work with them, as reports and pages show it."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session

from leadscore.charts.numbers import counted
from leadscore.charts.tile import Better, Tile, Unit
from leadscore.monitoring.adoption import Adoption as Adoption
from leadscore.monitoring.adoption import Satisfaction as Satisfaction
from leadscore.monitoring.adoption import adoption, satisfaction
from leadscore.store import adoption as work
from leadscore.store import opinions


def adoption_of(session: Session, client_id: int, worked: pd.DataFrame, *, first: str, last: str) -> Adoption:
    """Measure who works the leads of a client, whether they follow the list, and whether they find it helpful.

    Parameters
    ----------
    worked : DataFrame
        Columns ``tier``, ``leads`` and ``worked`` (no longer new), of the leads a view means; what people did is known
        of all leads together.
    first, last : str
        The period of deeds and answers, as 2026-01-31, both days included.
    """
    deeds = work.deeds(session, client_id, first=first, last=last)
    return adoption(deeds.frame, work.members(session, client_id), worked,
                    satisfaction_of(session, client_id, first=first, last=last), since=deeds.since)


def satisfaction_of(session: Session, client_id: int, *, first: str, last: str) -> Satisfaction:
    """Measure how many people find the scores helpful, by the latest answer of each in the period."""
    return satisfaction(*opinions.counts(session, client_id, first=first, last=last))


def adoption_tiles(now: Adoption, before: Adoption | None) -> tuple[Tile, Tile]:
    """Give adoption and user satisfaction as key figures, beside those of the period before where there is one."""
    answers, earlier = now.satisfaction, before.satisfaction if before else None
    return (
        Tile("adoption", "Adoption", now.share, Unit.SHARE, before=before.share if before else None,
             note=f"{now.active:,} of the {counted(now.members, 'person', 'people')} who may see these leads opened, "
                  "recorded, assigned or exported one."),
        Tile("satisfaction", "User satisfaction", answers.share, Unit.SHARE, low=answers.low, high=answers.high,
             before=earlier.share if earlier else None, better=Better.UP, note=_said(answers)))


def _said(answers: Satisfaction) -> str:
    if not answers.people:
        return "Nobody has said yet whether the scores help."
    return f"{answers.helpful:,} of {counted(answers.people, 'person', 'people')} who answered say that the scores " \
        "help them decide whom to call."
