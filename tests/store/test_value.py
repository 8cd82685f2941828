"""Orders are counted by the database, on both databases: exactly at every whole part, for one client alone."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.store import scores, value
from leadscore.store.database import read, write
from leadscore.store.list_filter import ListFilter
from leadscore.store.value import CallOrder
from tests.store.samples import frame, stored
from tests.store.test_scores import score_frame

LEADS = 60
NEWEST = CallOrder("day", descending=True)


@pytest.fixture
def ended(store, vault, now):
    generator = np.random.default_rng(5)
    visits = [None if number % 6 == 0 else float(number % 7) for number in range(LEADS)]
    table = frame(company=[f"c{number}" for number in range(LEADS)], shop_visits=visits,
                  annual_revenue=[None if number % 5 == 0 else 1_000.0 * (number % 4) for number in range(LEADS)],
                  rating=[("Hot", "warm", "COLD", "?", None)[number % 5] for number in range(LEADS)],
                  created_at=pd.to_datetime([f"2026-01-{1 + number % 9:02d}" for number in range(LEADS)], utc=True))
    told = pd.DataFrame({"lead_id": 0, "score": generator.integers(0, 30, LEADS),
                         "won": generator.integers(0, 2, LEADS)})
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now, table)
        run = scores.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=LEADS,
                             started_by="ann", now=now)
        frames = [score_frame(part) for part in np.split(lead_ids, LEADS // 6)]
        scores.replace_scores(session, client_id, run, pd.concat(frames))
        told["lead_id"] = lead_ids
        for row in told.itertuples():
            session.execute(text("UPDATE scores SET foretold = :score, outcome = :stage, revenue = :revenue, "
                                 "currency = :currency WHERE lead_id = :lead"),
                            {"score": row.score, "lead": row.lead_id, "stage": "converted" if row.won else "lost",
                             "revenue": 10.0 if row.won else None, "currency": "EUR" if row.lead_id % 2 else None})
        other, _, _ = stored(session, vault, now, frame(company=["x"]), client="globex")
    table = table.assign(score=told["score"], won=told["won"], day=table["created_at"].astype("int64"),
                         rating_=table["rating"].str.lower().map({"hot": 4, "warm": 3, "cold": 2}))
    return store, client_id, other, table


def _of(ended, what, *more, **filters):
    with read(ended[0]) as session:
        return what(session, ended[1], *more, ListFilter(**filters))


def test_leads_are_counted_by_the_score_that_foretold_them(ended):
    found = _of(ended, value.by_score)
    expected = ended[3].groupby("score")["won"].agg(["count", "sum"]).sort_index(ascending=False)
    assert found["score"].tolist() == expected.index.tolist()
    assert found[["leads", "converted"]].to_numpy().tolist() == expected.to_numpy().tolist()


@pytest.mark.parametrize(("order", "column"), [
    (NEWEST, "day"), (CallOrder("day", descending=False), "day"), (CallOrder("annual_revenue", True), "annual_revenue"),
    (CallOrder("annual_revenue", False), "annual_revenue"), (CallOrder("custom:Shop visits", True),
                                                             "custom:Shop visits"),
    (CallOrder("rating", True, rating=True), "rating_")])
def test_the_order_of_before_is_counted_value_by_value_with_unknown_ones_last(ended, order, column):
    table = ended[3]
    found = _of(ended, value.by_order, order, _of(ended, value.by_score), 15)
    key = table[column].astype(float) * (-1 if order.descending else 1)
    assert len(found) == key.nunique(dropna=False)
    expected = [[len(part), part["won"].sum(), (part["score"] > 15).sum(), part.loc[part["score"] > 15, "won"].sum(),
                 (part["score"] == 15).sum(), part.loc[part["score"] == 15, "won"].sum()]
                for _, part in table.groupby(key.fillna(np.inf))]
    names = ["leads", "converted", "leads_above", "converted_above", "leads_at", "converted_at"]
    assert found[names].to_numpy().tolist() == expected
    assert found["unknown"].sum() == table[column].isna().sum()


def test_many_values_come_back_as_a_few_rows_that_are_exact_at_every_part(ended, monkeypatch):
    monkeypatch.setattr(value, "STEPS", 4)
    order = CallOrder("custom:Shop visits", descending=True)
    found = _of(ended, value.by_order, order, _of(ended, value.by_score), 15)
    ties = ended[3]["custom:Shop visits"].fillna(-1).value_counts().sort_index(ascending=False).to_numpy()
    reached = found["leads"].cumsum().to_numpy()
    assert len(found) < len(ties)
    # a cut at a quarter falls between two rows, or into a row that is one tie and no more
    for cut in LEADS / 4 * np.arange(1, 4):
        place = int(np.searchsorted(reached, cut))
        assert reached[place] == cut or found["leads"].iloc[place] == ties[np.searchsorted(ties.cumsum(), cut)]


def test_only_leads_a_filter_leaves_are_counted_and_only_this_clients(ended):
    day = "2026-01-01"
    found = _of(ended, value.by_order, NEWEST, _of(ended, value.by_score, days=(day, day)), 15, days=(day, day))
    assert found["leads"].sum() == (ended[3]["created_at"].dt.day == 1).sum()
    with read(ended[0]) as session:
        nobody = value.by_score(session, ended[2])
        assert nobody.empty
        assert value.by_order(session, ended[2], NEWEST, nobody, 15).empty
        assert value.sold(session, ended[2]).empty


def test_revenue_is_added_up_by_currency(ended):
    found = _of(ended, value.sold)
    assert found["currency"].tolist() == ["", "EUR"]
    assert found["conversions"].sum() == ended[3]["won"].sum()
    assert found["revenue"].sum() == 10 * ended[3]["won"].sum()


def test_an_order_by_what_is_not_stored_is_never_said_to_the_database(ended):
    with pytest.raises(ValueError, match="not stored"):
        _of(ended, value.by_order, CallOrder('email" FROM leads --', True), _of(ended, value.by_score), 5)
