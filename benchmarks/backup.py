"""Backups while others write: each must come back as one state, with equal counts and a log that verifies.

Run ``python -m benchmarks.backup --times 40 --leads 20000``.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import text

from leadscore.config import Settings
from leadscore.services import accounts, intake, sampling
from leadscore.steps import backups, restoring
from leadscore.store import audit, copies
from leadscore.store.database import read, write
from leadscore.workbench import Workbench, open_workbench

SECRET = "a secret of this benchmark only"


def filled(home: Path, leads: int) -> Workbench:
    """Make a workbench with a campaign."""
    bench = open_workbench(Settings(home=home, secret_key=SECRET, _env_file=None))
    accounts.create_first_administrator(bench, name="anna", password="correct horse battery")
    actor = accounts.local_operator()
    campaign = sampling.make_campaign_file(bench, actor, client="default", leads=leads, seed=7)
    intake.import_file(bench, actor, client="default", source=campaign.content, filename=campaign.filename)
    return bench


def keep_writing(bench: Workbench, ended: threading.Event, done: list[int]) -> None:
    """Change leads and tell the log of it, in one transaction each, as fast as that goes."""
    while not ended.is_set():
        with write(bench.engine) as session:
            session.execute(text("UPDATE leads SET source_detail = :owner WHERE id = :id"),
                            {"owner": f"person {len(done)}", "id": len(done) % 1_000 + 1})
            audit.append(session, bench.vault, at=datetime.now(UTC), client_id=None, actor="writer",
                         action="owner_assigned", object=f"lead:{len(done)}")
        done.append(1)


def main() -> None:
    """Back up and restore again and again while one thread writes, and say how often all was well."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--leads", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = filled(Path(folder) / "home", options.leads)
        ended, done = threading.Event(), list[int]()
        writer = threading.Thread(target=keep_writing, args=(bench, ended, done))
        writer.start()
        made, back, good = [], [], 0
        for number in range(options.times):
            start = perf_counter()
            archive, facts = backups.make_backup(bench, Path(folder) / f"{number}.backup")
            made.append(perf_counter() - start)
            home, start = Path(folder) / f"restored{number}", perf_counter()
            restored = restoring.restore(Settings(home=home, secret_key=SECRET, _env_file=None), archive.path,
                                         passphrase=None, force=False, by="benchmark", now=datetime.now(UTC))
            back.append(perf_counter() - start)
            found = copies.sqlite_facts(home / "data" / "leadscore.db")
            same = {name: rows for name, rows in found.counts.items() if name not in ("audit_events", "sessions")} == \
                {name: rows for name, rows in facts.counts.items() if name not in ("audit_events", "sessions")}
            again = open_workbench(Settings(home=home, secret_key=SECRET, _env_file=None))
            with read(again.engine) as session:
                whole = audit.verify(session, again.vault).ok
            again.engine.dispose()
            good += same and whole and found.counts["audit_events"] == restored.facts.audit_seq + 1
            archive.path.unlink()
        ended.set()
        writer.join()
        bench.engine.dispose()
    print(f"{good} of {options.times} backups of {options.leads:,} leads came back equal with a whole log, while "
          f"{len(done):,} transactions were written; made in {median(made):.2f} s (median), checked and restored in "
          f"{median(back):.2f} s")


if __name__ == "__main__":
    main()
