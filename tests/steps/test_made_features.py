"""A made feature goes its whole way: saved, scored, learnt, remembered by the model, retired, and scored as before."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest
from leadscore.schema import MadeFeature
from leadscore.scoring.presets import default_policy
from leadscore.services import delivery, dossier, evaluating, models, policies, scoring, training
from leadscore.steps.judge import judge, made_for
from leadscore.steps.models import find_version, load_model
from leadscore.steps.policy_saving import definitions, free_name
from leadscore.steps.replay import replay
from leadscore.store import lead_reading
from leadscore.store.database import read
from tests.services.conftest import CLIENT, NOW, QUICK, person, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

DEPTH = {"name": "depth", "label": "Depth of a visit", "expression": "[Page views] / website_visits",
         "group": "behavioural"}
KEEN = {"name": "keen", "label": "Keen", "expression": "coalesce(email_clicks, 0) > 1", "group": "engagement"}
CRITERION = {"id": "keen", "label": "Clicks a lot", "group": "engagement", "field": "made:keen", "operator": "is_true",
             "points": 20.0}
LEADS = 394


def _save(bench, **changes):
    return policies.save_policy(bench, person(Role.ADMIN), client=CLIENT, changes=changes, comment="made")


def _criteria(*more):
    return [*default_policy().to_dict()["criteria"], *more]


@pytest.fixture(scope="module")
def made_home(trained_home, tmp_path_factory):
    """Make a home whose champion has learnt made features, and whose policy has retired one since."""
    home = tmp_path_factory.mktemp("made") / "home"
    shutil.copytree(trained_home, home)
    bench, boss = workbench_at(home), person(Role.ADMIN)
    _save(bench, made=[DEPTH, KEEN], criteria=_criteria(CRITERION), switched_off=["city"])
    scoring.rescore(bench, boss, client=CLIENT)
    told = training.train_stored(bench, boss, client=CLIENT, request=replace(QUICK, deploy=True))
    scoring.rescore(bench, boss, client=CLIENT)
    bench.engine.dispose()
    return home, told


@pytest.fixture
def made(made_home, tmp_path):
    shutil.copytree(made_home[0], tmp_path / "copy")
    return workbench_at(tmp_path / "copy")


def _model(bench, version="2"):
    with read(bench.engine) as session:
        return load_model(bench, find_version(session, 1, version)).model


def _replay(bench, version):
    with read(bench.engine) as session:
        return replay(session, bench, find_version(session, 1, version))


def test_a_model_remembers_the_formulas_it_has_learnt(made, made_home):
    model = _model(made)
    assert "made:depth" in model.columns
    assert [feature.name for feature in model.made] == [name for name in ("depth", "keen")
                                                        if f"made:{name}" in model.columns]
    # under names that last, whatever the file called its columns
    assert model.made[0].expression == "page_views / website_visits"
    assert _model(made, "1").made == ()


def test_training_leaves_out_what_is_switched_off_and_says_so(made, made_home):
    told = made_home[1]
    assert "city" not in _model(made).columns
    off = [entry for entry in told.set_aside if entry["code"] == "switched_off"]
    assert [entry["name"] for entry in off] == ["city"]
    assert "switched off" in off[0]["reason"]


def test_old_and_new_runs_come_out_again_bit_for_bit(made):
    assert _replay(made, "1").identical == _replay(made, "2").identical == LEADS


def test_a_retired_feature_lives_on_in_the_model_that_learnt_it(made):
    with read(made.engine) as session:
        leads = lead_reading.read_leads(session, made.vault, 1)
        custom = lead_reading.custom_fields(session, 1)
    parts = dict(custom_fields=custom, headers={}, model=_model(made), as_of=pd.Timestamp(NOW))
    before = judge(leads, policy=default_policy(), **parts)
    after = judge(leads, policy=replace(default_policy(), made=(MadeFeature(**KEEN),)), **parts)
    np.testing.assert_array_equal(before.probability, after.probability)
    assert "made:depth" in before.features.frame
    assert before.prediction.missing_columns == ()
    _save(made, made=[KEEN])
    assert _replay(made, "2").identical == LEADS


def test_a_criterion_holds_its_feature_in_the_policy(made):
    version = policies.current_policy(made, person(Role.ADMIN), client=CLIENT).version
    with pytest.raises(InvalidRequest) as refused:
        _save(made, made=[DEPTH])
    assert refused.value.code == "criterion_without_feature"
    assert "'Clicks a lot' uses the feature 'keen'" in refused.value.message
    assert policies.current_policy(made, person(Role.ADMIN), client=CLIENT).version == version


def test_reasons_name_a_made_feature_by_its_label(made):
    admin = person(Role.ADMIN)
    page = delivery.list_leads(made, admin, client=CLIENT, view=delivery.ListView(top="100%"))
    keen = [int(lead) for lead in page.frame["lead_id"]]
    details = [dossier.lead_detail(made, admin, client=CLIENT, lead_id=lead, note=False) for lead in keen[:3]]
    texts = [reason.text for detail in details for reason in detail.reasons]
    assert any("Depth of a visit" in text for text in texts)
    assert not any("made:" in text for text in texts)
    assert any(curve.label == "Depth of a visit" for detail in details for curve in detail.curves)


def test_models_are_told_of_with_the_label_of_a_made_feature(made):
    version = models.list_models(made, person(Role.ADMIN), client=CLIENT)[0]
    strongest = version.report | {"importance": {"made:depth": 0.5}}
    assert replace(version, report=strongest).in_short()["looks_at"] == {"Depth of a visit": 0.5}
    card = models.model_card(made, person(Role.ADMIN), client=CLIENT, version="2").decode()
    assert "Depth of a visit" in card
    assert "made:" not in card


def test_what_if_sees_what_follows_from_a_changed_fact(made):
    found = dossier.lead_detail(made, person(Role.ADMIN), client=CLIENT, lead_id=1, note=False).what_if
    assert found is not None
    assert not any("made:" in improvement.field for improvement in found.improvements)


def test_a_file_without_the_columns_counts_them_as_missing(made):
    scored = scoring.score_file(made, person(Role.ADMIN), client=CLIENT, filename="short.csv",
                                source=b"Industry,Country\nIT,Chile\nLaw,Peru\n")
    assert scored.rows == 2
    assert not any("depth" in name.lower() for name in scored.missing_columns)


def test_a_labelled_file_is_judged_with_the_formulas_of_the_model(made, campaign_file):
    told = evaluating.evaluate_file(made, person(Role.ADMIN), client=CLIENT, source=campaign_file, filename="c.csv",
                                    target="Lead Status", positive="Closed Won", model="2")
    assert not any("epth" in name for name in told["missing_columns"])


@pytest.mark.parametrize(("feature", "words"), [
    (DEPTH | {"expression": "page_viws / 2"}, "Did you mean page_views"),
    (DEPTH | {"expression": "revenue / 2"}, "known only afterwards"),
    (DEPTH | {"expression": "page_views / 0"}, "divides by zero"),
    (DEPTH | {"expression": "x" * 2_000}, "at most 1,000 characters")])
def test_a_wrong_formula_is_refused_before_anything_changes(made, feature, words):
    before = policies.current_policy(made, person(Role.ADMIN), client=CLIENT)
    changes = {"made": [*before.policy.to_dict()["made"], feature | {"name": "another"}]}
    for refuse in (lambda: _save(made, **changes), lambda: policies.preview_policy(
            made, person(Role.ADMIN), client=CLIENT, changes=changes)):
        with pytest.raises(InvalidRequest, match=words):
            refuse()
    assert policies.current_policy(made, person(Role.ADMIN), client=CLIENT) == before


def test_a_name_never_means_another_formula(made):
    made_before = [feature for feature in policies.current_policy(
        made, person(Role.ADMIN), client=CLIENT).policy.to_dict()["made"] if feature["name"] != "depth"]
    other = DEPTH | {"expression": "page_views * 2"}
    with pytest.raises(InvalidRequest, match="stood for another formula") as refused:
        _save(made, made=[*made_before, other])
    assert "depth_2" in refused.value.hint
    _save(made, made=[*made_before, other | {"name": "depth_2"}])
    _save(made, made=[*made_before, DEPTH])
    with read(made.engine) as session:
        assert set(definitions(session, 1)) == {"depth", "depth_2", "keen"}


def test_names_are_numbered_on():
    assert free_name("depth", set()) == "depth"
    assert free_name("depth", {"depth", "depth_2"}) == "depth_3"


def test_the_formula_of_the_model_stands_where_a_policy_has_another_under_its_name(made):
    other = replace(default_policy(), made=(MadeFeature("depth", "Other", "page_views * 100", "fit"),))
    assert made_for(other, _model(made))[0].expression == "page_views / website_visits"
