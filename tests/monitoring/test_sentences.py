"""Sentences beside the figures are few, true and never call chance a change."""

import re

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadscore.monitoring.performance import Measured
from leadscore.monitoring.sentences import MOST, NextAction, SentenceKind, Situation, Span, sentences


def sources(**counts):
    return pd.DataFrame([{"source": name, "leads": leads, "converted": converted}
                         for name, (leads, converted) in counts.items()])


def span(leads=1000, converted=100, lost=300, **more):
    return Span(leads=leads, converted=converted, lost=lost, **more)


def told(kind=None, **situation):
    return [sentence for sentence in sentences(Situation(**situation)) if kind is None or sentence.kind == kind]


def change(now, before, **more):
    (sentence,) = told(SentenceKind.CHANGE, now=now, before=before, **more)
    return sentence


def test_a_rate_that_fell_because_of_the_mix_names_the_source():
    now = span(2000, 182, sources=sources(Webinar=(800, 16), Referral=(1200, 166)))
    before = span(2000, 248, sources=sources(Webinar=(240, 5), Referral=(1760, 243)))
    sentence = change(now, before)
    assert sentence.text == ("Conversion fell from 12.4 % to 9.1 %: mostly because Webinar brings 40 % of the leads "
                             "now, 12 % before.")
    assert (sentence.action, sentence.target) == (NextAction.LOOK_AT_SOURCE, "Webinar")


def test_a_rate_that_fell_inside_one_source_names_it():
    now = span(2000, 150, sources=sources(Ads=(1000, 50), Fair=(1000, 100)))
    before = span(2000, 200, sources=sources(Ads=(1000, 100), Fair=(1000, 100)))
    assert change(now, before).text == ("Conversion fell from 10.0 % to 7.5 %: mostly because leads from Ads convert "
                                        "less, 5.0 % now, 10.0 % before.")


def test_sources_that_all_convert_less_are_not_blamed_one_by_one():
    names = "ABCDEFGH"
    now = span(4000, 240, sources=sources(**{name: (500, 30) for name in names}))
    before = span(4000, 400, sources=sources(**{name: (500, 50) for name in names}))
    assert change(now, before).text == "Conversion fell from 10.0 % to 6.0 %: the same sources convert less."


def test_leads_without_a_source_can_be_the_reason_too():
    now = span(2000, 120, sources=sources(Ads=(1000, 100)))
    before = span(2000, 196, sources=sources(Ads=(1900, 190)))
    sentence = change(now, before)
    assert "leads that name no source bring 50 % of the leads now, 5 % before" in sentence.text
    assert sentence.target is None


@pytest.mark.parametrize("now", [span(1010, 105), span(985, 92), span(1000, 100), span(3, 0, 0)])
def test_chance_is_not_called_a_change(now):
    before = span(1000, 100) if now.leads > 3 else span(4, 1, 0)
    assert change(now, before).text == "Nothing has changed beyond chance since the period before."


@pytest.mark.parametrize(("now", "before", "said"), [
    (span(2000, 200), span(1000, 100), "More leads came in: 2,000, 1,000 in the period before."),
    (span(qualified=200), span(qualified=400), "The share of leads above the qualified threshold fell from 40.0 %"),
    (span(average_score=61.0, score_spread=10.0), span(average_score=55.0, score_spread=10.0),
     "The average score rose from 55.0 to 61.0; these are scores of today, and those of older leads may have faded."),
    (span(average_score=55.0, score_spread=10.0), span(average_score=61.0, score_spread=10.0),
     "The average score fell from 61.0 to 55.0."),
    (span(accuracy=Measured(0.60, 0.57, 0.63)), span(accuracy=Measured(0.80, 0.77, 0.83)),
     "Score accuracy fell from 80 % to 60 %."),
    (span(revenue=9e5, revenue_squares=1e9), span(revenue=4e5, revenue_squares=1e9),
     "Revenue rose from 400,000 EUR to 900,000 EUR."),
    (span(), span(0, 0, 0), "No lead came in in the period before: there is nothing to compare with."),
])
def test_the_largest_change_against_its_noise_is_told(now, before, said):
    assert change(now, before, currency="EUR").text.startswith(said)


def test_leads_that_come_by_the_hundred_are_no_change_of_volume():
    assert "Nothing" in change(span(2000, 200), span(1000, 100), dispersion=100.0).text


def test_leads_that_had_little_time_to_convert_are_compared_at_the_same_age_and_still_open():
    now, before = span(1000, 20), span(1000, 100)
    assert "Conversion fell" in change(now, before, days=30, days_to_conversion=23).text
    uncertain = told(SentenceKind.UNCERTAIN, now=now, before=before, days=30, days_to_conversion=23)
    assert "may still convert" in uncertain[0].text


@pytest.mark.parametrize(("situation", "said"), [
    ({"now": span(converted=0, lost=0)}, "No outcome is known yet"),
    ({"now": span(converted=12)}, "12 conversions so far: too few to tell"),
    ({"now": span(converted=1)}, "1 conversion so far"),
    ({"now": span(converted=30, lost=0)}, "30 leads have converted and none is known as lost"),
    ({"now": span(converted=1, lost=0)}, "1 lead has converted and none is known as lost"),
    ({"now": span(converted=0, lost=7)}, "None of the 7 leads whose end is known has converted"),
    ({"now": span(accuracy=Measured(0.56, 0.47, 0.65))}, "Score accuracy is 56 %, likely between 47 % and 65 %"),
    ({"now": span(700, 21)}, ""),
    ({"now": span(), "currencies": ("EUR", "USD", "")}, "Amounts are in EUR, USD and no named currency"),
    ({"now": span(), "undated": 1}, "1 lead has ended without a date and is missing"),
    ({"now": span(), "undated": 40}, "40 leads have ended without a date and are missing"),
    ({"now": span(), "has_model": False}, "There is no model yet"),
    ({"now": span(), "days_with_leads": 1}, "All leads came in on one day"),
    ({"now": span(), "without_source": 400}, "400 of 1,000 leads name no source"),
    ({"now": span(), "without_country": 1000}, "No lead names its country"),
    ({"now": span(sources=sources(Ads=(1000, 100)))}, "All leads come from Ads"),
    ({"now": span(), "spend_told_apart": False}, "What was spent is known by source and period alone"),
])
def test_what_is_not_certain_is_said(situation, said):
    found = told(SentenceKind.UNCERTAIN, **situation)
    assert found[0].text.startswith(said) if said else not found


def test_a_certain_situation_is_not_doubted():
    assert not told(SentenceKind.UNCERTAIN, now=span(accuracy=Measured(0.8, 0.75, 0.85)), has_model=True, undated=0,
                    without_source=10, currencies=("EUR",), days_with_leads=30)


SPENT = pd.DataFrame({"source": ["Ads", "Fair", "Referral"], "leads": [500, 300, 200], "converted": [40, 0, 60],
                      "spend": [6000.0, 4000.0, 0.0]})


@pytest.mark.parametrize(("situation", "said", "action", "target"), [
    ({}, "There are no such leads", NextAction.IMPORT_LEADS, None),
    ({"now": span(), "high_waiting": 23, "deadline": "within 24 hours"},
     "23 High leads have waited beyond the deadline (within 24 hours)", NextAction.OPEN_HIGH_UNCONTACTED, None),
    ({"now": span(), "high_waiting": 1}, "1 High lead has waited beyond the deadline and nobody has contacted it",
     NextAction.OPEN_HIGH_UNCONTACTED, None),
    ({"now": span(converted=0, lost=0)}, "Record what becomes of the leads", NextAction.RECORD_OUTCOMES, None),
    ({"now": span(), "days_since_outcome": 21}, "Nobody has recorded an outcome for 21 days",
     NextAction.RECORD_OUTCOMES, None),
    ({"now": span(), "has_model": False}, "100 converted and 300 lost leads are enough", NextAction.TRAIN, None),
    ({"now": span(accuracy=Measured(0.6, 0.55, 0.65)), "has_model": True, "held_out": Measured(0.8, 0.75, 0.85)},
     "Score accuracy is 60 % now, it was 80 % when the model was trained", NextAction.RETRAIN, None),
    ({"now": span(), "has_model": True, "drifted": ("Country", "Industry")},
     "Newer leads differ from those the model has learnt from, most of all in Country and Industry",
     NextAction.LOOK_AT_DRIFT, None),
    ({"now": span(sources=SPENT), "currency": "EUR"},
     "Fair has cost 4,000 EUR and brought 300 leads, none of which has converted.", NextAction.LOOK_AT_SOURCE, "Fair"),
    ({"now": span(sources=SPENT[SPENT["source"] != "Fair"]), "currency": "EUR"},
     "Referral converts best, 30.0 % of 200 leads, and gets 0 % of the spend", NextAction.LOOK_AT_SOURCE, "Referral"),
    ({"now": span()}, "What your sources cost is not entered yet", NextAction.ENTER_SPEND, None),
    ({"now": span(sources=SPENT[:1]), "threshold": 70.0, "best_threshold": 52.0},
     "The qualified threshold is 70; contacting leads paid most from a score of 52 on.", NextAction.SET_THRESHOLD,
     "52"),
])
def test_what_to_do_next_is_said_with_a_way_there(situation, said, action, target):
    first = told(SentenceKind.NEXT, **situation)[0]
    assert first.text.startswith(said)
    assert (first.action, first.target) == (action, target)


@pytest.mark.parametrize("situation", [
    {"now": span(sources=SPENT[:1]), "days_since_outcome": 3, "high_waiting": 0, "has_model": True},
    {"now": span(converted=39, sources=SPENT[:1]), "has_model": False},
    {"now": span(accuracy=Measured(0.7, 0.4, 1.0), sources=SPENT[:1]), "has_model": True,
     "held_out": Measured(0.8, 0.75, 0.85)},
    {"now": span(sources=SPENT[:1]), "threshold": 70.0, "best_threshold": 68.0},
    {"now": span(sources=SPENT), "spend_told_apart": False},
    {"now": span(), "currency": "USD", "spent_elsewhere": True},
    {"now": span(sources=SPENT[:1].assign(source=None))},
    {"now": span(sources=SPENT.assign(leads=[985, 8, 7], converted=[100, 0, 0]))},
])
def test_nothing_is_asked_for_where_nothing_is_needed(situation):
    assert not told(SentenceKind.NEXT, **situation)


def test_no_more_than_five_sentences_in_their_order():
    found = sentences(Situation(
        now=span(2000, 15, 0, accuracy=Measured(0.5, 0.4, 0.6)), before=span(), undated=9, currencies=("EUR", "USD"),
        has_model=False, days_with_leads=1, high_waiting=5, days_since_outcome=99, threshold=70, best_threshold=40))
    assert [sentence.kind for sentence in found] == [
        SentenceKind.CHANGE, *[SentenceKind.UNCERTAIN] * 2, *[SentenceKind.NEXT] * 2]


NUMBERS = st.floats() | st.none()
SHARES = st.floats(0, 1) | st.none()
MEASURED = st.builds(Measured, SHARES, SHARES, SHARES) | st.sampled_from([Measured(None),
                                                                          Measured(*[float("nan")] * 3)])
COUNTS = st.integers(0, 10**6)
SOURCES = st.lists(st.tuples(st.sampled_from(["Ads", "Fair", "Web", None]), COUNTS, COUNTS, NUMBERS), max_size=4).map(
    lambda rows: pd.DataFrame(rows, columns=["source", "leads", "converted", "spend"]).astype({"spend": float}))
SPANS = st.builds(Span, COUNTS, COUNTS, COUNTS, COUNTS | st.none(), NUMBERS, NUMBERS, MEASURED, NUMBERS, NUMBERS,
                  SOURCES)
SITUATIONS = st.builds(
    Situation, now=SPANS, before=SPANS | st.none(), days=COUNTS | st.none(), days_with_leads=COUNTS | st.none(),
    dispersion=st.floats(0, 1e6), days_to_conversion=NUMBERS, undated=COUNTS, without_source=COUNTS,
    without_country=COUNTS, currency=st.sampled_from(["", "EUR"]),
    currencies=st.sampled_from([(), ("EUR",), ("", "EUR", "USD")]), spend_told_apart=st.booleans(),
    has_model=st.booleans() | st.none(), held_out=MEASURED, high_waiting=COUNTS,
    days_since_outcome=COUNTS | st.none(), threshold=NUMBERS, best_threshold=NUMBERS,
    drifted=st.sampled_from([(), ("Country",), ("Country", "Industry", "Age", "Size")]))


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate), deadline=None)
@given(situation=SITUATIONS)
def test_whatever_is_known_few_readable_sentences_are_said(situation):
    found = sentences(situation)
    assert len(found) <= MOST
    for sentence in found:
        assert not re.search(r"\b(nan|none|inf|na)\b(?! (is|of))", sentence.text, re.IGNORECASE), sentence.text
        assert sentence.text[0].isupper() or sentence.text[0].isdigit()
        assert sentence.text.endswith(".")
        assert all(float(share) <= 100 for share in re.findall(r"(-?[\d.]+) %", sentence.text))
