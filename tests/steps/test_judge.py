"""A judgement is made of one lead's own values; who stands beside it changes nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from leadscore.scoring.presets import default_policy
from leadscore.steps.judge import judge, judge_features
from leadscore.steps.models import find_version, load_model
from leadscore.store import lead_reading
from leadscore.store.database import read
from tests.services.conftest import NOW

AS_OF = pd.Timestamp(NOW)


@pytest.fixture(scope="module")
def stored(seen):
    with read(seen.engine) as session:
        leads = lead_reading.read_leads(session, seen.vault, 1)
        return leads, lead_reading.custom_fields(session, 1), load_model(seen, find_version(session, 1, "1")).model


def _judge(stored, leads=None, *, alpha=0.4, model=True, **more):
    whole, custom, trained = stored
    policy = replace(default_policy(), alpha=alpha)
    return judge(whole if leads is None else leads, custom_fields=custom, headers={}, policy=policy,
                 model=trained if model else None, **({"as_of": AS_OF} | more))


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_points_of_all_factors_and_the_base_are_the_score(stored, alpha):
    blend = _judge(stored, alpha=alpha).blend
    total = blend.base + blend.rule_points.sum(axis=1) + blend.model_points.sum(axis=1)
    np.testing.assert_allclose(total, blend.blended, atol=1e-6)
    assert blend.blended.between(0, 100).all()


def test_a_lead_is_judged_alike_alone_shuffled_and_among_others(stored):
    leads = stored[0]
    whole = _judge(stored)
    shuffled = _judge(stored, leads.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(shuffled.blend.blended[leads.index], whole.blend.blended)
    for lead_id in leads.index[::60]:
        alone = _judge(stored, leads.loc[[lead_id]])
        assert alone.blend.blended[lead_id] == pytest.approx(whole.blend.blended[lead_id], abs=1e-9)
        # columns this lead has no value in may as well be missing
        bare = _judge(stored, leads.loc[[lead_id]].dropna(axis=1))
        assert bare.blend.blended[lead_id] == pytest.approx(whole.blend.blended[lead_id], abs=1e-9)


def test_leaving_out_the_reasons_changes_no_score(stored):
    quick = _judge(stored, contributions=False)
    assert quick.blend.model_points is None
    np.testing.assert_array_equal(quick.blend.blended, _judge(stored).blend.blended)


def test_without_a_model_there_is_no_probability(stored):
    judged = _judge(stored, model=False)
    assert judged.probability.isna().all()
    np.testing.assert_array_equal(judged.blend.blended, judged.rules.rule_score)


def test_the_date_counts(stored):
    later = _judge(stored, as_of=AS_OF + pd.Timedelta(days=90))
    assert not np.allclose(later.blend.blended, _judge(stored).blend.blended)


def test_outcomes_never_reach_a_judgement(stored):
    leads = stored[0]
    told = leads.drop(columns=["stage", "converted_at", "revenue", "lost_reason"], errors="ignore")
    assert len(told.columns) < len(leads.columns)
    np.testing.assert_array_equal(_judge(stored, told).blend.blended, _judge(stored).blend.blended)


def test_features_are_judged_like_the_leads_they_come_from(stored):
    whole = _judge(stored)
    changed = replace(whole.features, frame=whole.features.frame.head(3).assign(recency_days=1.0))
    again = judge_features(whole.features, policy=whole.policy, model=stored[2])
    np.testing.assert_array_equal(again.blend.blended, whole.blend.blended)
    better = judge_features(changed, policy=whole.policy, model=stored[2], contributions=False)
    assert not np.allclose(better.blend.blended, whole.blend.blended.head(3))
