"""Commands on the versions of a policy."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from leadscore.cli.words import Answer, add, family, operator, progress, write_file
from leadscore.errors import InvalidRequest
from leadscore.services import policies, policy_files, policy_history
from leadscore.workbench import Workbench

CHANGED = "The stored scores are still those of another version: 'leadscore rescore' makes them again."


def add_commands(commands: Any) -> None:
    """Add ``policies`` with its commands."""
    versions = family(commands, "policies", "versions of the scorecard and the settings around it")
    add(versions, "list", _list, "all versions, newest first")
    add(versions, "show", _show, "one version, every setting").add_argument("version", metavar="V")
    comparing = add(versions, "compare", _compare, "two versions side by side, in words and on leads")
    comparing.add_argument("first", metavar="A")
    comparing.add_argument("second", metavar="B")
    back = add(versions, "restore", _restore, "put what a version says back in force, as a new version")
    back.add_argument("version", metavar="V")
    back.add_argument("--comment", default="", metavar="TEXT", help="why, for the history")
    out = add(versions, "export", _export, "write a version as a file")
    out.add_argument("version", nargs="?", metavar="V", help="that in force when left out")
    out.add_argument("--out", type=Path, required=True, metavar="F",
                     help=".json file, or .csv for the criteria as a table")
    out.add_argument("--scorecard", action="store_true", help="the scorecard alone, without tiers, blend and the rest")
    reading = add(versions, "import", _import, "read such a file and save it as a new version in force", file=True)
    reading.add_argument("--comment", default="", metavar="TEXT", help="why, for the history")
    past = add(versions, "backtest", _backtest, "what a version would have found in a past period")
    past.add_argument("version", type=_number, metavar="V")
    past.add_argument("--from", dest="start", type=_day, required=True, metavar="DAY", help="first day, as 2026-01-31")
    past.add_argument("--to", dest="end", type=_day, required=True, metavar="DAY", help="last day")
    past.add_argument("--created", action="store_true", help="leads that came in then, not those whose end was known")
    past.add_argument("--learn-anew", action="store_true",
                      help="let the model learn once more from what was known before the period")


def _list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return {"policies": [asdict(version) for version in
                         policies.list_policies(workbench, operator(), client=options.client)]}


def _show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    shown = policy_history.show_policy(workbench, operator(), client=options.client, version=options.version)
    return {"version": shown.version, "comment": shown.comment, "created_by": shown.created_by,
            "created_at": shown.created_at, "policy": shown.policy.to_dict()}


def _compare(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return policy_history.compare_policies(workbench, operator(), client=options.client, first=options.first,
                                           second=options.second, progress=progress).as_dict()


def _restore(workbench: Workbench, options: argparse.Namespace) -> Answer:
    saved = policy_history.restore_policy(workbench, operator(), client=options.client, version=options.version,
                                          comment=options.comment)
    return {"version": saved, "note": CHANGED}


def _export(workbench: Workbench, options: argparse.Namespace) -> Answer:
    as_table = options.out.suffix.lower() == ".csv"
    file = policy_files.export_policy(workbench, operator(), client=options.client, version=options.version,
                                      format="criteria" if as_table else "scorecard" if options.scorecard else "policy")
    write_file(options.out, file.content)
    return {"out": str(options.out), "bytes": len(file.content)}


def _import(workbench: Workbench, options: argparse.Namespace) -> Answer:
    try:
        data = options.file.read_bytes()
    except OSError as problem:
        raise InvalidRequest("cannot_read", f"'{options.file}' cannot be read ({problem.strerror}).",
                             "Name a file that exists.") from problem
    actor, client = operator(), options.client
    changes = policy_files.read_policy_file(workbench, actor, client=client, data=data, filename=options.file.name)
    saved = policies.save_policy(workbench, actor, client=client, changes=changes,
                                 comment=options.comment or f"Read from {options.file.name}")
    return {"version": saved, "settings": sorted(changes), "note": CHANGED}


def _backtest(workbench: Workbench, options: argparse.Namespace) -> Answer:
    request = policy_history.BacktestRequest(
        options.version, options.start, options.end, "created" if options.created else "ended", options.learn_anew)
    return policy_history.backtest_policy(workbench, operator(), client=options.client, request=request,
                                          progress=progress).as_dict()


def _number(text: str) -> int:
    """Read a version as 3 or v3."""
    number = text.strip().lower().removeprefix("v")
    if not number.isdecimal() or len(number) > 9:
        raise argparse.ArgumentTypeError(f"'{text}' is not a version such as 3")
    return int(number)


def _day(text: str) -> date:
    """Read a day as 2026-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"'{text}' is no day such as 2026-01-31") from problem
