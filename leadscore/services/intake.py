"""Files come in: inspected, mapped, cleaned, checked, stored as one batch, and undone as one."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Cancelled, UnreadableFile
from leadscore.ingest.cleaning import CleaningChoices, CleanTable, DuplicateChoice, clean_table
from leadscore.ingest.duplicates import company_key, find_duplicates, fold_duplicates
from leadscore.ingest.issues import EMPTY, Severity, concat_issues, count_by_code, issues_at
from leadscore.ingest.mapping import ColumnMatch, as_mapping, shape_key, target_candidates
from leadscore.ingest.outcomes import dated_by_history, outcome_stage, stage_steps
from leadscore.ingest.quality import quality_report
from leadscore.ingest.readers import RawTable
from leadscore.ingest.rules import Applied, Rule, apply_rules
from leadscore.ingest.validation import rejected_rows, validate
from leadscore.schema import OutcomeStage, label_of
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.mapping import corrected, recognise
from leadscore.steps.progress import Progress, silent
from leadscore.steps.reading import read_file
from leadscore.steps.rules import rules_for
from leadscore.store import activities as activity_rows
from leadscore.store import audit, batches, clients, lead_matching, lead_undo, shapes, suppression
from leadscore.store import jobs as job_rows
from leadscore.store import leads as lead_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Batch
from leadscore.store.vault import Vault
from leadscore.workbench import Workbench

SUPPRESSED = "suppressed"
NEW, UPDATED, SAME = "new", "updated", "same"
PREVIEW_ROWS = 50
ISSUES_KEPT = 20_000
ACTIVITY_DATES = {"first_response_at": "first response", "last_activity_at": "activity"}
"""Dates of a lead that tell of something done; every export adds the latest to the timeline."""
STAGE_COLUMNS = frozenset({"stage", "converted", "converted_at", "lost_reason"})
"""Columns that tell the present stage of a lead; without them the last step of its history does."""
SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}

Mapping_ = Mapping[str, str | None]


@dataclass(frozen=True)
class Inspection:
    """What a file looks like before anything is stored."""

    filename: str
    rows: int
    columns: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    matches: tuple[ColumnMatch, ...]
    remembered: bool
    choices: dict[str, Any]
    preview: pd.DataFrame
    issues: pd.DataFrame
    target_candidates: tuple[str, ...]
    shape: str
    sha256: str
    seen_before: int | None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {
            "file": self.filename, "rows": self.rows, "columns": list(self.columns), "encoding": self.encoding,
            "delimiter": self.delimiter, "sheet": self.sheet, "sheets": list(self.sheets),
            "mapping": {match.header: match.field for match in self.matches},
            "confidence": {match.header: round(match.confidence, 2) for match in self.matches if match.field},
            "issues": count_by_code(self.issues), "target_candidates": list(self.target_candidates),
            "sha256": self.sha256, "imported_before_as_batch": self.seen_before,
        }


@dataclass(frozen=True)
class ImportCheck:
    """What an import with these decisions would do."""

    rows: int
    will_reject: int
    duplicates_in_file: int
    quality: dict[str, Any]
    issues: pd.DataFrame
    sample: pd.DataFrame


@dataclass(frozen=True)
class ImportResult:
    """What an import did; the four counts after ``rows_read`` add up to it."""

    batch_id: int
    rows_read: int
    rows_stored: int
    updated: int
    duplicates: int
    rejected: int
    issues: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


@dataclass(frozen=True)
class BatchView:
    """A past import."""

    id: int
    filename: str
    rows_read: int
    rows_stored: int
    updated: int
    duplicates: int
    rejected: int
    state: str
    imported_by: str
    created_at: datetime
    undone_at: datetime | None
    quality: dict[str, Any]
    issues: dict[str, int]


@dataclass(frozen=True)
class UndoResult:
    """What undoing an import did."""

    batch_id: int
    deleted: int
    restored: int


@dataclass(frozen=True)
class StagedUpload:
    """A file that waits, encrypted, for a person's decisions."""

    id: str
    filename: str
    size: int


# --- before the import --------------------------------------------------------------------------------------


def stage_upload(workbench: Workbench, actor: Actor, *, client: str, data: bytes, filename: str) -> str:
    """Keep the bytes of an upload, encrypted, until they are imported or discarded; return their id."""
    require(actor, Action.IMPORT_LEADS, client)
    if len(data) > workbench.settings.max_upload_bytes:
        raise UnreadableFile("file_too_large",
                             f"The file has {len(data):,} bytes; the limit is {workbench.settings.max_upload_mb} MB.",
                             "Split it, or import it on the command line.")
    return workbench.uploads.put(data, {"filename": filename, "client": client})


def staged_upload(workbench: Workbench, actor: Actor, *, client: str, upload_id: str) -> StagedUpload:
    """Find a staged file of this client.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    data, filename = open_upload(workbench, actor, client=client, upload_id=upload_id)
    return StagedUpload(upload_id, filename, len(data))


def discard_upload(workbench: Workbench, actor: Actor, *, client: str, upload_id: str) -> None:
    """Forget a staged file."""
    require(actor, Action.IMPORT_LEADS, client)
    workbench.uploads.delete(upload_id, client)


def inspect_file(workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str,
                 sheet: str | None = None) -> Inspection:
    """Read and judge a file; nothing is stored.

    Raises
    ------
    UnreadableFile
        The bytes are no table; the code says why.
    """
    require(actor, Action.IMPORT_LEADS, client)
    raw = read_file(workbench.settings, source, filename, sheet)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        seen = batches.find_by_sha256(session, row.id, raw.sha256) if row and row.id else None
    known = recognise(workbench, raw.frame, client=client)
    mapping = as_mapping(known.matches)
    issues = _clean(raw, mapping, CleaningChoices(), rules_for(workbench, client), workbench.clock()).issues
    return Inspection(
        filename=filename, rows=raw.rows_read, columns=tuple(raw.frame.columns), encoding=raw.encoding,
        delimiter=raw.delimiter, sheet=raw.sheet, sheets=raw.sheets, matches=known.matches, remembered=known.remembered,
        choices=known.choices, preview=raw.frame.head(PREVIEW_ROWS), issues=issues,
        target_candidates=tuple(target_candidates(raw.frame, mapping)), shape=known.shape, sha256=raw.sha256,
        seen_before=seen.id if seen else None)


def inspect_upload(workbench: Workbench, actor: Actor, *, client: str, upload_id: str,
                   sheet: str | None = None) -> Inspection:
    """Inspect a staged file."""
    data, filename = open_upload(workbench, actor, client=client, upload_id=upload_id)
    return inspect_file(workbench, actor, client=client, source=data, filename=filename, sheet=sheet)


def check_upload(workbench: Workbench, actor: Actor, *, client: str, upload_id: str, sheet: str | None,
                 mapping: Mapping_, choices: Mapping[str, Any]) -> ImportCheck:
    """Show what importing a staged file with these decisions would do; nothing is stored."""
    data, filename = open_upload(workbench, actor, client=client, upload_id=upload_id)
    raw = read_file(workbench.settings, data, filename, sheet)
    prepared = _prepare(raw, mapping, CleaningChoices.from_dict(choices), rules_for(workbench, client),
                        workbench.clock())
    sample = prepared.clean.leads.head(PREVIEW_ROWS).rename(columns=lambda name: label_of(name))
    return ImportCheck(rows=raw.rows_read, will_reject=int(prepared.rejected.sum()),
                       duplicates_in_file=int(prepared.folded_away.sum()), quality=prepared.quality,
                       issues=prepared.issues, sample=sample)


def check_report(workbench: Workbench, actor: Actor, *, client: str, check: ImportCheck) -> bytes:
    """Give the remarks of a check as CSV, for those who mend the file before they import it; who took it is logged."""
    require(actor, Action.IMPORT_LEADS, client)
    return _handed_out(workbench, actor, client, csv_bytes(check.issues), about="upload",
                       issues=count_by_code(check.issues))


# --- the import ---------------------------------------------------------------------------------------------


def import_file(
    workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str, sheet: str | None = None,
    mapping: Mapping_ | None = None, overrides: Sequence[str] = (), choices: Mapping[str, Any] | None = None,
    remember: bool = False, progress: Progress | None = None, job_id: str | None = None,
) -> ImportResult:
    """Store the leads of a file as one batch, all of it or nothing.

    Parameters
    ----------
    source : bytes or Path
        The file; a path may exceed the browser's limit.
    mapping : mapping of str to str or None, optional
        Header to field; worked out (and remembered decisions used) when left out.
    overrides : sequence of str
        ``"Header=field"`` corrections to the mapping.
    choices : mapping, optional
        Cleaning choices as :class:`CleaningChoices` writes them.
    remember : bool
        Keep mapping and choices for the next file with these headers.
    job_id : str, optional
        The job this is done for; it remembers the batch, so that what a dead worker has left can be taken back.

    Raises
    ------
    UnreadableFile, InvalidRequest
        Refused; nothing was stored.
    """
    require(actor, Action.IMPORT_LEADS, client)
    tell = progress or silent
    tell(0.05, "Reading the file")
    raw = read_file(workbench.settings, source, filename, sheet)
    mapping, chosen = _decisions(workbench, client, raw, mapping, overrides, choices)
    tell(0.25, f"Cleaning {raw.rows_read:,} rows")
    prepared = _prepare(raw, mapping, chosen, rules_for(workbench, client), workbench.clock())
    tell(0.5, "Storing")
    with write(workbench.engine) as session:
        result = _store(session, workbench, actor, client, raw, prepared, mapping, chosen, job_id=job_id)
        if remember:
            shapes.save(session, result.client_id, shape_key(list(raw.frame.columns)), mapping=mapping,
                        choices=chosen.to_dict(), by=actor.name, now=workbench.clock())
    with suppress(Cancelled):
        # too late to stop here: the caller has to know the batch to take it back
        tell(1.0, f"Stored {result.imported.rows_stored:,} leads")
    return result.imported


@dataclass(frozen=True)
class _Prepared:
    clean: CleanTable
    rejected: pd.Series
    folded_away: pd.Series
    issues: pd.DataFrame
    quality: dict[str, Any]


@dataclass(frozen=True)
class _Stored:
    client_id: int
    imported: ImportResult


def _decisions(workbench: Workbench, client: str, raw: RawTable, mapping: Mapping_ | None, overrides: Sequence[str],
               choices: Mapping[str, Any] | None) -> tuple[dict[str, str | None], CleaningChoices]:
    if mapping is None or choices is None:
        known = recognise(workbench, raw.frame, client=client)
        mapping = as_mapping(known.matches) if mapping is None else mapping
        choices = known.choices if choices is None else choices
    return corrected(mapping, raw.frame, overrides), CleaningChoices.from_dict(choices)


def _clean(raw: RawTable, mapping: Mapping_, choices: CleaningChoices, rules: Sequence[Rule],
           now: datetime) -> Applied:
    """Clean a file and hold it against common sense and the client's own rules."""
    applied = apply_rules(clean_table(raw, mapping, choices, as_of=now), rules, as_of=now)
    found = [raw.issues, applied.clean.issues, applied.issues, validate(applied.clean, as_of=now)]
    return Applied(applied.clean, concat_issues(found))


def _prepare(raw: RawTable, mapping: Mapping_, choices: CleaningChoices, rules: Sequence[Rule],
             now: datetime) -> _Prepared:
    applied = _clean(raw, mapping, choices, rules, now)
    clean, issues = applied.clean, applied.issues
    rejected = rejected_rows(issues, clean)
    duplicate_of = _duplicates_among(clean.leads, ~rejected.to_numpy())
    folded = fold_duplicates(clean.leads, duplicate_of, choices.duplicates)
    quality = quality_report(clean, issues, as_of=now).to_dict()
    return _Prepared(clean=_replace_leads(clean, folded), rejected=rejected, folded_away=duplicate_of >= 0,
                     issues=issues, quality=quality)


def _duplicates_among(leads: pd.DataFrame, good: np.ndarray) -> pd.Series:
    """Find duplicates among the good rows only: a rejected row must not take a good one with it."""
    positions = np.flatnonzero(good)
    found = find_duplicates(leads.iloc[positions].reset_index(drop=True)).to_numpy()
    duplicate_of = np.full(len(leads), -1, dtype=np.int64)
    duplicate_of[positions] = np.where(found >= 0, positions[found], -1)
    return pd.Series(duplicate_of, index=leads.index)


def _replace_leads(clean: CleanTable, leads: pd.DataFrame) -> CleanTable:
    return CleanTable(leads=leads, custom_fields=clean.custom_fields, headers=clean.headers,
                      row_numbers=clean.row_numbers, issues=clean.issues)


def _store(session: Session, workbench: Workbench, actor: Actor, client: str, raw: RawTable, prepared: _Prepared,
           mapping: Mapping_, choices: CleaningChoices, *, job_id: str | None) -> _Stored:
    """Write everything an import brings, in the caller's transaction."""
    now, vault = workbench.clock(), workbench.vault
    client_id = clients.ensure(session, client, now)
    batch_id = batches.create(session, client_id, filename=raw.filename, sha256=raw.sha256, sheet=raw.sheet,
                              mapping=mapping, choices=choices.to_dict(), imported_by=actor.name, now=now,
                              custom_fields=prepared.clean.custom_fields)
    prepared = _without_suppressed(session, vault, client_id, prepared)
    kept = ~(prepared.rejected | prepared.folded_away).to_numpy()
    leads, rows = prepared.clean.leads[kept], prepared.clean.row_numbers[kept]
    stages, steps = _stages_of(leads)
    lead_ids, changed = _write_leads(session, vault, client_id, batch_id, leads, rows, prepared.clean, choices, stages,
                                     now)
    outcome_rows.append(session, client_id, _outcomes_of(leads, stages, steps, lead_ids), batch_id=batch_id,
                        origin=outcome_rows.BY_IMPORT, recorded_by=actor.name, now=now,
                        settled=lead_ids[changed == NEW])
    activity_rows.append(session, client_id, _activities_of(leads, lead_ids), batch_id=batch_id,
                         strangers=lead_ids[changed == NEW])
    counts = {"rows_read": raw.rows_read, "rows_stored": int((changed == NEW).sum()),
              "updated": int((changed == UPDATED).sum()),
              "duplicates": int((changed == SAME).sum() + prepared.folded_away.sum()),
              "rejected": int(prepared.rejected.sum())}
    issues = count_by_code(prepared.issues)
    batches.finish(session, client_id, batch_id, issues=issues, quality=prepared.quality,
                   issue_rows=_seal_issues(vault, batch_id, prepared.issues), **counts)
    if job_id is not None:
        # before the log: whoever stops the job takes its row first and then the log, too
        job_rows.note_batch(session, job_id, batch_id)
    audit.append(session, vault, at=now, client_id=client_id, actor=actor.name, action="leads_imported",
                 object=f"batch:{batch_id}", detail={"sha256": raw.sha256, **counts})
    return _Stored(client_id, ImportResult(batch_id=batch_id, issues=issues, **counts))


def _without_suppressed(session: Session, vault: Vault, client_id: int, prepared: _Prepared) -> _Prepared:
    """Reject the rows of people who must not be stored; of these not even a remark on a cell is kept."""
    clean = prepared.clean
    if not suppression.count(session, client_id):
        return prepared
    emails, phones = lead_matching.frame_indexes(vault, clean.leads)
    theirs = suppression.suppressed(session, client_id, email_indexes=emails, phone_indexes=phones)
    if not theirs.any():
        return prepared
    turned_away = theirs & ~prepared.folded_away.to_numpy()
    rows = clean.row_numbers[turned_away]
    told = issues_at(rows, column="", code=SUPPRESSED, severity=Severity.ERROR,
                     message="This person has been erased or is on the suppression list.")
    remarks = prepared.issues[~prepared.issues["row"].isin(clean.row_numbers[theirs])]
    return replace(prepared, rejected=prepared.rejected | turned_away, issues=concat_issues([remarks, told]))


def _write_leads(session: Session, vault: Vault, client_id: int, batch_id: int, leads: pd.DataFrame,
                 rows: np.ndarray, clean: CleanTable, choices: CleaningChoices, stages: pd.DataFrame,
                 now: datetime) -> tuple[np.ndarray, np.ndarray]:
    """Store new leads and update known ones; say per row which lead it is and what became of it."""
    emails, phones = lead_matching.frame_indexes(vault, leads)
    crm_ids = leads["crm_id"].tolist() if "crm_id" in leads else [None] * len(leads)
    lead_ids = lead_matching.match_existing(session, client_id, email_indexes=emails, crm_ids=crm_ids,
                                        phone_indexes=phones)
    known = lead_ids != lead_matching.NO_MATCH
    companies = company_key(leads["company"]) if "company" in leads else None
    fate = np.where(known, SAME, NEW).astype(object)
    lead_ids[~known] = lead_rows.write_leads(
        session, vault, client_id=client_id, batch_id=batch_id, leads=leads[~known], row_numbers=rows[~known],
        custom_fields=clean.custom_fields, company_key=None if companies is None else companies[~known],
        outcome=stages.loc[~known, ["stage", "at"]], now=now,
        indexes=(list(compress(emails, ~known)), list(compress(phones, ~known))))
    if known.any() and choices.duplicates is not DuplicateChoice.SKIP:
        updated = lead_rows.update_leads(
            session, vault, client_id=client_id, batch_id=batch_id, lead_ids=lead_ids[known], leads=leads[known],
            custom_fields=clean.custom_fields, company_key=None if companies is None else companies[known],
            gaps_only=choices.duplicates is DuplicateChoice.MERGE, row_numbers=rows[known], now=now)
        fate[np.flatnonzero(known)[updated.changed]] = UPDATED
    return lead_ids, fate


def _stages_of(leads: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the present stage of each lead, and the dated stages before it."""
    histories = leads["stage_history"] if "stage_history" in leads else pd.Series(None, index=leads.index, dtype="str")
    steps = stage_steps(histories)
    stages = dated_by_history(outcome_stage(leads), steps, is_told=bool(STAGE_COLUMNS & set(leads.columns)))
    # a stage without a date of its own cannot be put before or after the others
    earlier = steps["at"].array < stages["at"].array.take(steps["row"].to_numpy())
    return stages, steps[earlier & (steps["stage"] != str(OutcomeStage.NEW))]


def _outcomes_of(leads: pd.DataFrame, stages: pd.DataFrame, steps: pd.DataFrame, lead_ids: np.ndarray) -> pd.DataFrame:
    """List what the rows tell of outcomes, the earlier first; that a lead is new tells nothing."""
    told = (stages["stage"].notna() & (stages["stage"] != str(OutcomeStage.NEW))).to_numpy()
    events = pd.DataFrame({"lead_id": lead_ids[told], "stage": stages["stage"].to_numpy()[told]})
    events["at"] = stages["at"].array[told]
    for name, column in (("label", "stage"), ("revenue", "revenue"), ("currency", "currency")):
        if column in leads:
            events[name] = leads[column].array[told]
    before = pd.DataFrame({"lead_id": lead_ids[steps["row"].to_numpy()], "stage": steps["stage"].to_numpy()})
    before["at"] = steps["at"].array
    return pd.concat([before, events], ignore_index=True) if len(before) else events


def _activities_of(leads: pd.DataFrame, lead_ids: np.ndarray) -> pd.DataFrame:
    """List what the rows tell of activities with a time."""
    told = [pd.DataFrame({"lead_id": lead_ids, "kind": kind, "at": leads[column].array})
            for column, kind in ACTIVITY_DATES.items() if column in leads]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame({"lead_id": [], "kind": [], "at": []})


def _seal_issues(vault: Vault, batch_id: int, issues: pd.DataFrame) -> bytes | None:
    """Keep the rows with problems for download; their values may be personal, so they are encrypted."""
    if issues.empty:
        return None
    worst_first = issues.sort_values("severity", key=lambda column: column.map(SEVERITY_ORDER), kind="stable")
    return vault.encrypt(zlib.compress(csv_bytes(worst_first.head(ISSUES_KEPT))), batches.issues_place(batch_id))


# --- afterwards ---------------------------------------------------------------------------------------------


def list_batches(workbench: Workbench, actor: Actor, *, client: str) -> list[BatchView]:
    """List the imports of a client, newest first."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        return [_batch_view(batch) for batch in batches.list_all(session, row.id)] if row and row.id else []


def undo_import(workbench: Workbench, actor: Actor, *, client: str, batch_id: int) -> UndoResult:
    """Take an import back: its leads go, leads it changed get their earlier values.

    Raises
    ------
    NotFound
        The client has no such import.
    InvalidRequest
        It was undone before, or a later import built on it.
    """
    require(actor, Action.IMPORT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        undone = lead_undo.undo_batch(session, workbench.vault, client_id=client_id, batch_id=batch_id, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="import_undone",
                     object=f"batch:{batch_id}", detail={"deleted": undone.deleted, "restored": undone.restored})
    return UndoResult(batch_id, undone.deleted, undone.restored)


def issue_report(workbench: Workbench, actor: Actor, *, client: str, batch_id: int) -> bytes:
    """Give the rows with problems of an import as CSV, the worst first; they show values, so who took it is logged.

    Raises
    ------
    NotFound
        The client has no such import.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        batch = batches.get(session, clients.require(session, client), batch_id)
    content = csv_bytes(EMPTY) if batch.issue_rows is None \
        else zlib.decompress(workbench.vault.decrypt(batch.issue_rows, batches.issues_place(batch_id)))
    return _handed_out(workbench, actor, client, content, about=f"batch:{batch_id}", issues=batch.issues)


def _handed_out(workbench: Workbench, actor: Actor, client: str, content: bytes, *, about: str,
                issues: Mapping[str, int]) -> bytes:
    """Write down who took the remarks about a file, and give them."""
    now = workbench.clock()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=clients.ensure(session, client, now),
                     actor=actor.name, action="remarks_downloaded", object=about,
                     detail={"issues": dict(issues), "sha256": sha256(content).hexdigest()})
    return content


def open_upload(workbench: Workbench, actor: Actor, *, client: str, upload_id: str) -> tuple[bytes, str]:
    """Give the bytes and the name of a staged file."""
    require(actor, Action.IMPORT_LEADS, client)
    data, meta = workbench.uploads.get(upload_id, client)
    return data, str(meta["filename"])


def _batch_view(batch: Batch) -> BatchView:
    return BatchView(
        id=int(batch.id or 0), filename=batch.filename, rows_read=batch.rows_read, rows_stored=batch.rows_stored,
        updated=batch.updated, duplicates=batch.duplicates, rejected=batch.rejected, state=batch.state,
        imported_by=batch.imported_by, created_at=batch.created_at, undone_at=batch.undone_at, quality=batch.quality,
        issues=batch.issues)
