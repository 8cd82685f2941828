"""A new model takes the champion's place only when it is not worse on leads neither has learnt from."""

import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from leadscore.features.build import build_features
from leadscore.modeling.algorithms import Algorithm
from leadscore.modeling.report import Verdict
from leadscore.steps.models import find_version, load_model
from leadscore.steps.promotion import judge_candidate
from leadscore.store import lead_reading
from leadscore.store import models as model_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store.database import read, write
from tests.services.conftest import NOW, workbench_at

DECIDED = 44


@pytest.fixture(scope="module")
def later(trained_home, tmp_path_factory):
    """A home in which 22 leads have converted and 22 were lost after the champion was trained."""
    home = tmp_path_factory.mktemp("later") / "home"
    shutil.copytree(trained_home, home)
    bench = workbench_at(home)
    with write(bench.engine) as session:
        stages = lead_reading.outcomes(session, 1)
        chosen = stages.index[~stages.isin(["converted", "lost"])].to_numpy()[:DECIDED]
        for stage, part in (("converted", chosen[::2]), ("lost", chosen[1::2])):
            outcome_rows.record(session, 1, part, stage=stage, at=None, recorded_by="me",
                                now=NOW + timedelta(days=1))
    return bench, chosen


def _judge(later, change=lambda model: model, **held_out):
    bench, chosen = later
    with read(bench.engine) as session:
        champion = load_model(bench, find_version(session, 1, "champion")).model
        leads = lead_reading.read_leads(session, bench.vault, 1)
        features = build_features(leads, lead_reading.custom_fields(session, 1), as_of=pd.Timestamp(NOW), headers={})
        y = np.tile([1.0, 0.0], DECIDED // 2)
        frame = pd.DataFrame({"y": y, "probability": held_out.get("probability", y)}, index=chosen)
        more = pd.DataFrame({"y": 1.0, "probability": 0.0}, index=features.frame.index.difference(chosen)[:50])
        model = change(replace(champion, held_out=pd.concat([frame, more]).iloc[:held_out.get("most")]))
        return judge_candidate(session, bench, 1, model, lambda _: features)


def test_a_better_one_is_published_with_figures_of_the_fair_leads_alone(later):
    judged = _judge(later, probability=np.tile([0.9, 0.1], DECIDED // 2))
    assert judged.publish
    assert (judged.against, judged.leads) == (1, DECIDED)
    assert judged.figure.second == 1
    assert "not worse than version 1 on 44 leads" in judged.reason


def test_a_worse_one_waits(later):
    judged = _judge(later, probability=np.tile([0.1, 0.9], DECIDED // 2))
    assert not judged.publish
    assert "more than 0.01 behind version 1 on 44 leads" in judged.reason
    assert judged.to_dict()["average_precision"]["difference"]["value"] < -0.01


@pytest.mark.parametrize(("most", "words"), [(39, "20 converted and 19 lost"), (0, "0 converted and 0 lost")])
def test_too_few_fair_leads_decide_nothing(later, most, words):
    judged = _judge(later, most=most)
    assert not judged.publish
    assert words in judged.reason


def test_forty_fair_leads_are_enough(later):
    assert _judge(later, most=40).publish


def test_a_model_without_held_out_leads_waits(later):
    assert not _judge(later, change=lambda model: replace(model, held_out=None)).publish


def test_a_model_no_better_than_chance_is_never_published(later):
    judged = _judge(later, change=lambda model: replace(model, report=replace(model.report, verdict=Verdict.CHANCE)))
    assert not judged.publish
    assert "chance" in judged.reason


def test_without_a_champion_the_first_one_serves(later):
    bench, chosen = later
    with write(bench.engine) as session:
        champion = load_model(bench, model_rows.champion(session, 1)).model
        assert judge_candidate(session, bench, 2, champion, None).publish


def test_models_of_tiers_are_left_to_people(later):
    if "three_tiers" not in {str(name) for name in Algorithm}:
        pytest.skip("no such models yet")
    assert not _judge(later, change=lambda model: replace(model, algorithm=Algorithm("three_tiers"))).publish
