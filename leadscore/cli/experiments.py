"""Commands on experiments."""

from __future__ import annotations

import argparse
from typing import Any

from leadscore.cli.rescoring import rescored
from leadscore.cli.words import (
    Answer,
    add,
    family,
    operator,
    share_of,
)
from leadscore.services import (
    experiments,
)
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add ``experiments`` with its commands."""
    words = family(commands, "experiments", "champion against challenger on live leads")
    _add_planning(add(words, "plan", _experiments_plan, "how many leads an experiment takes, and how long"))
    start = add(words, "start", _experiments_start, "let a challenger score a share of the leads")
    start.add_argument("challenger", metavar="V", help="model version")
    start.add_argument("--name", default="", help="what to call it")
    _add_planning(start)
    status = add(words, "status", _experiments_status, "what the running or latest experiment says")
    status.add_argument("experiment", nargs="?", type=int, metavar="N", help="number of another experiment")
    stop = add(words, "stop", _experiments_stop, "end it; the champion stays unless --deploy is given")
    stop.add_argument("--deploy", action="store_true", help="make the challenger the champion")


def _experiments_plan(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return experiments.plan_experiment(workbench, operator(), client=options.client, plan=_planned(options)).as_dict()


def _experiments_start(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    started = experiments.start_experiment(workbench, actor, client=options.client, challenger=options.challenger,
                                           name=options.name, plan=_planned(options))
    scored = rescored(workbench, options.client)
    return {**started.as_dict(), "scored": scored.as_dict()}


def _experiments_status(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    shown = experiments.experiment_status(workbench, actor, client=options.client, experiment_id=options.experiment)
    every = experiments.list_experiments(workbench, actor, client=options.client)
    answer = shown.as_dict() if shown else {"experiment": None}
    return {**answer, "all": [{"experiment": one.id, "name": one.name, "status": one.status, "verdict": one.verdict}
                              for one in every]}


def _experiments_stop(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    stopped = experiments.stop_experiment(workbench, actor, client=options.client, deploy=options.deploy)
    scored = rescored(workbench, options.client)
    return {**stopped.as_dict(), "scored": scored.as_dict()}


def _planned(options: argparse.Namespace) -> experiments.PlanRequest:
    return experiments.PlanRequest(mode=options.mode, base_rate=options.base_rate, effect=options.effect,
                                   difference=options.difference, share=options.share, alpha=options.alpha,
                                   power=options.power)


def _add_planning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", default="live", choices=["live", "shadow"],
                        help="live: the challenger scores its share; shadow: it is only noted beside the champion")
    parser.add_argument("--base-rate", type=share_of, metavar="R",
                        help="conversion rate of the champion's best 20%% (from your own conversions)")
    effect = parser.add_mutually_exclusive_group()
    effect.add_argument("--effect", type=share_of, metavar="20%",
                        help="smallest difference worth having, relative to the rate")
    effect.add_argument("--difference", type=share_of, metavar="2%", help="the same in points of conversion rate")
    parser.add_argument("--share", type=share_of, default=0.5, metavar="50%", help="leads the challenger gets")
    parser.add_argument("--alpha", type=share_of, default=0.05, metavar="5%", help="chance of a false conclusion")
    parser.add_argument("--power", type=share_of, default=0.8, metavar="80%", help="chance of finding the difference")
