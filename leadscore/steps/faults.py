"""Faults of the program get a number that people can quote; what is logged in the clear says where, never what."""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlmodel import Session

from leadscore import __version__
from leadscore.steps.alerting import WORKBENCH, AlertKind, Severity, raise_alert
from leadscore.store import audit, clients, faults
from leadscore.store.database import write
from leadscore.store.tables import ErrorRecord
from leadscore.workbench import Workbench

NUMBER_BYTES = 4
LONGEST_TRACE = 40_000
LONGEST_PLACE = 80
PROGRAM_FOLDER = Path(__file__).resolve().parents[2]
EMAIL = re.compile(r"[^\s\"'@\\<>()]+@[^\s\"'@\\<>()]+\.[^\s\"'@\\<>()]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
SECRETS = re.compile(r"(?i)((?:password|passphrase|secret|token|api[_-]?key|authorization|cookie)\s*[=:]\s*)\S+")
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")

log = logging.getLogger(__name__)


def note_fault(workbench: Workbench | None, fault: BaseException, *, place: str, user: str | None = None,
               client: str | None = None) -> str:
    """Give a fault its number, log where it happened, and keep the whole of it encrypted.

    Parameters
    ----------
    workbench : Workbench or None
        None where it could not even be opened; then there is only the log.
    place : str
        What was being done: ``"page leads"``, ``"job train"``.
    user, client : str, optional
        Whom and whose leads it happened to.

    Returns
    -------
    str
        Eight hexadecimal digits, to be told to the person.
    """
    number = secrets.token_hex(NUMBER_BYTES)
    # of a page it is what the browser says
    place = masked(place)[:LONGEST_PLACE]
    log.error("fault %s: %s in %s, at %s", number, kind_of(fault), place, where(fault))
    if workbench is not None:
        # a fault of the store itself cannot be kept in it; the log has its number
        with suppress(Exception):
            _keep(workbench, fault, number=number, place=place, user=user, client=client)
    return number


def kind_of(fault: BaseException) -> str:
    """Name what a fault is, without its words: these may quote data."""
    kind = type(fault)
    return (kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}")[:120]


def where(fault: BaseException) -> str:
    """Name the innermost line of ours that a fault passed: ``leadscore/steps/judge.py:41``."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)] or list(frames)
    if not ours:
        return "an unknown line"
    path = Path(ours[-1].filename)
    shown = path.relative_to(PROGRAM_FOLDER) if _is_ours(ours[-1].filename) else Path(path.name)
    return f"{shown}:{ours[-1].lineno}"


def masked(text: str) -> str:
    """Give a line for the log: no e-mail address, nothing that looks like a secret, no control characters."""
    calm = CONTROL.sub(" ", text)
    return EMAIL.sub("[e-mail]", SECRETS.sub(r"\1[secret]", BEARER.sub(r"\1 [secret]", calm)))


class CalmFormatter(logging.Formatter):
    """Writes one line for each record, whatever was in it; of an exception only what it is and where."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            said += f" ({kind_of(record.exc_info[1])} at {where(record.exc_info[1])})"
        return f"{self.formatTime(record)} {record.levelname} {record.name}: {masked(said)}"


class CalmRecord(logging.LogRecord):
    """A record whose words are masked when it is made, whoever logs it and whoever writes it down.

    The libraries we stand on log exceptions with all their words, which may quote data of leads.
    """

    def __init__(self, name: str, level: int, pathname: str, lineno: int, msg: object, args: Any,
                 exc_info: Any = None, *more: Any, **named: Any) -> None:
        super().__init__(name, level, pathname, lineno, msg, args, None, *more, **named)
        fault = exc_info[1] if exc_info else None
        self._fault = f" ({kind_of(fault)} at {where(fault)})" if fault is not None else ""

    def getMessage(self) -> str:  # noqa: N802
        """Give the words of the record, masked."""
        return masked(super().getMessage() + self._fault)


def keep_log_calm(level: int) -> None:
    """Let whatever this process logs be masked, and what is ours go to standard error; again is no harm."""
    logging.setLogRecordFactory(CalmRecord)
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, CalmFormatter) for handler in root.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(CalmFormatter())
        root.addHandler(handler)
    logging.getLogger("leadscore").setLevel(level)


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(PROGRAM_FOLDER) and "site-packages" not in path.parts


def _keep(workbench: Workbench, fault: BaseException, *, number: str, place: str, user: str | None,
          client: str | None) -> None:
    trace = "".join(traceback.format_exception(fault))[-LONGEST_TRACE:]
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = _client_id(session, client)
        faults.add(session, ErrorRecord(
            id=number, client_id=client_id, user_name=user, place=place, kind=kind_of(fault), program=__version__,
            trace=workbench.vault.encrypt(trace.encode("utf-8", "replace"), faults.place(number)), at=now))
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=user or WORKBENCH, action="fault",
                     object=f"error:{number}", detail={"kind": kind_of(fault), "place": place})
        # one alert for each kind of fault at each place: a page that fails for everybody is one thing to look at
        raise_alert(session, workbench, client_id=None, kind=AlertKind.FAULT,
                    subject=f"{kind_of(fault)} {where(fault)}"[-80:], severity=Severity.WARNING,
                    text=f"Something went wrong on our side in {place}; the latest has the number {number}.", now=now)


def trace_of(workbench: Workbench, row: ErrorRecord) -> str:
    """Give the whole of a fault, decrypted."""
    return workbench.vault.decrypt(row.trace, faults.place(row.id)).decode()


def _client_id(session: Session, client: str | None) -> int | None:
    row = clients.find(session, client) if client else None
    return row.id if row else None
