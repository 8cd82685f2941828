"""Prints how often the check for drift is wrong: alarms without a change, changes not found, accuracy foretold.

Run ``python -m benchmarks.drift --seeds 1000``; some minutes. ``--home H`` also times a check and a look at the quality
of the leads stored there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from leadscore.config import Settings
from leadscore.monitoring.drift import drift_from
from leadscore.monitoring.drift_columns import Column, compare_columns
from leadscore.monitoring.profiles import counts_of, profile_of
from leadscore.monitoring.promises import accuracy, estimated_accuracy
from leadscore.services import accounts, drift, quality
from leadscore.workbench import open_workbench

SIZES = (50, 100, 200, 500, 1_000, 5_000)
COLUMNS = 20
MANY = 100_000
ENDED = 5_000
ABOUT = {f"c{place}": Column(f"c{place}") for place in range(COLUMNS)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--home", type=Path, help="a home with leads and a model, for timings")
    options = parser.parse_args()
    for size in SIZES:
        alarms = np.mean([_alarm(seed, size) for seed in range(options.seeds)])
        print(f"J1 no drift, {COLUMNS} columns, n={size:>5}: alarm on any column in {alarms:.1%} of the runs")
    for size in SIZES:
        print(f"J2 index of one bell curve, n={size:>5}: above its limit in {_index_alone(options.seeds, size):.1%}")
    found, index = zip(*(_shifted(seed, 500, 0.5) for seed in range(options.seeds)), strict=True)
    print(f"J3 shift of 0.5 deviations, n=500: found in {np.mean(found):.1%}, mean index {np.mean(index):.3f}")
    few = max(options.seeds // 50, 5)
    found, index = zip(*(_shifted(seed, MANY, 0.03) for seed in range(few)), strict=True)
    print(f"J4 shift of 0.03 deviations, n={MANY:,}: found in {np.mean(found):.1%}, mean index {np.mean(index):.5f}")
    _foretold(options.seeds)
    if options.home:
        _timed(options.home)


def _alarm(seed: int, size: int) -> bool:
    draw = np.random.default_rng(seed)
    before, now = ({name: _column(draw, place, size, seed) for place, name in enumerate(ABOUT)} for _ in range(2))
    reference = {name: profile_of(column) for name, column in before.items()}
    return any(column.moved for column in compare_columns(reference, pd.DataFrame(now), ABOUT))


def _column(draw: np.random.Generator, place: int, size: int, seed: int) -> pd.Series:
    """Draw a bell curve, a count, or a word of eight, with a tenth missing in every fifth column."""
    if place % 2 == 0:
        values = pd.Series(draw.normal(size=size))
    elif place % 4 == 1:
        values = pd.Series(draw.poisson(2, size).astype(float))
    else:
        shares = np.random.default_rng([seed, place]).dirichlet(np.ones(8))
        values = pd.Series(draw.choice(list("abcdefgh"), size, p=shares), dtype="str")
    return values.mask(draw.random(size) < 0.1) if place % 5 == 0 else values


def _index_alone(seeds: int, size: int) -> float:
    above = []
    for seed in range(seeds):
        draw = np.random.default_rng(seed)
        profile = profile_of(pd.Series(draw.normal(size=size)))
        found = drift_from(profile, counts_of(profile, pd.Series(draw.normal(size=size))))
        above.append(found.index >= max(0.1, found.by_chance))
    return float(np.mean(above))


def _shifted(seed: int, size: int, shift: float) -> tuple[bool, float]:
    draw = np.random.default_rng(seed)
    reference = {"c0": profile_of(pd.Series(draw.normal(size=size)))}
    (found,) = compare_columns(reference, pd.DataFrame({"c0": draw.normal(shift, 1, size)}), {"c0": Column("c0")})
    return found.moved, found.index


def _foretold(seeds: int) -> None:
    """Foretell accuracy of leads of another kind than before, whose chances hold, and wait for their ends."""
    gaps = []
    for seed in range(seeds):
        draw = np.random.default_rng(seed)
        chance = 1 / (1 + np.exp(-draw.normal(draw.uniform(-2, 0), draw.uniform(0.5, 2), ENDED)))
        ended = pd.DataFrame({"chance": chance, "converted": (draw.random(ENDED) < chance).astype(float)})
        gaps.append(abs((estimated_accuracy(chance).value or 0) - (accuracy(ended).value or 0)))
    print(f"J6 accuracy foretold of {ENDED:,} leads: {np.mean(gaps):.4f} off on average, {np.max(gaps):.4f} at most; "
          f"within 0.03 in {np.mean(np.array(gaps) <= 0.03):.1%}")


def _timed(home: Path) -> None:
    workbench, actor = open_workbench(Settings(home=home)), accounts.local_operator()
    for name, work in (("check for drift", lambda: drift.check_drift(workbench, actor, client="default")),
                       ("check for drift, all leads", lambda: drift.check_drift(workbench, actor, client="default",
                                                                                window="training")),
                       ("quality, cold", lambda: quality.quality_overview(workbench, actor, client="default")),
                       ("quality, remembered", lambda: quality.quality_overview(workbench, actor, client="default"))):
        started = time.perf_counter()
        work()
        print(f"{name}: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
