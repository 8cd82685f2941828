"""What a view shows, in words."""

import pytest

from leadscore.steps.listing import ListView
from leadscore.steps.view_words import in_words, shape_of


@pytest.mark.parametrize(("view", "words"), [
    ({}, "All leads"),
    ({"came_from": "2026-08-01", "came_to": "2026-10-31", "sources": ("Webinar",)},
     "Leads that came in from 1 Aug to 31 Oct 2026, source Webinar"),
    ({"came_from": "2025-12-01", "came_to": "2026-01-31"}, "Leads that came in from 1 Dec 2025 to 31 Jan 2026"),
    ({"came_from": "2026-01-31"}, "Leads that came in since 31 Jan 2026"),
    ({"came_to": "2026-01-31"}, "Leads that came in until 31 Jan 2026"),
    ({"came_from": "2026-01-31", "came_to": "2026-01-31"}, "Leads that came in on 31 Jan 2026"),
    ({"came_from": "soon"}, "Leads that came in since soon"),
    ({"sources": ("Ads", "Fair"), "tiers": ("High", "Medium", "Low")},
     "Leads of all time, sources Ads or Fair, tiers High, Medium or Low"),
    ({"countries": tuple("abcd")}, "Leads of all time, 4 countries"),
    ({"batch_id": 3}, "Leads of all time, import 3"),
    ({"model_version": 0}, "Leads of all time, scored by rules alone"),
    ({"model_version": 4, "policy_version": 2}, "Leads of all time, scored with model 4, scored by settings version 2"),
    ({"top": "20%"}, "Leads of all time, the best 20 %"), ({"top": "100"}, "Leads of all time, the best 100"),
    ({"top": "capacity"}, "Leads of all time, as many of the best as can be called"),
    ({"min_score": 60.0}, "Leads of all time, score 60 or more"),
    ({"max_score": 9.5}, "Leads of all time, score 9.5 or less"),
    ({"min_score": 60.0, "max_score": 80.0}, "Leads of all time, score 60 to 80"),
    ({"search": "Ann Miller"}, "Leads of all time, found by a search"), ({"search": "  "}, "All leads"),
    ({"outcomes": ("lost",), "reachable_only": True}, "Leads of all time, outcome Lost, who may be contacted"),
    ({"fields": (("industry", "is_not", "Steel"), ("custom:Pet", "is_filled", ""))},
     "Leads of all time, Industry is not Steel, Pet is filled in"),
    ({"fields": (("industry", "nonsense", "x"),)}, "Leads of all time, Industry nonsense x"),
    ({"columns": ("city",), "page": 7, "order": "company"}, "All leads"),
])
def test_a_view_is_said_in_words(view, words):
    assert in_words(ListView(**view)) == words


def test_imports_and_saved_views_go_by_their_names():
    said = in_words(ListView(batch_id=3, segment=9), batch="june.csv", segment="Hot ones")
    assert said == "Leads of all time, import june.csv, in the saved view Hot ones"


def test_the_trail_holds_no_search_and_no_value_of_a_field():
    shape = shape_of(ListView(search="Ann", fields=(("industry", "is", "x"),), sources=("Ads",), model_version=0))
    assert shape["sources"] == ("Ads",)
    assert shape["model_version"] == 0
    assert not {"search", "fields", "tiers"} & set(shape)
