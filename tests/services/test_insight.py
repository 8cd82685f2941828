"""The first figures of a campaign are counts a person can repeat, and say when they are too few."""

import pytest

from leadscore.services import delivery, dossier, insight, intake, scoring
from tests.services.conftest import CLIENT, HEADER, row

pytestmark = pytest.mark.usefixtures("read_here")


def _filled(workbench, admin, stages):
    data = (HEADER + "".join(row(number, status=stage) for number, stage in enumerate(stages))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    return insight.overview(workbench, admin, client=CLIENT)


def test_figures_are_those_of_the_list(seen, admin):
    figures = insight.overview(seen, admin, client=CLIENT)
    frame = delivery.list_leads(seen, admin, client=CLIENT, view=delivery.ListView(page_size=1_000)).frame
    assert figures.lead_volume == len(frame)
    assert figures.average_score == pytest.approx(frame["score"].mean(), abs=0.05)
    assert figures.converted == (frame["outcome"] == "converted").sum()
    assert figures.lost == (frame["outcome"] == "lost").sum()
    assert figures.histogram["leads"].sum() == figures.conversion["leads"].sum() == len(frame)
    assert figures.tiers.set_index("tier")["leads"].to_dict() == frame["tier"].value_counts().to_dict()
    assert figures.score_accuracy["value"] > 0.5


def test_shares_divide_by_what_they_say(workbench, admin):
    figures = _filled(workbench, admin, ["Closed Won"] * 3 + ["Closed Lost"] * 1 + ["New"] * 6)
    assert figures.conversion_rate == pytest.approx(0.3)
    assert figures.win_rate == pytest.approx(0.75)
    assert any("3 conversions so far" in note for note in figures.notes)
    assert any("no model" in note for note in figures.notes)


def test_one_conversion_is_told_in_the_singular(workbench, admin):
    figures = _filled(workbench, admin, ["Closed Won", "New"])
    assert any(note.startswith("1 conversion so far") for note in figures.notes)


def test_enough_conversions_need_no_warning(seen, admin):
    assert insight.overview(seen, admin, client=CLIENT).notes == []


@pytest.mark.parametrize("client", [CLIENT, "never heard of"])
def test_nothing_stored_is_nothing_said(workbench, admin, client):
    figures = insight.overview(workbench, admin, client=client)
    assert figures.lead_volume == 0
    assert figures.average_score is figures.conversion_rate is figures.win_rate is figures.score_accuracy is None
    assert figures.notes == []


def test_revenue_is_summed_by_currency(workbench, admin):
    _filled(workbench, admin, ["New"] * 4)
    for lead_id, revenue, currency in ((1, 100.0, "EUR"), (2, 50.0, "EUR"), (3, 7.0, "USD")):
        dossier.record_outcome(workbench, admin, client=CLIENT, lead_ids=[lead_id], stage="converted",
                                revenue=revenue, currency=currency)
    assert insight.overview(workbench, admin, client=CLIENT).revenue == {"EUR": 150.0, "USD": 7.0}
