"""Accounts: the first one, what each may see, and what is told of every change."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from leadscore.access import Action, Actor, Role
from leadscore.errors import Forbidden, InvalidRequest
from leadscore.services import accounts, sessions
from leadscore.store import audit
from leadscore.store.database import read
from leadscore.workbench import Workbench
from tests.services.people import (  # noqa: F401
    ELSEWHERE,
    HOME,
    PASSWORD,
    Clock,
    admin,
    clock,
    either_store,
    events,
    open_browser,
    quick,
    refuse,
    workbench,
)


def test_an_empty_home_has_nobody_and_then_one_administrator_without_a_default_password(workbench: Workbench) -> None:
    assert accounts.nobody_yet(workbench)
    actor = accounts.create_first_administrator(workbench, name=" Anna ", password=PASSWORD)
    assert (actor.name, actor.role) == ("anna", Role.ADMIN)
    assert not accounts.nobody_yet(workbench)
    assert events(workbench) == ["user_added"]


def test_a_second_first_administrator_is_refused(workbench: Workbench, admin: Actor) -> None:
    with pytest.raises(Forbidden):
        accounts.create_first_administrator(workbench, name="eve", password=PASSWORD)


def test_of_many_first_administrators_at_once_one_wins(either_store: Workbench) -> None:
    gate = threading.Barrier(6)

    def attempt(number: int) -> bool:
        gate.wait()
        try:
            accounts.create_first_administrator(either_store, name=f"user{number}", password=PASSWORD)
        except Forbidden:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert len(accounts.list_users(either_store, accounts.local_operator())) == 1


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.VIEWER])
def test_only_administrators_manage_accounts(workbench: Workbench, admin: Actor, role: Role) -> None:
    actor = Actor(name="bob", role=role, user_id=99, clients=frozenset({"default"}))
    for forbidden in (lambda: accounts.list_users(workbench, actor),
                      lambda: accounts.change_user(workbench, actor, user_id=1, role=Role.VIEWER),
                      lambda: sessions.sign_out_everywhere(workbench, actor, user_id=1),
                      lambda: accounts.add_user(workbench, actor, name="eve", password=PASSWORD, role=Role.ADMIN)):
        with pytest.raises(Forbidden):
            forbidden()


def test_a_user_sees_the_clients_given_and_an_administrator_all(workbench: Workbench, admin: Actor) -> None:
    user = accounts.add_user(workbench, admin, name="bob", password=PASSWORD, role=Role.ANALYST,
                             clients=["Zeta", "acme"])
    accounts.add_user(workbench, admin, name="cleo", password=PASSWORD, role=Role.VIEWER)
    actor = sessions.session_from_token(workbench, open_browser(workbench, "bob"))
    assert actor is not None and actor.clients == user.clients == {"Zeta", "acme"}
    assert accounts.visible_clients(workbench, actor) == ["acme", "Zeta"]
    assert accounts.visible_clients(workbench, admin) == ["default", "acme", "Zeta"]
    assert [account.name for account in accounts.list_users(workbench, admin)] == ["anna", "bob", "cleo"]


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.MANAGER}])
def test_the_last_administrator_stays_one(workbench: Workbench, admin: Actor, change: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        accounts.change_user(workbench, admin, user_id=admin.user_id or 0, **change)  # type: ignore[arg-type]
    assert sessions.session_from_token(workbench, open_browser(workbench)) == admin


def test_a_job_runs_with_the_rights_its_owner_has_now(workbench: Workbench, admin: Actor) -> None:
    user = accounts.add_user(workbench, admin, name="bob", password=PASSWORD, role=Role.MANAGER)
    accounts.change_user(workbench, admin, user_id=user.id, role=Role.VIEWER)
    assert not accounts.actor_of(workbench, name="bob", user_id=user.id).may(Action.IMPORT_LEADS)
    accounts.change_user(workbench, admin, user_id=user.id, disabled=True)
    with pytest.raises(Forbidden):
        accounts.actor_of(workbench, name="bob", user_id=user.id)
    assert accounts.local_operator().name.startswith("local:")


def test_every_change_is_in_the_unbroken_log(workbench: Workbench, admin: Actor) -> None:
    refuse(workbench)
    sessions.sign_out(workbench, open_browser(workbench))
    sessions.note_denied(workbench, admin, Forbidden("forbidden", "no"), "audit")
    assert events(workbench) == ["user_added", "sign_in_refused", "signed_in", "signed_out", "access_denied"]
    with read(workbench.engine) as session:
        assert audit.verify(session, workbench.vault).ok
