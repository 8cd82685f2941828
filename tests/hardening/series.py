"""Runs series of accidents in a process of its own, which has no threads that a child would miss.

``python -m tests.hardening.series FOLDER HOME ORDER``: the order is JSON, a list of ``[name, arguments]``; the answer
is a JSON object of tallies. Where a series wants a home with leads and models it gets a copy of HOME.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.hardening import crashes
from tests.hardening.harness import Tally

ROOT = Path(__file__).resolve().parents[2]
IN_A_HOME = {"fill_disks", "kill_registrations", "kill_changes"}


def run_series(folder: Path, home: Path, order: Mapping[str, Mapping[str, Any]]) -> dict[str, Tally]:
    """Run series by name with their arguments and give what came of each."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "tests.hardening.series", str(folder), str(home), json.dumps(order)],
                          cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {name: Tally(**told) for name, told in json.loads(done.stdout.splitlines()[-1]).items()}


def main(folder: Path, home: Path, order: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Run the series one after the other, each in a folder of its own."""
    return {name: asdict(_timed(folder / name, home, name, dict(arguments))) for name, arguments in order.items()}


def _timed(folder: Path, home: Path, name: str, arguments: dict[str, Any]) -> Tally:
    started = time.monotonic()
    tally = _one(folder, home, name, arguments)
    tally.seconds = time.monotonic() - started
    return tally


def _one(folder: Path, home: Path, name: str, arguments: dict[str, Any]) -> Tally:
    folder.mkdir(parents=True)
    series = getattr(crashes, name)
    if name in IN_A_HOME:
        return series(Path(shutil.copytree(home, folder / "home")), **arguments)
    if name == "kill_migrations":
        arguments["rows_from"] = home / "data" / "leadscore.db"
    return series(folder, **arguments)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))) + "\n")
