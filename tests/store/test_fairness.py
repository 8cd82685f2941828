"""Groups are counted by the database, on both databases, exactly as lead by lead."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.errors import InvalidRequest
from leadscore.store import fairness, scores
from leadscore.store.database import read, write
from tests.store.samples import frame, stored
from tests.store.test_scores import score_frame

LEADS = 42


@pytest.fixture
def counted(store, vault, now):
    draw = np.random.default_rng(2)
    table = frame(country=[("Germany", "France", None)[number % 3] for number in range(LEADS)],
                  language=[("German", "French")[number % 2] for number in range(LEADS)],
                  company=[f"c{number}" for number in range(LEADS)])
    told = pd.DataFrame({"score": draw.integers(0, 20, LEADS) * 5.0, "foretold": draw.integers(0, 40, LEADS) * 25,
                         "chance": draw.random(LEADS), "stage": draw.choice(["converted", "lost", "new"], LEADS)})
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now, table)
        run = scores.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=LEADS,
                             started_by="ann", now=now)
        parts = [score_frame(part) for part in np.split(lead_ids, LEADS // 6)]
        scores.replace_scores(session, client_id, run, pd.concat(parts))
        for lead, row in zip(lead_ids, told.itertuples(), strict=True):
            session.execute(text("UPDATE scores SET score = :score, foretold = :foretold, foretold_chance = :chance, "
                                 "outcome = :stage WHERE lead_id = :lead"),
                            {"score": row.score, "foretold": row.foretold, "chance": row.chance, "stage": row.stage,
                             "lead": int(lead)})
    rows = told.assign(lead_id=lead_ids, country=table["country"].to_numpy(), language=table["language"].to_numpy())
    return store, client_id, rows


def _by_hand(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    ranked = rows.sort_values(["score", "lead_id"], ascending=[False, True])["lead_id"].head(round(share * len(rows)))
    ended = rows[rows["stage"] != "new"]
    first = ended.sort_values(["foretold", "lead_id"], ascending=[False, True])["lead_id"].head(
        round(share * len(ended)))
    decided, won = rows["stage"] != "new", rows["stage"] == "converted"
    return pd.DataFrame({
        "leads": 1.0, "chosen": rows["lead_id"].isin(ranked), "decided": decided, "converted": won,
        "decided_chosen": rows["lead_id"].isin(first), "converted_chosen": rows["lead_id"].isin(first) & won,
        "chances": decided, "chance": rows["chance"].where(decided, 0.0), "chance_converted": won}).astype(float)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_every_combination_is_counted_as_lead_by_lead(counted, share):
    store, client_id, rows = counted
    by_hand = _by_hand(rows, share)
    expected = by_hand.groupby([rows["country"].fillna("?"), rows["language"]]).sum()
    with read(store) as session:
        found = fairness.cuts(session, client_id, share)
        cells = fairness.count_groups(session, client_id, found, ["country", "language"])
        alone = fairness.facts_of(session, client_id, found, after=0, most=1_000)
        portion = fairness.facts_of(session, client_id, found, after=int(rows["lead_id"].iloc[9]), most=5)
    ours = cells.assign(country=cells["country"].fillna("?")).set_index(["country", "language"]).loc[expected.index]
    assert np.allclose(ours[expected.columns].to_numpy(), expected.to_numpy())
    assert np.allclose(alone.loc[rows["lead_id"], by_hand.columns].to_numpy(), by_hand.to_numpy())
    assert list(portion.index) == list(rows["lead_id"].iloc[10:15])


def test_without_scores_there_is_nothing_to_count(store, vault, now):
    with write(store) as session:
        client_id, _, _ = stored(session, vault, now, frame(company=["c"]))
    with read(store) as session:
        assert fairness.cuts(session, client_id, 0.2) is None


def test_personal_columns_cannot_be_counted_by_the_database(counted):
    store, client_id, _ = counted
    with read(store) as session:
        found = fairness.cuts(session, client_id, 0.2)
        with pytest.raises(InvalidRequest):
            fairness.count_groups(session, client_id, found, ["gender"])
