import numpy as np
import pandas as pd
import pytest

from leadscore.sample.investors import HEADERS, TIERS, make_investors, tier_chances
from tests.shared_data import shared_file

RANGES = {"age": (22, 70), "income": (30_000, 500_000), "credit_score": (300, 850), "website_visits": (0, 50),
          "email_opens": (0, 30), "property_views": (0, 25), "contact_attempts": (0, 10),
          "time_on_site_minutes": (1, 120)}


def test_the_same_seed_gives_the_same_investors_and_another_seed_gives_others():
    first = make_investors(300, 1)
    pd.testing.assert_frame_equal(first.leads, make_investors(300, 1).leads)
    assert not first.leads.equals(make_investors(300, 2).leads)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_a_file_has_the_size_and_the_columns_asked_for(n):
    made = make_investors(n, 0)
    assert list(made.leads.columns) == [*HEADERS, "tier"]
    assert made.leads.shape == (n, 13)
    assert made.chances.shape == (n, 3)
    assert set(made.leads["tier"]) <= set(TIERS)


@pytest.mark.parametrize("noise", [0.35, 0.5, 0.7])
def test_40_per_cent_are_low_50_medium_and_10_high(noise):
    shares = make_investors(20_000, 3, noise).leads["tier"].value_counts(normalize=True)
    assert shares["Low"] == pytest.approx(0.40, abs=0.015)
    assert shares["Medium"] == pytest.approx(0.50, abs=0.015)
    assert shares["High"] == pytest.approx(0.10, abs=0.01)


def test_every_value_lies_in_its_range():
    leads = make_investors(5_000, 4).leads
    for name, (least, most) in RANGES.items():
        assert least <= leads[name].min() <= leads[name].max() <= most
    assert set(leads[list(HEADERS[8:])].to_numpy().ravel()) == {0, 1}


def test_richer_people_and_better_credit_engage_more():
    leads = make_investors(10_000, 5).leads
    assert leads["income"].corr(leads["website_visits"]) > 0.2
    assert leads["credit_score"].corr(leads["email_opens"]) > 0.1
    assert leads["credit_score"].corr(leads["financing_pre_approved"]) > 0.01
    assert leads["website_visits"].corr(leads["property_views"]) > 0.6


def test_the_true_chances_are_what_happens():
    made = make_investors(40_000, 6)
    np.testing.assert_allclose(made.chances.sum(axis=1), 1.0)
    for tier in TIERS:
        bins = pd.cut(made.chances[tier], [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1])
        happened = made.leads["tier"].eq(tier).groupby(bins, observed=True).agg(["mean", "size"])
        told = made.chances[tier].groupby(bins, observed=True).mean()
        assert (abs(happened["mean"] - told) < 4 * np.sqrt(0.25 / happened["size"])).all()


def test_nobody_is_right_more_often_than_who_names_the_likeliest_tier():
    made = make_investors(40_000, 7)
    likeliest = made.chances.to_numpy().argmax(axis=1)
    right = np.array(TIERS)[likeliest] == made.leads["tier"].to_numpy(dtype=object)
    assert right.mean() == pytest.approx(made.best_accuracy, abs=0.006)
    assert 0.8 < made.best_accuracy < 0.95


def test_less_noise_makes_an_easier_file():
    best = [make_investors(5_000, 1, noise).best_accuracy for noise in (0.2, 0.5, 0.9)]
    assert best[0] > best[1] > best[2]


def test_the_truth_gives_the_nine_scenarios_the_tier_expected_of_them():
    scenarios = pd.read_csv(shared_file("three_tier_scenarios.csv"))
    assert tier_chances(scenarios).idxmax(axis=1).tolist() == scenarios["expected_tier"].tolist()
