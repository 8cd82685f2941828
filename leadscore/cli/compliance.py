"""The command that writes compliance reports, and the one that makes one again and compares."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from leadscore.cli.reports import add_format, wished
from leadscore.cli.words import Answer, add, operator, write_file
from leadscore.errors import InvalidRequest
from leadscore.services import compliance
from leadscore.services.compliance import Kind, Period, Wish
from leadscore.workbench import Workbench

CSV = ".csv"


def add_commands(commands: Any) -> None:
    """Add ``compliance``."""
    made = add(commands, "compliance", _compliance, "write a compliance report, or make one again and compare")
    made.add_argument("kind", nargs="?", type=Kind, choices=list(Kind), metavar="KIND",
                      help=f"one of {', '.join(Kind)}")
    made.add_argument("--lead", type=int, metavar="ID", help="the lead a notice is about")
    made.add_argument("--from", dest="first", type=_day, metavar="DAY", help="first day, as 2026-01-31")
    made.add_argument("--to", dest="last", type=_day, metavar="DAY", help="last day")
    made.add_argument("--out", type=Path, metavar="F", help=".html, .pdf or .csv file, or a folder")
    made.add_argument("--again", type=int, metavar="N", help="make report N again and compare fingerprints")
    made.add_argument("--list", action="store_true", help="list the reports made so far")
    add_format(made)


def _compliance(workbench: Workbench, options: argparse.Namespace) -> Answer:
    if options.list:
        return _list(workbench, options.client)
    if options.again is not None:
        return _again(workbench, options)
    if options.kind is None or options.out is None:
        raise InvalidRequest("nothing_asked", "Neither a report nor a file to write to is named.",
                             f"Write: compliance {Kind.RISKS} --out risks.pdf")
    period = Period(options.first, options.last) if options.first and options.last else None
    wanted = Wish(options.kind, period, options.lead)
    made = _made(workbench, options, wanted)
    target = options.out / made.filename if options.out.is_dir() else options.out
    write_file(target, made.content)
    return {"out": str(target), "bytes": len(made.content), "sha256": made.sha256, "kind": str(options.kind)}


def _made(workbench: Workbench, options: argparse.Namespace, wanted: Wish) -> compliance.ReportFile:
    if options.out.suffix.lower() == CSV:
        return compliance.report_records(workbench, operator(), client=options.client, wanted=wanted)
    return compliance.make_report(workbench, operator(), client=options.client, wanted=wanted, as_a=wished(options))


def _list(workbench: Workbench, client: str) -> Answer:
    found = compliance.list_reports(workbench, operator(), client=client)
    return {"reports": [{"report": report.id, "kind": str(report.kind), "lead": report.lead_id,
                         "from": f"{report.period.first}" if report.period else None,
                         "to": f"{report.period.last}" if report.period else None, "made_at": report.made_at,
                         "made_by": report.made_by, "audit_seq": report.audit_seq, "sha256": report.sha256}
                        for report in found]}


def _again(workbench: Workbench, options: argparse.Namespace) -> Answer:
    again = compliance.make_again(workbench, operator(), client=options.client, report_id=options.again)
    return {"report": options.again, "same": again.same, "sha256": again.sha256, "explained": again.explained}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-01-31") from problem
