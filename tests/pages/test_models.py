"""Settings, tab Models: every version with what it achieved, and putting one to use."""

from leadscore.access import Role
from tests.pages.conftest import assert_calm, labels, texts


def test_the_models_show_what_they_achieved_with_its_range(campaign, open_page):
    app = open_page(campaign, "settings", tab="Models")
    assert_calm(app)
    assert "in use" in texts(app)
    assert "of the conversions in the best 20 %" in "".join(bar.proto.text for bar in app.get("progress"))


def test_without_a_model_the_tab_leads_to_training(empty, open_page):
    app = open_page(empty, "settings", tab="Models")
    assert_calm(app)
    assert "No model yet" in texts(app)


def test_a_viewer_sees_the_models_and_changes_nothing(campaign, open_page):
    app = open_page(campaign, "settings", Role.VIEWER, tab="Models")
    assert_calm(app)
    assert not [label for label in labels(app, "button") if label.startswith("Put to use")]
