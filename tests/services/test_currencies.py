"""Rates belong to one client, are dated, and are refused where they make no sense."""

from datetime import timedelta

import pytest

from leadscore.access import Role
from leadscore.errors import Forbidden, InvalidRequest
from leadscore.services import currencies, governance
from leadscore.services.currencies import GivenRate, RateTable
from tests.services.conftest import CLIENT, NOW, person, workbench_at


def _save(bench, actor, report="EUR", **rates):
    return currencies.save_rates(bench, actor, client=CLIENT, report=report, rates=rates)


def test_a_client_has_no_rates_until_somebody_gives_them(workbench, admin):
    assert currencies.current_rates(workbench, admin, client=CLIENT) == RateTable()


def test_rates_are_kept_with_their_day_and_who_gave_them_and_the_trail_says_so(workbench, admin):
    _save(workbench, admin, "eur", usd=0.92)
    found = currencies.current_rates(workbench, admin, client=CLIENT)
    assert found == RateTable("EUR", (GivenRate("USD", 0.92, "2026-11-21", admin.name),))
    assert currencies.current_rates(workbench, admin, client="globex") == RateTable()
    assert "rates_saved" in governance.audit_events(workbench, admin, limit=5).frame["action"].tolist()


def test_a_rate_that_stays_keeps_its_day_and_a_new_one_gets_its_own(tmp_path, admin):
    _save(workbench_at(tmp_path), admin, USD=0.92, GBP=1.1)
    later = workbench_at(tmp_path, clock=lambda: NOW + timedelta(days=30))
    found = _save(later, person(Role.MANAGER, CLIENT), USD=0.92, GBP=1.2)
    assert [(given.currency, given.day) for given in found.rates] == [("GBP", "2026-12-21"), ("USD", "2026-11-21")]


def test_another_report_currency_starts_anew(tmp_path, admin):
    _save(workbench_at(tmp_path), admin, USD=0.92)
    later = workbench_at(tmp_path, clock=lambda: NOW + timedelta(days=30))
    assert [given.day for given in _save(later, admin, "CHF", USD=0.92).rates] == ["2026-12-21"]
    assert _save(later, admin, "EUR").rates == ()


def test_saving_what_is_there_already_leaves_no_trace(workbench, admin):
    _save(workbench, admin, USD=0.92)
    before = len(governance.audit_events(workbench, admin, limit=50).frame)
    _save(workbench, admin, USD=0.92)
    assert len(governance.audit_events(workbench, admin, limit=50).frame) == before


@pytest.mark.parametrize(("report", "rates", "code"), [
    ("EUR", {"USD": 0.0}, "wrong_rate"), ("EUR", {"USD": -1.0}, "wrong_rate"),
    ("EUR", {"USD": float("inf")}, "wrong_rate"), ("EUR", {"USD": float("nan")}, "wrong_rate"),
    ("EUR", {"USD": 1e300}, "wrong_rate"), ("EUR", {"USD": None}, "wrong_rate"),
    ("EUR", {"EURO": 1.0}, "unknown_currency"), ("EUR", {"XYZ": 1.0}, "unknown_currency"),
    ("euros", {}, "unknown_currency"), ("EUR", {"eur": 1.0}, "rate_for_itself"),
    ("EUR", {"usd": 1.0, "USD ": 2.0}, "rate_twice"), ("", {"USD": 1.0}, "no_report_currency"),
])
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(workbench, admin, report, rates, code):
    with pytest.raises(InvalidRequest) as refused:
        currencies.save_rates(workbench, admin, client=CLIENT, report=report, rates=rates)
    assert refused.value.code == code
    assert currencies.current_rates(workbench, admin, client=CLIENT) == RateTable()


def test_a_viewer_reads_rates_and_gives_none(workbench, admin):
    _save(workbench, admin, USD=0.92)
    assert currencies.current_rates(workbench, person(Role.VIEWER, CLIENT), client=CLIENT).report == "EUR"
    with pytest.raises(Forbidden):
        _save(workbench, person(Role.VIEWER, CLIENT), USD=1.0)
