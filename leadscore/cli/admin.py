"""Commands of those who look after the workbench: the log, and who may sign in."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leadscore.access import Role
from leadscore.cli.words import (
    EXIT_DONE,
    EXIT_REFUSED,
    Answer,
    add,
    between,
    family,
    moment,
    new_password,
    operator,
    write_pieces,
)
from leadscore.services import (
    accounts,
    delivery,
    governance,
)
from leadscore.workbench import DEFAULT_CLIENT, Workbench


def add_commands(commands: Any) -> None:
    """Add ``audit`` and ``users`` with their commands."""
    audit = family(commands, "audit", "the tamper-evident log")
    listing = add(audit, "list", _audit_list, "newest first; of every client unless --client names one")
    listing.add_argument("--limit", type=between(1, 1_000), default=50)
    _add_choice(listing)
    verifying = add(audit, "verify", _audit_verify, "check the chain; exit 3 names the first broken record")
    verifying.add_argument("--newest", action="store_true", help="only what came after the last checkpoint")
    verifying.add_argument("--scores", action="store_true", help="check the seal of every score too")
    exporting = add(audit, "export", _audit_export,
                    "write the log: .csv as a table, .jsonl sealed for a check elsewhere")
    exporting.add_argument("--out", type=Path, required=True)
    _add_choice(exporting)
    add(audit, "key", _audit_key, "the public key that sealed exports are checked with")

    users = family(commands, "users", "people who may sign in")
    adding = add(users, "add", _users_add, "add a person; the password is asked for, or read from stdin")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", required=True, choices=[str(role) for role in Role])
    adding.add_argument("--clients", "--client", dest="clients", action="append", default=[], metavar="C")
    add(users, "list", _users_list, "people, roles and clients")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(client=None)
    parser.add_argument("--action", action="append", default=[], metavar="A", choices=sorted(governance.RECORD_WORDS),
                        help="only records of this kind; may be given again")
    parser.add_argument("--actor", metavar="NAME", help="only what this person did")
    parser.add_argument("--about", metavar="OBJECT", help="only records about this object, such as lead:17")
    parser.add_argument("--since", type=moment, metavar="DAY", help="not before this day or moment (UTC)")
    parser.add_argument("--until", type=moment, metavar="DAY", help="before this day or moment (UTC)")


def _choice(options: argparse.Namespace) -> governance.Choice:
    return governance.Choice(tuple(options.action), options.actor, options.about, options.since, options.until)


def _audit_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    page = governance.audit_events(workbench, operator(), client=options.client, choice=_choice(options),
                                   limit=options.limit)
    return {"records": page.total, "events": delivery.plain_rows(page.frame)}


def _audit_verify(workbench: Workbench, options: argparse.Namespace) -> Answer:
    verdict = governance.verify_audit(workbench, operator(), newest_only=options.newest)
    answer, ok = asdict(verdict), verdict.ok
    if options.scores:
        found = governance.verify_scores(workbench, operator())
        answer["scores"], ok = {"ok": found.ok, **asdict(found)}, ok and found.ok
    return {**answer, "exit_code": EXIT_DONE if ok else EXIT_REFUSED}


def _audit_export(workbench: Workbench, options: argparse.Namespace) -> Answer:
    form = "jsonl" if options.out.suffix.lower() in (".jsonl", ".json") else "csv"
    pieces = governance.export_audit(workbench, operator(), client=options.client, form=form, choice=_choice(options))
    return {"out": str(options.out), "bytes": write_pieces(options.out, pieces), "form": form}


def _audit_key(workbench: Workbench, _: argparse.Namespace) -> Answer:
    return {"public_key": governance.signing_key(workbench, operator())}


def _users_add(workbench: Workbench, options: argparse.Namespace) -> Answer:
    password = new_password()
    user = accounts.add_user(workbench, operator(), name=options.name, password=password, role=Role(options.role),
                             clients=options.clients or [DEFAULT_CLIENT])
    return {"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}


def _users_list(workbench: Workbench, _: argparse.Namespace) -> Answer:
    return {"users": [{"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}
                      for user in accounts.list_users(workbench, operator())]}
