"""Where a lead and its score come from and where they went; and what has become of a file."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.errors import LeadScoreError
from leadscore.schema import FIELD_BY_NAME, PERSONAL_FIELDS, CustomField, label_of
from leadscore.steps.listing import MASK, judge_again
from leadscore.steps.members import unpacked
from leadscore.steps.plain import is_missing
from leadscore.steps.recipients import Handed, handed_out, looked_at
from leadscore.steps.run_records import files_digest
from leadscore.store import batches, lead_past, lead_reading
from leadscore.store import models as model_rows
from leadscore.store import policies as policy_rows
from leadscore.store import scores as score_rows
from leadscore.store.bulk import fetch_columns
from leadscore.store.tables import Batch, ModelVersion
from leadscore.workbench import Workbench

FROM_STORE = "store:"
CLEANING_WORDS = {
    "duplicates": "Leads known already", "outliers": "Values far from all others", "missing": "Missing values",
    "normalise": "One spelling for each category", "day_first": "Day before month"}


@dataclass(frozen=True)
class FileFacts:
    """A file as it was imported, and what became of its rows."""

    batch_id: int
    filename: str
    sha256: str
    sheet: str | None
    imported_by: str
    at: datetime
    undone_at: datetime | None
    rows_read: int
    rows_stored: int
    updated: int
    duplicates: int
    rejected: int
    cleaning: list[tuple[str, str]]


@dataclass(frozen=True)
class Update:
    """A later import that changed values of a lead; ``changed`` holds ``field``, ``before``, ``after``."""

    file: FileFacts
    rows: list[int]
    changed: list[dict[str, str]]


@dataclass(frozen=True)
class ModelFacts:
    """The model version behind a score, and what it was trained on."""

    version: int
    algorithm: str
    created_by: str
    created_at: datetime
    target: str
    trained_on: str
    files_digest: str | None


@dataclass(frozen=True)
class LeadLineage:
    """From a lead back to its file and forward to where it went.

    Parameters
    ----------
    row : int
        Row of the file, as a spreadsheet counts.
    fields : DataFrame
        Columns ``header`` (in the file), ``field``, ``value`` (personal ones masked), ``remarks`` (what cleaning said
        of this row).
    features : DataFrame
        Columns ``feature``, ``value``, ``made_of``.
    history : DataFrame
        As :func:`store.scores.history`.
    """

    lead_id: int
    file: FileFacts
    row: int
    updates: list[Update]
    fields: pd.DataFrame
    features: pd.DataFrame
    policy: dict[str, Any] | None
    model: ModelFacts | None
    as_of: datetime | None
    run_id: int | None
    score: float | None
    tier: str | None
    outcome: str
    history: pd.DataFrame
    exports: list[Handed] = field(default_factory=list)
    looked_at: int = 0


@dataclass(frozen=True)
class FileLineage:
    """From a file forward.

    Parameters
    ----------
    leads : int
        Leads of the client that it stored and that are still there.
    changed : int
        Leads of earlier imports that it changed.
    tiers, outcomes : dict of str to int
        How its leads score now, and what became of them.
    mean_score : float or None
    models : list of ModelFacts
        Versions trained on the stored leads while it was among them.
    exports : list of dict
        ``at``, ``by``, ``rows`` (of the export), ``leads`` (of this file among them), ``record``.
    """

    file: FileFacts
    leads: int
    changed: int
    scored: int
    tiers: dict[str, int]
    outcomes: dict[str, int]
    mean_score: float | None
    models: list[ModelFacts]
    exports: list[dict[str, Any]]


def lineage_of_lead(session: Session, workbench: Workbench, client_id: int, lead_id: int) -> LeadLineage:
    """Follow a lead back to its file and forward to where it went.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    row = lead_reading.find_lead(session, client_id, lead_id)
    batch = batches.get(session, client_id, int(row.batch_id))
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=[lead_id], keep_empty=True)
    custom = lead_reading.custom_fields(session, client_id)
    current = score_rows.of_leads(session, client_id, [lead_id])
    run = score_rows.run(session, client_id, int(current["run_id"].iloc[0])) if len(current) else None
    policy = policy_rows.find(session, client_id, run.policy_version) if run else None
    model = model_rows.find(session, client_id, run.model_version) if run and run.model_version else None
    return LeadLineage(
        lead_id=lead_id, file=_facts(batch), row=int(row.source_row),
        updates=_updates(session, workbench, client_id, lead_id, custom),
        fields=_fields(leads, batch, custom, _remarks(workbench, batch, int(row.source_row))),
        features=_features(session, workbench, client_id, run, leads, custom),
        policy=None if policy is None else {"version": policy.version, "comment": policy.comment,
                                            "by": policy.created_by, "at": policy.created_at},
        model=_model_facts(model), as_of=run.as_of if run else None, run_id=run.id if run else None,
        score=float(current["score"].iloc[0]) if len(current) else None,
        tier=str(current["tier"].iloc[0]) if len(current) else None, outcome=str(row.outcome),
        history=score_rows.history(session, client_id, lead_id), exports=handed_out(session, client_id, [lead_id]),
        looked_at=len(looked_at(session, client_id, [lead_id])))


def lineage_of_file(session: Session, client_id: int, batch_id: int) -> FileLineage:
    """Follow a file forward: its leads, their scores and ends, the models that learnt from them and the exports.

    Raises
    ------
    NotFound
        The client has no such import.
    """
    batch = batches.get(session, client_id, batch_id)
    chosen = {"client": client_id, "batch": batch_id}
    tiers, in_tier, sums = fetch_columns(session, "SELECT tier, count(*), sum(score) FROM scores WHERE "
                                         "client_id = :client AND batch_id = :batch GROUP BY tier", chosen)
    stages, ended = fetch_columns(session, "SELECT outcome, count(*) FROM leads WHERE client_id = :client AND "
                                  "batch_id = :batch GROUP BY outcome", chosen)
    (changed,) = fetch_columns(session, "SELECT count(DISTINCT lead_id) FROM lead_changes WHERE client_id = :client "
                               "AND batch_id = :batch", chosen)
    (ids,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND batch_id = :batch ORDER BY id",
                           chosen)
    scored, order = sum(in_tier), _order(session, client_id)
    return FileLineage(
        file=_facts(batch), leads=len(ids), changed=int(changed[0]), scored=scored,
        tiers={str(tier): int(number) for tier, number in zip(tiers, in_tier, strict=True)},
        outcomes={str(stage): int(number) for stage, number in zip(stages, ended, strict=True)},
        mean_score=float(sum(sums)) / scored if scored else None,
        models=[facts for model in model_rows.list_all(session, client_id)
                if (facts := _model_facts(model)) and _learnt_from(model, batch, order)],
        exports=_exports_with(session, client_id, np.array(ids, dtype=np.int64)))


def _facts(batch: Batch) -> FileFacts:
    choices = [(CLEANING_WORDS.get(name, name), _choice(value)) for name, value in batch.choices.items()
               if value is not None]
    return FileFacts(
        batch_id=int(batch.id or 0), filename=batch.filename, sha256=batch.sha256, sheet=batch.sheet,
        imported_by=batch.imported_by, at=batch.created_at, undone_at=batch.undone_at, rows_read=batch.rows_read,
        rows_stored=batch.rows_stored, updated=batch.updated, duplicates=batch.duplicates, rejected=batch.rejected,
        cleaning=choices)


def _choice(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ")


def _updates(session: Session, workbench: Workbench, client_id: int, lead_id: int,
             custom: Sequence[CustomField]) -> list[Update]:
    hidden = _hidden(custom)
    found = []
    for change in lead_past.changes_of(session, workbench.vault, client_id, lead_id):
        batch = batches.get(session, client_id, change["batch_id"])
        words = _headers(batch)
        told = [{"field": label_of(name, words), "before": _shown(name, before, hidden),
                 "after": _shown(name, change["after"].get(name), hidden)}
                for name, before in sorted(change["before"].items())]
        found.append(Update(_facts(batch), change["rows"], told))
    return found


def _fields(leads: pd.DataFrame, batch: Batch, custom: Sequence[CustomField],
            remarks: Mapping[str, str]) -> pd.DataFrame:
    """List what the file's columns became; a header that holds no field is one of the user's own columns."""
    lead, hidden = leads.iloc[0], _hidden(custom)
    rows = []
    for header, name in batch.mapping.items():
        column = name or f"custom:{header}"
        if column in lead.index:
            rows.append((header, FIELD_BY_NAME[name].label if name else "your own column",
                         _shown(column, lead[column], hidden), remarks.get(header, "")))
    return pd.DataFrame(rows, columns=["header", "field", "value", "remarks"])


def _remarks(workbench: Workbench, batch: Batch, row: int) -> dict[str, str]:
    """Give what cleaning and validation said of a row, by column; the values they quote are left out."""
    if batch.issue_rows is None:
        return {}
    place = batches.issues_place(int(batch.id or 0))
    content = zlib.decompress(workbench.vault.decrypt(batch.issue_rows, place))
    issues = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", usecols=["row", "column", "message"],
                         dtype={"row": "Int64", "column": "str", "message": "str"})
    own = issues[(issues["row"] == row).fillna(value=False)]
    return {str(column): "; ".join(texts) for column, texts in own.groupby("column")["message"]}


def _features(session: Session, workbench: Workbench, client_id: int, run: Any, leads: pd.DataFrame,
              custom: Sequence[CustomField]) -> pd.DataFrame:
    """List the features the score was made of that hold a value now; none where the model's files are gone."""
    empty = pd.DataFrame([], columns=["feature", "value", "made_of"])
    if run is None:
        return empty
    headers = batches.headers(session, client_id)
    try:
        judged = judge_again(session, workbench, client_id, run, leads, custom, headers)
    except LeadScoreError:
        return empty
    lead, hidden = judged.features.frame.iloc[0], _hidden(custom)
    rows = [(spec.label, _shown("" if not hidden.intersection(spec.sources) else spec.sources[0], lead[spec.name],
                                hidden), ", ".join(label_of(source, headers) for source in spec.sources))
            for spec in judged.features.specs if spec.name in lead.index and not is_missing(lead[spec.name])]
    return pd.DataFrame(rows, columns=["feature", "value", "made_of"])


def _model_facts(model: ModelVersion | None) -> ModelFacts | None:
    if model is None:
        return None
    about = model.manifest.get("about", {})
    return ModelFacts(int(model.id or 0), model.algorithm, model.created_by, model.created_at,
                      str(about.get("target", "")), _trained_on(str(about.get("data_fingerprint", ""))),
                      files_digest(model))


def _trained_on(fingerprint: str) -> str:
    if not fingerprint.startswith(FROM_STORE):
        return f"a file with the SHA-256 {fingerprint}"
    leads, known = (fingerprint.removeprefix(FROM_STORE).split(":") + ["0"])[:2]
    return f"the stored leads: {int(leads):,}, of which {int(known):,} had a known end"


def _order(session: Session, client_id: int) -> dict[tuple[str, str], int]:
    """Map action and object to the number of its record: the order things happened in, which times only nearly tell."""
    numbers, actions, objects = fetch_columns(
        session, "SELECT seq, action, object FROM audit_events WHERE client_id = :client AND action IN "
        "('leads_imported', 'import_undone', 'model_trained')", {"client": client_id})
    return {(action, about): int(number) for number, action, about in zip(numbers, actions, objects, strict=True)}


def _learnt_from(model: ModelVersion, batch: Batch, order: Mapping[tuple[str, str], int]) -> bool:
    """Say whether a version was trained on the stored leads while those of this import were among them."""
    fingerprint = str(model.manifest.get("about", {}).get("data_fingerprint", ""))
    if not fingerprint.startswith(FROM_STORE):
        return fingerprint == batch.sha256
    trained = order.get(("model_trained", f"model:{model.id}"), 0)
    imported = order.get(("leads_imported", f"batch:{batch.id}"), 0)
    undone = order.get(("import_undone", f"batch:{batch.id}"))
    return imported < trained and (undone is None or trained < undone)


def _exports_with(session: Session, client_id: int, lead_ids: np.ndarray) -> list[dict[str, Any]]:
    """Find the exports that held any of these leads; records of old do not say whom they held."""
    records = fetch_columns(session, "SELECT seq, at, actor, detail FROM audit_events WHERE client_id = :client AND "
                            "action = 'leads_exported' ORDER BY seq", {"client": client_id})
    found = []
    for seq, at, actor, detail in zip(*records, strict=True):
        told = orjson.loads(detail)
        own = int(np.isin(unpacked(told["leads"]), lead_ids).sum()) if "leads" in told else 0
        if own:
            found.append({"at": at, "by": actor, "rows": told.get("rows", 0), "leads": own, "record": seq})
    return found


def _headers(batch: Batch) -> dict[str, str]:
    return {name: header for header, name in batch.mapping.items() if name}


def _hidden(custom: Sequence[CustomField]) -> frozenset[str]:
    return frozenset(PERSONAL_FIELDS) | {own.name for own in custom if own.personal}


def _shown(name: str, value: Any, hidden: frozenset[str]) -> str:
    if is_missing(value) or value == "":
        return ""
    if name in hidden:
        return MASK
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, (float, np.floating)) else str(value)
