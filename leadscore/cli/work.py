"""Commands on files and stored leads: inspect, import, rescore, train, score, evaluate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from leadscore.cli.rescoring import rescored
from leadscore.cli.words import (
    Answer,
    add,
    add_reading,
    between,
    operator,
    progress,
    three_labels,
)
from leadscore.errors import InvalidRequest
from leadscore.services import (
    delivery,
    evaluating,
    intake,
    scoring,
    training,
)
from leadscore.workbench import Workbench


def add_commands(commands: Any) -> None:
    """Add the commands of the daily work."""
    inspect = add(commands, "inspect", _inspect, "read and judge a file; nothing is stored", file=True)
    inspect.add_argument("--sheet", help="sheet of a workbook")

    importing = add(commands, "import", _import, "store the leads of a file as a batch and score them", file=True)
    add_reading(importing)

    add(commands, "rescore", _rescore, "score the stored leads again")

    _add_train(commands)
    _add_score(commands)

    evaluate = add(commands, "evaluate", _evaluate, "measure a model on a labelled file it has not seen", file=True)
    evaluate.add_argument("--target", required=True, metavar="COLUMN", help="header of the outcome")
    evaluate.add_argument("--positive", metavar="VALUE", help="value that means converted")
    evaluate.add_argument("--model", default="champion", metavar="V", help="model version or 'champion'")
    add_reading(evaluate)


def _inspect(workbench: Workbench, options: argparse.Namespace) -> Answer:
    inspection = intake.inspect_file(workbench, operator(), client=options.client, source=options.file,
                                     filename=options.file.name, sheet=options.sheet)
    return inspection.as_dict()


def _import(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    imported = intake.import_file(workbench, actor, client=options.client, source=options.file,
                                  filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                  progress=progress)
    rescored(workbench, options.client, batch_id=imported.batch_id)
    return imported.as_dict()


def _rescore(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return rescored(workbench, options.client).as_dict()


def _train(workbench: Workbench, options: argparse.Namespace) -> Answer:
    request = training.TrainingRequest(
        target=options.target, positive=options.positive, time=options.time, group=options.group,
        algorithm=options.algorithm, balance=options.balance, keep=tuple(options.keep), drop=tuple(options.drop),
        deploy=options.deploy, seconds=options.seconds, tiers=options.tiers)
    if options.file is None and options.map:
        raise InvalidRequest("map_without_file", "--map tells what the columns of a file are, and no file is named.",
                             "Name the file, or leave --map out: stored leads are mapped already.")
    if options.file is None:
        trained = training.train_stored(workbench, operator(), client=options.client, request=request,
                                        progress=progress)
    else:
        trained = training.train_file(workbench, operator(), client=options.client, source=options.file,
                                      filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                      request=request, progress=progress)
    return trained.as_dict()


def _score(workbench: Workbench, options: argparse.Namespace) -> Answer:
    scored = scoring.score_file(workbench, operator(), client=options.client, source=options.file,
                                filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                model=options.model, policy=options.policy, top=options.top,
                                reasons=options.reasons, progress=progress)
    answer = scored.as_dict()
    if options.out:
        exported = delivery.write_table(workbench, operator(), client=options.client, frame=scored.frame,
                                        path=options.out)
        answer["out"] = str(exported.path)
        answer["sha256"] = exported.sha256
    return answer


def _evaluate(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return evaluating.evaluate_file(workbench, operator(), client=options.client, source=options.file,
                                  filename=options.file.name, sheet=options.sheet, target=options.target,
                                  positive=options.positive, model=options.model, overrides=options.map,
                                  progress=progress)


def _add_train(commands: Any) -> None:
    train = add(commands, "train", _train, "train a model on a file, or on the stored outcomes")
    train.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a labelled file; stored leads without it")
    add_reading(train)
    train.add_argument("--target", metavar="COLUMN", help="header of the outcome; needed with a file")
    train.add_argument("--positive", metavar="VALUE", help="value that means converted")
    train.add_argument("--tiers", type=three_labels, default=(), metavar="BEST,MIDDLE,LAST",
                       help="learn three tiers with these labels; High, Medium and Low need not be named")
    train.add_argument("--time", metavar="COLUMN|rows", help="column of the date, or 'rows' when they are in its order")
    train.add_argument("--group", metavar="COLUMN", help="keep rows with the same value on one side of a split")
    train.add_argument("--algorithm", default="auto", choices=["auto", "logistic", "additive", "xgboost", "forest",
                                                               "average", "neural", "logistic_regression",
                                                               "random_forest", "neural_network"])
    train.add_argument("--balance", default="auto", choices=["auto", "none", "weights", "smote"])
    train.add_argument("--keep", action="append", default=[], metavar="COL", help="use this column although screened")
    train.add_argument("--drop", action="append", default=[], metavar="COL", help="leave this column out")
    train.add_argument("--seconds", type=between(1, 86_400), default=training.TrainingRequest.seconds, metavar="S",
                       help="how long candidates may be tried; the rest is skipped and said")
    train.add_argument("--deploy", action="store_true", help="make the new version the champion")


def _add_score(commands: Any) -> None:
    score = add(commands, "score", _score, "score a file without storing its leads", file=True)
    add_reading(score)
    score.add_argument("--model", default="champion", metavar="VERSION|champion|none")
    score.add_argument("--policy", metavar="V", help="policy version; the active one by default")
    score.add_argument("--top", metavar="20%|N", help="write only the best share or number")
    score.add_argument("--reasons", type=between(0, 50), default=5, metavar="K", help="reasons beside each lead")
    score.add_argument("--out", type=Path, metavar="F", help=".csv or .xlsx file to write")
