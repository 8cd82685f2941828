import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.ingest.cleaning import CleaningChoices, CleanTable, MissingChoice, OutlierChoice, clean_table
from leadscore.ingest.issues import count_by_code
from leadscore.ingest.mapping import as_mapping, map_headers
from leadscore.ingest.readers import read_table
from leadscore.schema import FIELD_BY_NAME, Kind
from tests.ingest.raw import NOW, raw_table
from tests.shared_data import shared_file


def cleaned(
    columns: dict[str, list[str]], mapping: dict[str, str | None] | None = None, **choices: object
) -> CleanTable:
    raw = raw_table(columns)
    chosen = as_mapping(map_headers(list(raw.frame.columns), raw.frame)) if mapping is None else mapping
    return clean_table(raw, chosen, CleaningChoices(**choices), as_of=NOW)  # type: ignore[arg-type]


def codes(clean: CleanTable) -> dict[str, int]:
    return count_by_code(clean.issues)


def test_every_field_gets_the_dtype_of_its_kind() -> None:
    values = {
        Kind.NUMBER: "5",
        Kind.MONEY: "$5",
        Kind.BOOLEAN: "yes",
        Kind.DATE: "2024-05-06",
        Kind.EMAIL: "a@b.de",
        Kind.PHONE: "030 123456",
        Kind.URL: "a.de",
    }
    columns = {name: [values.get(field.kind, "abc")] for name, field in FIELD_BY_NAME.items()}
    clean = cleaned(columns, {name: name for name in columns})
    expected = {
        Kind.NUMBER: "float64",
        Kind.MONEY: "float64",
        Kind.BOOLEAN: "boolean",
        Kind.DATE: "datetime64[us, UTC]",
    }
    for name, field in FIELD_BY_NAME.items():
        assert str(clean.leads[name].dtype) == expected.get(field.kind, "str"), name
        assert clean.leads[name].notna().all(), name


def test_rows_keep_their_number_order_and_positions() -> None:
    clean = cleaned({"Email": ["b@x.de", "", "a@x.de", "b@x.de"]})
    assert clean.leads.index.tolist() == [0, 1, 2, 3]
    assert clean.leads.index.name == "lead_id"
    assert clean.leads["email"].fillna("").tolist() == ["b@x.de", "", "a@x.de", "b@x.de"]
    assert clean.row_numbers.tolist() == [2, 3, 4, 5]
    assert clean.headers == {"email": "Email"}


def test_an_unreadable_cell_becomes_empty_and_is_told_with_its_row() -> None:
    clean = cleaned({"Age": ["31", "forty", "#VALUE!", "52"]}, {"Age": "age"})
    assert clean.leads["age"].isna().tolist() == [False, True, True, False]
    assert clean.issues[["row", "column", "code", "severity", "value"]].to_dict("records") == [
        {"row": 3, "column": "Age", "code": "unreadable_number", "severity": "warning", "value": "forty"}
    ]


def test_a_masked_phone_is_empty_and_told_but_does_not_refuse_the_column() -> None:
    clean = cleaned({"Phone": ["xxx-xxx-1234", "********12", "030 123456"]}, {"Phone": "phone"})
    assert clean.leads["phone"].isna().tolist() == [True, True, False]
    assert codes(clean) == {"masked_value": 2}


def test_a_column_that_is_not_what_it_was_mapped_to_is_refused_by_name_and_kept() -> None:
    clean = cleaned(
        {"Last Activity": ["Email Opened", "SMS Sent", "2024-01-02"]}, {"Last Activity": "last_activity_at"}
    )
    assert list(clean.leads.columns) == ["custom:Last Activity"]
    assert [field.header for field in clean.custom_fields] == ["Last Activity"]
    assert clean.issues["code"].tolist() == ["column_refused"]
    assert clean.issues["row"].tolist() == [0]
    assert "'Last Activity'" in clean.issues["message"].iloc[0]


def test_codes_with_a_spread_sheets_point_are_one_category() -> None:
    clean = cleaned({"Region_Code": ["28.0", "28", "3.0", "", "28"] * 3}, {})
    assert clean.leads["custom:Region_Code"].fillna("").tolist() == ["28", "28", "3", "", "28"] * 3


def test_an_ambiguous_date_is_read_so_that_nothing_lies_in_the_future() -> None:
    clean = cleaned({"Created": ["10/12/2026", "11/10/2026"]}, {"Created": "created_at"})
    assert clean.leads["created_at"].dt.strftime("%m-%d").tolist() == ["10-12", "11-10"]
    other = cleaned({"Created": ["05/12/2026", "10/11/2026"]}, {"Created": "created_at"})
    assert other.leads["created_at"].dt.strftime("%m-%d").tolist() == ["05-12", "10-11"]
    points = cleaned({"Created": ["05.12.2026", "10.11.2026"]}, {"Created": "created_at"})
    assert points.leads["created_at"].dt.strftime("%m-%d").tolist() == ["05-12", "10-11"]
    assert codes(cleaned({"Created": ["05.11.2026"]}, {"Created": "created_at"})) == {"ambiguous_dates": 1}
    chosen = cleaned({"Created": ["05.12.2026"]}, {"Created": "created_at"}, day_first=True)
    assert chosen.leads["created_at"].dt.strftime("%m-%d").tolist() == ["12-05"]


NUMBERS = [str(20 + i % 30) for i in range(100)] + ["9000"]


def test_outliers_are_flagged_capped_or_left() -> None:
    columns, mapping = {"Age": NUMBERS}, {"Age": "age"}
    flagged = cleaned(columns, mapping)
    assert codes(flagged) == {"outlier": 1}
    assert flagged.leads["age"].max() == 9_000
    capped = cleaned(columns, mapping, outliers=OutlierChoice.CAP)
    assert capped.leads["age"].max() <= 110
    assert codes(capped) == {"capped": 1}
    assert codes(cleaned(columns, mapping, outliers=OutlierChoice.LEAVE)) == {}


def test_gaps_are_filled_on_request_but_never_with_an_invented_outcome_or_address() -> None:
    columns = {
        "Age": ["20", "", "40"],
        "Industry": ["IT", "IT", ""],
        "Converted": ["1", "", "0"],
        "Email": ["a@b.de", "", ""],
    }
    clean = cleaned(columns, missing=MissingChoice.FILL)
    assert clean.leads["age"].tolist() == [20, 30, 40]
    assert clean.leads["industry"].tolist() == ["IT"] * 3
    assert clean.leads["converted"].isna().sum() == 1
    assert clean.leads["email"].isna().sum() == 2
    assert codes(clean) == {"filled_missing": 2}


def test_money_keeps_the_currency_it_came_with() -> None:
    clean = cleaned({"Amount": ["€5", "$7", "9"]}, {"Amount": "revenue"})
    assert clean.leads["currency"].fillna("").tolist() == ["EUR", "USD", ""]
    assert "currency" not in cleaned({"Amount": ["5", "7"]}, {"Amount": "revenue"}).leads


def test_normalising_can_be_switched_off() -> None:
    columns = {"Industry": ["IT", "it", "IT"]}
    assert cleaned(columns).leads["industry"].tolist() == ["IT"] * 3
    assert cleaned(columns, normalise=False).leads["industry"].tolist() == ["IT", "it", "IT"]


def test_choices_survive_writing_and_reading_and_wrong_ones_are_refused() -> None:
    choices = CleaningChoices(outliers=OutlierChoice.CAP, day_first=True)
    assert CleaningChoices.from_dict(choices.to_dict()) == choices
    assert CleaningChoices.from_dict({}) == CleaningChoices()
    for wrong in ({"outliers": "explode"}, {"colour": "red"}):
        with pytest.raises(InvalidRequest) as refused:
            CleaningChoices.from_dict(wrong)
        assert refused.value.code == "bad_cleaning_choice"


NASTY = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "Select",
            "#VALUE!",
            "$1,117.10K",
            "1.234,56 €",
            "(1,200)",
            "10+",
            "13-01-2021",
            "20210105",
            "15 Apr, 2021 00:03:00",
            "44197",
            "1609459200",
            "xxx-xxx-1234",
            "a@b.de",
            "yes",
            "0",
            "✓",
            "nan",
            "inf",
            "-1e999",
            "\x00",
            "😀",
            "9" * 400,
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_table_of_text_makes_cleaning_fail_or_lose_a_row(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 8))
    headers = data.draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=4))
    columns = {header: data.draw(st.lists(NASTY, min_size=rows, max_size=rows)) for header in headers}
    fields = data.draw(
        st.lists(st.sampled_from(list(FIELD_BY_NAME)), unique=True, min_size=len(headers), max_size=len(headers))
    )
    choices = CleaningChoices(
        outliers=data.draw(st.sampled_from(list(OutlierChoice))),
        missing=data.draw(st.sampled_from(list(MissingChoice))),
        normalise=data.draw(st.booleans()),
    )
    raw = raw_table(columns)
    before = raw.frame.copy()
    clean = clean_table(raw, dict(zip(headers, fields, strict=True)), choices, as_of=NOW)
    assert len(clean.leads) == len(raw.frame)
    assert clean.leads.index.tolist() == list(range(len(raw.frame)))
    assert set(clean.headers) | {"currency"} >= set(clean.leads.columns)
    pd.testing.assert_frame_equal(raw.frame, before)
    again = clean_table(raw, dict(zip(headers, fields, strict=True)), choices, as_of=NOW)
    pd.testing.assert_frame_equal(clean.leads, again.leads)


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        ("xeducation_leads.csv", {"custom:Specialization": 5_860, "converted": 9_240, "country": 6_779}),
        ("zoho_leads.csv", {"created_at": 3_900, "email": 3_900, "mobile": 3_900}),
        ("hubspot_contacts.csv", {"created_at": 950, "phone": 950, "postal_code": 950}),
    ],
)
def test_public_files_lose_nothing_in_cleaning(name: str, filled: dict[str, int]) -> None:
    raw = read_table(shared_file(name).read_bytes(), name)
    clean = clean_table(raw, as_mapping(map_headers(list(raw.frame.columns), raw.frame)), CleaningChoices(), as_of=NOW)
    assert {column: int(clean.leads[column].notna().sum()) for column in filled} == filled
    assert not np.isin(clean.issues["severity"], ["error"]).any()
