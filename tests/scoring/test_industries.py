"""Neighbouring industries: how well closeness of meaning finds them, and that people have the last word."""

from __future__ import annotations

import numpy as np
import pytest

from leadscore.connectors.language.local import LocalEmbedder
from leadscore.scoring.industries import ADJACENT, EXACT, NEAR, OTHER, described, match_industries, tidy
from leadscore.scoring.offer import Offer
from tests.scoring.industry_pairs import FAR_PAIRS, NEAR_PAIRS, UNKNOWN_FAR_PAIRS, UNKNOWN_NEAR_PAIRS


@pytest.fixture(scope="module")
def embedder():
    return LocalEmbedder()


def found(embedder, pairs):
    sides = [embedder.embed([described(pair[side]) for pair in pairs]).astype(float) for side in (0, 1)]
    return (sides[0] * sides[1]).sum(axis=1) >= NEAR


def test_known_names_are_told_apart(embedder):
    assert len(NEAR_PAIRS) + len(FAR_PAIRS) >= 60
    near, far = found(embedder, NEAR_PAIRS), found(embedder, FAR_PAIRS)
    precision = near.sum() / (near.sum() + far.sum())
    assert precision >= 0.97
    assert near.mean() >= 0.97


def test_of_names_outside_the_table_hardly_any_is_called_a_neighbour_wrongly(embedder):
    near, far = found(embedder, UNKNOWN_NEAR_PAIRS), found(embedder, UNKNOWN_FAR_PAIRS)
    assert far.sum() == 0
    # names nobody described are found by their own meaning only: many are missed, and people can add them
    assert near.mean() >= 0.5


@pytest.mark.parametrize(("industry", "same"), [
    ("Computer Software", "COMPUTER_SOFTWARE"), ("  SaaS ", "saas"),
    ("Hospital & Health  Care", "hospital & health care")])
def test_spellings_of_one_name_are_one(industry, same):
    assert tidy(industry) == tidy(same)
    assert described(industry) == described(same)


OFFER = Offer("x", (), ("Computer Software", "Banking"), also_adjacent=("Dairy",), never_adjacent=("Internet",))


@pytest.mark.parametrize(("industry", "cosine", "match"), [
    ("computer software", 0.0, EXACT), ("COMPUTER_SOFTWARE", 0.0, EXACT), ("Dairy", -0.2, ADJACENT),
    ("Internet", 0.99, OTHER), ("Fintech", NEAR, ADJACENT), ("Fintech", NEAR - 0.001, OTHER), ("", 0.0, OTHER)])
def test_an_equal_name_comes_first_then_peoples_word_then_closeness(industry, cosine, match):
    assert match_industries([industry], OFFER, np.array([[cosine, -1.0]])) == [match]


def test_no_industries_are_no_question():
    assert match_industries([], OFFER, np.zeros((0, 2))) == []
