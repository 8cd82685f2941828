"""Commands that say whether data and model are still as good as they were."""

from __future__ import annotations

import argparse
from typing import Any

from leadscore.cli.words import Answer, add, operator
from leadscore.services import drift, quality
from leadscore.workbench import Workbench

SHOWN_COLUMNS = ("label", "index", "cause", "sentence", "affected")


def add_commands(commands: Any) -> None:
    """Add ``quality`` and ``drift``."""
    add(commands, "quality", _quality, "how good the stored leads are, and what to mend first")
    checking = add(commands, "drift", _drift, "are newer leads still like those the model learnt from?")
    checking.add_argument("--window", choices=drift.WINDOWS, default=drift.WINDOWS[0],
                          help="leads of the last days, of the last import, or all since the training")


def _quality(workbench: Workbench, options: argparse.Namespace) -> Answer:
    found = quality.quality_overview(workbench, operator(), client=options.client).as_dict()
    if options.json:
        return found
    return {"leads": found["leads"], "dimensions": {name: part["sentence"] for name, part in
                                                    found["dimensions"].items()},
            "mend first": [f"{fix['sentence']} {fix['advice']}" for fix in found["mend_first"]],
            "outliers": found["outliers"]}


def _drift(workbench: Workbench, options: argparse.Namespace) -> Answer:
    found = drift.check_drift(workbench, operator(), client=options.client, window=options.window)
    if options.json:
        return found.as_dict()
    result = found.result
    moved = [{name: getattr(column, name) for name in SHOWN_COLUMNS} for column in result.moved]
    promises = {promise.label: {"promised": promise.promised.value, "came true": promise.realised.value,
                                "kept": promise.kept} for promise in result.promises}
    return {"verdict": result.verdict, "says": result.sentence, "model_version": result.version,
            "newer_leads": result.newer, "window": result.window, "compared_with": result.reference, "moved": moved,
            "promises": promises, "estimated_accuracy": result.estimated.value, "notes": list(result.notes)}
