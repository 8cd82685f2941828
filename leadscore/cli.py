"""The command line: arguments in, one service call, one answer out."""

from __future__ import annotations

import argparse
import getpass
import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from leadscore import __version__
from leadscore.access import Role
from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.services import (
    accounts,
    comparison,
    delivery,
    dossier,
    evaluating,
    experiments,
    governance,
    intake,
    models,
    retraining,
    sampling,
    scoring,
    segments,
    training,
)
from leadscore.workbench import DEFAULT_CLIENT, Workbench, open_workbench

CAMPAIGN_LEADS, INVESTORS = 5_000, 10_000
EXIT_DONE, EXIT_FAULT, EXIT_USAGE, EXIT_REFUSED = 0, 1, 2, 3

Answer = dict[str, Any]
Command = Callable[[Workbench, argparse.Namespace], Answer]

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
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, stream=sys.stderr,
                        format="%(levelname)s %(name)s: %(message)s")
    try:
        workbench = open_workbench()
        answer = options.command(workbench, options)
        governance.note_checkpoint(workbench)
    except LeadScoreError as refusal:
        return _refuse(refusal, as_json=options.json)
    except KeyboardInterrupt:
        print("Stopped; nothing was kept.", file=sys.stderr)
        return EXIT_FAULT
    except Exception:
        log.exception("the command failed")
        print("Something went wrong on our side; the log above says where.", file=sys.stderr)
        return EXIT_FAULT
    exit_code = int(answer.pop("exit_code", EXIT_DONE))
    _say(answer, as_json=options.json)
    return exit_code


# --- commands, in the order of the work ---------------------------------------------------------------------


def _inspect(workbench: Workbench, options: argparse.Namespace) -> Answer:
    inspection = intake.inspect_file(workbench, _operator(), client=options.client, source=options.file,
                                     filename=options.file.name, sheet=options.sheet)
    return inspection.as_dict()


def _import(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = _operator()
    imported = intake.import_file(workbench, actor, client=options.client, source=options.file,
                                  filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                  progress=_progress)
    _rescored(workbench, options.client, batch_id=imported.batch_id)
    return imported.as_dict()


def _rescore(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return _rescored(workbench, options.client).as_dict()


def _train(workbench: Workbench, options: argparse.Namespace) -> Answer:
    request = training.TrainingRequest(
        target=options.target, positive=options.positive, time=options.time, group=options.group,
        algorithm=options.algorithm, balance=options.balance, keep=tuple(options.keep), drop=tuple(options.drop),
        deploy=options.deploy, seconds=options.seconds, tiers=options.tiers)
    if options.file is None and options.map:
        raise InvalidRequest("map_without_file", "--map tells what the columns of a file are, and no file is named.",
                             "Name the file, or leave --map out: stored leads are mapped already.")
    if options.file is None:
        trained = training.train_stored(workbench, _operator(), client=options.client, request=request,
                                        progress=_progress)
    else:
        trained = training.train_file(workbench, _operator(), client=options.client, source=options.file,
                                      filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                      request=request, progress=_progress)
    return trained.as_dict()


def _score(workbench: Workbench, options: argparse.Namespace) -> Answer:
    scored = scoring.score_file(workbench, _operator(), client=options.client, source=options.file,
                                filename=options.file.name, sheet=options.sheet, overrides=options.map,
                                model=options.model, policy=options.policy, top=options.top,
                                reasons=options.reasons, progress=_progress)
    answer = scored.as_dict()
    if options.out:
        exported = delivery.write_table(workbench, _operator(), client=options.client, frame=scored.frame,
                                        path=options.out)
        answer["out"] = str(exported.path)
        answer["sha256"] = exported.sha256
    return answer


def _evaluate(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return evaluating.evaluate_file(workbench, _operator(), client=options.client, source=options.file,
                                  filename=options.file.name, sheet=options.sheet, target=options.target,
                                  positive=options.positive, model=options.model, overrides=options.map,
                                  progress=_progress)


def _models_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return {"models": [model.as_dict() for model in
                       models.list_models(workbench, _operator(), client=options.client)]}


def _models_show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    shown = models.show_model(workbench, _operator(), client=options.client, version=options.version)
    return shown.as_dict(whole=True) if options.json else shown.in_short() | {"note": "--json prints the whole report."}


def _models_deploy(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return _with_rescore_note(models.deploy_model(workbench, _operator(), client=options.client,
                                                  version=options.version), options)


def _models_rollback(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return _with_rescore_note(models.roll_back_model(workbench, _operator(), client=options.client,
                                                     version=options.version), options)


def _models_challenge(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return models.challenge_model(workbench, _operator(), client=options.client, version=options.version)


def _models_verify(workbench: Workbench, options: argparse.Namespace) -> Answer:
    verdict = models.verify_model(workbench, _operator(), client=options.client, version=options.version)
    return {**verdict, "exit_code": EXIT_DONE if verdict["ok"] else EXIT_REFUSED}


def _models_compare(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return comparison.compare_models(workbench, _operator(), client=options.client, first=options.first,
                                     second=options.second, progress=_progress).as_dict()


def _models_card(workbench: Workbench, options: argparse.Namespace) -> Answer:
    page = models.model_card(workbench, _operator(), client=options.client, version=options.version)
    _write(options.out, page)
    return {"out": str(options.out), "bytes": len(page)}


def _models_retraining(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client = _operator(), options.client
    changes = {name: value for name in ("on", "days", "share", "least")
               if (value := getattr(options, name)) is not None}
    shown = retraining.save_retraining_settings(workbench, actor, client=client, changes=changes) if changes \
        else retraining.retraining_settings(workbench, actor, client=client)
    return shown.as_dict() | ({"training": _retrain_now(workbench, actor, client)} if options.now else {})


def _retrain_now(workbench: Workbench, actor: Any, client: str) -> Answer:
    wishes = retraining.retraining_request(workbench, actor, client=client)
    trained = training.train_stored(workbench, actor, client=client, progress=_progress,
                                    request=training.TrainingRequest.from_dict(wishes))
    if trained.deployed:
        _rescored(workbench, client)
    return {"model_version": trained.model_version, "published": trained.deployed, "promotion": trained.promotion}


def _with_rescore_note(answer: Answer, options: argparse.Namespace) -> Answer:
    if not answer["rescore_needed"]:
        return answer
    client = "" if options.client == DEFAULT_CLIENT else f" --client {options.client}"
    return answer | {"note": f"The stored scores are still those of another version: 'leadscore rescore{client}' "
                             "makes them again."}


def _experiments_plan(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return experiments.plan_experiment(workbench, _operator(), client=options.client, plan=_planned(options)).as_dict()


def _experiments_start(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = _operator()
    started = experiments.start_experiment(workbench, actor, client=options.client, challenger=options.challenger,
                                           name=options.name, plan=_planned(options))
    scored = _rescored(workbench, options.client)
    return {**started.as_dict(), "scored": scored.as_dict()}


def _experiments_status(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = _operator()
    shown = experiments.experiment_status(workbench, actor, client=options.client, experiment_id=options.experiment)
    every = experiments.list_experiments(workbench, actor, client=options.client)
    answer = shown.as_dict() if shown else {"experiment": None}
    return {**answer, "all": [{"experiment": one.id, "name": one.name, "status": one.status, "verdict": one.verdict}
                              for one in every]}


def _experiments_stop(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = _operator()
    stopped = experiments.stop_experiment(workbench, actor, client=options.client, deploy=options.deploy)
    scored = _rescored(workbench, options.client)
    return {**stopped.as_dict(), "scored": scored.as_dict()}


def _planned(options: argparse.Namespace) -> experiments.PlanRequest:
    return experiments.PlanRequest(mode=options.mode, base_rate=options.base_rate, effect=options.effect,
                                   difference=options.difference, share=options.share, alpha=options.alpha,
                                   power=options.power)


def _rescored(workbench: Workbench, client: str, batch_id: int | None = None) -> scoring.Rescored:
    """Score stored leads, then look who has come into the segments that something happens for."""
    actor = _operator()
    scored = scoring.rescore(workbench, actor, client=client, batch_id=batch_id, progress=_progress)
    for found in segments.follow_segments(workbench, actor, client=client):
        log.info("%s: %d came in, %d left. %s", found.segment, found.came, found.went, found.done)
    return scored


def _leads_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = _operator()
    segment = segments.segment_named(workbench, actor, client=options.client, name=options.segment).id \
        if options.segment else None
    view = delivery.ListView(tiers=tuple(options.tier), top=options.top, segment=segment, page_size=options.limit)
    if options.out:
        exported = delivery.export_to_path(workbench, actor, client=options.client, view=view, path=options.out)
        return {"rows": exported.rows, "left_out": exported.left_out, "out": str(options.out),
                "sha256": exported.sha256}
    page = delivery.list_leads(workbench, actor, client=options.client, view=view)
    return {"total": page.total, "leads": delivery.plain_rows(page.frame)}


def _leads_show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return dossier.lead_detail(workbench, _operator(), client=options.client, lead_id=options.lead_id).as_dict()


def _audit_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    page = governance.audit_events(workbench, _operator(), limit=options.limit)
    return {"records": page.total, "events": delivery.plain_rows(page.frame)}


def _audit_verify(workbench: Workbench, _: argparse.Namespace) -> Answer:
    verdict = governance.verify_audit(workbench, _operator())
    return {**asdict(verdict), "exit_code": EXIT_DONE if verdict.ok else EXIT_REFUSED}


def _audit_export(workbench: Workbench, options: argparse.Namespace) -> Answer:
    content = governance.export_audit(workbench, _operator())
    _write(options.out, content)
    return {"out": str(options.out), "bytes": len(content)}


def _demo(workbench: Workbench, options: argparse.Namespace) -> Answer:
    if options.three_tiers:
        return _demo_three_tiers(workbench, options)
    actor, client = _operator(), options.client
    campaign = sampling.make_campaign_file(workbench, actor, client=client, leads=options.leads or CAMPAIGN_LEADS,
                                           seed=options.seed)
    imported = intake.import_file(workbench, actor, client=client, source=campaign.content,
                                  filename=campaign.filename, progress=_progress)
    request = training.TrainingRequest(deploy=True, random_state=options.seed)
    trained = training.train_stored(workbench, actor, client=client, request=request, progress=_progress)
    _rescored(workbench, client)
    target = options.out / "top_20_percent.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    exported = delivery.export_to_path(workbench, actor, client=client, view=delivery.ListView(top="20%"), path=target)
    return {"leads": imported.rows_read, "client": client, "import": imported.as_dict(),
            "model_version": trained.model_version, "algorithm": trained.algorithm, "metrics": trained.metrics,
            "export": {"path": str(target), "rows": exported.rows, "left_out": exported.left_out}}


def _demo_three_tiers(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client, folder = _operator(), options.client, options.out
    made = sampling.make_investor_files(workbench, actor, client=client, leads=options.leads or INVESTORS,
                                        seed=options.seed)
    folder.mkdir(parents=True, exist_ok=True)
    learnt, fresh, target = (folder / name for name in ("investors.csv", "investors_new.csv", "top_20_percent.csv"))
    learnt.write_bytes(made.learnt)
    fresh.write_bytes(made.fresh)
    request = training.TrainingRequest(target="tier", deploy=True, random_state=options.seed)
    trained = training.train_file(workbench, actor, client=client, source=learnt, filename=learnt.name,
                                  request=request, progress=_progress)
    version = str(trained.model_version)
    measured = evaluating.evaluate_file(workbench, actor, client=client, source=fresh, filename=fresh.name,
                                      target="tier", model=version, progress=_progress)
    scored = scoring.score_file(workbench, actor, client=client, source=fresh, filename=fresh.name, model=version,
                                top="20%", progress=_progress)
    exported = delivery.write_table(workbench, actor, client=client, frame=scored.frame, path=target)
    accuracy = measured["metrics"]["accuracy"]
    return {"leads": trained.split["train_rows"] + trained.split["test_rows"], "client": client,
            "model_version": trained.model_version, "algorithm": trained.algorithm, "balance": trained.balance,
            "candidates": trained.candidates, "metrics": trained.metrics,
            "new_leads": {"leads": measured["rows"], "accuracy": accuracy, "best_possible": made.best_accuracy,
                          "share_of_best": accuracy["value"] / made.best_accuracy,
                          "macro_recall": measured["metrics"]["macro_recall"], "classes": measured["classes"]},
            "export": {"path": str(exported.path), "rows": scored.exported}}


def _users_add(workbench: Workbench, options: argparse.Namespace) -> Answer:
    password = _new_password()
    user = accounts.add_user(workbench, _operator(), name=options.name, password=password, role=Role(options.role),
                             clients=options.clients or [DEFAULT_CLIENT])
    return {"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}


def _users_list(workbench: Workbench, _: argparse.Namespace) -> Answer:
    return {"users": [{"user": user.name, "role": str(user.role), "clients": sorted(user.clients)}
                      for user in accounts.list_users(workbench, _operator())]}


# --- words in -----------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leadscore", description="Rank the leads of a file and say why.")
    parser.add_argument("--version", action="version", version=f"leadscore {__version__}")
    parser.set_defaults(json=False, verbose=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    inspect = _add(commands, "inspect", _inspect, "read and judge a file; nothing is stored", file=True)
    inspect.add_argument("--sheet", help="sheet of a workbook")

    importing = _add(commands, "import", _import, "store the leads of a file as a batch and score them", file=True)
    _add_reading(importing)

    _add(commands, "rescore", _rescore, "score the stored leads again")

    _add_train(commands)
    _add_score(commands)

    evaluate = _add(commands, "evaluate", _evaluate, "measure a model on a labelled file it has not seen", file=True)
    evaluate.add_argument("--target", required=True, metavar="COLUMN", help="header of the outcome")
    evaluate.add_argument("--positive", metavar="VALUE", help="value that means converted")
    evaluate.add_argument("--model", default="champion", metavar="V", help="model version or 'champion'")
    _add_reading(evaluate)

    models = _family(commands, "models", "model versions")
    _add(models, "list", _models_list, "all versions, newest first")
    for name, command, text in (("show", _models_show, "one version with its report"),
                                ("deploy", _models_deploy, "make a version the champion"),
                                ("challenge", _models_challenge, "make a version the challenger"),
                                ("verify", _models_verify, "check the files and the answers of a version")):
        _add(models, name, command, text).add_argument("version", metavar="V")
    comparing = _add(models, "compare", _models_compare, "two versions side by side, also on the stored leads")
    comparing.add_argument("first", metavar="A")
    comparing.add_argument("second", metavar="B")
    back = _add(models, "rollback", _models_rollback, "put the champion before, or any version, back to use")
    back.add_argument("version", nargs="?", metavar="V", help="the previous champion when left out")

    card = _add(models, "card", _models_card, "write the card of a version as a page to print")
    card.add_argument("version", metavar="V")
    card.add_argument("--out", type=Path, required=True, metavar="F", help=".html file to write")
    again = _add(models, "retraining", _models_retraining, "when models are trained again by themselves")
    again.add_argument("--on", action="store_true", default=None, help="switch it on")
    again.add_argument("--off", dest="on", action="store_false", default=None, help="switch it off")
    again.add_argument("--days", type=_between(1, 365), metavar="N", help="train again after so many days")
    again.add_argument("--share", type=_share, metavar="20%", help="or when so many outcomes are new")
    again.add_argument("--least", type=_between(1, 1_000_000), metavar="N", help="newly decided leads needed")
    again.add_argument("--now", action="store_true", help="train now, and publish the new version if it is not worse")

    _add_experiments(commands)

    leads = _family(commands, "leads", "the stored, scored leads")
    listing = _add(leads, "list", _leads_list, "best first")
    listing.add_argument("--top", metavar="20%|N", help="only the best share or number")
    listing.add_argument("--tier", action="append", default=[], choices=["High", "Medium", "Low"])
    listing.add_argument("--segment", metavar="NAME", help="only leads of this saved view")
    listing.add_argument("--limit", type=_between(1, 1_000), default=100, help="rows to print (1-1000)")
    listing.add_argument("--out", type=Path, metavar="F", help="write them to a .csv or .xlsx file instead")
    _add(leads, "show", _leads_show, "one lead with its reasons").add_argument("lead_id", type=int, metavar="ID")

    audit = _family(commands, "audit", "the tamper-evident log")
    _add(audit, "list", _audit_list, "newest first").add_argument("--limit", type=_between(1, 1_000), default=50)
    _add(audit, "verify", _audit_verify, "check the chain; exit 3 names the first broken record")
    _add(audit, "export", _audit_export, "write the log as CSV").add_argument("--out", type=Path, required=True)

    demo = _add(commands, "demo", _demo, "the main job on a sample campaign, with nothing to upload")
    demo.add_argument("--leads", type=_between(500, 5_000_000), metavar="N",
                      help=f"{CAMPAIGN_LEADS:,} by default, {INVESTORS:,} in three tiers")
    demo.add_argument("--three-tiers", action="store_true",
                      help="investors in three tiers instead: train, measure against the best possible, score, export")
    demo.add_argument("--seed", type=int, default=7, metavar="S")
    demo.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder of the export")

    users = _family(commands, "users", "people who may sign in")
    adding = _add(users, "add", _users_add, "add a person; the password is asked for, or read from stdin")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", required=True, choices=[str(role) for role in Role])
    adding.add_argument("--clients", "--client", dest="clients", action="append", default=[], metavar="C")
    _add(users, "list", _users_list, "people, roles and clients")
    return parser


def _add_train(commands: Any) -> None:
    train = _add(commands, "train", _train, "train a model on a file, or on the stored outcomes")
    train.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a labelled file; stored leads without it")
    _add_reading(train)
    train.add_argument("--target", metavar="COLUMN", help="header of the outcome; needed with a file")
    train.add_argument("--positive", metavar="VALUE", help="value that means converted")
    train.add_argument("--tiers", type=_three_labels, default=(), metavar="BEST,MIDDLE,LAST",
                       help="learn three tiers with these labels; High, Medium and Low need not be named")
    train.add_argument("--time", metavar="COLUMN|rows", help="column of the date, or 'rows' when they are in its order")
    train.add_argument("--group", metavar="COLUMN", help="keep rows with the same value on one side of a split")
    train.add_argument("--algorithm", default="auto", choices=["auto", "logistic", "additive", "xgboost", "forest",
                                                               "average", "neural", "logistic_regression",
                                                               "random_forest", "neural_network"])
    train.add_argument("--balance", default="auto", choices=["auto", "none", "weights", "smote"])
    train.add_argument("--keep", action="append", default=[], metavar="COL", help="use this column although screened")
    train.add_argument("--drop", action="append", default=[], metavar="COL", help="leave this column out")
    train.add_argument("--seconds", type=_between(1, 86_400), default=training.TrainingRequest.seconds, metavar="S",
                       help="how long candidates may be tried; the rest is skipped and said")
    train.add_argument("--deploy", action="store_true", help="make the new version the champion")


def _add_experiments(commands: Any) -> None:
    family = _family(commands, "experiments", "champion against challenger on live leads")
    _add_planning(_add(family, "plan", _experiments_plan, "how many leads an experiment takes, and how long"))
    start = _add(family, "start", _experiments_start, "let a challenger score a share of the leads")
    start.add_argument("challenger", metavar="V", help="model version")
    start.add_argument("--name", default="", help="what to call it")
    _add_planning(start)
    status = _add(family, "status", _experiments_status, "what the running or latest experiment says")
    status.add_argument("experiment", nargs="?", type=int, metavar="N", help="number of another experiment")
    stop = _add(family, "stop", _experiments_stop, "end it; the champion stays unless --deploy is given")
    stop.add_argument("--deploy", action="store_true", help="make the challenger the champion")


def _add_planning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", default="live", choices=["live", "shadow"],
                        help="live: the challenger scores its share; shadow: it is only noted beside the champion")
    parser.add_argument("--base-rate", type=_share, metavar="R",
                        help="conversion rate of the champion's best 20%% (from your own conversions)")
    effect = parser.add_mutually_exclusive_group()
    effect.add_argument("--effect", type=_share, metavar="20%",
                        help="smallest difference worth having, relative to the rate")
    effect.add_argument("--difference", type=_share, metavar="2%", help="the same in points of conversion rate")
    parser.add_argument("--share", type=_share, default=0.5, metavar="50%", help="leads the challenger gets")
    parser.add_argument("--alpha", type=_share, default=0.05, metavar="5%", help="chance of a false conclusion")
    parser.add_argument("--power", type=_share, default=0.8, metavar="80%", help="chance of finding the difference")


def _add_score(commands: Any) -> None:
    score = _add(commands, "score", _score, "score a file without storing its leads", file=True)
    _add_reading(score)
    score.add_argument("--model", default="champion", metavar="VERSION|champion|none")
    score.add_argument("--policy", metavar="V", help="policy version; the active one by default")
    score.add_argument("--top", metavar="20%|N", help="write only the best share or number")
    score.add_argument("--reasons", type=_between(0, 50), default=5, metavar="K", help="reasons beside each lead")
    score.add_argument("--out", type=Path, metavar="F", help=".csv or .xlsx file to write")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sheet", help="sheet of a workbook")
    parser.add_argument("--map", action="append", default=[], metavar="Header=field",
                        help="map a header to a field by hand; 'Header=' leaves it a custom field")


def _add(commands: Any, name: str, command: Command, text: str, *, file: bool = False) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")
    parser.add_argument("--verbose", action="store_true", help="log what happens to stderr")
    if name not in {"add"}:
        parser.add_argument("--client", default=DEFAULT_CLIENT, metavar="C", help="account whose leads these are")
    if file:
        parser.add_argument("file", type=Path, metavar="FILE")
    return parser


def _family(commands: Any, name: str, text: str) -> Any:
    return commands.add_parser(name, help=text, description=text).add_subparsers(metavar="COMMAND", required=True)


def _between(low: int, high: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    whole_number.__name__ = "whole number"
    return whole_number


def _share(text: str) -> float:
    """Read 20% or 0.2."""
    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not math.isfinite(share):
        raise argparse.ArgumentTypeError(f"{text} is not a share such as 20% or 0.2")
    return share


def _three_labels(text: str) -> tuple[str, ...]:
    labels = tuple(label.strip() for label in text.split(",") if label.strip())
    if len(labels) != 3:
        raise argparse.ArgumentTypeError(f"'{text}' does not name three labels")
    return labels


def _operator() -> Any:
    return accounts.local_operator()


def _new_password() -> str:
    if sys.stdin.isatty():
        first, second = getpass.getpass("Password: "), getpass.getpass("Again: ")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
        second = sys.stdin.readline().rstrip("\r\n") or first
    if first != second:
        raise InvalidRequest("passwords_differ", "The two passwords are not the same.", "Type the same one twice.")
    return first


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"'{path}' cannot be written ({problem.strerror}).",
                             "Name a file in a folder that exists and that you may write to.") from problem


# --- words out ----------------------------------------------------------------------------------------------


def _progress(fraction: float, message: str) -> None:
    print(f"{fraction:4.0%}  {message}", file=sys.stderr)


def _say(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(orjson.dumps(answer, default=str, option=orjson.OPT_SERIALIZE_NUMPY).decode() + "\n")
        return
    for line in _lines(answer):
        print(line)


def _lines(value: Any, indent: str = "") -> list[str]:
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in _entry(str(key), item, indent)]
    return [f"{indent}- {_inline(item)}" for item in value]


def _entry(key: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, (dict, list, tuple)) and value and not _is_interval(value):
        return [f"{indent}{key}:", *_lines(value, indent + "  ")]
    return [f"{indent}{key}: {_inline(value)}"]


def _is_interval(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"value", "low", "high"}


def _inline(value: Any) -> str:
    if _is_interval(value):
        return f"{_inline(value['value'])}  ({_inline(value['low'])} to {_inline(value['high'])})"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    if value is None or value in ([], {}):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _refuse(refusal: LeadScoreError, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(orjson.dumps({"error": refusal.as_dict()}).decode() + "\n")
    else:
        print(f"Refused ({refusal.code}): {refusal}", file=sys.stderr)
    return EXIT_REFUSED
