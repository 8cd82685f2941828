"""What people say of the scores, on both databases, for one client alone."""

from datetime import timedelta

import pytest

from leadscore.store import clients, opinions
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import read, write


@pytest.fixture
def said(store, now):
    """Give a function that answers: ``said(person, helpful, days_ago, client)``."""

    def answer(person, helpful, days_ago=0, client="acme"):
        moment = now - timedelta(days=days_ago)
        with write(store) as session:
            client_id = clients.ensure(session, client, now)
            opinions.give(session, client_id, person, helpful=helpful, place="leads", now=moment)
            return client_id

    return answer


def _counts(store, client_id, first="2026-02-01", last="2026-03-01"):
    with read(store) as session:
        return opinions.counts(session, client_id, first=first, last=last)


def test_nobody_has_answered_at_first(store, said):
    assert _counts(store, said("ann", True) + 1) == (0, 0)


def test_the_latest_answer_of_each_person_counts(store, said):
    said("ann", True, days_ago=9)
    said("ben", True, days_ago=3)
    client_id = said("ann", False, days_ago=2)
    assert _counts(store, client_id) == (2, 1)
    assert _counts(store, client_id, last="2026-02-25") == (1, 1)


def test_a_second_answer_of_a_day_changes_the_first(store, said, now):
    said("ann", True)
    client_id = said("ann", False)
    assert _counts(store, client_id) == (1, 0)
    with read(store) as session:
        assert fetch_columns(session, "SELECT count(*) FROM opinions") == [[1]]
        assert opinions.today(session, client_id, "ann", now) is False
        assert opinions.today(session, client_id, "ben", now) is None
        assert opinions.today(session, client_id, "ann", now + timedelta(days=1)) is None


def test_answers_outside_of_the_period_and_of_other_clients_do_not_count(store, said):
    said("ann", True, days_ago=400)
    said("ann", True, client="other")
    client_id = said("ben", False)
    assert _counts(store, client_id) == (1, 0)
    assert _counts(store, client_id, first="2026-03-01", last="2026-03-01") == (1, 0)
    assert _counts(store, client_id, first="2026-03-02", last="2026-03-03") == (0, 0)
