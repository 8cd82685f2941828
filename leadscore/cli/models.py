"""Commands on model versions."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leadscore.cli.rescoring import rescored
from leadscore.cli.words import (
    EXIT_DONE,
    EXIT_REFUSED,
    Answer,
    add,
    between,
    family,
    operator,
    progress,
    share_of,
    write_file,
)
from leadscore.services import (
    approvals,
    comparison,
    model_documents,
    models,
    retraining,
    training,
)
from leadscore.workbench import DEFAULT_CLIENT, Workbench


def add_commands(commands: Any) -> None:
    """Add ``models`` with its commands."""
    versions = family(commands, "models", "model versions")
    add(versions, "list", _models_list, "all versions, newest first")
    for name, command, text in (("show", _models_show, "one version with its report"),
                                ("deploy", _models_deploy, "make a version the champion"),
                                ("challenge", _models_challenge, "make a version the challenger"),
                                ("verify", _models_verify, "check the files and the answers of a version")):
        add(versions, name, command, text).add_argument("version", metavar="V")
    comparing = add(versions, "compare", _models_compare, "two versions side by side, also on the stored leads")
    comparing.add_argument("first", metavar="A")
    comparing.add_argument("second", metavar="B")
    back = add(versions, "rollback", _models_rollback, "put the champion before, or any version, back to use")
    back.add_argument("version", nargs="?", metavar="V", help="the previous champion when left out")

    card = add(versions, "card", _models_card, "write the card of a version as a page to print")
    card.add_argument("version", metavar="V")
    card.add_argument("--out", type=Path, required=True, metavar="F", help=".html file to write")
    document = add(versions, "document", _models_document, "write everything known of a version as HTML or PDF")
    document.add_argument("version", metavar="V")
    document.add_argument("--out", type=Path, required=True, metavar="F", help=".html or .pdf file to write")
    for name, command, text in (("approve", _models_approve, "approve a version that somebody else has trained"),
                                ("reject", _models_reject, "reject a version that somebody else has trained")):
        word = add(versions, name, command, text)
        word.add_argument("version", metavar="V")
        word.add_argument("--comment", default="", metavar="TEXT", help="what you have looked at, for the record")
    wanted = add(versions, "approvals", _models_approvals, "whether models need a second person, and who has agreed")
    wanted.add_argument("--on", action="store_true", default=None, help="want it from now on")
    wanted.add_argument("--off", dest="on", action="store_false", default=None, help="no longer want it")
    again = add(versions, "retraining", _models_retraining, "when models are trained again by themselves")
    again.add_argument("--on", action="store_true", default=None, help="switch it on")
    again.add_argument("--off", dest="on", action="store_false", default=None, help="switch it off")
    again.add_argument("--days", type=between(1, 365), metavar="N", help="train again after so many days")
    again.add_argument("--share", type=share_of, metavar="20%", help="or when so many outcomes are new")
    again.add_argument("--least", type=between(1, 1_000_000), metavar="N", help="newly decided leads needed")
    again.add_argument("--on-drift", action=argparse.BooleanOptionalAction, default=None,
                       help="or when newer leads differ from those the model has learnt from")
    again.add_argument("--now", action="store_true", help="train now, and publish the new version if it is not worse")


def _models_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return {"models": [model.as_dict() for model in
                       models.list_models(workbench, operator(), client=options.client)]}


def _models_show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    shown = models.show_model(workbench, operator(), client=options.client, version=options.version)
    return shown.as_dict(whole=True) if options.json else shown.in_short() | {"note": "--json prints the whole report."}


def _models_deploy(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return _with_rescore_note(models.deploy_model(workbench, operator(), client=options.client,
                                                  version=options.version), options)


def _models_rollback(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return _with_rescore_note(models.roll_back_model(workbench, operator(), client=options.client,
                                                     version=options.version), options)


def _models_challenge(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return models.challenge_model(workbench, operator(), client=options.client, version=options.version)


def _models_verify(workbench: Workbench, options: argparse.Namespace) -> Answer:
    verdict = models.verify_model(workbench, operator(), client=options.client, version=options.version)
    return {**verdict, "exit_code": EXIT_DONE if verdict["ok"] else EXIT_REFUSED}


def _models_compare(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return comparison.compare_models(workbench, operator(), client=options.client, first=options.first,
                                     second=options.second, progress=progress).as_dict()


def _models_card(workbench: Workbench, options: argparse.Namespace) -> Answer:
    page = models.model_card(workbench, operator(), client=options.client, version=options.version)
    write_file(options.out, page)
    return {"out": str(options.out), "bytes": len(page)}


def _models_document(workbench: Workbench, options: argparse.Namespace) -> Answer:
    as_a = model_documents.Format.PDF if options.out.suffix.lower() == ".pdf" else model_documents.Format.HTML
    made = model_documents.model_document(workbench, operator(), client=options.client, version=options.version,
                                          as_a=as_a)
    write_file(options.out, made.content)
    return {"out": str(options.out), "bytes": len(made.content), "sha256": made.sha256}


def _models_approve(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return asdict(approvals.judge_model(workbench, operator(), client=options.client, version=options.version,
                                        approved=True, comment=options.comment))


def _models_reject(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return asdict(approvals.judge_model(workbench, operator(), client=options.client, version=options.version,
                                        approved=False, comment=options.comment))


def _models_approvals(workbench: Workbench, options: argparse.Namespace) -> Answer:
    if options.on is not None:
        return approvals.require_approval(workbench, operator(), client=options.client, on=options.on).as_dict()
    return approvals.approval_states(workbench, operator(), client=options.client).as_dict()


def _models_retraining(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client = operator(), options.client
    changes = {name: value for name in ("on", "days", "share", "least", "on_drift")
               if (value := getattr(options, name)) is not None}
    shown = retraining.save_retraining_settings(workbench, actor, client=client, changes=changes) if changes \
        else retraining.retraining_settings(workbench, actor, client=client)
    return shown.as_dict() | ({"training": _retrain_now(workbench, actor, client)} if options.now else {})


def _retrain_now(workbench: Workbench, actor: Any, client: str) -> Answer:
    wishes = retraining.retraining_request(workbench, actor, client=client)
    trained = training.train_stored(workbench, actor, client=client, progress=progress,
                                    request=training.TrainingRequest.from_dict(wishes))
    if trained.deployed:
        rescored(workbench, client)
    return {"model_version": trained.model_version, "published": trained.deployed, "promotion": trained.promotion}


def _with_rescore_note(answer: Answer, options: argparse.Namespace) -> Answer:
    if not answer["rescore_needed"]:
        return answer
    client = "" if options.client == DEFAULT_CLIENT else f" --client {options.client}"
    return answer | {"note": f"The stored scores are still those of another version: 'leadscore rescore{client}' "
                             "makes them again."}
