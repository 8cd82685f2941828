"""Settings, tab Training: what there is to learn from, a training that is a job, and its report in pictures."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from leadscore import worker
from leadscore.access import Role
from leadscore.services import jobs, learning, models
from leadscore.store.database import write
from leadscore.store.tables import Lead, ModelVersion
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, person, texts
from tests.pages.reports import METRICS, figure, rich_report

ADMIN = person(Role.ADMIN)


def train_jobs(workbench):
    return [job for job in jobs.recent(workbench, ADMIN, client=DEFAULT_CLIENT) if job.kind == "train"]


def with_report(workbench, report, metrics=METRICS):
    """Give the only model another report."""
    with write(workbench.engine) as session:
        row = session.exec(select(ModelVersion)).one()
        row.report, row.metrics = report, metrics
        session.add(row)


def charts(app):
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_without_leads_the_tab_says_what_is_needed(empty, open_page):
    app = open_page(empty, "settings", tab="Training")
    assert_calm(app)
    assert "No model yet" in texts(app) and "There are no leads yet" in texts(app)
    assert app.button(key="train").disabled


def test_too_few_outcomes_are_counted_and_training_waits_for_them(campaign, open_page):
    with write(campaign.engine) as session:
        for lead in session.exec(select(Lead).where(Lead.outcome == "converted")).all()[12:]:
            lead.outcome = "new"
            session.add(lead)
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert "28 more converted leads" in "".join(box.value for box in app.info)
    assert app.button(key="train").disabled


def test_few_outcomes_are_said_to_carry_a_simple_model_only(campaign, open_page):
    assert "only the simple model is tried" in texts(open_page(campaign, "settings", tab="Training"))


def test_the_choices_go_into_the_job(campaign, open_page):
    app = open_page(campaign, "settings", tab="Training")
    app.selectbox(key="train_algorithm").set_value("logistic")
    app.multiselect(key="train_drop").set_value([app.multiselect(key="train_drop").options and "job_title"])
    app.toggle(key="train_deploy").set_value(True).run()
    app.button(key="train").click().run()
    assert_calm(app)
    asked = train_jobs(campaign)[0].arguments
    assert (asked["algorithm"], asked["drop"], asked["deploy"]) == ("logistic", ["job_title"], True)
    assert app.button(key="train").disabled, "one training at a time"


def test_a_job_without_choices_trains_as_it_is(campaign, open_page):
    app = open_page(campaign, "settings", tab="Training")
    app.button(key="train").click().run()
    worker.run_pending(campaign)
    app.run()
    assert_calm(app)
    assert train_jobs(campaign)[0].state == "done"
    assert "Model 2 is trained" in "".join(str(box.proto.title) for box in app.success)
    assert len(models.list_models(campaign, ADMIN, client=DEFAULT_CLIENT)) == 2
    assert app.selectbox(key="report-of-2").value == 2


def test_a_stopped_training_says_so_and_can_be_started_again(campaign, open_page):
    app = open_page(campaign, "settings", tab="Training")
    app.button(key="train").click().run()
    job = train_jobs(campaign)[0]
    app.button(key=f"stop-{job.id}").click().run()
    app.run()
    assert_calm(app)
    assert train_jobs(campaign)[0].state == "cancelled"
    assert "stopped before its end" in "".join(box.value for box in app.info)
    assert not app.button(key="train").disabled


def test_a_training_that_was_refused_shows_the_way_out_also_to_who_comes_later(campaign, open_page):
    jobs.submit(campaign, ADMIN, client=DEFAULT_CLIENT, kind="train", arguments={"algorithm": "magic"})
    worker.run_pending(campaign)
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert "magic" in texts(app) and "Choose one of" in texts(app)


def test_a_training_that_is_under_way_is_shown_to_who_comes_later(campaign, open_page):
    job_id = jobs.submit(campaign, ADMIN, client=DEFAULT_CLIENT, kind="train", arguments={})
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert "waiting for its turn" in texts(app)
    assert f"stop-{job_id}" in [button.key for button in app.button]


def test_a_viewer_sees_the_report_but_cannot_train(campaign, open_page):
    app = open_page(campaign, "settings", Role.VIEWER, tab="Training")
    assert_calm(app)
    assert "Your role can look at models" in texts(app)
    assert not [label for label in labels(app, "button") if label.startswith("Train")]
    assert "Found in the best 20 %" in labels(app, "metric")


def test_an_analyst_trains_but_does_not_put_to_use(campaign, open_page):
    app = open_page(campaign, "settings", Role.ANALYST, tab="Training")
    assert "train_deploy" not in [toggle.key for toggle in app.toggle]
    app.button(key="train").click().run()
    assert train_jobs(campaign)[0].arguments["deploy"] is False


def test_the_report_is_drawn_with_all_its_pictures(campaign, open_page):
    with_report(campaign, rich_report())
    app = open_page(campaign, "settings", Role.VIEWER, tab="Training")
    assert_calm(app)
    said = texts(app)
    assert "Call the best 20 % and you find **71 %**" in said
    assert "Of 100 leads it calls good, **41** buy." in said
    assert "With 500 more outcomes expect 68 %" in said
    assert "Not tried: Neural network." in said
    assert len(charts(app)) == 8
    assert "Some pictures are missing" not in said


def test_a_report_of_three_tiers_has_its_nine_cells_and_a_sentence_for_each_tier(campaign, open_page):
    tiers = [{"tier": tier, "label": label, "rows": 50, "recall": figure(0.8), "precision": figure(0.77)}
             for tier, label in (("High", "A *hot*"), ("Medium", "Medium"), ("Low", "Low"))]
    report = rich_report() | {"tier_confusion": [[40, 9, 1], [12, 120, 20], [0, 0, 0]], "classes": tiers,
                              "learning_curve": []}
    with_report(campaign, report)
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert "of the leads of the best tier" in texts(app)
    assert "not told of models of three tiers" in texts(app)
    assert "High] (A \\*hot\\*) finds **80 %** of them" in texts(app)
    heat = next(chart for chart in charts(app) if chart["data"][0]["type"] == "heatmap")
    assert heat["data"][0]["x"] == ["High", "Medium", "Low"]


@pytest.mark.parametrize("report", [
    {}, {"verdict": "ready"}, {"verdict": "a word of the future", "warnings": None},
    {"candidates": [], "gains": [], "confusion": None, "learning_curve": [{"outcomes": 1}], "expectation": None}])
def test_old_and_unknown_reports_are_drawn_as_far_as_they_go(campaign, open_page, report):
    with_report(campaign, report, metrics={})
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert "Some pictures are missing" in texts(app)


def test_columns_put_back_and_left_out_become_a_training(campaign, open_page):
    with_report(campaign, rich_report())
    app = open_page(campaign, "settings", tab="Training")
    version = models.list_models(campaign, ADMIN, client=DEFAULT_CLIENT)[0].version
    again = f"again-{version}"
    assert app.button(key=again).disabled
    assert "too good to be true" in texts(app)
    for toggle in app.toggle:
        if toggle.key and toggle.key.startswith(f"columns-{version}"):
            toggle.set_value(True)
    app.run()
    app.button(key=again).click().run()
    assert_calm(app)
    asked = train_jobs(campaign)[0].arguments
    assert asked["keep"] == ["custom:Loss reason", "custom:Dropped"]
    assert asked["drop"] == ["custom:Lead *quality*"]
    assert asked["deploy"] is False, "a trial is not put to use by itself"


def test_users_column_names_are_not_read_as_markdown(campaign, open_page):
    with_report(campaign, rich_report())
    assert "Lead \\*quality\\*" in texts(open_page(campaign, "settings", tab="Training"))


def test_another_column_can_be_learnt_once_it_is_clear_which_value_means_converted(campaign, open_page):
    app = open_page(campaign, "settings", tab="Training")
    app.selectbox(key="train_target").set_value("industry").run()
    assert_calm(app)
    assert app.button(key="train").disabled
    label = learning.learning_material(campaign, ADMIN, client=DEFAULT_CLIENT).columns
    label = next(column.label for column in label if column.name == "industry")
    which = app.selectbox(key=f"train_positive_{label}")
    which.set_value(which.options[1]).run()
    assert_calm(app)
    app.button(key="train").click().run()
    asked = train_jobs(campaign)[0].arguments
    assert (asked["target"], asked["positive"]) == (label, which.options[1])


def test_what_the_values_of_a_column_do_is_drawn_when_the_report_knows_it(campaign, open_page):
    points = [{"value": "CEO", "effect": 0.4, "low": 0.1, "high": 0.6, "leads": 40},
              {"value": None, "effect": -0.4, "low": -0.5, "high": -0.1, "leads": 9}]
    curves = {"job_title": {"label": "Job *title*", "kind": "category", "points": points},
              "custom:Region": {"label": "Region", "kind": "number", "points": []}}
    with_report(campaign, rich_report() | {"effect_curves": curves})
    app = open_page(campaign, "settings", tab="Training")
    assert_calm(app)
    assert len(charts(app)) == 9
