"""A model learns from files or stored outcomes, is measured on leads it has not seen, and the first good one serves."""

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest, NotFound
from leadscore.modeling.report import Verdict
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import evaluating, governance, intake, learning, models, policies, scoring, training
from leadscore.steps.models import CHAMPION
from leadscore.steps.registration import PROMISED_METRICS
from leadscore.store import models as model_rows
from leadscore.store.database import write
from tests.services.conftest import CLIENT, HEADER, NOW, QUICK, leads_file, row

pytestmark = pytest.mark.usefixtures("read_here")


QUICK_ALGORITHM = {"algorithm": "logistic", "balance": "none"}


def _coin_file(rows: int = 300) -> bytes:
    """Leads whose outcome has nothing to do with anything."""
    rng = np.random.default_rng(5)
    words = np.where(rng.random(rows) < 0.5, "Closed Won", "Closed Lost")
    lines = [row(number, status=words[number], opens=str(rng.integers(9)), clicks=str(rng.integers(4)),
                 sessions=str(rng.integers(12)), employees=str(rng.integers(1, 900))) for number in range(rows)]
    return (HEADER + "".join(lines)).encode()


def _train_file(workbench, actor, data, **wishes):
    request = training.TrainingRequest(**{"target": "Lead Status", "algorithm": "logistic", "balance": "none"} | wishes)
    return training.train_file(workbench, actor, client=CLIENT, source=data, filename="t.csv", request=request)


def test_the_first_model_that_beats_chance_serves_at_once(seen, admin):
    (model,) = models.list_models(seen, admin, client=CLIENT)
    assert model.alias == CHAMPION
    assert model.report["verdict"] != Verdict.CHANCE
    deployed = governance.audit_events(seen, admin, action="model_deployed").frame
    assert deployed["object"].tolist() == ["model:1"]


def test_a_model_no_better_than_chance_does_not_serve(workbench, admin):
    trained = _train_file(workbench, admin, _coin_file(), positive="Closed Won")
    assert trained.verdict == Verdict.CHANCE
    assert not trained.deployed
    assert [model.alias for model in models.list_models(workbench, admin, client=CLIENT)] == [None]


def test_a_later_model_waits_until_somebody_deploys_it(trained, admin):
    second = training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    assert not second.deployed
    assert {model.version: model.alias for model in models.list_models(trained, admin, client=CLIENT)} == {
        2: None, 1: CHAMPION}


def test_a_model_can_be_deployed_as_it_is_trained(trained, admin):
    wish = training.TrainingRequest(algorithm="logistic", balance="none", deploy=True)
    second = training.train_stored(trained, admin, client=CLIENT, request=wish)
    assert second.deployed
    assert scoring.rescore(trained, admin, client=CLIENT).model_version == second.model_version


def test_the_same_leads_give_the_same_model(trained, admin):
    again = training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    first = models.show_model(trained, admin, client=CLIENT, version="1")
    assert again.metrics["roc_auc"] == first.metrics["roc_auc"]
    assert again.suggested_alpha == first.report["suggested_alpha"]


def _suggest(workbench, alpha):
    with write(workbench.engine) as session:
        row = model_rows.champion(session, 1)
        row.report = dict(row.report) | {"suggested_alpha": alpha}
        session.add(row)


def test_the_suggested_blend_is_used_until_a_person_chooses_one(trained, admin):
    _suggest(trained, 0.35)
    in_force = policies.current_policy(trained, admin, client=CLIENT).policy
    assert (in_force.alpha, in_force.alpha_is_suggested) == (0.35, True)
    scored = scoring.score_file(trained, admin, client=CLIENT, source=leads_file(6), filename="a.csv").frame
    rules = scoring.score_file(trained, admin, client=CLIENT, source=leads_file(6), filename="a.csv",
                               model="none").frame
    merged = scored.merge(rules, on="Record ID")
    np.testing.assert_allclose(merged["score_x"], 0.35 * merged["score_y"] + 65 * merged["probability_x"], atol=0.11)
    policies.save_policy(trained, admin, client=CLIENT, changes={"alpha": 1.0}, comment="rules")
    assert policies.current_policy(trained, admin, client=CLIENT).policy.alpha == 1.0
    by_person = scoring.score_file(trained, admin, client=CLIENT, source=leads_file(6), filename="a.csv").frame
    np.testing.assert_allclose(by_person["score"], rules["score"])


def test_the_report_says_what_no_model_may_see(seen, admin):
    aside = models.show_model(seen, admin, client=CLIENT, version="champion").report["set_aside"]
    named = {finding["column"] for finding in aside}
    assert {"Record ID", "Lead Status", "Marketing consent"} <= named


def test_what_came_after_the_outcome_is_set_aside_from_files_and_from_the_store(workbench, admin):
    rng = np.random.default_rng(5)
    words = np.where(rng.random(200) < 0.5, "Closed Won", "Closed Lost")
    lines = [f"p{n}@f{n}.example,{words[n]},2026-{1 + n % 9:02d}-05,{rng.integers(9)},2026-{1 + n % 9:02d}-1{n % 7}\n"
             for n in range(200)]
    data = ("Email,Lead Status,Close Date,Number of Sessions,Offer sent\n" + "".join(lines)).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    for trained in (_train_file(workbench, admin, data), training.train_stored(workbench, admin, client=CLIENT,
                                                                               request=QUICK)):
        codes = {finding["name"]: finding["code"] for finding in trained.set_aside}
        assert codes["custom:Offer sent"] == "later_than_outcome"


def test_metrics_promised_are_metrics_given(seen, admin):
    metrics = models.show_model(seen, admin, client=CLIENT, version="1").metrics
    assert set(PROMISED_METRICS) <= set(metrics)
    assert metrics["roc_auc"]["low"] <= metrics["roc_auc"]["value"] <= metrics["roc_auc"]["high"]


@pytest.mark.parametrize(("wishes", "words"), [
    ({"target": None}, "outcome"), ({"target": "Nonsense"}, "Nonsense"), ({"drop": ("Nonsense Column",)}, "Nonsense"),
    ({"time": "Nonsense"}, "Nonsense"), ({"group": "Nonsense"}, "Nonsense"), ({"algorithm": "oracle"}, "oracle"),
])
def test_what_cannot_be_trained_is_refused_and_nothing_is_registered(workbench, admin, wishes, words):
    with pytest.raises(InvalidRequest, match=words):
        _train_file(workbench, admin, _coin_file(120), **wishes)
    assert models.list_models(workbench, admin, client=CLIENT) == []
    assert not any(workbench.settings.models_folder.iterdir())


@pytest.mark.parametrize(("column", "reason"), [("Record ID", "identifies"), ("Marketing consent", "onsent"),
                                                ("Lead Status", "outcome")])
def test_what_no_model_may_see_cannot_be_kept_and_need_not_be_dropped(workbench, admin, column, reason):
    with pytest.raises(InvalidRequest, match=f"“{column}” cannot be kept.*{reason}"):
        _train_file(workbench, admin, _coin_file(), positive="Closed Won", keep=(column,))
    trained = _train_file(workbench, admin, _coin_file(), positive="Closed Won", drop=(column,))
    assert trained.model_version == 1


def test_one_kind_of_outcome_teaches_nothing(workbench, admin):
    with pytest.raises(InvalidRequest):
        _train_file(workbench, admin, leads_file(100, status="Closed Won"))
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(100, status="Closed Won"), filename="a.csv")
    with pytest.raises(InvalidRequest):
        training.train_stored(workbench, admin, client=CLIENT, request=QUICK)
    assert not learning.ready_for_first_model(workbench, admin, client=CLIENT)


def test_stored_leads_without_outcomes_are_told_as_such(workbench, admin):
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(5, status="New"), filename="a.csv")
    with pytest.raises(InvalidRequest, match="No stored lead has a known outcome"):
        training.train_stored(workbench, admin, client=CLIENT, request=QUICK)


@pytest.mark.parametrize(("won", "lost", "ready"), [(40, 40, True), (39, 60, False), (60, 39, False), (0, 0, False)])
def test_a_first_model_waits_for_enough_outcomes_of_each_kind(workbench, admin, won, lost, ready):
    words = ["Closed Won"] * won + ["Closed Lost"] * lost + ["New"] * 5
    data = (HEADER + "".join(row(number, status=word) for number, word in enumerate(words))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    assert learning.ready_for_first_model(workbench, admin, client=CLIENT) is ready


def test_what_there_is_to_learn_from_is_counted_and_its_columns_are_named_as_in_the_file(workbench, admin):
    words = ["Closed Won"] * 3 + ["Closed Lost"] * 2 + ["New"] * 5
    data = (HEADER + "".join(row(number, status=word) for number, word in enumerate(words))).encode()
    intake.import_file(workbench, admin, client=CLIENT, source=data, filename="a.csv")
    material = learning.learning_material(workbench, admin, client=CLIENT)
    assert (material.converted, material.lost, material.open) == (3, 2, 5)
    assert ("job_title", "Job Title") in [(column.name, column.label) for column in material.columns]
    assert "email" not in [column.name for column in material.columns]


def test_a_client_without_leads_has_nothing_to_learn_from(workbench, admin):
    material = learning.learning_material(workbench, admin, client=CLIENT)
    assert (material.converted, material.lost, material.open, material.columns) == (0, 0, 0, ())


def test_a_model_keeps_what_was_asked_for(seen, admin):
    report = models.show_model(seen, admin, client=CLIENT, version="1").report
    assert training.TrainingRequest.from_dict(report["request"]) == QUICK


def test_where_a_champion_serves_no_first_model_is_needed(seen, admin):
    assert not learning.ready_for_first_model(seen, admin, client=CLIENT)


def test_a_model_is_measured_on_a_file_it_has_not_seen(seen, admin):
    unseen = to_csv_bytes(make_campaign(500, 11, end=NOW))
    measured = evaluating.evaluate_file(seen, admin, client=CLIENT, source=unseen, filename="n.csv",
                                      target="Lead Status", positive="Closed Won")
    assert measured["model_version"] == 1
    assert 0 < measured["positives"] < measured["rows"] <= 500
    assert measured["metrics"]["roc_auc"]["value"] > 0.55


def test_columns_the_file_lacks_are_named_in_the_words_of_the_training(seen, admin):
    lacking = make_campaign(500, 11, end=NOW).drop(columns="Number of Sessions")
    parts = {"client": CLIENT, "source": to_csv_bytes(lacking), "filename": "n.csv"}
    measured = evaluating.evaluate_file(seen, admin, target="Lead Status", positive="Closed Won", **parts)
    assert measured["missing_columns"] == ["Number of Sessions"]
    assert scoring.score_file(seen, admin, **parts).missing_columns == ("Number of Sessions",)


def test_what_could_be_learnt_is_shown_before_training(seen, admin):
    stored, *others = learning.target_choices(seen, admin, client=CLIENT)
    assert (stored.column, stored.choices.positive, stored.choices.usable) == (None, "converted", True)
    assert {choice.label: choice.choices.positive for choice in others} == {"Lead Status": "Closed Won"}
    (named,) = learning.target_choices(seen, admin, client=CLIENT, column="Product interest", positive="Training")
    assert named.column == "custom:Product interest"
    assert named.choices.positive == "Training"


@pytest.mark.parametrize("column", ["Nonsense", "Email"])
def test_columns_that_are_not_there_or_describe_people_are_no_targets(seen, admin, column):
    with pytest.raises(InvalidRequest, match=column):
        learning.target_choices(seen, admin, client=CLIENT, column=column)


def test_files_to_learn_from_are_mapped_as_a_person_says_and_as_remembered(workbench, admin):
    data = _coin_file(200)
    wish = training.TrainingRequest(target="Lead Status", positive="Closed Won", **QUICK_ALGORITHM, deploy=True)
    parts = {"client": CLIENT, "source": data, "filename": "t.csv"}
    training.train_file(workbench, admin, request=wish, overrides=["Number of Sessions=page_views"], **parts)
    intake.import_file(workbench, admin, remember=True, overrides=["Emails opened=video_views"], **parts)
    training.train_file(workbench, admin, request=wish, **parts)
    learnt = [set(models.show_model(workbench, admin, client=CLIENT, version=version).report["importance"])
              for version in ("1", "2")]
    assert ["page_views" in names for names in learnt] == [True, False]
    assert ["video_views" in names for names in learnt] == [False, True]
    with pytest.raises(InvalidRequest, match="nonsense"):
        evaluating.evaluate_file(workbench, admin, target="Lead Status", overrides=["Email=nonsense"], **parts)


def test_without_a_model_there_is_nothing_to_measure(workbench, admin):
    with pytest.raises(NotFound):
        evaluating.evaluate_file(workbench, admin, client=CLIENT, source=_coin_file(60), filename="n.csv",
                               target="Lead Status", positive="Closed Won")


def test_a_wish_survives_a_job_row():
    wish = training.TrainingRequest(keep=("a",), drop=("b", "c"), deploy=True)
    plain = {"keep": ["a"], "drop": ["b", "c"], "deploy": True, "unknown": 1}
    assert training.TrainingRequest.from_dict(plain) == wish


def test_open_leads_are_not_lost_leads(trained, admin):
    counts = pd.Series(models.show_model(trained, admin, client=CLIENT, version="1").report["split"])
    assert sum(value for value in counts if isinstance(value, int)) < 394
