"""The notice about an automated decision on one lead: what was decided, why, from which data, and what one can do.

Made for Articles 22 and 15(1)(h) of the General Data Protection Regulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from leadscore import __version__
from leadscore.errors import InvalidRequest
from leadscore.reports.document import Figure, Section, Table
from leadscore.schema import CLOSED_STAGES, CUSTOM_PREFIX
from leadscore.steps.compliance.asking import Asked, Compiled, in_words, moment
from leadscore.steps.compliance.plain_words import Learnt, PlainWords, plain_words
from leadscore.steps.lead_values import values_by_field
from leadscore.steps.listing import person_names
from leadscore.steps.processing import processing_of
from leadscore.steps.verdict import Verdict, verdict_on
from leadscore.store import batches, evidence, lead_reading, models
from leadscore.store import scores as score_rows
from leadscore.store.tables import Client, ScoreRun


@dataclass(frozen=True)
class Decision:
    """A decision about a lead with all that explains it.

    Parameters
    ----------
    who : str
        The person's name and company.
    data : DataFrame
        Columns ``What``, ``Value``, ``Came from``.
    """

    who: str
    verdict: Verdict
    words: PlainWords
    data: pd.DataFrame
    run: ScoreRun
    set_by_hand: bool


def decision_on(asked: Asked) -> Decision:
    """Read the decision in force about a lead.

    Raises
    ------
    NotFound
        The client has no such lead.
    InvalidRequest
        It has not been scored.
    """
    session, client_id, lead_id = asked.session, asked.client_id, int(asked.lead_id or 0)
    row = lead_reading.find_lead(session, client_id, lead_id)
    leads = lead_reading.read_leads(session, asked.workbench.vault, client_id, lead_ids=[lead_id], keep_empty=True)
    current = score_rows.of_leads(session, client_id, [lead_id])
    if current.empty:
        raise InvalidRequest("not_scored", "This lead has no score, so there is no decision to explain.",
                             "Score the leads first.")
    custom, headers = lead_reading.custom_fields(session, client_id), batches.headers(session, client_id)
    verdict = verdict_on(session, asked.workbench, client_id, leads, current, custom, headers, personal=True)
    run = score_rows.run(session, client_id, int(current["run_id"].iloc[0]))
    by_hand = row.override_by is not None
    words = plain_words(verdict, learnt=_learnt(asked, run), set_by_hand=by_hand, decided=row.outcome in CLOSED_STAGES,
                        contact=processing_of(session.get_one(Client, client_id)).contact)
    data = _data(asked, row, values_by_field(leads, custom, headers))
    return Decision(_who(leads, lead_id), verdict, words, data, run, by_hand)


def notice(asked: Asked) -> Compiled:
    """Make the notice about the decision on one lead."""
    found = decision_on(asked)
    words = found.words
    sections = (
        Section("What was decided", words.decided, figures=_figures(found)),
        Section("How the score is worked out", words.worked_out),
        Section("What counted for you", words.counted, tables=(_counted(found.verdict),)),
        Section("What would change the result", words.would_change),
        Section("The data we hold on you, and where it came from",
                ("Not all of it counted; the list of facts above says what did. Of the files we were given the newest "
                 "one that had the entry is named.",),
                tables=(Table("", found.data),)),
        Section("What you can do", words.rights),
        Section("Versions and time", tables=(Table("", _versions(found)),)),
    )
    notes = (f"Lead {asked.lead_id}. Points are on the scale of the score, from 0 to 100.",)
    return Compiled("How your score came about", f"{found.who} · {in_words(asked.as_of.date())}", sections, notes,
                    text=words.text)


def _who(leads: pd.DataFrame, lead_id: int) -> str:
    company = leads["company"].iloc[0] if "company" in leads else None
    parts = [part for part in (person_names(leads).iloc[0], company) if isinstance(part, str) and part]
    return ", ".join(parts) or f"Lead {lead_id}"


def _learnt(asked: Asked, run: ScoreRun) -> Learnt | None:
    if run.model_version is None:
        return None
    row = models.find(asked.session, asked.client_id, run.model_version)
    return Learnt((row.report.get("data") or {}).get("rows") if row else None)


def _figures(found: Decision) -> tuple[Figure, ...]:
    verdict = found.verdict
    chance = () if verdict.probability is None else (Figure("Chance the model sees", f"{verdict.probability:.0%}"),)
    by_hand = "set by a person" if found.set_by_hand else ""
    return (Figure("Score", f"{verdict.score:.0f} of 100", note=by_hand), Figure("Group", str(verdict.tier),
                                                                                 note=by_hand), *chance)


def _counted(verdict: Verdict) -> Table:
    rows = [("Everybody starts with", verdict.base or 0.0), *((reason.text, reason.effect) for reason in
                                                              verdict.reasons)]
    total = verdict.blended if verdict.blended is not None else sum(points for _, points in rows)
    return Table("Every fact and its points", pd.DataFrame(
        {"Fact": [*(text for text, _ in rows), "Together"], "Points": [*(f"{points:+.1f}" for _, points in rows),
                                                                       f"{total:.1f}"]}))


def _data(asked: Asked, row: Any, values: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Name for each value the newest file that had its column, of those that brought or changed the lead."""
    numbers = sorted({int(row.batch_id), *evidence.imports_that_changed(asked.session, asked.client_id, int(row.id))})
    files = [batches.get(asked.session, asked.client_id, number) for number in numbers]
    source: dict[str, str] = {}
    for file in files:
        columns = [*file.fields, *(f"{CUSTOM_PREFIX}{custom['header']}" for custom in file.custom_fields)]
        source |= dict.fromkeys(columns, f"{file.filename}, {in_words(file.created_at.date())}")
    return pd.DataFrame({"What": [label for _, label, _ in values], "Value": [text for *_, text in values],
                         "Came from": [source.get(name, "entered here") for name, *_ in values]})


def _versions(found: Decision) -> pd.DataFrame:
    run = found.run
    model = f"version {run.model_version}" if run.model_version else "none, rules alone"
    return pd.DataFrame([("Scored on", f"{moment(run.created_at)} UTC"),
                         ("From data as of", f"{moment(run.as_of)} UTC"),
                         ("Rules and settings", f"version {run.policy_version}"), ("Model", model),
                         ("Program", f"version {__version__}")], columns=["What", "Version or time"])


