import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.ingest.kinds import encode, read, take
from leadscore.schema import Kind
from tests.ingest.raw import text


def cell(value: str, kind: Kind, field: str | None = None) -> tuple[object, str]:
    reading = read(encode(text(value)), kind, field=field)
    state = (
        "missing" if reading.missing[0] else "masked" if reading.masked[0] else "bad" if reading.unreadable[0] else "ok"
    )
    found = reading.values.iloc[0]
    return (None if pd.isna(found) else found), state


@pytest.mark.parametrize(
    ("value", "found", "state"),
    [
        ("A.B@C.de", "a.b@c.de", "ok"),
        (" Bob <A.B@C.de> ", "a.b@c.de", "ok"),
        ("mailto:x@y.co", "x@y.co", "ok"),
        ("jürgen@münchen.de", "jürgen@münchen.de", "ok"),
        ("x@y.co;", "x@y.co", "ok"),
        ("a@b", None, "bad"),
        ("a b@c.de", None, "bad"),
        ("a..b@c.de", None, "bad"),
        ("@c.de", None, "bad"),
        ("n/a", None, "missing"),
        ("j***@x.com", None, "masked"),
        ("unknown", None, "missing"),
    ],
)
def test_an_email_address_is_lowered_and_checked(value: str, found: str | None, state: str) -> None:
    assert cell(value, Kind.EMAIL) == (found, state)


@pytest.mark.parametrize(
    ("value", "found", "state"),
    [
        ("416-810-9897x752", "4168109897x752", "ok"),
        ("(376)694-9481 ext. 10", "3766949481x10", "ok"),
        ("+1-748-856-0478", "+17488560478", "ok"),
        ("001-923-342-6852", "+19233426852", "ok"),
        ("98672.802.28", "9867280228", "ok"),
        ("9867280228.0", "9867280228", "ok"),
        ("+49 (0)30 1234-56", "+4930123456", "ok"),
        ("Tel: 030 123456", "030123456", "ok"),
        ("xxx-xxx-1234", None, "masked"),
        ("********12", None, "masked"),
        ("06XXXXXX12", None, "masked"),
        ("9.86E+09", None, "bad"),
        ("123", None, "bad"),
        ("call me", None, "bad"),
        ("none", None, "missing"),
        ("-", None, "missing"),
    ],
)
def test_a_phone_number_is_reduced_to_its_digits_and_a_masked_one_counts_as_hidden(
    value: str, found: str | None, state: str
) -> None:
    assert cell(value, Kind.PHONE) == (found, state)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *[(word, True) for word in ("Yes", "y", "TRUE", "1", "1.0", "x", "✓", "ja", "Sí", "oui", "да")],
        *[(word, False) for word in ("No", "N", "false", "0", "nein", "non", "нет")],
        ("maybe", None),
        ("2", None),
        ("Select", None),
    ],
)
def test_yes_and_no_are_read_in_many_spellings(value: str, found: bool | None) -> None:
    assert cell(value, Kind.BOOLEAN)[0] == found


def test_opting_out_means_yes_only_where_the_question_is_a_refusal() -> None:
    assert cell("opted out", Kind.BOOLEAN, "do_not_email")[0] == True  # noqa: E712 - a numpy boolean
    assert cell("opted out", Kind.BOOLEAN, "consent")[0] == False  # noqa: E712
    assert cell("subscribed", Kind.BOOLEAN, "do_not_email")[0] == False  # noqa: E712


@pytest.mark.parametrize(
    ("value", "kind", "field", "survives"),
    [
        ("None", Kind.TEXT, "last_name", True),
        ("Null", Kind.TEXT, "last_name", True),
        ("NULL", Kind.TEXT, "last_name", False),
        ("Select", Kind.TEXT, "last_name", True),
        ("Na", Kind.TEXT, "first_name", True),
        ("NA", Kind.CATEGORY, "country", True),
        ("n/a", Kind.CATEGORY, "country", False),
        ("Select", Kind.CATEGORY, "city", False),
        ("none", Kind.CATEGORY, "industry", False),
        ("none", Kind.CATEGORY, None, True),
        ("unknown", Kind.CATEGORY, None, True),
        ("unknown", Kind.NUMBER, "age", False),
        ("#VALUE!", Kind.NUMBER, "age", False),
        ("#N/A", Kind.TEXT, "company", False),
        ("NA", Kind.IDENTIFIER, "crm_id", True),
        ("?", Kind.CATEGORY, None, False),
        ("\u00a0\u200b", Kind.TEXT, "company", False),
        ("-", Kind.MONEY, None, False),
    ],
)
def test_what_means_missing_depends_on_the_kind(value: str, kind: Kind, field: str | None, survives: bool) -> None:
    assert (cell(value, kind, field)[1] != "missing") is survives


def test_spellings_of_a_category_become_the_most_frequent_one() -> None:
    cells = encode(text("CONVERTED", "converted", " converted ", "Lost  Lead", "lost lead", "Lost Lead"))
    values = take(read(cells, Kind.CATEGORY).values, cells.codes)
    assert values.tolist() == ["converted"] * 3 + ["Lost Lead"] * 3


def test_spellings_stay_where_no_normalising_is_wanted() -> None:
    cells = encode(text("A", "a"))
    assert read(cells, Kind.CATEGORY, normalise=False).values.tolist() == ["A", "a"]


def test_one_country_has_one_name() -> None:
    cells = encode(text("USA", "u.s.", "United States", "Deutschland", "NA"))
    values = read(cells, Kind.CATEGORY, field="country").values.tolist()
    assert values == ["United States", "United States", "United States", "Germany", "NA"]


@pytest.mark.parametrize(
    ("value", "field", "found"),
    [
        ("CameraUpdate.com", None, "cameraupdate.com"),
        ("https://Morgan.biz/Path", None, "https://Morgan.biz/Path"),
        ("https://www.Morgan.biz/Path", "company_domain", "morgan.biz"),
        ("nonsense", None, None),
        ("1.5", None, None),
    ],
)
def test_a_web_address_is_checked(value: str, field: str | None, found: str | None) -> None:
    assert cell(value, Kind.URL, field)[0] == found


def test_an_identifier_loses_only_what_a_spread_sheet_added() -> None:
    assert [cell(value, Kind.IDENTIFIER)[0] for value in ("123.0", "00123", "A-1.0")] == ["123", "00123", "A-1.0"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=15), min_size=1, max_size=15), st.sampled_from(list(Kind)))
def test_every_cell_is_a_value_or_missing_or_masked_or_unreadable(values: list[str], kind: Kind) -> None:
    cells = encode(pd.Series(values, dtype="str"))
    reading = read(cells, kind)
    states = reading.values.notna().to_numpy(int) + reading.missing + reading.masked + reading.unreadable
    assert (states == 1).all()
