"""Every kind of change is found, named with its column, and not seen where there is none."""

import numpy as np
import pandas as pd
import pytest

from leadscore.monitoring.drift_columns import Cause, Column, ColumnDrift, Limits, compare_columns
from leadscore.monitoring.profiles import Profile, profile_of

SOURCES = ["Referral", "Search", "Fair", "Advert"]
NUMBERS, WORDS = ("employees", "visits", "budget"), ("source", "country")
ABOUT = {name: Column(name.capitalize(), stored=True) for name in (*NUMBERS, *WORDS)}


def leads(rows=2_000, seed=0):
    draw = np.random.default_rng(seed)
    return pd.DataFrame({
        "employees": draw.lognormal(4, 1, rows), "visits": draw.poisson(3, rows).astype(float),
        "budget": draw.normal(50_000, 9_000, rows),
        "source": pd.Series(draw.choice(SOURCES, rows, p=[0.4, 0.3, 0.2, 0.1]), dtype="str"),
        "country": pd.Series(draw.choice(["DE", "FR", "US"], rows), dtype="str")})


REFERENCE = {name: profile_of(leads()[name]) for name in ABOUT}


def moved(now, reference=REFERENCE):
    return {each.name: each for each in compare_columns(reference, now, ABOUT) if each.moved}


def _new_value(now):
    return now.assign(source=now["source"].mask(np.arange(len(now)) % 8 == 0, "Podcast"))


def _gone(now, name="employees"):
    return now.assign(**{name: now[name].mask(np.arange(len(now)) % 10 < 3)})


CHANGES = {
    "new value": (_new_value, {"source"}, Cause.NEW_VALUE, "“Podcast”, 12% of"),
    "missing": (_gone, {"employees"}, Cause.MISSING, "Employees is missing for 30% of the newer leads, before for 0%"),
    "missing words": (lambda now: _gone(now, "country"), {"country"}, Cause.MISSING, "Country is missing for 30%"),
    "no longer there": (lambda now: now.drop(columns="budget"), {"budget"}, Cause.MISSING, "missing for 100%"),
    "unit": (lambda now: now.assign(budget=now["budget"] * 1_000), {"budget"}, Cause.UNIT,
             "Budget is about 1,000 times as large"),
    "smaller unit": (lambda now: now.assign(employees=now["employees"] / 1_000), {"employees"}, Cause.UNIT,
                     "Employees is about 1,000 times as small"),
    "swapped": (lambda now: now.assign(budget=now["employees"], employees=now["budget"]), {"budget", "employees"},
                Cause.SWAPPED, "now holds what"),
    "swapped words": (lambda now: now.assign(country=now["source"], source=now["country"]), {"country", "source"},
                      Cause.SWAPPED, "now holds what"),
    "constant": (lambda now: now.assign(visits=2.0), {"visits"}, Cause.CONSTANT, "Visits is the same for every lead."),
    "constant words": (lambda now: now.assign(country="DE"), {"country"}, Cause.CONSTANT, "same for every lead"),
    "moved": (lambda now: now.assign(budget=now["budget"] + 4_500), {"budget"}, Cause.MOVED, "the middle value is 5"),
    "other shares": (lambda now: now.assign(source=now["source"].mask(now["source"] == "Search", "Fair")), {"source"},
                     Cause.MOVED, "Source: “Fair” is "),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_named_with_its_column_and_no_other(change):
    make, columns, cause, words = CHANGES[change]
    found = moved(make(leads(seed=1)))
    assert set(found) == columns
    assert {each.cause for each in found.values()} == {str(cause)}
    assert all(words in each.sentence for each in found.values())
    assert all(0 < each.affected <= 1 for each in found.values())


def test_the_leads_concerned_can_be_listed():
    found = moved(_new_value(leads(seed=1)))["source"]
    assert found.filter == ("source", "is", "Podcast")
    assert found.affected == pytest.approx(1 / 8, abs=0.01)
    assert moved(_gone(leads(seed=1)))["employees"].filter == ("employees", "is_empty", "")


def test_nothing_is_found_where_nothing_has_changed():
    runs = [bool(moved(leads(rows, seed))) for seed in range(2, 12) for rows in (60, 300)]
    assert sum(runs) <= 1


def test_a_shift_of_half_a_deviation_is_found_and_a_tiny_one_among_many_leads_is_not():
    assert all("budget" in moved(leads(500, seed).assign(budget=lambda now: now["budget"] + 4_500))
               for seed in range(5))
    reference = {name: profile_of(leads(100_000)[name]) for name in ABOUT}
    tiny = leads(100_000, 1).assign(budget=lambda now: now["budget"] + 0.03 * 9_000)
    found = {each.name: each for each in compare_columns(reference, tiny, ABOUT)}
    assert found["budget"].p_value < 1e-4
    assert not found["budget"].moved


def test_a_higher_limit_lets_more_pass():
    now = leads(seed=1).assign(budget=lambda each: each["budget"] + 4_500)
    assert not any(each.moved for each in compare_columns(REFERENCE, now, ABOUT, Limits(index=0.5)))


@pytest.mark.parametrize("rows", [0, 49])
def test_too_few_leads_tell_nothing(rows):
    assert compare_columns(REFERENCE, leads(rows), ABOUT) == ()
    assert compare_columns({name: profile_of(leads(rows)[name]) for name in ABOUT}, leads(), ABOUT) == ()


def test_a_column_of_which_little_was_known_keeps_no_other_from_being_compared():
    few = {**REFERENCE, "visits": profile_of(leads(40)["visits"])}
    found = compare_columns(few, leads(seed=1).assign(budget=lambda now: now["budget"] * 1_000), ABOUT)
    assert {each.name for each in found} == set(ABOUT) - {"visits"}
    assert found[0].cause == Cause.UNIT


def test_fewer_visits_of_newer_leads_are_put_down_to_time():
    reference = {"age": profile_of(pd.Series(np.arange(1_000.0)))}
    found = compare_columns(reference, pd.DataFrame({"age": np.arange(1_000.0) / 2}),
                            {"age": Column("Visits", accumulates=True)})
    assert found[0].sentence.endswith("Newer leads have had less time for it.")


def test_results_survive_being_stored():
    for each in compare_columns(REFERENCE, _new_value(leads(seed=1)), ABOUT):
        assert ColumnDrift.from_dict(each.to_dict()) == each
    for profile in REFERENCE.values():
        assert Profile.from_dict(profile.to_dict()) == profile


def test_what_describes_persons_is_kept_roughly_and_without_texts():
    ages = pd.Series(np.random.default_rng(0).normal(40, 9.7, 500))
    assert all(edge == float(f"{edge:.2g}") for edge in profile_of(ages, rough=True).edges)
    assert profile_of(leads()["source"], rough=True).values == ()
    rare = pd.Series(["a"] * 60 + ["only me"], dtype="str")
    assert profile_of(rare).values == ("a",)


def test_columns_without_any_value_can_be_compared():
    nothing = pd.Series([np.nan] * 100)
    for before, now in ((nothing, nothing), (nothing, leads(100)["budget"]), (leads(100)["source"], nothing),
                        (nothing, leads(100)["source"]), (leads(100)["budget"], leads(100)["source"])):
        found = compare_columns({"x": profile_of(before)}, pd.DataFrame({"x": now}), {"x": Column("X")})
        assert len(found) == 1
        assert found[0].moved == (before is not now)
