"""Health says what is wrong in a sentence; backups happen by plan and their failures are told."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

from pathlib import Path

import pytest

from leadscore.access import Actor, Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.services import accounts, alerts, backups, jobs, operations
from leadscore.services.backups import BackupPlan
from leadscore.services.operations import State
from leadscore.steps import health
from leadscore.store.database import write
from leadscore.workbench import Workbench
from tests.services.people import Clock, admin, clock, events, workbench  # noqa: F401


def checks(workbench: Workbench, *, thorough: bool = False) -> dict[str, State]:
    return {check.name: check.state for check in operations.health_of(workbench, thorough=thorough).checks}


def test_a_fresh_workbench_is_well_but_for_its_worker(workbench: Workbench, admin: Actor) -> None:
    assert checks(workbench, thorough=True) == {
        "store": State.OK, "integrity": State.OK, "migrations": State.OK, "secret": State.OK, "disk": State.OK,
        "worker": State.WARN, "checkpoints": State.OK, "backup": State.OK, "language": State.OK}
    assert operations.is_ready(workbench)
    operations.show_life(workbench)
    assert checks(workbench)["worker"] == State.OK


def test_each_thing_that_is_wrong_is_told(workbench: Workbench, admin: Actor, clock: Clock,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    operations.show_life(workbench)
    jobs.submit(workbench, admin, client="default", kind="demo", arguments={})
    clock.forward(minutes=10)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10_000_000}))
    with write(workbench.engine) as session:
        session.execute(accounts.users.text("UPDATE facts SET value = 'x' WHERE name = 'key_check'"))
        session.execute(accounts.users.text("UPDATE alembic_version SET version_num = '0001'"))
    found = operations.health_of(workbench)
    assert {check.name for check in found.checks if check.state is State.FAIL} == {
        "worker", "disk", "secret", "migrations"}
    assert found.state is State.FAIL and not operations.is_ready(workbench)
    assert all(check.sentence.endswith((".", ")")) for check in found.checks)


def test_what_fails_is_an_alert_until_it_does_so_no_more(workbench: Workbench, admin: Actor,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    operations.watch_health(workbench)
    assert alerts.open_alerts(workbench, admin, client="default") == []
    with monkeypatch.context() as full:
        full.setattr(health.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10_000_000}))
        operations.watch_health(workbench)
        operations.watch_health(workbench)
        (alert,) = alerts.open_alerts(workbench, admin, client="default")
        assert (alert.kind, alert.severity, alert.times) == ("health", "serious", 2)
        assert "disk" in alert.text
    operations.watch_health(workbench)
    assert alerts.open_alerts(workbench, admin, client="default") == []


def test_a_store_that_is_gone_fails_without_a_traceback(workbench: Workbench) -> None:
    workbench.engine.dispose()
    (workbench.settings.data_folder / "leadscore.db").write_bytes(b"not a database" * 500)
    found = operations.health_of(workbench, thorough=True)
    assert found.state is State.FAIL
    assert all("Traceback" not in check.sentence for check in found.checks)


def test_backups_are_made_by_plan_and_the_oldest_go(workbench: Workbench, admin: Actor, clock: Clock) -> None:
    assert not backups.back_up_if_due(workbench), "off until somebody switches it on"
    backups.save_backup_settings(workbench, admin, wish=BackupPlan(on=True, every_hours=6, keep=2))
    made = 0
    for _ in range(20):
        made += backups.back_up_if_due(workbench)
        clock.forward(hours=1)
    assert made == 4
    assert len(backups.list_backups(workbench, admin)) == 2
    assert events(workbench).count("backup_made") == 4 and events(workbench).count("backups_removed") == 2
    newest = backups.list_backups(workbench, admin)[0]
    assert backups.verify_backup(workbench, admin, backup=newest.name)["rows"] > 0


def test_a_backup_that_fails_is_told_and_tried_again_and_settled(workbench: Workbench, admin: Actor,
                                                                clock: Clock) -> None:
    backups.save_backup_settings(workbench, admin, wish=BackupPlan(on=True, every_hours=6, keep=2))
    folder = workbench.settings.backups
    folder.write_bytes(b"a file in the way")
    assert not backups.back_up_if_due(workbench)
    (alert,) = alerts.open_alerts(workbench, admin, client="default")
    assert alert.severity == "serious" and "not made" in alert.text
    folder.unlink()
    assert not backups.back_up_if_due(workbench), "not at once again"
    clock.forward(hours=1)
    assert backups.back_up_if_due(workbench)
    assert alerts.open_alerts(workbench, admin, client="default") == []


def test_a_planned_backup_that_is_overdue_fails_the_health(workbench: Workbench, admin: Actor, clock: Clock) -> None:
    backups.save_backup_settings(workbench, admin, wish=BackupPlan(on=True, every_hours=6, keep=2))
    backups.back_up_if_due(workbench)
    assert checks(workbench)["backup"] == State.OK
    clock.forward(hours=13)
    assert checks(workbench)["backup"] == State.FAIL


@pytest.mark.parametrize("plan", [BackupPlan(True, 0, 5), BackupPlan(True, 24, 0), BackupPlan(True, 10_000, 5),
                                  BackupPlan(True, 24, 10_000)])
def test_a_plan_that_cannot_be_followed_is_refused(workbench: Workbench, admin: Actor, plan: BackupPlan) -> None:
    with pytest.raises(InvalidRequest):
        backups.save_backup_settings(workbench, admin, wish=plan)


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "leadscore-backup-20260101T000000Z.backup", ""])
def test_only_backups_of_the_folder_can_be_checked(workbench: Workbench, admin: Actor, name: str) -> None:
    with pytest.raises(NotFound):
        backups.verify_backup(workbench, admin, backup=name)


def test_nobody_but_an_administrator_backs_up_or_puts_back(workbench: Workbench, admin: Actor, tmp_path: Path) -> None:
    manager = Actor("m", Role.MANAGER, 2, frozenset({"default"}))
    for call in (lambda: backups.make_backup(workbench, manager), lambda: backups.list_backups(workbench, manager),
                 lambda: backups.restore_backup(workbench.settings, manager, path=tmp_path / "x",
                                                now=workbench.clock())):
        with pytest.raises(Forbidden):
            call()


def test_figures_tell_sizes_and_what_waits(workbench: Workbench, admin: Actor) -> None:
    jobs.submit(workbench, admin, client="default", kind="demo", arguments={})
    found = operations.figures(workbench, admin)
    assert found.waiting == 1 and found.running == 0
    assert found.store_mb > 0.1 and found.free_mb > 1 and found.backup_at is None
