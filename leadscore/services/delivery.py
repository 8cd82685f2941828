"""Leads go out: the ranked list, one lead in full, exports, and what people write back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import CUSTOM_PREFIX, FIELDS, CustomField, OutcomeStage, Tier, label_of
from leadscore.scoring.policy import Policy
from leadscore.scoring.reasons import Reason, reason_columns, reasons_for_lead
from leadscore.scoring.tiers import next_action
from leadscore.steps.exporting import check_format, table_bytes
from leadscore.steps.judge import Judged, judge
from leadscore.steps.models import find_version, load_model
from leadscore.steps.policies import policy_in_force
from leadscore.steps.selection import UNREACHABLE_REASONS, count_of_top, unreachable_reason
from leadscore.store import audit, batches, clients
from leadscore.store import leads as lead_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.scores import ListFilter
from leadscore.workbench import Workbench

MASK = "•••"
MAX_PAGE = 1_000
SHOWN_FIELDS = ("company", "job_title", "email", "owner")
FILE_MODE = 0o600
EXPORTED_REASONS = 3
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
    fields: tuple[tuple[str, str], ...] = ()
    top: str | None = None
    columns: tuple[str, ...] = ()
    company_of: int | None = None
    order: str = "score"
    page: int = 1
    page_size: int = 100

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, for an address or a job."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ListView:
        """Read plain values; unknown names are ignored, lists become tuples."""
        known = {item.name for item in fields(cls)}
        plain = {name: tuple(tuple(part) if isinstance(part, list) else part for part in value)
                 if isinstance(value, list) else value for name, value in values.items() if name in known}
        return cls(**plain)


@dataclass(frozen=True)
class LeadPage:
    """One page of the ranked list."""

    frame: pd.DataFrame
    total: int
    pages: int
    unreachable: int
    exported_before: int
    model_version: int | None
    policy_version: int | None
    as_of: datetime | None


@dataclass(frozen=True)
class FilterOptions:
    """What the list can be filtered by."""

    tiers: list[str]
    outcomes: list[str]
    owners: list[str]
    sources: list[str]
    countries: list[str]
    industries: list[str]
    batches: list[tuple[int, str]]
    columns: list[tuple[str, str]]


@dataclass(frozen=True)
class Export:
    """A file ready to be fetched, and who was left out of it and why."""

    filename: str
    content: bytes
    rows: int
    left_out: int
    left_out_reasons: dict[str, int]
    sha256: str


@dataclass(frozen=True)
class WrittenFile:
    """A file on disk."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class LeadDetail:
    """Everything about one lead."""

    lead_id: int
    title: str
    values: list[tuple[str, str, str]]
    score: float | None
    blended: float | None
    rule_score: float | None
    probability: float | None
    probability_low: float | None
    probability_high: float | None
    tier: str | None
    qualified: bool | None
    fit: float | None
    engagement: float | None
    override: dict[str, Any] | None
    reasons: list[Reason]
    base: float | None
    waterfall: pd.DataFrame
    criteria: pd.DataFrame
    history: pd.DataFrame
    outcomes: pd.DataFrame
    activities: pd.DataFrame
    colleagues: pd.DataFrame
    next_action: str
    due: datetime | None
    batch: dict[str, Any]
    source_row: int
    reachable: bool
    unreachable_reason: str | None
    company_key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        plain = {"lead_id": self.lead_id, "title": self.title, "score": self.score, "tier": self.tier,
                 "probability": self.probability, "rule_score": self.rule_score, "fit": self.fit,
                 "engagement": self.engagement, "qualified": self.qualified, "override": self.override,
                 "next_action": self.next_action, "due": self.due, "reachable": self.reachable,
                 "reasons": [asdict(reason) for reason in self.reasons], "base": self.base,
                 "values": {label: value for _, label, value in self.values}}
        return plain | {"history": plain_rows(self.history), "outcomes": plain_rows(self.outcomes)}


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame as a list of rows with missing values as None."""
    return [{str(name): None if _missing(value) else value for name, value in row.items()}
            for row in frame.to_dict("records")]


def _missing(value: Any) -> bool:
    return value is None or (np.ndim(value) == 0 and bool(pd.isna(value)))


# --- the list -----------------------------------------------------------------------------------------------


def list_leads(workbench: Workbench, actor: Actor, *, client: str, view: ListView) -> LeadPage:
    """Give one page of the ranked list; personal values are masked when the role may not see them."""
    require(actor, Action.VIEW_LEADS, client)
    size = min(max(view.page_size, 1), MAX_PAGE)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return LeadPage(_empty_list(view), 0, 0, 0, 0, None, None, None)
        scope = _scope(session, workbench, row.id, view)
        offset = (max(view.page, 1) - 1) * size
        ranked = score_rows.page(session, row.id, scope.filter, order=view.order, offset=offset,
                                 limit=max(0, min(size, scope.wanted - offset)))
        run = score_rows.latest_run(session, row.id)
        frame = _listed(session, workbench, actor, row.id, ranked, view, first_rank=offset + 1)
    return LeadPage(frame=frame, total=scope.wanted, pages=-(-scope.wanted // size), unreachable=scope.unreachable,
                    exported_before=scope.exported, model_version=run.model_version if run else None,
                    policy_version=run.policy_version if run else None, as_of=run.as_of if run else None)


def filter_options(workbench: Workbench, actor: Actor, *, client: str) -> FilterOptions:
    """List what the leads of this client can be filtered by."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return FilterOptions([str(tier) for tier in Tier], [], [], [], [], [], [], [])
        values = {name: score_rows.distinct(session, row.id, name)
                  for name in ("outcome", "owner", "source", "country", "industry")}
        past = [(int(batch.id or 0), f"{batch.filename} · {batch.created_at:%d %b %Y}")
                for batch in batches.of_client(session, row.id) if batch.undone_at is None]
        columns = [(item.name, item.label) for item in FIELDS if item.name not in SHOWN_FIELDS]
        columns += [(custom.name, custom.header) for custom in lead_rows.custom_fields(session, row.id)]
    return FilterOptions([str(tier) for tier in Tier], values["outcome"], values["owner"], values["source"],
                         values["country"], values["industry"], past, columns)


def export_leads(workbench: Workbench, actor: Actor, *, client: str, view: ListView, format: str) -> Export:
    """Write the leads of a view as a file, without those who must not be contacted, and mark them exported.

    Raises
    ------
    InvalidRequest
        Another format than CSV or XLSX, or nobody is left to export.
    """
    require(actor, Action.EXPORT_LEADS, client)
    file_format = check_format(format)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        scope = _scope(session, workbench, client_id, view)
        ranked = score_rows.page(session, client_id, scope.filter, order=view.order, offset=0, limit=scope.wanted)
        frame, left_out = _exported(session, workbench, actor, client_id, ranked, view)
    if frame.empty:
        raise InvalidRequest("nothing_to_export", "No lead is left to export.",
                             "Widen the filter; people without consent are always left out.")
    content = table_bytes(frame.drop(columns="lead_id") if "crm_id" in frame else frame, file_format)
    digest = hashlib.sha256(content).hexdigest()
    with write(workbench.engine) as session:
        lead_rows.mark_exported(session, client_id, frame["lead_id"].to_numpy(), now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="leads_exported",
                     object=f"export:{digest[:16]}",
                     detail={"rows": len(frame), "left_out": left_out, "sha256": digest, "format": file_format,
                             "columns": [str(name) for name in frame.columns], "view": _shape_of(view)})
    name = f"leads_{'top_' + view.top.replace('%', '_percent') if view.top else 'all'}_{now:%Y-%m-%d}.{file_format}"
    return Export(filename=name.replace(" ", ""), content=content, rows=len(frame),
                  left_out=sum(left_out.values()), left_out_reasons=left_out, sha256=digest)


def export_to_path(workbench: Workbench, actor: Actor, *, client: str, view: ListView, path: Path) -> Export:
    """Export a view into a file; its ending chooses the format."""
    exported = export_leads(workbench, actor, client=client, view=view, format=check_format(path.name))
    _write_private(path, exported.content)
    return exported


def write_table(workbench: Workbench, actor: Actor, *, client: str, frame: pd.DataFrame, path: Path) -> WrittenFile:
    """Write a scored file to disk, guarded like every export, and record it."""
    require(actor, Action.EXPORT_LEADS, client)
    content = table_bytes(frame, check_format(path.name))
    digest = hashlib.sha256(content).hexdigest()
    _write_private(path, content)
    now = workbench.clock()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=clients.ensure(session, client, now),
                     actor=actor.name, action="file_scored", object=f"export:{digest[:16]}",
                     detail={"rows": len(frame), "sha256": digest})
    return WrittenFile(path, digest)


@dataclass(frozen=True)
class _Scope:
    """Which leads a view means: the filter, how many of the best, and who of them is special."""

    filter: ListFilter
    wanted: int
    unreachable: int
    exported: int


def _scope(session: Session, workbench: Workbench, client_id: int, view: ListView) -> _Scope:
    chosen = _list_filter(session, workbench, client_id, view)
    total = score_rows.count(session, client_id, chosen)
    policy = policy_in_force_or_none(session, client_id)
    wanted = count_of_top(view.top, total, policy.capacity if policy else None)
    special = score_rows.special_counts(session, client_id, chosen, wanted)
    return _Scope(chosen, wanted, special.unreachable, special.exported)


def _list_filter(session: Session, workbench: Workbench, client_id: int, view: ListView) -> ListFilter:
    company = lead_rows.company_key_of(session, client_id, view.company_of) if view.company_of else None
    return ListFilter(
        tiers=view.tiers, outcomes=view.outcomes, owners=view.owners, sources=view.sources, countries=view.countries,
        industries=view.industries, batch_id=view.batch_id, min_score=view.min_score, max_score=view.max_score,
        reachable=True if view.reachable_only else None, exclude_exported=view.hide_exported, fields=view.fields,
        company_key=company, search=view.search.strip() or None,
        lead_ids=lead_rows.search_people(session, workbench.vault, client_id, view.search) if view.search.strip()
        else None)


def _listed(session: Session, workbench: Workbench, actor: Actor, client_id: int, ranked: pd.DataFrame,
            view: ListView, *, first_rank: int) -> pd.DataFrame:
    """Dress ranked ids with what people read."""
    if ranked.empty:
        return _empty_list(view)
    leads = _read(session, workbench, client_id, ranked.index.to_numpy())
    explained = _explain(session, workbench, client_id, leads, ranked, reasons=1)
    frame = _basics(leads, ranked, explained, first_rank).assign(top_reason=explained.reasons["reason_1"])
    for name in view.columns:
        frame[label_of(name)] = leads[name] if name in leads else pd.Series(None, index=leads.index, dtype="str")
    if not actor.may(Action.VIEW_PERSONAL_DATA):
        frame = _masked(frame, lead_rows.custom_fields(session, client_id))
    return frame.reset_index(names="lead_id")


def _exported(session: Session, workbench: Workbench, actor: Actor, client_id: int, ranked: pd.DataFrame,
              view: ListView) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the rows of an export, and how many were left out for which reason."""
    leads = _read(session, workbench, client_id, ranked.index.to_numpy())
    why = unreachable_reason(leads)
    left_out = {UNREACHABLE_REASONS[str(code)]: int(count) for code, count in why.value_counts().items()}
    ranks = pd.Series(np.arange(1, len(ranked) + 1), index=ranked.index)
    keep = why.isna()
    leads, ranked = leads[keep], ranked[keep]
    if leads.empty:
        return pd.DataFrame({"lead_id": []}), left_out
    explained = _explain(session, workbench, client_id, leads, ranked, reasons=EXPORTED_REASONS)
    frame = _basics(leads, ranked, explained, 1).assign(rank=ranks[keep])
    contact = {name: leads[name] for name in EXPORTED_CONTACT if name in leads and name not in frame}
    chosen = {label_of(name): leads[name] for name in view.columns if name in leads}
    texts = explained.reasons
    return pd.concat([frame.drop(columns="exported"), pd.DataFrame(contact | chosen, index=leads.index), texts],
                     axis=1).reset_index(names="lead_id"), left_out


def _read(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray) -> pd.DataFrame:
    return lead_rows.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids).reindex(lead_ids)


@dataclass(frozen=True)
class _Explained:
    reasons: pd.DataFrame
    actions: pd.DataFrame


def _explain(session: Session, workbench: Workbench, client_id: int, leads: pd.DataFrame, ranked: pd.DataFrame, *,
             reasons: int) -> _Explained:
    """Repeat each run's own judgement, so that the reasons are those of the score shown."""
    custom = lead_rows.custom_fields(session, client_id)
    headers = batches.headers(session, client_id)
    texts, actions = [], []
    for run_id, members in ranked.groupby("run_id", sort=False):
        run = score_rows.run(session, client_id, int(run_id))
        part = leads.loc[members.index]
        judged = _judge_again(session, workbench, client_id, run, part, custom, headers)
        texts.append(reason_columns(judged.blend, judged.features, k=reasons))
        policy = policy_in_force(session, client_id, str(run.policy_version), now=workbench.clock()).policy
        actions.append(next_action(members["tier"], run.created_at, policy))
    return _Explained(pd.concat(texts).reindex(ranked.index), pd.concat(actions).reindex(ranked.index))


def _judge_again(session: Session, workbench: Workbench, client_id: int, run: ScoreRun, leads: pd.DataFrame,
                 custom: Sequence[CustomField], headers: Mapping[str, str]) -> Judged:
    policy = policy_in_force(session, client_id, str(run.policy_version), now=workbench.clock()).policy
    version = str(run.model_version) if run.model_version else NO_MODEL
    chosen = load_model(workbench, find_version(session, client_id, version))
    return judge(leads, custom_fields=custom, headers=headers, policy=policy, model=chosen.model,
                 as_of=pd.Timestamp(run.as_of))


def _basics(leads: pd.DataFrame, ranked: pd.DataFrame, explained: _Explained, first_rank: int) -> pd.DataFrame:
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
    full = leads["full_name"] if "full_name" in leads else empty
    first = leads["first_name"] if "first_name" in leads else empty
    last = leads["last_name"] if "last_name" in leads else empty
    joined = first.fillna("").str.cat(last.fillna(""), sep=" ").str.strip()
    return full.where(full.notna(), joined.mask(joined == ""))


def _masked(frame: pd.DataFrame, custom: Sequence[CustomField]) -> pd.DataFrame:
    hidden = {"name", "email"} | {field.label for field in FIELDS if field.personal}
    hidden |= {field.header for field in custom if field.personal}
    return frame.assign(**{name: frame[name].where(frame[name].isna(), MASK) for name in frame if name in hidden})


def _empty_list(view: ListView) -> pd.DataFrame:
    names = ["lead_id", "rank", "score", "tier", "probability", "name", *SHOWN_FIELDS, "next_action", "due", "outcome",
             "exported", "top_reason", *(label_of(name) for name in view.columns)]
    return pd.DataFrame({name: pd.Series(dtype="str") for name in names})


def _shape_of(view: ListView) -> dict[str, Any]:
    """Describe a view for the audit trail; what a person searched for may be a name and stays out."""
    return {name: value for name, value in view.to_dict().items() if value and name not in {"search", "fields"}}


def _write_private(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
        path.chmod(FILE_MODE)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"The file '{path}' cannot be written: {problem.strerror}.",
                             "Choose another place.") from problem
