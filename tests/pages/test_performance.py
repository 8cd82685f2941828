"""The performance page is honest when there is nothing, little, or enough to measure."""

from leadscore.access import Role
from leadscore.services import insight
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
    overview = insight.overview(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)
    app = open_page(campaign, "performance")
    assert_calm(app)
    shown = figures(app)
    assert shown["Leads"] == f"{overview.lead_volume:,}"
    assert shown["Conversion rate"] == f"{100 * overview.conversion_rate:,.1f} %"
    assert len(app.get("plotly_chart")) == 2


def test_with_leads_but_no_outcomes_missing_figures_are_dashes(empty, open_page):
    imported(empty, open_page)
    app = open_page(empty, "performance")
    assert_calm(app)
    assert figures(app)["Score accuracy"] == "—"
    assert figures(app)["Win rate"] == "—"


def test_a_viewer_may_look(campaign, open_page):
    assert_calm(open_page(campaign, "performance", Role.VIEWER))
