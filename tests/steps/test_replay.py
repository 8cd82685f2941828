"""Stored scores come out again bit for bit, and leads that have changed since are counted, not compared."""

import pytest
from sqlalchemy import text

from leadscore.services import dossier, policies, scoring, training
from leadscore.steps.models import find_version
from leadscore.steps.replay import Replayed, replay
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW

LATER = "2027-01-01T00:00:00.000Z"


def _replay(workbench, version="1", **more):
    with read(workbench.engine) as session:
        return replay(session, workbench, find_version(session, 1, version), **more)


def _change(workbench, statement, **values):
    with write(workbench.engine) as session:
        session.execute(text(statement), values)


def test_every_stored_score_comes_out_the_same(seen):
    assert _replay(seen) == Replayed(394, 394, 0)
    assert _replay(seen, most=25) == Replayed(25, 25, 0)


@pytest.mark.parametrize("column", ["probability", "rule_score", "blended"])
def test_a_score_that_is_off_by_the_last_bit_is_found(trained, column):
    lead, value = _one(trained, f"SELECT lead_id, {column} FROM scores ORDER BY lead_id LIMIT 1")
    _change(trained, f"UPDATE scores SET {column} = :value WHERE lead_id = :lead", lead=lead,
            value=value * (1 + 2 ** -52))
    assert _replay(trained) == Replayed(394, 393, 0)


def test_leads_changed_since_are_counted_and_not_compared(trained):
    _change(trained, "UPDATE leads SET changed_at = :at, employees = 1 WHERE id <= 10", at=LATER)
    assert _replay(trained) == Replayed(384, 384, 10)


def test_an_outcome_changes_no_score(trained, admin):
    dossier.record_outcome(trained, admin, client=CLIENT, lead_ids=[1, 2, 3], stage="lost", at=NOW)
    assert _replay(trained) == Replayed(394, 394, 0)


def test_scores_in_the_history_count_each_lead_once(trained, admin):
    training.train_stored(trained, admin, client=CLIENT, request=training.TrainingRequest(
        algorithm="xgboost", balance="none", deploy=True))
    assert _replay(trained, "2") == Replayed(0, 0, 0)
    for _ in range(2):
        scoring.rescore(trained, admin, client=CLIENT)
    assert _replay(trained, "2") == Replayed(394, 394, 0)
    assert _replay(trained, "1") == Replayed(394, 394, 0)


def test_the_policy_and_the_date_of_the_run_are_used(trained, admin):
    policies.save_policy(trained, admin, client=CLIENT, changes={"alpha": 0.9}, comment="other")
    assert _replay(trained) == Replayed(394, 394, 0)


def _one(workbench, statement):
    with read(workbench.engine) as session:
        return session.execute(text(statement)).one()
