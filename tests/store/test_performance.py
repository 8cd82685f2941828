"""What the database counts for reports, on both databases, for one client alone."""

import pandas as pd
import pytest

from leadscore.store import outcomes, performance, scores
from leadscore.store.database import read, write
from leadscore.store.list_filter import ListFilter
from tests.store.samples import frame, stored
from tests.store.test_scores import score_frame


@pytest.fixture
def counted(store, vault, now):
    created = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-02", "2026-02-01", "2026-02-01", None], utc=True)
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, frame(company=list("abcdef"), created_at=created))
        run = scores.new_run(session, client_id, policy_version=3, model_version=None, as_of=now, rows=6,
                             started_by="ann", now=now)
        scores.replace_scores(session, client_id, run, score_frame(lead_ids))
        told = pd.DataFrame({
            "lead_id": [5, 5, 1, 6, 1], "stage": ["converted", "converted", "converted", "converted", "contacted"],
            "at": pd.to_datetime(["2026-02-11", "2026-02-11", "2026-01-05", "2025-01-01", "2026-01-04"], utc=True),
            "revenue": [100.0, 120.0, 50.0, None, None], "currency": ["EUR", "EUR", "USD", None, None]})
        outcomes.append(session, client_id, told, batch_id=batch_id, origin="import", recorded_by="a", now=now)
    return store, client_id


def _of(counted, what, *more, **filters):
    engine, client_id = counted
    with read(engine) as session:
        return what(session, client_id, *more, ListFilter(**filters))


def test_cells_hold_every_lead_once(counted):
    cells, countries = _of(counted, performance.everybody)
    assert cells["leads"].sum() == countries["leads"].sum() == 6
    assert countries["score"].sum() == cells["score"].sum()
    assert cells["score"].sum() == 90 + 50 + 50 + 10 + 100
    assert cells["chances"].sum() == score_frame([1, 2, 3, 4, 5, 6])["probability"].notna().sum()
    best = cells[cells["band"] == 100].to_dict("records")
    assert [(cell["source"], cell["tier"], cell["outcome"], bool(cell["qualified"]), cell["leads"]) for cell in best] \
        == [("web", "High", "converted", True, 1)]


def test_days_are_those_the_leads_came_in(counted, now):
    days = _of(counted, performance.days)
    assert days.groupby("day")["leads"].sum().to_dict() == {
        "2026-01-01": 2, "2026-01-02": 1, "2026-02-01": 2, f"{now:%Y-%m-%d}": 1}
    assert days["score"].sum() == 90 + 50 + 50 + 10 + 100


def test_the_first_and_the_last_day_are_found(counted, now):
    engine, client_id = counted
    with read(engine) as session:
        assert performance.first_and_last_day(session, client_id) == ("2026-01-01", f"{now:%Y-%m-%d}")
        assert performance.first_and_last_day(session, client_id + 1) is None


def test_of_a_conversion_told_twice_the_latest_word_counts(counted):
    ended = _of(counted, performance.ended)
    assert ended.groupby("currency")[["leads", "revenue"]].sum().to_dict("index") == {
        "EUR": {"leads": 1, "revenue": 120.0}, "USD": {"leads": 1, "revenue": 50.0}, "": {"leads": 1, "revenue": 0.0}}
    assert set(ended["furthest"]) == {"converted"}


def test_waits_leave_out_what_is_dated_before_the_lead_came(counted):
    found = _of(counted, performance.waits)
    assert found.sort_values("days").to_dict("list") == {
        "month": ["2026-01", "2026-02"], "days": [4, 10], "leads": [1, 1]}
    contacted = _of(counted, performance.contact_waits)
    assert contacted.to_dict("list") == {"days": [3], "leads": [1]}


def test_conversions_are_counted_on_the_day_they_happened(counted):
    found = _of(counted, performance.decided).sort_values("decided_on")
    assert found[["decided_on", "leads", "revenue"]].to_numpy().tolist() == [
        ["2025-01-01", 1, 0.0], ["2026-01-05", 1, 50.0], ["2026-02-11", 1, 120.0]]


def test_what_was_foretold_is_what_stood_there_before_the_end_was_told(counted):
    foretold = _of(counted, performance.foretold)
    assert foretold["foretold_by"].unique().tolist() == [], "told in the moment of the scoring, not after it"


@pytest.mark.parametrize(("chosen", "leads"), [
    ({"days": ("2026-01-01", "2026-01-31")}, 3), ({"days": ("2026-02-02", "2026-02-03")}, 0),
    ({"policy_version": 3}, 6), ({"policy_version": 2}, 0), ({"model_version": 0}, 6), ({"model_version": 1}, 0),
    ({"sources": ("web",), "days": ("2026-01-01", "2026-01-31")}, 2)])
def test_a_filter_holds_for_every_count(counted, chosen, leads):
    assert all(part["leads"].sum() == leads for part in _of(counted, performance.everybody, **chosen))
    assert _of(counted, performance.days, **chosen)["leads"].sum() == leads
    ended = _of(counted, performance.ended, **chosen)["leads"].sum()
    assert ended <= leads
    assert _of(counted, performance.decided, **chosen)["leads"].sum() == ended


def test_another_client_has_nothing(counted):
    engine, client_id = counted
    with read(engine) as session:
        assert all(part.empty for part in performance.everybody(session, client_id + 1))
        for what in (performance.days, performance.ended, performance.foretold, performance.decided,
                     performance.waits, performance.contact_waits):
            assert what(session, client_id + 1).empty


def test_a_score_set_by_hand_moves_its_band(counted):
    engine, client_id = counted
    with write(engine) as session:
        scores.set_final(session, client_id, 4, score=77.7, tier="High")
    cells, _ = _of(counted, performance.everybody)
    assert cells.loc[cells["band"] == 77, "leads"].sum() == 1
