"""Settings, tab Models: every version with what it achieved, putting one to use, and two of them side by side."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from leadscore.access import Role
from leadscore.services import jobs, models, retraining, training
from leadscore.store.database import write
from leadscore.store.tables import ModelVersion
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, make_workbench, person, texts
from tests.pages.reports import METRICS, rich_report

ADMIN = person(Role.ADMIN)


@pytest.fixture(scope="session")
def two_models_home(campaign_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home in which a second model has taken over from the first, once for all tests."""
    home = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(campaign_home, home)
    workbench = make_workbench(home)
    request = training.TrainingRequest(algorithm="logistic", balance="none", drop=("job_title",), deploy=True)
    training.train_stored(workbench, ADMIN, client=DEFAULT_CLIENT, request=request)
    workbench.engine.dispose()
    return home


@pytest.fixture
def two(two_models_home, tmp_path):
    shutil.copytree(two_models_home, tmp_path / "home")
    return make_workbench(tmp_path / "home")


def aliases(workbench):
    return {model.version: model.alias for model in models.list_models(workbench, ADMIN, client=DEFAULT_CLIENT)}


def told(app):
    boxes = [*app.success, *app.warning, *app.error]
    return " ".join(f"{box.proto.title} {box.value}" for box in boxes)


def test_the_models_show_what_they_achieved_with_its_range(campaign, open_page):
    app = open_page(campaign, "settings", tab="Models")
    assert_calm(app)
    assert "in use" in texts(app)
    assert "of the conversions in the best 20 %" in "".join(bar.proto.text for bar in app.get("progress"))
    assert "compare" not in [button.key for button in app.button], "there is nothing to compare it with"


def test_without_a_model_the_tab_leads_to_training(empty, open_page):
    app = open_page(empty, "settings", tab="Models")
    assert_calm(app)
    assert "No model yet" in texts(app)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_who_may_not_deploy_sees_the_models_and_changes_nothing(two, open_page, role):
    app = open_page(two, "settings", role, tab="Models")
    assert_calm(app)
    assert "in use before" in texts(app)
    assert not [label for label in labels(app, "button") if label.startswith(("Put to use", "Roll back", "Make"))]
    assert "Check its files" in labels(app, "button")


def test_rolling_back_shows_that_old_scores_come_out_identical(two, open_page):
    app = open_page(two, "settings", Role.MANAGER, tab="Models")
    app.button(key="back-1").click().run()
    assert_calm(app)
    assert "Model 1 is back in use." in told(app)
    assert re.search(r"(\d+) of \1 old scores came out identical\.", told(app))
    assert aliases(two) == {1: "champion", 2: "previous"}
    app.run()
    assert "Model 1 is back in use." in told(app), "the end of the scoring renews the page and must not wipe this away"


def test_a_version_put_to_use_scores_the_leads_again(two, open_page):
    with write(two.engine) as session:
        row = session.exec(select(ModelVersion).where(ModelVersion.id == 1)).one()
        row.alias = None
        session.add(row)
    app = open_page(two, "settings", Role.MANAGER, tab="Models")
    app.button(key="challenge-1").click().run()
    assert aliases(two)[1] == "challenger"
    models.deploy_model(two, ADMIN, client=DEFAULT_CLIENT, version="1")
    app.run()
    app.button(key="back-2").click().run()
    assert_calm(app)
    assert "All leads are being scored again." in told(app)
    assert "rescore" in [job.kind for job in jobs.recent(two, ADMIN, client=DEFAULT_CLIENT)]
    assert "Scoring" in texts(app), "the page shows how far it is"


def test_a_version_whose_file_was_changed_is_refused_in_words(two, open_page):
    folder = next(model.manifest for model in models.list_models(two, ADMIN, client=DEFAULT_CLIENT)
                  if model.version == 1)
    assert folder
    for path in (two.settings.home / "models").glob("*/model.json"):
        path.write_bytes(path.read_bytes() + b" ")
    app = open_page(two, "settings", Role.MANAGER, tab="Models")
    app.button(key="back-1").click().run()
    assert_calm(app)
    assert app.error
    assert aliases(two)[2] == "champion"


def test_a_check_says_what_it_has_checked(two, open_page):
    app = open_page(two, "settings", Role.VIEWER, tab="Models")
    app.button(key="verify-1").click().run()
    assert_calm(app)
    assert "Model 1 is as it was." in told(app)
    assert "bit for bit" in told(app) and "old scores came out identical" in told(app)


def test_two_versions_are_compared_in_words_figures_and_leads(two, open_page):
    app = open_page(two, "settings", Role.MANAGER, tab="Models")
    assert [app.selectbox(key=key).value for key in ("compare-first", "compare-second")] == [2, 1]
    app.button(key="compare").click().run()
    assert_calm(app)
    said = texts(app)
    assert "in the best 20 % would change" in said
    assert "rank agreement" in said
    assert "Would come in" in said and "Would drop out" in said
    assert {"Lead", "Place by Model 2", "by Model 1"} <= set(app.dataframe[-1].value.columns)


def test_a_viewer_compares_without_seeing_names(two, open_page):
    app = open_page(two, "settings", Role.VIEWER, tab="Models")
    app.button(key="compare").click().run()
    assert_calm(app)
    assert app.dataframe[-1].value["Lead"].str.fullmatch(r"Lead \d+").all()


def test_a_version_is_not_compared_with_itself(two, open_page):
    app = open_page(two, "settings", tab="Models")
    app.selectbox(key="compare-second").set_value(2).run()
    assert app.button(key="compare").disabled


def test_many_versions_are_not_all_drawn_at_once(campaign, open_page):
    with write(campaign.engine) as session:
        row = session.exec(select(ModelVersion)).one()
        for number in range(2, 15):
            session.add(ModelVersion(**row.model_dump() | {
                "id": number, "folder": f"folder {number}", "alias": None, "report": rich_report(),
                "metrics": METRICS}))
    app = open_page(campaign, "settings", tab="Models")
    assert_calm(app)
    shown = [button.key for button in app.button if button.key and button.key.startswith("verify-")]
    assert len(shown) == 6, "the five newest and the one in use"
    picture = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert picture["layout"]["yaxis"]["ticktext"][-1] == "Model 1", "the one in use belongs into the picture"
    app.toggle(key="all-versions").set_value(True).run()
    assert len([button.key for button in app.button if (button.key or "").startswith("verify-")]) == 14


def test_automatic_retraining_is_switched_on_and_says_when_it_is_due(campaign, open_page):
    app = open_page(campaign, "settings", Role.MANAGER, tab="Models")
    app.toggle(key="retraining_on").set_value(True)
    app.number_input(key="retraining_days").set_value(30)
    next(button for button in app.button if button.key == "retraining_save").click().run()
    assert_calm(app)
    saved = retraining.retraining_settings(campaign, ADMIN, client=DEFAULT_CLIENT).settings
    assert (saved.on, saved.days, saved.share) == (True, 30, 0.2)
    assert "new outcomes since version 1" in texts(app)


def test_who_may_not_deploy_reads_the_sentence_but_has_no_switch(campaign, open_page):
    app = open_page(campaign, "settings", Role.ANALYST, tab="Models")
    assert "Train again by itself" in texts(app)
    assert "retraining_on" not in [toggle.key for toggle in app.toggle]


def test_a_model_card_can_be_fetched(campaign, open_page):
    app = open_page(campaign, "settings", Role.VIEWER, tab="Models")
    assert "Model card" in labels(app, "download_button")
