from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.ingest.dates import read_dates
from tests.ingest.raw import text


def one(cell: str, **options: bool) -> str:
    return str(read_dates(text(cell), **options).values.iloc[0])


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2021-01-05", "2021-01-05 00:00:00"),
        ("2021-01-05T10:00:00Z", "2021-01-05 10:00:00"),
        ("2021-01-05T10:00:00.000+0000", "2021-01-05 10:00:00"),
        ("2021-01-05T10:00:00+02:00", "2021-01-05 08:00:00"),
        ("2021-01-05 10:00", "2021-01-05 10:00:00"),
        ("2021-01-05 10:00:00 UTC", "2021-01-05 10:00:00"),
        ("2021/1/5", "2021-01-05 00:00:00"),
        ("2021-1-5", "2021-01-05 00:00:00"),
        ("20210105", "2021-01-05 00:00:00"),
        ("20210105103000", "2021-01-05 10:30:00"),
        ("15 Apr, 2021 00:03:00", "2021-04-15 00:03:00"),
        ("Apr 15, 2021 3:45 PM", "2021-04-15 15:45:00"),
        ("15-Apr-21", "2021-04-15 00:00:00"),
        ("Thursday, 15 April 2021", "2021-04-15 00:00:00"),
        ("15. März 2021", "2021-03-15 00:00:00"),
        ("5 de mayo de 2021", "2021-05-05 00:00:00"),
        ("13-01-2021", "2021-01-13 00:00:00"),
        ("12/31/21", "2021-12-31 00:00:00"),
        ("31.12.2021 23:59", "2021-12-31 23:59:00"),
        ("44197", "2021-01-01 00:00:00"),
        ("44197.5", "2021-01-01 12:00:00"),
        ("1609459200", "2021-01-01 00:00:00"),
        ("1609459200000", "2021-01-01 00:00:00"),
        ("1/13/2021 12:05 am", "2021-01-13 00:05:00"),
        ("29.02.2024", "2024-02-29 00:00:00"),
    ],
)
def test_a_date_is_read_in_the_way_people_and_machines_write_it(cell: str, moment: str) -> None:
    assert one(cell) == f"{moment}+00:00"


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "April",
        "30/02/2021",
        "29.02.2023",
        "0000-00-00",
        "2021-13-45",
        "99",
        "12",
        "hello 12",
        "13:45",
        "2021-01-05 25:00",
        "9999-99-99",
        "1899-01-01",
        "2021-01-05 10:00 XM",
        "1/2/3/4",
        "3021-01-01",
    ],
)
def test_what_is_no_date_stays_empty(cell: str) -> None:
    assert one(cell) == "NaT"


def test_one_unmistakable_date_decides_for_its_column() -> None:
    day_first = read_dates(text("13-01-2021", "02-03-2021"))
    month_first = read_dates(text("01-13-2021", "02-03-2021"))
    assert str(day_first.values[1].date()) == "2021-03-02"
    assert str(month_first.values[1].date()) == "2021-02-03"
    assert day_first.certain and month_first.certain


def test_a_date_that_can_be_read_only_one_way_is_read_that_way_among_others() -> None:
    found = read_dates(text("01/31/2021", "02/28/2021", "25/12/2021")).values
    assert [str(moment.date()) for moment in found] == ["2021-01-31", "2021-02-28", "2021-12-25"]


def test_without_evidence_the_separator_decides_and_says_so() -> None:
    slashes, points = read_dates(text("02/03/2021")), read_dates(text("02.03.2021"))
    assert (str(slashes.values[0].date()), str(points.values[0].date())) == ("2021-02-03", "2021-03-02")
    assert not slashes.certain and not points.certain


def test_a_person_decides_the_order_of_day_and_month() -> None:
    assert one("02/03/2021", day_first=True).startswith("2021-03-02")
    assert one("02.03.2021", day_first=False).startswith("2021-02-03")


def test_bare_numbers_are_dates_only_where_wanted() -> None:
    assert one("44197", bare_numbers=False) == "NaT"


FORMATS = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d.%m.%Y",
    "%Y%m%d",
    "%b %d, %Y %I:%M %p",
    "%Y-%m-%dT%H:%M:%SZ",
]


@settings(max_examples=40, deadline=None)
@given(
    st.datetimes(min_value=pd.Timestamp("1980").to_pydatetime(), max_value=pd.Timestamp("2100").to_pydatetime()),
    st.sampled_from(FORMATS),
)
def test_a_moment_survives_writing_and_reading(moment: datetime, form: str) -> None:
    written = moment.strftime(form)
    expected = pd.Timestamp(datetime.strptime(written, form).replace(tzinfo=UTC))
    assert read_dates(text(written), day_first=True).values.iloc[0] == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="0123456789-/. :,TZAPMaprjun+", max_size=22), max_size=15))
def test_any_text_gives_a_moment_or_nothing(cells: list[str]) -> None:
    values = read_dates(pd.Series(cells, dtype="str")).values
    assert str(values.dtype) == "datetime64[us, UTC]"
    assert len(values) == len(cells)
