"""How good the stored leads are, now and over time, by source and field, and what to mend first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.charts.board import quality as pictures
from leadscore.charts.picture import Picture
from leadscore.monitoring.quality import Fix as Fix
from leadscore.monitoring.quality import Quality as Quality
from leadscore.steps.quality import Judged as Judged
from leadscore.steps.quality import judge_quality
from leadscore.steps.records import NOT_ABOUT_LEADS
from leadscore.steps.remembering import remembered
from leadscore.store import audit, clients
from leadscore.store import models as model_rows
from leadscore.store import policies as policy_rows
from leadscore.store.database import read
from leadscore.workbench import Workbench

REMEMBERED = 16
PROBLEM_WORDS = {"missing": "missing", "implausible": "implausible", "unread": "Cells that could not be read",
                 "contradicting": "Contradictions", "stale": "No sign of life", "repeated": "There twice"}


@dataclass(frozen=True)
class QualityView:
    """The quality of a client's leads, and pictures of it.

    Parameters
    ----------
    pictures : dict of str to Picture
        ``quality-heat-map``, ``quality-fixes``, ``quality-months`` and ``quality-imports``.
    """

    judged: Judged
    pictures: dict[str, Picture]

    @property
    def quality(self) -> Quality:
        """The figures."""
        return self.judged.quality

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        quality = self.quality
        return {"leads": quality.leads,
                "dimensions": {each.name: {"score": each.score, "affected": each.affected, "sentence": each.sentence}
                               for each in quality.dimensions},
                "mend_first": [asdict(fix) for fix in quality.fixes],
                "sources": _records(quality.sources), "fields": _records(quality.fields),
                "personal_fields_as_imported": _records(self.judged.noted), "months": _records(quality.months),
                "imports": _records(self.judged.imports.assign(at=self.judged.imports["at"].astype(str))),
                "outliers": self.judged.outlying}


def quality_overview(workbench: Workbench, actor: Actor, *, client: str) -> QualityView:
    """Judge the stored leads; remembered until leads, settings or the model change, or the day is over."""
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        return remembered(workbench, "quality", _key(session, workbench, client_id),
                          partial(_made, session, workbench, client_id), most=REMEMBERED)


def _key(session: Session, workbench: Workbench, client_id: int) -> tuple[Any, ...]:
    champion, policy = model_rows.champion(session, client_id), policy_rows.active(session, client_id)
    return (client_id, workbench.clock().date(), audit.latest(session, client_id, besides=NOT_ABOUT_LEADS),
            champion.id if champion else None, policy.version if policy else None)


def _made(session: Session, workbench: Workbench, client_id: int) -> QualityView:
    judged = judge_quality(session, workbench, client_id)
    quality = judged.quality
    order = quality.fields.sort_values(["importance", "filled"], ascending=[False, True], kind="stable")["field"]
    fixes = pd.DataFrame([asdict(fix) | {"title": _title(fix)} for fix in quality.fixes],
                         columns=["title", "leads", "importance", "cost", "sentence", "advice"])
    found = [pictures.heat_map(quality.cells, order.tolist()), pictures.fixes(fixes),
             pictures.over_months(quality.months), pictures.over_imports(judged.imports)]
    return QualityView(judged, {picture.key: picture for picture in found})


def _title(fix: Fix) -> str:
    words = PROBLEM_WORDS[fix.problem]
    return f"{fix.label} {words}" if fix.label else words


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in record.items()} for record in plain.to_dict("records")]
