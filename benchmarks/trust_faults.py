"""Fails every statement of every deed, lets many work at once, and compares the store with a dictionary.

Run ``python -m benchmarks.trust_faults`` (half an hour on a quiet machine), ``--quick`` for a few minutes, or
``--only statements|promotions|imports|records|others|machine``. Exits with 1 when anything was left half done, refused
or found that should not be.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from leadscore.store import audit
from leadscore.store.database import read
from tests.hardening.crashes import append_events
from tests.hardening.harness import Failing, faults_of, open_home, reading_here
from tests.hardening.homes import make_home
from tests.hardening.machine import Machine
from tests.hardening.together import ask_for_others, import_together, promote_together
from tests.hardening.use_cases import fail_each_statement, use_cases

Series = Callable[[Path, bool, int], Iterator[tuple[str, str, list[str]]]]
STEPS_A_RUN = 50


def main() -> int:
    """Print one line a series and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(SERIES))
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, seed {options.seed}")
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "home")
        for name, series in SERIES.items():
            if options.only in (None, name):
                copy = Path(shutil.copytree(home, Path(folder) / name))
                missed += _printed(name, series(copy, options.quick, options.seed))
    return int(missed > 0)


def _printed(name: str, lines: Iterator[tuple[str, str, list[str]]]) -> int:
    missed, started = 0, time.monotonic()
    for what, told, faults in lines:
        print(f"{name:<12} {what:<32} {told}, {len(faults)} faults; {time.monotonic() - started:.0f} s", flush=True)
        for fault in faults[:10]:
            print(f"    {fault}")
        missed, started = missed + len(faults), time.monotonic()
    return missed


def _statements(home: Path, quick: bool, _seed: int) -> Iterator[tuple[str, str, list[str]]]:
    """Let each statement and commit fail in turn."""
    workbench = open_home(home)
    failing, tried = Failing(workbench.engine), 0
    with reading_here():
        for case in use_cases(workbench):
            tally = fail_each_statement(workbench, failing, case, most=2 if quick else None)
            tried += tally.tried
            yield case.name, f"{tally.tried} failures among {tally.counts['statements']} statements", tally.faults
    yield "all of them", f"{tried} failures", faults_of(workbench)


def _promotions(home: Path, quick: bool, _seed: int) -> Iterator[tuple[str, str, list[str]]]:
    times = 20 if quick else 500
    yield "two people, two versions", f"{times} times each", promote_together(home, times=times)


def _imports(home: Path, _quick: bool, _seed: int) -> Iterator[tuple[str, str, list[str]]]:
    workbench = open_home(home)
    with reading_here():
        yield "20 imports at once", "20 files of 50 rows", import_together(workbench, imports=20, rows=50)
    yield "what is left", "the store", faults_of(workbench)


def _records(home: Path, quick: bool, _seed: int) -> Iterator[tuple[str, str, list[str]]]:
    """Append to the log from eight processes."""
    workbench, each = open_home(home), 100 if quick else 1_000
    url, vault = workbench.settings.url, workbench.vault
    with read(workbench.engine) as session:
        before = audit.verify(session, vault).records
    workbench.engine.dispose()
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        pool.starmap(append_events, [(url, vault, number, each) for number in range(8)], chunksize=1)
    with read(workbench.engine) as session:
        verdict = audit.verify(session, vault)
    lost = before + 8 * each - verdict.records
    faults = ([] if verdict.ok else [verdict.reason]) + ([f"{lost} records lost"] if lost else [])
    yield "eight processes", f"{8 * each:,} records", faults


def _others(home: Path, quick: bool, _seed: int) -> Iterator[tuple[str, str, list[str]]]:
    workbench, numbers = open_home(home), range(1, 51 if quick else 401)
    with reading_here():
        yield "numbers of another client", f"{4 * len(numbers):,} questions", ask_for_others(workbench, numbers=numbers)


def _machine(home: Path, quick: bool, seed: int) -> Iterator[tuple[str, str, list[str]]]:
    """Do at random what people do; the first difference ends it, with the steps that lead there."""
    Machine.template = home
    Machine.steps = 0
    faults = []
    try:
        run_state_machine_as_test(seeded(seed)(Machine), settings=settings(
            max_examples=4 if quick else 40, stateful_step_count=STEPS_A_RUN, deadline=None, database=None,
            suppress_health_check=list(HealthCheck)))
    except AssertionError as difference:
        faults.append(str(difference))
    yield "store against dictionary", f"{Machine.steps:,} comparisons", faults


SERIES: dict[str, Series] = {"statements": _statements, "promotions": _promotions, "imports": _imports,
                             "records": _records, "others": _others, "machine": _machine}


if __name__ == "__main__":
    sys.exit(main())
