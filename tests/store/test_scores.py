"""The ranked list: order, filters, history and counts."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store import leads, outcomes, scores
from leadscore.store.database import read, write
from leadscore.store.list_filter import ListFilter
from tests.store.samples import frame, stored

VALUES = [90.0, 50.0, 50.0, 10.0, 100.0, 0.0]
TIERS = ["High", "Medium", "Medium", "Low", "High", "Low"]


def table() -> pd.DataFrame:
    return frame(company=["Acme 100%", "acme_two", "Beta", None, "Beta", "Gamma"],
                 job_title=["CEO", "cto", None, "Ünal's Head", "CFO", "x"],
                 city=["Rome", "Rome", "Oslo", None, "Bern", "Rome"],
                 employees=[5, 10, None, 10, 7, 1], demo_requested=[True, False, None, True, False, False],
                 colour=["red", None, "red", "blue", None, None], shop_visits=[1, 2, 3, None, 1, 2])


def score_frame(lead_ids, values=VALUES) -> pd.DataFrame:
    count = len(lead_ids)
    return pd.DataFrame({
        "rule_score": values, "probability": [None, 0.5, 0.5, 0.1, 0.9, 0.2][:count], "blended": values,
        "score": values,
        "fit": 1.0, "engagement": 2.0, "tier": pd.array(TIERS[:count], dtype="str"),
        "qualified": [value >= 60 for value in values], "reachable": [True, True, False, True, True, False][:count],
        "owner": pd.array(["kim", None, "kim", "sam", "sam", None][:count], dtype="str"),
        "source": pd.array(["web", "web", "fair", "fair", "web", "web"][:count], dtype="str"),
    }, index=pd.Index(lead_ids, name="lead_id"))


@pytest.fixture
def ranked(store: Engine, vault, now):
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, table(),
                                               company_key=pd.Series(["a", "a2", "b", None, "b", "g"], dtype="str"))
        run = scores.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=6,
                             started_by="ann", now=now)
        assert scores.replace_scores(session, client_id, run, score_frame(lead_ids)) == 6
        leads.mark_exported(session, client_id, [1, 6], now=now)
        told = pd.DataFrame({"lead_id": [5, 1, 6], "stage": ["converted", "lost", "converted"]})
        outcomes.append(session, client_id, told, batch_id=batch_id, origin="import", recorded_by="a", now=now)
    return store, client_id, batch_id


BEST_FIRST = [5, 1, 2, 3, 4, 6]


@pytest.mark.parametrize(("chosen", "expected"), [
    (ListFilter(), BEST_FIRST),
    (ListFilter(tiers=("High", "Low")), [5, 1, 4, 6]),
    (ListFilter(owners=("kim",)), [1, 3]),
    (ListFilter(sources=("fair",), owners=("sam",)), [4]),
    (ListFilter(outcomes=("converted",)), [5, 6]),
    (ListFilter(countries=("nowhere",)), []),
    (ListFilter(batch_id=1), BEST_FIRST),
    (ListFilter(batch_id=2), []),
    (ListFilter(min_score=50), [5, 1, 2, 3]),
    (ListFilter(max_score=50, min_score=10), [2, 3, 4]),
    (ListFilter(reachable=True), [5, 1, 2, 4]),
    (ListFilter(reachable=False), [3, 6]),
    (ListFilter(exclude_exported=True), [5, 2, 3, 4]),
    (ListFilter(search="ACME"), [1, 2]),
    (ListFilter(search="100%"), [1]),
    (ListFilter(search="%"), [1]),
    (ListFilter(search="_"), [2]),
    (ListFilter(search="rome"), [1, 2, 6]),
    (ListFilter(search="'; DROP TABLE leads --"), []),
    (ListFilter(search="nobody@x.example", lead_ids=(4,)), [4]),
    (ListFilter(search="beta", lead_ids=[4]), [5, 3, 4]),
    (ListFilter(lead_ids=[4, 1, 99]), [1, 4]),
    (ListFilter(lead_ids=[]), []),
    (ListFilter(company_key="b"), [5, 3]),
    (ListFilter(fields=(("city", "is", "Rome"),)), [1, 2, 6]),
    (ListFilter(fields=(("city", "is_not", "Rome"),)), [5, 3, 4]),
    (ListFilter(fields=(("city", "contains", "E"),)), [5, 1, 2, 6]),
    (ListFilter(fields=(("city", "contains", "%"),)), []),
    (ListFilter(fields=(("city", "is_empty", ""),)), [4]),
    (ListFilter(fields=(("city", "is_filled", ""),)), [5, 1, 2, 3, 6]),
    (ListFilter(fields=(("employees", "is", "10"), ("demo_requested", "is", "true"))), [4]),
    (ListFilter(fields=(("employees", "at_least", "7"),)), [5, 2, 4]),
    (ListFilter(fields=(("employees", "at_most", "7"), ("employees", "at_least", "5"))), [5, 1]),
    (ListFilter(fields=(("demo_requested", "is", "no"),)), [5, 2, 6]),
    (ListFilter(fields=(("custom:Colour", "is", "red"),)), [1, 3]),
    (ListFilter(fields=(("custom:Colour", "is_not", "red"),)), [5, 2, 4, 6]),
    (ListFilter(fields=(("custom:Colour", "contains", "LU"),)), [4]),
    (ListFilter(fields=(("custom:Colour", "is_empty", ""),)), [5, 2, 6]),
    (ListFilter(fields=(("custom:Colour", "at_least", "0"),)), []),
    (ListFilter(fields=(("custom:Shop visits", "at_least", "2"),)), [2, 3, 6]),
    (ListFilter(tiers=("High", "Low"), within=(ListFilter(owners=("kim",)),)), [1]),
    (ListFilter(fields=(("city", "is", "Rome"),), within=(ListFilter(fields=(("employees", "is", "10"),)),)), [2]),
    (ListFilter(within=(ListFilter(within=(ListFilter(sources=("fair",)),)),)), [3, 4]),
    (ListFilter(min_score=50, within=(ListFilter(min_score=10, max_score=90),)), [1, 2, 3]),
    (ListFilter(member_of=1), []),
    (ListFilter(tiers=("' OR 1=1 --",)), []),
])
def test_a_filter_leaves_the_right_leads_best_first(ranked, chosen: ListFilter, expected: list[int]) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        assert scores.page(session, client_id, chosen).index.tolist() == expected
        assert scores.count(session, client_id, chosen) == len(expected)
        assert scores.top(session, client_id, 2, chosen).index.tolist() == expected[:2]


@pytest.mark.parametrize("pair", [
    ("email", "is", "x"), ("id", "is", "1"), ("favourite", "is", "x"), ("employees", "is", "many"),
    ('"; --', "is", "x"), ("city", "resembles", "x"), ("city", "at_least", "x"), ("created_at", "at_least", "May"),
    ("custom:Colour", "at_most", "many")])
def test_fields_that_cannot_be_filtered_are_refused(ranked, pair) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session, pytest.raises(InvalidRequest):
        scores.page(session, client_id, ListFilter(fields=(pair,)))


def test_pages_follow_each_other_without_gap(ranked) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        pages = [scores.page(session, client_id, offset=start, limit=2).index.tolist() for start in range(0, 8, 2)]
        assert scores.page(session, client_id, limit=-5, offset=-3).empty
    assert pages == [[5, 1], [2, 3], [4, 6], []]


def test_a_page_has_typed_columns_even_when_empty(ranked) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        full, empty = scores.page(session, client_id), scores.page(session, client_id, ListFilter(batch_id=77))
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()
    shown = ["score", "tier", "outcome", "exported", "owner"]
    assert full.loc[1, shown].tolist() == [90.0, "High", "lost", True, "kim"]
    assert np.isnan(full.loc[1, "probability"])


def test_the_leads_of_one_company_stand_together(ranked) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        assert scores.page(session, client_id, order="company").index.tolist() == [5, 3, 1, 2, 4, 6]
        with pytest.raises(InvalidRequest, match="shoe size"):
            scores.page(session, client_id, order="shoe size")


def test_who_stands_out_among_the_best_is_counted(ranked) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        assert scores.special_counts(session, client_id, ListFilter(), 4) == scores.SpecialCounts(1, 1)
        assert scores.special_counts(session, client_id, ListFilter(), 0) == scores.SpecialCounts(0, 0)


def test_replaced_scores_become_history(ranked, now) -> None:
    engine, client_id, _ = ranked
    with write(engine) as session:
        run = scores.new_run(session, client_id, policy_version=2, model_version=7, as_of=now, rows=2, started_by="a",
                             now=now)
        newer = score_frame([4, 2, 999], [20.0, 40.0, 60.0])
        assert scores.replace_scores(session, client_id, run, newer) == 2
        past = scores.history(session, client_id, 4)
        assert past["score"].tolist() == [10.0, 20.0]
        assert past["policy_version"].tolist() == [1, 2]
        assert past["model_version"].fillna(0).tolist() == [0, 7]
        assert past["scored_at"].tolist() == [pd.Timestamp(now)] * 2
        assert scores.history(session, client_id, 1)["score"].tolist() == [90.0]
        page = scores.page(session, client_id)
        assert page.index.tolist() == [5, 1, 3, 2, 4, 6]
        assert page.loc[[4, 2], "run_id"].tolist() == [run, run]
        assert scores.latest_run(session, client_id).id == run
        assert scores.of_leads(session, client_id, [6, 77, 4])["score"].tolist() == [0.0, 20.0]


def test_scores_of_two_scorings_are_stored_at_once_each_under_its_own(ranked, now) -> None:
    engine, client_id, _ = ranked
    with write(engine) as session:
        runs = [scores.new_run(session, client_id, policy_version=1, model_version=version, as_of=now, rows=2,
                               started_by="a", now=now) for version in (2, 1)]
        of_lead = pd.Series([runs[0], runs[1], runs[0], runs[1]], index=[4, 2, 1, 999])
        assert scores.replace_scores(session, client_id, of_lead, score_frame([4, 2, 1, 999], VALUES[:4])) == 3
        found = scores.of_leads(session, client_id, [1, 2, 4])
    assert found["run_id"].tolist() == [runs[0], runs[1], runs[0]]


def test_what_lead_rows_know_survives_a_new_scoring(ranked, now) -> None:
    engine, client_id, batch_id = ranked
    with write(engine) as session:
        scores.replace_scores(session, client_id, 9, score_frame([1, 2, 3, 4, 5, 6]))
        page = scores.page(session, client_id).loc[[1, 5]]
    assert page["exported"].tolist() == [True, False]
    assert page["outcome"].tolist() == ["lost", "converted"]
    assert page["batch_id"].tolist() == [batch_id] * 2


def test_choices_are_the_values_there_are(ranked) -> None:
    engine, client_id, _ = ranked
    with read(engine) as session:
        assert scores.distinct(session, client_id, "owner") == ["kim", "sam"]
        with pytest.raises(InvalidRequest):
            scores.distinct(session, client_id, "lead_id; DROP")


def test_no_score_is_seen_or_changed_across_clients(ranked, vault, now) -> None:
    engine, theirs, _ = ranked
    with write(engine) as session:
        mine, _, _ = stored(session, vault, now, frame(company=["Me"]), client="beta")
        assert scores.page(session, mine).empty
        assert scores.page(session, mine, ListFilter(company_key="b")).empty
        assert scores.replace_scores(session, mine, 5, score_frame([1, 2], [1.0, 2.0])) == 0
        assert scores.of_leads(session, mine, [1]).empty
        assert scores.history(session, mine, 1).empty
        with pytest.raises(NotFound):
            scores.run(session, mine, 1)
        with pytest.raises(NotFound):
            scores.set_final(session, mine, 1, score=1.0, tier="Low")
        scores.set_final(session, theirs, 1, score=95.0, tier="Low")
        assert scores.page(session, theirs).loc[1, ["score", "tier", "blended"]].tolist() == [95.0, "Low", 90.0]


def test_the_scores_a_version_made_are_found_wherever_they_are_each_lead_once(ranked, now) -> None:
    store, client_id, _ = ranked
    with write(store) as session:
        for version, some in ((7, [1, 2, 3, 4]), (7, [3, 4, 5]), (8, [1, 3])):
            run = scores.new_run(session, client_id, policy_version=1, model_version=version, as_of=now,
                                 rows=len(some), started_by="ann", now=now)
            scores.replace_scores(session, client_id, run, score_frame(some, VALUES[:len(some)]))
        leads.assign_owner(session, client_id, [2], "kim", now=now + timedelta(hours=1))
    with read(store) as session:
        found = scores.scored_by(session, client_id, 7, 100)
        # 3 and 4 by the newer run of that version, although 3 has another score in force
        assert found["run_id"].sort_index().to_dict() == {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
        assert found["changed"].sort_index().tolist() == [False, True, False, False, False]
        assert len(scores.scored_by(session, client_id, 7, 2)) == 2
        assert scores.scored_by(session, client_id, 9, 5).empty
        assert scores.scored_by(session, client_id + 1, 7, 5).empty
        assert scores.made_by_others(session, client_id, 8) == 4
        assert scores.made_by_others(session, client_id, None) == 5
