"""Who works with leads, counted on both databases, for one client alone."""

from datetime import timedelta

import pytest

from leadscore.store import adoption, audit, clients, users
from leadscore.store.database import read, write


@pytest.fixture
def office(store, vault, now):
    """Give a client with people of every kind, and a function that writes what somebody did."""
    with write(store) as session:
        acme, other = (clients.ensure(session, name, now) for name in ("acme", "other"))
        for name, role, where in (("ann", "analyst", [acme]), ("ben", "viewer", [acme, other]), ("boss", "admin", []),
                                  ("eve", "manager", [other]), ("gone", "analyst", [acme])):
            person = users.add(session, name=name, role=role, password_hash="x", now=now)
            users.set_clients(session, person.id, where)
            if name == "gone":
                users.change(session, person.id, disabled=True)

    def did(person, action, *, days_ago=0, client_id=acme, **detail):
        with write(store) as session:
            audit.append(session, vault, at=now - timedelta(days=days_ago), client_id=client_id, actor=person,
                         action=action, object="lead:1", detail=detail)

    return store, acme, other, did


def _deeds(store, client_id, first="2026-02-01", last="2026-03-01", **more):
    with read(store) as session:
        found = adoption.deeds(session, client_id, first=first, last=last, **more)
    return found.frame.set_index("person"), found.since


def test_members_are_those_who_may_sign_in_and_see_the_client(office):
    store, acme, other, _ = office
    with read(store) as session:
        assert adoption.members(session, acme) == ["ann", "ben", "boss"]
        assert adoption.members(session, other) == ["ben", "boss", "eve"]


def test_what_people_did_is_counted_by_person_and_day(office):
    store, acme, other, did = office
    did("ann", "outcome_recorded", days_ago=40, leads=9)
    did("ann", "outcome_recorded", days_ago=3, leads=5, stage="lost")
    did("ben", "policy_saved", days_ago=2)
    did("ann", "lead_viewed", days_ago=1)
    did("ann", "leads_exported", days_ago=1, rows=50)
    did("ann", "lead_viewed", client_id=other)
    did("local:root", "outcome_recorded", leads=7)
    did("ann", "lead_viewed")
    frame, since = _deeds(store, acme)
    assert since == "2026-02-01"
    assert frame.loc["ann", ["days", "outcomes", "exports", "opened"]].tolist() == [3, 5, 1, 2]
    assert frame.loc["ann", "last_seen"].startswith("2026-03-01T09:30")
    assert frame.loc["ben", ["days", "outcomes", "exports", "opened"]].tolist() == [0, 0, 0, 0]
    assert list(frame.index) == ["ann", "ben"]


@pytest.mark.parametrize(("first", "last", "opened"), [
    ("2026-02-20", "2026-02-20", 1), ("2026-02-19", "2026-02-21", 2), ("2020-01-01", "2026-01-01", 0),
    ("2026-02-28", "2030-01-01", 1), ("2026-02-21", "2026-02-27", 0), ("0001-01-01", "9999-12-31", 3),
])
def test_a_period_is_whole_days_with_both_ends(office, first, last, opened):
    store, acme, _, did = office
    for days_ago in (10, 9, 0):
        did("ann", "lead_viewed", days_ago=days_ago)
    frame, _ = _deeds(store, acme, first, last)
    assert frame["opened"].sum() == opened


def test_of_a_long_log_the_newest_records_are_looked_at_and_the_day_is_told(office):
    store, acme, other, did = office
    for days_ago in (9, 8, 7, 6):
        did("ann", "lead_viewed", days_ago=days_ago)
        did("ben", "lead_viewed", days_ago=days_ago, client_id=other)
    frame, since = _deeds(store, acme, most=2)
    assert frame["opened"].sum() == 2
    assert since == "2026-02-22"
    assert _deeds(store, acme, most=4)[1] == "2026-02-01"


def test_an_empty_log_is_no_fault(store):
    frame, since = _deeds(store, 1)
    assert frame.empty
    assert since == "2026-02-01"
