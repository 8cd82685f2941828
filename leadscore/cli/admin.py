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
    new_password,
    operator,
    write_file,
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
    add(audit, "list", _audit_list, "newest first").add_argument("--limit", type=between(1, 1_000), default=50)
    add(audit, "verify", _audit_verify, "check the chain; exit 3 names the first broken record")
    add(audit, "export", _audit_export, "write the log as CSV").add_argument("--out", type=Path, required=True)

    users = family(commands, "users", "people who may sign in")
    adding = add(users, "add", _users_add, "add a person; the password is asked for, or read from stdin")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", required=True, choices=[str(role) for role in Role])
    adding.add_argument("--clients", "--client", dest="clients", action="append", default=[], metavar="C")
    add(users, "list", _users_list, "people, roles and clients")


def _audit_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    page = governance.audit_events(workbench, operator(), limit=options.limit)
    return {"records": page.total, "events": delivery.plain_rows(page.frame)}


def _audit_verify(workbench: Workbench, _: argparse.Namespace) -> Answer:
    verdict = governance.verify_audit(workbench, operator())
    return {**asdict(verdict), "exit_code": EXIT_DONE if verdict.ok else EXIT_REFUSED}


def _audit_export(workbench: Workbench, options: argparse.Namespace) -> Answer:
    content = governance.export_audit(workbench, operator())
    write_file(options.out, content)
    return {"out": str(options.out), "bytes": len(content)}


def _users_add(workbench: Workbench, options: argparse.Namespace) -> Answer:
    password = new_password()
    user = accounts.add_user(workbench, operator(), name=options.name, password=password, role=Role(options.role),
                             clients=options.clients or [DEFAULT_CLIENT])
    return {"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}


def _users_list(workbench: Workbench, _: argparse.Namespace) -> Answer:
    return {"users": [{"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}
                      for user in accounts.list_users(workbench, operator())]}
