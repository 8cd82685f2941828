"""The ranked list: which leads a view means, and how their rows look to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from dataclasses import fields as fields_of
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.schema import FIELDS, PERSONAL_FIELDS, CustomField, Field, label_of
from leadscore.scoring.reasons import reason_columns
from leadscore.scoring.tiers import next_action
from leadscore.steps.judge import Judged, judge
from leadscore.steps.models import NO_MODEL, find_version, load_model
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import policy_in_force, with_suggested_blend
from leadscore.steps.selection import UNREACHABLE_REASONS, count_of_top, unreachable_reason
from leadscore.store import batches, consents, lead_matching, lead_reading
from leadscore.store import policies as policy_rows
from leadscore.store import scores as score_rows
from leadscore.store import segments as segment_rows
from leadscore.store.list_filter import FieldTest as FieldTest
from leadscore.store.list_filter import ListFilter, storable
from leadscore.store.tables import ScoreRun, Segment
from leadscore.workbench import Workbench

MASK = "•••"
BY_SCORE = "score"
MOST_NESTED = 5
"""Segments inside segments; more can only be a circle."""
SHOWN_FIELDS = ("company", "job_title", "email", "owner")
EXPORTED_REASONS = 3
CLASH = " (yours)"
EXPORTED_CONTACT = ("crm_id", "first_name", "last_name", "phone", "mobile", "city", "region", "country", "industry",
                    "source", "campaign")


@dataclass(frozen=True)
class ListView:
    """What a person wants to see of the ranked list; every part of it fits into an address."""

    search: str = ""
    tiers: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    batch_id: int | None = None
    min_score: float | None = None
    max_score: float | None = None
    reachable_only: bool = False
    hide_exported: bool = False
    fields: tuple[tuple[str, str, str], ...] = ()
    segment: int | None = None
    entered_since: str | None = None
    came_from: str | None = None
    came_to: str | None = None
    model_version: int | None = None
    policy_version: int | None = None
    top: str | None = None
    columns: tuple[str, ...] = ()
    company_of: int | None = None
    order: str = BY_SCORE
    page: int = 1
    page_size: int = 100

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, for an address or a job."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ListView:
        """Read plain values; unknown names are ignored, lists become tuples."""
        known = {item.name for item in fields_of(cls)}
        plain: dict[str, Any] = {name: tuple(tuple(part) if isinstance(part, list) else part for part in value)
                 if isinstance(value, list) else value for name, value in values.items() if name in known}
        return cls(**plain)

    def as_filter(self) -> ListView:
        """Leave out what only says how a list looks: columns, order and page."""
        return replace(self, columns=(), order=BY_SCORE, page=1, page_size=ListView.page_size)


@dataclass(frozen=True)
class Scope:
    """Which leads a view means: the filter, how many of the best, and who of them is special."""

    filter: ListFilter
    wanted: int
    unreachable: int
    exported: int


def scope_of(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> Scope:
    """Work out what a view means in this client's store.

    Parameters
    ----------
    by : str
        Who looks: a view of theirs may stand on segments they may see.

    Raises
    ------
    NotFound
        The view is narrowed to a segment that is not there, or that is somebody else's alone.
    InvalidRequest
        A filter that cannot be, or segments that stand inside each other without end.
    """
    chosen = _list_filter(session, workbench, client_id, view, by)
    total = score_rows.count(session, client_id, chosen)
    wanted = _wanted(session, client_id, view, total)
    special = score_rows.special_counts(session, client_id, chosen, wanted)
    if wanted < total and view.order != BY_SCORE:
        # in another order the first ones are not the best ones
        chosen = _only_best(session, client_id, chosen, wanted)
    return Scope(chosen, wanted, special.unreachable, special.exported)


def filter_of(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> ListFilter:
    """Give the filter of a view, whatever it says of the best among them; ``by`` as for :func:`scope_of`."""
    return _list_filter(session, workbench, client_id, view, by)


def members_of(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> np.ndarray:
    """List the ids of the leads a view means, in ascending order; ``by`` as for :func:`scope_of`."""
    chosen = _list_filter(session, workbench, client_id, view, by)
    total = score_rows.count(session, client_id, chosen)
    found = score_rows.top(session, client_id, _wanted(session, client_id, view, total), chosen)
    return np.sort(found.index.to_numpy())


def _wanted(session: Session, client_id: int, view: ListView, total: int) -> int:
    active = policy_rows.active(session, client_id)
    return count_of_top(view.top, total, active.body.get("capacity") if active else None)


def _only_best(session: Session, client_id: int, chosen: ListFilter, wanted: int) -> ListFilter:
    best = score_rows.top(session, client_id, wanted, chosen).index.to_numpy()
    return replace(chosen, lead_ids=best, search=None)


def _list_filter(session: Session, workbench: Workbench, client_id: int, view: ListView, by: str,
                 depth: int = 0) -> ListFilter:
    company = lead_matching.company_key_of(session, client_id, view.company_of) if view.company_of else None
    search = storable(view.search).strip()
    if view.company_of and company is None:
        # a lead without a company has no colleagues
        return ListFilter(lead_ids=[view.company_of])
    return ListFilter(
        tiers=view.tiers, outcomes=view.outcomes, owners=view.owners, sources=view.sources, countries=view.countries,
        industries=view.industries, batch_id=view.batch_id, min_score=view.min_score, max_score=view.max_score,
        reachable=True if view.reachable_only else None, exclude_exported=view.hide_exported,
        fields=view.fields, company_key=company, search=search or None,
        days=_days(view), model_version=view.model_version, policy_version=view.policy_version,
        within=_segment_filter(session, workbench, client_id, view, by, depth),
        lead_ids=lead_matching.search_people(session, workbench.vault, client_id, search) if search else None)


def _segment_filter(session: Session, workbench: Workbench, client_id: int, view: ListView, by: str,
                    depth: int) -> tuple[ListFilter, ...]:
    """Give the filter of the segment a view is narrowed to; those who came in lately are written down by name."""
    if view.segment is None:
        return ()
    row = segment_rows.get(session, client_id, view.segment, seen_by=by)
    if view.entered_since:
        return (ListFilter(member_of=row.id, member_since=_moment(view.entered_since)),)
    if depth >= MOST_NESTED:
        raise InvalidRequest("segments_in_a_circle", f"The segment '{row.name}' stands inside itself.",
                             "Save it again without another segment among its filters.")
    own = view_of(workbench, row)
    # what stands inside a shared segment was shared with it by whoever saved it
    chosen = _list_filter(session, workbench, client_id, own, row.created_by, depth + 1)
    if not own.top:
        return (chosen,)
    return (_only_best(session, client_id, chosen,
                       _wanted(session, client_id, own, score_rows.count(session, client_id, chosen))),)


def _days(view: ListView) -> tuple[str, str] | None:
    if view.came_from is None and view.came_to is None:
        return None
    first, last = _day(view.came_from or "0001-01-01"), _day(view.came_to or "9999-12-31")
    if last < first:
        raise InvalidRequest("period_upside_down", "The period ends before it starts.", "Swap the two days.")
    return first, last


def _day(written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError as problem:
        raise InvalidRequest("wrong_date", f"'{written}' is not a day.", "Write it as 2026-01-31.") from problem


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as problem:
        raise InvalidRequest("wrong_date", f"'{written}' is not a moment.",
                             "Write it as 2026-01-31T09:30:00+00:00.") from problem
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def view_of(workbench: Workbench, row: Segment) -> ListView:
    """Read the view a segment was saved with."""
    return ListView.from_dict(segment_rows.opened(workbench.vault, row))


def listed_rows(session: Session, workbench: Workbench, client_id: int, ranked: pd.DataFrame, view: ListView, *,
                first_rank: int, personal: bool) -> pd.DataFrame:
    """Dress ranked ids with what people read."""
    if ranked.empty:
        return empty_list(view)
    leads = _read(session, workbench, client_id, ranked.index.to_numpy())
    explained = explain(session, workbench, client_id, leads, ranked, reasons=1, personal=personal)
    frame = _basics(leads, ranked, explained, first_rank).assign(top_reason=explained.reasons["reason_1"])
    shown = _further_columns(view, leads)
    if not personal:
        custom = lead_reading.custom_fields(session, client_id)
        frame, shown = masked(frame, custom), masked(shown, custom)
    return pd.concat([frame, shown.rename(columns=_column_labels(view, list(frame)))], axis=1) \
        .reset_index(names="lead_id")


def exported_rows(session: Session, workbench: Workbench, client_id: int, ranked: pd.DataFrame, view: ListView,
                  places: pd.Series | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the rows of an export, and how many were left out for which reason.

    Parameters
    ----------
    places : Series, optional
        The place of each lead in the list, where these are not its first ones.
    """
    leads = _read(session, workbench, client_id, ranked.index.to_numpy())
    why = unreachable_reason(leads, consents.opted_out(session, client_id, consents.Purpose.SALE))
    left_out = {UNREACHABLE_REASONS[str(code)]: int(count) for code, count in why.value_counts().items()}
    ranks = pd.Series(np.arange(1, len(ranked) + 1), index=ranked.index) if places is None else places
    keep = why.isna()
    leads, ranked = leads[keep], ranked[keep]
    if leads.empty:
        return pd.DataFrame({"lead_id": []}), left_out
    explained = explain(session, workbench, client_id, leads, ranked, reasons=EXPORTED_REASONS, personal=True)
    frame = _basics(leads, ranked, explained, 1).assign(rank=ranks[keep])
    contact = {name: leads[name] for name in EXPORTED_CONTACT if name in leads and name not in frame}
    ours = pd.concat([frame.drop(columns="exported"), pd.DataFrame(contact, index=leads.index)], axis=1)
    known = replace(view, columns=tuple(name for name in view.columns if name in leads))
    chosen = _further_columns(known, leads).rename(columns=_column_labels(known, [*ours, *explained.reasons]))
    return pd.concat([ours, chosen, explained.reasons], axis=1).reset_index(names="lead_id"), left_out


def _further_columns(view: ListView, leads: pd.DataFrame) -> pd.DataFrame:
    """Give the columns a person has asked for, under our names."""
    nothing = pd.Series(None, index=leads.index, dtype="str")
    return pd.DataFrame({name: leads.get(name, nothing) for name in view.columns}, index=leads.index)


def _column_labels(view: ListView, ours: Iterable[Any]) -> dict[str, str]:
    """Name the columns a person has asked for; a header of theirs that is called like a column of ours is marked."""
    labels: dict[str, str] = {}
    taken = {"lead_id", *ours}
    for name in dict.fromkeys(view.columns):
        label = label_of(name)
        while label in taken:
            label += CLASH
        labels[name] = label
        taken.add(label)
    return labels


def _read(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray) -> pd.DataFrame:
    # what is said of a lead must not depend on which others are on the page
    return lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids, keep_empty=True) \
        .reindex(lead_ids)


@dataclass(frozen=True)
class Explained:
    """Reason texts, and what to do next by when; both indexed by lead."""

    reasons: pd.DataFrame
    actions: pd.DataFrame


def explain(session: Session, workbench: Workbench, client_id: int, leads: pd.DataFrame, ranked: pd.DataFrame, *,
            reasons: int, personal: bool) -> Explained:
    """Repeat each run's own judgement, so that the reasons are those of the score shown."""
    custom = lead_reading.custom_fields(session, client_id)
    headers = batches.headers(session, client_id)
    texts, actions = [], []
    for run_id in ranked["run_id"].unique().tolist():
        members = ranked[ranked["run_id"] == run_id]
        run = score_rows.run(session, client_id, run_id)
        part = leads.loc[members.index]
        judged = judge_again(session, workbench, client_id, run, part, custom, headers)
        texts.append(reason_columns(judged.blend, judged.features, judged.policy, k=reasons,
                                    hidden=() if personal else PERSONAL_FIELDS))
        actions.append(next_action(members["tier"], run.created_at, judged.policy))
    return Explained(pd.concat(texts).reindex(ranked.index), pd.concat(actions).reindex(ranked.index))


def judge_again(session: Session, workbench: Workbench, client_id: int, run: ScoreRun, leads: pd.DataFrame,
                custom: Sequence[CustomField], headers: Mapping[str, str]) -> Judged:
    """Score leads with the policy, the model and the date of an earlier run."""
    row = find_version(session, client_id, str(run.model_version) if run.model_version else NO_MODEL)
    in_force = policy_in_force(session, client_id, str(run.policy_version), now=workbench.clock())
    leads = with_offer(workbench, session, client_id, leads, in_force.policy, known_at=run.created_at)
    return judge(leads, custom_fields=custom, headers=headers, policy=with_suggested_blend(in_force, row).policy,
                 model=load_model(workbench, row).model, as_of=pd.Timestamp(run.as_of))


def _basics(leads: pd.DataFrame, ranked: pd.DataFrame, explained: Explained, first_rank: int) -> pd.DataFrame:
    frame = pd.DataFrame(index=ranked.index)
    frame["rank"] = np.arange(first_rank, first_rank + len(ranked))
    frame["score"] = ranked["score"].round(1)
    frame["tier"] = ranked["tier"]
    frame["probability"] = ranked["probability"].round(4)
    frame["name"] = person_names(leads)
    for name in SHOWN_FIELDS:
        frame[name] = leads[name] if name in leads else pd.Series(None, index=leads.index, dtype="str")
    frame["next_action"] = explained.actions["action"]
    frame["due"] = explained.actions["due"]
    frame["outcome"] = ranked["outcome"]
    frame["exported"] = ranked["exported"]
    return frame


def person_names(leads: pd.DataFrame) -> pd.Series:
    """Put together what a lead is called: the full name, else first and last name."""
    empty = pd.Series(None, index=leads.index, dtype="str")
    full = leads.get("full_name", empty)
    first = leads.get("first_name", empty)
    last = leads.get("last_name", empty)
    joined = first.fillna("").str.cat(last.fillna(""), sep=" ").str.strip()
    return full.where(full.notna(), joined.mask(joined == ""))


def masked(frame: pd.DataFrame, custom: Sequence[CustomField]) -> pd.DataFrame:
    """Hide what identifies people."""
    fields: list[Field | CustomField] = [*FIELDS, *custom]
    hidden = {"name", *(field.name for field in fields if field.personal)}
    return frame.assign(**{str(name): frame[name].where(frame[name].isna(), MASK) for name in frame if name in hidden})


def empty_list(view: ListView) -> pd.DataFrame:
    """Give a list without leads, with the columns of one."""
    names = ["lead_id", "rank", "score", "tier", "probability", "name", *SHOWN_FIELDS, "next_action", "due", "outcome",
             "exported", "top_reason"]
    names += _column_labels(view, names).values()
    return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
