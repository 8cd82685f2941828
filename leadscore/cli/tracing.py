"""Commands that follow a lead to where it comes from, and make past scores again."""

from __future__ import annotations

import argparse
from typing import Any

from leadscore.cli.words import EXIT_DONE, EXIT_REFUSED, Answer, add, between, operator
from leadscore.services import lineage
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``lineage`` and ``replay``."""
    tracing = add(commands, "lineage", _lineage, "from a lead back to its file and forward to where it went")
    which = tracing.add_mutually_exclusive_group(required=True)
    which.add_argument("lead_id", type=int, nargs="?", metavar="LEAD")
    which.add_argument("--batch", type=int, metavar="B", help="from an import forward instead")

    replaying = add(commands, "replay", _replay, "make a past score again; exit 3 when it does not come out the same")
    what = replaying.add_mutually_exclusive_group(required=True)
    what.add_argument("lead_id", type=int, nargs="?", metavar="LEAD")
    what.add_argument("--run", type=int, metavar="N", help="the scores of a whole scoring instead")
    replaying.add_argument("--of", type=int, metavar="N", help="which scoring of the lead; the last one by default")
    replaying.add_argument("--most", type=between(1, 100_000), default=lineage.MOST_REPLAYED, metavar="M",
                           help="scores of a scoring to make again")


def _lineage(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    if options.batch is not None:
        return lineage.as_dict(lineage.file_lineage(workbench, actor, client=options.client, batch_id=options.batch))
    return lineage.as_dict(lineage.lead_lineage(workbench, actor, client=options.client, lead_id=options.lead_id))


def _replay(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    if options.run is not None:
        found = lineage.replay_scoring(workbench, actor, client=options.client, run_id=options.run, most=options.most)
        return lineage.as_dict(found) | {"exit_code": EXIT_DONE if found.same else EXIT_REFUSED}
    one = lineage.replay_score(workbench, actor, client=options.client, lead_id=options.lead_id, run_id=options.of)
    return lineage.as_dict(one) | {"exit_code": EXIT_DONE if one.identical else EXIT_REFUSED}
