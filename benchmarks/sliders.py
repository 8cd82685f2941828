"""Times the moves of sliders on the server: new scores for all leads, who moves, and the held-out figures.

Run ``python -m benchmarks.sliders --leads 100000``. A campaign is imported and a model trained on it as people do it;
then moves of all kinds follow each other. Above 100,000 leads the prepared leads of a campaign that large are repeated,
since making, importing and explaining a million would take an hour and their features would look the same.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.scoring.economics import Economics
from leadscore.scoring.policy import Policy, Thresholds
from leadscore.scoring.simulation import ModelSide, Panel, joined
from leadscore.services import accounts, intake, policies, training
from leadscore.steps.effects import effect_on_held_out, effect_on_leads
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.panels import Prepared, prepare
from leadscore.store import clients
from leadscore.store.database import read
from leadscore.workbench import Workbench, open_workbench

CLIENT = "default"
MADE_AT_MOST = 100_000
BUDGETS = {100_000: 300.0, 1_000_000: 1_000.0}
Move = tuple[str, Policy]


def main() -> None:
    """Print the median and the slow end of the moves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_workbench(Settings(home=Path(folder)))
        _fill(workbench, min(options.leads, MADE_AT_MOST), options.seed)
        prepared, policy = _prepared(workbench)
        times = max(1, round(options.leads / len(prepared.panel)))
        if times > 1:
            prepared = replace(prepared, panel=_repeated(prepared.panel, times), stored=prepared.stored * times)
        held_out = prepared.measured
        print(f"{len(prepared.panel):,} leads ({times} x {len(prepared.panel) // times:,}), "
              f"{len(held_out.panel) if held_out else 0:,} held-out leads, {os.cpu_count()} cores, "
              f"{prepared.bytes / 1e6:,.0f} MB kept")
        _print(_timed_moves(prepared, policy, options.moves, options.seed), len(prepared.panel))
        if times == 1:
            _print_service(workbench, options.moves, options.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:,.0f} MB")


def _fill(workbench: Workbench, leads: int, seed: int) -> None:
    content = to_csv_bytes(make_campaign(leads, seed, end=datetime(2026, 11, 1, tzinfo=UTC)))
    operator = accounts.local_operator()
    intake.import_file(workbench, operator, client=CLIENT, source=content, filename="sample.csv")
    trained = training.train_stored(workbench, operator, client=CLIENT, request=training.TrainingRequest(deploy=True))
    print(f"trained {trained.algorithm} ({trained.balance})")


def _prepared(workbench: Workbench) -> tuple[Prepared, Policy]:
    policy = policies.current_policy(workbench, accounts.local_operator(), client=CLIENT).policy
    with read(workbench.engine) as session:
        client_id = clients.require(session, CLIENT)
        champion = find_version(session, client_id, CHAMPION)
    seconds, prepared = _timed(lambda: prepare(workbench, client_id, champion, policy))
    print(f"prepared once in {seconds:.1f} s")
    return prepared, policy


def _repeated(panel: Panel, times: int) -> Panel:
    side = panel.model
    told = None if side is None else ModelSide(
        np.tile(side.probability, times), np.tile(side.logit, times),
        {name: np.tile(part, times) for name, part in side.contributions.items()}, side.columns)
    frame = joined([panel.frame] * times).reset_index(drop=True)
    return Panel(np.arange(len(frame)), frame, told, panel.by_hand.iloc[:0])


def _moves(panel: Panel, policy: Policy, seed: int) -> Iterator[Move]:
    """Change one thing after the other at random, each move from where the last one led, as a person does."""
    chance = np.random.default_rng(seed)
    policy = replace(policy, economics=Economics(20.0, 600.0), alpha_is_suggested=False)
    kinds = ("factor", "factor", "groups", "blend", "criterion", "off", "thresholds", "capacity")
    while True:
        kind = str(chance.choice(kinds))
        policy = _moved(kind, policy, list(panel.model.contributions) if panel.model else [], chance)
        yield kind, policy


def _moved(kind: str, policy: Policy, columns: list[str], chance: np.random.Generator) -> Policy:
    if kind == "factor" and columns:
        wanted = str(chance.choice(columns))
        return replace(policy, factor_weights=policy.factor_weights | {wanted: round(float(chance.uniform(0, 3)), 1)})
    if kind == "groups":
        shares = chance.dirichlet(np.ones(4)) * 100
        groups = [group for group in policy.group_weights if group != "fit"]
        return replace(policy, group_weights=dict(zip(groups, shares, strict=True)) | {"fit": 0.0})
    if kind == "blend":
        return replace(policy, alpha=round(float(chance.uniform()), 2))
    if kind == "criterion":
        place = int(chance.integers(len(policy.criteria)))
        criteria = list(policy.criteria)
        criteria[place] = replace(criteria[place], points=float(chance.integers(1, 20)))
        return replace(policy, criteria=tuple(criteria))
    if kind == "off" and columns:
        return replace(policy, switched_off=(str(chance.choice(columns)),))
    if kind == "thresholds":
        return replace(policy, tier_mode="threshold", thresholds=Thresholds(high=float(chance.integers(50, 90))))
    return replace(policy, tier_mode="capacity", capacity=int(chance.integers(100, 2_000)))


def _timed_moves(prepared: Prepared, policy: Policy, moves: int, seed: int) -> pd.DataFrame:
    following = _moves(prepared.panel, policy, seed)
    rows = []
    for _ in range(moves):
        kind, wished = next(following)
        leads, _ = _timed(lambda wished=wished: effect_on_leads(prepared.panel, policy, prepared.panel, wished))
        held_out, _ = _timed(lambda wished=wished: effect_on_held_out(prepared, policy, prepared, wished))
        rows.append({"kind": kind, "leads": leads, "held_out": held_out})
    return pd.DataFrame(rows)


def _print(times: pd.DataFrame, leads: int) -> None:
    total = 1_000 * (times["leads"] + times["held_out"])
    budget = f" (budget {BUDGETS[leads]:,.0f})" if leads in BUDGETS else ""
    print(f"a move: median {total.median():,.0f} ms, p95 {total.quantile(0.95):,.0f} ms{budget}, first "
          f"{total.iloc[0]:,.0f} ms, {len(total)} moves; held-out figures {1_000 * times['held_out'].median():,.0f} ms "
          "of the median")
    for kind, part in total.groupby(times["kind"]):
        print(f"  {kind:<12} median {part.median():7,.0f} ms, slowest {part.max():7,.0f} ms, {len(part)} moves")


def _print_service(workbench: Workbench, moves: int, seed: int) -> None:
    """Time the whole service too: settings read and checked, and the names of the leads that are listed."""
    current = policies.current_policy(workbench, accounts.local_operator(), client=CLIENT).policy
    following = _moves(_prepared(workbench)[0].panel, current, seed + 1)
    seconds = []
    for _ in range(moves):
        _, wished = next(following)
        changes = {name: value for name, value in wished.to_dict().items() if value != current.to_dict()[name]}
        taken, _ = _timed(lambda changes=changes: policies.preview_policy(
            workbench, accounts.local_operator(), client=CLIENT, changes=changes))
        seconds.append(1_000 * taken)
    print(f"through the service: median {np.median(seconds):,.0f} ms, p95 {np.quantile(seconds, 0.95):,.0f} ms")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
