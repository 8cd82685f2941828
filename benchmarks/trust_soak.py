"""Ten people import, score, list and export for some minutes: no fault, and memory stays level after warming up.

Run ``python -m benchmarks.trust_soak`` (30 minutes), ``--minutes 5``, or ``--quick`` for one minute. Exits with 1 when
a deed fails or memory grows by a tenth or more between the end of the first third and the end.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from leadscore.errors import LeadScoreError
from leadscore.services import delivery, dossier, intake, scoring
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, faults_of, open_home
from tests.hardening.homes import make_home
from tests.services.conftest import leads_file

USERS = 10
PEOPLE = 400
MOST_GROWTH = 0.10


def main() -> int:
    """Print memory as time goes by and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    minutes = 1.0 if options.quick else options.minutes
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_home(make_home(Path(folder) / "home"))
        seen = Soak(workbench)
        until = time.monotonic() + 60 * minutes
        with ThreadPoolExecutor(USERS + 1) as pool:
            watching = pool.submit(seen.watch, until)
            for done in [pool.submit(seen.work, options.seed + user, until) for user in range(USERS)]:
                done.result()
            memory = watching.result()
        faults = seen.faults + faults_of(workbench)
    warm, last = memory[len(memory) // 3], memory[-1]
    growth = last / warm - 1
    print(f"{minutes:g} minutes, {USERS} people, {os.cpu_count()} cores: "
          + ", ".join(f"{what} {count:,}" for what, count in sorted(seen.done.items())))
    print(f"memory in MB along the way: {', '.join(f'{value:.0f}' for value in memory[::max(1, len(memory) // 12)])}")
    print(f"from {warm:.0f} MB after a third to {last:.0f} MB: {growth:+.1%} (may be below {MOST_GROWTH:.0%}); "
          f"{len(faults)} faults")
    for fault in faults[:10]:
        print(f"    {fault}")
    return int(bool(faults) or growth >= MOST_GROWTH)


class Soak:
    """People at work on one workbench, and what became of it."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench, self.done, self.faults, self._lock = workbench, Counter[str](), list[str](), Lock()

    def work(self, seed: int, until: float) -> None:
        """Do one thing after another until the end."""
        chance, given = random.Random(seed), {"actor": BOSS, "client": CLIENT}
        while time.monotonic() < until:
            name = chance.choice(("import", "list", "list", "detail", "score", "export"))
            try:
                self._do(name, chance, given)
            except LeadScoreError as refusal:
                self._note(name, f"{name}: {refusal}")
            except Exception as fault:
                self._note(name, f"{name}: {type(fault).__name__}: {fault}")
            else:
                self._note(name, None)
            time.sleep(chance.uniform(0.05, 0.5))

    def _do(self, name: str, chance: random.Random, given: dict[str, object]) -> None:
        view = delivery.ListView(top="20%", page=chance.randrange(1, 4))
        if name == "import":
            # the same people with other values again and again, so that the store itself does not grow
            head, *lines = leads_file(PEOPLE, title=f"Title {chance.randrange(9)}").splitlines()
            data = b"\n".join([head, *chance.sample(lines, 50)])
            intake.import_file(self.workbench, **given, source=data, filename="some.csv")
        elif name == "list":
            delivery.list_leads(self.workbench, **given, view=view)
        elif name == "detail":
            dossier.lead_detail(self.workbench, **given, lead_id=chance.randrange(1, 300))
        elif name == "score":
            scoring.rescore(self.workbench, **given)
        else:
            delivery.export_leads(self.workbench, **given, view=view, format=chance.choice(("csv", "xlsx")))

    def _note(self, name: str, fault: str | None) -> None:
        with self._lock:
            self.done[name] += 1
            self.faults += [fault] if fault else []

    def watch(self, until: float) -> list[float]:
        """Look at the memory of this process every second; in MB."""
        seen = []
        while time.monotonic() < until:
            time.sleep(1.0)
            lines = Path("/proc/self/status").read_text().splitlines()
            seen.append(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024)
        return seen


if __name__ == "__main__":
    sys.exit(main())
