import numpy as np
import pandas as pd
import pytest

from leadscore.modeling import algorithms
from leadscore.modeling.algorithms import Algorithm
from leadscore.modeling.balancing import Balance
from leadscore.modeling.column_effects import column_effects
from leadscore.modeling.encoding import fit_encoder
from leadscore.schema import Kind

KINDS = dict.fromkeys(("honest", "leak", "useless"), Kind.NUMBER)


def logistic(codes, y):
    return algorithms.fit(Algorithm.LOGISTIC, codes, y, Balance.NONE, random_state=0)


@pytest.fixture(scope="module")
def material():
    rng = np.random.default_rng(0)
    honest = rng.normal(size=600)
    y = (honest + rng.normal(size=600) > 0.4).astype(float)
    leads = pd.DataFrame({"honest": honest, "leak": y + rng.normal(size=600) * 0.1, "useless": rng.normal(size=600)})
    encoder = fit_encoder(leads, KINDS)
    return encoder, encoder.encode(leads).codes, y, (np.arange(400), np.arange(400, 600))


def effects_of(material, go_on=lambda: True, **columns):
    encoder, codes, y, part = material
    return column_effects(logistic, encoder, codes, y, part, go_on=go_on, **columns)


def test_putting_a_leaking_column_back_shows_what_it_would_do(material):
    (effect,) = effects_of(material, set_aside=["leak"], suspects=[]).values()
    assert effect.without.roc_auc < 0.9 < 0.99 < effect.with_it.roc_auc
    assert effect.to_dict()["capture_at_20"]["with"] > effect.to_dict()["capture_at_20"]["without"]


def test_leaving_a_suspect_out_shows_what_it_gives(material):
    effects = effects_of(material, set_aside=["leak"], suspects=["honest", "useless"])
    assert list(effects) == ["leak", "honest", "useless"]
    assert effects["honest"].with_it.roc_auc > effects["honest"].without.roc_auc + 0.1
    assert effects["useless"].with_it.roc_auc == pytest.approx(effects["useless"].without.roc_auc, abs=0.02)
    assert effects["honest"].with_it == effects["leak"].without


def test_a_column_the_encoder_does_not_know_is_passed_over(material):
    assert list(effects_of(material, set_aside=["leak", "note"], suspects=["date"])) == ["leak"]


def test_columns_are_left_out_when_time_is_up(material):
    answers = iter([True, True, False])
    effects = effects_of(material, go_on=lambda: next(answers), set_aside=["leak"], suspects=["useless"])
    assert list(effects) == ["leak"]


def test_the_only_column_cannot_be_left_out(material):
    encoder, codes, y, part = material
    effects = column_effects(logistic, encoder, codes, y, part, set_aside=["leak", "useless"], suspects=["honest"],
                             go_on=lambda: True)
    assert list(effects) == ["leak", "useless"]
