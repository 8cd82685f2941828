"""What happened, who did it, and whether the record of it is whole."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Forbidden, InvalidRequest, TamperedData
from leadscore.steps.alerting import AlertKind, Severity, raise_alert
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.progress import Progress, silent
from leadscore.steps.record_sentences import changes_of as changes_of
from leadscore.steps.record_sentences import details_of as details_of
from leadscore.steps.record_sentences import in_short as in_short
from leadscore.steps.record_sentences import others_of as others_of
from leadscore.steps.record_sentences import sentence as sentence
from leadscore.steps.record_words import FAMILY_LABELS as FAMILY_LABELS
from leadscore.steps.record_words import RECORD_WORDS as RECORD_WORDS
from leadscore.steps.record_words import Family as Family
from leadscore.steps.record_words import RecordWords as RecordWords
from leadscore.steps.record_words import actions_of as actions_of
from leadscore.steps.record_words import words_of as words_of
from leadscore.store import audit, audit_reading, checkpoints, clients, score_seals, subject_keys, verify_export
from leadscore.store.audit import Verdict
from leadscore.store.audit_reading import MOST_COUNTED as MOST_COUNTED
from leadscore.store.audit_reading import EventFilter
from leadscore.store.database import read, write
from leadscore.store.score_seals import ScoresVerdict
from leadscore.workbench import Workbench

PORTION = 10_000
FORMS = ("csv", "jsonl")
MOST_ON_A_PAGE = 250_000
"""Records a download of the page holds at most, since a page keeps it in memory; the command line has no limit."""
NO_CLIENT = -1
"""A number no client has."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AuditPage:
    """Some audit events, newest first: columns seq, at, client_id, actor, action, object, detail.

    ``total`` is counted up to one more than ``audit_reading.MOST_COUNTED`` where there is a filter.
    """

    frame: pd.DataFrame
    total: int


@dataclass(frozen=True)
class Choice:
    """Which records are wanted; what is left out takes all.

    Parameters
    ----------
    actions : tuple of str
        Records of one of these.
    person : str, optional
    about : str, optional
        Records about this object, ``"lead:17"``; with the colon at its end, about all such objects.
    since, until : datetime, optional
        Records not before, and before.
    """

    actions: tuple[str, ...] = ()
    person: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Choice()


def audit_events(workbench: Workbench, actor: Actor, *, client: str | None = None, action: str | None = None,
                 person: str | None = None, choice: Choice = EVERYTHING, limit: int = 100,
                 offset: int = 0) -> AuditPage:
    """List audit events; without a client, an administrator sees all of them.

    Parameters
    ----------
    action, person : str, optional
        In short what the choice can say too.

    Raises
    ------
    Forbidden
        Someone who is no administrator asked for every client's events.
    """
    require(actor, Action.VIEW_AUDIT, client)
    _only_own(actor, client)
    with read(workbench.engine) as session:
        wanted = replace(choice, actions=(*choice.actions, *([action] if action else [])),
                         person=person or choice.person)
        chosen = _filter(session, client, wanted)
        frame, total = audit_reading.list_events(session, chosen, limit=limit, offset=offset)
    return AuditPage(frame, total)


def audit_activity(workbench: Workbench, actor: Actor, *, client: str | None = None, since: datetime | None = None,
                   until: datetime | None = None) -> pd.DataFrame:
    """Count what happened, by day, person and action: columns day, actor, action, family, records, last_at.

    Raises
    ------
    Forbidden
        Someone who is no administrator asked for every client's events.
    """
    require(actor, Action.VIEW_AUDIT, client)
    _only_own(actor, client)
    with read(workbench.engine) as session:
        chosen = _filter(session, client, Choice(since=since, until=until))
        counted = audit_reading.activity(session, chosen)
    return counted.assign(family=[str(words_of(action).family) for action in counted["action"]])


def newest_record(workbench: Workbench, actor: Actor) -> int:
    """Give the number of the newest record of the log, 0 without any."""
    require(actor, Action.VIEW_AUDIT)
    with read(workbench.engine) as session:
        return audit.newest(session)


def sealed_details(workbench: Workbench, actor: Actor, *, client: str, seq: int) -> dict[str, Any] | None:
    """Read the personal details of a record, which is itself recorded; None when the person has been erased.

    Raises
    ------
    NotFound
        The client has no such record, or it holds no personal details.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        record = audit_reading.one(session, client_id, seq)
        lead_id = int(record.object.removeprefix("lead:")) if record.object.startswith("lead:") else 0
        found = subject_keys.opened(session, workbench.vault, client_id, lead_id, details_of(record.detail)["sealed"])
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="sealed_details_viewed", object=record.object, detail={"record": seq})
    return found


def moment_of(text: str) -> datetime:
    """Read a time as the log writes it."""
    return datetime.fromisoformat(text)


# --- is it whole ----------------------------------------------------------------------------------------------


def verify_audit(workbench: Workbench, actor: Actor, *, newest_only: bool = False,
                 progress: Progress | None = None) -> Verdict:
    """Check the chain; the first altered, removed or reordered record is named.

    Parameters
    ----------
    newest_only : bool
        Check only what came after the last checkpoint; what came before was checked when that was signed.
    """
    require(actor, Action.VIEW_AUDIT)
    tell = progress or silent
    with read(workbench.engine) as session:
        total = audit.count(session)
        return audit.verify(session, workbench.vault, checkpoints=_marks_of(workbench), from_checkpoint=newest_only,
                            tell=lambda done: tell(done / max(total, 1), f"Checked {done:,} of {total:,} records"))


def verify_scores(workbench: Workbench, actor: Actor, *, client: str | None = None,
                  progress: Progress | None = None) -> ScoresVerdict:
    """Check the seal of every score in force and in the history; altered ones are named with their lead.

    Raises
    ------
    Forbidden
        Someone who is no administrator asked for every client's scores.
    """
    require(actor, Action.VIEW_AUDIT, client)
    _only_own(actor, client)
    tell = progress or silent
    with read(workbench.engine) as session:
        client_id = clients.require(session, client) if client else None
        total = score_seals.count(session, client_id)
        return score_seals.check(session, workbench.vault, client_id,
                                 lambda done: tell(done / max(total, 1), f"Checked {done:,} of {total:,} scores"))


@dataclass(frozen=True)
class Checkpoint:
    """The last signed line about the log: its newest record then (0 without a line), when, and how many came since."""

    seq: int
    at: str | None
    newer: int


def last_checkpoint(workbench: Workbench, actor: Actor) -> Checkpoint:
    """Say until where, and when last, the log was checked and signed."""
    require(actor, Action.VIEW_AUDIT)
    mark = checkpoints.newest(_marks_of(workbench), workbench.vault)
    seq = mark.seq if mark else 0
    with read(workbench.engine) as session:
        return Checkpoint(seq, mark.at if mark else None, max(audit.newest(session) - seq, 0))


def note_checkpoint(workbench: Workbench, *, every: int = 1) -> bool:
    """Sign the end of the log in a file outside the database, so that cutting off its newest records is found.

    What came since the last checkpoint is checked first. When it has been tampered with, nothing is signed and an
    alert is raised.

    Parameters
    ----------
    every : int
        Write only when at least so many records are newer than the last checkpoint.

    Returns
    -------
    bool
        Whether one was written; a folder that cannot be written to is no reason to refuse the work itself.
    """
    try:
        with read(workbench.engine) as session:
            return audit.checkpoint(session, workbench.vault, _marks_of(workbench), at=workbench.clock(), every=every)
    except TamperedData as found:
        log.error("the audit trail is not whole: %s", found)
        _alarm(workbench, str(found))
        return False
    except OSError as problem:
        log.warning("the checkpoint of the audit log could not be written: %s", problem.strerror)
        return False


def verify_daily(workbench: Workbench) -> Verdict:
    """Check the whole log, for the worker; an alert is raised when it is not as it was written."""
    with read(workbench.engine) as session:
        verdict = audit.verify(session, workbench.vault, checkpoints=_marks_of(workbench))
    if not verdict.ok:
        log.error("the audit trail is not whole: %s", verdict.reason)
        _alarm(workbench, verdict.reason)
    return verdict


def _alarm(workbench: Workbench, reason: str) -> None:
    with write(workbench.engine) as session:
        raise_alert(session, workbench, client_id=None, kind=AlertKind.CHAIN, subject="audit", now=workbench.clock(),
                    severity=Severity.SERIOUS, text=f"The audit trail has been tampered with. {reason}")


# --- written out ----------------------------------------------------------------------------------------------


def export_audit(workbench: Workbench, actor: Actor, *, client: str | None = None, form: str = "csv",
                 choice: Choice = EVERYTHING) -> Iterator[bytes]:
    """Write the log out piece by piece; the export is itself recorded when it is done.

    Parameters
    ----------
    client : str, optional
        Only this client's records; an administrator may leave it out.
    form : {"csv", "jsonl"}
        A table of the records that are wanted, with what chains them. JSON lines hold the whole log, sealed so that a
        stranger can check them with :func:`verifier` and our public key.

    Raises
    ------
    Forbidden
        Someone who is no administrator asked for every client's records.
    InvalidRequest
        ``wrong_form``; or ``sealed_is_whole``: a part of the log was asked for as JSON lines.
    """
    require(actor, Action.VIEW_AUDIT, client)
    _only_own(actor, client)
    if form not in FORMS:
        raise InvalidRequest("wrong_form", f"The audit trail cannot be written as '{form}'.",
                             f"Use {', '.join(FORMS)}.")
    if form == "jsonl" and (client or choice != EVERYTHING):
        raise InvalidRequest("sealed_is_whole", "A part of the log cannot be sealed: its records are chained.",
                             "Export the whole log as JSON lines, or the part as CSV.")
    with read(workbench.engine) as session:
        chosen = _filter(session, client, choice)
    return _noted(workbench, actor, chosen, form)


def audit_file(workbench: Workbench, actor: Actor, *, client: str | None = None, form: str = "csv",
               choice: Choice = EVERYTHING) -> bytes:
    """Give the same as one piece, for a page.

    Raises
    ------
    InvalidRequest
        ``too_many_records``: more than a page can hold.
    """
    pieces = export_audit(workbench, actor, client=client, form=form, choice=choice)
    content = b"".join(islice(pieces, MOST_ON_A_PAGE // PORTION if form == "csv" else MOST_ON_A_PAGE))
    if next(pieces, None) is not None:
        raise InvalidRequest("too_many_records", f"These are more than {MOST_ON_A_PAGE:,} records.",
                             "Choose a shorter period, or use 'leadscore audit export' on the server.")
    return content


def signing_key(workbench: Workbench, actor: Actor) -> str:
    """Give the public key that checkpoints and exports are checked with, as hex; nobody can sign with it."""
    require(actor, Action.VIEW_AUDIT)
    return checkpoints.public_key(workbench.vault)


def verifier(_workbench: Workbench, actor: Actor) -> bytes:
    """Give the script that checks an exported log without this program, to be handed on with the file."""
    require(actor, Action.VIEW_AUDIT)
    return Path(verify_export.__file__).read_bytes()


def _noted(workbench: Workbench, actor: Actor, chosen: EventFilter, form: str) -> Iterator[bytes]:
    digest, size, now = hashlib.sha256(), 0, workbench.clock()
    with read(workbench.engine) as session:
        newest = audit.newest(session)
        pieces = _tables(session, chosen) if form == "csv" else audit_reading.sealed_export(
            session, workbench.vault, list(checkpoints.read_all(_marks_of(workbench), workbench.vault).values()),
            now=now)
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=chosen.client_id, actor=actor.name,
                     action="audit_exported", object="audit",
                     detail={"form": form, "until_record": newest, "bytes": size, "sha256": digest.hexdigest(),
                             "filter": _told(chosen)})


def _tables(session: Session, chosen: EventFilter) -> Iterator[bytes]:
    """Give the records as CSV, the header with the first piece."""
    records, first = audit_reading.matching(session, chosen), True
    while portion := list(islice(records, PORTION)):
        content = csv_bytes(pd.DataFrame(portion, columns=list(audit.COLUMNS)))
        yield content if first else content[content.index(b"\n") + 1:]
        first = False
    if first:
        yield csv_bytes(pd.DataFrame([], columns=list(audit.COLUMNS), dtype="str"))


def _told(chosen: EventFilter) -> dict[str, Any]:
    """Say in plain values what a filter takes; nothing where it takes everything."""
    told: dict[str, Any] = orjson.loads(orjson.dumps({name: value for name, value in asdict(chosen).items() if value}))
    return told


def _filter(session: Session, client: str | None, choice: Choice) -> EventFilter:
    row = clients.find(session, client) if client else None
    client_id = (row.id if row else NO_CLIENT) if client else None
    return EventFilter(client_id=client_id, actions=choice.actions, actor=choice.person, object=choice.about,
                       since=choice.since, until=choice.until)


def _only_own(actor: Actor, client: str | None) -> None:
    if client is None and not actor.may(Action.MANAGE_USERS):
        raise Forbidden("forbidden", "Only an administrator sees the events of every client.", "Choose a client.")


def _marks_of(workbench: Workbench) -> Path:
    return checkpoints.checkpoint_file(workbench.settings.data_folder)
