"""Champion against challenger: leads drawn by chance, one scoring a model, verdicts, and an end with a decision."""

import shutil
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.monitoring.experiments import Finding, challenged
from leadscore.services import dossier, experiments, governance, intake, models, scoring, training
from leadscore.services.experiments import PlanRequest
from leadscore.store import experiments as experiment_rows
from leadscore.store import lead_reading
from leadscore.store import models as model_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW, leads_file, person, row, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

OPEN_LEADS = 200
OTHER = training.TrainingRequest(algorithm="logistic", balance="none", drop=("Job Title", "Number of Sessions"))
LATER = NOW + timedelta(days=20)


@pytest.fixture(scope="module")
def duel_home(trained_home, tmp_path_factory):
    """Make a home with a second model and open leads once."""
    home = tmp_path_factory.mktemp("duel") / "home"
    shutil.copytree(trained_home, home)
    made, boss = workbench_at(home), person(Role.ADMIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(made, boss, client=CLIENT, source=leads_file(OPEN_LEADS), filename="open.csv")
    training.train_stored(made, boss, client=CLIENT, request=OTHER)
    made.engine.dispose()
    return home


@pytest.fixture
def duel(duel_home, tmp_path):
    """Give a workbench with a champion (1), another model (2) and open leads, of one's own to change."""
    shutil.copytree(duel_home, tmp_path / "duel")
    return workbench_at(tmp_path / "duel")


def start(workbench, actor, **wishes):
    return experiments.start_experiment(workbench, actor, client=CLIENT, challenger="2", plan=PlanRequest(**wishes))


def status(workbench, actor, at=NOW):
    return experiments.experiment_status(later(workbench, at), actor, client=CLIENT)


def later(workbench, at=LATER):
    return workbench_at(workbench.settings.home, clock=lambda: at)


def _scores(workbench) -> pd.DataFrame:
    with read(workbench.engine) as session:
        page = score_rows.page(session, 1, limit=10_000).sort_index()
        runs = {run: score_rows.run(session, 1, run).model_version for run in page["run_id"].unique().tolist()}
        return page.assign(model=page["run_id"].map(runs), now=lead_reading.outcomes(session, 1))


def _arms(workbench, experiment_id=1) -> pd.DataFrame:
    with read(workbench.engine) as session:
        return experiment_rows.assigned(session, 1, experiment_id)


# --- who is scored by whom --------------------------------------------------------------------------------------


def test_open_leads_are_drawn_by_chance_and_each_arm_is_scored_by_its_model(duel, admin):
    start(duel, admin, share=0.4)
    told = scoring.rescore(duel, admin, client=CLIENT)
    scores, arms = _scores(duel), _arms(duel)
    decided = scores["now"].isin(["converted", "lost"])
    assert set(arms.index) == set(scores.index[~decided])
    with read(duel.engine) as session:
        salt = experiment_rows.running(session, 1).salt
    by_chance = challenged(arms.index.to_numpy(), salt=salt, share=0.4)
    assert ((arms["arm"] == "challenger") == by_chance).all()
    assert 0.25 < by_chance.mean() < 0.55
    expected = pd.Series(1, index=scores.index)
    expected[arms.index[by_chance]] = 2
    assert (scores["model"] == expected).all()
    assert told.model_version == 1
    assert told.experiment == {"experiment": 1, "challenger": 2, "put_into_arms": len(arms),
                               "scored_by_challenger": int(by_chance.sum())}
    with read(duel.engine) as session:
        assert score_rows.latest_run(session, 1).model_version == 1


def test_each_lead_has_the_score_its_model_gives_and_tiers_are_cut_over_all(duel, admin):
    scoring.rescore(duel, admin, client=CLIENT)
    before = _scores(duel)
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    scores, mixed = _scores(duel), _arms(duel)
    theirs = scores.index.isin(mixed.index[mixed["arm"] == "challenger"])
    pd.testing.assert_series_equal(scores.loc[~theirs, "blended"], before.loc[~theirs, "blended"])
    models.deploy_model(duel, admin, client=CLIENT, version="2")
    scoring.rescore(duel, admin, client=CLIENT)
    pd.testing.assert_series_equal(scores.loc[theirs, "blended"], _scores(duel).loc[theirs, "blended"])
    assert (scores["tier"] == "High").sum() == (before["tier"] == "High").sum()
    high, others = scores.loc[scores["tier"] == "High", "score"], scores.loc[scores["tier"] != "High", "score"]
    assert high.min() >= others.max()


def test_a_lead_keeps_arm_and_model_when_it_is_decided_and_new_leads_join(duel, admin):
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    first = _arms(duel)
    theirs = int(first.index[first["arm"] == "challenger"][0])
    dossier.record_outcome(duel, admin, client=CLIENT, lead_ids=[theirs], stage="lost", at=NOW, revenue=None,
                           currency=None)
    more = "".join(row(number) for number in range(900, 940))
    batch = intake.import_file(duel, admin, client=CLIENT, filename="more.csv",
                               source=leads_file(0) + more.encode()).batch_id
    told = scoring.rescore(duel, admin, client=CLIENT, batch_id=batch)
    scoring.rescore(duel, admin, client=CLIENT)
    second = _arms(duel)
    pd.testing.assert_frame_equal(second.loc[first.index], first)
    assert len(second) == len(first) + 40 == len(first) + told.experiment["put_into_arms"]
    assert _scores(duel).loc[theirs, "model"] == 2
    today = status(duel, admin).result
    assert today.champion.leads + today.challenger.leads == len(second)


def test_a_fifth_of_each_arm_is_on_top(duel, admin):
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    result = status(duel, admin).result
    for arm in (result.champion, result.challenger):
        assert arm.on_top == int(np.ceil(arm.leads * 0.2))


def test_in_the_shadow_sales_sees_the_champion_only(duel, admin):
    scoring.rescore(duel, admin, client=CLIENT)
    before = _scores(duel)
    start(duel, admin, mode="shadow")
    scoring.rescore(duel, admin, client=CLIENT)
    scores, arms = _scores(duel), _arms(duel)
    assert (scores["model"] == 1).all()
    pd.testing.assert_series_equal(scores["score"], before["score"])
    assert (arms["arm"] == "both").all()
    said = arms["challenger_probability"]
    assert said.between(0, 1).all() and not np.allclose(said, arms["champion_probability"])
    models.deploy_model(duel, admin, client=CLIENT, version="2")
    scoring.rescore(duel, admin, client=CLIENT)
    np.testing.assert_allclose(said, _scores(duel).loc[said.index, "probability"])


# --- what it says -----------------------------------------------------------------------------------------------


def test_before_any_outcome_it_is_too_early(duel, admin):
    started = start(duel, admin, base_rate=0.3, effect=0.5)
    assert status(duel, admin).result.finding is Finding.TOO_EARLY
    scoring.rescore(duel, admin, client=CLIENT)
    result = status(duel, admin).result
    assert result.low is None and "Too early" in result.sentence
    assert result.leads_missing == pytest.approx(5 * (started.sizes.both - result.champion.on_top
                                                      - result.challenger.on_top))


@pytest.mark.parametrize(("winner", "finding"), [("challenger", Finding.CHALLENGER), ("champion", Finding.CHAMPION)])
def test_the_model_whose_top_converts_is_found(duel, admin, winner, finding):
    start(duel, admin, base_rate=0.3, effect=1.0)
    scoring.rescore(duel, admin, client=CLIENT)
    arms = _arms(duel)
    best = arms[arms["arm"] == winner].nlargest(20, "score").index.tolist()
    dossier.record_outcome(later(duel), admin, client=CLIENT, lead_ids=best, stage="converted",
                           at=NOW + timedelta(days=9), revenue=None, currency=None)
    result = status(duel, admin, LATER).result
    assert result.finding is finding
    assert (result.low > 0) == (winner == "challenger")
    arm = getattr(result, winner)
    assert arm.on_top_converted == 20 and arm.converted == 20 and arm.rate == pytest.approx(20 / arm.on_top)
    # the picture has a row a day, and nothing to say before anybody had converted
    assert len(result.path) == 21 and result.path["low"].notna().sum() == 12
    assert status(duel, admin, NOW + timedelta(days=3)).result.finding is Finding.TOO_EARLY


def test_in_the_shadow_both_are_measured_on_the_same_leads(duel, admin):
    start(duel, admin, mode="shadow", base_rate=0.3, effect=1.0)
    scoring.rescore(duel, admin, client=CLIENT)
    said = _arms(duel)
    best = said.nlargest(40, "challenger_probability").index.tolist()
    dossier.record_outcome(duel, admin, client=CLIENT, lead_ids=best, stage="converted", at=NOW, revenue=None,
                           currency=None)
    result = status(duel, admin).result
    area = next(figure for figure in result.rankings if figure.name == "roc_auc")
    assert area.challenger == 1.0 and area.champion < 1
    assert result.champion.leads == result.challenger.leads == len(said)
    assert result.difference > 0
    assert "result" in status(duel, admin).as_dict()


def test_an_undone_import_leaves_the_experiment_running_on_the_rest(duel, admin):
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    intake.undo_import(duel, admin, client=CLIENT, batch_id=2)
    told = scoring.rescore(duel, admin, client=CLIENT)
    assert told.experiment["put_into_arms"] == 0
    result = status(duel, admin).result
    assert result.champion.leads + result.challenger.leads == len(_arms(duel)) < OPEN_LEADS


# --- planning, beginning and ending -----------------------------------------------------------------------------


def test_the_plan_starts_from_the_clients_own_conversions(duel, admin):
    plan = experiments.plan_experiment(duel, admin, client=CLIENT)
    assert plan.base_rate_known
    assert 0.1 < plan.aim.base_rate < 0.9
    assert plan.waiting >= OPEN_LEADS
    assert plan.leads >= plan.sizes.both > plan.sizes_one_look.both
    assert plan.curve["leads"].is_monotonic_decreasing
    points = experiments.plan_experiment(duel, admin, client=CLIENT, plan=PlanRequest(base_rate=0.1, difference=0.02))
    assert points.aim.effect == pytest.approx(0.2)


def test_a_client_without_leads_can_plan_but_not_start(workbench, admin):
    plan = experiments.plan_experiment(workbench, admin, client="nobody")
    assert not plan.base_rate_known and plan.days is None and plan.smallest_in_90_days is None
    assert experiments.experiment_status(workbench, admin, client="nobody") is None
    assert experiments.list_experiments(workbench, admin, client="nobody") == []
    with pytest.raises(NotFound):
        experiments.start_experiment(workbench, admin, client="nobody", challenger="2")
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(3), filename="a.csv")
    with pytest.raises(NotFound, match="no champion"):
        experiments.start_experiment(workbench, admin, client=CLIENT, challenger="2")
    assert experiments.experiment_status(workbench, admin, client=CLIENT) is None


@pytest.mark.parametrize(("challenger", "wishes", "error"), [
    ("1", {}, InvalidRequest), ("champion", {}, InvalidRequest), ("none", {}, NotFound), ("99", {}, NotFound),
    ("x", {}, InvalidRequest), ("2", {"mode": "loud"}, InvalidRequest), ("2", {"share": 2.0}, InvalidRequest),
    ("2", {"base_rate": 0.0}, InvalidRequest), ("2", {"base_rate": 0.0, "difference": 0.1}, InvalidRequest),
    ("2", {"difference": 5.0}, InvalidRequest), ("2", {"effect": float("nan")}, InvalidRequest)])
def test_a_wrong_start_is_refused_in_words(duel_once, admin, challenger, wishes, error):
    with pytest.raises(error) as refused:
        experiments.start_experiment(duel_once, admin, client=CLIENT, challenger=challenger, plan=PlanRequest(**wishes))
    assert refused.value.message and refused.value.hint
    assert experiments.list_experiments(duel_once, admin, client=CLIENT) == []


def test_learnt_tiers_and_tiers_by_rank_are_not_mixed_in_one_list(duel, admin):
    with write(duel.engine) as session:
        model_rows.find(session, 1, 2).algorithm = "three_tiers"
    with pytest.raises(InvalidRequest) as refused:
        start(duel, admin)
    assert refused.value.code == "models_differ"
    assert start(duel, admin, mode="shadow").status == "running"


@pytest.fixture(scope="module")
def duel_once(duel_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("duel_once") / "home"
    shutil.copytree(duel_home, home)
    return workbench_at(home)


@pytest.mark.parametrize("name", ["x" * 200, "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(duel_once, admin, name):
    with pytest.raises(InvalidRequest):
        experiments.start_experiment(duel_once, admin, client=CLIENT, challenger="2", name=name)


def test_one_at_a_time_and_everything_is_in_the_log(duel, admin):
    start(duel, admin)
    with pytest.raises(InvalidRequest) as refused:
        start(duel, admin)
    assert refused.value.code == "experiment_running"
    assert models.show_model(duel, admin, client=CLIENT, version="2").alias == "challenger"
    experiments.stop_experiment(duel, admin, client=CLIENT)
    with pytest.raises(NotFound, match="No experiment"):
        experiments.stop_experiment(duel, admin, client=CLIENT)
    assert start(duel, admin).id == 2
    log = governance.audit_events(duel, admin, client=CLIENT).frame["action"].tolist()
    assert log.count("experiment_started") == 2 and log.count("experiment_ended") == 1
    assert governance.verify_audit(duel, admin).ok


@pytest.mark.parametrize(("deploy", "champion", "decision"), [(False, 1, "keep_champion"), (True, 2,
                                                                                             "deploy_challenger")])
def test_stopping_decides_who_scores_from_then_on(duel, admin, deploy, champion, decision):
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    stopped = experiments.stop_experiment(duel, admin, client=CLIENT, deploy=deploy)
    assert (stopped.status, stopped.decision) == ("ended", decision)
    assert stopped.verdict == stopped.result.sentence
    told = scoring.rescore(duel, admin, client=CLIENT)
    assert told.model_version == champion and told.experiment is None
    assert (_scores(duel)["model"] == champion).all()
    assert status(duel, admin, LATER).result.champion.leads > 0
    assert [one.decision for one in experiments.list_experiments(duel, admin, client=CLIENT)] == [decision]


def test_outcomes_after_the_end_change_nothing(duel, admin):
    start(duel, admin)
    scoring.rescore(duel, admin, client=CLIENT)
    experiments.stop_experiment(duel, admin, client=CLIENT)
    ids = _arms(duel).index.tolist()
    dossier.record_outcome(later(duel), admin, client=CLIENT, lead_ids=ids, stage="converted",
                           at=NOW + timedelta(days=5), revenue=None, currency=None)
    result = experiments.experiment_status(later(duel), admin, client=CLIENT, experiment_id=1).result
    assert result.champion.converted == result.challenger.converted == 0


def test_another_champion_ends_the_experiment_with_a_note(duel, admin):
    start(duel, admin)
    models.deploy_model(duel, admin, client=CLIENT, version="1")
    assert status(duel, admin).status == "running"
    models.deploy_model(duel, admin, client=CLIENT, version="2")
    ended = status(duel, admin)
    assert (ended.status, ended.decision) == ("ended", "champion_replaced")
    assert "model 2 became the champion" in ended.verdict
    assert scoring.rescore(duel, admin, client=CLIENT).experiment is None
    assert "experiment_ended" in governance.audit_events(duel, admin, client=CLIENT).frame["action"].tolist()


def test_an_experiment_is_unknown_to_another_client(duel_once, admin):
    with pytest.raises(NotFound):
        experiments.experiment_status(duel_once, admin, client=CLIENT, experiment_id=7)
    assert experiments.experiment_status(duel_once, admin, client="nobody else", experiment_id=1) is None
