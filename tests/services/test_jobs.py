"""Long work is queued, watched by those it belongs to, and ends well, badly or stopped, but it ends."""

from datetime import timedelta

import pytest

from leadscore.access import Role
from leadscore.errors import Cancelled, Forbidden, InvalidRequest, LeadScoreError, NotFound
from leadscore.services import jobs
from tests.services.conftest import CLIENT, NOW, person, workbench_at


def _submit(workbench, actor, client=CLIENT, kind="rescore"):
    return jobs.submit(workbench, actor, client=client, kind=kind, arguments={"a": 1})


def _state(workbench, job_id):
    return jobs.view(workbench, person(Role.ADMIN), job_id=job_id).state


def test_a_job_waits_runs_and_is_done(workbench, analyst):
    job_id = _submit(workbench, analyst)
    assert _state(workbench, job_id) == "queued"
    claimed = jobs.claim(workbench)
    assert (claimed.id, claimed.client, claimed.kind, claimed.arguments) == (job_id, CLIENT, "rescore", {"a": 1})
    assert (claimed.user_name, claimed.user_id) == (analyst.name, analyst.user_id)
    assert jobs.progress(workbench, job_id, 0.5, "Half way")
    seen = jobs.view(workbench, analyst, job_id=job_id)
    assert (seen.state, seen.progress, seen.message, seen.ended) == ("running", 0.5, "Half way", False)
    jobs.finish(workbench, job_id, result={"rows": 3})
    seen = jobs.view(workbench, analyst, job_id=job_id)
    assert (seen.state, seen.result, seen.error, seen.ended) == ("done", {"rows": 3}, None, True)


def test_the_oldest_job_is_taken_first_and_only_once(tmp_path, analyst):
    moments = iter(NOW + timedelta(seconds=second) for second in range(1_000))
    workbench = workbench_at(tmp_path, clock=lambda: next(moments))
    ids = [_submit(workbench, analyst) for _ in range(3)]
    assert [jobs.claim(workbench).id for _ in range(3)] == ids
    assert jobs.claim(workbench) is None
    assert [job.id for job in jobs.recent(workbench, analyst, client=CLIENT, limit=2)] == ids[:0:-1]


@pytest.mark.parametrize(("error", "state"), [
    (LeadScoreError("broken", "It broke.", "Mend it."), "failed"),
    (Cancelled("cancelled", "Stopped.", ""), "cancelled"),
])
def test_a_job_can_end_otherwise(workbench, analyst, error, state):
    job_id = _submit(workbench, analyst)
    jobs.claim(workbench)
    jobs.finish(workbench, job_id, error=error)
    seen = jobs.view(workbench, analyst, job_id=job_id)
    assert (seen.state, seen.ended) == (state, True)
    assert (seen.error or {}).get("code") == ("broken" if state == "failed" else None)
    jobs.finish(workbench, job_id, result={})
    assert _state(workbench, job_id) == state


def test_a_waiting_job_is_stopped_at_once_and_a_running_one_is_asked_to(workbench, analyst):
    waiting = _submit(workbench, analyst)
    jobs.cancel(workbench, analyst, job_id=waiting)
    assert _state(workbench, waiting) == "cancelled"
    running = _submit(workbench, analyst)
    assert jobs.claim(workbench).id == running
    jobs.cancel(workbench, analyst, job_id=running)
    assert _state(workbench, running) == "running"
    assert jobs.view(workbench, analyst, job_id=running).stopping
    assert not jobs.progress(workbench, running, 0.1, "on")


def test_a_job_whose_worker_died_is_found_and_one_that_lives_is_not(tmp_path, analyst):
    moment = [NOW]
    workbench = workbench_at(tmp_path, clock=lambda: moment[0])
    job_id = _submit(workbench, analyst)
    jobs.claim(workbench)
    moment[0] += timedelta(seconds=100)
    assert jobs.abandoned(workbench) == []
    assert jobs.progress(workbench, job_id, 0.2, "alive")
    moment[0] += timedelta(seconds=100)
    assert jobs.abandoned(workbench) == []
    moment[0] += timedelta(minutes=3)
    assert [(job.id, job.stored_as) for job in jobs.abandoned(workbench)] == [(job_id, None)]


@pytest.mark.parametrize("look", [jobs.view, jobs.cancel])
def test_a_job_of_another_client_does_not_exist(workbench, analyst, stranger, look):
    job_id = _submit(workbench, analyst)
    with pytest.raises(NotFound) as hidden:
        look(workbench, stranger, job_id=job_id)
    with pytest.raises(NotFound) as missing:
        look(workbench, stranger, job_id="0" * 32)
    assert str(hidden.value) == str(missing.value)
    assert _state(workbench, job_id) == "queued"


@pytest.mark.parametrize("kind", sorted(jobs.KINDS))
def test_each_kind_of_job_needs_the_right_to_do_it(workbench, viewer, analyst, admin, kind):
    with pytest.raises(Forbidden):
        _submit(workbench, viewer, kind=kind)
    job_id = _submit(workbench, analyst if analyst.may(jobs.KINDS[kind]) else admin, kind=kind)
    with pytest.raises(Forbidden):
        jobs.cancel(workbench, viewer, job_id=job_id)


def test_there_is_no_other_work(workbench, admin):
    with pytest.raises(InvalidRequest):
        _submit(workbench, admin, kind="dance")


def test_the_file_of_a_job_is_for_its_client(workbench, admin, analyst, viewer):
    job_id = _submit(workbench, analyst, kind="export")
    jobs.claim(workbench)
    kept = jobs.keep_file(workbench, client=CLIENT, data=b"a,b\n", filename="best.csv")
    with pytest.raises(NotFound):
        jobs.result_file(workbench, analyst, client=CLIENT, job_id=job_id)
    jobs.finish(workbench, job_id, result={"file": kept})
    assert jobs.result_file(workbench, analyst, client=CLIENT, job_id=job_id) == ("best.csv", b"a,b\n")
    with pytest.raises(Forbidden):
        jobs.result_file(workbench, viewer, client=CLIENT, job_id=job_id)
    with pytest.raises(NotFound):
        jobs.result_file(workbench, admin, client="globex", job_id=job_id)
    assert b"a,b" not in b"".join(path.read_bytes() for path in workbench.uploads.folder.iterdir())


def test_files_nobody_fetched_are_removed_in_time(workbench, analyst):
    jobs.keep_file(workbench, client=CLIENT, data=b"x", filename="a.csv")
    (path,) = workbench.uploads.folder.iterdir()
    from_now = path.stat().st_mtime - NOW.timestamp()
    early = workbench_at(workbench.settings.home, clock=lambda: NOW + timedelta(seconds=from_now, hours=23))
    assert jobs.forget_old_files(early) == 0
    late = workbench_at(workbench.settings.home, clock=lambda: NOW + timedelta(seconds=from_now, hours=25))
    assert jobs.forget_old_files(late) == 1
