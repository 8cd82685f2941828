"""Commands that keep the workbench running: its health, backups, and putting one back."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from leadscore.cli.words import EXIT_DONE, EXIT_REFUSED, Answer, add, operator
from leadscore.config import load_settings
from leadscore.errors import LeadScoreError
from leadscore.services import backups, faults, operations
from leadscore.services.operations import Check, Health, State
from leadscore.workbench import Workbench, open_workbench, utc_now


def add_commands(commands: Any) -> None:
    """Add ``health``, ``backup`` and ``restore``."""
    add(commands, "health", _health, "look at everything the workbench needs; exit 3 when something fails") \
        .set_defaults(closed=True)

    backup = add(commands, "backup", _backup, "back up store, models and signatures while everybody works")
    backup.add_argument("--out", type=Path, metavar="DIR|FILE", help="a folder, or a new file that ends in .backup")

    restore = add(commands, "restore", _restore, "put a backup into an empty home, whole or not at all", file=True)
    restore.add_argument("--force", action="store_true",
                         help="exchange what is there; it is kept in a folder beside it")
    restore.add_argument("--passphrase", action="store_true",
                         help="ask for the passphrase of a sealed backup, or read it from stdin")
    restore.set_defaults(closed=True)


def _health(_: argparse.Namespace) -> Answer:
    found = _looked()
    return {"state": found.state, "at": found.at.isoformat(),
            "checks": [{"name": check.name, "state": check.state, "sentence": check.sentence}
                       for check in found.checks],
            "exit_code": EXIT_REFUSED if found.state is State.FAIL else EXIT_DONE}


def _looked() -> Health:
    """Look at a workbench that may not even open."""
    try:
        return operations.health_of(open_workbench(), thorough=True)
    except LeadScoreError as refusal:
        sentence = str(refusal)
    except Exception as fault:
        number = faults.note_fault(None, fault, place="command health")
        sentence = f"The workbench does not open (number {number} in the log)."
    return Health((Check("store", "Store", State.FAIL, sentence),), utc_now())


def _backup(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return backups.make_backup(workbench, operator(), target=options.out)


def _restore(options: argparse.Namespace) -> Answer:
    restored = backups.restore_backup(load_settings(), operator(), path=options.file, force=options.force,
                                      passphrase=_passphrase() if options.passphrase else None, now=utc_now())
    return {"made_at": restored.facts.made_at.isoformat(), "rows": restored.facts.rows,
            "models": len(restored.facts.folders), "audit_records": restored.facts.audit_seq,
            "erased_again": restored.erased_again, "erasures_known": restored.erasures_known,
            "replaced": str(restored.replaced) if restored.replaced else None}


def _passphrase() -> str:
    if sys.stdin.isatty():
        with suppress(EOFError):
            return getpass.getpass("Passphrase: ")
    return sys.stdin.readline().rstrip("\r\n")
