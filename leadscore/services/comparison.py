"""Two model versions side by side: what each achieved, whom each ranks first, and which is better on new outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.modeling.comparing import MIN_LEADS_EACH, PairedFigure, compare_rankings, rank_correlation, ranks
from leadscore.steps.comparing import Pair, fingerprint_of, learnt_by_neither, score_with_both
from leadscore.steps.listing import person_names
from leadscore.steps.models import known_version, number_of
from leadscore.steps.policies import policy_in_force
from leadscore.steps.progress import Progress, silent
from leadscore.steps.selection import count_of_top
from leadscore.store import lead_reading
from leadscore.store.database import read, write
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

TOP = "20%"
SHOWN_MOVES = 20
SCATTER_POINTS = 2_000


@dataclass(frozen=True)
class Moved:
    """A lead that one version ranks among the best and the other does not; the name only for those who may see it."""

    lead_id: int
    rank_first: int
    rank_second: int
    name: str | None = None


@dataclass(frozen=True)
class SameLeads:
    """Both versions judged on leads decided since the newer one was trained."""

    leads: int
    converted: int
    figures: dict[str, PairedFigure]

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {"leads": self.leads, "converted": self.converted,
                "figures": {name: figure.to_dict() for name, figure in self.figures.items()}}


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side.

    Parameters
    ----------
    metrics : dict
        ``{name: {"first": {value, low, high}, "second": …}}`` from their reports.
    measured_on_same_leads : bool
        Whether the figures of the reports may be compared with each other.
    leads : int
        Stored leads both have scored.
    rank_correlation : float or None
        Spearman's, in [-1, 1].
    top : int
        Leads in the best 20 %.
    overlap : float or None
        Share of the best 20 % that both agree on.
    entering, leaving : tuple of Moved
        The first leads that enter and leave the best 20 % when the second takes over; best rank first.
    moved : int
        How many enter, which is how many leave.
    points : DataFrame
        At most 2,000 leads: ``lead_id``, ``first`` and ``second`` (scores, 0-100).
    same_leads : SameLeads or None
        None while too few leads have been decided since.
    notes : tuple of str
        What must be kept in mind, in sentences.
    """

    first: int
    second: int
    metrics: dict[str, dict[str, Any]]
    measured_on_same_leads: bool
    leads: int
    rank_correlation: float | None
    top: int
    overlap: float | None
    moved: int
    entering: tuple[Moved, ...]
    leaving: tuple[Moved, ...]
    points: pd.DataFrame
    same_leads: SameLeads | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line; the points are for a chart and stay out of it."""
        plain = {name: getattr(self, name) for name in
                 ("first", "second", "notes", "metrics", "measured_on_same_leads", "leads", "rank_correlation", "top",
                  "overlap", "moved")}
        return plain | {"entering": [asdict(lead) for lead in self.entering],
                        "leaving": [asdict(lead) for lead in self.leaving],
                        "same_leads": self.same_leads.as_dict() if self.same_leads else None}


def compare_models(workbench: Workbench, actor: Actor, *, client: str, first: str, second: str,
                   progress: Progress | None = None) -> Comparison:
    """Compare two versions on their reports, on the stored leads, and on outcomes neither has learnt from.

    Raises
    ------
    NotFound
        The client has no such version.
    TamperedData
        A file of a version is not what was registered.
    """
    require(actor, Action.VIEW_LEADS, client)
    tell = progress or silent
    with write(workbench.engine) as session:
        pair = Pair(known_version(session, client, first), known_version(session, client, second))
        in_force = policy_in_force(session, pair.first.client_id, None, now=workbench.clock())
    with read(workbench.engine) as session:
        scores = score_with_both(session, workbench, pair, in_force, progress=tell)
        outcomes = learnt_by_neither(session, pair.both)
        top = count_of_top(TOP, len(scores))
        places = pd.DataFrame({name: ranks(scores[name].to_numpy()) for name in ("first", "second")},
                              index=scores.index)
        inside = places <= top
        stay = inside["first"] & inside["second"]
        entering = _moves(places[inside["second"] & ~stay], "second")
        leaving = _moves(places[inside["first"] & ~stay], "first")
        if actor.may(Action.VIEW_PERSONAL_DATA):
            entering = _with_names(session, workbench, pair.first.client_id, entering)
            leaving = _with_names(session, workbench, pair.first.client_id, leaving)
    same = _on_same_leads(scores, outcomes)
    return Comparison(
        first=number_of(pair.first), second=number_of(pair.second), metrics=_side_by_side(*pair.both),
        measured_on_same_leads=_measured_alike(*pair.both), leads=len(scores),
        rank_correlation=rank_correlation(scores["first"].to_numpy(), scores["second"].to_numpy()), top=top,
        overlap=float(stay.sum() / top) if top else None, moved=top - int(stay.sum()),
        entering=entering, leaving=leaving, points=_points(scores), same_leads=same,
        notes=_notes(pair, scores, outcomes, same))


def _side_by_side(first: ModelVersion, second: ModelVersion) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys([*first.metrics, *second.metrics])
    return {name: {"first": first.metrics.get(name), "second": second.metrics.get(name)} for name in names}


def _measured_alike(first: ModelVersion, second: ModelVersion) -> bool:
    """Say whether two reports speak of the same test leads: the same leads came in and were split the same way."""
    splits = [_of(row, "split") for row in (first, second)]
    alike = all(splits[0].get(name) == splits[1].get(name) for name in ("kind", "train_rows", "test_rows"))
    same_seed = _of(first, "parameters").get("random_state") == _of(second, "parameters").get("random_state")
    return fingerprint_of(first) == fingerprint_of(second) and alike and same_seed


def _of(row: ModelVersion, name: str) -> Mapping[str, Any]:
    return row.report.get(name) or {}


def _moves(places: pd.DataFrame, by: str) -> tuple[Moved, ...]:
    shown = places.sort_values(by).head(SHOWN_MOVES)
    return tuple(Moved(int(lead), int(before), int(after)) for lead, before, after in
                 zip(shown.index, shown["first"], shown["second"], strict=True))


def _with_names(session: Session, workbench: Workbench, client_id: int, moves: tuple[Moved, ...]) -> tuple[Moved, ...]:
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=[lead.lead_id for lead in moves],
                                    keep_empty=True)
    names = person_names(leads)
    return tuple(replace(lead, name=name if isinstance(name, str) else None)
                 for lead, name in zip(moves, names.reindex([lead.lead_id for lead in moves]), strict=True))


def _points(scores: pd.DataFrame) -> pd.DataFrame:
    """Take every so-manieth lead, so that the picture is the same each time."""
    step = max(1, -(-len(scores) // SCATTER_POINTS))
    return scores[["first", "second"]].iloc[::step].reset_index(names="lead_id")


def _on_same_leads(scores: pd.DataFrame, outcomes: pd.Series) -> SameLeads | None:
    known = outcomes[outcomes.index.isin(scores.index)]
    if not _enough(known):
        return None
    decided = scores.loc[known.index]
    figures = compare_rankings(known.to_numpy(), decided["probability_first"].to_numpy(),
                               decided["probability_second"].to_numpy(), random_state=0)
    return SameLeads(len(known), int(known.sum()), figures)


def _enough(outcomes: pd.Series) -> bool:
    converted = int(outcomes.sum())
    return min(converted, len(outcomes) - converted) >= MIN_LEADS_EACH


def _notes(pair: Pair, scores: pd.DataFrame, outcomes: pd.Series, same: SameLeads | None) -> tuple[str, ...]:
    notes = []
    if not _measured_alike(*pair.both):
        notes.append("The figures of the two reports were measured on different leads: compare them with care.")
    if same is None:
        converted = int(outcomes.sum())
        notes.append(f"Only {converted} converted and {len(outcomes) - converted} lost leads were decided since both "
                     f"were trained; with {MIN_LEADS_EACH} of each they can be judged on the same leads.")
    if not len(scores):
        notes.append("No leads are stored yet to be ranked by both.")
    elif np.allclose(scores["first"], scores["second"]):
        notes.append("Both give every stored lead the same score.")
    return tuple(notes)
