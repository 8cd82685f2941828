"""One's own account: where it is open, ending that, passwords that must be changed, and sign-in services."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

from typing import Any

import pytest

from leadscore.access import Actor, Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound, SignInRefused
from leadscore.services import accounts, sessions
from leadscore.steps.devices import device_name
from leadscore.workbench import Workbench
from tests.services.people import (  # noqa: F401
    HOME,
    PASSWORD,
    Clock,
    admin,
    clock,
    events,
    open_browser,
    quick,
    refuse,
    workbench,
)

NEW = "another fine day"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
EDGE = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Safari/537.36 Edg/142.0.0.0")
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/18.0 Mobile/15E148 Safari/604.1")


def opened(workbench: Workbench, name: str = "anna", agent: str = FIREFOX) -> str:
    ticket = sessions.sign_in(workbench, name=name, password=PASSWORD, address=HOME).token
    return sessions.redeem_ticket(workbench, ticket, user_agent=agent).token


@pytest.fixture
def bob(workbench: Workbench, admin: Actor) -> Actor:
    user = accounts.add_user(workbench, admin, name="bob@example.org", password=PASSWORD, role=Role.VIEWER)
    return Actor(user.name, Role.VIEWER, user.id, frozenset({"default"}))


# --- places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("agent", "name"), [
    (FIREFOX, "Firefox on Linux"), (EDGE, "Edge on Windows"), (IPHONE, "Safari on iPhone"),
    ("curl/8.1", "curl"), ("", "An unknown program"), (None, "An unknown program"),
    ("<script>alert(1)</script>" * 500, "An unknown program")])
def test_a_browser_is_named_in_words_people_know(agent: str | None, name: str) -> None:
    assert device_name(agent) == name


def test_people_see_where_they_are_signed_in_and_end_one_place(workbench: Workbench, admin: Actor,
                                                              clock: Clock) -> None:
    here = opened(workbench)
    clock.forward(minutes=2)
    there = opened(workbench, agent=EDGE)
    sessions.sign_in(workbench, name="anna", password=PASSWORD, address=HOME)  # a ticket is no place
    found = sessions.list_sessions(workbench, admin, token=here)
    assert [(one.device, one.this) for one in found] == [("Edge on Windows", False), ("Firefox on Linux", True)]
    assert not [one for one in found if one.id in (here, there)]
    sessions.end_session(workbench, admin, session_id=found[0].id)
    assert sessions.session_from_token(workbench, there) is None
    assert sessions.session_from_token(workbench, here) == admin
    with pytest.raises(NotFound):
        sessions.end_session(workbench, admin, session_id=found[0].id)
    clock.forward(minutes=31)
    assert sessions.list_sessions(workbench, admin) == []
    assert events(workbench).count("session_ended") == 1


def test_nobody_sees_or_ends_the_sessions_of_others_but_administrators(workbench: Workbench, admin: Actor,
                                                                      bob: Actor) -> None:
    mine = opened(workbench)
    (place,) = sessions.list_sessions(workbench, admin)
    for call in (lambda: sessions.list_sessions(workbench, bob, user_id=admin.user_id),
                 lambda: sessions.end_session(workbench, bob, session_id=place.id, user_id=admin.user_id),
                 lambda: sessions.sign_out_everywhere(workbench, bob, user_id=admin.user_id),
                 lambda: sessions.account_states(workbench, bob),
                 lambda: sessions.unlock(workbench, bob, user_id=admin.user_id or 0)):
        with pytest.raises(Forbidden):
            call()
    with pytest.raises(NotFound):
        sessions.end_session(workbench, bob, session_id=place.id)
    assert sessions.session_from_token(workbench, mine) == admin
    bobs = opened(workbench, bob.name)
    assert sessions.sign_out_everywhere(workbench, admin, user_id=bob.user_id) == 1
    assert sessions.session_from_token(workbench, bobs) is None


def test_administrators_see_last_sign_in_and_unlock_an_account(workbench: Workbench, admin: Actor, bob: Actor,
                                                               clock: Clock, quick: list[str]) -> None:
    opened(workbench)
    for number in range(12):
        refuse(workbench, name=bob.name, address=f"place {number}")
    states = sessions.account_states(workbench, admin)
    assert states[admin.user_id or 0].last_at == clock.now and states[admin.user_id or 0].sessions == 1
    locked = states[bob.user_id or 0]
    assert locked.last_at is None and locked.locked_until is not None and locked.locked_until > clock.now
    assert refuse(workbench, name=bob.name, password=PASSWORD, address="new") == "too_many_tries"
    sessions.unlock(workbench, admin, user_id=bob.user_id or 0)
    assert sessions.account_states(workbench, admin)[bob.user_id or 0].locked_until is None
    sessions.sign_in(workbench, name=bob.name, password=PASSWORD, address="new")


def test_a_password_given_by_an_administrator_must_be_changed(workbench: Workbench, admin: Actor, bob: Actor) -> None:
    assert not accounts.must_change_password(workbench, bob)
    accounts.change_user(workbench, admin, user_id=bob.user_id or 0, password=NEW, must_change=True)
    assert accounts.must_change_password(workbench, bob)
    with pytest.raises(InvalidRequest) as refused:
        sessions.change_password(workbench, bob, current=NEW, new=NEW, address=HOME)
    assert refused.value.code == "same_password" and accounts.must_change_password(workbench, bob)
    sessions.change_password(workbench, bob, current=NEW, new="yet another fine day", address=HOME)
    assert not accounts.must_change_password(workbench, bob)
    eve = accounts.add_user(workbench, admin, name="eve", password=NEW, role=Role.VIEWER, must_change=True)
    assert accounts.must_change_password(workbench, Actor("eve", Role.VIEWER, eve.id))
    assert not accounts.must_change_password(workbench, accounts.local_operator())


# --- sign-in services -------------------------------------------------------------------------------------------


def claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    said = {"iss": "https://id.example", "sub": "248289761001", "email": "Bob@Example.org", "email_verified": True,
            "iat": int(clock.now.timestamp()), "nonce": "n-0S6_WzA2Mj", "name": "Bob"}
    return {name: value for name, value in (said | changes).items() if value is not None}


def let_in(workbench: Workbench, clock: Clock, **changes: Any) -> Actor:
    return sessions.sign_in_by_identity(workbench, claims=claims(clock, **changes), address=HOME).actor


def test_a_verified_address_opens_the_account_once_and_then_only_the_subject_counts(workbench: Workbench, bob: Actor,
                                                                                    clock: Clock) -> None:
    ticket = sessions.sign_in_by_identity(workbench, claims=claims(clock), address=HOME).token
    token = sessions.redeem_ticket(workbench, ticket, user_agent=FIREFOX).token
    assert sessions.session_from_token(workbench, token) == bob
    assert let_in(workbench, clock, nonce="2", email="married@example.org") == bob, "the address may change"
    assert let_in(workbench, clock, nonce="3", email_verified=False) == bob
    with pytest.raises(SignInRefused) as refused:
        let_in(workbench, clock, nonce="4", sub="another person")
    assert refused.value.code == "no_account", "somebody else was given the address"


@pytest.mark.parametrize("changes", [
    {"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email": "eve@example.org"},
    {"email": None}, {"email": "bob"}, {"email": "bob@example.org\x00"}, {"email": ["bob@example.org"]}])
def test_unknown_people_and_unverified_addresses_are_refused_and_written_down(workbench: Workbench, bob: Actor,
                                                                             clock: Clock,
                                                                             changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused) as refused:
        let_in(workbench, clock, **changes)
    assert refused.value.code == "no_account" and "administrator" in refused.value.hint
    assert events(workbench)[-1] == "sign_in_refused"


@pytest.mark.parametrize("email", [
    "\uff42ob@example.org", "bob@example.o\u02b3g", "bob@\u212fxample.org", "bob@example.org ",
    "boB\u200b@example.org"])
def test_an_address_that_only_looks_like_the_name_of_an_account_opens_nothing(workbench: Workbench, bob: Actor,
                                                                              clock: Clock, email: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        let_in(workbench, clock, sub="eve", email=email)
    assert refused.value.code == "no_account", "a service may know these as two people's"


@pytest.mark.parametrize("changes", [{"iss": None}, {"sub": ""}, {"iat": None}, {"iat": "soon"}, {"sub": 7},
                                     {"iss": "x" * 256}, {"sub": "a\nb"}])
def test_claims_that_do_not_say_who_are_refused(workbench: Workbench, bob: Actor, clock: Clock,
                                                changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused) as refused:
        let_in(workbench, clock, **changes)
    assert refused.value.code == "incomplete_identity"


def test_what_a_service_said_opens_nothing_twice_or_later(workbench: Workbench, bob: Actor, clock: Clock) -> None:
    said = claims(clock)
    let_in(workbench, clock)
    for minutes in (0, 4, 10, 60 * 24 * 20):
        clock.forward(minutes=minutes)
        with pytest.raises(SignInRefused) as refused:
            sessions.sign_in_by_identity(workbench, claims=said, address=HOME)
        assert refused.value.code == "stale_identity", "else the service's month-long cookie would outlive our session"
    with pytest.raises(SignInRefused):
        let_in(workbench, clock, iat=int(clock.now.timestamp()) + 3_600)


def test_a_disabled_account_stays_closed_for_services_too(workbench: Workbench, admin: Actor, bob: Actor,
                                                          clock: Clock) -> None:
    let_in(workbench, clock)
    accounts.change_user(workbench, admin, user_id=bob.user_id or 0, disabled=True)
    for changes in ({"nonce": "2"}, {"nonce": "3", "sub": "new"}):
        with pytest.raises(SignInRefused):
            let_in(workbench, clock, **changes)
