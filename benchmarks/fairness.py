"""Says how often the fairness tables cry wolf and how often they find what is there, and how long a million takes.

Run ``python -m benchmarks.fairness``; ``--leads 1000000`` also fills a store and counts it there.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadscore.config import Settings
from leadscore.monitoring.fairness import Standing, calibration, group_table, opportunity
from leadscore.steps.fairness import TOP, groups_of_leads
from leadscore.steps.sensitive import SensitiveField
from leadscore.store import bulk, clients
from leadscore.store.database import read, write
from leadscore.store.fairness import COUNTS
from leadscore.store.lead_reading import place
from leadscore.store.tables import Batch, ScoreRun
from leadscore.workbench import Workbench, open_workbench

SEEDS = 500
NAMED = (str(Standing.LOWER), str(Standing.SLIGHTLY_LOWER))
FIELDS = {"country": 40, "language": 12, "region": 30, "postal_code": 60, "location": 8}
PERSONAL = ("gender", "age")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=0, help="leads to fill a store with")
    options = parser.parse_args()
    told("no bias, 4 groups of 200 at 20 %", [0.2] * 4, [200] * 4)
    told("no bias, 14 groups of 200 at 20 %", [0.2] * 14, [200] * 14)
    told("no bias, groups of 30 to 800", [0.2] * 6, [30, 40, 50, 60, 400, 800])
    told("one of 4 groups of 900 at 0.7", [0.2, 0.2, 0.2, 0.14], [900] * 4)
    told("one of 2 groups of 900 at 0.7, best 20 % in all", [0.2353, 0.1647], [900] * 2)
    told("one of 3 groups at 0.7, 900 of 4,000", [0.2, 0.2, 0.14], [1_550, 1_550, 900])
    timed_tables()
    if options.leads:
        timed_store(options.leads)


def told(what: str, rates: Sequence[float], sizes: Sequence[int]) -> None:
    """Print how often any group is named, and how often the plain four-fifths rule names one."""
    named = lower = plain = 0
    for seed in range(SEEDS):
        chosen = np.random.default_rng(seed).binomial(sizes, rates).astype(float)
        cells = pd.DataFrame({"group": [f"g{number}" for number in range(len(sizes))], "leads": sizes,
                              "chosen": chosen, "qualified": chosen, "above_median": chosen})
        groups = group_table(cells, ["group"]).groups
        named += bool(groups["standing"].isin(NAMED).any())
        lower += bool((groups["standing"] == str(Standing.LOWER)).any())
        plain += bool((groups["impact_ratio"] < 0.8).any())
    print(f"{what}: named {named / SEEDS:.1%}, below four fifths {lower / SEEDS:.1%}, plain rule {plain / SEEDS:.1%}")


def timed_tables() -> None:
    """Print how long the tables of a million leads and five fields take, from counts that are there."""
    draw, rows = np.random.default_rng(0), 20_000
    cells = pd.DataFrame({name: draw.integers(0, many, rows).astype(str) for name, many in FIELDS.items()}
                         | {name: np.full(rows, 50.0) for name in COUNTS})
    cells = cells.assign(chosen=10.0, converted=20.0, converted_chosen=8.0, decided_chosen=10.0, chance=20.0,
                         chance_converted=20.0)
    names = list(FIELDS)
    single = [[name] for name in names]
    pairs = [[one, other] for place_, one in enumerate(names) for other in names[place_ + 1:]]
    seconds = timed(lambda: [group_table(cells, by, tables=len(single) + len(pairs)) for by in single + pairs]
                    + [(opportunity(cells, by), calibration(cells, by)) for by in single])
    print(f"tables of 1,000,000 leads x 5 fields and their {len(pairs)} pairs from counts: {seconds:.2f} s")


def timed_store(leads: int) -> None:
    """Print how long counting takes in a store of so many leads, plain and personal."""
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_workbench(Settings(home=Path(folder), secret_key="a secret for benchmarks, long enough"))
        client_id = _fill(workbench, leads)
        for names in (tuple(FIELDS), PERSONAL):
            fields = tuple(SensitiveField(name, name, name in PERSONAL, marked=False) for name in names)

            def look(fields: tuple[SensitiveField, ...] = fields) -> Any:
                with read(workbench.engine) as session:
                    return groups_of_leads(session, workbench, client_id, fields)

            print(f"{leads:,} stored leads, {', '.join(names)}: {timed(look):.1f} s, again {timed(look):.3f} s")


def _fill(workbench: Workbench, leads: int) -> int:
    draw, ids = np.random.default_rng(0), np.arange(1, leads + 1)
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, "default", NOW)
        session.add(Batch(client_id=client_id, filename="a", sha256="", imported_by="me", created_at=NOW,
                          fields=[*FIELDS, *PERSONAL]))
        session.add(ScoreRun(client_id=client_id, policy_version=1, as_of=NOW, started_by="me", created_at=NOW))
        session.flush()
        for start in range(0, leads, 100_000):
            part = ids[start:start + 100_000]
            values = {name: [f"{name} {value}" for value in draw.integers(0, many, len(part))]
                      for name, many in FIELDS.items()}
            gender, age = draw.choice(["f", "m"], len(part)), draw.integers(18, 80, len(part))
            personal = workbench.vault.encrypt_many(
                [f'{{"gender":"{one}","age":{years}}}'.encode() for one, years in zip(gender, age, strict=True)],
                [place(int(lead)) for lead in part])
            bulk.insert_rows(session, "leads", {
                "id": part, "client_id": client_id, "batch_id": 1, "source_row": part, "personal": personal,
                "outcome": "new", "stored_at": NOW, "changed_at": NOW} | values)
            score = draw.random(len(part)) * 100
            bulk.insert_rows(session, "scores", {
                "lead_id": part, "client_id": client_id, "run_id": 1, "batch_id": 1, "rule_score": score,
                "blended": score, "score": score, "tier": "Low", "qualified": score > 50, "reachable": True,
                "exported": False, "outcome": np.where(draw.random(len(part)) < 0.2, "converted", "new"),
                "foretold": (10 * score).astype(int), "foretold_chance": score / 100})
    print(f"filled with {leads:,} leads; the best {TOP:.0%} are looked for")
    return client_id


def timed(work: Callable[[], object]) -> float:
    """Give the seconds a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
