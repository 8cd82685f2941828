"""Offers bombs, thousands of damaged files and models with flipped bits: all refused, or imported whole.

Run ``python -m benchmarks.trust_files`` (an hour on a quiet machine), ``--quick`` for a few minutes, or
``--only bombs|text|damaged|bytes``. Exits with 1 when a file gets through, a bomb costs more memory or time than it
may, or a refusal gives no reason.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from leadscore.errors import LeadScoreError, TamperedData
from leadscore.modeling.files.artefact import to_files
from leadscore.services import intake
from leadscore.store.registry import Registry
from tests.hardening.harness import BOSS, CLIENT, faults_of, leads_in, open_home
from tests.hardening.hostile import WORKBOOK_BOMBS, csv_bombs, mutated_files
from tests.hardening.test_files import import_faults
from tests.modeling.samples import train_small

ROOT = Path(__file__).resolve().parents[1]
WORKBOOK_MEGABYTES, TEXT_MEGABYTES, BOMB_SECONDS = 300, 1_024, 20.0
SHARE_OF_QUICK = 0.1


def main() -> int:
    """Print one line a file or a series and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(SERIES))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return _one(json.loads(options.one))
    print(f"{os.cpu_count()} cores, seed {options.seed}")
    return int(sum(series(options.quick, options.seed) for name, series in SERIES.items()
                   if options.only in (None, name)) > 0)


def _bombs(_quick: bool, _seed: int) -> int:
    return sum(_bomb(name, {"workbook": name}, WORKBOOK_MEGABYTES, BOMB_SECONDS) for name in WORKBOOK_BOMBS)


def _text(quick: bool, _seed: int) -> int:
    share = SHARE_OF_QUICK if quick else 1.0
    return sum(_bomb(name, {"text": name, "share": share}, TEXT_MEGABYTES, None) for name in csv_bombs())


def _bomb(name: str, order: dict[str, Any], megabytes: int, seconds: float | None) -> int:
    """Import a bomb in a process of its own, so that its memory and that of its reader can be told."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.trust_files", "--one", json.dumps(order)], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name:<40} FAILED {done.stderr[-300:]}")
        return 1
    told = json.loads(done.stdout.splitlines()[-1])
    missed = told["reader_mb"] > megabytes or (seconds is not None and told["seconds"] > seconds) or told["leads"] > 0
    print(f"{name:<40} {told['answer']:<24} reader {told['reader_mb']:>5.0f} MB (may {megabytes}), "
          f"{told['seconds']:>5.1f} s{' MISSED' if missed else ''}", flush=True)
    return int(missed)


def _one(order: dict[str, Any]) -> int:
    data = WORKBOOK_BOMBS[order["workbook"]]() if "workbook" in order else csv_bombs(order["share"])[order["text"]]()
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_home(Path(folder) / "home")
        started = time.monotonic()
        with _memory_of_children() as peak:
            try:
                intake.import_file(workbench, BOSS, client=CLIENT, source=data, filename="bomb")
                answer = "imported"
            except LeadScoreError as refusal:
                answer = refusal.code
        told = {"answer": answer, "seconds": time.monotonic() - started, "leads": leads_in(workbench),
                "reader_mb": peak[0] / 1024}
    print(json.dumps(told))
    return 0


@contextmanager
def _memory_of_children() -> Iterator[list[int]]:
    """Look every few milliseconds at what the children of this process hold; the most in KB.

    What the system tells at their end counts this process's own memory before they began, too.
    """
    peak, ended = [0], Event()

    def look() -> None:
        while not ended.wait(0.005):
            for task in Path("/proc/self/task").iterdir():
                with suppress(OSError):
                    for child in (task / "children").read_text().split():
                        if b"leadscore.sandbox" in Path(f"/proc/{child}/cmdline").read_bytes():
                            peak[0] = max(peak[0], _held(child))

    looking = Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        ended.set()
        looking.join()


def _held(process: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _damaged(quick: bool, seed: int) -> int:
    """Import damaged files through the real reader, each into the same store."""
    number, answers = (60 if quick else 3_000), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_home(Path(folder) / "home")
        faults = []
        for name, data in mutated_files(number, seed):
            before = leads_in(workbench)
            fault = import_faults(workbench, name, data)
            answers["imported" if leads_in(workbench) > before else "refused or nothing new"] += 1
            faults += [fault] if fault else []
        faults += faults_of(workbench)
    told = ", ".join(f"{what} {count:,}" for what, count in sorted(answers.items()))
    print(f"{'damaged files':<40} {number:,} files: {told}; {len(faults)} faults", flush=True)
    for fault in faults[:10]:
        print(f"    {fault}")
    return len(faults)


def _bytes(quick: bool, seed: int) -> int:
    """Flip one bit of a saved model at a time; it must be refused before anything of it is parsed."""
    number, chance, refused = (200 if quick else 1_000), random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder) / "models", b"k" * 32)
        saved = registry.save(to_files(train_small("xgboost")))
        paths = sorted((registry.folder / saved.folder).iterdir())
        honest = {path: path.read_bytes() for path in paths}
        size = sum(map(len, honest.values()))
        for _ in range(number):
            path = chance.choices(paths, weights=[len(honest[path]) for path in paths])[0]
            spoilt = bytearray(honest[path])
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
            path.write_bytes(spoilt)
            refused += _is_refused(lambda: registry.load(saved.folder))
            path.write_bytes(honest[path])
        whole = registry.load(saved.folder)
    print(f"{'flipped bits':<40} {refused:,} of {number:,} refused, in {len(whole)} files of {size:,} bytes")
    return number - refused


def _is_refused(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except TamperedData:
        return True
    return False


SERIES: dict[str, Callable[[bool, int], int]] = {"bombs": _bombs, "text": _text, "damaged": _damaged, "bytes": _bytes}


if __name__ == "__main__":
    sys.exit(main())
