"""Times similar leads: placing all leads among each other, then finding the nearest, warm.

Run ``python -m benchmarks.similar --leads 100000``. The reference is one matrix product over as many vectors.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import accounts, intake, offers, scoring, similar
from leadscore.workbench import open_workbench

CLIENT = "default"
OFFER = {"name": "AI Outreach Automation", "value_props": ["24/7 outreach", "6x more meetings"],
         "ideal_use_cases": ["B2B SaaS mid-market"]}
BUDGET_MS = 50.0


def main() -> None:
    """Print one line a question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()
    content = to_csv_bytes(make_campaign(options.leads, 7, end=datetime(2026, 11, 1, tzinfo=UTC)))
    with tempfile.TemporaryDirectory() as folder:
        workbench, actor = open_workbench(Settings(home=Path(folder))), accounts.local_operator()
        intake.import_file(workbench, actor, client=CLIENT, source=content, filename="sample.csv")
        scoring.rescore(workbench, actor, client=CLIENT)
        offer = offers.create_offer(workbench, actor, client=CLIENT, values=OFFER)
        started = time.perf_counter()
        placed = similar.prepare_similar(workbench, actor, client=CLIENT)
        print(f"{placed:,} leads placed in {time.perf_counter() - started:.1f} s, {os.cpu_count()} cores")
        lead_ids = np.random.default_rng(0).integers(1, placed, options.repeat).tolist()
        _line("similar to a lead", [lambda n=n: similar.similar_leads(workbench, actor, client=CLIENT, lead_id=n)
                                    for n in lead_ids])
        _line("like an offer", [lambda: similar.leads_like_offer(workbench, actor, client=CLIENT, offer_id=offer.id)]
              * options.repeat)
        _line("look-alikes of customers", [lambda: similar.look_alikes(workbench, actor, client=CLIENT)]
              * options.repeat)
    vectors = np.random.default_rng(0).standard_normal((options.leads, 256)).astype(np.float32)
    _line("reference: one matrix product", [lambda: vectors @ vectors[0]] * options.repeat)


def _line(name: str, questions: list[Callable[[], Any]]) -> None:
    questions[0]()
    taken = []
    for ask in questions:
        started = time.perf_counter()
        ask()
        taken.append(1_000 * (time.perf_counter() - started))
    print(f"{name:<32} median {statistics.median(taken):6.1f} ms  worst {max(taken):6.1f} ms  (budget {BUDGET_MS:.0f})")


if __name__ == "__main__":
    main()
