import pandas as pd
import pytest

from leadscore.errors import UnreadableFile
from leadscore.ingest.cleaning import CleaningChoices, CleanTable, clean_table
from leadscore.ingest.issues import Issue, count_by_code, issues_frame
from leadscore.ingest.mapping import as_mapping, map_headers
from leadscore.ingest.validation import rejected, rejected_rows, validate
from tests.ingest.raw import NOW, raw_table


def clean(columns: dict[str, list[str]]) -> CleanTable:
    raw = raw_table(columns)
    return clean_table(raw, as_mapping(map_headers(list(raw.frame.columns), raw.frame)), CleaningChoices(), as_of=NOW)


def found(columns: dict[str, list[str]]) -> list[tuple[int, str, str]]:
    issues = validate(clean(columns), as_of=NOW)
    return list(zip(issues["row"].tolist(), issues["column"].tolist(), issues["code"].tolist(), strict=True))


def test_good_leads_raise_no_issue() -> None:
    assert (
        found({"Email": ["a@x.de", "b@x.de"], "Age": ["30", "40"], "Create Date": ["2025-01-01", "2025-02-01"]}) == []
    )


@pytest.mark.parametrize(
    ("columns", "row", "column", "code"),
    [
        ({"Age": ["30", "31", "150"]}, 4, "Age", "out_of_range"),
        ({"Number of Sessions": ["3", "4", "-1"]}, 4, "Number of Sessions", "out_of_range"),
        ({"Create Date": ["2025-01-01", "2027-05-01"]}, 3, "Create Date", "future_date"),
        ({"Create Date": ["2025-01-01", "1970-01-01"]}, 3, "Create Date", "implausible_date"),
        (
            {"Create Date": ["2025-01-05"], "Last Activity Date": ["2025-01-01"]},
            2,
            "Last Activity Date",
            "dates_out_of_order",
        ),
        ({"Converted": ["yes", "no"], "Lead Status": ["Lost Lead", "Open"]}, 2, "Lead Status", "contradictory_outcome"),
        (
            {"Marketing consent": ["yes", "no"], "Do not email": ["yes", "no"]},
            2,
            "Marketing consent",
            "contradictory_consent",
        ),
        ({"Email clicks": ["9"], "Email opens": ["3"]}, 2, "Email clicks", "inconsistent_counts"),
        ({"Email": ["a@x.de", ""], "Age": ["30", "40"]}, 3, "", "no_contact"),
        ({"Email": ["a@x.de", "A@X.de"], "Age": ["30", "40"]}, 3, "", "duplicate"),
    ],
)
def test_what_contradicts_common_sense_is_told_with_its_row_and_column(
    columns: dict[str, list[str]], row: int, column: str, code: str
) -> None:
    assert (row, column, code) in found(columns)


def test_a_row_without_any_usable_value_is_rejected() -> None:
    table = clean({"Email": ["a@x.de", "n/a"], "Age": ["30", "-"]})
    issues = validate(table, as_of=NOW)
    assert rejected_rows(issues, table).tolist() == [False, True]
    assert rejected(issues).tolist() == [3]


def test_errors_about_the_whole_file_reject_no_row() -> None:
    table = clean({"Email": ["a@x.de"]})
    issues = issues_frame([Issue(0, "", "odd", "error", "Odd."), Issue(9, "", "odd", "error", "Odd.")])
    assert not rejected_rows(issues, table).any()


@pytest.mark.parametrize("columns", [{}, {"Email": ["", "n/a"]}])
def test_a_table_without_any_usable_value_is_refused(columns: dict[str, list[str]]) -> None:
    with pytest.raises(UnreadableFile) as refused:
        validate(clean(columns), as_of=NOW)
    assert refused.value.code == "no_usable_column"


def test_the_present_may_be_given_with_or_without_a_zone() -> None:
    table = clean({"Create Date": ["2027-05-01", "2025-01-01"]})
    naive = validate(table, as_of=pd.Timestamp("2026-11-21"))
    assert count_by_code(naive) == count_by_code(validate(table, as_of=NOW)) == {"future_date": 1}
