"""Columns that stand for a group are found, those that do not are not, and a reweighed model treats groups alike."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mutual_info_score

from leadscore.errors import InvalidRequest
from leadscore.modeling.proxies import find_proxies, shared_knowledge
from leadscore.modeling.reweighing import fair_weights, learnt_both_ways
from leadscore.schema import Kind

LEADS = 1_200
KINDS = {"copy": Kind.CATEGORY, "hint": Kind.NUMBER, "noise": Kind.NUMBER}


def leads(seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    draw = np.random.default_rng(seed)
    group = pd.Series(draw.choice(["a", "b", None], LEADS, p=[0.5, 0.4, 0.1]), dtype="str")
    is_a = (group == "a").to_numpy()
    frame = pd.DataFrame({"copy": pd.Series(np.where(is_a, "yes", "no"), dtype="str").where(draw.random(LEADS) < 0.9),
                          "hint": draw.normal(is_a * 1.0, 1), "noise": draw.normal(0, 1, LEADS)})
    return frame, group


def test_a_column_that_stands_for_the_group_is_found_first():
    frame, group = leads()
    found = find_proxies(frame, KINDS, group, {"copy": "Copy of it"})
    assert found.leads == int(group.notna().sum())
    assert list(found.columns["name"]) == ["copy", "hint", "noise"]
    assert found.columns["label"][0] == "Copy of it"
    assert found.area > 0.9 and set(found.groups) == {"a", "b"}
    assert found.columns["told"][0] > 0.7 and found.columns["told"][2] < 0.02


def test_without_a_proxy_the_group_cannot_be_told():
    frame, group = leads()
    found = find_proxies(frame[["noise"]], KINDS, group, {})
    assert found.area == pytest.approx(0.5, abs=0.06)
    low, high = found.groups["a"].low, found.groups["a"].high
    assert low < 0.5 < high + 0.05


def test_groups_that_are_too_small_are_refused():
    frame, group = leads()
    with pytest.raises(InvalidRequest) as refused:
        find_proxies(frame, KINDS, group.where(group == "a"), {})
    assert refused.value.code == "too_few_in_groups"


def test_shared_knowledge_is_mutual_information_less_what_chance_brings():
    draw = np.random.default_rng(1)
    groups = draw.integers(0, 3, 5_000)
    values = np.where(draw.random(5_000) < 0.5, groups, draw.integers(0, 3, 5_000))
    shares = np.bincount(groups) / len(groups)
    entropy = -(shares * np.log(shares)).sum()
    expected = (mutual_info_score(values, groups) - 4 / 10_000) / entropy
    assert shared_knowledge(values, groups) == pytest.approx(expected, abs=1e-9)
    assert shared_knowledge(groups, groups) == pytest.approx(1, abs=1e-3)
    assert shared_knowledge(np.zeros(5_000, dtype=np.int64), groups) == 0


def test_reweighing_makes_group_and_end_independent():
    draw = np.random.default_rng(2)
    groups = pd.Series(draw.choice(["a", "b", None], 900), dtype="str")
    y = (draw.random(900) < np.where(groups == "a", 0.4, 0.1)).astype(float)
    weights = fair_weights(y, groups)
    rates = [np.average(y[groups == name], weights=weights[groups == name]) for name in ("a", "b")]
    assert rates[0] == pytest.approx(rates[1], abs=1e-12)
    assert (weights[groups.isna()] == 1).all()


def test_a_reweighed_model_leans_less_on_what_stands_for_the_group():
    frame, group = leads(3)
    draw = np.random.default_rng(4)
    y = (draw.random(LEADS) < np.where(group == "a", 0.5, 0.2)).astype(float)
    plain, reweighed = learnt_both_ways(frame, KINDS, y, group)

    def gap(chance):
        return chance[group == "a"].mean() - chance[group == "b"].mean()

    assert gap(plain) > 0.15 and abs(gap(reweighed)) < 0.5 * gap(plain)
    assert len(plain) == len(reweighed) == LEADS
