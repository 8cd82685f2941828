"""Commands on the ranked list, and the sample campaign that fills one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from leadscore.cli.rescoring import rescored
from leadscore.cli.words import (
    Answer,
    add,
    between,
    family,
    operator,
    progress,
)
from leadscore.services import (
    delivery,
    dossier,
    evaluating,
    intake,
    sampling,
    scoring,
    segments,
    training,
)
from leadscore.workbench import Workbench

CAMPAIGN_LEADS, INVESTORS = 5_000, 10_000


def add_commands(commands: Any) -> None:
    """Add ``leads`` with its commands, and ``demo``."""
    leads = family(commands, "leads", "the stored, scored leads")
    listing = add(leads, "list", _leads_list, "best first")
    listing.add_argument("--top", metavar="20%|N", help="only the best share or number")
    listing.add_argument("--tier", action="append", default=[], choices=["High", "Medium", "Low"])
    listing.add_argument("--segment", metavar="NAME", help="only leads of this saved view")
    listing.add_argument("--limit", type=between(1, 1_000), default=100, help="rows to print (1-1000)")
    listing.add_argument("--out", type=Path, metavar="F", help="write them to a .csv or .xlsx file instead")
    add(leads, "show", _leads_show, "one lead with its reasons").add_argument("lead_id", type=int, metavar="ID")

    demo = add(commands, "demo", _demo, "the main job on a sample campaign, with nothing to upload")
    demo.add_argument("--leads", type=between(500, 5_000_000), metavar="N",
                      help=f"{CAMPAIGN_LEADS:,} by default, {INVESTORS:,} in three tiers")
    demo.add_argument("--three-tiers", action="store_true",
                      help="investors in three tiers instead: train, measure against the best possible, score, export")
    demo.add_argument("--seed", type=int, default=7, metavar="S")
    demo.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder of the export")


def _leads_list(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor = operator()
    segment = segments.segment_named(workbench, actor, client=options.client, name=options.segment).id \
        if options.segment else None
    view = delivery.ListView(tiers=tuple(options.tier), top=options.top, segment=segment, page_size=options.limit)
    if options.out:
        exported = delivery.export_to_path(workbench, actor, client=options.client, view=view, path=options.out)
        return {"rows": exported.rows, "left_out": exported.left_out, "by_chance": exported.by_chance,
                "out": str(options.out), "sha256": exported.sha256}
    page = delivery.list_leads(workbench, actor, client=options.client, view=view)
    return {"total": page.total, "leads": delivery.plain_rows(page.frame)}


def _leads_show(workbench: Workbench, options: argparse.Namespace) -> Answer:
    return dossier.lead_detail(workbench, operator(), client=options.client, lead_id=options.lead_id).as_dict()


def _demo(workbench: Workbench, options: argparse.Namespace) -> Answer:
    if options.three_tiers:
        return _demo_three_tiers(workbench, options)
    actor, client = operator(), options.client
    campaign = sampling.make_campaign_file(workbench, actor, client=client, leads=options.leads or CAMPAIGN_LEADS,
                                           seed=options.seed)
    imported = intake.import_file(workbench, actor, client=client, source=campaign.content,
                                  filename=campaign.filename, progress=progress)
    request = training.TrainingRequest(deploy=True, random_state=options.seed)
    trained = training.train_stored(workbench, actor, client=client, request=request, progress=progress)
    rescored(workbench, client)
    target = options.out / "top_20_percent.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    exported = delivery.export_to_path(workbench, actor, client=client, view=delivery.ListView(top="20%"), path=target)
    return {"leads": imported.rows_read, "client": client, "import": imported.as_dict(),
            "model_version": trained.model_version, "algorithm": trained.algorithm, "metrics": trained.metrics,
            "export": {"path": str(target), "rows": exported.rows, "left_out": exported.left_out}}


def _demo_three_tiers(workbench: Workbench, options: argparse.Namespace) -> Answer:
    actor, client, folder = operator(), options.client, options.out
    made = sampling.make_investor_files(workbench, actor, client=client, leads=options.leads or INVESTORS,
                                        seed=options.seed)
    folder.mkdir(parents=True, exist_ok=True)
    learnt, fresh, target = (folder / name for name in ("investors.csv", "investors_new.csv", "top_20_percent.csv"))
    learnt.write_bytes(made.learnt)
    fresh.write_bytes(made.fresh)
    request = training.TrainingRequest(target="tier", deploy=True, random_state=options.seed)
    trained = training.train_file(workbench, actor, client=client, source=learnt, filename=learnt.name,
                                  request=request, progress=progress)
    version = str(trained.model_version)
    measured = evaluating.evaluate_file(workbench, actor, client=client, source=fresh, filename=fresh.name,
                                      target="tier", model=version, progress=progress)
    scored = scoring.score_file(workbench, actor, client=client, source=fresh, filename=fresh.name, model=version,
                                top="20%", progress=progress)
    exported = delivery.write_table(workbench, actor, client=client, frame=scored.frame, path=target)
    accuracy = measured["metrics"]["accuracy"]
    return {"leads": trained.split["train_rows"] + trained.split["test_rows"], "client": client,
            "model_version": trained.model_version, "algorithm": trained.algorithm, "balance": trained.balance,
            "candidates": trained.candidates, "metrics": trained.metrics,
            "new_leads": {"leads": measured["rows"], "accuracy": accuracy, "best_possible": made.best_accuracy,
                          "share_of_best": accuracy["value"] / made.best_accuracy,
                          "macro_recall": measured["metrics"]["macro_recall"], "classes": measured["classes"]},
            "export": {"path": str(exported.path), "rows": scored.exported}}
