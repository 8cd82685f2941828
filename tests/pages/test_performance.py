"""The performance page is honest when there is nothing, little, or enough to measure."""

from datetime import date

import pytest

from leadscore.access import Role
from leadscore.services import currencies, insight, spend
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, person, texts
from tests.pages.test_upload import imported


def figures(app):
    return {metric.label: metric.value for metric in app.metric}


def test_without_leads_nothing_is_claimed(empty, open_page):
    app = open_page(empty, "performance")
    assert_calm(app)
    assert not app.metric
    assert "Nothing to measure yet" in texts(app)


def test_the_figures_are_those_of_the_store(campaign, open_page):
    report = insight.performance(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)
    app = open_page(campaign, "performance", period="All time")
    assert_calm(app)
    shown = figures(app)
    assert shown["Leads"] == f"{report.figures.leads:,}"
    assert shown["Conversion rate"] == f"{100 * report.figures.conversion_rate.value:,.1f} %"


@pytest.mark.parametrize("tab", ["Overview", "Do scores work?", "Money", "Where from", "Over time", "People"])
def test_every_tab_draws_its_pictures(campaign, open_page, tab):
    app = open_page(campaign, "performance", show=tab)
    assert_calm(app)
    assert len(app.get("vega_lite_chart")) >= (1 if tab == "People" else 3)


def test_two_views_stand_side_by_side(campaign, open_page):
    app = open_page(campaign, "performance", period="All time", compare="1", b_period="All time", b_of_tier="High")
    assert_calm(app)
    table = app.dataframe[0].value.set_index("Figure")
    assert table.loc["Leads", "A"] != table.loc["Leads", "B"]


def test_the_steps_of_a_course_are_chosen_and_kept_in_the_address(campaign, open_page):
    app = open_page(campaign, "performance", show="Over time", step="Days")
    assert_calm(app)
    assert "by day" in texts(app)


@pytest.mark.parametrize("query", [
    {"period": "30 days"}, {"period": "From … to …", "from": "2026-01-01"}, {"of_tier": "High"},
    {"of_model": "Rules alone"}, {"of_source": "Webinar"}, {"of_import": "#99 nothing"}, {"of_view": "nobody's"},
    {"period": "From … to …", "from": "soon"}, {"period": "From … to …", "from": "2026-05-01", "to": "2026-01-01"},
])
def test_a_link_narrows_the_page_or_says_why_not(campaign, open_page, query):
    assert_calm(open_page(campaign, "performance", **query))


def test_a_tier_of_a_link_is_the_only_one_counted(campaign, open_page):
    report = insight.performance(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT,
                                 view=insight.ListView(tiers=("High",)))
    app = open_page(campaign, "performance", period="All time", of_tier="High")
    assert figures(app)["Leads"] == f"{report.figures.leads:,}"
    app.button(key="clear-figures").click().run()
    assert_calm(app)
    assert figures(app)["Leads"] != f"{report.figures.leads:,}"


def test_a_filter_without_leads_says_so(campaign, open_page):
    app = open_page(campaign, "performance", period="From … to …", **{"from": "1999-01-01", "to": "1999-12-31"})
    assert_calm(app)
    assert "No lead matches" in texts(app)


def test_with_leads_but_no_outcomes_missing_figures_are_dashes(empty, open_page):
    imported(empty, open_page)
    app = open_page(empty, "performance")
    assert_calm(app)
    assert figures(app)["Score accuracy"] == "—"
    assert figures(app)["Time to conversion"] == "—"


def test_a_viewer_may_look(campaign, open_page):
    assert_calm(open_page(campaign, "performance", Role.VIEWER))


def test_what_a_conversion_costs_is_told_once_spend_is_entered(campaign, open_page):
    app = open_page(campaign, "performance", show="Money", period="All time")
    assert figures(app)["Cost per conversion"] == "—"
    app.text_input(key="spend_source").input("Google Ads")
    app.number_input(key="spend_amount").set_value(50_000.0)
    next(button for button in app.button if button.label == "Add").click().run()
    assert_calm(app)
    report = insight.performance(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)
    assert report.measured.currency == app.selectbox(key="spend_currency").value
    assert figures(app)["Cost per conversion"] == f"{50_000 / report.figures.converted:,.0f} {report.measured.currency}"


def test_no_amount_is_nothing_to_add(campaign, open_page):
    app = open_page(campaign, "performance", show="Money")
    app.text_input(key="spend_source").input("Webinar")
    next(button for button in app.button if button.label == "Add").click().run()
    assert "Say how much was spent." in [warning.value for warning in app.warning]
    assert spend.list_spend(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT).empty


def test_a_file_of_spend_is_read_and_its_bad_rows_are_named(campaign, open_page):
    app = open_page(campaign, "performance", show="Money")
    app.file_uploader(key="spend_file").upload("spend.csv", b"Month,Source,Spend\n2026-01,Ads,100\nsoon,Ads,5\n").run()
    app.button(key="spend_keep").click().run()
    assert_calm(app)
    assert "1 amount added" in texts(app)
    assert "1 row could not be read" in texts(app)
    app.file_uploader(key="spend_file").upload("spend.csv", b"a,b\n1,2\n").run()
    app.button(key="spend_keep").click().run()
    assert_calm(app)
    assert "says what was spent" in texts(app)


def test_a_period_that_ends_before_it_starts_is_refused(campaign, open_page):
    app = open_page(campaign, "performance", show="Money")
    app.number_input(key="spend_amount").set_value(100.0)
    app.date_input(key="spend_to").set_value(date(2020, 1, 1))
    next(button for button in app.button if button.label == "Add").click().run()
    assert "ends before it starts" in texts(app)


def test_a_viewer_sees_spend_and_cannot_change_it(campaign, open_page):
    spend.add_spend(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT,
                    entry=spend.SpendEntry(date(2026, 1, 1), date(2026, 1, 31), 5, "EUR", "Ads"))
    app = open_page(campaign, "performance", Role.VIEWER, show="Money")
    assert_calm(app)
    assert "Add" not in {button.label for button in app.button}
    assert "Ads" in app.dataframe[-1].value["source"].tolist()


def test_the_cost_of_the_tool_is_entered_as_such(campaign, open_page):
    app = open_page(campaign, "performance", show="Money")
    app.segmented_control(key="spend_kind").set_value("tool")
    app.number_input(key="spend_amount").set_value(250.0)
    next(button for button in app.button if button.label == "Add").click().run()
    assert_calm(app)
    listed = spend.list_spend(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)
    assert listed["kind"].tolist() == ["tool"]


def test_a_currency_for_reports_is_kept_and_told(campaign, open_page):
    app = open_page(campaign, "performance", show="Money")
    assert "Amounts in different currencies are kept apart" in texts(app)
    app.selectbox(key="rates_report").set_value("CHF")
    next(button for button in app.button if button.label == "Save rates").click().run()
    assert_calm(app)
    assert "Reports are in CHF" in texts(app)


def test_rates_are_told_with_their_day_and_a_viewer_cannot_change_them(campaign, open_page):
    currencies.save_rates(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT, report="EUR", rates={"USD": 0.92})
    app = open_page(campaign, "performance", Role.VIEWER, show="Money")
    assert_calm(app)
    assert "1 USD = 0.92 EUR, given 2026-11-21" in texts(app)
    assert "Save rates" not in {button.label for button in app.button}
