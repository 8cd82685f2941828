"""The command line: arguments in, one service call, one answer out."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from leadscore import __version__
from leadscore.cli import admin, experiments, leads, models, policies, privacy, reports, work
from leadscore.cli.words import EXIT_DONE, EXIT_FAULT, refuse, say
from leadscore.errors import LeadScoreError
from leadscore.services import governance
from leadscore.workbench import open_workbench

FAMILIES = (work, models, policies, experiments, leads, privacy, reports, admin)

log = logging.getLogger(__name__)


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
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, stream=sys.stderr,
                        format="%(levelname)s %(name)s: %(message)s")
    try:
        workbench = open_workbench()
        answer = options.command(workbench, options)
        governance.note_checkpoint(workbench)
    except LeadScoreError as refusal:
        return refuse(refusal, as_json=options.json)
    except KeyboardInterrupt:
        print("Stopped; nothing was kept.", file=sys.stderr)
        return EXIT_FAULT
    except Exception:
        log.exception("the command failed")
        print("Something went wrong on our side; the log above says where.", file=sys.stderr)
        return EXIT_FAULT
    exit_code = int(answer.pop("exit_code", EXIT_DONE))
    say(answer, as_json=options.json)
    return exit_code


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    words = argparse.ArgumentParser(prog="leadscore", description="Rank the leads of a file and say why.")
    words.add_argument("--version", action="version", version=f"leadscore {__version__}")
    words.set_defaults(json=False, verbose=False)
    commands = words.add_subparsers(metavar="COMMAND", required=True)
    for commands_of in FAMILIES:
        commands_of.add_commands(commands)
    return words
