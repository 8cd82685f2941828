"""A home with leads, scores and two versions of a model, to be broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import intake, scoring, training
from tests.hardening.harness import BOSS, CLIENT, NOW, open_home, reading_here
from tests.services.conftest import QUICK

LEADS = 400


def make_home(home: Path, *, leads: int = LEADS) -> Path:
    """Import a campaign, train and deploy twice, and score all leads."""
    with reading_here():
        workbench = open_home(home)
        intake.import_file(workbench, BOSS, client=CLIENT, filename="campaign.csv",
                           source=to_csv_bytes(make_campaign(leads, 3, end=NOW)))
        for request in (QUICK, replace(QUICK, algorithm="xgboost")):
            training.train_stored(workbench, BOSS, client=CLIENT, request=replace(request, deploy=True))
            scoring.rescore(workbench, BOSS, client=CLIENT)
        workbench.engine.dispose()
    return home
