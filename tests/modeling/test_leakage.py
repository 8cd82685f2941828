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
