"""Leads go out: the ranked list, page by page, and the files made of it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.monitoring.held_back import mixed
from leadscore.schema import FIELDS, OutcomeStage, Tier
from leadscore.steps.exporting import check_format, table_bytes
from leadscore.steps.held_back import draw, expected, open_of, share_of, taken_of
from leadscore.steps.listing import (
    SHOWN_FIELDS,
    Scope,
    empty_list,
    exported_rows,
    filter_of,
    listed_rows,
    scope_of,
)
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.members import packed
from leadscore.steps.plain import plain_rows as plain_rows
from leadscore.steps.run_records import reasons_in
from leadscore.steps.view_words import shape_of
from leadscore.store import audit, batches, clients, held_back, lead_reading
from leadscore.store import leads as lead_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

MAX_PAGE = 1_000
FILE_MODE = 0o600


@dataclass(frozen=True)
class LeadPage:
    """One page of the ranked list; ``by_chance`` is about how many further leads a file of it would hold."""

    frame: pd.DataFrame
    total: int
    pages: int
    unreachable: int
    exported_before: int
    by_chance: int
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
    """A file ready to be fetched, who was left out of it and why, and how many are in it by chance."""

    filename: str
    content: bytes
    rows: int
    left_out: int
    left_out_reasons: dict[str, int]
    by_chance: int
    sha256: str


@dataclass(frozen=True)
class WrittenFile:
    """A file on disk."""

    path: Path
    sha256: str


# --- the list -----------------------------------------------------------------------------------------------


def list_leads(workbench: Workbench, actor: Actor, *, client: str, view: ListView) -> LeadPage:
    """Give one page of the ranked list; personal values are masked when the role may not see them."""
    require(actor, Action.VIEW_LEADS, client)
    size = min(max(view.page_size, 1), MAX_PAGE)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return LeadPage(empty_list(view), 0, 0, 0, 0, 0, None, None, None)
        scope = scope_of(session, workbench, row.id, view, by=actor.name)
        offset = min((max(view.page, 1) - 1) * size, scope.wanted)
        ranked = score_rows.page(session, row.id, scope.filter, order=view.order, offset=offset,
                                 limit=max(0, min(size, scope.wanted - offset)))
        run = score_rows.latest_run(session, row.id)
        frame = listed_rows(session, workbench, row.id, ranked, view, first_rank=offset + 1,
                            personal=actor.may(Action.VIEW_PERSONAL_DATA))
        by_chance = expected(session, workbench, row.id, view, wanted=scope.wanted, share=share_of(row), by=actor.name)
    return LeadPage(frame=frame, total=scope.wanted, pages=-(-scope.wanted // size), unreachable=scope.unreachable,
                    exported_before=scope.exported, by_chance=by_chance,
                    model_version=run.model_version if run else None,
                    policy_version=run.policy_version if run else None, as_of=run.as_of if run else None)


def filter_options(workbench: Workbench, actor: Actor, *, client: str) -> FilterOptions:
    """List what the leads of this client can be filtered by."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return FilterOptions([str(tier) for tier in Tier], [], [], [], [], [], [], [])
        values = {name: score_rows.distinct(session, row.id, name) for name in score_rows.DISTINCT}
        past = [(int(batch.id or 0), f"{batch.filename} · {batch.created_at:%d %b %Y}")
                for batch in batches.list_all(session, row.id) if batch.undone_at is None]
        columns = [(item.name, item.label) for item in FIELDS if item.name not in SHOWN_FIELDS]
        columns += [(custom.name, custom.header) for custom in lead_reading.custom_fields(session, row.id)]
    return FilterOptions([str(tier) for tier in Tier], [str(stage) for stage in OutcomeStage], values["owner"],
                         values["source"], values["country"], values["industry"], past, columns)


def export_leads(workbench: Workbench, actor: Actor, *, client: str, view: ListView, format: str) -> Export:
    """Write the leads of a view as a file, without those who must not be contacted, and mark them exported.

    Where the client wants it, a file of the best holds a few others, picked by chance and not marked: called like the
    best, they show what the best are the best of. They keep their own score and rank.

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
        scope = scope_of(session, workbench, client_id, view, by=actor.name)
        ranked = score_rows.page(session, client_id, scope.filter, order=view.order, offset=0, limit=scope.wanted)
        frame, left_out = exported_rows(session, workbench, client_id, ranked, view)
        frame, taken = _with_some_by_chance(session, workbench, client_id, view, scope, ranked, frame, by=actor.name)
    if frame.empty:
        raise InvalidRequest("nothing_to_export", "No lead is left to export.",
                             "Widen the filter; people without consent are always left out.")
    content = table_bytes(frame.drop(columns="lead_id") if "crm_id" in frame else frame, file_format)
    digest = hashlib.sha256(content).hexdigest()
    by_chance = int((taken["share"] < held_back.CERTAIN).sum())
    with write(workbench.engine) as session:
        held_back.keep(session, client_id, taken, now=now)
        lead_rows.mark_exported(session, client_id, frame["lead_id"].to_numpy(), now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="leads_exported",
                     object=f"export:{digest[:16]}",
                     detail={"rows": len(frame), "by_chance": by_chance, "left_out": left_out, "sha256": digest,
                             "format": file_format,
                             "columns": [str(name) for name in frame.columns], "view": shape_of(view),
                             "leads": packed(frame["lead_id"].to_numpy()),
                             "runs": sorted(ranked["run_id"].unique().tolist()),
                             "reasons": reasons_in(frame)})
    name = f"leads_{'top_' + view.top.replace('%', '_percent') if view.top else 'all'}_{now:%Y-%m-%d}.{file_format}"
    return Export(filename=name.replace(" ", ""), content=content, rows=len(frame),
                  left_out=sum(left_out.values()), left_out_reasons=left_out, by_chance=by_chance, sha256=digest)


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
                     actor=actor.name, action="scored_file_written", object=f"export:{digest[:16]}",
                     detail={"rows": len(frame), "sha256": digest, "columns": [str(name) for name in frame.columns],
                             "reasons": reasons_in(frame)})
    return WrittenFile(path, digest)


def _with_some_by_chance(session: Session, workbench: Workbench, client_id: int, view: ListView, scope: Scope,
                         ranked: pd.DataFrame, frame: pd.DataFrame, *, by: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mix leads from below the cut into a file of the best; also give who is remembered, to be compared later."""
    share = share_of(session.get(Client, client_id)) if view.top else 0.0
    if not share or frame.empty:
        return frame, pd.DataFrame({"score": [], "share": []})
    in_file = frame["lead_id"].to_numpy()
    best = int(open_of(ranked.loc[in_file]).sum())
    generator = np.random.default_rng(secrets.randbits(64))
    drawn = draw(session, client_id, filter_of(session, workbench, client_id, view, by=by), wanted=scope.wanted,
                 best=best, share=share, generator=generator)
    if drawn is None:
        return frame, taken_of(ranked, None, in_file)
    others, _ = exported_rows(session, workbench, client_id, drawn.ranked, view, drawn.places)
    both = pd.concat([frame, others], ignore_index=True)
    order = mixed(len(frame), len(others), generator)
    return both.iloc[order].reset_index(drop=True), taken_of(ranked, drawn, both["lead_id"].to_numpy())


def _write_private(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
        path.chmod(FILE_MODE)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"The file '{path}' cannot be written: {problem.strerror}.",
                             "Choose another place.") from problem
