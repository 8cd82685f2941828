import json

import pytest

from leadscore.ingest.cleaning import CleaningChoices, clean_table
from leadscore.ingest.issues import concat_issues
from leadscore.ingest.mapping import as_mapping, map_headers
from leadscore.ingest.quality import QualityReport, quality_report
from leadscore.ingest.validation import validate
from tests.ingest.raw import NOW, raw_table


def report(columns: dict[str, list[str]]) -> QualityReport:
    raw = raw_table(columns)
    clean = clean_table(raw, as_mapping(map_headers(list(raw.frame.columns), raw.frame)), CleaningChoices(), as_of=NOW)
    return quality_report(clean, concat_issues([clean.issues, validate(clean, as_of=NOW)]), as_of=NOW)


def scores(columns: dict[str, list[str]]) -> dict[str, float | None]:
    return {dimension.name: dimension.score for dimension in report(columns).dimensions}


def test_a_perfect_file_scores_one_in_every_dimension() -> None:
    assert scores(
        {"Email": ["a@x.de", "b@x.de"], "Age": ["30", "40"], "Create Date": ["2026-10-01", "2026-11-01"]}
    ) == {"completeness": 1.0, "format": 1.0, "range": 1.0, "uniqueness": 1.0, "timeliness": 1.0, "accuracy": 1.0}


@pytest.mark.parametrize(
    ("columns", "dimension", "score", "affected"),
    [
        ({"Email": ["a@x.de", "b@x.de", "", ""], "Age": ["1", "2", "3", "4"]}, "completeness", 0.75, 2),
        ({"Email": ["a@x.de", "b@x.de", "c@x.de", "broken"]}, "format", 0.75, 1),
        ({"Age": ["30", "40", "50", "150"]}, "range", 0.75, 1),
        ({"Email": ["a@x.de", "a@x.de", "b@x.de", "c@x.de"]}, "uniqueness", 0.75, 1),
        ({"Create Date": ["2026-10-01", "2020-10-01"]}, "timeliness", 0.5, 1),
        ({"Converted": ["yes", "no"], "Lead Status": ["Lost Lead", "Open"]}, "accuracy", 0.5, 1),
    ],
)
def test_each_dimension_falls_with_its_own_faults(
    columns: dict[str, list[str]], dimension: str, score: float, affected: int
) -> None:
    found = {each.name: each for each in report(columns).dimensions}[dimension]
    assert (found.score, found.affected) == (pytest.approx(score), affected)
    assert found.sentence.endswith(".")


def test_a_dimension_without_anything_to_judge_has_no_score() -> None:
    found = scores({"City": ["Bonn", "Ulm"]})
    assert (found["range"], found["timeliness"], found["accuracy"]) == (None, None, None)


def test_the_columns_tell_how_full_and_varied_they_are_and_the_report_is_plain_json() -> None:
    plain = json.loads(json.dumps(report({"Email": ["a@x.de", "b@x.de", "x"], "Shoe": ["", "big", "big"]}).to_dict()))
    assert plain["columns"] == [
        {
            "header": "Email",
            "field": "email",
            "label": "E-mail",
            "filled": pytest.approx(2 / 3),
            "distinct": 2,
            "issues": 1,
        },
        {"header": "Shoe", "field": None, "label": "Shoe", "filled": pytest.approx(2 / 3), "distinct": 1, "issues": 0},
    ]
    assert plain["rows"] == 3
    assert set(plain["dimensions"]) == {"completeness", "format", "range", "uniqueness", "timeliness", "accuracy"}
