import pytest

from leadscore.ingest.custom import infer_custom, words_of
from leadscore.ingest.kinds import encode
from leadscore.schema import Kind
from tests.ingest.raw import text

UUIDS = [f"7927b2df-8bba-4d29-b9a2-b6e0beafe6{i:02d}" for i in range(20)]
SENTENCES = [f"They asked for a call back about the second offer, number {i}, next week." for i in range(20)]


@pytest.mark.parametrize(
    ("header", "values", "kind", "personal"),
    [
        ("Second contact", [f"a{i}@b.de" for i in range(9)], Kind.EMAIL, True),
        ("Blog", ["https://a.de/x", "http://b.de"], Kind.URL, False),
        ("Social", ["https://twitter.com/x", "https://linkedin.com/in/y"], Kind.URL, True),
        ("Asked", ["Yes", "No", "Yes", ""], Kind.BOOLEAN, False),
        ("default", ["yes", "no", "unknown"], Kind.CATEGORY, False),
        ("Fax", ["030 123456", "030 654321"], Kind.PHONE, True),
        ("Trial ends", ["2024-01-02", "2024-02-03"], Kind.DATE, False),
        ("Trial date", ["20240102", "20240203"], Kind.DATE, False),
        ("Visitors", ["20240102", "20240203"], Kind.NUMBER, False),
        ("Day of birth", ["1980-01-02", "1990-02-03"], Kind.DATE, True),
        ("Budgeted", ["$1,200", "$2.5k", ""], Kind.MONEY, False),
        ("Score", ["1.5", "2", "#N/A"], Kind.NUMBER, False),
        ("Region_Code", ["28.0", "3.0", "11.0"] * 4, Kind.CATEGORY, False),
        ("Policy_Sales_Channel", ["26", "152"] * 4, Kind.CATEGORY, False),
        ("Agreement", ["01", "02", "01", "02"], Kind.CATEGORY, False),
        ("campaign", ["1", "2", "3"] * 4, Kind.NUMBER, False),
        ("Product count", ["1", "2"] * 9, Kind.NUMBER, False),
        ("Account number", [str(1000 + i) for i in range(9)], Kind.IDENTIFIER, True),
        ("Session", UUIDS, Kind.IDENTIFIER, True),
        ("Said", SENTENCES, Kind.TEXT, True),
        ("Comment", ["fine", "late"], Kind.TEXT, True),
        ("Plan", ["A", "B", "A"], Kind.CATEGORY, False),
        ("Spouse name", ["Ann", "Bob", "Ann"], Kind.CATEGORY, True),
        ("Empty", ["", "Select", ""], Kind.CATEGORY, False),
    ],
)
def test_the_kind_of_a_column_follows_from_its_values_and_its_name(
    header: str, values: list[str], kind: Kind, personal: bool
) -> None:
    found = infer_custom(header, encode(text(*values)))
    assert (found.kind, found.personal) == (kind, personal)


def test_a_header_falls_into_words_at_signs_and_humps() -> None:
    assert words_of("TotalVisits_per-Day (URLCount)") == ["total", "visits", "per", "day", "url", "count"]
