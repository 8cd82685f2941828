from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import orjson
import pytest
from sqlmodel import select

from leadscore.access import Action, Actor, Role
from leadscore.config import Settings
from leadscore.errors import Forbidden, InvalidRequest, SignInRefused
from leadscore.services import accounts
from leadscore.services.accounts import SessionKind
from leadscore.store import audit
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent, SignInAttempt, UserSession
from leadscore.workbench import Workbench, open_workbench

PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workbench(tmp_path: Path, clock: Clock) -> Iterator[Workbench]:
    opened = open_workbench(Settings(home=tmp_path, secret_key="s" * 32, _env_file=None), clock=clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def either_store(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Workbench]:
    """Give a workbench on each kind of database, for what several do at once."""
    settings = Settings(home=tmp_path, secret_key="s" * 32, database_url=database_url, _env_file=None)
    opened = open_workbench(settings, clock=clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the passwords that are checked, and let no time be spent on them."""
    checked: list[str] = []

    def verify(password_hash: str, password: str) -> bool:
        checked.append(password)
        return password == PASSWORD

    monkeypatch.setattr(accounts, "_verify", verify)
    return checked


@pytest.fixture
def admin(workbench: Workbench) -> Actor:
    return accounts.create_first_administrator(workbench, name="Anna", password=PASSWORD)


def open_browser(workbench: Workbench, name: str = "anna", address: str = HOME) -> str:
    ticket = accounts.sign_in(workbench, name=name, password=PASSWORD, address=address).token
    return accounts.redeem_ticket(workbench, ticket).token


def events(workbench: Workbench) -> list[str]:
    with read(workbench.engine) as session:
        return [row.action for row in session.exec(select(AuditEvent).order_by(AuditEvent.seq))]


def refuse(workbench: Workbench, *, name: str = "anna", address: str = HOME, password: str = "wrong") -> str:
    with pytest.raises(SignInRefused) as refused:
        accounts.sign_in(workbench, name=name, password=password, address=address)
    return refused.value.code


# --- the first person ------------------------------------------------------------------------------------------


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


# --- names and passwords ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [
    "", "short", "123456789", "x" * 129, "password123", "Password123!", "P@ssw0rd123", "passwordpassword",
    "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "abababababab", "welcome2026!", "Administrator1", "iloveyou2026",
    "letmein12345", "leadscore2026", "annaanna-2026", "1q2w3e4r5t", "summer2026!!", "changeme123", "abc123abc123",
])
def test_passwords_that_others_would_guess_first_are_refused(password: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        accounts.check_password(password, name="anna")
    assert refused.value.hint


@pytest.mark.parametrize("password", [
    PASSWORD, "lowercaseonlyplease", "8264910573", "пароль на каждый день", "  spaces count  ",
    "x7x7x7kestrel-moor", "x" * 64 + "abcde", "🦊🐝🐳🌵🍋🧊🪁🎲🔭🧵", "dragon monkey sunshine purple",
])
def test_what_a_password_is_made_of_is_free(password: str) -> None:
    accounts.check_password(password, name="anna")


@pytest.mark.parametrize("name", ["", "a", "a" * 81, "a\x00b", "a\nb", "local:root", "<b>", "anna;drop", " . "])
def test_names_that_could_be_mistaken_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        accounts.check_name(name)


def test_names_differ_by_more_than_capitals_and_width(workbench: Workbench, admin: Actor) -> None:
    with pytest.raises(InvalidRequest):
        accounts.add_user(workbench, admin, name="ANNA", password=PASSWORD, role=Role.VIEWER)
    assert accounts.sign_in(workbench, name=" Ａnna", password=PASSWORD, address=HOME).actor == admin


# --- signing in ------------------------------------------------------------------------------------------------


def test_a_ticket_opens_one_session_and_only_once(workbench: Workbench, admin: Actor) -> None:
    ticket = accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME)
    assert accounts.session_from_token(workbench, ticket.token) is None, "a ticket is no session"
    session = accounts.redeem_ticket(workbench, ticket.token)
    assert session.token != ticket.token
    assert accounts.session_from_token(workbench, session.token) == admin
    with pytest.raises(SignInRefused):
        accounts.redeem_ticket(workbench, ticket.token)


def test_a_ticket_is_stale_after_a_minute(workbench: Workbench, admin: Actor, clock: Clock) -> None:
    ticket = accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).token
    clock.forward(seconds=61)
    with pytest.raises(SignInRefused):
        accounts.redeem_ticket(workbench, ticket)


def test_only_hashes_of_tokens_are_stored_and_tokens_have_at_least_128_bits(workbench: Workbench, admin: Actor) -> None:
    token = open_browser(workbench)
    with read(workbench.engine) as session:
        stored = [row.model_dump() for row in session.exec(select(UserSession))]
    assert len(token) * 6 >= 128
    assert [row["token_hash"] for row in stored] == [accounts.hash_token(token)]
    assert token not in str(stored)


@pytest.mark.parametrize("name", ["anna", "nobody", "gone", "\x00", "'; --", "a" * 5_000])
def test_wrong_unknown_and_disabled_are_answered_alike(workbench: Workbench, admin: Actor, name: str) -> None:
    gone = accounts.add_user(workbench, admin, name="gone", password=PASSWORD, role=Role.VIEWER)
    accounts.change_user(workbench, admin, user_id=gone.id, disabled=True)
    password = PASSWORD if name == "gone" else "not the password"
    assert refuse(workbench, name=name, password=password) == "wrong_name_or_password"


def test_an_unknown_name_takes_as_long_as_a_known_one(workbench: Workbench, admin: Actor) -> None:
    def seconds(name: str, address: str) -> float:
        start = perf_counter()
        refuse(workbench, name=name, address=address)
        return perf_counter() - start

    seconds("nobody", "warm"), seconds("anna", "warm")
    known, unknown = zip(*[(seconds("anna", f"k{n}"), seconds("nobody", f"u{n}")) for n in range(8)], strict=True)
    assert 0.5 < median(known) / median(unknown) < 2


def test_at_most_two_passwords_are_hashed_at_once(workbench: Workbench, admin: Actor,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    class Slow:
        def verify(self, *_: str) -> bool:
            nonlocal running, most
            with lock:
                running, most = running + 1, max(most, running + 1)
            threading.Event().wait(0.03)
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(accounts, "HASHER", Slow())
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: accounts._verify("", ""), range(8)))
    assert most == accounts.HASHES_AT_ONCE


# --- brakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("addresses", [1, 50])
def test_hundreds_of_guesses_are_checked_twenty_times_an_hour_at_most(workbench: Workbench, admin: Actor, clock: Clock,
                                                                      quick: list[str], addresses: int) -> None:
    open_browser(workbench)
    quick.clear()
    for number in range(400):
        refuse(workbench, address=f"a{number % addresses}", password=f"guess {number}")
        clock.forward(seconds=8)
    assert 5 <= len(quick) <= 20
    assert events(workbench).count("sign_in_refused") == 400


def test_guesses_from_elsewhere_do_not_keep_the_owner_out(workbench: Workbench, admin: Actor, quick: list[str]) -> None:
    open_browser(workbench, address=HOME)
    for number in range(100):
        refuse(workbench, address=f"attacker {number}")
    assert accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).actor == admin


def test_the_right_password_does_not_help_while_waiting_and_does_afterwards(workbench: Workbench, admin: Actor,
                                                                           clock: Clock, quick: list[str]) -> None:
    for _ in range(accounts.FREE_TRIES):
        assert refuse(workbench) == "wrong_name_or_password"
    assert refuse(workbench, password=PASSWORD) == "too_many_tries"
    clock.forward(seconds=31)
    assert accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).actor == admin


def test_the_delay_grows_and_everything_expires(workbench: Workbench, admin: Actor, clock: Clock,
                                                quick: list[str]) -> None:
    for _ in range(accounts.FREE_TRIES):
        refuse(workbench)
    clock.forward(seconds=31)
    assert refuse(workbench) == "wrong_name_or_password"
    clock.forward(seconds=31)
    assert refuse(workbench) == "too_many_tries", "the second delay is longer"
    clock.forward(hours=2)
    assert accounts.sign_in(workbench, name="anna", password=PASSWORD, address=ELSEWHERE).actor == admin


def test_names_that_do_not_exist_meet_the_same_brakes(workbench: Workbench, admin: Actor, quick: list[str]) -> None:
    codes = {name: [refuse(workbench, name=name) for _ in range(8)] for name in ("anna", "nobody")}
    assert codes["anna"] == codes["nobody"]
    assert codes["anna"][-1] == "too_many_tries"


def test_one_guess_on_many_accounts_from_one_address_is_stopped(workbench: Workbench, admin: Actor,
                                                                quick: list[str]) -> None:
    open_browser(workbench, address="office")
    quick.clear()
    for number in range(120):
        refuse(workbench, name=f"user{number}", address="office")
    assert len(quick) == accounts.CHECKS_PER_ADDRESS
    assert accounts.sign_in(workbench, name="anna", password=PASSWORD, address="office").actor == admin


def test_parallel_guesses_are_checked_no_more_often_than_one_after_the_other(either_store: Workbench,
                                                                             quick: list[str]) -> None:
    accounts.create_first_administrator(either_store, name="anna", password=PASSWORD)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: refuse(either_store), range(40)))
    assert len(quick) == accounts.FREE_TRIES


def test_a_ticket_shown_by_many_at_once_opens_one_session(either_store: Workbench) -> None:
    accounts.create_first_administrator(either_store, name="anna", password=PASSWORD)
    ticket = accounts.sign_in(either_store, name="anna", password=PASSWORD, address=HOME).token

    def redeem(_: int) -> bool:
        try:
            accounts.redeem_ticket(either_store, ticket)
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(redeem, range(6))) == 1


def test_signing_in_rightly_many_times_is_never_braked(workbench: Workbench, admin: Actor, quick: list[str]) -> None:
    for _ in range(30):
        accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME, kind=SessionKind.API)
    assert len(quick) == 30


def test_neither_names_nor_addresses_nor_passwords_are_written_down(workbench: Workbench, admin: Actor) -> None:
    refuse(workbench, name="my-secret-password", password="hunter2hunter2", address="203.0.113.77")
    with read(workbench.engine) as session:
        kept = [orjson.dumps(row.model_dump()).decode() for table in (AuditEvent, SignInAttempt)
                for row in session.exec(select(table))]
    assert kept
    for word in ("my-secret-password", "hunter2hunter2", "203.0.113.77", PASSWORD):
        assert word not in "".join(kept)


# --- sessions --------------------------------------------------------------------------------------------------


def test_an_idle_session_ends_after_half_an_hour_and_a_used_one_after_ten(workbench: Workbench, admin: Actor,
                                                                         clock: Clock) -> None:
    idle, used = open_browser(workbench), open_browser(workbench)
    for _ in range(23):
        clock.forward(minutes=25)
        assert accounts.session_from_token(workbench, used) == admin
    assert accounts.session_from_token(workbench, idle) is None
    clock.forward(minutes=25)
    assert accounts.session_from_token(workbench, used) is None, "ten hours are over"


def test_what_a_page_does_by_itself_does_not_keep_a_session_open(workbench: Workbench, admin: Actor,
                                                                clock: Clock) -> None:
    token = open_browser(workbench)
    for _ in range(6):
        clock.forward(minutes=5)
        last = accounts.session_from_token(workbench, token, active=False)
    assert last is None


def test_signing_out_ends_that_session_and_no_other(workbench: Workbench, admin: Actor) -> None:
    here, there = open_browser(workbench), open_browser(workbench)
    accounts.sign_out(workbench, here)
    accounts.sign_out(workbench, here)
    assert accounts.session_from_token(workbench, here) is None
    assert accounts.session_from_token(workbench, there) == admin
    assert accounts.sign_out_everywhere(workbench, admin) == 1
    assert accounts.session_from_token(workbench, there) is None
    assert events(workbench).count("signed_out") == 1


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.VIEWER}, {"password": "another fine day"}])
def test_a_changed_account_must_sign_in_again(workbench: Workbench, admin: Actor, change: dict[str, object]) -> None:
    user = accounts.add_user(workbench, admin, name="bob", password=PASSWORD, role=Role.MANAGER)
    token = open_browser(workbench, "bob")
    accounts.change_user(workbench, admin, user_id=user.id, **change)  # type: ignore[arg-type]
    assert accounts.session_from_token(workbench, token) is None


def test_a_changed_password_replaces_the_old_one_everywhere(workbench: Workbench, admin: Actor) -> None:
    token = open_browser(workbench)
    with pytest.raises(SignInRefused):
        accounts.change_password(workbench, admin, current="not this one", new="another fine day", address=HOME)
    accounts.change_password(workbench, admin, current=PASSWORD, new="another fine day", address=HOME)
    assert accounts.session_from_token(workbench, token) is None
    assert refuse(workbench, password=PASSWORD) == "wrong_name_or_password"
    accounts.sign_in(workbench, name="anna", password="another fine day", address=HOME)


def test_an_api_token_is_no_browser_session_and_the_other_way_round(workbench: Workbench, admin: Actor) -> None:
    api = accounts.sign_in(workbench, name="anna", password=PASSWORD, address=HOME, kind=SessionKind.API).token
    assert accounts.session_from_token(workbench, api) is None
    assert accounts.session_from_token(workbench, api, kind=SessionKind.API) == admin
    assert accounts.session_from_token(workbench, open_browser(workbench), kind=SessionKind.API) is None


# --- accounts and roles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.VIEWER])
def test_only_administrators_manage_accounts(workbench: Workbench, admin: Actor, role: Role) -> None:
    actor = Actor(name="bob", role=role, user_id=99, clients=frozenset({"default"}))
    for forbidden in (lambda: accounts.list_users(workbench, actor),
                      lambda: accounts.change_user(workbench, actor, user_id=1, role=Role.VIEWER),
                      lambda: accounts.sign_out_everywhere(workbench, actor, user_id=1),
                      lambda: accounts.add_user(workbench, actor, name="eve", password=PASSWORD, role=Role.ADMIN)):
        with pytest.raises(Forbidden):
            forbidden()


def test_a_user_sees_the_clients_given_and_an_administrator_all(workbench: Workbench, admin: Actor) -> None:
    user = accounts.add_user(workbench, admin, name="bob", password=PASSWORD, role=Role.ANALYST,
                             clients=["Zeta", "acme"])
    accounts.add_user(workbench, admin, name="cleo", password=PASSWORD, role=Role.VIEWER)
    actor = accounts.session_from_token(workbench, open_browser(workbench, "bob"))
    assert actor is not None and actor.clients == user.clients == {"Zeta", "acme"}
    assert accounts.visible_clients(workbench, actor) == ["acme", "Zeta"]
    assert accounts.visible_clients(workbench, admin) == ["default", "acme", "Zeta"]
    assert [account.name for account in accounts.list_users(workbench, admin)] == ["anna", "bob", "cleo"]


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.MANAGER}])
def test_the_last_administrator_stays_one(workbench: Workbench, admin: Actor, change: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        accounts.change_user(workbench, admin, user_id=admin.user_id or 0, **change)  # type: ignore[arg-type]
    assert accounts.session_from_token(workbench, open_browser(workbench)) == admin


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
    accounts.sign_out(workbench, open_browser(workbench))
    accounts.note_denied(workbench, admin, Forbidden("forbidden", "no"), "audit")
    assert events(workbench) == ["user_added", "sign_in_refused", "signed_in", "signed_out", "access_denied"]
    with read(workbench.engine) as session:
        assert audit.verify(session, workbench.vault).ok
