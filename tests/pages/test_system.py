"""The System tab tells administrators everything, others what is theirs, and never more than a role may see."""

from __future__ import annotations

import pytest

from leadscore import worker
from leadscore.access import Role
from leadscore.services import accounts, alerts, backups, faults, operations
from leadscore.workbench import Workbench
from tests.pages.conftest import OpenPage, assert_calm, labels, person, texts


@pytest.fixture
def troubled(empty: Workbench) -> tuple[Workbench, str]:
    """Give a workbench on which something went wrong and something took its time."""
    accounts.create_first_administrator(empty, name="anna", password="correct horse battery")
    try:
        raise ValueError("mia@example.org")
    except ValueError as fault:
        number = faults.note_fault(empty, fault, place="page leads", client="default")
    with operations.timed(empty, "page leads"):
        pass
    operations.keep_timings(empty)
    # its link needs the frame around the page
    (alert,) = alerts.open_alerts(empty, person(Role.ADMIN), client="default")
    alerts.dismiss_alert(empty, person(Role.ADMIN), client="default", alert_id=alert.id, everywhere=True)
    return empty, number


def test_administrators_see_health_errors_speed_and_backups(troubled: tuple[Workbench, str],
                                                            open_page: OpenPage) -> None:
    bench, number = troubled
    app = open_page(bench, "audit", Role.ADMIN, tab="System")
    assert_calm(app)
    said = texts(app)
    for words in ("Health", "Secret key", "Errors of the program", "Size and work", "Backups", "By plan", "Speed"):
        assert words in said
    assert number in str(app.dataframe[0].value)
    app.button(key="show_error").click().run()
    assert_calm(app)
    assert "mia@example.org" in app.code[0].value
    app.button(key="thorough").click().run()
    assert "finds nothing wrong" in texts(app)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MANAGER])
def test_others_see_numbers_but_neither_details_nor_backups(troubled: tuple[Workbench, str], open_page: OpenPage,
                                                            role: Role) -> None:
    app = open_page(troubled[0], "audit", role, tab="System")
    assert_calm(app)
    assert troubled[1] in str(app.dataframe[0].value)
    assert not {"Show", "Back up now", "Look thoroughly", "Check it", "Save"} & set(labels(app, "button"))
    assert not {"By plan", "Size and work"} & set(texts(app).replace("*", "").splitlines())


def test_an_error_is_found_by_the_number_somebody_quotes(troubled: tuple[Workbench, str], open_page: OpenPage) -> None:
    app = open_page(troubled[0], "audit", Role.ADMIN, tab="System", error="ffffffffff")
    assert "There is no error with this number." in texts(app)
    app.text_input(key="error").input(troubled[1]).run()
    assert troubled[1] in str(app.dataframe[0].value)


def test_a_backup_is_made_checked_and_planned_from_the_page(empty: Workbench, open_page: OpenPage) -> None:
    app = open_page(empty, "audit", Role.ADMIN, tab="System")
    assert_calm(app)
    app.button(key="backup_now").click().run()
    assert app.button(key="backup_now").disabled
    worker.run_pending(empty)
    app.run()
    assert_calm(app)
    (made,) = backups.list_backups(empty, person(Role.ADMIN))
    assert made.name in [name for frame in app.dataframe for name in frame.value.get("name", [])]
    app.button(key="check_backup").click().run()
    assert "It is whole" in texts(app)
    app.toggle(key="plan_on").set_value(True)
    app.number_input(key="plan_hours").set_value(6)
    app.button(key="plan_save").click().run()
    assert_calm(app)
    assert backups.backup_settings(empty, person(Role.ADMIN)) == backups.BackupPlan(on=True, every_hours=6, keep=7)
