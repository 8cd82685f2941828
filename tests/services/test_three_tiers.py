"""A column of three tiers is recognised, learnt, measured and given to leads, in files and in the store."""

import shutil

import pandas as pd
import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest
from leadscore.modeling.tiers import model as three_tiers
from leadscore.modeling.tiers import training as tier_training
from leadscore.sample.campaign import to_csv_bytes
from leadscore.sample.investors import make_investors
from leadscore.schema import Tier
from leadscore.services import (
    delivery,
    dossier,
    evaluating,
    governance,
    intake,
    models,
    policies,
    sampling,
    scoring,
    training,
)
from leadscore.steps.registration import PROMISED_METRICS
from tests.services.conftest import CLIENT, person, run_here, workbench_at

QUICK = {"target": "tier", "balance": "none"}
TIERS = [str(tier) for tier in Tier]


def as_file(leads: pd.DataFrame) -> bytes:
    return to_csv_bytes(leads.astype("str"))


def train(workbench, actor, data, **wishes):
    return training.train_file(workbench, actor, client=CLIENT, source=data, filename="t.csv",
                               request=training.TrainingRequest(**QUICK | wishes))


@pytest.fixture(scope="module")
def few_rounds():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tier_training, "BOOTSTRAP_DRAWS", 20)
        patch.setattr(three_tiers.fit_tier_trees, "__kwdefaults__", {"rounds": 40})
        yield


@pytest.fixture(scope="module")
def tiered_home(tmp_path_factory, few_rounds):
    home = tmp_path_factory.mktemp("tiers")
    made = workbench_at(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        trained = train(made, person(Role.ADMIN), as_file(make_investors(800, 1).leads))
    made.engine.dispose()
    return home, trained


@pytest.fixture
def tiered(tiered_home, tmp_path):
    shutil.copytree(tiered_home[0], tmp_path / "copy")
    return workbench_at(tmp_path / "copy")


def test_a_column_of_three_tiers_is_learnt_as_such(tiered_home):
    trained = tiered_home[1]
    assert trained.algorithm == "three_tiers"
    assert trained.deployed
    assert [part["tier"] for part in trained.classes] == TIERS
    answer = trained.as_dict()
    assert {"accuracy", "macro_recall", "high_recall", *PROMISED_METRICS} <= answer["metrics"].keys()
    assert trained.suggested_alpha is not None


def test_a_named_value_makes_two_classes_of_it(workbench, admin, read_here):
    data = as_file(make_investors(900, 2).leads)
    trained = train(workbench, admin, data, positive="High", algorithm="logistic")
    assert trained.algorithm == "logistic"
    assert trained.classes == []


def test_other_labels_are_learnt_in_the_order_given(workbench, admin, read_here, few_rounds):
    leads = make_investors(400, 3).leads
    metals = leads.assign(tier=leads["tier"].map({"High": "Gold", "Medium": "Silver", "Low": "Bronze"}))
    with pytest.raises(InvalidRequest):
        train(workbench, admin, as_file(metals))
    trained = train(workbench, admin, as_file(metals), tiers=("Gold", "Silver", "Bronze"))
    assert [part["label"] for part in trained.classes] == ["Gold", "Silver", "Bronze"]
    found = evaluating.evaluate_file(workbench, admin, client=CLIENT, source=as_file(metals), filename="t.csv",
                                   target="tier", model="1")
    assert [part["label"] for part in found["classes"]] == ["Gold", "Silver", "Bronze"]
    assert found["metrics"]["accuracy"]["value"] > 0.8


def test_a_fourth_label_is_refused(workbench, admin, read_here):
    leads = make_investors(400, 3).leads
    with pytest.raises(InvalidRequest) as refusal:
        train(workbench, admin, as_file(leads.assign(tier=leads["tier"].where(leads.index > 30, "Urgent"))))
    assert refusal.value.code == "fourth_tier"


def test_each_lead_of_a_file_gets_the_models_tier_and_its_confidence(tiered, admin, read_here):
    fresh = make_investors(300, 4)
    scored = scoring.score_file(tiered, admin, client=CLIENT, source=as_file(fresh.leads), filename="n.csv", reasons=2)
    frame = scored.frame
    assert list(frame.columns[13:]) == ["rank", "score", "probability", "tier", "qualified", "confidence", "reason_1",
                                        "reason_2"]
    assert frame["confidence"].between(0.2, 1).all()
    right = (frame["tier"] == frame["input_tier"]).mean()
    assert right > 0.75
    assert right == pytest.approx(frame["confidence"].mean(), abs=0.12)
    assert frame["score"].is_monotonic_decreasing
    assert scored.tiers == {tier: int((frame["tier"] == tier).sum()) for tier in TIERS}


def test_a_column_of_theirs_called_confidence_comes_back(tiered, admin, read_here):
    leads = make_investors(30, 4).leads.drop(columns="tier").assign(confidence="mine")
    frame = scoring.score_file(tiered, admin, client=CLIENT, source=as_file(leads), filename="n.csv").frame
    assert set(frame["input_confidence"]) == {"mine"}
    assert frame["confidence"].between(0, 1).all()


def test_without_such_a_model_there_is_no_confidence(tiered, admin, read_here):
    data = as_file(make_investors(30, 4).leads.drop(columns="tier"))
    scored = scoring.score_file(tiered, admin, client=CLIENT, source=data, filename="n.csv", model="none")
    assert "confidence" not in scored.frame


def test_stored_leads_get_the_models_tier_and_a_persons_stays(tiered, admin, read_here):
    leads = make_investors(200, 5).leads.drop(columns="tier")
    contacts = leads.assign(Email=[f"p{number}@firm.example" for number in range(200)])
    intake.import_file(tiered, admin, client=CLIENT, source=as_file(contacts), filename="i.csv")
    scoring.rescore(tiered, admin, client=CLIENT)
    view = delivery.ListView(page_size=200)
    listed = delivery.list_leads(tiered, admin, client=CLIENT, view=view).frame
    data = as_file(leads)
    told = scoring.score_file(tiered, admin, client=CLIENT, source=data, filename="n.csv")
    assert listed["tier"].value_counts().to_dict() == {tier: count for tier, count in told.tiers.items() if count}
    assert listed["score"].is_monotonic_decreasing
    last = int(listed["lead_id"].iloc[-1])
    dossier.override(tiered, admin, client=CLIENT, lead_id=last, tier="High", reason="known to us")
    scoring.rescore(tiered, admin, client=CLIENT)
    again = delivery.list_leads(tiered, admin, client=CLIENT, view=view).frame.set_index("lead_id")["tier"]
    assert again[last] == "High"
    assert (again.drop(last) == listed.set_index("lead_id")["tier"].drop(last)).all()


def test_a_file_it_has_not_seen_is_measured_tier_by_tier(tiered, admin, read_here):
    found = evaluating.evaluate_file(tiered, admin, client=CLIENT, source=as_file(make_investors(400, 6).leads),
                                   filename="n.csv", target="tier")
    assert found["rows"] == 400
    assert {"accuracy", "macro_recall", "high_recall", "roc_auc"} <= found["metrics"].keys()
    assert sum(part["rows"] for part in found["classes"]) == 400
    assert found["positives"] == found["classes"][0]["rows"]


def test_it_is_shown_and_verified_like_any_other(tiered, admin):
    shown = models.show_model(tiered, admin, client=CLIENT, version="1")
    assert [part["tier"] for part in shown.report["classes"]] == TIERS
    assert models.verify_model(tiered, admin, client=CLIENT, version="1")["ok"]
    assert governance.audit_events(tiered, admin, action="model_trained").frame["object"].tolist() == ["model:1"]


def test_the_investors_to_learn_from_are_others_than_those_to_measure_on(workbench, admin):
    files = sampling.make_investor_files(workbench, admin, client=CLIENT, leads=500, seed=1)
    learnt, fresh = files.learnt.decode().splitlines(), files.fresh.decode().splitlines()
    assert learnt[0] == fresh[0]
    assert (len(learnt), len(fresh)) == (501, 101)
    assert not set(learnt[1:]) & set(fresh[1:])
    assert 0.8 < files.best_accuracy < 0.95


def test_a_few_leads_are_enough_to_measure_three_tiers(tiered):
    unseen = make_investors(300, 5).leads
    few = unseen.groupby("tier", sort=False).head(3)
    measured = evaluating.evaluate_file(tiered, person(Role.ADMIN), client=CLIENT, source=as_file(few),
                                        filename="n.csv", target="tier")
    assert measured["rows"] == 9
    assert [of_tier["rows"] for of_tier in measured["classes"]] == [3, 3, 3]


def test_a_change_of_weights_is_previewed_with_the_models_own_tiers(tiered, admin, read_here):
    leads = make_investors(200, 5).leads.drop(columns="tier")
    intake.import_file(tiered, admin, client=CLIENT, source=as_file(leads), filename="i.csv")
    factor = policies.model_factors(tiered, admin, client=CLIENT)[0]
    preview = policies.preview_policy(tiered, admin, client=CLIENT, changes={"factor_weights": {factor.name: 0.0}})
    scoring.rescore(tiered, admin, client=CLIENT)
    view = delivery.ListView(page_size=200)
    stored = delivery.list_leads(tiered, admin, client=CLIENT, view=view).frame["tier"].value_counts()
    # it is the model that gives the tiers, whatever the weights say of the order
    assert preview.tiers_after == preview.tiers_before == {tier: int(stored.get(tier, 0)) for tier in TIERS}
    assert preview.entering > 0
    assert "set aside at the training" in preview.held_out.about
    assert "Personal data are not kept" in preview.held_out.about
