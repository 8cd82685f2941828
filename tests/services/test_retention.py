"""What is older than it may be goes, and a dry run says exactly what."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import InvalidRequest
from leadscore.services import dossier, intake, jobs, retention
from leadscore.store import lead_reading
from leadscore.store.database import read
from tests.services.conftest import CLIENT, HEADER, leads_file, person, row, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")
BOSS = person(Role.ADMIN)
START = datetime(2026, 1, 10, 12, tzinfo=UTC)
KEEP_A_YEAR = {"leads": 365, "jobs": 10}


@pytest.fixture
def aged(tmp_path):
    """Give a workbench where two years have passed since the first import, and a word about one of its leads."""
    moments = [START]
    workbench = workbench_at(tmp_path, clock=lambda: moments[-1])
    source = (HEADER + row(1) + row(2) + row(3, email="broken")).encode()
    intake.import_file(workbench, BOSS, client=CLIENT, source=source, filename="old.csv")
    jobs.finish(workbench, jobs.submit(workbench, BOSS, client=CLIENT, kind="demo", arguments={}))
    moments.append(START + timedelta(days=730))
    dossier.record_outcome(workbench, BOSS, client=CLIENT, lead_ids=[2], stage="contacted")
    intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(4)[:0] + (HEADER + row(9)).encode(),
                       filename="new.csv")
    retention.save_retention(workbench, BOSS, client=CLIENT, days=KEEP_A_YEAR)
    return workbench


def rows(run: retention.Run) -> dict[str, int]:
    return {rule.name: rule.rows for rule in run.rules}


def test_a_dry_run_says_what_the_run_does_and_then_nothing_is_left(aged) -> None:
    with read(aged.engine) as session:
        stored = lead_reading.ids(session, 1).tolist()
    foretold = retention.run_retention(aged, BOSS, client=CLIENT, dry_run=True)
    done = retention.run_retention(aged, BOSS, client=CLIENT, dry_run=False)
    assert rows(foretold) == rows(done)
    assert {"leads", "remarks"} <= {name for name, count in rows(done).items() if count}
    assert not any(rows(retention.run_retention(aged, BOSS, client=CLIENT, dry_run=True)).values())
    with read(aged.engine) as session:
        left = lead_reading.ids(session, 1).tolist()
    assert 2 in left and len(left) == len(stored) - rows(done)["leads"]


def test_nothing_is_older_than_the_limit_after_a_run(aged) -> None:
    retention.run_retention(aged, BOSS, client=CLIENT, dry_run=False)
    limit = f"{aged.clock() - timedelta(days=90):%Y-%m-%dT%H:%M:%S.000Z}"
    with read(aged.engine) as session:
        old = session.execute(text("SELECT count(*) FROM batches WHERE created_at < :limit AND issue_rows IS NOT NULL"),
                              {"limit": limit}).scalar_one()
    assert old == 0


def test_the_daily_run_is_done_once_a_day_and_told(aged) -> None:
    assert retention.apply_retention(aged) > 0
    assert retention.apply_retention(aged) == 0
    with read(aged.engine) as session:
        told = session.execute(text("SELECT detail FROM audit_events WHERE action = 'retention_applied'")).scalars()
        assert '"leads"' in next(iter(told))


def test_leads_are_kept_until_somebody_chooses_otherwise(tmp_path) -> None:
    moments = [START]
    workbench = workbench_at(tmp_path, clock=lambda: moments[-1])
    intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(2), filename="old.csv")
    moments.append(START + timedelta(days=9_000))
    assert rows(retention.run_retention(workbench, BOSS, client=CLIENT))["leads"] == 0


@pytest.mark.parametrize(("days", "code"), [({"leads": 3}, "wrong_days"), ({"everything": 5}, "unknown_rule"),
                                            ({"remarks": 0}, "wrong_days"), ({"answers": 99_999}, "wrong_days")])
def test_what_cannot_be_chosen_is_refused(workbench, admin, days, code) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        retention.save_retention(workbench, admin, client=CLIENT, days=days)
    assert refusal.value.code == code
