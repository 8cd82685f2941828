"""What choosing groups alike costs: by hand on few leads, and never more or fewer leads than people can call."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring.mitigation import (
    AS_IT_IS,
    OWN_EQUAL,
    OWN_FOUR_FIFTHS,
    EndedLeads,
    best,
    costs_of,
    group_numbers,
    lowest_ratio,
    own_thresholds,
)


def ended(seed: int = 0, leads: int = 1_000) -> tuple[EndedLeads, np.ndarray]:
    draw = np.random.default_rng(seed)
    groups = draw.choice(["a", "b", "c"], leads, p=[0.6, 0.38, 0.02])
    score = draw.normal(np.where(groups == "a", 1, 0), 1)
    y = (draw.random(leads) < 1 / (1 + np.exp(2 - score))).astype(float)
    counts = np.vstack([np.ones(leads), draw.poisson(1, (50, leads))])
    return EndedLeads(y, group_numbers(pd.Series(groups)), counts, 0.2), score


def test_small_groups_and_unknown_ones_have_no_number():
    numbers = group_numbers(pd.Series(["a"] * 40 + ["b"] * 29 + [None] * 40 + ["c"] * 30))
    assert set(numbers[:40]) == {0} and set(numbers[40:109]) == {-1} and set(numbers[109:]) == {1}


def test_own_thresholds_make_rates_alike_and_keep_how_many_are_called():
    leads, score = ended()
    now = best(score, leads.chosen)
    alike = own_thresholds(leads, score, now, 1.0)
    assert lowest_ratio(leads, now) < 0.6 < 0.97 < lowest_ratio(leads, alike)
    assert abs(int(alike.sum()) - int(now.sum())) <= 2
    for group in (0, 1):
        inside = leads.groups == group
        assert score[inside & alike].min() >= score[inside & ~alike].max()
    small = leads.groups == -1
    assert (now[small] == own_thresholds(leads, score, now, 1.0)[small]).all()


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_path_goes_from_as_it_is_to_alike_and_never_back(seed):
    leads, score = ended(seed, 400)
    costs = costs_of(leads, score, {})
    now = best(score, leads.chosen)
    assert costs.curve["ratio"].iloc[0] == pytest.approx(lowest_ratio(leads, now))
    assert costs.curve["captured"].iloc[0] == pytest.approx(leads.y[now].sum() / leads.y.sum())
    assert costs.curve["ratio"].diff().dropna().min() > -0.12
    options = costs.options.set_index("option")
    assert options.loc[AS_IT_IS, ["change", "enter", "leave"]].eq(0).all()
    assert (options["enter"] - options["leave"]).abs().max() <= 2


def test_options_are_held_against_what_is_with_an_interval():
    leads, score = ended()
    costs = costs_of(leads, score, {"by chance": (score, np.random.default_rng(9).normal(size=len(score)))})
    options = costs.options.set_index("option")
    assert list(options.index) == [AS_IT_IS, OWN_FOUR_FIFTHS, OWN_EQUAL, "by chance"]
    assert options.loc["by chance", "change_high"] < 0
    assert options.loc[OWN_FOUR_FIFTHS, "ratio"] >= 0.8
    assert (options["change_low"] <= options["change"]).all() and (options["change"] <= options["change_high"]).all()
    assert (costs.leads, costs.converted) == (len(leads.y), int(leads.y.sum()))
