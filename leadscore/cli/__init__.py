"""The command line: arguments in, one service call, one answer out."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from leadscore import __version__
from leadscore.cli import (
    admin,
    checks,
    compliance,
    experiments,
    fairness,
    leads,
    models,
    operation,
    policies,
    privacy,
    reports,
    tracing,
    work,
)
from leadscore.cli.words import EXIT_DONE, EXIT_FAULT, Answer, operator, refuse, say
from leadscore.errors import LeadScoreError
from leadscore.services import faults, governance, operations
from leadscore.workbench import Workbench, open_workbench

FAMILIES = (work, models, policies, checks, experiments, leads, fairness, privacy, reports, compliance, tracing, admin,
            operation)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; the process's own by default.

    Returns
    -------
    int
        0 done, 1 a fault of ours, 2 wrong usage, 3 the input or request is refused.
    """
    options = parser().parse_args(arguments)
    faults.keep_log_calm(logging.INFO if options.verbose else logging.WARNING)
    workbench: Workbench | None = None
    try:
        # what puts a home in order cannot wait for it to open
        workbench = None if options.closed else open_workbench()
        answer = _done(workbench, options)
    except LeadScoreError as refusal:
        return refuse(refusal, as_json=options.json)
    except KeyboardInterrupt:
        print("Stopped; nothing was kept.", file=sys.stderr)
        return EXIT_FAULT
    except Exception as fault:
        return _broken(workbench, fault, options)
    exit_code = int(answer.pop("exit_code", EXIT_DONE))
    say(answer, as_json=options.json)
    return exit_code


def _done(workbench: Workbench | None, options: argparse.Namespace) -> Answer:
    if workbench is None:
        return dict(options.command(options))
    with operations.timed(workbench, f"command {options.spoken}", client=options.client):
        answer: Answer = options.command(workbench, options)
    operations.keep_timings(workbench)
    governance.note_checkpoint(workbench)
    return answer


def _broken(workbench: Workbench | None, fault: Exception, options: argparse.Namespace) -> int:
    number = faults.note_fault(workbench, fault, place=f"command {options.spoken}", user=operator().name,
                               client=options.client)
    sentence = f"Something went wrong on our side. If it happens again, tell us the number {number}."
    if options.json:
        say({"error": {"code": "internal_fault", "message": sentence, "hint": "Nothing was kept.", "id": number}},
            as_json=True)
    else:
        print(sentence, file=sys.stderr)
    return EXIT_FAULT


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    words = argparse.ArgumentParser(prog="leadscore", description="Rank the leads of a file and say why.")
    words.add_argument("--version", action="version", version=f"leadscore {__version__}")
    words.set_defaults(json=False, verbose=False, closed=False, client=None, spoken="")
    commands = words.add_subparsers(metavar="COMMAND", required=True)
    for commands_of in FAMILIES:
        commands_of.add_commands(commands)
    return words
