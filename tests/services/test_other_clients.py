"""Whatever has a number belongs to one client: through another client nobody finds, changes or learns of it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from leadscore.access import Role
from leadscore.errors import Forbidden, LeadScoreError, NotFound
from leadscore.services import accounts, delivery, dossier, jobs
from leadscore.store import audit, clients
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW, person
from tests.services.test_access import ARGUMENTS, CLIENT_FUNCTIONS

pytestmark = pytest.mark.usefixtures("read_here")

OTHER = "two"
ADDRESSES = 1_000
BY_NUMBER = {name for name, function in CLIENT_FUNCTIONS.items()
             if any(parameter.endswith(("_id", "_ids")) or parameter in ("version", "first", "second", "challenger")
                    for parameter in inspect.signature(function).parameters)} - {"import_file"}
# these say of a number that they do not know that there is nothing, or begin something of the asking client's own
MAY_ANSWER_NOTHING = {"rescore", "discard_upload", "list_requests", "open_request", "save_risk", "restore_policy",
                      "show_policy", "export_policy", "compare_policies"}


@pytest.fixture(scope="module")
def two_clients(trained_once):  # type: ignore[no-untyped-def]
    """Give the workbench with the campaign of one client to another one as well, which has nothing."""
    with write(trained_once.engine) as session:
        clients.ensure(session, OTHER, NOW)
    return trained_once


def of_the_first(bench: Any) -> dict[str, Any]:
    """Give the numbers of things that the first client has."""
    with read(bench.engine) as session:
        def one(table: str) -> Any:
            return session.execute(accounts.users.text(
                f"SELECT min(t.id) FROM {table} t JOIN clients c ON c.id = t.client_id WHERE c.name = :name"),
                {"name": CLIENT}).scalar()

        lead, batch, model, run = one("leads"), one("batches"), one("model_versions"), one("score_runs")
    return {"lead_id": lead, "lead_ids": [lead], "batch_id": batch, "version": str(model), "first": str(model),
            "second": str(model), "challenger": str(model), "run_id": run, "job_id": "0" * 32}


def _ask(function: Any, bench: Any, actor: Any, numbers: dict[str, Any]) -> Any:
    wanted = inspect.signature(function).parameters
    given = {name: ARGUMENTS[name] for name, parameter in wanted.items()
             if name in ARGUMENTS and parameter.default is inspect.Parameter.empty}
    given |= {name: value for name, value in numbers.items() if name in wanted}
    return function(bench, actor, **given | {"client": OTHER})


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER])
@pytest.mark.parametrize("name", sorted(BY_NUMBER))
def test_a_number_of_another_client_leads_nowhere(two_clients: Any, name: str, role: Role) -> None:
    with read(two_clients.engine) as session:
        client_id = clients.require(session, CLIENT)
        before = audit.latest(session, client_id)
    try:
        answer = _ask(CLIENT_FUNCTIONS[name], two_clients, person(role, OTHER), of_the_first(two_clients))
    except Forbidden as refused:
        pytest.fail(f"refused as forbidden, which tells that it exists: {refused}")
    except (LeadScoreError, AttributeError, TypeError):
        answer = None
    if name not in MAY_ANSWER_NOTHING:
        assert not _holds_something(answer), f"{name} answered {answer!r}"
    with read(two_clients.engine) as session:
        assert audit.latest(session, client_id) == before, "nothing of the first client was touched"


def _holds_something(answer: Any) -> bool:
    if answer is None or isinstance(answer, (bool, int)):
        return bool(answer)
    return bool(len(answer)) if hasattr(answer, "__len__") else True


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.VIEWER])
def test_a_thousand_numbers_of_another_client_find_nothing(two_clients: Any, role: Role) -> None:
    actor = person(role, OTHER)
    refused = 0
    for lead_id in range(1, ADDRESSES + 1):
        with pytest.raises(NotFound):
            dossier.lead_detail(two_clients, actor, client=OTHER, lead_id=lead_id)
        refused += 1
    assert refused == ADDRESSES
    assert delivery.list_leads(two_clients, actor, client=OTHER, view=delivery.ListView()).total == 0


def test_jobs_of_another_client_are_unknown_and_their_files_too(two_clients: Any) -> None:
    job_id = jobs.submit(two_clients, person(Role.MANAGER, CLIENT), client=CLIENT, kind="export", arguments={})
    stranger = person(Role.MANAGER, OTHER)
    for ask in (lambda: jobs.view(two_clients, stranger, job_id=job_id),
                lambda: jobs.cancel(two_clients, stranger, job_id=job_id),
                lambda: jobs.result_file(two_clients, stranger, client=OTHER, job_id=job_id),
                lambda: jobs.result_file(two_clients, person(Role.ADMIN), client=OTHER, job_id=job_id)):
        with pytest.raises(NotFound):
            ask()
    assert jobs.recent(two_clients, stranger, client=OTHER) == []
    jobs.cancel(two_clients, person(Role.MANAGER, CLIENT), job_id=job_id)


def test_nobody_but_administrators_sees_users_and_everybody_sees_only_their_clients(two_clients: Any) -> None:
    for role in (Role.MANAGER, Role.ANALYST, Role.VIEWER):
        with pytest.raises(Forbidden):
            accounts.list_users(two_clients, person(role, OTHER))
        assert accounts.visible_clients(two_clients, person(role, OTHER)) == [OTHER]
    assert {CLIENT, OTHER} <= set(accounts.visible_clients(two_clients, person(Role.ADMIN)))
