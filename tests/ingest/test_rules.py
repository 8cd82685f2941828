"""Rules people set for their own data: what breaks one, what then happens, and which rules cannot be used."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.ingest.cleaning import CleanTable
from leadscore.ingest.issues import EMPTY
from leadscore.ingest.rule_checks import check_rules
from leadscore.ingest.rules import Rule, apply_rules, broken_by, described
from leadscore.ingest.validation import rejected_rows
from leadscore.schema import FIELDS, Kind

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = {field.name: field.kind for field in FIELDS} | {"custom:Plan": Kind.CATEGORY}


def texts(*values):
    return pd.Series(values, dtype="str")


LEADS = pd.DataFrame({
    "email": texts("a@x.example", None, "c@y.example", "A@x.example "), "age": [17.0, 40.0, np.nan, 120.0],
    "industry": texts("IT", " it ", "Fishing", None), "postal_code": texts("01069", "1069", "0106X", None),
    "created_at": pd.to_datetime(texts("2026-01-01", "2026-03-09", None, "2019-05-05"), utc=True),
    "demo_requested": pd.array([True, None, False, True], dtype="boolean")})
CLEAN = CleanTable(LEADS, (), {"age": "Alter", "email": "Mail"}, np.array([2, 3, 4, 5]), EMPTY)


def rule(field, check, consequence="flag", **limits):
    return Rule.from_dict({"field": field, "check": check, "consequence": consequence, **limits})


@pytest.mark.parametrize(("given", "broken"), [
    (rule("email", "required"), [1]), (rule("phone", "required"), [0, 1, 2, 3]), (rule("age", "range", low=18), [0]),
    (rule("age", "range", low=18, high=100), [0, 3]), (rule("age", "range", high=40), [3]),
    (rule("industry", "one_of", values=["it"]), [2]), (rule("postal_code", "pattern", pattern="[0-9]{5}"), [1, 2]),
    (rule("postal_code", "pattern", pattern="0|1069"), [0, 2]), (rule("postal_code", "longest", longest=4), [0, 2]),
    (rule("email", "unique"), [3]), (rule("created_at", "not_in_future"), [1]),
    (rule("created_at", "dates", earliest="2020-01-01"), [3]), (rule("created_at", "dates", latest="2026-01-01"), [1]),
    (rule("created_at", "dates", earliest="2026-01-01", latest="2026-12-31"), [3]),
    (rule("city", "longest", longest=2), []), (rule("age", "unique"), [])])
def test_a_rule_finds_the_leads_that_break_it(given, broken):
    check_rules([given], KINDS)
    assert np.flatnonzero(broken_by(LEADS, given, as_of=NOW)).tolist() == broken


def test_a_cell_is_flagged_emptied_or_costs_the_row_its_place():
    before = LEADS.copy(deep=True)
    applied = apply_rules(CLEAN, [rule("age", "range", "empty", high=100), rule("industry", "one_of", values=["IT"]),
                                  rule("created_at", "not_in_future", "reject")], as_of=NOW)
    assert applied.clean.leads["age"].isna().tolist() == [False, False, True, True]
    assert applied.issues[["row", "column", "code", "severity", "value"]].to_numpy().tolist() == [
        [5, "Alter", "rule_range", "warning", "120.0"], [4, "Industry", "rule_one_of", "warning", "Fishing"],
        [3, "Created", "rule_not_in_future", "error", "2026-03-09 00:00:00+00:00"]]
    assert applied.issues["message"].tolist() == [
        "Your rule: this must be at most 100. The cell was left empty.", "Your rule: this must be one of IT.",
        "Your rule: this must not lie in the future. The row was not taken."]
    assert rejected_rows(applied.issues, applied.clean).tolist() == [False, True, False, False]
    pd.testing.assert_frame_equal(LEADS, before)


def test_what_must_be_there_is_asked_last():
    applied = apply_rules(CLEAN, [rule("age", "required", "reject"), rule("age", "range", "empty", low=18, high=100)],
                          as_of=NOW)
    assert rejected_rows(applied.issues, applied.clean).tolist() == [True, False, True, True]


def test_a_column_that_holds_words_this_time_is_judged_all_the_same():
    odd = pd.DataFrame({"age": texts("7", "many", None), "created_at": texts("2030-01-01", "soon", None)})
    assert broken_by(odd, rule("age", "range", low=3), as_of=NOW).tolist() == [False, True, False]
    assert broken_by(odd, rule("created_at", "not_in_future"), as_of=NOW).tolist() == [True, True, False]


def test_rules_survive_the_way_to_plain_values_and_back():
    given = rule("industry", "one_of", "reject", values=["a ", "b"])
    assert Rule.from_dict(given.to_dict()) == given
    assert given.values == ("a", "b")


@pytest.mark.parametrize(("given", "words"), [
    (rule("age", "range", low=18.0, high=65.0), "must lie between 18 and 65"),
    (rule("created_at", "dates", earliest="2020-01-01"), "must be at least 2020-01-01"),
    (rule("industry", "one_of", values=list("abcdefg")), "must be one of a, b, c, d, e …"),
    (rule("city", "longest", longest=9), "must have at most 9 characters"),
    (rule("email", "unique"), "must be different for every lead")])
def test_a_rule_is_told_in_words(given, words):
    assert described(given) == words


@pytest.mark.parametrize(("given", "code"), [
    ([rule("age", "range", low=65, high=18)], "contradictory_rule"), ([rule("age", "range")], "no_limit"),
    ([rule("created_at", "dates", earliest="2027-01-01", latest="2026-01-01")], "contradictory_rule"),
    ([rule("created_at", "dates")], "no_limit"), ([rule("created_at", "dates", earliest="31.12.2026")], "wrong_limit"),
    ([rule("created_at", "dates", earliest="2026-02-30")], "wrong_limit"),
    ([rule("industry", "one_of")], "contradictory_rule"),
    ([rule("industry", "one_of", values=["", " "]), rule("industry", "required")], "contradictory_rule"),
    ([rule("industry", "one_of", values=["IT"]), rule("industry", "pattern", pattern="[0-9]+")], "contradictory_rule"),
    ([rule("industry", "one_of", values=["Fishing"]), rule("industry", "longest", longest=2)], "contradictory_rule"),
    ([rule("age", "required", "empty")], "wrong_rule"), ([rule("age", "pattern", pattern="a")], "wrong_rule"),
    ([rule("industry", "range", low=1)], "wrong_rule"), ([rule("age", "not_in_future")], "wrong_rule"),
    ([rule("demo_requested", "unique")], "wrong_rule"), ([rule("city", "longest")], "wrong_limit"),
    ([rule("city", "longest", longest=0)], "wrong_limit"), ([rule("shoe_size", "required")], "unknown_field"),
    ([rule("age", "prime")], "unknown_rule"), ([rule("age", "required", "punish")], "unknown_rule"),
    ([rule("age", "required"), rule("age", "required", "reject")], "rule_twice"),
    ([rule("city", "longest", longest=9)] * 201, "too_many_rules"),
    ([rule("city", "one_of", values=map(str, range(1_001)))], "too_many_values")])
def test_rules_that_cannot_be_used_are_refused(given, code):
    with pytest.raises(InvalidRequest) as refused:
        check_rules(given, KINDS)
    assert refused.value.code == code


@pytest.mark.parametrize("pattern", ["(", "[a-", "a{2,1}", r"(?=x)", r"(a)\1", "*", "(?P<", "x" * 501, "",
                                     "(" * 400, "((a{1000}){1000}){1000}", "\\"])
def test_a_pattern_that_cannot_be_used_is_refused_in_words(pattern):
    with pytest.raises(InvalidRequest) as refused:
        check_rules([rule("city", "pattern", pattern=pattern)], KINDS)
    assert refused.value.code == "wrong_pattern"


def test_no_pattern_takes_long():
    # exponential for engines that go back and try again
    evil = rule("city", "pattern", pattern="(a+)+$")
    check_rules([evil], KINDS)
    assert broken_by(pd.DataFrame({"city": texts("a" * 20_000 + "!")}), evil, as_of=NOW).tolist() == [True]


@pytest.mark.parametrize("values", [
    {}, {"field": "age"}, {"field": "age", "check": "range", "low": "x"},
    {"field": "age", "check": "range", "low": float("nan")},
    {"field": "age", "check": "range", "high": float("inf")}, {"field": "city", "check": "one_of", "values": 3},
    {"field": "city", "check": "longest", "longest": "many"}])
def test_a_rule_that_cannot_be_read_is_refused(values):
    with pytest.raises(InvalidRequest):
        Rule.from_dict(values)


RULES = st.one_of(
    st.builds(lambda low, c: rule("age", "range", c, low=low), st.floats(0, 100), st.sampled_from(
        ["flag", "empty", "reject"])),
    st.builds(lambda c: rule("email", "required", c), st.sampled_from(["flag", "reject"])),
    st.builds(lambda n, c: rule("industry", "longest", c, longest=n), st.integers(1, 9), st.sampled_from(
        ["flag", "empty", "reject"])))


@settings(deadline=None, max_examples=30)
@given(st.lists(RULES, max_size=4), st.permutations([0, 1, 2, 3]))
def test_the_order_of_rows_and_rules_changes_nothing(rules, order):
    leads = LEADS.iloc[order].reset_index(drop=True)
    turned = CleanTable(leads, (), CLEAN.headers, CLEAN.row_numbers[order], EMPTY)
    first, second = apply_rules(CLEAN, rules, as_of=NOW), apply_rules(turned, rules[::-1], as_of=NOW)
    rejected = [rejected_rows(applied.issues, applied.clean).to_numpy() for applied in (first, second)]
    np.testing.assert_array_equal(rejected[0][order], rejected[1])
    pd.testing.assert_frame_equal(first.clean.leads.iloc[order].reset_index(drop=True), second.clean.leads)
    assert len(first.issues) == len(second.issues)
