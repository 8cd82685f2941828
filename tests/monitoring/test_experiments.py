"""Experiments: enough leads, arms by chance, and conclusions that hold however often one looks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.monitoring import experiments
from leadscore.monitoring.experiments import (
    Aim,
    Finding,
    Mode,
    Sizes,
    between_arms,
    challenged,
    check_aim,
    conclude,
    confidence_sequence,
    daily_counts,
    days_needed,
    information_reached,
    leads_to_score,
    lift,
    on_top,
    planned_information,
    power_of,
    relative_effect,
    sample_sizes,
    size_curve,
    smallest_effect,
    widths,
    within_leads,
)

AIM = Aim(base_rate=0.1, effect=0.3)
LOOKS = 100
DRAWS = 2_000


def counts(champion=(1_000, 100), challenger=(1_000, 100), shared=0.0) -> pd.DataFrame:
    return pd.DataFrame({"champion_leads": [champion[0]], "champion_converted": [champion[1]],
                         "challenger_leads": [challenger[0]], "challenger_converted": [challenger[1]],
                         "shared_converted": [shared]}, dtype=float)


# --- how many leads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("aim", "champion", "challenger"), [
    # Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, without the correction for continuity
    (Aim(0.10, 0.3), 1774, 1774),
    (Aim(0.05, 1.0), 435, 435),
    (Aim(0.60, 1 / 6, power=0.9), 477, 477),
])
def test_one_look_needs_what_the_textbook_says(aim, champion, challenger):
    assert sample_sizes(aim, peeking=False) == Sizes(champion, challenger)


def test_unequal_arms_keep_their_share_and_need_more_in_all():
    even, odd = sample_sizes(AIM), sample_sizes(replace(AIM, share=0.2))
    assert odd.challenger / odd.both == pytest.approx(0.2, abs=0.001)
    assert odd.both > even.both


def test_looking_every_day_costs_leads_but_not_three_times_as_many():
    assert 1.5 < sample_sizes(AIM).both / sample_sizes(AIM, peeking=False).both < 2.1


@settings(deadline=None, max_examples=60)
@given(base=st.floats(0.001, 0.6), effect=st.floats(0.05, 0.6), share=st.floats(0.05, 0.95),
       power=st.floats(0.5, 0.99), peeking=st.booleans())
def test_size_power_and_effect_agree_with_each_other(base, effect, share, power, peeking):
    aim = Aim(base, effect, share, 0.05, power)
    sizes = sample_sizes(aim, peeking=peeking)
    assert power_of(aim, sizes.champion, peeking=peeking) >= power - 1e-6
    # sizes are whole leads, so one less is too few
    assert power_of(aim, sizes.champion - 1, peeking=peeking) < power + 1e-6
    found = smallest_effect(aim, sizes.champion, peeking=peeking)
    assert found is not None and found <= effect * (1 + 1e-6)


def test_too_few_leads_find_no_effect_at_all():
    assert smallest_effect(AIM, 3) is None
    assert smallest_effect(AIM, 0) is None


@pytest.mark.parametrize("change", [
    {"base_rate": 0.0}, {"base_rate": 1.0}, {"base_rate": float("nan")}, {"effect": 0.0}, {"effect": -0.5},
    {"effect": 10.0}, {"share": 0.0}, {"share": 1.0}, {"alpha": 0.0}, {"alpha": 0.9}, {"power": 0.2}, {"power": 1.0},
    {"effect": float("inf")}])
def test_an_aim_no_leads_can_meet_is_refused(change):
    with pytest.raises(InvalidRequest):
        check_aim(replace(AIM, **change))


def test_a_difference_in_points_is_a_share_of_the_rate():
    assert relative_effect(0.1, 0.02) == pytest.approx(0.2)
    assert relative_effect(0.0, 0.02) == float("inf")


def test_in_the_shadow_each_lead_counts_for_both():
    assert leads_to_score(Sizes(100, 100), Mode.LIVE) == 1_000
    assert leads_to_score(Sizes(100, 100), Mode.SHADOW) == 500


@pytest.mark.parametrize(("leads", "waiting", "per_day", "days"), [
    (1_000, 0, 50, 20), (1_000, 400, 50, 12), (1_000, 2_000, 0, 0), (1_000, 10, 0, None)])
def test_open_leads_shorten_the_wait(leads, waiting, per_day, days):
    assert days_needed(leads, waiting=waiting, per_day=per_day) == days


def test_smaller_effects_need_more_leads_and_impossible_ones_are_left_out():
    curve = size_curve(Aim(0.4), Mode.LIVE, np.array([0.1, 0.2, 0.5, 2.0]))
    assert curve["effect"].tolist() == [0.1, 0.2, 0.5]
    assert curve["leads"].is_monotonic_decreasing


# --- who is in which arm ----------------------------------------------------------------------------------------


def test_a_lead_keeps_its_arm_and_another_experiment_draws_anew():
    leads = np.arange(1, 20_001)
    mine, again, other = (challenged(leads, salt=salt, share=0.3) for salt in ("a", "a", "b"))
    assert (mine == again).all()
    assert (challenged(leads[::-1], salt="a", share=0.3)[::-1] == mine).all()
    assert mine.mean() == pytest.approx(0.3, abs=0.015)
    assert (mine & other).mean() == pytest.approx(0.09, abs=0.01)


def test_a_larger_share_only_adds_leads():
    small, large = (challenged(np.arange(1_000), salt="x", share=share) for share in (0.1, 0.4))
    assert not (small & ~large).any()


def test_nobody_is_in_an_empty_list():
    assert len(challenged(np.array([], dtype=np.int64), salt="a", share=0.5)) == 0


def test_the_best_fifth_is_on_top_among_earlier_leads_too():
    assert on_top(np.arange(10.0), np.array([])).tolist() == [False] * 8 + [True] * 2
    assert on_top(np.array([5.0, 50.0]), np.arange(8.0)).tolist() == [False, True]
    assert on_top(np.array([1.0]), np.array([])).tolist() == [True]
    assert on_top(np.array([3.0, 3.0, 3.0, 3.0, 3.0]), np.array([])).tolist() == [True, False, False, False, False]


# --- what became of them ----------------------------------------------------------------------------------------


def groups(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["arm", "champion_top", "challenger_top", "assigned_day", "converted_day",
                                        "leads"])
    return frame.astype({"arm": "str", "assigned_day": "str", "converted_day": "str", "leads": "int64"})


def test_leads_count_from_their_assignment_and_conversions_from_their_day():
    daily = daily_counts(groups(
        ("champion", True, False, "2026-01-01", None, 8), ("champion", True, False, "2026-01-01", "2026-01-03", 2),
        ("champion", False, False, "2026-01-02", "2026-01-02", 5), ("challenger", False, True, "2026-01-02", None, 9),
        ("challenger", False, True, "2026-01-02", "2026-01-09", 1)), first="2026-01-01", last="2026-01-04")
    assert daily["champion_leads"].tolist() == [10, 10, 10, 10]
    assert daily["champion_converted"].tolist() == [0, 0, 2, 2]
    assert daily["champion_all"].tolist() == [10, 15, 15, 15]
    assert daily["champion_all_converted"].tolist() == [0, 5, 7, 7]
    assert daily["challenger_leads"].tolist() == [0, 10, 10, 10]
    # it converted after the experiment had ended
    assert daily["challenger_converted"].tolist() == [0, 0, 0, 0]


def test_in_the_shadow_one_lead_can_be_on_top_of_both():
    daily = daily_counts(groups(("both", True, True, "2026-01-01", "2026-01-01", 3),
                                ("both", True, False, "2026-01-01", "2026-01-01", 2)),
                         first="2026-01-01", last="2026-01-01")
    today = daily.iloc[-1]
    assert (today["champion_converted"], today["challenger_converted"], today["shared_converted"]) == (5, 3, 3)
    assert today["champion_all"] == today["challenger_all"] == 5


def test_no_leads_yet_is_a_day_of_zeros():
    daily = daily_counts(groups(), first="2026-01-02", last="2026-01-01")
    assert len(daily) == 1 and not daily.to_numpy().any()


# --- what may be concluded --------------------------------------------------------------------------------------


def simulated(rates: tuple[float, float], sizes: Sizes, *, at_once: bool, seed: int) -> pd.DataFrame:
    """Make DRAWS experiments of LOOKS looks each: leads come in bit by bit, or all at once and convert bit by bit."""
    rng = np.random.default_rng(seed)
    columns = {}
    for arm, size, rate in (("champion", sizes.champion, rates[0]), ("challenger", sizes.challenger, rates[1])):
        seen = np.round(size * np.arange(1, LOOKS + 1) / LOOKS)
        if at_once:
            total = rng.binomial(size, rate, DRAWS)
            day = np.where(np.arange(total.max()) < total[:, None], rng.integers(0, LOOKS, (DRAWS, total.max())), LOOKS)
            places = (day + (LOOKS + 1) * np.arange(DRAWS)[:, None]).ravel()
            new = np.bincount(places, minlength=DRAWS * (LOOKS + 1)).reshape(DRAWS, LOOKS + 1)[:, :LOOKS]
            seen = np.full(LOOKS, float(size))
        else:
            new = rng.binomial(np.diff(seen, prepend=0).astype(int), rate, (DRAWS, LOOKS))
        columns[f"{arm}_leads"] = np.tile(seen, DRAWS)
        columns[f"{arm}_converted"] = new.cumsum(axis=1).ravel().astype(float)
    return pd.DataFrame(columns)


def stopped(experiments: pd.DataFrame, aim: Aim, sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Say, for each experiment, whether any look found the challenger better, and whether any found it worse."""
    path = confidence_sequence(between_arms(experiments), alpha=aim.alpha, planned=planned_information(aim, sizes))
    better, worse = (path["low"] > 0).to_numpy(), (path["high"] < 0).to_numpy()
    return better.reshape(DRAWS, LOOKS).any(axis=1), worse.reshape(DRAWS, LOOKS).any(axis=1)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("aim", [Aim(0.1, 0.3), Aim(0.02, 0.5, share=0.2), Aim(0.45, 0.3, share=0.9)])
def test_looking_every_day_stops_falsely_in_fewer_than_five_of_a_hundred(aim, at_once):
    sizes = sample_sizes(aim)
    better, worse = stopped(simulated((aim.base_rate, aim.base_rate), sizes, at_once=at_once, seed=11), aim, sizes)
    assert (better | worse).mean() <= 0.05


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("aim", [AIM, Aim(0.02, 0.5, share=0.2)])
def test_a_real_difference_is_found_as_often_as_planned(aim, at_once):
    sizes = sample_sizes(aim)
    better, worse = stopped(simulated((aim.base_rate, aim.expected_rate), sizes, at_once=at_once, seed=12), aim, sizes)
    assert better.mean() >= aim.power
    assert worse.mean() < 0.01


def test_a_fixed_interval_looked_at_every_day_would_stop_falsely():
    """Show that the simulation would notice a rule that does not allow for looking."""
    sizes = sample_sizes(AIM)
    estimates = between_arms(simulated((AIM.base_rate, AIM.base_rate), sizes, at_once=False, seed=11))
    crossed = (estimates["difference"].abs() > 1.96 * estimates["error"]) & (estimates["information"] >= 10)
    assert crossed.to_numpy().reshape(DRAWS, LOOKS).any(axis=1).mean() > 0.2


def test_in_the_shadow_too_looking_every_day_does_no_harm():
    rng, leads = np.random.default_rng(5), np.arange(1, LOOKS + 1) * 20.0
    # of the conversions one model alone had on top, each is as likely the other's
    told = rng.binomial(2, 0.4, (DRAWS, LOOKS)).cumsum(axis=1)
    mine = rng.binomial(np.diff(told, prepend=0, axis=1), 0.5).cumsum(axis=1)
    frame = pd.DataFrame({"champion_leads": np.tile(leads, DRAWS), "challenger_leads": np.tile(leads, DRAWS),
                          "champion_converted": (told - mine).ravel() + 50.0, "shared_converted": 50.0,
                          "challenger_converted": mine.ravel() + 50.0})
    path = confidence_sequence(within_leads(frame), alpha=0.05, planned=60.0)
    crossed = ((path["low"] > 0) | (path["high"] < 0)).to_numpy().reshape(DRAWS, LOOKS).any(axis=1)
    assert crossed.mean() <= 0.05


def test_the_width_is_smallest_near_the_planned_end_and_never_below_a_single_look():
    wide = widths(np.array([1.0, 10.0, 100.0, 1_000.0, 1e6]), alpha=0.05, planned=100.0)
    assert wide.min() == pytest.approx(3.04, abs=0.05)
    assert (wide > 1.96).all()
    assert wide.argmin() in (2, 3)


def test_leads_and_outcomes_are_both_information():
    few, more_leads, more_outcomes = (information_reached(counts(one, one))[0]
                                      for one in ((100, 10), (200, 20), (100, 30)))
    assert few < more_leads < more_outcomes
    assert np.isfinite(information_reached(counts((10, 10), (10, 10)))[0])


@pytest.mark.parametrize(("champion", "challenger", "finding"), [
    ((0, 0), (0, 0), Finding.TOO_EARLY),
    ((40, 0), (40, 9), Finding.TOO_EARLY),
    ((1_500, 150), (1_500, 160), Finding.TOO_EARLY),
    ((1_500, 120), (1_500, 240), Finding.CHALLENGER),
    ((1_500, 240), (1_500, 120), Finding.CHAMPION),
    ((30_000, 3_000), (30_000, 3_010), Finding.NO_DIFFERENCE),
    ((3_400, 390), (3_400, 400), Finding.NO_DIFFERENCE),
    # as many as planned, and still neither side of zero nor surely small
    ((3_400, 360), (3_400, 430), Finding.NO_DIFFERENCE),
])
def test_the_verdict_in_words(champion, challenger, finding):
    frame, planned = counts(champion, challenger), planned_information(AIM, sample_sizes(AIM))
    today = confidence_sequence(between_arms(frame), alpha=0.05, planned=planned).iloc[-1]
    assert conclude(today["low"], today["high"], aim=AIM, reached=bool(information_reached(frame)[0] >= planned)) \
        == finding


def test_before_ten_conversions_there_is_no_interval():
    path = confidence_sequence(between_arms(counts((500, 0), (500, 8))), alpha=0.05, planned=100)
    assert path[["low", "high"]].isna().all(axis=None)


def test_the_lift_lies_in_its_interval_and_arms_without_conversions_have_one():
    usual = lift(counts((1_000, 100), (1_000, 130)).iloc[0], width=1.96)
    # Katz: exp(log 1.3 -+ 1.96 * sqrt(1/130 - 1/1000 + 1/100 - 1/1000)) - 1, half a conversion aside
    assert usual.value == pytest.approx(0.3)
    assert (usual.low, usual.high) == (pytest.approx(0.014, abs=0.01), pytest.approx(0.66, abs=0.01))
    nothing = lift(counts((100, 0), (100, 0)).iloc[0], width=1.96)
    assert nothing.value is None and nothing.low < 0 < nothing.high
    assert lift(counts((0, 0), (10, 1)).iloc[0], width=1.96).low is None


def test_the_same_leads_on_top_make_the_lift_surer():
    row = counts((1_000, 100), (1_000, 130)).iloc[0]
    apart, together = lift(row, width=1.96), lift(row, width=1.96, shared=90)
    assert together.low > apart.low and together.high < apart.high


FRACTION = st.floats(0, 1)


@settings(deadline=None, max_examples=60)
@given(leads=st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)), shares=st.tuples(FRACTION, FRACTION),
       overlap=FRACTION)
def test_whatever_the_counts_the_interval_holds_the_difference(leads, shares, overlap):
    converted = [int(size * share) for size, share in zip(leads, shares, strict=True)]
    frame = counts((leads[0], converted[0]), (leads[1], converted[1]), shared=int(min(converted) * overlap))
    for estimates in (between_arms(frame), within_leads(frame)):
        today = confidence_sequence(estimates, alpha=0.05, planned=50).iloc[-1]
        if not np.isnan(today["low"]):
            assert today["low"] <= today["difference"] <= today["high"]
    for shared in (None, float(frame["shared_converted"].iloc[0])):
        found = lift(frame.iloc[0], width=3.0, shared=shared)
        assert found.low is None or -1 <= found.low <= found.high


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.5, 0.8, 0.9, 0.97])
def test_an_experiment_nobody_gave_an_effect_for_can_be_planned_at_any_rate(rate):
    aim = experiments.Aim(rate, experiments.usual_effect(rate), 0.5, 0.05, 0.8)
    experiments.check_aim(aim)
    assert experiments.sample_sizes(aim).both > 0
    assert aim.effect == 0.2 or aim.expected_rate < 1
