"""Series of accidents: each is made many times at random moments, and what it leaves is looked at each time."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import delivery, dossier, intake, models, training
from leadscore.store import audit, clients
from leadscore.store.database import VERSION_FOLDER, WRITES, migrate, newest_version, open_database, read, write
from leadscore.workbench import Workbench
from tests.hardening.harness import (
    BOSS,
    CLIENT,
    NOW,
    Tally,
    faults_of,
    in_child,
    killed,
    leads_in,
    open_home,
    reading_here,
    state_of,
    with_small_files,
)
from tests.hardening.use_cases import lesson_of
from tests.ready import with_tables
from tests.services.conftest import leads_file

# --- an import is killed --------------------------------------------------------------------------------------


def kill_imports(folder: Path, *, leads: int, kills: int, seed: int, until: float = float("inf")) -> Tally:
    """Kill a process at random moments between reading a file and a little after its leads are stored.

    Parameters
    ----------
    until : float
        No new attempt after this moment of the monotonic clock.

    Returns
    -------
    Tally
        ``tried`` kills; counts of those ``before`` and ``after`` the import was acknowledged; ``slowest`` reopening.
    """
    tally, chance = Tally(), random.Random(seed)
    with reading_here():
        prepared = _prepared(folder / "looking", leads, seed)
        whole, seconds = _undisturbed(folder / "undisturbed", prepared)
        for number in range(kills):
            if time.monotonic() > until:
                break
            home = with_tables(folder / str(number))
            acknowledged, _ = killed(lambda begin, home=home: _import(home, prepared, begin),
                                     chance.uniform(0, 1.15 * seconds))
            _look_after_import(tally, home, whole, acknowledged)
            shutil.rmtree(home)
    return tally


def _prepared(home: Path, leads: int, seed: int) -> dict[str, Any]:
    """Read and clean once, so that each attempt spends its time on storing."""
    raw, decided, ready = in_child(lambda: _read_and_cleaned(home, leads, seed))
    return {"read_file": lambda *_given: raw, "_decisions": lambda *_given: decided, "_prepare": lambda *_given: ready}


def _read_and_cleaned(home: Path, leads: int, seed: int) -> tuple[Any, Any, Any]:
    workbench = open_home(home)
    raw = intake.read_file(workbench.settings, to_csv_bytes(make_campaign(leads, seed, end=NOW)), "campaign.csv")
    decided = intake._decisions(workbench, CLIENT, raw, None, (), None)
    return raw, decided, intake._prepare(raw, *decided, [], NOW)


def _import(home: Path, prepared: dict[str, Any], begin: Callable[[], None]) -> None:
    workbench = open_home(home)
    begin()
    with mock.patch.multiple(intake, **prepared):
        intake.import_file(workbench, BOSS, client=CLIENT, source=b"", filename="campaign.csv")


def _undisturbed(home: Path, prepared: dict[str, Any]) -> tuple[int, float]:
    """Say how many leads a whole import stores and how long it takes, without what only a first time takes."""
    seconds = 0.0
    for _ in range(2):
        shutil.rmtree(home, ignore_errors=True)
        began: list[float] = []
        seconds = in_child(lambda began=began: _import(with_tables(home), prepared, lambda: began.append(
            time.monotonic())) or time.monotonic() - began[0])
    workbench = open_home(home)
    stored = leads_in(workbench)
    workbench.engine.dispose()
    shutil.rmtree(home)
    return stored, seconds


def _look_after_import(tally: Tally, home: Path, whole: int, acknowledged: bool) -> None:
    started = time.monotonic()
    workbench = open_home(home)
    stored = leads_in(workbench)
    tally.slowest = max(tally.slowest, time.monotonic() - started)
    tally.tried += 1
    tally.count("after" if acknowledged else "before")
    tally.count("stored" if stored else "nothing stored")
    if stored not in (0, whole):
        tally.faults.append(f"kill {tally.tried}: {stored} of {whole} leads")
    if acknowledged and stored != whole:
        tally.faults.append(f"kill {tally.tried}: an acknowledged import is lost")
    tally.faults += [f"kill {tally.tried}: {fault}" for fault in faults_of(workbench)]
    workbench.engine.dispose()


# --- the journal is cut or torn ----------------------------------------------------------------------------------


def cut_journals(folder: Path, *, commits: int, cuts: int, seed: int) -> Tally:
    """Cut the journal of a store off, or tear a hole into it, at random places; what is left is a whole beginning.

    Returns
    -------
    Tally
        ``tried`` cuts; counts of how many different beginnings were seen.
    """
    chance, tally = random.Random(seed), Tally()
    files, states = in_child(lambda: _with_journal(folder / "home", commits))
    journal = files["leadscore.db-wal"]
    seen = set()
    for number in range(cuts):
        target = folder / "cut" / "data"
        target.mkdir(parents=True)
        for name, content in files.items():
            if not name.endswith("-shm"):
                (target / name).write_bytes(content)
        (target / "leadscore.db-wal").write_bytes(_damaged(journal, chance, torn=bool(number % 2)))
        _look_after_cut(tally, folder / "cut", states, seen)
        shutil.rmtree(folder / "cut")
    tally.counts = {"beginnings seen": len(seen), "beginnings there are": len(states)}
    return tally


def _with_journal(home: Path, commits: int) -> tuple[dict[str, bytes], list[dict[str, str]]]:
    """Give the files of a store with all its commits in the journal, and what it held after each."""
    workbench = open_home(home)
    states = [state_of(workbench.engine)]
    with workbench.engine.connect() as keeper, reading_here():
        # an open reader of the first state keeps the journal from being folded into the file
        keeper.exec_driver_sql("SELECT count(*) FROM leads").all()
        for number in range(commits):
            intake.import_file(workbench, BOSS, client=CLIENT, filename=f"{number}.csv",
                               source=_rows_of_their_own(number))
            states.append(state_of(workbench.engine))
        return {path.name: path.read_bytes() for path in workbench.settings.data_folder.iterdir()
                if path.is_file()}, states


def _rows_of_their_own(number: int) -> bytes:
    """Give a file of six people nobody else's file names."""
    file = b"\n".join(leads_file(6 * (number + 1)).splitlines())
    head, *rows = file.splitlines()
    return b"\n".join([head, *rows[-6:]]) + b"\n"


def _damaged(journal: bytes, chance: random.Random, *, torn: bool) -> bytes:
    place = chance.randrange(len(journal))
    if not torn:
        return journal[:place]
    hole = chance.choice((1, 512, 4096))
    return journal[:place] + os.urandom(min(hole, len(journal) - place)) + journal[place + hole:]


def _look_after_cut(tally: Tally, home: Path, states: list[dict[str, str]], seen: set[int]) -> None:
    tally.tried += 1
    try:
        workbench = open_home(home)
        state = state_of(workbench.engine)
        faults = faults_of(workbench)
        workbench.engine.dispose()
    except Exception as problem:
        tally.faults.append(f"cut {tally.tried}: {type(problem).__name__}: {problem}")
        return
    if state in states:
        seen.add(states.index(state))
    else:
        tally.faults.append(f"cut {tally.tried}: no state that ever was")
    tally.faults += [f"cut {tally.tried}: {fault}" for fault in faults]


# --- the disk is full ---------------------------------------------------------------------------------------------


def fill_disks(home: Path, *, tries: int, seed: int, leads: int = 400) -> Tally:
    """Let no file grow beyond a random size while a file is imported, a model registered, leads exported.

    Returns
    -------
    Tally
        Counts of each deed ``done`` or ``refused``; a refusal is one sentence, and nothing is half stored.
    """
    tally, chance = Tally(), random.Random(seed)
    workbench = open_home(home)
    content = in_child(lambda: to_csv_bytes(make_campaign(leads, seed + 1, end=NOW)))
    workbench.engine.dispose()
    lesson = in_child(lambda: lesson_of(open_home(home)))
    store = workbench.settings.data_folder / "leadscore.db"
    biggest = store.stat().st_size + 4_000_000
    for number in range(tries):
        name = ("import", "register", "export")[number % 3]
        copy = home.with_name("full")
        shutil.copytree(home, copy)
        size = int(10 ** chance.uniform(2, 5.5)) if name != "import" else chance.randrange(20_000, biggest)
        before = _looked_at(copy)
        answer = with_small_files(size, lambda name=name, copy=copy: _fill(copy, name, content, lesson))
        _look_after_full_disk(tally, f"{name}, {size:,} bytes", copy, answer, before)
        tally.count(f"{name} {'done' if answer == 'done' else 'refused'}")
        shutil.rmtree(copy)
    return tally


def _fill(home: Path, name: str, content: bytes, lesson: Any) -> str:
    workbench = open_home(home)
    if name == "import":
        with reading_here():
            intake.import_file(workbench, BOSS, client=CLIENT, source=content, filename="more.csv")
    elif name == "register":
        training.register(workbench, CLIENT, lesson, BOSS.name)
    else:
        delivery.export_to_path(workbench, BOSS, client=CLIENT, view=delivery.ListView(), path=home / "out.csv")
    return "done"


def _looked_at(home: Path) -> dict[str, str]:
    workbench = open_home(home)
    state = state_of(workbench.engine)
    workbench.engine.dispose()
    return state


def _look_after_full_disk(tally: Tally, what: str, home: Path, answer: Any, before: dict[str, str]) -> None:
    tally.tried += 1
    workbench = open_home(home)
    tally.faults += [f"{what}: {fault}" for fault in faults_of(workbench)]
    after = state_of(workbench.engine)
    folders = {path.name for path in workbench.settings.models_folder.iterdir() if path.is_dir()}
    with read(workbench.engine) as session:
        known = {row[0] for row in session.execute(text("SELECT folder FROM model_versions"))}
    workbench.engine.dispose()
    if answer == "done":
        return
    if answer[0] != "refused" or "\n" in answer[2]:
        tally.faults.append(f"{what}: told as {answer[1]}: {answer[2]}")
    if after != before:
        tally.faults.append(f"{what}: refused, and yet something was stored")
    if any(name.startswith(".draft-") for name in folders - known):
        tally.faults.append(f"{what}: half a model was left")
    if (home / "out.csv").exists():
        tally.faults.append(f"{what}: half a file was left")


# --- between a model's files and its row ---------------------------------------------------------------------------


def kill_registrations(home: Path, *, kills: int, seed: int) -> Tally:
    """Kill a process at random moments while it registers a model, and once more while it starts and cleans up.

    Returns
    -------
    Tally
        Counts of files ``left without a row``, all of which the next start removes.
    """
    tally, chance = Tally(), random.Random(seed)
    lesson = in_child(lambda: lesson_of(open_home(home)))
    seconds = in_child(lambda: _timed(lambda: _register(home, lesson, lambda: None)))
    for number in range(kills):
        acknowledged, _ = killed(lambda begin: _register(home, lesson, begin), chance.uniform(0, 1.2 * seconds))
        if number % 4 == 3:
            # the clean-up itself dies, too
            killed(lambda begin: _clean_up(home, begin), chance.uniform(0, 0.02))
        _look_after_registration(tally, home, acknowledged)
    return tally


def _timed(work: Callable[[], Any]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _register(home: Path, lesson: Any, begin: Callable[[], None]) -> None:
    workbench = open_home(home)
    begin()
    training.register(workbench, CLIENT, lesson, BOSS.name)


def _clean_up(home: Path, begin: Callable[[], None]) -> None:
    workbench = _later(home)
    begin()
    models.forget_orphans(workbench)


def _later(home: Path) -> Workbench:
    """Open a home two real hours from now: young files are left alone, somebody may be about to register them."""
    return replace(open_home(home), clock=lambda: datetime.now(UTC) + timedelta(hours=2))


def _look_after_registration(tally: Tally, home: Path, acknowledged: bool) -> None:
    tally.tried += 1
    workbench = _later(home)
    with read(workbench.engine) as session:
        known = {row[0] for row in session.execute(text("SELECT folder FROM model_versions"))}
        trained = session.execute(text(
            "SELECT count(*) FROM audit_events WHERE action = 'model_trained'")).scalar_one()
    if trained != len(known):
        tally.faults.append(f"kill {tally.tried}: {len(known)} versions, {trained} in the log")
    tally.count("acknowledged" if acknowledged else "not acknowledged")
    removed = models.forget_orphans(workbench)
    tally.counts["left without a row"] = tally.counts.get("left without a row", 0) + len(removed)
    there = {path.name for path in workbench.settings.models_folder.iterdir() if path.is_dir()}
    if there != known:
        tally.faults.append(f"kill {tally.tried}: {len(there ^ known)} folders differ from the rows")
    tally.faults += [f"kill {tally.tried}: {fault}" for fault in faults_of(workbench)]
    workbench.engine.dispose()


# --- a change and its record ----------------------------------------------------------------------------------------


def kill_changes(home: Path, *, kills: int, seed: int) -> Tally:
    """Kill a process that makes one change after the other; each change has its record, each record its change."""
    tally, chance = Tally(), random.Random(seed)
    workbench = open_home(home)
    dossier.assign_owner(workbench, BOSS, client=CLIENT, lead_ids=[1], owner="1")
    workbench.engine.dispose()
    for _ in range(kills):
        killed(lambda begin: _change_on(home, begin), chance.uniform(0.0, 0.25))
        tally.tried += 1
        workbench = open_home(home)
        with read(workbench.engine) as session:
            owner = session.execute(text("SELECT owner FROM leads WHERE id = 1")).scalar_one()
            told = session.execute(text(
                "SELECT count(*) FROM audit_events WHERE action = 'owner_assigned'")).scalar_one()
        if int(owner) != told:
            tally.faults.append(f"kill {tally.tried}: change {owner}, record {told}")
        tally.faults += [f"kill {tally.tried}: {fault}" for fault in faults_of(workbench)]
        tally.counts["changes"] = told
        workbench.engine.dispose()
    return tally


def _change_on(home: Path, begin: Callable[[], None]) -> None:
    workbench = open_home(home)
    with read(workbench.engine) as session:
        number = int(session.execute(text("SELECT owner FROM leads WHERE id = 1")).scalar_one())
    begin()
    while True:
        number += 1
        dossier.assign_owner(workbench, BOSS, client=CLIENT, lead_ids=[1], owner=str(number))


# --- a migration ------------------------------------------------------------------------------------------------------


def versions() -> list[str]:
    """List the versions of the store's tables that were ever released."""
    return [f"{number:04d}" for number in range(1, int(newest_version()) + 1)]


def make_old_store(url: str, version: str, rows_from: Path) -> None:
    """Make the tables as they were at a version and fill them with the rows of a store of today."""
    engine = open_database(url)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(VERSION_FOLDER.parent))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    _fill_from(engine, rows_from)
    engine.dispose()


def _fill_from(engine: Engine, rows_from: Path) -> None:
    source = open_database(f"sqlite:///{rows_from}")
    there, here = inspect(source), inspect(engine)
    with source.connect() as old, engine.begin() as new:
        # as the program of today sorts them: what others point to comes first
        for table in (table.name for table in SQLModel.metadata.sorted_tables if here.has_table(table.name)):
            kinds = {column["name"]: str(column["type"]) for column in here.get_columns(table)}
            columns = [column["name"] for column in there.get_columns(table) if column["name"] in kinds]
            names, places = ", ".join(_quoted(columns)), ", ".join(f":{name}" for name in columns)
            rows = [dict(zip(columns, row, strict=True))
                    for row in old.exec_driver_sql(f'SELECT {names} FROM "{table}"')]
            new.exec_driver_sql(f'DELETE FROM "{table}"')
            if rows:
                new.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({places})'),
                            [_for(engine, kinds, row) for row in rows])
    source.dispose()


def _for(engine: Engine, kinds: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
    """Give the values as the database takes them: SQLite keeps yes and no as numbers."""
    if engine.dialect.name == "sqlite":
        return row
    return {name: bool(value) if value is not None and kinds[name] == "BOOLEAN" else value
            for name, value in row.items()}


def common_rows(url: str, tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Give the rows of tables in the columns named, as sorted lines."""
    engine = open_database(url)
    with engine.connect() as connection:
        found = {table: sorted(repr(tuple(row)) for row in connection.exec_driver_sql(
            f'SELECT {", ".join(_quoted(names))} FROM "{table}"')) for table, names in tables.items()}
    engine.dispose()
    return found


def _quoted(names: list[str]) -> Iterator[str]:
    return (f'"{name}"' for name in names)


def columns_of(url: str) -> dict[str, list[str]]:
    """Name the columns of every table but the one that holds the version."""
    engine = open_database(url)
    looked = inspect(engine)
    found = {table: [column["name"] for column in looked.get_columns(table)] for table in looked.get_table_names()
             if table != "alembic_version"}
    engine.dispose()
    return found


def stored_version(url: str) -> str:
    """Give the version a store says it has."""
    engine = open_database(url)
    with engine.connect() as connection:
        found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    engine.dispose()
    return found


def kill_migrations(folder: Path, *, version: str, rows_from: Path, kills: int, seed: int) -> Tally:
    """Kill a process at random moments while it brings an old store to today's tables: the old ones or the new."""
    tally, chance = Tally(), random.Random(seed)
    template = folder / "old.db"
    make_old_store(f"sqlite:///{template}", version, rows_from)
    columns = columns_of(f"sqlite:///{template}")
    rows = common_rows(f"sqlite:///{template}", columns)
    started = time.monotonic()
    in_child(lambda: _migrate(_copy(template, folder / "timed.db"), lambda: None))
    seconds = time.monotonic() - started
    for number in range(kills):
        path = _copy(template, folder / f"{number}.db")
        killed(lambda begin, path=path: _migrate(path, begin), chance.uniform(0, 1.1 * seconds))
        url = f"sqlite:///{path}"
        tally.tried += 1
        found = stored_version(url)
        tally.count({version: "old", newest_version(): "new"}.get(found, "between"))
        here = columns_of(url)
        kept = {table: [name for name in names if name in here.get(table, [])] for table, names in columns.items()}
        if found not in (version, newest_version()) or kept != columns or common_rows(url, columns) != rows:
            tally.faults.append(f"kill {tally.tried}: neither the old store nor the new one ({found})")
        path.unlink()
    return tally


def _copy(template: Path, path: Path) -> Path:
    shutil.copyfile(template, path)
    return path


def _migrate(path: Path, begin: Callable[[], None]) -> None:
    engine = open_database(f"sqlite:///{path}")
    begin()
    migrate(engine)
    engine.dispose()


# --- many at once -----------------------------------------------------------------------------------------------------


def append_events(url: str, vault: Any, number: int, events: int) -> None:
    """Write records in transactions of their own."""
    engine = open_database(url)
    for step in range(events):
        with write(engine) as session:
            clients.ensure(session, CLIENT, NOW)
            audit.append(session, vault, at=NOW, client_id=None, actor=f"p{number}", action="x", object=str(step))
    engine.dispose()
