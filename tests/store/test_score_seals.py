"""A score altered in the database is found and named; erasing a lead breaks nothing."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, text

from leadscore.store import audit, score_seals
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.vault import Vault
from tests.store.samples import stored
from tests.store.test_scores import score_frame, table


def seed(store: Engine, vault: Vault, now) -> tuple[int, list[int]]:
    with write(store) as session:
        client_id, _, lead_ids = stored(session, vault, now, table())
    return client_id, lead_ids


def sealed(store: Engine, vault: Vault, now, client_id: int, lead_ids, *, told: bool = True) -> int:
    frame = score_frame(lead_ids)
    frame.loc[frame.index[0], "probability"] = np.nan
    with write(store) as session:
        run = score_rows.new_run(session, client_id, policy_version=1, model_version=None, as_of=now, rows=len(frame),
                                 started_by="ann", now=now)
        runs = np.full(len(frame), run)
        frame["seal"] = score_seals.seals(vault, frame.index.to_numpy(), runs, frame)
        score_rows.replace_scores(session, client_id, run, frame)
        audit.append(session, vault, at=now, client_id=client_id, actor="ann", action="leads_scored",
                     object=f"run:{run}", detail={"runs": [{"run": run, "rows": len(frame)}]} if told else {})
    return run


def check(store: Engine, vault: Vault) -> score_seals.ScoresVerdict:
    with read(store) as session:
        return score_seals.check(session, vault)


@pytest.fixture
def scored(store: Engine, vault: Vault, now) -> tuple[int, int, int]:
    """Six leads, scored twice."""
    client_id, lead_ids = seed(store, vault, now)
    return client_id, sealed(store, vault, now, client_id, lead_ids), sealed(store, vault, now, client_id, lead_ids)


def test_untouched_scores_hold_in_force_and_in_the_history(store: Engine, vault: Vault, scored) -> None:
    found = check(store, vault)
    assert (found.scores, found.unsealed, found.altered, found.gone) == (12, 0, 0, 0)


@pytest.mark.parametrize(("statement", "run"), [
    ("UPDATE scores SET blended = blended + 0.0000001 WHERE lead_id = 3", 2),
    ("UPDATE scores SET rule_score = 99 WHERE lead_id = 3", 2),
    ("UPDATE scores SET probability = NULL WHERE lead_id = 3", 2),
    ("UPDATE scores SET seal = NULL WHERE lead_id = 3", 2),
    ("UPDATE scores SET score = 99 WHERE lead_id = 3", 2),
    ("UPDATE scores SET seal = NULL, run_id = 99, blended = 99, score = 99 WHERE lead_id = 3", 99),
    ("UPDATE score_history SET blended = 1 WHERE lead_id = 3", 1),
    ("UPDATE score_history SET score = 1 WHERE lead_id = 3", 1),
    ("UPDATE score_history SET seal = (SELECT seal FROM score_history WHERE lead_id = 4) WHERE lead_id = 3", 1),
])
def test_an_altered_score_is_named(store: Engine, vault: Vault, scored, statement: str, run: int) -> None:
    with write(store) as session:
        session.execute(text(statement))
    found = check(store, vault)
    assert found.altered == 1
    assert [(entry["lead_id"], entry["run_id"]) for entry in found.named] == [(3, run)]
    assert not found.ok


def test_erased_scores_are_counted_and_break_nothing(store: Engine, vault: Vault, scored) -> None:
    with write(store) as session:
        session.execute(text("DELETE FROM scores WHERE lead_id = 3"))
        session.execute(text("DELETE FROM score_history WHERE lead_id IN (3, 4)"))
    found = check(store, vault)
    assert (found.ok, found.gone) == (True, 3)


def test_scores_made_before_seals_are_told_apart(store: Engine, vault: Vault, now) -> None:
    client_id, lead_ids = seed(store, vault, now)
    sealed(store, vault, now, client_id, lead_ids, told=False)
    with write(store) as session:
        session.execute(text("UPDATE scores SET seal = NULL"))
    found = check(store, vault)
    assert (found.ok, found.unsealed) == (True, 6)


def judged(session, vault: Vault, now, client_id: int, score: float | None) -> None:
    audit.append(session, vault, at=now, client_id=client_id, actor="ann", object="lead:2", action="override_set",
                 detail={"before": None, "after": {"score": score, "tier": None}})


def test_a_score_set_by_hand_is_no_forgery(store: Engine, vault: Vault, now, scored) -> None:
    with write(store) as session:
        session.execute(text("UPDATE leads SET override_score = 88 WHERE id = 2"))
        score_rows.set_final(session, scored[0], 2, score=88.0, tier="High")
        judged(session, vault, now, scored[0], 88.0)
    assert check(store, vault).ok


@pytest.mark.parametrize(("told", "stands"), [(None, 88.0), (70.0, 88.0), (88.0, None)])
def test_a_judgement_the_log_does_not_tell_of_is_named(store: Engine, vault: Vault, now, scored, told, stands) -> None:
    with write(store) as session:
        if told is not None:
            judged(session, vault, now, scored[0], told)
        session.execute(text("UPDATE leads SET override_score = :stands WHERE id = 2"), {"stands": stands})
        session.execute(text("UPDATE scores SET score = coalesce(:stands, blended) WHERE lead_id = 2"),
                        {"stands": stands})
    found = check(store, vault)
    assert (found.altered, found.named[0]["lead_id"], found.named[0]["run_id"]) == (1, 2, scored[2])
    assert "judgement" in found.named[0]["why"]


def test_a_seal_is_of_its_numbers_alone(vault: Vault) -> None:
    frame = pd.DataFrame(
        {"rule_score": [1.0, 1.0, 1.0], "probability": [np.nan, -0.0, 0.0], "blended": [2.0, 2.0, 2.0]})
    first, second, third = score_seals.seals(vault, np.array([1, 1, 1]), np.array([1, 1, 1]), frame)
    assert first != second == third
    assert score_seals.seals(Vault(b"the key of somebody else, also long"), np.array([1]), np.array([1]),
                             frame.head(1)) != [first]
