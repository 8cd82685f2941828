"""What became of a lead stands beside its score, follows every correction, and what was foretold could not know it."""

from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.schema import OutcomeStage
from leadscore.store import endings, lead_undo, outcomes, performance, scores
from leadscore.store.database import read, write
from leadscore.store.endings import ForetoldBy
from tests.store.samples import frame, stored
from tests.store.test_scores import score_frame

NAMES = (*endings.FACTS, *endings.FORETOLD)


@pytest.fixture
def scored(store, vault, now):
    created = pd.to_datetime(["2026-01-01"] * 4, utc=True)
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, frame(company=list("abcd"), created_at=created))
        _score(session, client_id, lead_ids, [90.04, 50.0, 12.36, 0.0], now)
    return store, client_id, batch_id


def _score(session, client_id, lead_ids, values, at, model=None):
    run = scores.new_run(session, client_id, policy_version=1, model_version=model, as_of=at, rows=len(lead_ids),
                         started_by="ann", now=at)
    made = score_frame(list(lead_ids), values)
    scores.replace_scores(session, client_id, run, made.assign(probability=None if model is None else 0.25))


def _record(session, client_id, lead_ids, stage, now, **more):
    outcomes.record(session, client_id, lead_ids, stage=stage, recorded_by="ann", now=now, **{"at": now} | more)


def _of(store, lead_id):
    with read(store) as session:
        row = session.execute(text(f"SELECT {', '.join(NAMES)} FROM scores WHERE lead_id = :id"), {"id": lead_id}).one()
    return dict(zip(NAMES, row, strict=True))


def test_a_sale_is_told_with_its_day_its_money_and_how_long_it_took(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [1], "contacted", now, at=pd.Timestamp("2026-01-04", tz="UTC").to_pydatetime())
        _record(session, client_id, [1], "converted", now, at=pd.Timestamp("2026-01-31", tz="UTC").to_pydatetime(),
                revenue=80.0, currency="EUR")
    found = _of(store, 1)
    assert {name: found[name] for name in endings.FACTS} == {
        "furthest": "converted", "decided_on": "2026-01-31", "days_to_contact": 3, "days_to_conversion": 30,
        "revenue": 80.0, "currency": "EUR"}


@pytest.mark.parametrize(("stages", "furthest"), [
    (["contacted"], "contacted"), (["contacted", "qualified", "contacted"], "qualified"), (["lost"], None),
    (["contacted", "qualified", "lost"], "qualified"), (["converted", "lost"], None),
    (["converted", "contacted"], "contacted")])
def test_how_far_a_lead_came_does_not_count_a_sale_that_was_taken_back(scored, now, stages, furthest):
    store, client_id, _ = scored
    with write(store) as session:
        for hours, stage in enumerate(stages):
            _record(session, client_id, [2], stage, now + timedelta(hours=hours), revenue=5.0)
    found = _of(store, 2)
    assert found["furthest"] == furthest
    assert found["revenue"] is found["currency"] is found["days_to_conversion"] is None


def test_what_is_taken_back_leaves_nothing(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [1], "converted", now + timedelta(hours=1), revenue=3.0, currency="EUR")
        outcomes.take_back(session, client_id, [1])
    assert {_of(store, 1)[name] for name in endings.FACTS} == {None}
    with read(store) as session:
        assert performance.foretold(session, client_id).empty


def test_an_undone_import_takes_what_it_told_with_it(scored, vault, now):
    store, client_id, _ = scored
    with write(store) as session:
        _, batch_id, _ = stored(session, vault, now, frame(company=["new"]))
        told = pd.DataFrame({"lead_id": [3], "stage": ["converted"], "revenue": [9.0]})
        outcomes.append(session, client_id, told, batch_id=batch_id, origin="import", recorded_by="a",
                        now=now + timedelta(hours=1))
    assert _of(store, 3)["revenue"] == 9.0
    with write(store) as session:
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=batch_id, now=now)
    assert {_of(store, 3)[name] for name in endings.FACTS} == {None}


def test_the_score_that_stood_before_the_end_was_told_stays_what_was_foretold(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [1, 3], "converted", now + timedelta(hours=1))
        _score(session, client_id, [1, 2, 3, 4], [99.0] * 4, now + timedelta(hours=2), model=7)
    assert (_of(store, 1)["foretold"], _of(store, 1)["foretold_by"]) == (900, ForetoldBy.BEFORE)
    assert _of(store, 3)["foretold"] == 123
    assert _of(store, 2)["foretold"] is None


def test_a_correction_does_not_make_a_later_score_foretell(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [2], "lost", now + timedelta(hours=1))
        _score(session, client_id, [2], [77.0], now + timedelta(hours=2), model=7)
        _record(session, client_id, [2], OutcomeStage.CONVERTED, now + timedelta(hours=3))
    assert _of(store, 2)["foretold"] == 500


def test_rules_foretell_since_they_do_not_learn_and_a_model_only_where_it_had_not_learnt(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [1, 2, 3, 4], "lost", now - timedelta(hours=1))
        _score(session, client_id, [1], [40.06], now, model=7)
        endings.take_from_score(session, client_id, ForetoldBy.RULES)
    assert _of(store, 1)["foretold"] is None
    assert (_of(store, 3)["foretold"], _of(store, 3)["foretold_by"]) == (123, ForetoldBy.RULES)
    with write(store) as session:
        endings.take_from_held_out(session, client_id, pd.DataFrame(
            {"score": [61.0, 3.0], "probability": [0.5, 0.1]}, index=[1, 3]))
    assert (_of(store, 1)["foretold"], _of(store, 1)["foretold_chance"]) == (610, 0.5)
    assert _of(store, 3)["foretold"] == 123, "what is known already stays"
    with write(store) as session:
        _record(session, client_id, [1], "lost", now + timedelta(hours=5), revenue=1.0)
    assert _of(store, 1)["foretold"] == 610, "a further word on the end does not change what was foretold"


def test_another_client_is_left_alone(scored, now):
    store, client_id, _ = scored
    with write(store) as session:
        _record(session, client_id, [1], "converted", now + timedelta(hours=1), revenue=1.0)
        before = session.execute(text("SELECT * FROM scores ORDER BY lead_id")).all()
        endings.refresh(session, client_id + 1)
        endings.take_from_score(session, client_id + 1, ForetoldBy.RULES)
        assert session.execute(text("SELECT * FROM scores ORDER BY lead_id")).all() == before
