"""Kills, cuts and full disks, many times: nothing is left half stored, and nothing acknowledged is lost.

Run ``python -m benchmarks.trust_crashes`` (about an hour on a quiet machine), ``--quick`` for a minute or two, or
``--only kill_imports``. Exits with 1 when anything was left half, or opening a store again took a second or more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.hardening.homes import make_home
from tests.hardening.series import run_series

REOPENED_WITHIN_SECONDS = 1.0
FULL = {
    "kill_imports": {"leads": 100_000, "kills": 200},
    "cut_journals": {"commits": 30, "cuts": 1_000},
    "fill_disks": {"tries": 60, "leads": 2_000},
    "kill_registrations": {"kills": 100},
    "kill_changes": {"kills": 200},
    "kill_migrations": {"version": "0001", "kills": 40},
}
QUICK = {
    "kill_imports": {"leads": 5_000, "kills": 10},
    "cut_journals": {"commits": 10, "cuts": 60},
    "fill_disks": {"tries": 12, "leads": 400},
    "kill_registrations": {"kills": 12},
    "kill_changes": {"kills": 30},
    "kill_migrations": {"version": "0001", "kills": 6},
}


def main() -> int:
    """Print one line a series and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(FULL))
    parser.add_argument("--kills", type=int, help="how many times, instead of the usual number")
    parser.add_argument("--leads", type=int, help="leads of a killed import")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, seed {options.seed}")
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "home")
        for name, usual in (QUICK if options.quick else FULL).items():
            if options.only in (None, name):
                missed += _run(Path(folder), home, name, _wanted(usual, options))
    return int(missed > 0)


def _wanted(usual: dict[str, object], options: argparse.Namespace) -> dict[str, object]:
    """Give the arguments of a series with what was asked for otherwise."""
    times = next(word for word in ("kills", "cuts", "tries") if word in usual)
    changed = {times: options.kills} if options.kills else {}
    if options.leads and "leads" in usual:
        changed["leads"] = options.leads
    return usual | changed | {"seed": options.seed}


def _run(folder: Path, home: Path, name: str, arguments: dict[str, object]) -> int:
    tally = run_series(folder, home, {name: arguments})[name]
    told = ", ".join(f"{what} {count:,}" for what, count in sorted(tally.counts.items()))
    slow = f"; opened again within {tally.slowest:.2f} s" if tally.slowest else ""
    print(f"{name:<20} {tally.tried:>5} tried, {len(tally.faults)} faults; {told}{slow}; {tally.seconds:.0f} s",
          flush=True)
    for fault in tally.faults[:10]:
        print(f"    {fault}")
    return len(tally.faults) + (tally.slowest >= REOPENED_WITHIN_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
