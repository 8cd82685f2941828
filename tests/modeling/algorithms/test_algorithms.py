import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.modeling.algorithms import Algorithm, fit, fitting, network, parameters, restore, settings_of
from leadscore.modeling.algorithms.fitting import Plan, keep_aside
from leadscore.modeling.balancing import Balance
from leadscore.modeling.encoding import Codes
from leadscore.modeling.evaluation import roc_auc

LEARN_IN_ROUNDS = [Algorithm.ADDITIVE, Algorithm.XGBOOST, Algorithm.FOREST, Algorithm.AVERAGE, Algorithm.NEURAL]


def make_codes(rows=400, seed=0, base=-2.0):
    """Make two numbers that matter only together, one that matters alone, one that does not, and a category."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.normal(size=(rows, 4)), rng.integers(0, 3, rows)]).astype(np.float32)
    truth = base + 1.5 * (np.sign(values[:, 0] * values[:, 1]) + values[:, 2] + (values[:, 4] == 2))
    y = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    return Codes(values, (0, 0, 0, 0, 4)), y


@pytest.fixture(scope="module")
def fitted():
    """Every algorithm with every balance, fitted once."""
    codes, y = make_codes()
    return {(name, how): fit(name, codes, y, how, random_state=0) for name in Algorithm for how in Balance}


def assert_adds_up(estimator, codes):
    total = estimator.base + estimator.contributions(codes).sum(axis=1)
    np.testing.assert_allclose(total, estimator.margin(codes), atol=2e-5)


@pytest.mark.parametrize("balance", list(Balance))
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_base_and_contributions_add_up_to_the_margin(fitted, algorithm, balance):
    codes, y = make_codes(1500, seed=1)
    estimator = fitted[algorithm, balance]
    assert_adds_up(estimator, codes)
    assert np.abs(estimator.contributions(codes)).mean(axis=0)[[2, 4]].min() > 0.02
    assert roc_auc(y, estimator.margin(codes)) > 0.6


NUMBERS = st.one_of(st.just(np.nan), st.sampled_from([-1e30, 1e30, 0.0]), st.floats(-10, 10, width=32))


@given(st.lists(st.tuples(*[NUMBERS] * 4, st.sampled_from([0, 1, 3, np.nan])), max_size=5))
@settings(max_examples=25, deadline=None)
def test_whatever_a_lead_holds_its_contributions_add_up(fitted, rows):
    codes = Codes(np.array(rows, dtype=np.float32).reshape(-1, 5), (0, 0, 0, 0, 4))
    for algorithm in Algorithm:
        estimator = fitted[algorithm, Balance.NONE]
        assert estimator.contributions(codes).shape == (len(rows), 5)
        assert np.isfinite(estimator.margin(codes)).all()
        assert_adds_up(estimator, codes)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_was_kept_gives_the_same_bits(fitted, algorithm):
    then, (codes, _) = fitted[algorithm, Balance.NONE], make_codes(300, seed=2)
    now = restore(algorithm, json.loads(json.dumps(then.state(), allow_nan=False)), then.trees())
    assert (now.margin(codes) == then.margin(codes)).all()
    assert (now.contributions(codes) == then.contributions(codes)).all()
    assert (now.base, now.rounds, now.width) == (then.base, then.rounds, 5)
    assert parameters(algorithm, now) == parameters(algorithm, then)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_repeat_with_the_same_seed_gives_the_same_bits(fitted, algorithm):
    codes, y = make_codes()
    again = fit(algorithm, codes, y, Balance.SMOTE, random_state=0)
    assert (again.margin(codes) == fitted[algorithm, Balance.SMOTE].margin(codes)).all()
    assert (again.contributions(codes) == fitted[algorithm, Balance.SMOTE].contributions(codes)).all()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_lead_alone_is_judged_and_explained_as_among_others(fitted, algorithm):
    codes, _ = make_codes(1030, seed=3)
    estimator = fitted[algorithm, Balance.NONE]
    for lead in (7, 1029):
        alone = codes.rows(np.array([lead]))
        assert estimator.margin(alone)[0] == estimator.margin(codes)[lead]
        assert (estimator.contributions(alone)[0] == estimator.contributions(codes)[lead]).all()


@pytest.mark.parametrize("balance", [Balance.WEIGHTS, Balance.SMOTE])
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_balancing_raises_the_margins_of_a_rare_outcome(fitted, algorithm, balance):
    codes, _ = make_codes(500, seed=4)
    plain = fitted[algorithm, Balance.NONE].margin(codes).mean()
    assert fitted[algorithm, balance].margin(codes).mean() > plain + 0.1


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_is_kept_names_no_value_of_a_lead(fitted, algorithm):
    """Trees are cut at values of training leads; nothing else may hold one, nor grow with their number."""
    codes, _ = make_codes()
    known = set(codes.values[:, :4][~np.isnan(codes.values[:, :4])].tolist())
    kept = set(numbers(fitted[algorithm, Balance.NONE].state()))
    assert not known & kept
    assert len(kept) < 600


def numbers(state):
    if isinstance(state, dict):
        state = list(state.values())
    if isinstance(state, list):
        return [number for part in state for number in numbers(part)]
    return [state] if isinstance(state, float) else []


def test_the_network_learns_what_only_two_columns_together_tell():
    codes, y = make_codes(2500, base=0)
    fresh, ends = make_codes(1000, seed=5, base=0)
    areas = {
        name: roc_auc(ends, fit(name, codes, y, Balance.NONE, random_state=0).margin(fresh))
        for name in (Algorithm.LOGISTIC, Algorithm.NEURAL)
    }
    assert areas[Algorithm.NEURAL] > areas[Algorithm.LOGISTIC] + 0.05


def test_the_network_gives_shapley_values(fitted, monkeypatch):
    """With few columns, all orders can be gone through: many sampled ones must come near them."""
    estimator, (codes, _) = fitted[Algorithm.NEURAL, Balance.NONE], make_codes(50, seed=6)
    few = estimator.contributions(codes)
    monkeypatch.setattr(network, "PERMUTATION_PAIRS", 800)
    exact = estimator.contributions(codes)
    assert np.abs(few - exact).mean() < 0.1 * np.abs(exact).mean()
    monkeypatch.setattr(network, "PERMUTATION_SEED", 1)
    np.testing.assert_allclose(estimator.contributions(codes), exact, atol=0.05)


def test_a_column_of_an_additive_model_speaks_for_itself_alone(fitted):
    estimator, (codes, _) = fitted[Algorithm.ADDITIVE, Balance.NONE], make_codes(300, seed=7)
    before = estimator.contributions(codes)
    changed = codes.values.copy()
    changed[:, 2] = np.roll(changed[:, 2], 1)
    moved = estimator.contributions(Codes(changed, codes.sizes)) != before
    assert moved[:, 2].any()
    assert not moved[:, [0, 1, 3, 4]].any()


def test_the_steps_of_an_additive_model_say_what_its_trees_say(monkeypatch):
    from leadscore.modeling.algorithms import additive

    grown = []
    boost = additive.boost
    monkeypatch.setattr(additive, "boost", lambda *given, **more: grown.append(boost(*given, **more)) or grown[0])
    codes, y = make_codes(600)
    estimator = fit(Algorithm.ADDITIVE, codes, y, Balance.WEIGHTS, random_state=0)
    np.testing.assert_allclose(estimator.margin(codes), additive.margins(grown[0], codes), atol=1e-5)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_columns_that_hold_nothing_or_one_value_do_no_harm(algorithm):
    codes, y = make_codes(200)
    values = codes.values.copy()
    values[:, 0], values[:, 1], values[:, 4] = np.nan, 7, np.nan
    estimator = fit(algorithm, Codes(values, codes.sizes), y, Balance.SMOTE, random_state=0, rounds=2)
    assert_adds_up(estimator, codes)
    assert np.isfinite(estimator.margin(codes)).all()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_each_setting_offered_is_fitted_and_reported(algorithm):
    codes, y = make_codes(200)
    assert 1 < len(settings_of(algorithm)) <= 3
    for wish in settings_of(algorithm):
        estimator = fit(algorithm, codes, y, Balance.NONE, random_state=0, settings=wish, rounds=1)
        assert wish.items() <= parameters(algorithm, estimator).items()


@pytest.mark.parametrize("algorithm", LEARN_IN_ROUNDS)
def test_rounds_found_before_are_used_again_without_a_search(algorithm, monkeypatch):
    codes, y = make_codes(200)
    monkeypatch.setattr(fitting.np.random, "default_rng", None)
    estimator = fit(algorithm, codes, y, Balance.NONE, random_state=0, rounds=1)
    assert estimator.rounds == parameters(algorithm, estimator)["rounds"] == 1


@pytest.mark.parametrize(
    "wish", [{"settings": {"C": 7.0}}, {"settings": {"max_depth": 4, "eta": 1}}, {"settings": {}}, {"rounds": 0}]
)
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_settings_an_algorithm_does_not_offer_are_refused(algorithm, wish):
    codes, y = make_codes(50)
    with pytest.raises(InvalidRequest) as refusal:
        fit(algorithm, codes, y, Balance.NONE, random_state=0, **wish)
    assert refusal.value.code == "unknown_option"


def test_leads_kept_aside_are_originals_and_never_fitted_on(monkeypatch):
    monkeypatch.setattr(fitting, "SEARCH_ROWS", 300)
    codes, y = make_codes(400)
    aside = keep_aside(codes, y, Plan(Balance.SMOTE, random_state=1))
    fitted, judged = ({row.tobytes() for row in part[0].values} for part in (aside.fitted, aside.judged))
    originals = {row.tobytes() for row in codes.values}
    assert judged <= originals
    assert not judged & fitted
    assert len(judged) + len(fitted & originals) == 300
    assert len(fitted - originals) > 50


def test_nothing_is_kept_aside_where_a_side_would_know_one_outcome():
    codes, _ = make_codes(60)
    assert keep_aside(codes, (np.arange(60) == 0).astype(float), Plan(Balance.NONE)) is None


SPOILT = [
    (Algorithm.LOGISTIC, {"weights": [0.0]}),
    (Algorithm.ADDITIVE, {"effects": [[0.0, 0.0]] * 5}),
    (Algorithm.ADDITIVE, {"sizes": [0]}),
    (Algorithm.NEURAL, {"output": [1.0]}),
    (Algorithm.NEURAL, {"typical": []}),
]


@pytest.mark.parametrize(("algorithm", "spoilt"), SPOILT)
def test_parts_that_do_not_fit_together_are_refused(fitted, algorithm, spoilt):
    with pytest.raises(ValueError):
        restore(algorithm, fitted[algorithm, Balance.NONE].state() | spoilt, None)


@pytest.mark.parametrize("algorithm", [Algorithm.XGBOOST, Algorithm.FOREST, Algorithm.AVERAGE])
def test_trees_that_are_missing_are_refused(fitted, algorithm):
    with pytest.raises(ValueError, match="trees are missing"):
        restore(algorithm, fitted[algorithm, Balance.NONE].state(), None)
