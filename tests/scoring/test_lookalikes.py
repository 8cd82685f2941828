"""The nearest rows are found, equals in their order; centres stand where the crowds are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.scoring.lookalikes import MOST_CENTRES, centres, nearest


def unit(rows, dimensions=6, seed=0):
    made = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@given(st.integers(0, 60), st.integers(0, 70), st.integers(0, 5))
def test_the_nearest_are_those_a_full_sort_gives(rows, count, seed):
    made, question = unit(rows, seed=seed), unit(1, seed=seed + 9)[0]
    places, products = nearest(made, question, count)
    order = np.argsort(-(made @ question), kind="stable")[:count]
    assert places.tolist() == order.tolist()
    assert (np.diff(products) <= 0).all()


def test_of_several_points_the_nearest_counts():
    made = np.eye(4, dtype=np.float32)
    places, products = nearest(made, np.eye(4, dtype=np.float32)[:, :2], 2)
    assert (places.tolist(), products.tolist()) == ([0, 1], [1.0, 1.0])


def test_centres_stand_where_the_crowds_are():
    crowds = np.eye(3, dtype=np.float32)
    made = np.repeat(crowds, 40, axis=0) + 0.01 * unit(120, 3)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    found = centres(made, most=3)
    assert ((found @ crowds.T).max(axis=0) > 0.99).all()


@pytest.mark.parametrize(("rows", "kinds"), [(0, 0), (1, 1), (19, 1), (40, 2), (2_000, MOST_CENTRES)])
def test_there_are_as_many_kinds_as_there_are_leads_for(rows, kinds):
    found = centres(unit(rows))
    assert len(found) == kinds
    assert np.isfinite(found).all()


def test_equal_seeds_give_equal_centres():
    assert (centres(unit(300), seed=4) == centres(unit(300), seed=4)).all()


def test_equal_leads_are_one_kind():
    assert np.isfinite(centres(np.repeat(unit(1), 100, axis=0))).all()
