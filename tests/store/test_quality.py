"""Leads are counted by how good their values are, alike on both databases, for one client alone."""

from datetime import timedelta

import pytest

from leadscore.store import quality
from leadscore.store.database import read, write
from leadscore.store.tables import Batch
from tests.store.samples import frame, people, stored

YEAR = timedelta(days=365)


@pytest.fixture
def counted(store, vault, now):
    """Six leads: an empty one, an implausible one, two that contradict themselves, a silent one and a good one."""
    young, old = f"{now - timedelta(days=9):%Y-%m-%dT00:00:00Z}", f"{now - 2 * YEAR:%Y-%m-%dT00:00:00Z}"
    table = frame(
        source=["Fair", "Fair", "Search", "Search", "Search", None],
        email=[None, *(f"p{i}@x.example" for i in range(5))],
        employees=[None, -5.0, 10.0, 20.0, 30.0, 40.0], email_opens=[None, 1.0, 1.0, 1.0, 1.0, 1.0],
        email_clicks=[None, 0.0, 0.0, 0.0, 0.0, 9.0],
        created_at=[None, young, young, young, old, young],
        last_activity_at=[None, None, old, f"{now - timedelta(days=9):%Y-%m-%d}T20:00:00Z", old, None])
    with write(store) as session:
        client_id, batch_id, _ = stored(session, vault, now, table)
        session.get_one(Batch, batch_id).fields = [*table.columns, "first_name"]
        stored(session, vault, now, people(3), client="another")
    return store, client_id


def _of(counted, what, *more, **further):
    engine, client_id = counted
    with read(engine) as session:
        return what(session, client_id, *more, **further)


def test_only_fields_that_can_be_counted_without_decrypting_are(counted):
    used = _of(counted, quality.used_fields)
    assert {"email", "employees", "source"} < set(used)
    assert not {"first_name", "industry"} & set(used)


def test_each_source_is_counted(counted, now):
    fields = ["email", "employees", "email_opens"]
    found = _of(counted, quality.counted, fields, bounds={"employees": (0.0, 25.0)}, now=now,
                stale_before=now - YEAR)
    assert found["month"].str.fullmatch(r"\d{4}-\d{2}").all()
    found = found.drop(columns="month").groupby("source", dropna=False).sum().reset_index()
    by_source = {source if isinstance(source, str) else None: part for source, part in
                 zip(found["source"], found.drop(columns="source").to_dict("records"), strict=True)}
    assert by_source["Fair"] == {"leads": 2, "filled:email": 1, "filled:employees": 1, "filled:email_opens": 1,
                                 "wrong:employees": 1, "wrong:email_opens": 0, "far:employees": 1, "dated": 1,
                                 "stale": 0, "contradicting": 0}
    # active long before it was created, by the file: dates out of order; another has been silent for two years
    assert {name: by_source["Search"][name] for name in ("leads", "dated", "stale", "contradicting")} == {
        "leads": 3, "dated": 3, "stale": 1, "contradicting": 1}
    assert by_source[None]["contradicting"] == 1


def test_leads_that_share_an_address_are_counted(counted, vault, now):
    assert _of(counted, quality.repeated).empty
    engine, client_id = counted
    with write(engine) as session:
        stored(session, vault, now, frame(email=["p1@x.example"], source=["Fair"]))
    assert dict(zip(*_of(counted, quality.repeated).to_numpy().T, strict=True)) == {"Fair": 1, "Search": 1}


def test_numbers_beyond_bounds_are_found_from_both_ends(counted):
    found = _of(counted, quality.beyond, {"employees": (0.0, 25.0), "email_clicks": (0.0, 5.0)}, most=1)
    assert list(zip(found["field"], found["value"], strict=True)) == [
        ("employees", -5.0), ("employees", 40.0), ("email_clicks", 9.0)]
    assert _of(counted, quality.beyond, {"employees": (-1e9, float("inf"))}, most=9).empty
    assert _of(counted, quality.beyond, {"age; DROP TABLE leads": (0.0, 1.0)}, most=9).empty


def test_nobody_has_no_quality(store, now):
    with read(store) as session:
        assert quality.used_fields(session, 99) == []
        assert quality.counted(session, 99, ["email"], bounds={}, now=now, stale_before=now).empty
