"""Groups compared: the customary table by hand, no alarm where nothing is wrong, and small groups left in peace."""

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring.fairness import (
    FEW,
    FOUR_FIFTHS,
    Standing,
    calibration,
    critical_value,
    group_table,
    opportunity,
    rate_ratio,
)

ALIKE, RATE, SIZE, SEEDS = 4, 0.2, 200, 2_000


def people(seed: int, leads: int = 1_500) -> pd.DataFrame:
    """Make leads one by one: groups of unequal size, some unknown, some tiny."""
    draw = np.random.default_rng(seed)
    gender = draw.choice(["female", "male", "other", None], leads, p=[0.45, 0.49, 0.015, 0.045])
    region = draw.choice(["north", "south", "west", "isle", None], leads, p=[0.4, 0.35, 0.2, 0.005, 0.045])
    chance = draw.uniform(0.02, 0.6, leads)
    converted = draw.random(leads) < chance
    score = chance + draw.normal(0, 0.1, leads)
    frame = pd.DataFrame({"gender": gender, "region": region, "score": score, "chance": chance,
                          "converted": converted, "decided": draw.random(leads) < 0.7}, dtype=object)
    for name in ("score", "chance"):
        frame[name] = frame[name].astype(float)
    cut, median = np.sort(frame["score"])[-leads // 5], frame["score"].median()
    return frame.assign(chosen=frame["score"] >= cut, above_median=frame["score"] > median,
                        qualified=frame["score"] >= 0.5)


def cells_of(frame: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    decided, converted, chosen = (frame[name].astype(bool) for name in ("decided", "converted", "chosen"))
    counts = pd.DataFrame({
        "leads": 1, "chosen": chosen, "qualified": frame["qualified"], "above_median": frame["above_median"],
        "decided": decided, "converted": decided & converted, "decided_chosen": decided & chosen,
        "converted_chosen": decided & converted & chosen, "chances": decided,
        "chance": frame["chance"].where(decided, 0.0), "chance_converted": decided & converted}).astype(float)
    return counts.groupby([frame[name] for name in by], dropna=False).sum().reset_index()


@pytest.mark.parametrize("by", [("gender",), ("gender", "region")])
@pytest.mark.parametrize("seed", range(20))
def test_the_table_is_the_one_worked_out_lead_by_lead(seed, by):
    frame = people(seed)
    table = group_table(cells_of(frame, by), by)
    known = frame.dropna(subset=list(by))
    names = known[list(by)].agg(" · ".join, axis=1)
    assert (table.leads, table.unknown) == (len(frame), len(frame) - len(known))
    sizes = names.value_counts()
    highest = {column: max(known.loc[names == name, column].mean() for name in sizes.index
                           if sizes[name] >= FEW and sizes[name] >= 0.02 * len(known))
               for column in ("chosen", "above_median")}
    assert set(table.groups["group"]) == set(sizes.index)
    assert set(table.judged["group"]) == set(sizes.index[sizes >= FEW])
    for row in table.judged.to_dict("records"):
        group, others = known[names == row["group"]], known[names != row["group"]]
        by_hand = {
            "leads": len(group), "share": len(group) / len(known), "small": len(group) < 0.02 * len(known),
            "selection_rate": group["chosen"].mean(), "impact_ratio": group["chosen"].mean() / highest["chosen"],
            "scoring_rate": group["above_median"].mean(), "qualified_rate": group["qualified"].mean(),
            "scoring_ratio": group["above_median"].mean() / highest["above_median"],
            "ratio": group["chosen"].mean() / others["chosen"].mean()}
        assert {name: row[name] for name in by_hand} == pytest.approx(by_hand, abs=1e-9)


def test_no_group_is_named_where_all_are_treated_alike():
    """I2: the plain rule names one in two of three such lists."""
    draw = np.random.default_rng(0)
    chosen, leads = draw.binomial(SIZE, RATE, (SEEDS, ALIKE)).astype(float), np.full((SEEDS, ALIKE), float(SIZE))
    ratio, low, high = rate_ratio(chosen, leads, chosen.sum(axis=1, keepdims=True) - chosen, (ALIKE - 1) * leads,
                                  z=critical_value(ALIKE))
    named = (high < 1).any(axis=1)
    assert named.mean() <= 0.05
    assert ((low > 1) | (high < 1)).any(axis=1).mean() <= 0.05
    plain = (chosen / chosen.max(axis=1, keepdims=True) < FOUR_FIFTHS).any(axis=1)
    assert plain.mean() > 0.6
    for seed in range(10):
        table = group_table(_cells(chosen[seed], leads[seed]), ["group"]).groups.set_index("group")
        found = [str(Standing.LOWER), str(Standing.SLIGHTLY_LOWER)]
        assert table["standing"].isin(found).any() == named[seed]
        assert table.loc["g1", "ratio_high"] == pytest.approx(high[seed, 1])


def test_a_group_at_seven_tenths_is_found():
    """I3: four groups of 900, one of them chosen at 0.7 of the rate of the others."""
    draw = np.random.default_rng(1)
    chosen = draw.binomial(900, [RATE, RATE, RATE, 0.7 * RATE], (SEEDS, 4)).astype(float)
    leads = np.full(chosen.shape, 900.0)
    ratio, _, high = rate_ratio(chosen, leads, chosen.sum(axis=1, keepdims=True) - chosen, 3 * leads,
                                z=critical_value(4))
    assert ((ratio < FOUR_FIFTHS) & (high < 1))[:, 3].mean() >= 0.9


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), min_size=1, max_size=8))
def test_small_groups_are_never_judged_nor_shown(groups):
    leads = np.array([float(size) for size, _ in groups])
    chosen = np.array([float(int(size * share)) for size, share in groups])
    table = group_table(_cells(chosen, leads), ["group"]).groups
    few = table[table["group"].isin([f"g{place}" for place, size in enumerate(leads) if size < FEW])]
    assert (few["standing"] == str(Standing.FEW)).all()
    assert few.drop(columns=["group", "standing", "small"]).isna().all(axis=None)
    assert not few["small"].any()


def test_a_group_that_nobody_was_chosen_of_is_named():
    table = group_table(_cells(np.array([0.0, 200.0]), np.array([40.0, 960.0])), ["group"]).groups.set_index("group")
    assert table.loc["g0", "standing"] == str(Standing.LOWER)
    assert table.loc["g0", "ratio"] == 0 and 0 < table.loc["g0", "ratio_high"] < 1


def test_one_group_alone_is_not_judged():
    table = group_table(_cells(np.array([200.0]), np.array([1_000.0])), ["group"])
    assert list(table.groups["standing"]) == [str(Standing.FEW)]


def test_more_tables_make_wider_intervals():
    cells = _cells(np.array([90.0, 130.0]), np.array([500.0, 500.0]))
    one, five = (group_table(cells, ["group"], tables=tables).groups for tables in (1, 5))
    assert (five["ratio_high"] > one["ratio_high"]).all() and (five["ratio_low"] < one["ratio_low"]).all()


@pytest.mark.parametrize("by", [("gender",), ("region",)])
@pytest.mark.parametrize("seed", range(3))
def test_rates_by_group_equal_those_of_another_library(seed, by):
    """I5: found rate, rate in vain, selection and calibration as Fairlearn's MetricFrame gives them."""
    frame = people(seed).dropna(subset=list(by))
    cells, decided = cells_of(frame, by), frame[frame["decided"].astype(bool)]
    by_other = oracle.MetricFrame(
        metrics={"found_rate": oracle.true_positive_rate, "vain_rate": oracle.false_positive_rate},
        y_true=decided["converted"].astype(int), y_pred=decided["chosen"].astype(int),
        sensitive_features=decided[by[0]].astype(str))
    ours = opportunity(cells, by).groups.set_index("group")
    ours = ours[ours["standing"] != str(Standing.FEW)]
    assert len(ours) >= 2
    for name in ("found_rate", "vain_rate"):
        assert np.allclose(ours[name], by_other.by_group.loc[ours.index, name].astype(float), rtol=0, atol=1e-12)
    chosen = oracle.MetricFrame(metrics=oracle.selection_rate, y_true=frame["chosen"].astype(int),
                                y_pred=frame["chosen"].astype(int), sensitive_features=frame[by[0]].astype(str))
    table = group_table(cells, by).judged.set_index("group")
    assert np.allclose(table["selection_rate"], chosen.by_group.loc[table.index].astype(float), rtol=0, atol=1e-12)
    assert table["selection_rate"].min() / table["selection_rate"].max() == pytest.approx(
        chosen.by_group.loc[table.index].min() / chosen.by_group.loc[table.index].max(), abs=1e-12)
    gaps = oracle.MetricFrame(
        metrics=lambda y_true, y_pred: float(np.mean(y_pred) - np.mean(y_true)), y_pred=decided["chance"],
        y_true=decided["converted"].astype(int), sensitive_features=decided[by[0]].astype(str))
    kept = calibration(cells, by).set_index("group")
    kept = kept[kept["standing"] != str(Standing.FEW)]
    assert np.allclose(kept["gap"], gaps.by_group.loc[kept.index].astype(float), rtol=0, atol=1e-12)


def test_found_rates_are_compared_with_everybody_else():
    cells = pd.DataFrame({"group": ["a", "b"], "leads": 900.0, "decided": 600.0, "converted": 300.0,
                          "converted_chosen": [150.0, 90.0], "decided_chosen": [200.0, 140.0]})
    groups = opportunity(cells, ["group"]).groups.set_index("group")
    assert groups.loc["b", "found_gap"] == pytest.approx(-0.2)
    assert groups.loc["b", "gap_low"] < -0.2 < groups.loc["b", "gap_high"] < 0
    assert list(groups["standing"]) == [str(Standing.HIGHER), str(Standing.LOWER)]


def test_chances_that_say_too_little_of_a_group_are_named():
    cells = pd.DataFrame({"group": ["a", "b", "c"], "leads": 500.0, "chances": [400.0, 400.0, 20.0],
                          "chance": [80.0, 80.0, 4.0], "chance_converted": [82.0, 140.0, 15.0]})
    kept = calibration(cells, ["group"]).set_index("group")
    assert dict(kept["standing"]) == {"a": "alike", "b": "lower", "c": "few"}
    assert kept.loc["b", "gap"] == pytest.approx(0.2 - 0.35)
    assert np.isnan(kept.loc["c", "expected"])


def _cells(chosen: np.ndarray, leads: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"group": [f"g{place}" for place in range(len(leads))], "leads": leads, "chosen": chosen,
                         "qualified": chosen, "above_median": chosen})
