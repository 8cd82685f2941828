"""No model file keeps a whole address or phone number of a person it learnt from."""

import json

import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.steps.personal_scan import refuse_personal_data

LEADS = pd.DataFrame({
    "email": ["Anna.Berg@firm.example", None], "phone": ["+49 (351) 555-0101", "0351/7700123"],
    "notes": ["see https://firm.example/team/anna, or call", "nothing"], "visits": [3.0, 4.0],
}).astype({"email": "str", "phone": "str", "notes": "str"})
HEADERS = {"email": "Work e-mail", "phone": "Phone Number", "notes": "Notes"}


def _scan(text, name="model.json"):
    content = json.dumps({"plans": [["source", "levels", ["Web", text]]], text: 1}, ensure_ascii=False).encode() \
        if name.endswith(".json") else b"\x00\x01" + text.encode() + b"\xff\x00"
    refuse_personal_data({name: content}, LEADS, HEADERS)


@pytest.mark.parametrize("name", ["model.json", "trees.ubj"])
@pytest.mark.parametrize(("text", "column"), [
    ("anna.berg@FIRM.example", "Work e-mail"), ("to anna.berg@firm.example.", "Work e-mail"),
    ("+493515550101", "Phone Number"), ("call 0351 77 00 123 now", "Phone Number"),
    ("https://firm.example/team/anna", "Notes"),
])
def test_what_belongs_to_a_lead_is_found_however_it_is_written(text, column, name):
    if name == "trees.ubj" and text.isdigit():
        return
    with pytest.raises(InvalidRequest, match=column) as refused:
        _scan(text, name)
    assert refused.value.code == "personal_data_in_model"
    assert "anna" not in str(refused.value).lower()


@pytest.mark.parametrize("text", [
    "someone@else.example", "https://firm.example/other", "firm.example", "+49 351 555 0102", "Web", "2026-11-21",
    "0123456789abcdef0123456789abcdef", "3.0.5", "1234567", "@", "", "anna",
])
def test_what_belongs_to_nobody_passes(text):
    _scan(text)


def test_numbers_of_a_model_are_no_phone_numbers():
    content = json.dumps({"weights": [493515550101, 0.493515550101], "rows": 3517700123}).encode()
    refuse_personal_data({"model.json": content}, LEADS, HEADERS)
