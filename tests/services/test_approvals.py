"""A second person's word: off by default; where it is wanted, nothing is put to use without it, by any way."""

import dataclasses
import shutil

import pytest

from leadscore.access import Action, Actor, Role
from leadscore.errors import Forbidden, InvalidRequest
from leadscore.services import approvals, experiments, governance, intake, models, retraining, training
from leadscore.steps import registration
from leadscore.steps.promotion import Promotion
from leadscore.store import alerts
from leadscore.store.database import read
from tests.services.conftest import CLIENT, QUICK, person, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.fixture
def second() -> Actor:
    """Give somebody else who may put models to use."""
    return dataclasses.replace(person(Role.MANAGER, CLIENT), name="Second Person", user_id=2)


@pytest.fixture(scope="module")
def careful_home(twice_home, tmp_path_factory):
    """Make a home whose second version is in use and whose third waits for a second person's word."""
    home = tmp_path_factory.mktemp("careful") / "home"
    shutil.copytree(twice_home, home)
    bench, boss = workbench_at(home), person(Role.ADMIN)
    approvals.require_approval(bench, boss, client=CLIENT, on=True)
    assert not _trained(bench, boss, deploy=True).deployed
    bench.engine.dispose()
    return home


@pytest.fixture
def careful(careful_home, tmp_path):
    shutil.copytree(careful_home, tmp_path / "copy")
    return workbench_at(tmp_path / "copy")


def _trained(workbench, admin, **wishes):
    return training.train_stored(workbench, admin, client=CLIENT, request=dataclasses.replace(QUICK, **wishes))


def _open_alerts(workbench):
    with read(workbench.engine) as session:
        return [alert.subject for alert in alerts.list_open(session, 1) if alert.kind == "approval"]


def test_it_is_off_until_an_administrator_wants_it(twice, admin, second):
    assert not approvals.approval_states(twice, admin, client=CLIENT).on
    assert models.deploy_model(twice, admin, client=CLIENT, version="1")["champion"] == 1
    with pytest.raises(Forbidden):
        approvals.require_approval(twice, second, client=CLIENT, on=True)


def test_a_model_nobody_else_has_approved_is_refused_with_a_way_out(careful, admin, second):
    with pytest.raises(InvalidRequest) as refused:
        models.deploy_model(careful, admin, client=CLIENT, version="3")
    assert refused.value.code == "not_approved"
    assert "models approve 3" in refused.value.hint
    with pytest.raises(InvalidRequest) as own:
        approvals.judge_model(careful, admin, client=CLIENT, version="3", approved=True)
    assert own.value.code == "own_model"
    state = approvals.judge_model(careful, second, client=CLIENT, version="3", approved=True,
                                  comment="Looked at its document.")
    assert state.usable and state.word is not None and state.word.by == "Second Person"
    assert models.deploy_model(careful, admin, client=CLIENT, version="3")["champion"] == 3


def test_the_trainer_is_known_whatever_the_case_of_the_name(careful, admin):
    shouting = dataclasses.replace(admin, name=admin.name.upper() + " ")
    with pytest.raises(InvalidRequest):
        approvals.judge_model(careful, shouting, client=CLIENT, version="3", approved=True)


def test_a_training_that_was_to_be_put_to_use_waits_and_says_so(careful, admin, second):
    waiting, *others = models.list_models(careful, admin, client=CLIENT)
    assert waiting.report["promotion"]["reason"] == "It waits for the approval of a second person."
    assert [model.alias for model in (waiting, *others)] == ["challenger", "champion", "previous"]
    assert _open_alerts(careful) == ["model:3"]
    approvals.judge_model(careful, second, client=CLIENT, version="3", approved=True)
    assert _open_alerts(careful) == []


def test_the_first_model_of_a_client_waits_too(workbench, admin, campaign_file):
    intake.import_file(workbench, admin, client=CLIENT, source=campaign_file, filename="campaign.csv")
    approvals.require_approval(workbench, admin, client=CLIENT, on=True)
    trained = _trained(workbench, admin)
    assert not trained.deployed
    assert [model.alias for model in models.list_models(workbench, admin, client=CLIENT)] == [None]


def test_automatic_retraining_does_not_promote_by_itself(careful, admin, monkeypatch):
    monkeypatch.setattr(registration, "judge_candidate", lambda *_: Promotion(True, "It is not worse.", 2))
    wishes = retraining.retraining_request(careful, admin, client=CLIENT)
    trained = training.train_stored(careful, admin, client=CLIENT, request=training.TrainingRequest.from_dict(wishes))
    assert not trained.deployed
    assert trained.promotion["reason"] == "It is not worse. It waits for the approval of a second person."
    assert [model.version for model in models.list_models(careful, admin, client=CLIENT)
            if model.alias == "champion"] == [2]


def test_what_was_in_use_before_can_come_back_at_once(careful, admin):
    assert models.roll_back_model(careful, admin, client=CLIENT)["champion"] == 1


def test_a_roll_back_is_no_way_round(careful, admin):
    with pytest.raises(InvalidRequest):
        models.roll_back_model(careful, admin, client=CLIENT, version="3")


def test_an_experiment_is_no_way_round(careful, admin):
    with pytest.raises(InvalidRequest):
        experiments.start_experiment(careful, admin, client=CLIENT, challenger="3",
                                     plan=experiments.PlanRequest(mode="live"))
    experiments.start_experiment(careful, admin, client=CLIENT, challenger="3",
                                 plan=experiments.PlanRequest(mode="shadow"))
    with pytest.raises(InvalidRequest):
        experiments.stop_experiment(careful, admin, client=CLIENT, deploy=True)
    assert experiments.experiment_status(careful, admin, client=CLIENT).status == "running"


def test_the_latest_word_counts_and_a_rejection_needs_a_reason(careful, admin, second):
    version = "3"
    approvals.judge_model(careful, second, client=CLIENT, version=version, approved=True)
    with pytest.raises(InvalidRequest):
        approvals.judge_model(careful, second, client=CLIENT, version=version, approved=False, comment="  ")
    state = approvals.judge_model(careful, second, client=CLIENT, version=version, approved=False,
                                  comment="It leaves out the region.")
    assert not state.usable and [word.approved for word in state.said] == [True, False]
    with pytest.raises(InvalidRequest) as refused:
        models.deploy_model(careful, admin, client=CLIENT, version=version)
    assert "was rejected by Second Person" in refused.value.message
    assert governance.audit_events(careful, admin, action="model_rejected").total == 1
    assert not person(Role.ANALYST, CLIENT).may(Action.DEPLOY_MODEL)
