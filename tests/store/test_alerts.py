"""Alerts: one of a kind and subject is open at a time, whoever raises it again, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from leadscore.errors import NotFound
from leadscore.store import alerts, clients
from leadscore.store.database import read, write
from leadscore.store.tables import Alert


@pytest.fixture
def acme(store, now):
    with write(store) as session:
        return clients.ensure(session, "acme", now)


def _raise(store, client_id, now, subject="column:age", text="Age has changed", kind="drift"):
    with write(store) as session:
        row = alerts.raise_one(session, client_id=client_id, kind=kind, subject=subject, severity="warning",
                               text=text, owner="ann", now=now)
        return row.id, row.times


def _open(store, client_id, **options):
    with read(store) as session:
        return [(row.subject, row.text) for row in alerts.list_open(session, client_id, **options)]


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_is_raised_again_is_the_same_alert(store, acme, now, everywhere):
    client_id = None if everywhere else acme
    first = _raise(store, client_id, now)
    again = _raise(store, client_id, now + timedelta(days=1), text="Age has changed a lot")
    assert again == (first[0], 2)
    assert _open(store, client_id) == [("column:age", "Age has changed a lot")]


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_database_itself_keeps_a_second_one_out(store, acme, now, everywhere):
    client_id = None if everywhere else acme
    _raise(store, client_id, now)
    with pytest.raises(IntegrityError), write(store) as session:
        session.add(Alert(client_id=client_id, kind="drift", subject="column:age", severity="note", text="x",
                          raised_at=now, last_at=now))


def test_a_settled_alert_opens_anew(store, acme, now):
    first, _ = _raise(store, acme, now)
    with write(store) as session:
        assert alerts.settle(session, client_id=acme, kind="drift", subject="column:age", by="ann", now=now)
        assert not alerts.settle(session, client_id=acme, kind="drift", subject="column:age", by="ann", now=now)
    assert _open(store, acme) == []
    assert _raise(store, acme, now) == (first + 1, 1)


def test_a_client_sees_its_own_alerts_and_the_workbench_has_its_own(store, acme, now):
    with write(store) as session:
        other = clients.ensure(session, "other", now)
    _raise(store, acme, now)
    _raise(store, other, now, subject="theirs")
    _raise(store, None, now + timedelta(hours=1), subject="disk", kind="health")
    assert [subject for subject, _ in _open(store, acme)] == ["column:age"]
    assert [subject for subject, _ in _open(store, acme, of_workbench=True)] == ["disk", "column:age"]


def test_an_alert_of_another_client_cannot_be_settled(store, acme, now):
    with write(store) as session:
        other = clients.ensure(session, "other", now)
    theirs, _ = _raise(store, other, now)
    for client_id in (acme, None):
        with pytest.raises(NotFound), write(store) as session:
            alerts.settle_by_id(session, client_id, theirs, by="eve", now=now)
    with write(store) as session:
        assert alerts.settle_by_id(session, other, theirs, by="ann", now=now).settled_by == "ann"


def test_the_alerts_of_a_period_are_listed_with_the_settled_ones(store, acme, now):
    _raise(store, acme, now - timedelta(days=40), subject="old")
    _raise(store, acme, now)
    with write(store) as session:
        alerts.settle(session, client_id=acme, kind="drift", subject="column:age", by="ann", now=now)
        found = alerts.between(session, acme, first=now - timedelta(days=30), last=now)
    assert [row.subject for row in found] == ["column:age"]
