"""The command that compares groups of leads."""

from __future__ import annotations

import argparse
from typing import Any

from leadscore.cli.words import Answer, add, operator
from leadscore.services import fairness
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``fairness``."""
    asked = add(commands, "fairness", _fairness, "whom scores put first, by group, with intervals and no verdict")
    asked.add_argument("--field", action="append", default=[], metavar="F",
                       help="look at this field (name or header); the marked ones when left out")
    asked.add_argument("--causes", action="store_true", help="also which columns give the group away")
    asked.add_argument("--costs", action="store_true", help="also what treating groups alike would cost")
    asked.add_argument("--mark", action="append", metavar="F",
                       help="mark these fields as sensitive, and no others; models leave them out")
    asked.add_argument("--unmark", action="store_true", help="mark no field as sensitive")


def _fairness(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client = operator(), options.client
    if options.mark or options.unmark:
        fairness.mark_fields(workbench, actor, client=client, names=options.mark or [])
    report = fairness.fairness_report(workbench, actor, client=client, fields=options.field)
    about = fairness.fairness_fields(workbench, actor, client=client)
    names = [field.name for field in report.looked_at]
    answer = report.as_dict() | {"marked": [field.label for field in about.marked],
                                 "criteria_about_marked": list(about.criteria), "learnt_marked": list(about.learnt)}
    if not options.json:
        answer["tables"] = [line for table in answer["tables"] for line in _lines(table)]
    if options.causes:
        answer["causes"] = [fairness.given_away(workbench, actor, client=client, name=name).as_dict() for name in names]
    if options.costs:
        answer["costs"] = [fairness.costs_of_change(workbench, actor, client=client, name=name).as_dict()
                           for name in names]
    return answer


def _lines(table: Answer) -> list[str]:
    """Write the groups of a table for people, a line each; --json has all figures."""
    return [f"{group['group']}: {_in_words(group)}" for group in table["groups"]]


def _in_words(group: Answer) -> str:
    if group["leads"] is None:
        return "not enough data"
    return (f"{group['selection_rate']:.1%} of {group['leads']:,} leads among the best, {group['ratio']:.2f} times "
            f"everybody else ({group['ratio_low']:.2f} to {group['ratio_high']:.2f}), {group['standing']}")
