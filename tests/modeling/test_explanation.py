"""Contributions become importances and curves that name no value few leads share."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.modeling.encoding import MIN_LEVEL_ROWS
from leadscore.modeling.explanation import MOST_POINTS, OTHER, Curve, effect_curves, importance
from leadscore.schema import Kind
from tests.modeling.samples import KINDS, make_leads, train_small


@pytest.fixture(scope="module")
def curves():
    leads, _ = make_leads(600)
    model = train_small("logistic")
    return effect_curves(leads, model.predict(leads).contributions, KINDS, {"visits": "Visits"})


def curve_of(values, shares=None, kind=Kind.CATEGORY, name="column"):
    features = pd.DataFrame({name: values})
    shares = np.arange(1.0, len(features) + 1) if shares is None else shares
    return effect_curves(features, pd.DataFrame({name: shares}), {name: kind}, {})[name]


def effects(curve):
    return {point.value: point.effect for point in curve.points}


def test_a_curve_tells_what_the_outcomes_follow_from(curves):
    visits = curves["visits"]
    assert (visits.label, visits.kind) == ("Visits", "number")
    known = [point for point in visits.points if point.value is not None]
    assert [point.value for point in known] == sorted({point.value for point in known})
    assert np.all(np.diff([point.effect for point in known]) > 0)
    assert effects(curves["source"])["Referral"] > effects(curves["source"])["Web"]
    assert effects(curves["demo"])["yes"] > effects(curves["demo"])["no"]


def test_a_curve_is_the_mean_of_the_contributions_it_stands_for():
    curve = curve_of(["a"] * 6 + ["b"] * 5 + [None] * 5, [1.0] * 5 + [7.0] + [-1.0] * 5 + [0.5] * 5)
    assert effects(curve) == {"a": 2.0, "b": -1.0, None: 0.5}
    assert [point.leads for point in curve.points] == [6, 5, 5]
    assert (curve.points[0].low, curve.points[0].high) == (1.0, 4.0)


def test_rare_levels_are_told_together_and_a_level_called_other_with_them():
    curve = curve_of(["a"] * 6 + ["b"] * 4 + ["c"] * 4 + [OTHER] * 5)
    assert {point.value: point.leads for point in curve.points} == {"a": 6, OTHER: 13}


def test_what_looks_like_an_address_is_not_named():
    curve = curve_of(["anna@firm.example"] * 9 + ["+49 351 5551234"] * 9 + ["Web"] * 5)
    assert {point.value: point.leads for point in curve.points} == {"Web": 5, OTHER: 18}


def test_numbers_that_mean_codes_are_levels():
    curve = curve_of([28.0] * 30 + [14.0] * 30, kind=Kind.NUMBER, name="region code")
    assert curve.kind == "category"
    assert {point.value for point in curve.points} == {"28", "14"}


def test_a_number_with_few_values_has_a_point_for_each_and_missing_ones_their_own():
    curve = curve_of([0.0] * 50 + [1.0] * 9 + [2.0] * 2 + [9.0] * 2 + [np.nan] * 6 + [np.inf] * 2, kind=Kind.NUMBER)
    # two and nine are too few for a point of their own
    assert [(point.value, point.leads) for point in curve.points] == [(0.0, 50), (1.0, 13), (None, 8)]


def test_a_number_of_many_values_has_about_twelve_points_and_no_exact_amount():
    curve = curve_of(np.linspace(30_000.37, 90_000.91, 600), kind=Kind.MONEY)
    assert 10 <= len(curve.points) <= 13
    assert all(point.value % 10 == 0 for point in curve.points)


def test_texts_are_told_by_the_words_many_share():
    texts = ["Head of Sales"] * 20 + ["Sales clerk"] * 10 + ["Maria Magdalena"] * 2 + ["Quirin Ernst"] * 6 + [None] * 5
    points = {point.value: point.leads for point in curve_of(texts, kind=Kind.TEXT).points}
    assert points["sales"] == 30 and points["clerk"] == 10 and points[None] == 5
    assert "maria" not in points


def test_texts_without_shared_words_are_only_filled_in_or_missing():
    texts = [f"word{'abcdefghij'[place]}" for place in range(9)] + [None] * 6
    assert {point.value: point.leads for point in curve_of(texts, kind=Kind.TEXT).points} == {"filled in": 9, None: 6}


def test_a_column_the_model_makes_no_use_of_has_no_curve():
    features = pd.DataFrame({"a": ["x"] * 9, "b": ["y"] * 9})
    shares = pd.DataFrame({"a": [1.0] * 9, "b": [0.0] * 9, "gone": [1.0] * 9})
    assert list(effect_curves(features, shares, {"a": Kind.CATEGORY, "b": Kind.CATEGORY}, {})) == ["a"]


def test_curves_survive_being_written_as_json(curves):
    for curve in curves.values():
        assert Curve.from_dict(json.loads(json.dumps(curve.to_dict(), allow_nan=False))) == curve


def test_importance_is_the_mean_size_largest_first():
    shares = pd.DataFrame({"small": [0.1, -0.1], "large": [-2.0, 1.0]})
    assert list(importance(shares).items()) == [("large", 1.5), ("small", pytest.approx(0.1))]


NUMBERS = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(allow_nan=True, allow_infinity=True))
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", OTHER, "anna@firm.example", "long " * 40]), st.text(max_size=4))


@settings(deadline=None, max_examples=150)
@given(values=st.one_of(*(st.tuples(st.just(kind), st.lists(cells, min_size=1, max_size=60)) for kind, cells in
                          [(Kind.NUMBER, NUMBERS), (Kind.CATEGORY, TEXTS), (Kind.TEXT, TEXTS),
                           (Kind.BOOLEAN, st.sampled_from([0.0, 1.0, None]))])))
def test_no_curve_names_what_fewer_than_five_leads_share(values):
    kind, cells = values
    series = pd.Series(cells, dtype="float64" if kind in (Kind.NUMBER, Kind.BOOLEAN) else "str")
    found = effect_curves(pd.DataFrame({"c": series}), pd.DataFrame({"c": np.linspace(-1, 1, len(series)) + 2}),
                          {"c": kind}, {})
    points = found["c"].points if found else ()
    assert all(point.leads >= MIN_LEVEL_ROWS and point.low <= point.high for point in points)
    assert len(points) <= MOST_POINTS + 2
    assert len({point.value for point in points}) == len(points)
    json.dumps([point.value for point in points], allow_nan=False)
    if kind is Kind.CATEGORY:
        named = {point.value for point in points} - {None, OTHER}
        assert all((series == level).sum() >= MIN_LEVEL_ROWS for level in named)
    if kind is not Kind.TEXT:
        assert sum(point.leads for point in points) <= len(series)
