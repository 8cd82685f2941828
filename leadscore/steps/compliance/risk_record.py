"""The record of risks: each with its grade, what is done about it and who looks after it, and their matrix."""

from __future__ import annotations

import pandas as pd

from leadscore.charts.risk_matrix import IMPACTS, LIKELIHOODS, grade, risk_matrix
from leadscore.reports.document import Figure, Section, Table
from leadscore.steps.compliance.asking import Asked, Compiled, in_words
from leadscore.steps.report_document import drawing_of
from leadscore.steps.risks import LIVE, State
from leadscore.store import risks
from leadscore.store.tables import Risk


def risk_record(asked: Asked) -> Compiled:
    """Make the record of the risks as they stand."""
    rows = risks.list_all(asked.session, asked.client_id)
    live = [row for row in rows if row.state in LIVE]
    grades = [grade(row.likelihood, row.impact) for row in live]
    late = [row for row in live if row.review_on and row.review_on < f"{asked.as_of:%Y-%m-%d}"]
    sections = (
        Section("In short", figures=(
            Figure("Risks", f"{len(live):,}", note=f"and {len(rows) - len(live):,} closed"),
            Figure("Grave", f"{grades.count('grave'):,}"),
            Figure("To be watched", f"{grades.count('to be watched'):,}"),
            Figure("Review overdue", f"{len(late):,}"))),
        Section("Matrix", drawings=(drawing_of(risk_matrix(frame_of(live)), wide=True),)),
        Section("Risks", tables=(Table("", _table(live)),) if live else (),
                paragraphs=() if live else ("No risk has been entered.",)),
        *((Section("Closed", tables=(Table("", _table([row for row in rows if row.state == State.CLOSED])),)),)
          if len(rows) > len(live) else ()),
    )
    return Compiled("Risk record", f"Lead scoring, as of {in_words(asked.as_of.date())}", sections,
                    records=_records(rows))


def frame_of(rows: list[Risk]) -> pd.DataFrame:
    """Give risks as the matrix draws them: columns ``number``, ``title``, ``likelihood``, ``impact``."""
    return pd.DataFrame({"number": [row.id for row in rows], "title": [row.title for row in rows],
                         "likelihood": [row.likelihood for row in rows], "impact": [row.impact for row in rows]})


def _table(rows: list[Risk]) -> pd.DataFrame:
    worst_first = sorted(rows, key=lambda row: (-row.likelihood * row.impact, row.id or 0))
    return pd.DataFrame({
        "No.": [str(row.id) for row in worst_first],
        "Risk": [f"{row.title}. {row.description}".strip() for row in worst_first],
        "Grade": [grade(row.likelihood, row.impact) for row in worst_first],
        "How likely": [LIKELIHOODS[row.likelihood - 1] for row in worst_first],
        "How bad": [IMPACTS[row.impact - 1] for row in worst_first],
        "What is done": [row.measures or "nothing entered" for row in worst_first],
        "Who": [row.owner or "nobody" for row in worst_first], "State": [row.state for row in worst_first],
        "Review": [row.review_on for row in worst_first]})


def _records(rows: list[Risk]) -> pd.DataFrame:
    names = ("id", "title", "description", "likelihood", "impact", "measures", "owner", "state", "review_on",
             "changed_by", "changed_at")
    return pd.DataFrame({name: [getattr(row, name) for row in rows] for name in names})
