"""The command that writes a report to hand on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from leadscore.cli.words import Answer, add, operator, write_file
from leadscore.services import reporting, segments
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``report``."""
    report = add(commands, "report", _report, "write the Performance page as a dated report under your brand")
    report.add_argument("--from", dest="first", metavar="DAY", help="first day leads came in, as 2026-01-31")
    report.add_argument("--to", dest="last", metavar="DAY", help="last day")
    report.add_argument("--source", action="append", default=[], metavar="S", help="only leads of this source")
    report.add_argument("--tier", action="append", default=[], choices=["High", "Medium", "Low"])
    report.add_argument("--segment", metavar="NAME", help="only leads of this saved view")
    report.add_argument("--out", type=Path, required=True, metavar="F", help=".html or .pdf file, or a folder")
    add_format(report)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument("--format", type=reporting.Format, choices=list(reporting.Format), metavar="html|pdf",
                        help="what to write; told by the ending of the file where it is left out")


def wished(options: argparse.Namespace) -> reporting.Format:
    """Say which format is meant, by ``--format`` or by the ending of the file."""
    by_name = options.out.suffix.lower() == f".{reporting.Format.PDF}"
    return options.format or (reporting.Format.PDF if by_name else reporting.Format.HTML)


def _report(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client = operator(), options.client
    segment = segments.segment_named(workbench, actor, client=client, name=options.segment).id \
        if options.segment else None
    view = reporting.ListView(came_from=options.first, came_to=options.last, sources=tuple(options.source),
                              tiers=tuple(options.tier), segment=segment)
    made = reporting.performance_report(workbench, actor, client=client, view=view,
                                        as_a=wished(options))
    target = options.out / made.filename if options.out.is_dir() else options.out
    write_file(target, made.content)
    return {"out": str(target), "bytes": len(made.content), "sha256": made.sha256,
            "leads": reporting.in_words(view, segment=options.segment or "")}
