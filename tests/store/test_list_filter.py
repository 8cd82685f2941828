"""Tests on columns of every kind mean the same on each database, whatever is written into them."""

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from leadscore.errors import InvalidRequest
from leadscore.store import scores
from leadscore.store.database import read, write
from leadscore.store.list_filter import ListFilter
from tests.store.samples import frame, stored

OWN = {1: '{"custom:Seats":5.0,"custom:Premium":true,"custom:Renewal":"2026-03-01T08:00:00.000Z","custom:Code":"5"}',
       2: '{"custom:Seats":12.5,"custom:Premium":false,"custom:Renewal":"2026-04-01T00:00:00.000Z"}', 3: None}


@pytest.fixture
def listed(store: Engine, vault, now):
    leads = frame(company=["Acme", "Beta", "Gamma"], consent=[True, False, None],
                  created_at=["2026-01-05T10:00:00Z", "2026-01-06T00:00:00Z", None])
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now, leads)
        run = scores.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=3,
                             started_by="ann", now=now)
        values = pd.DataFrame({"rule_score": 1.0, "probability": None, "blended": 1.0, "score": [3.0, 2.0, 1.0],
                               "fit": 1.0, "engagement": 1.0, "tier": "Low", "qualified": False, "reachable": True,
                               "owner": None, "source": None}, index=pd.Index(lead_ids, name="lead_id"))
        scores.replace_scores(session, client_id, run, values)
        for lead_id, own in zip(lead_ids, OWN.values(), strict=True):
            session.execute(text("UPDATE leads SET custom = :own WHERE id = :id"), {"own": own, "id": int(lead_id)})
    return store, client_id


@pytest.mark.parametrize(("name", "test", "value", "expected"), [
    ("created_at", "is", "2026-01-05", [1]), ("created_at", "is_not", "2026-01-05", [2, 3]),
    ("created_at", "at_most", "2026-01-05", [1]), ("created_at", "at_least", " 2026-01-06 ", [2]),
    ("consent", "is", "Ja", [1]), ("consent", "is", "no", [2]), ("consent", "contains", "true", [1]),
    ("custom:Seats", "is", "5", [1]), ("custom:Seats", "is_not", "5", [2, 3]), ("custom:Seats", "is", "12.50", [2]),
    ("custom:Code", "is", "5", [1]), ("custom:Seats", "at_least", "6", [2]),
    ("custom:Premium", "is", "yes", [1]), ("custom:Premium", "is", "1", [1]), ("custom:Premium", "is", "false", [2]),
    ("custom:Premium", "contains", "TRU", [1]), ("custom:Premium", "is_empty", "", [3]),
    ("custom:Renewal", "is", "2026-03-01", [1]), ("custom:Renewal", "at_least", "2026-03-15", [2]),
    ("custom:Renewal", "at_most", "2026-03-01", [1]), ("custom:Seats", "at_most", "2026-03-01", []),
    ("company", "is", "Ac\x00me", [1]), ("company", "contains", "\ud800", [1, 2, 3]), ("custom:\x00", "is", "x", []),
])
def test_a_test_finds_what_a_person_means(listed, name, test, value, expected) -> None:
    engine, client_id = listed
    with read(engine) as session:
        found = scores.page(session, client_id, ListFilter(fields=((name, test, value),)))
    assert found.index.tolist() == expected


@pytest.mark.parametrize(("name", "test", "value"), [
    ("consent", "is", "maybe"), ("created_at", "is", "yesterday"), ("employees", "at_least", "nan"),
    ("employees", "at_most", "1e999"), ("custom:Seats", "at_least", "inf")])
def test_a_value_of_another_kind_is_refused(listed, name, test, value) -> None:
    engine, client_id = listed
    with read(engine) as session, pytest.raises(InvalidRequest):
        scores.count(session, client_id, ListFilter(fields=((name, test, value),)))


@pytest.mark.parametrize("chosen", [
    ListFilter(batch_id=10**30), ListFilter(model_version=10**30), ListFilter(search="no\x00body"),
    ListFilter(owners=("\x00\udfff",)), ListFilter(member_of=10**30)])
def test_what_no_database_can_be_asked_for_finds_nobody(listed, chosen) -> None:
    engine, client_id = listed
    with read(engine) as session:
        assert scores.count(session, client_id, chosen) == 0
