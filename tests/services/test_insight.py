"""The figures of a client are counts a person can repeat, and say when they are too few."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import delivery, dossier, insight, intake, policies, scoring, segments, spend
from leadscore.services.insight import ListView
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, HEADER, row

pytestmark = pytest.mark.usefixtures("read_here")


def _filled(workbench, admin, stages):
    data = (HEADER + "".join(row(number, status=stage) for number, stage in enumerate(stages))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    return _report(workbench, admin)


def _report(bench, actor, **view):
    return insight.performance(bench, actor, client=CLIENT, view=ListView(**view))


def test_figures_are_those_of_the_list(seen, admin):
    report = _report(seen, admin)
    frame = delivery.list_leads(seen, admin, client=CLIENT, view=ListView(page_size=1_000)).frame
    figures = report.figures
    assert figures.leads == len(frame)
    assert figures.average_score == pytest.approx(frame["score"].mean(), abs=0.1)
    assert figures.converted == (frame["outcome"] == "converted").sum()
    assert figures.lost == (frame["outcome"] == "lost").sum()
    assert report.measured.histogram["leads"].sum() == len(frame)
    assert all(report.measured.trend(step)["leads"].sum() == len(frame) for step in ("day", "week", "month"))
    came = report.measured.stages[report.measured.stages["stage"] == "came in"].set_index("tier")["leads"]
    assert came[came > 0].to_dict() == frame["tier"].value_counts().to_dict()
    assert report.now.accuracy.value > 0.5
    assert set(report.measured.measured_on) == {"held out"}
    held_out = report.measured.measured_on["held out"]
    assert sum(report.measured.confusion.values()) == report.measured.ranges["leads"].sum() == held_out
    assert 0 < held_out < figures.converted + figures.lost


def test_scores_that_may_know_the_end_are_not_called_accurate(trained, admin):
    with write(trained.engine) as session:
        session.execute(text("UPDATE scores SET foretold = NULL, foretold_chance = NULL, foretold_by = NULL"))
    report = _report(trained, admin)
    assert set(report.measured.measured_on) == {"today"}
    assert report.now.accuracy == report.measured.held_out
    assert report.now.found.value is None


def test_a_filter_narrows_every_figure(seen, admin):
    frame = delivery.list_leads(seen, admin, client=CLIENT, view=ListView(page_size=1_000)).frame
    high = _report(seen, admin, tiers=("High",))
    assert high.figures.leads == (frame["tier"] == "High").sum()
    assert high.figures.average_score > _report(seen, admin).figures.average_score
    source = str(_report(seen, admin).measured.sources["source"].iloc[0])
    assert _report(seen, admin, sources=(source,)).measured.sources["source"].tolist() == [source]
    assert _report(seen, admin, model_version=99).figures.leads == 0
    assert _report(seen, admin, policy_version=1).figures.leads == len(frame)


def test_a_period_is_compared_with_the_one_before(seen, admin):
    whole = _report(seen, admin)
    assert whole.before is whole.measured.period_before is None
    first, last = whole.period
    middle = first + (last - first) / 2
    late = _report(seen, admin, came_from=middle.isoformat(), came_to=last.isoformat())
    assert 0 < late.figures.leads < whole.figures.leads
    assert late.before.figures.leads > 0
    assert late.measured.period_before[1] < middle
    assert late.period == (middle, last)
    assert late.figures.leads + _report(seen, admin, came_to=date.fromordinal(middle.toordinal() - 1).isoformat()
                                        ).figures.leads == whole.figures.leads


def test_a_saved_view_narrows_the_figures(trained, admin):
    number = segments.save_segment(trained, admin, client=CLIENT, name="Hot", view=ListView(tiers=("High",)))
    assert _report(trained, admin, segment=number).figures == _report(trained, admin, tiers=("High",)).figures
    with pytest.raises(NotFound):
        _report(trained, admin, segment=number + 1)


@pytest.mark.parametrize("view", [{"came_from": "soon"}, {"came_from": "2026-02-01", "came_to": "2026-01-01"}])
def test_a_period_that_is_none_is_refused(seen, admin, view):
    with pytest.raises(InvalidRequest):
        _report(seen, admin, **view)


def test_shares_divide_by_what_they_say(workbench, admin):
    report = _filled(workbench, admin, ["Closed Won"] * 3 + ["Closed Lost"] * 1 + ["New"] * 6)
    assert report.figures.conversion_rate.value == pytest.approx(0.3)
    assert report.figures.win_rate == pytest.approx(0.75)
    assert report.figures.worked == pytest.approx(0.4)
    assert report.measured.measured_on == {"rules": 4}
    assert not report.measured.has_model


def test_a_score_given_before_the_end_was_told_is_held_against_it_for_good(workbench, admin):
    _filled(workbench, admin, ["New"] * 4)
    later = workbench.clock() + timedelta(hours=1)
    workbench = replace(workbench, clock=lambda: later)
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1, 2], stage="converted")
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[3], stage="lost")
    assert _report(workbench, admin).measured.measured_on == {"before": 3}
    dossier.override(workbench, admin, client=CLIENT, lead_id=3, score=99, reason="looks good now")
    scoring.rescore(workbench, admin, client=CLIENT)
    report = _report(workbench, admin)
    assert report.measured.measured_on == {"before": 3}
    assert report.measured.ranges.set_index("high")["lost"].get(100.0, 0) == 0


@pytest.mark.parametrize("client", [CLIENT, "never heard of"])
def test_nothing_stored_is_nothing_said(workbench, admin, client):
    report = insight.performance(workbench, admin, client=client)
    assert report.figures.leads == 0
    assert report.figures.average_score is report.figures.win_rate is report.now.accuracy.value is report.period is None
    assert report.now.money == ()
    assert report.measured.trend("day").empty
    assert insight.span(workbench, admin, client=client) is None


def test_money_is_told_by_currency_with_what_was_spent(workbench, admin):
    _filled(workbench, admin, ["New"] * 4)
    for lead_id, revenue, currency in ((1, 100.0, "EUR"), (2, 50.0, "EUR"), (3, 7.0, "USD")):
        dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[lead_id], stage="converted",
                                revenue=revenue, currency=currency)
    spend.add_spend(workbench, admin, client=CLIENT,
                    entry=spend.SpendEntry(date(2026, 1, 1), date(2026, 1, 31), 60.0, "EUR", "Referral"))
    euros, dollars = _report(workbench, admin).now.money
    assert (euros.currency, euros.revenue, euros.spend) == ("EUR", 150.0, 60.0)
    assert (euros.cost_per_conversion, euros.return_on_spend, euros.revenue_per_lead) == (20.0, 1.5, 37.5)
    assert (dollars.currency, dollars.revenue, dollars.return_on_spend) == ("USD", 7.0, None)
    assert _report(workbench, admin, sources=("Nowhere",)).now.money == ()


def test_a_campaign_is_told_with_what_it_cost_and_brought_once_somebody_says_the_cost(trained, admin):
    report = _report(trained, admin)
    assert report.measured.campaign_returns.empty
    with read(trained.engine) as session:
        name, won = session.execute(text(
            "SELECT campaign, count(*) FROM leads WHERE outcome = 'converted' AND campaign IS NOT NULL GROUP BY "
            "campaign ORDER BY 2 DESC LIMIT 1")).one()
    spend.add_spend(trained, admin, client=CLIENT, entry=spend.SpendEntry(
        date(2025, 1, 1), date(2026, 12, 31), 100.0 * won, "EUR", campaign=name))
    found = _report(trained, admin).measured.campaign_returns
    cost = found[(found["campaign"] == name) & (found["currency"] == "EUR")].iloc[0]
    assert (cost["spend"], cost["cost_per_conversion"]) == (100.0 * won, 100.0)
    assert _report(trained, admin, sources=("nowhere",)).measured.campaign_returns.empty


def test_a_corrected_revenue_replaces_the_earlier_one_at_once(workbench, admin):
    _filled(workbench, admin, ["New"] * 2)
    for amount in (100.0, 80.0):
        dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1], stage="converted", revenue=amount,
                               currency="EUR")
        assert _report(workbench, admin).now.money[0].revenue == amount


def test_a_report_is_remembered_until_something_changes(trained, admin, monkeypatch):
    first = _report(trained, admin)
    assert _report(trained, admin) is first
    listed = delivery.list_leads(trained, admin, client=CLIENT, view=ListView(page_size=1)).frame
    lead_id = int(listed["lead_id"].iloc[0])
    dossier.record_outcome(trained, admin, client=CLIENT, lead_ids=[lead_id], stage="contacted")
    second = _report(trained, admin)
    assert second is not first
    assert second.now != first.now


@pytest.mark.parametrize("view", [{}, {"tiers": ("High",)}, {"came_from": "2026-09-01", "came_to": "2026-10-31"}])
def test_the_average_is_that_of_the_list_to_the_cent(seen, admin, view):
    listed = delivery.list_leads(seen, admin, client=CLIENT, view=ListView(**view, page_size=500)).frame
    assert _report(seen, admin, **view).figures.average_score == pytest.approx(listed["score"].mean(), abs=0.051)


def test_whole_points_average_to_what_they_are(workbench, admin):
    _filled(workbench, admin, ["New"] * 3)
    for lead_id in (1, 2, 3):
        dossier.override(workbench, admin, client=CLIENT, lead_id=lead_id, score=40, reason="as seen at the fair")
    report = _report(workbench, admin)
    assert report.figures.average_score == report.measured.sources["average_score"].iloc[0] == 40.0


def test_costs_are_told_only_where_spend_can_be_told_apart(workbench, admin):
    _filled(workbench, admin, ["New"] * 4)
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1], stage="converted", revenue=90.0,
                           currency="EUR")
    spend.add_spend(workbench, admin, client=CLIENT,
                    entry=spend.SpendEntry(date(2026, 10, 1), date(2026, 10, 1), 60.0, "EUR", "Referral"))
    tier = delivery.list_leads(workbench, admin, client=CLIENT, view=ListView()).frame.set_index("lead_id")["tier"][1]
    (told,) = _report(workbench, admin, came_from="2026-10-01", sources=("Referral",)).now.money
    (narrowed,) = _report(workbench, admin, tiers=(tier,)).now.money
    assert (told.spend, told.cost_per_conversion, narrowed.revenue) == (60.0, 60.0, 90.0)
    assert (narrowed.spend, narrowed.cost_per_conversion, narrowed.return_on_spend) == (0.0, None, None)


def test_a_period_that_reaches_back_for_ever_is_compared_with_none(seen, admin):
    assert _report(seen, admin, came_from="0900-01-01", came_to="2026-12-31").before is None


def test_the_period_before_is_counted_when_its_leads_were_as_old(workbench, admin):
    created = ["2026-09-10", "2026-09-20", "2026-10-10", "2026-10-20"]
    data = (HEADER + "".join(row(number, created=day) for number, day in enumerate(created))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    for lead_id, day in ((1, "2026-09-25"), (2, "2026-10-25"), (3, "2026-10-28")):
        dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[lead_id], stage="converted", revenue=10.0,
                               currency="EUR", at=datetime.fromisoformat(day).replace(tzinfo=UTC))
    # October is looked at 21 days after its end, so September is counted as it was on 21 October
    report = _report(workbench, admin, came_from="2026-10-01", came_to="2026-10-30")
    assert (report.figures.converted, report.before.figures.converted, report.before.figures.leads) == (1, 1, 2)
    assert report.before.money[0].revenue == 10.0
    assert report.before.speed.days_to_conversion == 15
    whole = _report(workbench, admin, came_from="2026-09-01", came_to="2026-09-30")
    assert (whole.figures.converted, whole.now.money[0].revenue) == (2, 20.0)


def test_a_conversion_is_worth_what_those_with_a_known_amount_brought(workbench, admin):
    _filled(workbench, admin, ["New"] * 5)
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[1], stage="converted")
    dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[2, 3], stage="converted", revenue=30.0,
                           currency="EUR")
    economics = _report(workbench, admin).measured.economics
    assert (economics.value_per_conversion, economics.currency) == (30.0, "EUR")
    assert _report(workbench, admin).measured.profit.empty, "what a contact costs nobody has said"
    policies.save_policy(workbench, admin, client=CLIENT, comment="costs", changes={
        "economics": {"cost_per_contact": 5.0, "currency": "EUR"}})
    profit = _report(workbench, admin).measured.profit
    assert profit["profit"].iloc[-1] == 2 * 30.0 - 2 * 5.0, "two open leads, and all three that ended converted"


def test_a_revenue_that_fell_is_told_as_what_changed_most(workbench, admin):
    created = ["2026-09-10"] * 30 + ["2026-10-10"] * 30
    data = (HEADER + "".join(row(number, created=day) for number, day in enumerate(created))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    for ids, day, amount in ((range(1, 16), "2026-09-12", 1000.0), (range(31, 46), "2026-10-12", 100.0)):
        dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=list(ids), stage="converted", revenue=amount,
                               currency="EUR", at=datetime.fromisoformat(day).replace(tzinfo=UTC))
    report = _report(workbench, admin, came_from="2026-10-01", came_to="2026-10-30")
    assert report.sentences[0].text == "Revenue fell from 15,000 EUR to 1,500 EUR."


def test_every_picture_is_drawn_once_under_its_own_key(seen, admin):
    report = _report(seen, admin)
    assert [picture.key for picture in report.pictures] == list(report.drawings)
    assert report.picture("gains") is report.picture("gains")
    assert [picture.key for picture in report.courses("day")] == list(report.drawings)[:5]
