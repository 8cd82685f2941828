"""What the database counts for reports, on both databases, for one client alone."""

import pandas as pd
import pytest

from leadscore.schema import OutcomeStage
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
    cells = _of(counted, performance.cells)
    assert cells["leads"].sum() == 6
    best = cells[cells["band"] == 100].to_dict("records")
    assert [(cell["source"], cell["tier"], cell["outcome"], bool(cell["qualified"]), cell["leads"]) for cell in best] \
        == [("web", "High", "converted", True, 1)]


def test_days_are_those_the_leads_came_in(counted, now):
    days = _of(counted, performance.days)
    assert days.groupby("day")["leads"].sum().to_dict() == {
        "2026-01-01": 2, "2026-01-02": 1, "2026-02-01": 2, f"{now:%Y-%m-%d}": 1}
    assert days["bands"].sum() == 90 + 50 + 50 + 10 + 100


def test_of_a_conversion_told_twice_the_latest_word_counts(counted):
    money = _of(counted, performance.money)
    assert money.groupby("currency")[["conversions", "revenue"]].sum().to_dict("index") == {
        "EUR": {"conversions": 1, "revenue": 120.0}, "USD": {"conversions": 1, "revenue": 50.0},
        "": {"conversions": 1, "revenue": 0.0}}


def test_days_until_a_stage_leave_out_what_is_dated_before_the_lead_came(counted):
    found = _of(counted, performance.days_until, OutcomeStage.CONVERTED)
    assert dict(zip(found["days"], found["leads"], strict=True)) == {4: 1, 10: 1}
    assert _of(counted, performance.days_until, OutcomeStage.QUALIFIED).empty


@pytest.mark.parametrize(("chosen", "leads"), [
    ({"days": ("2026-01-01", "2026-01-31")}, 3), ({"days": ("2026-02-02", "2026-02-03")}, 0),
    ({"policy_version": 3}, 6), ({"policy_version": 2}, 0), ({"model_version": 0}, 6), ({"model_version": 1}, 0),
    ({"sources": ("web",), "days": ("2026-01-01", "2026-01-31")}, 2)])
def test_a_filter_holds_for_every_count(counted, chosen, leads):
    assert _of(counted, performance.cells, **chosen)["leads"].sum() == leads
    assert _of(counted, performance.days, **chosen)["leads"].sum() == leads


def test_another_client_has_nothing(counted):
    engine, client_id = counted
    with read(engine) as session:
        for what in (performance.cells, performance.days, performance.money):
            assert what(session, client_id + 1).empty


def test_a_score_set_by_hand_moves_its_band(counted):
    engine, client_id = counted
    with write(engine) as session:
        scores.set_final(session, client_id, 4, score=77.7, tier="High")
    cells = _of(counted, performance.cells)
    assert cells.loc[cells["band"] == 77, "leads"].sum() == 1
