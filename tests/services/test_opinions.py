"""One click says whether the scores help; each person counts once."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import governance, opinions
from leadscore.steps.adoption import adoption_of, adoption_tiles
from leadscore.store import clients
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW


@pytest.fixture
def known(workbench):
    with write(workbench.engine) as session:
        clients.ensure(session, CLIENT, NOW)
    return workbench


def _later(bench, days):
    return replace(bench, clock=lambda: NOW + timedelta(days=days))


def test_an_answer_is_remembered_for_the_day_and_told_in_the_trail(known, admin, viewer):
    assert opinions.opinions(known, viewer, client=CLIENT).mine is None
    opinions.give_opinion(known, viewer, client=CLIENT, helpful=True, place="leads")
    opinions.give_opinion(known, viewer, client=CLIENT, helpful=False, place="performance")
    now = opinions.opinions(known, viewer, client=CLIENT)
    assert now.mine is False
    assert (now.satisfaction.people, now.satisfaction.helpful) == (1, 0)
    assert opinions.opinions(_later(known, 1), viewer, client=CLIENT).mine is None
    assert governance.audit_events(known, admin, limit=9).frame["action"].tolist().count("opinion_given") == 2


def test_the_latest_answer_within_30_days_counts(known, viewer, analyst):
    opinions.give_opinion(known, viewer, client=CLIENT, helpful=True, place="leads")
    opinions.give_opinion(_later(known, 10), analyst, client=CLIENT, helpful=False, place="leads")
    assert opinions.opinions(_later(known, 29), viewer, client=CLIENT).satisfaction.people == 2
    after = opinions.opinions(_later(known, 30), viewer, client=CLIENT).satisfaction
    assert (after.people, after.helpful) == (1, 0)
    since = opinions.opinions(_later(known, 30), viewer, client=CLIENT, since=NOW.date()).satisfaction
    assert (since.people, since.helpful) == (2, 1)


def test_only_our_pages_ask_and_only_of_clients_there_are(known, viewer, admin):
    with pytest.raises(InvalidRequest):
        opinions.give_opinion(known, viewer, client=CLIENT, helpful=True, place="<b>")
    with pytest.raises(NotFound):
        opinions.give_opinion(known, admin, client="nobody", helpful=True, place="leads")
    assert opinions.opinions(known, admin, client="nobody").satisfaction.people == 0


def test_adoption_and_satisfaction_become_tiles_that_say_what_they_are_made_of(known, viewer):
    opinions.give_opinion(known, viewer, client=CLIENT, helpful=True, place="leads")
    nobody = pd.DataFrame({"tier": [], "leads": [], "worked": []})
    with read(known.engine) as session:
        client_id = clients.require(session, CLIENT)
        found = adoption_of(session, client_id, nobody, first="2026-11-01", last="2026-11-30")
        before = adoption_of(session, client_id, nobody, first="2026-10-01", last="2026-10-31")
    adopted, satisfied = adoption_tiles(found, before)
    assert adopted.text == "—"
    assert "0 of the 0 people" in adopted.note
    assert satisfied.text == "100.0 %"
    assert satisfied.likely == "20.7 % to 100.0 %"
    assert "1 of 1 person" in satisfied.note
    assert "Nobody has said yet" in adoption_tiles(before, None)[1].note
