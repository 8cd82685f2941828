"""The quality of the stored leads is told with what moves the score, and remembered until something changes."""

import pytest

from leadscore.services import intake, quality
from tests.services.conftest import CLIENT, leads_file

pytestmark = pytest.mark.usefixtures("read_here")


def test_a_campaign_is_judged_with_what_to_mend_first(seen, admin):
    view = quality.quality_overview(seen, admin, client=CLIENT)
    told = view.as_dict()
    assert [each.score is not None for each in view.quality.dimensions] == [True] * 6
    assert told["mend_first"][0]["cost"] >= told["mend_first"][-1]["cost"]
    assert view.quality.fields["importance"].sum() > 0.3
    assert view.pictures["quality-heat-map"].spec is not None
    assert view.pictures["quality-imports"].spec is None
    assert {"first_name", "last_name"} & set(view.judged.noted["field"])


def test_no_personal_value_leaves(seen, admin):
    told = str(quality.quality_overview(seen, admin, client=CLIENT).as_dict())
    assert "@" not in told


def test_it_agrees_with_what_the_import_said(seen, admin):
    view = quality.quality_overview(seen, admin, client=CLIENT)
    then = view.judged.imports.iloc[0]
    now = {each.name: each.score for each in view.quality.dimensions}
    assert now["timeliness"] == pytest.approx(then["timeliness"], abs=0.02)
    assert now["accuracy"] == pytest.approx(then["accuracy"], abs=0.02)
    assert now["completeness"] == pytest.approx(then["completeness"], abs=0.05)


def test_it_is_remembered_until_leads_come_in(trained, admin):
    first = quality.quality_overview(trained, admin, client=CLIENT)
    assert quality.quality_overview(trained, admin, client=CLIENT) is first
    intake.import_file(trained, admin, client=CLIENT, source=leads_file(5), filename="more.csv")
    second = quality.quality_overview(trained, admin, client=CLIENT)
    assert second.quality.leads == first.quality.leads + 5
    assert len(second.judged.imports) == 2
    assert second.pictures["quality-imports"].spec is not None


def test_a_client_without_leads_has_empty_pictures(workbench, admin):
    view = quality.quality_overview(workbench, admin, client=CLIENT)
    assert view.quality.leads == 0
    assert all(picture.spec is None for picture in view.pictures.values())
