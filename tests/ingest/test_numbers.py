import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.ingest.numbers import has_currency, read_numbers
from tests.ingest.raw import text


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12.0),
        ("-3.5", -3.5),
        (".5", 0.5),
        ("1e5", 100_000.0),
        ("1,234", 1_234.0),
        ("1,234.5", 1_234.5),
        ("$1,117.10K", 1_117_100.0),
        ("€2.5m", 2_500_000.0),
        ("2.5 Mio. €", 2_500_000.0),
        ("(1,200)", -1_200.0),
        ("($5)", -5.0),
        ("-$5", -5.0),
        ("5 -", -5.0),
        ("−5", -5.0),
        ("USD 5", 5.0),
        ("5 EUR", 5.0),
        ("US$ 7", 7.0),
        ("1,000-5,000", 3_000.0),
        ("51-200", 125.5),
        ("51 – 200", 125.5),
        ("51 to 200", 125.5),
        ("$1M - $5M", 3_000_000.0),
        ("1-5M", 3_000_000.0),
        ("10+", 10.0),
        ("10,000+", 10_000.0),
        ("45 %", 45.0),
        ("200 employees", 200.0),
        ("1 234 567", 1_234_567.0),
        ("1'234'567", 1_234_567.0),
        ("12,34,567", 1_234_567.0),
        ("Rs. 5 lakh", 500_000.0),
        ("1.234.567", 1_234_567.0),
        ("1.234,56 €", 1_234.56),
        ("12,5", 12.5),
        ("3 crore", 30_000_000.0),
    ],
)
def test_a_number_is_read_in_the_way_people_write_it(cell: str, value: float) -> None:
    assert read_numbers(text(cell)).iloc[0] == pytest.approx(value)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "abc",
        "<=50K",
        ">50K",
        "1.2.3",
        "1,2,3",
        "12 apples",
        "2021-01-05",
        "200-51",
        "nan",
        "inf",
        "-inf",
        "1_0x",
        "--5",
        "+",
        ".",
        ",",
        "$",
        "9" * 40,
        "1e99",
        "०१२",
    ],
)
def test_what_is_no_number_stays_empty(cell: str) -> None:
    assert np.isnan(read_numbers(text(cell)).iloc[0])


def test_a_decimal_comma_anywhere_makes_the_point_a_separator_of_thousands() -> None:
    assert read_numbers(text("1.234,56 €", "1.234", "12,5", "7")).tolist() == [1_234.56, 1_234.0, 12.5, 7.0]
    assert read_numbers(text("1.234", "7")).tolist() == [1.234, 7.0]


def test_a_range_is_no_number_where_ranges_are_not_wanted() -> None:
    assert read_numbers(text("51-200"), ranges=False).isna().all()


def test_a_currency_is_seen_as_a_sign_or_a_word() -> None:
    assert has_currency(text("$5", "5 EUR", "usd 7", "5", "euro vision", "")).tolist() == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=-(10**14), max_value=10**14))
def test_an_amount_in_cents_survives_writing_and_reading(cents: int) -> None:
    amount = cents / 100
    english = f"${amount:,.2f}"
    german = english.replace("$", "").replace(",", " ").replace(".", ",").replace(" ", ".") + " €"
    bracketed = f"({abs(amount):,.2f})" if amount < 0 else english
    for written in (english, german, bracketed):
        assert read_numbers(text(written)).iloc[0] == pytest.approx(amount, abs=0.006)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_text_gives_a_number_or_nothing(cells: list[str]) -> None:
    values = read_numbers(pd.Series(cells, dtype="str"))
    assert values.dtype == "float64"
    assert len(values) == len(cells)
    assert not np.isinf(values.to_numpy()).any()
