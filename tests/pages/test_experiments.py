"""The tab Experiments: an empty state that explains, a calculator that answers, and an experiment from start to end."""

import shutil

import pytest

from leadscore import worker
from leadscore.access import Role
from leadscore.services import experiments, jobs, models
from leadscore.store import models as model_rows
from leadscore.store.database import write
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, make_workbench, person, texts

ADMIN = person(Role.ADMIN)


@pytest.fixture(scope="module")
def duel_home(campaign_home, tmp_path_factory):
    """Make a home in which the champion has been registered twice, so that one can challenge the other."""
    home = tmp_path_factory.mktemp("duel") / "home"
    shutil.copytree(campaign_home, home)
    workbench = make_workbench(home)
    with write(workbench.engine) as session:
        champion = model_rows.champion(session, 1)
        files = workbench.registry.load(champion.folder)
        again = workbench.registry.save(files, workbench.registry.manifest(champion.folder))
        model_rows.add(session, 1, folder=again.folder, algorithm=champion.algorithm, balance="none",
                       metrics=champion.metrics, report=champion.report, manifest=again.manifest, created_by="anna",
                       now=workbench.clock())
    workbench.engine.dispose()
    return home


@pytest.fixture
def duel(duel_home, tmp_path):
    shutil.copytree(duel_home, tmp_path / "duel")
    return make_workbench(tmp_path / "duel")


def start(workbench, mode="live"):
    experiments.start_experiment(workbench, ADMIN, client=DEFAULT_CLIENT, challenger="2", name="Try *it*",
                                 plan=experiments.PlanRequest(mode=mode))
    jobs.submit(workbench, ADMIN, client=DEFAULT_CLIENT, kind="rescore", arguments={})
    worker.run_pending(workbench)


def test_without_any_the_tab_explains_and_the_calculator_is_there(empty, open_page):
    app = open_page(empty, "settings", tab="Experiments")
    assert_calm(app)
    assert "No experiment yet" in texts(app)
    assert "How many leads does it take?" in texts(app)
    assert "a second model" in texts(app)
    assert "Start the experiment" not in labels(app, "button")


def test_a_smaller_difference_takes_more_leads(duel, open_page):
    app = open_page(duel, "settings", tab="Experiments")
    assert_calm(app)
    before = texts(app)
    app.slider(key="experiment-effect").set_value(5).run()
    assert_calm(app)
    assert texts(app) != before
    request = experiments.PlanRequest(base_rate=app.slider(key="experiment-rate").value / 100, effect=0.05)
    plan = experiments.plan_experiment(duel, ADMIN, client=DEFAULT_CLIENT, plan=request)
    assert f"{plan.leads:,} leads" in texts(app)


def test_an_impossible_difference_is_refused_in_words(duel, open_page):
    app = open_page(duel, "settings", tab="Experiments")
    app.slider(key="experiment-rate").set_value(80.0)
    app.slider(key="experiment-effect").set_value(100).run()
    assert_calm(app)
    assert "more than all leads would convert" in texts(app)


def test_an_experiment_is_started_shown_and_ended(duel, open_page):
    app = open_page(duel, "settings", tab="Experiments")
    app.text_input(key="experiment-name").input("Without titles")
    app.button(key="experiment-start").click().run()
    assert_calm(app)
    running = experiments.experiment_status(duel, ADMIN, client=DEFAULT_CLIENT)
    assert (running.name, running.status, running.challenger_version) == ("Without titles", "running", 2)
    assert "rescore" in [job.kind for job in jobs.recent(duel, ADMIN, client=DEFAULT_CLIENT)]
    assert "Without titles" in texts(app) and "How many leads does it take?" not in texts(app)
    worker.run_pending(duel)
    app = open_page(duel, "settings", tab="Experiments")
    assert_calm(app)
    assert "more leads" in texts(app)
    app.button(key="experiment-deploy").click().run()
    assert_calm(app)
    assert models.show_model(duel, ADMIN, client=DEFAULT_CLIENT, version="champion").version == 2
    assert "The challenger was put to use" in texts(app)
    assert "How many leads does it take?" in texts(app)


def test_in_the_shadow_the_page_says_that_sales_does_not_see_it(duel, open_page):
    start(duel, mode="shadow")
    app = open_page(duel, "settings", tab="Experiments")
    assert_calm(app)
    assert "sales does not see it" in texts(app)
    app.button(key="experiment-keep").click().run()
    assert_calm(app)
    assert "The champion stayed" in texts(app)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_who_may_not_deploy_looks_and_plans_only(duel, open_page, role):
    app = open_page(duel, "settings", role, tab="Experiments")
    assert_calm(app)
    assert "How many leads does it take?" in texts(app)
    assert "Start the experiment" not in labels(app, "button")
    start(duel)
    app = open_page(duel, "settings", role, tab="Experiments")
    assert_calm(app)
    assert "Try" in texts(app)
    assert not any("End" in label for label in labels(app, "button"))
