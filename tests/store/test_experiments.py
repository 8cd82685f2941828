"""Experiments in the store: one at a time, a lead's arm for good, counts of what became of whom, on each database."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store import clients, erasure, experiments, lead_undo, outcomes
from leadscore.store.database import read, write
from leadscore.store.experiments import NewExperiment
from tests.store.samples import people, stored


def new(name: str = "first", mode: str = "live") -> NewExperiment:
    return NewExperiment(name=name, mode=mode, champion_version=1, challenger_version=2, share=0.5, base_rate=0.1,
                         effect=0.2, alpha=0.05, power=0.8, planned_champion=100, planned_challenger=100, salt="ab")


def arms(lead_ids) -> pd.DataFrame:
    count = len(lead_ids)
    even = np.arange(count) % 2 == 0
    return pd.DataFrame({
        "arm": np.where(even, "champion", "challenger"), "champion_probability": np.where(even, 0.3, np.nan),
        "challenger_probability": np.where(even, np.nan, 0.4), "score": np.linspace(90, 10, count),
        "champion_top": np.where(even, np.arange(count) < 2, None),
        "challenger_top": np.where(even, None, np.arange(count) < 2)}, index=pd.Index(lead_ids, name="lead_id"))


@pytest.fixture
def begun(store: Engine, vault, now):
    """Give a client with six leads, three in each arm."""
    with write(store) as session:
        client_id, batch_id, lead_ids = stored(session, vault, now, people(6))
        row = experiments.start(session, client_id, new(), started_by="ann", now=now)
        assert experiments.assign(session, client_id, row.id, arms(lead_ids), now=now) == 6
    return store, client_id, batch_id, lead_ids, row.id


def test_one_experiment_runs_at_a_time_and_only_for_one_client(store: Engine, now) -> None:
    with write(store) as session:
        mine, theirs = (clients.ensure(session, name, now) for name in ("mine", "theirs"))
        row = experiments.start(session, mine, new(), started_by="ann", now=now)
        with pytest.raises(InvalidRequest, match="running already"):
            experiments.start(session, mine, new("second"), started_by="bob", now=now)
        assert experiments.running(session, theirs) is None
        experiments.start(session, theirs, new(), started_by="cid", now=now)
        experiments.end(session, row, decision="keep_champion", verdict="so so", ended_by="ann", now=now)
        assert experiments.running(session, mine) is None
        experiments.start(session, mine, new("second"), started_by="bob", now=now)
    with read(store) as session:
        assert [one.name for one in experiments.list_all(session, mine)] == ["second", "first"]
        ended = experiments.find(session, mine, row.id)
        assert (ended.status, ended.decision, ended.verdict, ended.ended_at) == ("ended", "keep_champion", "so so", now)
        with pytest.raises(NotFound):
            experiments.find(session, theirs, row.id)


def test_who_takes_part_is_read_back_as_it_was_written(begun) -> None:
    store, client_id, _, lead_ids, experiment_id = begun
    with read(store) as session:
        found = experiments.assigned(session, client_id, experiment_id)
        elsewhere = experiments.assigned(session, client_id + 1, experiment_id)
    written = arms(lead_ids)
    pd.testing.assert_frame_equal(found, written[list(found)], check_dtype=False)
    assert elsewhere.empty and found.dtypes.to_dict() == elsewhere.dtypes.to_dict()


def test_counts_know_arm_place_and_days(begun, now) -> None:
    store, client_id, _, lead_ids, experiment_id = begun
    with write(store) as session:
        outcomes.record(session, client_id, lead_ids[[0, 2]], stage="converted", at=now + timedelta(days=2),
                        recorded_by="ann", now=now)
        outcomes.record(session, client_id, lead_ids[[1]], stage="lost", at=now, recorded_by="ann", now=now)
        counts = experiments.day_counts(session, client_id, experiment_id)
        assert experiments.day_counts(session, client_id + 1, experiment_id).empty
    assert counts["leads"].sum() == 6
    assert counts["assigned_day"].unique().tolist() == [now.date().isoformat()]
    converted = counts[counts["converted_day"].notna()]
    assert converted["converted_day"].unique().tolist() == [(now + timedelta(days=2)).date().isoformat()]
    assert converted["champion_top"].tolist().count(True) == 1 and converted["leads"].sum() == 2
    assert counts.loc[counts["challenger_top"], "leads"].sum() == 1


def test_a_lead_decided_before_its_assignment_is_left_out_although_told_later(begun, now) -> None:
    store, client_id, _, lead_ids, experiment_id = begun
    with write(store) as session:
        outcomes.record(session, client_id, lead_ids[[0]], stage="converted", at=now - timedelta(days=3),
                        recorded_by="ann", now=now)
        outcomes.record(session, client_id, lead_ids[[1]], stage="converted", at=now, recorded_by="ann", now=now)
        counts = experiments.day_counts(session, client_id, experiment_id)
    assert counts["leads"].sum() == 5
    assert counts.loc[counts["converted_day"].notna(), "leads"].sum() == 1


def test_erased_leads_and_an_undone_import_leave_the_experiment(begun, vault, now) -> None:
    store, client_id, batch_id, lead_ids, experiment_id = begun
    with write(store) as session:
        erasure.delete_leads(session, client_id, lead_ids[:2])
        assert experiments.day_counts(session, client_id, experiment_id)["leads"].sum() == 4
        assert len(experiments.assigned(session, client_id, experiment_id)) == 4
        lead_undo.undo_batch(session, vault, client_id=client_id, batch_id=batch_id, now=now)
        assert experiments.day_counts(session, client_id, experiment_id).empty
        assert experiments.assigned(session, client_id, experiment_id).empty
        assert experiments.running(session, client_id) is not None


def test_what_both_models_said_stands_beside_what_happened(begun, now) -> None:
    store, client_id, _, lead_ids, experiment_id = begun
    with write(store) as session:
        assert experiments.probabilities(session, client_id, experiment_id).empty
        experiments.end(session, experiments.running(session, client_id), decision="keep_champion", verdict="",
                        ended_by="ann", now=now)
        row = experiments.start(session, client_id, new(mode="shadow"), started_by="ann", now=now)
        both = arms(lead_ids).assign(arm="both", champion_probability=0.2, challenger_probability=0.7,
                                     champion_top=True, challenger_top=False)
        experiments.assign(session, client_id, row.id, both, now=now)
        outcomes.record(session, client_id, lead_ids[[3]], stage="converted", at=now, recorded_by="ann", now=now)
        said = experiments.probabilities(session, client_id, row.id)
    assert said["converted"].tolist() == [False, False, False, True, False, False]
    assert said[["champion", "challenger"]].drop_duplicates().to_numpy().tolist() == [[0.2, 0.7]]


def test_the_inflow_counts_open_and_recent_leads(begun, now) -> None:
    store, client_id, _, lead_ids, _ = begun
    with write(store) as session:
        outcomes.record(session, client_id, lead_ids[[0]], stage="converted", at=now, recorded_by="a", now=now)
        outcomes.record(session, client_id, lead_ids[[1]], stage="lost", at=now, recorded_by="a", now=now)
        # the sample was created in January, but for the lead without a date, which was stored now
        assert experiments.inflow(session, client_id, since="2026-02-01") == experiments.Inflow(6, 1, 4, 1)
        assert experiments.inflow(session, client_id, since="2026-01-01").recent == 6
        assert experiments.inflow(session, client_id + 1, since="2026-01-01") == experiments.Inflow(0, 0, 0, 0)
