"""Which text stands for a lead: facts and own words; never names, addresses or numbers."""

from __future__ import annotations

import pandas as pd

from leadscore.features.text import LONGEST_TEXT, facts, impersonal, own_words, standing_for
from leadscore.schema import CustomField, Kind


def frame(**columns):
    return pd.DataFrame({name: pd.array(values, dtype="str") for name, values in columns.items()},
                        index=pd.Index(range(1, 1 + len(next(iter(columns.values())))), name="lead_id"))


LEADS = frame(full_name=["Ada Lovelace", None], email=["ada@x.example", None], job_title=["Head of Sales", None],
              industry=["COMPUTER_SOFTWARE", None], country=["DE", None],
              linkedin_bio=["Write to ada@x.example or +49 351 1234567, see https://ada.example/me now", None])


def test_names_addresses_and_numbers_stay_out():
    text = standing_for(LEADS)[1]
    assert text == "Head of Sales; COMPUTER SOFTWARE; Write to or , see now"
    assert "Ada" not in text


def test_a_lead_nobody_knows_anything_about_has_no_text():
    assert standing_for(LEADS).isna().tolist() == [False, True]
    assert facts(LEADS).isna()[2]
    assert own_words(frame(city=["Dresden"])).isna().all()


def test_what_may_leave_the_machine_is_named_and_impersonal():
    assert impersonal(LEADS)[1] == "role: Head of Sales; industry: COMPUTER SOFTWARE; country: DE"
    assert impersonal(LEADS).isna()[2]


def test_custom_columns_count_unless_they_are_personal():
    leads = frame(**{"custom:Hobby": ["chess"], "custom:Spouse": ["Kim"], "custom:Size": ["3"]})
    own = (CustomField("Hobby", Kind.CATEGORY), CustomField("Spouse", Kind.TEXT, personal=True),
           CustomField("Size", Kind.NUMBER))
    assert facts(leads, own)[1] == "chess"


def test_control_characters_go_and_long_texts_are_cut():
    leads = frame(linkedin_bio=["a\x00b\u202ec\ud800".encode("utf-8", "ignore").decode(), "x" * 9_000])
    assert own_words(leads)[1] == "a b c"
    assert len(own_words(leads)[2]) == LONGEST_TEXT


def test_numbers_of_employees_are_whole():
    leads = pd.DataFrame({"employees": [50.0, float("nan")]})
    assert impersonal(leads).tolist()[0] == "employees: 50"
