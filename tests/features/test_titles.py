"""Titles are read as people write them: with dots, underscores, doubled spaces and in several languages."""

import pandas as pd
import pytest

from leadscore.features.titles import read_titles


@pytest.mark.parametrize(("role", "titles"), [
    ("decision_maker", ["V.P. Sales", "V.P of Sales", "vice  president", "Vice_President", "Vice Pres.", "C.E.O.",
                        "c.f.o", "CHRO", "CCO", "CxO", "C-Level", "c suite", "head_of_sales", "Mitinhaber", "Gründerin",
                        " CEO ", "VP-Sales", "owner/operator", "HEAD OF IT"]),
    ("influencer", ["Manager", "MGR.", "Sales_Manager", "Assistant Manager", "Product Owner"]),
    ("other", ["CEO's assistant", "Intern, office of the VP", "Headhunter", "Leadership coach", "Homeowner", "Clerk",
               "", "."])])
def test_odd_spellings_are_read_as_what_they_mean(role, titles):
    found = read_titles(pd.Series(titles, dtype="str"))["title_role"]
    assert dict(zip(titles, found, strict=True)) == dict.fromkeys(titles, role)


def test_no_title_is_no_role():
    assert read_titles(pd.Series([None, "CEO"], dtype="str"))["title_role"].isna().tolist() == [True, False]
