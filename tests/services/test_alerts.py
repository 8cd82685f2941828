"""Alerts as people see them: the gravest first, those of the workbench for administrators alone, all of it logged."""

from datetime import UTC, datetime

import pytest

from leadscore.access import Role
from leadscore.errors import Forbidden, NotFound
from leadscore.services import alerts, governance
from leadscore.services.alerts import AlertKind, Severity
from leadscore.steps.alerting import raise_alert, settle_alert
from leadscore.store import clients
from leadscore.store.database import write
from tests.services.conftest import CLIENT, person

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def raised(workbench):
    """Give a function that raises: ``raised(subject, severity, everywhere)``."""
    def one(subject, severity=Severity.WARNING, *, everywhere=False):
        with write(workbench.engine) as session:
            client_id = None if everywhere else clients.ensure(session, CLIENT, NOW)
            raise_alert(session, workbench, client_id=client_id, kind=AlertKind.DRIFT, subject=subject,
                        text=f"{subject} has changed", severity=severity, now=NOW)

    return one


def _open(workbench, role):
    return [alert.text for alert in alerts.open_alerts(workbench, person(role, CLIENT), client=CLIENT)]


def _actions(workbench):
    return governance.audit_events(workbench, person(Role.ADMIN, CLIENT)).frame["action"].tolist()


def test_the_gravest_comes_first(workbench, raised):
    raised("Age", Severity.NOTE)
    raised("Country", Severity.SERIOUS)
    raised("Source")
    assert _open(workbench, Role.VIEWER) == ["Country has changed", "Source has changed", "Age has changed"]


def test_only_administrators_see_what_is_about_the_workbench(workbench, raised):
    raised("The disk", everywhere=True)
    assert _open(workbench, Role.MANAGER) == []
    assert _open(workbench, Role.ADMIN) == ["The disk has changed"]


def test_raising_is_logged_once_and_settling_each_time(workbench, raised):
    raised("Age")
    raised("Age")
    assert _actions(workbench).count("alert_raised") == 1
    alert = alerts.open_alerts(workbench, person(Role.ANALYST, CLIENT), client=CLIENT)[0]
    assert alert.times == 2
    alerts.dismiss_alert(workbench, person(Role.ANALYST, CLIENT), client=CLIENT, alert_id=alert.id)
    assert _open(workbench, Role.ADMIN) == []
    assert _actions(workbench).count("alert_settled") == 1


def test_what_is_over_is_settled_by_the_workbench(workbench, raised):
    raised("Age")
    for settled in (True, False):
        with write(workbench.engine) as session:
            assert settle_alert(session, workbench, client_id=clients.require(session, CLIENT), kind=AlertKind.DRIFT,
                                subject="Age", now=NOW) is settled
    events = governance.audit_events(workbench, person(Role.ADMIN, CLIENT), action="alert_settled").frame
    assert events["actor"].tolist() == ["workbench"]


def test_who_may_not_settle_is_refused(workbench, raised):
    raised("Age")
    raised("The disk", everywhere=True)
    mine, disk = sorted(alerts.open_alerts(workbench, person(Role.ADMIN, CLIENT), client=CLIENT),
                        key=lambda alert: alert.everywhere)
    with pytest.raises(Forbidden):
        alerts.dismiss_alert(workbench, person(Role.VIEWER, CLIENT), client=CLIENT, alert_id=mine.id)
    with pytest.raises(Forbidden):
        alerts.dismiss_alert(workbench, person(Role.MANAGER, CLIENT), client=CLIENT, alert_id=disk.id, everywhere=True)
    with pytest.raises(NotFound):
        alerts.dismiss_alert(workbench, person(Role.MANAGER, CLIENT), client=CLIENT, alert_id=disk.id)
