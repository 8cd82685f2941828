"""Signing in, its brakes, and sessions that end when they should."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

import orjson
import pytest
from sqlmodel import select

from leadscore.access import Actor, Role
from leadscore.errors import SignInRefused
from leadscore.services import accounts, sessions
from leadscore.services.sessions import SessionKind
from leadscore.steps import passwords
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent, SignInAttempt, UserSession
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

# --- signing in ------------------------------------------------------------------------------------------------


def test_a_ticket_opens_one_session_and_only_once(workbench: Workbench, admin: Actor) -> None:
    ticket = sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME)
    assert sessions.session_from_token(workbench, ticket.token) is None, "a ticket is no session"
    session = sessions.redeem_ticket(workbench, ticket.token)
    assert session.token != ticket.token
    assert sessions.session_from_token(workbench, session.token) == admin
    with pytest.raises(SignInRefused):
        sessions.redeem_ticket(workbench, ticket.token)


def test_a_ticket_is_stale_after_a_minute(workbench: Workbench, admin: Actor, clock: Clock) -> None:
    ticket = sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).token
    clock.forward(seconds=61)
    with pytest.raises(SignInRefused):
        sessions.redeem_ticket(workbench, ticket)


def test_only_hashes_of_tokens_are_stored_and_tokens_have_at_least_128_bits(workbench: Workbench, admin: Actor) -> None:
    token = open_browser(workbench)
    with read(workbench.engine) as session:
        stored = [row.model_dump() for row in session.exec(select(UserSession))]
    assert len(token) * 6 >= 128
    assert [row["token_hash"] for row in stored] == [sessions.hash_token(token)]
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

    monkeypatch.setattr(passwords, "HASHER", Slow())
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: passwords.is_right("", ""), range(8)))
    assert most == passwords.HASHES_AT_ONCE


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
    assert sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).actor == admin


def test_the_right_password_does_not_help_while_waiting_and_does_afterwards(workbench: Workbench, admin: Actor,
                                                                           clock: Clock, quick: list[str]) -> None:
    for _ in range(sessions.FREE_TRIES):
        assert refuse(workbench) == "wrong_name_or_password"
    assert refuse(workbench, password=PASSWORD) == "too_many_tries"
    clock.forward(seconds=31)
    assert sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME).actor == admin


def test_the_delay_grows_and_everything_expires(workbench: Workbench, admin: Actor, clock: Clock,
                                                quick: list[str]) -> None:
    for _ in range(sessions.FREE_TRIES):
        refuse(workbench)
    clock.forward(seconds=31)
    assert refuse(workbench) == "wrong_name_or_password"
    clock.forward(seconds=31)
    assert refuse(workbench) == "too_many_tries", "the second delay is longer"
    clock.forward(hours=2)
    assert sessions.sign_in(workbench, name="anna", password=PASSWORD, address=ELSEWHERE).actor == admin


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
    assert len(quick) == sessions.CHECKS_PER_ADDRESS
    assert sessions.sign_in(workbench, name="anna", password=PASSWORD, address="office").actor == admin


def test_parallel_guesses_are_checked_no_more_often_than_one_after_the_other(either_store: Workbench,
                                                                             quick: list[str]) -> None:
    accounts.create_first_administrator(either_store, name="anna", password=PASSWORD)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: refuse(either_store), range(40)))
    assert len(quick) == sessions.FREE_TRIES


def test_a_ticket_shown_by_many_at_once_opens_one_session(either_store: Workbench) -> None:
    accounts.create_first_administrator(either_store, name="anna", password=PASSWORD)
    ticket = sessions.sign_in(either_store, name="anna", password=PASSWORD, address=HOME).token

    def redeem(_: int) -> bool:
        try:
            sessions.redeem_ticket(either_store, ticket)
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(redeem, range(6))) == 1


def test_signing_in_rightly_many_times_is_never_braked(workbench: Workbench, admin: Actor, quick: list[str]) -> None:
    for _ in range(30):
        sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME, kind=SessionKind.API)
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
        assert sessions.session_from_token(workbench, used) == admin
    assert sessions.session_from_token(workbench, idle) is None
    clock.forward(minutes=25)
    assert sessions.session_from_token(workbench, used) is None, "ten hours are over"


def test_what_a_page_does_by_itself_does_not_keep_a_session_open(workbench: Workbench, admin: Actor,
                                                                clock: Clock) -> None:
    token = open_browser(workbench)
    for _ in range(6):
        clock.forward(minutes=5)
        last = sessions.session_from_token(workbench, token, active=False)
    assert last is None


def test_signing_out_ends_that_session_and_no_other(workbench: Workbench, admin: Actor) -> None:
    here, there = open_browser(workbench), open_browser(workbench)
    sessions.sign_out(workbench, here)
    sessions.sign_out(workbench, here)
    assert sessions.session_from_token(workbench, here) is None
    assert sessions.session_from_token(workbench, there) == admin
    assert sessions.sign_out_everywhere(workbench, admin) == 1
    assert sessions.session_from_token(workbench, there) is None
    assert events(workbench).count("signed_out") == 1


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": Role.VIEWER}, {"password": "another fine day"}])
def test_a_changed_account_must_sign_in_again(workbench: Workbench, admin: Actor, change: dict[str, object]) -> None:
    user = accounts.add_user(workbench, admin, name="bob", password=PASSWORD, role=Role.MANAGER)
    token = open_browser(workbench, "bob")
    accounts.change_user(workbench, admin, user_id=user.id, **change)  # type: ignore[arg-type]
    assert sessions.session_from_token(workbench, token) is None


def test_a_changed_password_replaces_the_old_one_everywhere(workbench: Workbench, admin: Actor) -> None:
    token = open_browser(workbench)
    with pytest.raises(SignInRefused):
        sessions.change_password(workbench, admin, current="not this one", new="another fine day", address=HOME)
    sessions.change_password(workbench, admin, current=PASSWORD, new="another fine day", address=HOME)
    assert sessions.session_from_token(workbench, token) is None
    assert refuse(workbench, password=PASSWORD) == "wrong_name_or_password"
    sessions.sign_in(workbench, name="anna", password="another fine day", address=HOME)


def test_an_api_token_is_no_browser_session_and_the_other_way_round(workbench: Workbench, admin: Actor) -> None:
    api = sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME, kind=SessionKind.API).token
    assert sessions.session_from_token(workbench, api) is None
    assert sessions.session_from_token(workbench, api, kind=SessionKind.API) == admin
    assert sessions.session_from_token(workbench, open_browser(workbench), kind=SessionKind.API) is None


