"""The small tables: clients, imports, shapes, policies, models, jobs, users, outcomes and suppressed people."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store import (
    batches,
    clients,
    jobs,
    lead_matching,
    lead_reading,
    models,
    outcomes,
    policies,
    shapes,
    suppression,
    users,
)
from leadscore.store.database import read, write
from tests.store.samples import batch, people, stored


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "\x00"])
def test_what_cannot_be_a_client_name_is_refused(sqlite_store: Engine, now, name: str) -> None:
    with pytest.raises(InvalidRequest), write(sqlite_store) as session:
        clients.ensure(session, name, now)


def test_a_client_is_made_once(store: Engine, now) -> None:
    with write(store) as session:
        first = clients.ensure(session, "acme", now)
        assert clients.ensure(session, "acme", now) == first == clients.require(session, "acme")
        assert clients.name_of(session, first) == "acme"
        clients.save_settings(session, first, {"capacity": 400})
        assert clients.find(session, "acme").settings == {"capacity": 400}
        assert clients.name_of(session, 99) == ""
        with pytest.raises(NotFound):
            clients.require(session, "beta")


def test_a_batch_keeps_its_counts_and_is_its_clients_own(store: Engine, now) -> None:
    with write(store) as session:
        client_id, batch_id = batch(session, now)
        other = clients.ensure(session, "beta", now)
        batches.finish(session, client_id, batch_id, rows_read=4, rows_stored=1, updated=1, duplicates=1, rejected=1,
                       quality={"x": 1}, issues={"bad_date": 2}, issue_rows=b"sealed")
    with read(store) as session:
        row = batches.get(session, client_id, batch_id)
        assert (row.rows_read, row.issues, row.issue_rows, row.created_at) == (4, {"bad_date": 2}, b"sealed", now)
        assert batches.find(session, other, batch_id) is None
        assert batches.find_by_sha256(session, client_id, "0" * 64).id == batch_id
        assert batches.find_by_sha256(session, other, "0" * 64) is None
        assert [row.id for row in batches.list_all(session, client_id)] == [batch_id]
        assert batches.list_all(session, other) == []


def test_the_newest_spelling_of_a_header_is_used(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        for mapping in ({"Mail": "email", "Note": None}, {"E-Mail": "email", "Firm": "company"}):
            batches.create(session, client_id, filename="f", sha256="1", imported_by="a", now=now, mapping=mapping)
        assert batches.headers(session, client_id) == {"email": "E-Mail", "company": "Firm"}


def test_decisions_for_a_shape_replace_earlier_ones(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        for field in ("email", None):
            shapes.save(session, client_id, "s", mapping={"Mail": field}, choices={"missing": "leave"}, by="a", now=now)
        assert shapes.find(session, client_id, "s").mapping == {"Mail": None}
        assert shapes.find(session, client_id, "t") is None


def test_one_policy_is_active_and_versions_count_per_client(store: Engine, now) -> None:
    with write(store) as session:
        ids = [clients.ensure(session, name, now) for name in ("acme", "beta")]
        assert policies.active(session, ids[0]) is None
        for number in (1, 2, 3):
            saved = policies.save(session, ids[0], body={"n": number}, comment="", created_by="a", now=now)
            assert saved.version == number
        assert policies.save(session, ids[1], body={}, comment="", created_by="a", now=now).version == 1
        draft = policies.save(session, ids[0], body={}, comment="draft", created_by="a", now=now, activate=False)
        assert draft.version == 4
        assert policies.active(session, ids[0]).version == 3
        assert policies.activate(session, ids[0], 1).body == {"n": 1}
        assert policies.active(session, ids[0]).version == 1
        assert [row.version for row in policies.list_all(session, ids[0])] == [4, 3, 2, 1]
        with pytest.raises(NotFound):
            policies.activate(session, ids[1], 3)


def _model(session, client_id, now, folder):
    return models.add(session, client_id, folder=folder, algorithm="logistic", balance="none", metrics={}, report={},
                      manifest={}, created_by="a", now=now).id


def test_champions_are_deployed_and_rolled_back(store: Engine, now) -> None:
    with write(store) as session:
        client_id, other = (clients.ensure(session, name, now) for name in ("acme", "beta"))
        first, second, third = (_model(session, client_id, now, folder) for folder in "abc")
        with pytest.raises(InvalidRequest):
            models.previous(session, client_id)
        for version in (first, second, second):
            models.deploy(session, client_id, version)
        assert models.champion(session, client_id).id == second
        assert models.deploy(session, client_id, models.previous(session, client_id).id).id == first
        assert models.deploy(session, client_id, models.previous(session, client_id).id).id == second
        models.deploy(session, client_id, third)
        assert models.with_alias(session, client_id, "previous").id == second
        assert models.challenge(session, client_id, first).alias == "challenger"
        with pytest.raises(InvalidRequest):
            models.challenge(session, client_id, third)
        with pytest.raises(NotFound):
            models.deploy(session, other, first)
        assert models.champion(session, other) is None
        assert models.folders(session) == {"a", "b", "c"}
        assert [row.id for row in models.list_all(session, client_id)] == [third, second, first]


def test_many_who_deploy_at_once_leave_one_champion(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        versions = [_model(session, client_id, now, f"f{number}") for number in range(4)]

    def move(number: int) -> None:
        with write(store) as session:
            if number % 5 == 4:
                models.stand_alone(session, client_id)
                waiting = [row.id for row in models.list_all(session, client_id) if row.alias is None]
                models.challenge(session, client_id, waiting[0])
            else:
                models.deploy(session, client_id, versions[number % len(versions)])

    with ThreadPoolExecutor(6) as pool:
        # nobody is refused, whatever the others do meanwhile
        list(pool.map(move, range(40)))
    with read(store) as session:
        aliases = [row.alias for row in models.list_all(session, client_id) if row.alias]
    # a challenger may have become champion since
    assert sorted(set(aliases)) == sorted(aliases)
    assert {"champion", "previous"} <= set(aliases)


def _job(session, client_id, now, kind="train"):
    return jobs.create(session, client_id, kind=kind, arguments={"a": 1}, user_name="ann", user_id=None, now=now)


def test_each_job_is_claimed_by_one_worker(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        made = {_job(session, client_id, now) for _ in range(12)}

    def work(_: int) -> list[str]:
        taken = []
        while True:
            with write(store) as session:
                job = jobs.claim_next(session, now=now)
                if job is None:
                    return taken
                taken.append(job.id)

    with ThreadPoolExecutor(4) as pool:
        taken = [job for some in pool.map(work, range(4)) for job in some]
    assert len(taken) == 12
    assert set(taken) == made


def test_a_job_goes_from_queue_to_end(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        job_id, later = _job(session, client_id, now), _job(session, client_id, now + timedelta(seconds=1))
        assert not jobs.report(session, job_id, progress=0.1, message="too early", now=now)
        assert jobs.claim_next(session, now=now).id == job_id
        assert jobs.claim(session, job_id, now=now) is None
        assert jobs.report(session, job_id, progress=7, message="m" * 999, now=now)
        assert jobs.find(session, job_id).progress == 1.0
        jobs.request_cancel(session, job_id, now=now)
        assert not jobs.report(session, job_id, progress=0.5, message="", now=now)
        jobs.end_cancelled(session, job_id, now=now)
        jobs.finish(session, job_id, result={"late": True}, now=now)
        assert (jobs.find(session, job_id).state, jobs.find(session, job_id).result) == ("cancelled", None)
        jobs.request_cancel(session, later, now=now)
        assert jobs.find(session, later).state == "cancelled"
        assert jobs.claim_next(session, now=now) is None
        assert [row.id for row in jobs.recent(session, client_id)] == [later, job_id]
        assert jobs.find(session, job_id, client_id + 1) is None


def test_a_job_whose_worker_died_is_stale_and_knows_what_it_had_stored(store: Engine, now) -> None:
    with write(store) as session:
        client_id = clients.ensure(session, "acme", now)
        _job(session, client_id, now)
        job_id = jobs.claim_next(session, now=now).id
        jobs.note_batch(session, job_id, 7)
        assert jobs.stale(session, now=now + timedelta(minutes=1)) == []
        assert [row.id for row in jobs.stale(session, now=now + timedelta(minutes=5))] == [job_id]
        assert jobs.find(session, job_id).result == {"batch_id": 7}


def test_users_sign_in_and_changes_end_their_sessions(store: Engine, now) -> None:
    with write(store) as session:
        acme = clients.ensure(session, "acme", now)
        user = users.add(session, name="ann", role="admin", password_hash="h", now=now)
        with pytest.raises(InvalidRequest):
            users.add(session, name="ann", role="viewer", password_hash="h", now=now)
        users.set_clients(session, user.id, [acme, acme])
        assert users.clients_of(session, user.id) == {"acme"}
        users.set_clients(session, user.id, [])
        assert users.clients_of(session, user.id) == frozenset()
        for token in ("a", "b"):
            users.open_session(session, token_hash=token, user_id=user.id, kind="browser", now=now,
                               expires_at=now + timedelta(hours=1))
        users.touch_session(session, "a", now=now + timedelta(minutes=1))
        found, owner = users.find_session(session, "a")
        session.refresh(found)
        assert (found.seen_at, owner.name) == (now + timedelta(minutes=1), "ann")
        users.close_session(session, "b")
        assert users.find_session(session, "b") is None
        assert users.close_expired(session, now=now) == 0
        users.change(session, user.id, role="viewer", disabled=True)
        assert users.find_session(session, "a") is None
        assert users.count(session) == 0
        assert users.get(session, user.id).role == "viewer"


def test_failed_tries_are_counted_by_account_and_address(store: Engine, now) -> None:
    with write(store) as session:
        for minutes, account, succeeded in ((0, "a", False), (5, "a", False), (6, "a", True), (7, "b", False)):
            users.note_attempt(session, account_hash=account, address_hash="x", succeeded=succeeded, reason="wrong",
                               now=now + timedelta(minutes=minutes))
        assert users.count_failures(session, since=now, account_hash="a") == 2
        assert users.count_failures(session, since=now + timedelta(minutes=1), account_hash="a") == 1
        assert users.count_failures(session, since=now, address_hash="x") == 3
        assert users.forget_attempts(session, before=now + timedelta(minutes=6)) == 2


def test_outcomes_are_appended_once_and_the_latest_stands(store: Engine, vault, now) -> None:
    day = pd.Timestamp("2026-02-01", tz="UTC")
    told = pd.DataFrame({"lead_id": [1, 1, 1, 2], "stage": ["converted", "contacted", "converted", "lost"],
                         "at": [day, day - pd.Timedelta(days=3), day, pd.NaT], "revenue": [100.0, None, 100.0, None]})
    with write(store) as session:
        client_id, batch_id, _ = stored(session, vault, now)
        other = clients.ensure(session, "beta", now)
        arguments = {"batch_id": batch_id, "origin": "import", "recorded_by": "ann", "now": now}
        assert outcomes.append(session, client_id, told, **arguments) == 3
        assert outcomes.append(session, client_id, told, **arguments) == 0
        assert lead_reading.outcomes(session, client_id).tolist() == ["converted", "lost", "new"]
        assert lead_reading.find_lead(session, client_id, 1).outcome_at == day.to_pydatetime()
        moments = lead_reading.outcome_moments(session, client_id)
        assert moments.index.tolist() == [1, 2, 3]
        assert moments[1] == day
        assert moments[[2, 3]].isna().all()
        assert outcomes.record(session, client_id, [1, 3, 99], stage="lost", at=None, recorded_by="kim", now=now) == 2
        assert lead_reading.outcomes(session, client_id).tolist() == ["lost", "lost", "lost"]
        found = outcomes.of_leads(session, client_id, [1])
        assert found["stage"].tolist() == ["contacted", "converted", "lost"]
        assert found["at"].iloc[1] == day
        assert found["revenue"].fillna(-1).tolist() == [-1, 100.0, -1]
        assert outcomes.record(session, other, [1], stage="new", at=None, recorded_by="eve", now=now) == 0
        assert outcomes.of_leads(session, other).empty
        with pytest.raises(ValueError, match="married"):
            outcomes.record(session, client_id, [1], stage="married", at=None, recorded_by="kim", now=now)


def test_what_was_decided_since_a_moment_leaves_out_what_was_known(store: Engine, vault, now) -> None:
    later, before = now + timedelta(days=2), now - timedelta(days=30)
    with write(store) as session:
        client_id, _, ids = stored(session, vault, now, people(8))
        same_file = batches.create(session, client_id, filename="b.csv", sha256="0" * 64, imported_by="a", now=later)
        trained_on = batches.create(session, client_id, filename="c.csv", sha256="f" * 64, imported_by="a", now=later)

        def told(place: int, stage: str, *, at=later, moment=later, batch_id=None) -> None:
            frame = pd.DataFrame({"lead_id": [ids[place]], "stage": [stage], "at": pd.to_datetime([at], utc=True)})
            outcomes.append(session, client_id, frame, batch_id=batch_id, origin="import", recorded_by="a", now=moment)

        told(0, "converted")
        told(1, "lost", moment=now)
        told(1, "converted")
        told(2, "contacted", moment=now, batch_id=1)
        told(2, "lost")
        told(3, "contacted")
        told(4, "lost", at=before)
        told(5, "lost", batch_id=same_file)
        told(6, "converted", batch_id=trained_on)
        told(7, "lost", at=None)

    def found(**more) -> list[int]:
        with read(store) as session:
            since = outcomes.decided_since(session, client_id, now + timedelta(days=1), **more)
            assert set(since) <= {"converted", "lost"}
            assert outcomes.decided_since(session, client_id + 1, now, **more).empty
            return sorted(ids.tolist().index(lead) for lead in since.index)

    # known then: 1 by another word, 5 by the same file; undecided: 3
    assert found() == [0, 2, 4, 6, 7]
    assert found(files=["f" * 64]) == [0, 2, 7]


def test_suppressed_people_are_recognised(store: Engine, vault, now) -> None:
    with write(store) as session:
        client_id, other = (clients.ensure(session, name, now) for name in ("acme", "beta"))
        emails = lead_matching.email_index(vault, ["Ann@x.example"])
        phones = lead_matching.phone_index(vault, ["+49 170 1234567", None])
        assert suppression.add(session, client_id, emails=emails, phones=phones, reason="erased", now=now) == 2
        assert suppression.add(session, client_id, emails=emails, reason="erased", now=now) == 0
        asked = lead_matching.email_index(vault, [None, "ann@X.example ", "bob@x.example"])
        called = lead_matching.phone_index(vault, ["0049 1701234567", None, None])
        found = suppression.suppressed(session, client_id, email_indexes=asked, phone_indexes=called)
        assert found.tolist() == [True, True, False]
        assert not suppression.suppressed(session, other, email_indexes=asked, phone_indexes=called).any()
        assert suppression.count(session, client_id) == 2
