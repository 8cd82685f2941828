import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.ingest.cleaning import DuplicateChoice
from leadscore.ingest.duplicates import company_key, find_duplicates, fold_duplicates
from tests.ingest.raw import text


def frame(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def test_rows_are_the_same_lead_by_address_or_id_else_by_phone_else_throughout() -> None:
    leads = frame(
        email=["a@x.de", "a@x.de", None, None, None, None, "b@x.de"],
        crm_id=[None, "7", "7", None, None, None, None],
        phone=["030 123456", None, None, "030123456", None, None, "030123456"],
        city=["Bonn", "Bonn", "Bonn", "Köln", "Ulm", "Ulm", "Kiel"],
    )
    assert find_duplicates(leads).tolist() == [-1, 0, 0, 0, -1, 4, -1]


def test_a_mobile_stands_in_for_a_phone_and_short_numbers_mean_nobody() -> None:
    leads = frame(
        phone=["+49 30 123456", None, "12345", "12345"], mobile=[None, "0049 30 123456", None, None], x=list("abcd")
    )
    assert find_duplicates(leads).tolist() == [-1, 0, -1, -1]


def test_a_frame_without_rows_or_keys_has_no_duplicates() -> None:
    assert find_duplicates(frame(email=[])).tolist() == []
    assert find_duplicates(frame(city=["a", "b"])).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("choice", "city", "industry"),
    [
        (DuplicateChoice.UPDATE, "Ulm", "IT"),
        (DuplicateChoice.MERGE, "Bonn", "IT"),
        (DuplicateChoice.SKIP, "Bonn", None),
    ],
)
def test_the_first_row_learns_from_its_duplicates_as_chosen(
    choice: DuplicateChoice, city: str, industry: str | None
) -> None:
    leads = frame(email=["a@x.de", "b@x.de", "a@x.de"], city=["Bonn", "Kiel", "Ulm"], industry=[None, "Food", "IT"])
    folded = fold_duplicates(leads, find_duplicates(leads), choice)
    assert folded["city"].tolist() == [city, "Kiel", "Ulm"]
    assert (folded["industry"].iloc[0] if folded["industry"].notna().iloc[0] else None) == industry
    assert leads["city"].tolist() == ["Bonn", "Kiel", "Ulm"]


def test_the_newer_row_wins_by_its_date_of_change_not_by_its_place() -> None:
    leads = frame(email=["a@x.de", "a@x.de"], city=["Bonn", "Ulm"]).assign(
        modified_at=pd.to_datetime(["2024-05-01", "2023-05-01"], utc=True).as_unit("us")
    )
    assert fold_duplicates(leads, find_duplicates(leads), DuplicateChoice.UPDATE)["city"].iloc[0] == "Bonn"


@pytest.mark.parametrize("choice", list(DuplicateChoice))
def test_a_refusal_in_any_row_is_kept(choice: DuplicateChoice) -> None:
    leads = frame(email=["a@x.de"] * 3).assign(do_not_call=pd.Series([False, True, False], dtype="boolean"))
    assert fold_duplicates(leads, find_duplicates(leads), choice)["do_not_call"].iloc[0]


def test_a_company_is_the_same_whatever_its_legal_form_and_accents() -> None:
    keys = company_key(
        text("Müller GmbH & Co. KG", "muller", "The ACME, Inc.", "Acme Ltd", "Group", "  ", "Smith & Sons")
    )
    assert keys.fillna("").tolist() == ["muller", "muller", "acme", "acme", "group", "", "smith sons"]


EMAILS = st.lists(st.sampled_from([None, "a@x.de", "b@x.de", "c@x.de"]), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(EMAILS, st.data(), st.sampled_from(list(DuplicateChoice)))
def test_links_point_backwards_to_rows_that_are_no_duplicates(
    emails: list[str | None], data: st.DataObject, choice: DuplicateChoice
) -> None:
    ids = data.draw(st.lists(st.sampled_from([None, "1", "2", "3"]), min_size=len(emails), max_size=len(emails)))
    leads = frame(email=emails, crm_id=ids)
    links = find_duplicates(leads)
    for position, link in enumerate(links):
        assert link < position
        assert link == -1 or links[link] == -1
    folded = fold_duplicates(leads, links, choice)
    pd.testing.assert_index_equal(folded.index, leads.index)
    assert (folded.notna() | leads.isna()).all(axis=None)
