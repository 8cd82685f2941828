"""A policy or its criteria go out as a file and come back the same; a file that cannot be used is refused by place."""

import csv
import io
import json
import string
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.scoring.criteria import MOST_POINTS, SCORECARD_GROUPS, Criterion, Operator, check_criteria
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import PRESETS, default_policy
from leadscore.steps.criteria_files import COLUMNS, Known, criteria_csv, read_criteria_csv
from leadscore.steps.policy_files import FORMAT, policy_json, read_policy_json, with_settings

KNOWN = Known({criterion.field for criterion in default_policy().criteria} | {"website_visits", "custom:Größe, in m²"})

TEXTS = st.text(alphabet=string.printable.replace("\x0b", "").replace("\x0c", "") + "äß„=+@－\u200b", min_size=1,
                max_size=20).filter(str.strip)
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4))
POINTS = st.floats(0.1, MOST_POINTS).map(lambda value: round(value, 2))


@st.composite
def criteria(draw):
    operator = draw(st.sampled_from(Operator))
    value = {Operator.AT_LEAST: NUMBERS, Operator.AT_MOST: NUMBERS, Operator.PER_UNIT: POINTS,
             Operator.BETWEEN: st.tuples(NUMBERS, NUMBERS).map(lambda pair: tuple(sorted(pair))),
             Operator.EQUALS: TEXTS, Operator.CONTAINS: TEXTS,
             Operator.ONE_OF: st.lists(TEXTS, min_size=1, max_size=4).map(tuple)}.get(operator, st.none())
    return Criterion(
        id=draw(TEXTS), label=draw(TEXTS), group=str(draw(st.sampled_from(SCORECARD_GROUPS))),
        field=draw(st.sampled_from(sorted(KNOWN.fields))), operator=str(operator), value=draw(value),
        points=draw(POINTS) * draw(st.sampled_from([1, -1])),
        cap=draw(POINTS) if operator == Operator.PER_UNIT else None,
        half_life_days=draw(st.none() | st.floats(0.5, 900).map(lambda days: round(days, 1))))


SCORECARDS = st.lists(criteria(), min_size=1, max_size=6, unique_by=lambda criterion: criterion.id).map(tuple)


@settings(max_examples=60, deadline=None)
@given(SCORECARDS)
def test_criteria_come_back_from_csv_and_json_as_they_were(made):
    check_criteria(made)
    for entries in (read_criteria_csv(criteria_csv(made), KNOWN),
                    read_policy_json(policy_json(Policy(criteria=made), scorecard_only=True), KNOWN)["criteria"]):
        assert with_settings(default_policy(), {"criteria": entries}).criteria == made


@settings(max_examples=40, deadline=None)
@given(SCORECARDS)
def test_no_cell_of_the_csv_is_a_formula(made):
    rows = list(csv.reader(io.StringIO(criteria_csv(made).decode("utf-8-sig"), newline="")))
    assert len(rows) == len(made) + 1
    for cell in (cell for row in rows for cell in row):
        plain = cell.strip().lstrip("\u200b")
        assert not plain.startswith(("=", "@", "－")) and not plain.startswith("+")
        assert not plain.startswith("-") or plain[1:2].isdigit()


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if not preset.needs_outcomes],
                         ids=lambda preset: preset.key)
def test_a_whole_policy_comes_back_as_it_was(preset):
    selling = replace(default_policy(), offer=Offer("CRM", ("=cheap",), ("banks",)))
    policy = with_settings(selling, preset.build(selling, None))
    every_field = Known({criterion.field for criterion in policy.criteria})
    text = policy_json(policy)
    assert json.loads(text)["format"] == FORMAT
    assert with_settings(Policy(), read_policy_json(text, every_field)) == policy


def entry(**values):
    one = asdict(Criterion("visits", "Website visits", "behavioural", "website_visits", "per_unit", 1, 1.0, 8, 60))
    return one | values


def as_json(*entries, **settings):
    return json.dumps({"format": FORMAT, "criteria": list(entries)} | settings).encode()


@pytest.mark.parametrize(("data", "code", "told"), [
    (b"this is no JSON", "not_json", "Line 1, column 1"),
    (b"\xff\xfe\x00", "not_json", "UTF-8"),
    (b"[1, 2]", "wrong_format", "not a file of a scorecard"),
    (b'{"criteria": []}', "wrong_format", "not a file of a scorecard"),
    (b'{"format": "leadscore-policy/99", "criteria": []}', "wrong_format", "not a file of a scorecard"),
    (b'{"format": "leadscore-policy/1"}', "empty_policy", "no settings"),
    (b" " * 10_000_000, "file_too_large", "10.0 MB"),
    (b"[" * 100_000, "not_json", "nested too deeply"),
    (b'{"format": "leadscore-policy/1", "alpha": NaN}', "not_a_number", "'NaN'"),
    (b'{"format": "leadscore-policy/1", "alpha": Infinity}', "not_a_number", "'Infinity'"),
    (b'{"format": "leadscore-policy/1", "alpha": 1e999}', "number_too_large", "1e999"),
    (b'{"format": "leadscore-policy/1", "capacity": 1' + b"0" * 400 + b"}", "number_too_large", "larger"),
    (as_json(entry(field="nonsense")), "unknown_field", "Criterion 1, 'field'"),
    (as_json(entry(), entry(id="b", operator="sounds_like")), "unknown_operator", "Criterion 2"),
    (as_json(entry(points="many")), "wrong_number", "Criterion 1, 'points'"),
    (as_json(entry(points=None)), "wrong_number", "it is empty"),
    (as_json(entry(points=True)), "wrong_number", "Criterion 1, 'points'"),
    (as_json(entry(points=0)), "wrong_points", "Criterion 1"),
    (as_json(entry(cap="lots")), "wrong_number", "Criterion 1, 'cap'"),
    (as_json(entry(label=7)), "wrong_value", "Criterion 1, 'label'"),
    (as_json(entry(label="x" * 501)), "wrong_value", "Criterion 1, 'label'"),
    (as_json(entry(operator="one_of", value=["a"] * 201)), "wrong_value", "more than 200 values"),
    (as_json(entry(run="rm -rf")), "unknown_setting", "an entry 'run'"),
    (as_json("no criterion"), "wrong_value", "Criterion 1 is not a criterion"),
    (as_json(entry(), entry()), "criterion_twice", "'visits'"),
    (as_json(group_weights={"behavioural": 90}), "weights_do_not_total", "90 %"),
    (as_json(group_weights={"behavioural": "all"}), "wrong_value", "'group_weights'"),
    (as_json(group_weights=[100]), "wrong_value", "'group_weights'"),
    (as_json(thresholds={"low": 90, "high": 10, "qualified": 5}), "contradictory_thresholds", "above where High"),
    (as_json(alpha_is_suggested="yes"), "wrong_value", "'alpha_is_suggested'"),
    (as_json(capacity=1.5), "wrong_value", "'capacity'"),
    (as_json(tier_rules=[{"tier": "High"}]), "unreadable_policy", "cannot be read"),
    (as_json(tier_rules=["High"]), "unreadable_policy", ""),
    (as_json(offer={"name": ["a"], "ideal_use_cases": 4}), "wrong_offer", ""),
    (as_json(offer="everything"), "wrong_value", "'offer'"),
    (as_json(economics={"cost_per_call": {}}), "unreadable_policy", ""),
    (as_json(shell="x"), "unknown_setting", "'shell'"),
    (as_json(made=[{"name": "a", "label": "A", "expression": 4, "group": "fit"}]), "wrong_text", ""),
])
def test_a_json_file_that_cannot_be_used_is_refused_by_place(data, code, told):
    with pytest.raises(InvalidRequest) as refused:
        with_settings(default_policy(), read_policy_json(data, KNOWN))
    assert refused.value.code == code
    assert told in str(refused.value)


HEAD = ",".join(COLUMNS)
GOOD = "behavioural,Visits,website_visits,per_unit,1,1,8,60,visits"


def table(*rows, head=HEAD):
    return "\n".join([head, *rows]).encode()


@pytest.mark.parametrize(("data", "code", "told"), [
    (b"", "missing_column", "'group'"),
    (b"\xff\xfe", "unreadable_scorecard", "UTF-8"),
    (b'group,"label\n', "unreadable_scorecard", "not a table"),
    (b"a" * 10_000_000, "file_too_large", "10.0 MB"),
    (table(head="group,label,field,operator,value"), "missing_column", "'points'"),
    (table(), "empty_scorecard", "no row"),
    (table("behavioural,Visits,website_visits,per_unit,1,many,8,60,v"), "wrong_number", "Row 2, column 'points'"),
    (table(GOOD, GOOD), "criterion_twice", "Row 3, column 'id'"),
    (table("behavioural,Visits,nonsense,per_unit,1,1,8,60,v"), "unknown_field", "Row 2, 'field'"),
    (table("behavioural,Visits,website_visits,guess,1,1,8,60,v"), "unknown_operator", "Row 2"),
    (table("sales,Visits,website_visits,per_unit,1,1,8,60,v"), "unknown_group", "Row 2"),
    (table("behavioural,Visits,website_visits,at_least,NaN,1,,,v"), "wrong_number", "Row 2, column 'value'"),
    (table("behavioural,Visits,website_visits,at_least,,1,,,v"), "wrong_value", "Row 2"),
    (table("behavioural,Visits,website_visits,at_least,3,inf,,,v"), "wrong_number", "Row 2, column 'points'"),
    (table("behavioural,Visits,website_visits,at_least,3,1e9,,,v"), "wrong_points", "Row 2"),
    (table("behavioural,Visits,website_visits,between,10,1,,,v"), "wrong_value", "'10 to 50'"),
    (table("behavioural,Visits,website_visits,between,50 to 10,1,,,v"), "wrong_value", "Row 2"),
    (table("behavioural,,website_visits,at_least,3,1,,,v"), "wrong_value", "Row 2, 'label'"),
    (table('behavioural,Visits,website_visits,at_least,3,"1,000",,,v'), "wrong_number", "'1,000'"),
    (table(*[GOOD] * 501), "too_many_criteria", "501"),
    (table("behavioural,Visits,website_visits,at_least,=1+1,1,,,v"), "wrong_number", "Row 2, column 'value'"),
])
def test_a_csv_file_that_cannot_be_used_is_refused_by_row_and_column(data, code, told):
    with pytest.raises(InvalidRequest) as refused:
        read_criteria_csv(data, KNOWN)
    assert refused.value.code == code
    assert told in str(refused.value)


def test_a_table_that_a_german_spreadsheet_has_saved_is_read():
    rows = "Group;Label;Field;Operator;Value;Points;Cap;Half-life days;Note\n" \
           "behavioural;Viele Besuche;website_visits;between;2,5 to 10;1,5;;;mine\n" \
           'fit;Größe;custom:Größe, in m²;one_of;"klein;""gr;oß""";-2;;30;\n'
    first, second = read_criteria_csv(rows.encode("utf-8-sig"), KNOWN)
    assert (first["value"], first["points"], first["id"]) == ([2.5, 10.0], 1.5, "viele_besuche")
    assert (second["value"], second["points"], second["half_life_days"]) == (["klein", "gr;oß"], -2.0, 30.0)


def test_a_formula_in_a_label_stays_a_text():
    made = (Criterion("a", "=HYPERLINK(\"http://x\")", "fit", "website_visits", "at_least", 3, 1.0),
            Criterion("b", "'=already guarded", "fit", "website_visits", "at_least", 3, 1.0))
    written = criteria_csv(made)
    assert b"\"'=HYPERLINK" in written and b"\"''=already" in written
    assert [item["label"] for item in read_criteria_csv(written, KNOWN)] == [item.label for item in made]
