"""How sure and how quick the audit trail is: python -m benchmarks.audit_chain [--records N] [--postgres URL].

Bits flipped in any column are named, records removed, added or swapped are named, a cut end is found by a checkpoint,
eight processes append at once, a long log is checked in little memory, an export is checked as a stranger does, and
past scores come out again with their reasons.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import orjson
from sqlalchemy import Engine, text

from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import dossier, intake, lineage, scoring, training
from leadscore.store import audit, checkpoints, verify_export
from leadscore.store.audit_reading import sealed_export
from leadscore.store.bulk import insert_rows
from leadscore.store.database import migrate, open_database, read, write
from leadscore.store.vault import Vault
from leadscore.workbench import open_workbench

SECRET = b"a secret of the benchmark, long enough"
TEXTS = ("at", "actor", "action", "object", "detail", "prev", "mac")
FLIPS, PROCESSES, APPENDS, REPLAYED = 1_000, 8, 1_000, 1_000
PORTION = 10_000


def main() -> None:
    """Measure and print one JSON object."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--records", type=int, default=1_000_000)
    words.add_argument("--postgres", help="address of an empty PostgreSQL database for the concurrent writers")
    words.add_argument("--leads", type=int, default=3_000)
    words.add_argument("--only", choices=["flips", "writers", "long", "replay"])
    options = words.parse_args()
    parts = {"flips": lambda folder: named(folder), "writers": lambda folder: writers(folder, options.postgres),
             "long": lambda folder: long_log(folder, options.records),
             "replay": lambda folder: replays(folder, options.leads)}
    found = {}
    for name, part in parts.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                found[name] = part(Path(folder))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def store(folder: Path) -> Engine:
    """Open an empty store."""
    engine = open_database(f"sqlite:///{folder / 'store.db'}")
    migrate(engine)
    return engine


def fill(engine: Engine, vault: Vault, records: int, first: int = 1, prev: str = audit.GENESIS) -> str:
    """Write the records :func:`audit.append` would write, many at once; gives the last MAC."""
    key = vault.key("audit")
    detail = orjson.dumps({"run": 3, "policy_version": 2, "model_version": 5, "reasons": "0" * 64}).decode()
    for start in range(first, first + records, PORTION):
        rows = []
        for seq in range(start, min(start + PORTION, first + records)):
            row = (seq, "2026-03-01T00:00:00.000Z", seq % 3 or None, f"person {seq % 7}", "lead_viewed", f"lead:{seq}",
                   detail, prev)
            prev = audit._mac(key, row)
            rows.append((*row, prev))
        with write(engine) as session:
            insert_rows(session, "audit_events", dict(zip(audit.COLUMNS, map(list, zip(*rows, strict=True)),
                                                          strict=True)))
    return prev


def named(folder: Path) -> dict[str, object]:
    """Flip one bit anywhere a thousand times; remove, add, double and swap records; cut the end off."""
    engine, vault, chance = store(folder), Vault(SECRET), Random(7)
    path, last = checkpoints.checkpoint_file(folder), audit.GENESIS
    for first, records in ((1, 400), (401, 100)):
        last = fill(engine, vault, records, first, last)
        with read(engine) as session:
            audit.checkpoint(session, vault, path, at=datetime.now(UTC))
    hit = sum(_flip(engine, vault, chance) for _ in range(FLIPS))
    changes = {
        "deleted": ("DELETE FROM audit_events WHERE seq = 200", 200),
        "inserted": ("INSERT INTO audit_events SELECT 501, at, client_id, actor, action, object, detail, prev, mac "
                     "FROM audit_events WHERE seq = 200", 501),
        "doubled": ("UPDATE audit_events SET detail = (SELECT detail FROM audit_events WHERE seq = 9), mac = (SELECT "
                    "mac FROM audit_events WHERE seq = 9), prev = (SELECT prev FROM audit_events WHERE seq = 9) "
                    "WHERE seq = 10", 10),
        "swapped": ("UPDATE audit_events SET seq = CASE seq WHEN 6 THEN 100006 ELSE 6 END WHERE seq IN (6, 7)", 6),
        "last ten cut off": ("DELETE FROM audit_events WHERE seq > 490", 491)}
    told: dict[str, object] = {"bits flipped": FLIPS, "named exactly": hit}
    for name, (statement, at) in changes.items():
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
            connection.commit()
        with read(engine) as session:
            verdict = audit.verify(session, vault, path)
        told[name] = {"named": verdict.broken_at, "right": verdict.broken_at == at, "reason": verdict.reason}
        _again(engine, vault)
    return told


def _flip(engine: Engine, vault: Vault, chance: Random) -> bool:
    column, seq = chance.choice(TEXTS), chance.randint(1, 500)
    with write(engine) as session:
        value = session.execute(text(f"SELECT {column} FROM audit_events WHERE seq = :seq"), {"seq": seq}).scalar_one()
        place = chance.randrange(len(value))
        changed = value[:place] + chr(ord(value[place]) ^ 1 << chance.randrange(5)) + value[place + 1:]
        session.execute(text(f"UPDATE audit_events SET {column} = :value WHERE seq = :seq"),
                        {"value": changed, "seq": seq})
    with read(engine) as session:
        found = audit.verify(session, vault).broken_at
    with write(engine) as session:
        session.execute(text(f"UPDATE audit_events SET {column} = :value WHERE seq = :seq"),
                        {"value": value, "seq": seq})
    return found == seq


def _again(engine: Engine, vault: Vault) -> None:
    with write(engine) as session:
        session.execute(text("DELETE FROM audit_events"))
    fill(engine, vault, 500)


def writers(folder: Path, postgres: str | None) -> dict[str, object]:
    """Let eight processes append a thousand records each."""
    told: dict[str, object] = {}
    addresses = {"sqlite": f"sqlite:///{folder / 'many.db'}"} | ({"postgresql": postgres} if postgres else {})
    for name, address in addresses.items():
        engine = open_database(address)
        migrate(engine)
        engine.dispose()
        started = time.perf_counter()
        with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            errors = sum(pool.map(_append, [(address, number) for number in range(PROCESSES)], chunksize=1))
        seconds = time.perf_counter() - started
        with read(engine) as session:
            verdict = audit.verify(session, Vault(SECRET))
        told[name] = {"records": verdict.records, "wanted": PROCESSES * APPENDS, "linear": verdict.ok,
                      "errors": errors, "seconds": round(seconds, 1), "a second": round(verdict.records / seconds)}
    return told


def _append(arguments: tuple[str, int]) -> int:
    address, number = arguments
    engine, vault, errors = open_database(address), Vault(SECRET), 0
    for step in range(APPENDS):
        try:
            with write(engine) as session:
                audit.append(session, vault, at=datetime.now(UTC), client_id=None, actor=f"p{number}", action="x",
                             object=str(step))
        except Exception:
            errors += 1
    engine.dispose()
    return errors


def long_log(folder: Path, records: int) -> dict[str, object]:
    """Check a long log, all of it and what is new, in a process of its own; then export it and check that."""
    engine, vault = store(folder), Vault(SECRET)
    last = fill(engine, vault, records)
    path = checkpoints.checkpoint_file(folder)
    with read(engine) as session:
        audit.checkpoint(session, vault, path, at=datetime.now(UTC))
    fill(engine, vault, 500, records + 1, last)
    told: dict[str, object] = {"records": records + 500}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told |= pool.apply(_checked, (str(folder),))
    file = folder / "audit.jsonl"
    started = time.perf_counter()
    with read(engine) as session, file.open("wb") as out:
        for piece in sealed_export(session, vault, list(checkpoints.read_all(path, vault).values()),
                                   now=datetime.now(UTC)):
            out.write(piece)
    told["exported in s"] = round(time.perf_counter() - started, 1)
    started = time.perf_counter()
    with file.open(encoding="utf-8") as lines:
        verdict = verify_export.check(iter(lines), checkpoints.public_key(vault))
    told["a stranger's verdict"] = verdict | {"seconds": round(time.perf_counter() - started, 1)}
    return told


def _checked(folder: str) -> dict[str, object]:
    engine, vault = open_database(f"sqlite:///{Path(folder) / 'store.db'}"), Vault(SECRET)
    path, told = checkpoints.checkpoint_file(Path(folder)), {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, newest in (("new ones in s", True), ("all in s", False)):
        started = time.perf_counter()
        with read(engine) as session:
            verdict = audit.verify(session, vault, path, from_checkpoint=newest)
        told[name] = round(time.perf_counter() - started, 2)
        told[f"{name[:3]} whole"] = verdict.ok
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told | {"process MB": round(most / 1024), "of these for the check": round((most - before) / 1024)}


def replays(folder: Path, leads: int) -> dict[str, object]:
    """Log a thousand decisions with their reasons, then change policies and values, and make each again."""
    bench = open_workbench(Settings(home=folder, secret_key=SECRET.decode()))
    boss = Actor(name="benchmark", role=Role.ADMIN)
    content = to_csv_bytes(make_campaign(leads, 7, end=datetime.now(UTC)))
    intake.import_file(bench, boss, client="acme", source=content, filename="campaign.csv")
    training.train_stored(bench, boss, client="acme", request=training.TrainingRequest(algorithm="logistic"))
    scored = scoring.rescore(bench, boss, client="acme")
    with read(bench.engine) as session:
        ids = [row[0] for row in session.execute(text("SELECT lead_id FROM scores ORDER BY lead_id LIMIT :most"),
                                                 {"most": REPLAYED})]
    for lead_id in ids:
        dossier.lead_detail(bench, boss, client="acme", lead_id=lead_id)
    older = content.split(b"\n")
    changed = b"\n".join([older[0], *older[1:400]]).replace(b"Direct traffic", b"Referral")
    intake.import_file(bench, boss, client="acme", source=changed, filename="later.csv")
    scoring.rescore(bench, boss, client="acme")
    started = time.perf_counter()
    made = [lineage.replay_score(bench, boss, client="acme", lead_id=lead_id, run_id=scored.run_id) for lead_id in ids]
    one = [lineage.replay_score(bench, boss, client="acme", lead_id=ids[0], run_id=scored.run_id).reasons
           for _ in range(100)]
    return {"decisions": len(ids), "identical scores": sum(found.identical for found in made),
            "identical reasons": sum(all(shown.same for shown in found.shown) and bool(found.shown) for found in made),
            "with values put back": sum(bool(found.put_back) for found in made),
            "one lead a hundred times, different reasons": len({str(reasons) for reasons in one}),
            "seconds": round(time.perf_counter() - started, 1)}


if __name__ == "__main__":
    main()
