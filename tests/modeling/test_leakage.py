import numpy as np
import pandas as pd
import pytest

from leadscore.modeling.leakage import Cause, column_power, screen
from leadscore.schema import Kind
from tests.shared_data import shared_file

ROWS = 800
RNG = np.random.default_rng(0)
Y = (RNG.random(ROWS) < 0.3).astype(float)


def text(values):
    return pd.Series(list(values), dtype="str")


def weak():
    return text(np.where(RNG.random(ROWS) < 0.3 + 0.15 * Y, "a", "b"))


def verdict(name, values, kind):
    found = screen(pd.DataFrame({name: values}), {name: kind}, Y)
    asides, suspects = ({f.column: f.code for f in part} for part in (found.set_aside, found.suspects))
    return asides.get(name), suspects.get(name)


@pytest.mark.parametrize(
    ("name", "values", "kind", "code"),
    [
        ("prospect", text(f"id-{n}" for n in range(ROWS)), Kind.CATEGORY, Cause.IDENTIFIER),
        ("Lead Number", pd.Series(RNG.permutation(ROWS) + 1000.0), Kind.NUMBER, Cause.IDENTIFIER),
        ("when", pd.Series(np.arange(ROWS) * 3.0), Kind.NUMBER, Cause.IDENTIFIER),
        ("mail", text(["x"] * ROWS), Kind.EMAIL, Cause.IDENTIFIER),
        ("on", pd.Series(["x"] * ROWS), Kind.DATE, Cause.NOT_MODELLED),
        ("same", text(["No"] * ROWS), Kind.CATEGORY, Cause.CONSTANT),
        ("empty", pd.Series([np.nan] * ROWS), Kind.NUMBER, Cause.CONSTANT),
        ("copy", pd.Series(Y), Kind.BOOLEAN, Cause.REPEATS_OUTCOME),
        ("Loss Reason", weak(), Kind.CATEGORY, Cause.NAMES_OUTCOME),
        ("custom:Converted on", weak(), Kind.CATEGORY, Cause.NAMES_OUTCOME),
        ("DealAmount", weak(), Kind.CATEGORY, Cause.NAMES_OUTCOME),
        ("remark", text(np.where((Y == 1) & (RNG.random(ROWS) < 0.5), "Closed by phone", weak())), Kind.CATEGORY,
         Cause.VALUES_NAME_OUTCOME),
        ("signal", pd.Series(Y * 2 + RNG.normal(size=ROWS) * 0.8), Kind.NUMBER, Cause.TOO_GOOD),
        ("contract", pd.Series(np.where((Y == 1) | (RNG.random(ROWS) < 0.02), RNG.random(ROWS), np.nan)), Kind.NUMBER,
         Cause.FILLED_BY_OUTCOME),
        ("Lead Quality", pd.Series(Y + RNG.normal(size=ROWS) * 0.8), Kind.NUMBER, Cause.FILLED_AFTERWARDS),
    ],
)  # fmt: skip
def test_columns_that_know_the_outcome_or_nothing_are_set_aside(name, values, kind, code):
    assert verdict(name, values, kind)[0] == code


def only(chance, among=1.0, other=np.nan, value=None):
    """Fill a part of the converted (or lost) leads only."""
    told = (among == Y) & (np.random.default_rng(1).random(ROWS) < chance)
    return np.where(told, np.random.default_rng(2).normal(900, 90, ROWS) if value is None else value, other)


def flipped(share):
    """Copy the outcome with some cells wrong."""
    wrong = np.random.default_rng(3).random(ROWS) < share
    return np.where(wrong, 1 - Y, Y)


FEW = np.isin(np.arange(ROWS), [3, 400])


@pytest.mark.parametrize(
    ("name", "values", "kind", "code"),
    [
        ("letter", text(np.where(Y == 1, "W", "L")), Kind.CATEGORY, Cause.REPEATS_OUTCOME),
        ("letter with slips", text(np.where(flipped(0.02) == 1, "W", "L")), Kind.CATEGORY, Cause.REPEATS_OUTCOME),
        ("mark where lost", text(np.where(Y == 0, "x", None)), Kind.CATEGORY, Cause.REPEATS_OUTCOME),
        ("income booked", pd.Series(only(1.0, other=0.0)), Kind.MONEY, Cause.REPEATS_OUTCOME),
        ("upsell booked", pd.Series(only(0.3, other=0.0)), Kind.MONEY, Cause.FILLED_BY_OUTCOME),
        ("welcome sent", pd.Series(only(0.4, other=0.0, value=1.0)), Kind.BOOLEAN, Cause.FILLED_BY_OUTCOME),
        ("product taken", text(only(0.5, other="none", value="Plan B").astype(str)), Kind.CATEGORY,
         Cause.FILLED_BY_OUTCOME),
        ("handed over to", text(np.where(np.isnan(only(0.3)), None, "Team A")), Kind.CATEGORY, Cause.FILLED_BY_OUTCOME),
        ("why", text(np.where(np.isnan(only(0.4, among=0.0)), None, weak())), Kind.CATEGORY, Cause.FILLED_BY_OUTCOME),
        ("rare", text(np.where(FEW, "yes", "no")), Kind.CATEGORY, Cause.CONSTANT),
        ("rarely filled", pd.Series(np.where(FEW, 7.0, np.nan)), Kind.NUMBER, Cause.CONSTANT),
        ("loss", weak(), Kind.CATEGORY, Cause.NAMES_OUTCOME),
        ("Deal loss", weak(), Kind.CATEGORY, Cause.NAMES_OUTCOME),
    ],
)  # fmt: skip
def test_the_outcome_is_found_under_other_words(name, values, kind, code):
    assert verdict(name, values, kind)[0] == code


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("mail bounced", pd.Series(only(0.2, among=0.0, other=0.0, value=1.0)), Kind.BOOLEAN),
        ("firm", text(np.where(np.isnan(only(0.2, among=0.0)), weak(), None)), Kind.CATEGORY),
        ("segment", text(np.where(np.isnan(only(0.08)), None, "north")), Kind.CATEGORY),
    ],
)
def test_a_sign_that_may_be_honest_is_a_suspect(name, values, kind):
    assert verdict(name, values, kind) == (None, Cause.FILLED_BY_OUTCOME)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("Total Time Spent on Website", pd.Series(np.exp(RNG.normal(5, 1, ROWS) + 0.8 * Y)), Kind.NUMBER),
        ("time on site with gaps", pd.Series(np.where(RNG.random(ROWS) < 0.3, 0, RNG.gamma(2 + Y, 100))), Kind.NUMBER),
        ("demo", pd.Series((RNG.random(ROWS) < 0.1 + 0.5 * Y).astype(float)), Kind.BOOLEAN),
        ("phone", text(np.where(RNG.random(ROWS) < 0.4 + 0.4 * Y, "given", None)), Kind.CATEGORY),
        ("capital_loss", weak(), Kind.CATEGORY),
        ("source", text(np.where((Y == 1) & (RNG.random(ROWS) < 0.03), "best partner", weak())), Kind.CATEGORY),
        ("handful", text(np.where(FEW | (np.arange(ROWS) < 20), "yes", "no")), Kind.CATEGORY),
    ],
)
def test_strong_but_honest_columns_stay(name, values, kind):
    assert verdict(name, values, kind) == (None, None)


def later(share, known=1.0):
    """Screen a date that lies after the outcome for a share of the leads, beside one computed from it."""
    rng = np.random.default_rng(5)
    closed = pd.Series(pd.Timestamp("2026-03-01 09:00", tz="UTC") + pd.to_timedelta(rng.integers(0, 90, ROWS), "D"))
    days = np.where(rng.random(ROWS) < share, 3, -3)
    seen = closed + pd.to_timedelta(days, "D")
    frame = pd.DataFrame({"since": rng.normal(50, 9, ROWS), "weekday": rng.normal(size=ROWS)})
    kinds = dict.fromkeys(frame.columns, Kind.NUMBER)
    sources = {"since": ("seen",), "weekday": ("seen",)}
    return screen(frame, kinds, Y, labels={"since": "Days since Seen"}, sources=sources,
                  moments=closed.where(rng.random(ROWS) < known), dates=pd.DataFrame({"since": seen}))


def test_a_date_after_the_outcome_is_set_aside_with_what_is_computed_from_it():
    found = later(0.83)
    assert {finding.column: finding.code for finding in found.set_aside} == {
        "since": Cause.LATER_THAN_OUTCOME, "weekday": Cause.DERIVED}
    assert "For 83% of decided leads it is later than the outcome" in found.set_aside[0].reason


@pytest.mark.parametrize(("share", "known", "suspected"), [(0.1, 1.0, True), (0.0, 1.0, False), (0.9, 0.01, False)])
def test_a_date_that_is_seldom_later_is_at_most_a_suspect(share, known, suspected):
    found = later(share, known)
    assert not found.set_aside
    assert [finding.code for finding in found.suspects] == [Cause.LATER_THAN_OUTCOME] * suspected


def test_the_same_day_is_not_later():
    closed = pd.Series([pd.Timestamp("2026-03-01 09:00", tz="UTC")] * ROWS)
    frame = pd.DataFrame({"since": RNG.normal(50, 9, ROWS)})
    found = screen(frame, {"since": Kind.NUMBER}, Y, moments=closed,
                   dates=pd.DataFrame({"since": closed + pd.Timedelta(hours=5)}))
    assert not found.set_aside + found.suspects


@pytest.mark.parametrize("name", ["Lead Profile", "Asymmetrique Activity Index", "lead_score", "Rating", "Duration"])
def test_columns_sales_may_have_filled_in_are_suspects(name):
    assert verdict(name, weak(), Kind.CATEGORY) == (None, Cause.FILLED_AFTERWARDS)


@pytest.mark.parametrize(
    "name",
    ["Last Activity", "credit_score", "Previous outcome", "Total Time Spent on Website", "poutcome", "Country",
     "form_submissions", "past_purchases", "session duration"],
)  # fmt: skip
def test_honest_columns_stay(name):
    assert verdict(name, weak(), Kind.CATEGORY) == (None, None)


def test_a_value_that_names_an_outcome_without_deciding_it_stays():
    values = text(np.where(RNG.random(ROWS) < 0.4, "Converted to Lead", "Page visited"))
    assert verdict("step", values, Kind.CATEGORY) == (None, None)


def test_a_column_of_record_changes_is_a_suspect():
    values = text(np.where(RNG.random(ROWS) < 0.4, "Modified", weak()))
    assert verdict("last thing", values, Kind.CATEGORY)[1] == Cause.FILLED_AFTERWARDS


def test_what_is_computed_from_a_leak_is_set_aside_but_not_what_comes_from_an_identifier():
    frame = pd.DataFrame({"Loss Reason": weak(), "length": RNG.random(ROWS), "domain": weak(),
                          "key": [f"{n}" for n in range(ROWS)]})  # fmt: skip
    kinds = {"Loss Reason": Kind.CATEGORY, "length": Kind.NUMBER, "domain": Kind.CATEGORY, "key": Kind.CATEGORY}
    found = screen(frame, kinds, Y, sources={"length": ("Loss Reason",), "domain": ("key",)})
    assert found.columns_set_aside == {"Loss Reason", "key", "length"}
    assert all(finding.reason for finding in found.set_aside)


def test_noise_has_no_power_and_a_bent_signal_has():
    assert column_power(pd.Series(RNG.random(ROWS)), Kind.NUMBER, Y) < 0.56
    bent = pd.Series(np.where(Y == 1, RNG.normal(0, 0.3, ROWS), RNG.choice([-2.0, 2.0], ROWS)))
    assert column_power(bent, Kind.NUMBER, Y) > 0.95


def test_x_education_columns_filled_in_by_sales_are_found():
    frame = pd.read_csv(shared_file("xeducation_leads.csv"), dtype=str).replace("Select", np.nan)
    y = frame.pop("Converted").to_numpy(dtype=float)
    frame["Lead Number"] = frame["Lead Number"].astype(float)
    kinds = dict.fromkeys(frame.columns, Kind.CATEGORY) | {"Lead Number": Kind.NUMBER}
    found = screen(frame, kinds, y)
    suspects = {finding.column for finding in found.suspects}
    assert {"Tags", "Lead Quality", "Prospect ID", "Lead Number"} <= found.columns_set_aside
    assert {"Lead Profile", "Last Notable Activity", "Asymmetrique Activity Index", "Asymmetrique Profile Score"} <= (
        suspects | found.columns_set_aside
    )
    assert "Last Activity" not in suspects | found.columns_set_aside
