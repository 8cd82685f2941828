"""Several people at work in the same moment, and people who ask for what is another client's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import LeadScoreError, NotFound
from leadscore.services import delivery, dossier, intake, jobs, models
from leadscore.store.database import read
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, open_home
from tests.services.conftest import leads_file, person

THEIRS = "theirs"


def promote_together(home: Path, *, times: int) -> list[str]:
    """Let two people, each with a program of their own, promote different versions; a third counts the champions.

    Returns
    -------
    list of str
        What went wrong: a refusal, or a moment without exactly one champion.
    """
    faults: list[str] = []
    ended, together = Event(), Barrier(2)

    def promote(version: str) -> None:
        workbench = open_home(home)
        for _ in range(times):
            together.wait()
            faults.extend(_refusal(lambda: models.deploy_model(workbench, BOSS, client=CLIENT, version=version)))
        workbench.engine.dispose()

    def count() -> int:
        workbench, looks = open_home(home), 0
        while not ended.wait(0.002):
            with read(workbench.engine) as session:
                found = session.execute(text(
                    "SELECT count(*) FROM model_versions WHERE client_id = 1 AND alias = 'champion'")).scalar_one()
            looks += 1
            if found != 1:
                faults.append(f"{found} champions")
        workbench.engine.dispose()
        return looks

    with ThreadPoolExecutor(3) as pool:
        counting = pool.submit(count)
        for done in [pool.submit(promote, version) for version in ("1", "2")]:
            done.result()
        ended.set()
        if not counting.result():
            faults.append("nobody looked")
    return faults


def import_together(workbench: Workbench, *, imports: int, rows: int) -> list[str]:
    """Import files of different people in the same moment and give the refusals."""
    together = Barrier(imports)

    def one(number: int) -> list[str]:
        head, *lines = leads_file(rows * (number + 1)).splitlines()
        data = b"\n".join([head, *lines[-rows:]])
        together.wait()
        return _refusal(lambda: intake.import_file(workbench, BOSS, client=CLIENT, source=data,
                                                   filename=f"{number}.csv"))

    with ThreadPoolExecutor(imports) as pool:
        return [fault for faults in pool.map(one, range(imports)) for fault in faults]


def _refusal(deed: Callable[[], Any]) -> list[str]:
    try:
        deed()
    except LeadScoreError as refusal:
        return [f"{refusal.code}: {refusal}"]
    except Exception as fault:
        return [f"{type(fault).__name__}: {fault}"]
    return []


def ask_for_others(workbench: Workbench, *, numbers: Iterable[int]) -> list[str]:
    """Ask for leads, imports, models and jobs of one client as a manager of another, by their numbers.

    Returns
    -------
    list of str
        Whatever was found, or refused otherwise than as something that does not exist.
    """
    stranger = person(Role.MANAGER, THEIRS)
    intake.import_file(workbench, BOSS, client=THEIRS, source=leads_file(2), filename="theirs.csv")
    job = jobs.submit(workbench, BOSS, client=CLIENT, kind="rescore", arguments={})
    deeds = {f"job {look.__name__}": lambda look=look: look(workbench, stranger, job_id=job)
             for look in (jobs.view, jobs.cancel)}
    for client in (CLIENT, THEIRS):
        given = {"workbench": workbench, "actor": stranger, "client": client}
        deeds |= {f"{name} as {client}": deed for name, deed in _by_number(given, numbers)}
    return [f"{name}: {answer}" for name, deed in deeds.items() if (answer := _answer(deed)) != "does not exist"]


def _by_number(given: dict[str, Any], leads: Iterable[int]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Give what can be asked by a number; the other client has import 1 and models 1 and 2."""
    for lead in leads:
        yield f"lead {lead}", lambda lead=lead: dossier.lead_detail(**given, lead_id=lead)
        yield f"override {lead}", lambda lead=lead: dossier.override(**given, lead_id=lead, tier="Low", reason="x")
    for version in ("1", "2", "champion"):
        yield f"model {version}", lambda version=version: models.show_model(**given, version=version)
        yield f"promote {version}", lambda version=version: models.deploy_model(**given, version=version)
    yield "remarks", lambda: intake.issue_report(**given, batch_id=1)
    yield "undo", lambda: intake.undo_import(**given, batch_id=1)
    yield "list", lambda: _nobody(delivery.list_leads(**given, view=delivery.ListView(batch_id=1)))


def _nobody(page: Any) -> None:
    """Take an empty list for nothing found."""
    if page.total == 0:
        raise NotFound("unknown", "Nothing there.")


def _answer(deed: Callable[[], Any]) -> str:
    try:
        given = deed()
    except NotFound:
        return "does not exist"
    except LeadScoreError as refusal:
        return f"refused as {refusal.code}"
    return f"gave {type(given).__name__}"
