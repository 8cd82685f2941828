"""Every picture of the Performance page draws what it is given, and says what to do where there is nothing to draw."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from leadscore.charts import board
from leadscore.charts.picture import Picture
from leadscore.schema import Tier
from tests.charts.pictures import assert_drawn, assert_empty, words_of

HOSTILE = ["<script>alert(1)</script>", "a.b[0]", "datum['x'] + \"", "y" * 400, "ünï → 🎉", None, " \n ",
           "=HYPERLINK(1)"]


def ranges(rows=10, **values):
    low = np.linspace(0, 100, rows, endpoint=False)
    rate = np.linspace(0.01, 0.5, rows)
    frame = pd.DataFrame({"low": low, "high": low + 100 / rows, "leads": np.arange(rows, 0, -1) * 40,
                          "converted": np.arange(rows) + 1, "rate": rate, "rate_low": rate * 0.8,
                          "rate_high": rate * 1.2, "expected": rate * 1.1, "revenue": np.arange(rows) * 1000.0,
                          "cost": 2000.0, "ret": np.arange(rows) / 2 - 1})
    return frame.assign(**values)


def stages():
    rows = [(tier, stage, leads, leads / 100) for tier in map(str, Tier) for stage, leads in
            zip(("came in", "contacted", "qualified", "converted"), (100, 60, 30, 7), strict=True)]
    return pd.DataFrame(rows, columns=["tier", "stage", "leads", "share"])


def curves():
    share = np.linspace(0, 1, 11)
    return pd.concat([pd.DataFrame({"order": name, "share": share, "captured": share**power})
                      for name, power in (("by score", 0.4), ("newest first", 0.9), ("any order", 1))])


def curve():
    share = np.linspace(0.05, 1, 20)
    return pd.DataFrame({"share": share, "lift": 1 / share**0.5, "contacts": share * 100, "low": -5e4, "high": 5e4,
                         "profit": 100_000 * share * (0.8 - share), "score": 100 - 80 * share})


def points(step="month", rows=6):
    starts = pd.date_range("2026-01-01", periods=rows, freq={"day": "D", "week": "W-MON", "month": "MS"}[step])
    return pd.DataFrame({"start": starts, "leads": np.arange(rows) + 1200, "converted": 5, "rate": 0.1,
                         "average_score": 40.5, "decided_conversions": 5, "revenue": 12_345.0})


def groups(names=("Webinar", "Referral", "Ads")):
    count = len(names)
    return pd.DataFrame({"source": list(names), "leads": np.arange(count, 0, -1) * 20, "converted": 3, "rate": 0.1,
                         "rate_low": 0.05, "rate_high": 0.2, "average_score": np.linspace(40, 60, count)})


def countries():
    return pd.DataFrame({"country": ["Germany", "DE", "USA", "Atlantis"], "code": [276, 276, 840, np.nan],
                         "leads": [100, 20, 30, 7], "converted": [10, 2, 3, 0], "rate": [0.1, 0.1, 0.1, 0.0],
                         "average_score": 50.0})


def cells():
    rows = [(f"2026-{month:02}", since, 100, 5 + since, (5 + since) / 100) for month in range(1, 5)
            for since in range(5 - month)]
    return pd.DataFrame(rows, columns=["month", "months_since", "leads", "converted", "rate"])


def owners():
    return pd.DataFrame({"owner": ["Ada", "Ada", "Bo"], "conversions": [4, 1, 9], "revenue": [4000.0, 900.0, 9000.0],
                         "currency": ["EUR", "USD", "EUR"], "leads": [50, 50, 60], "rate": [0.1, 0.1, 0.15]})


def days():
    return pd.DataFrame({"days": [0, 3, 10, 40], "leads": [1, 4, 4, 1]})


DRAWN = {
    "histogram": (lambda frame: board.score_histogram(frame, high=70, low=30, qualified=55), ranges),
    "conversion": (board.conversion_by_score, ranges),
    "roi": (lambda frame: board.roi_by_score(frame, currency="EUR"), ranges),
    "reliability": (board.reliability, ranges),
    "funnel": (board.stage_funnel, stages),
    "gains": (board.gains, curves),
    "lift": (board.lift, curve),
    "profit": (lambda frame: board.profit_curve(frame, currency="EUR", best_share=0.4), curve),
    "leads": (lambda frame: board.trend(frame, step="month", measure="leads"), points),
    "rate": (lambda frame: board.trend(frame, step="week", measure="rate"), points),
    "average": (lambda frame: board.trend(frame, step="day", measure="average_score"), points),
    "conversions": (lambda frame: board.trend(frame, step="month", measure="conversions"), points),
    "revenue": (lambda frame: board.trend(frame, step="month", measure="revenue", currency="EUR"), points),
    "volume": (lambda frame: board.groups(frame, "source", by="volume"), groups),
    "quality": (lambda frame: board.groups(frame, "source", by="quality"), groups),
    "world": (board.world, countries),
    "cohorts": (board.cohorts, cells),
    "time": (board.time_to_conversion, days),
    "owners": (board.owners, owners),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_valid_and_says_what_it_shows(name):
    draw, frame = DRAWN[name]
    given = frame()
    kept = given.copy(deep=True)
    picture = draw(given)
    assert_drawn(picture.spec)
    assert picture.alt.endswith((".", "EUR"))
    assert picture.caption == "" or picture.caption.endswith(".")
    assert len(picture.data)
    assert all(heading[:1].isupper() for heading in picture.data)
    pd.testing.assert_frame_equal(given, kept)


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_of_nothing_says_what_to_do(name):
    draw, frame = DRAWN[name]
    assert_empty(draw(frame()[:0]))


def without_numbers(frame):
    numbers = frame.select_dtypes("number").columns.difference(["low", "high", "code"])
    return frame.assign(**dict.fromkeys(numbers, np.nan))


@pytest.mark.parametrize("name", DRAWN)
def test_missing_numbers_are_nothing_to_draw(name):
    draw, frame = DRAWN[name]
    assert_empty(draw(without_numbers(frame())))


@pytest.mark.parametrize("name", DRAWN)
def test_no_leads_are_nothing_to_draw_and_nothing_is_divided(name):
    draw, frame = DRAWN[name]
    given = frame()
    counted = [column for column in ("leads", "converted", "conversions", "revenue", "cost", "decided_conversions")
               if column in given]
    unknown = [column for column in ("rate", "rate_low", "rate_high", "expected", "ret", "share", "captured", "lift",
                                     "profit", "average_score") if column in given]
    assert_empty(draw(given.assign(**dict.fromkeys(counted, 0), **dict.fromkeys(unknown, np.nan))))


@pytest.mark.parametrize("name", DRAWN)
def test_one_row_is_enough_or_says_what_is_missing(name):
    draw, frame = DRAWN[name]
    picture = draw(frame()[:1])
    if picture.spec is None:
        assert_empty(picture)
    else:
        json.dumps(picture.spec, allow_nan=False)
        assert "NaN" not in words_of(picture)


@pytest.mark.parametrize("by", ["volume", "quality"])
def test_names_people_wrote_do_no_harm(by):
    picture = board.groups(groups(HOSTILE), "source", by=by)
    drawn = words_of(picture)
    assert "<script>" not in drawn
    assert "not said" in drawn
    assert len(picture.spec["layer"][0]["data"]["values"]) == len(HOSTILE)


@pytest.mark.parametrize("picture", [
    board.owners(owners().assign(owner=["<b>x</b>", None, "a.b[0]"])),
    board.world(countries().assign(country=HOSTILE[:4])),
    board.gains(curves().assign(order=lambda frame: frame["order"].replace("newest first", "it's \"new\" \\"))),
])
def test_other_words_of_people_do_no_harm_either(picture):
    assert "<b>" not in words_of(picture).replace("<br", "")


def test_bars_of_the_same_name_stay_apart():
    picture = board.groups(groups(["z" * 80 + "1", "z" * 80 + "2"]), "source", by="volume")
    names = [row["name"] for row in picture.spec["layer"][0]["data"]["values"]]
    assert len(set(names)) == 2
    assert picture.data["Source"].tolist() == ["z" * 80 + "1", "z" * 80 + "2"]


def test_a_histogram_names_tiers_and_the_threshold():
    drawn = words_of(board.score_histogram(ranges(20), high=70, low=30, qualified=55))
    assert all(word in drawn for word in ("Low", "Medium", "High", "qualified from 55", "Leads"))
    assert "Medium" not in words_of(board.score_histogram(ranges(20)))


def test_a_handful_of_leads_does_not_flatten_the_rates_of_the_others():
    frame = ranges(leads=[900] * 9 + [2], rate_high=[0.12] * 9 + [1.0], rate=0.1, expected=0.1)
    (drawn,) = board.conversion_by_score(frame).spec["layer"]
    assert max(row["rate_high"] for row in drawn["data"]["values"]) == pytest.approx(0.12)
    assert "90 to 100 (2)" in board.conversion_by_score(frame).caption


def test_the_expected_line_is_left_out_where_nothing_was_expected():
    picture = board.conversion_by_score(ranges(expected=np.nan))
    assert "expected by the score" not in words_of(picture)
    assert "expected by the score" in words_of(board.conversion_by_score(ranges()))


def test_the_best_fifth_is_written_out_for_each_order():
    picture = board.gains(curves())
    drawn = words_of(picture)
    assert "53 % by score" in drawn
    assert "23 % newest first" in drawn
    assert picture.caption.startswith("Calling by score, the first 20 % of the leads hold 53 % of the conversions")


def test_the_most_profitable_place_is_named():
    picture = board.profit_curve(curve(), currency="EUR", best_share=0.4)
    drawn = words_of(picture)
    assert "best: call the top 40 %" in drawn
    assert "down to score 68" in drawn
    assert "16,000 EUR" in drawn
    assert board.profit_curve(curve(), currency="EUR", best_share=None).caption == picture.caption


def test_where_calling_never_pays_that_is_said():
    picture = board.profit_curve(curve().assign(profit=-5.0), currency="EUR", best_share=None)
    assert picture.caption.startswith("At these costs calling does not pay")
    assert "least is lost with the top" in words_of(picture)


def test_a_threshold_is_judged_in_words():
    picture = board.confusion({"true_positive": 30, "false_positive": 10, "false_negative": 20, "true_negative": 40},
                              threshold=60)
    assert_drawn(picture.spec)
    assert picture.caption == ("Right for 70 % of 100 decided leads. Of those above the threshold 75 % converted. "
                               "Of all conversions 60 % scored above it.")
    assert "scored 60 or more" in words_of(picture)


@pytest.mark.parametrize("counts", [{}, {"true_positive": 0}, dict.fromkeys(("true_positive", "true_negative"), 0)])
def test_no_decided_lead_is_no_table(counts):
    assert_empty(board.confusion(counts, threshold=60))


@pytest.mark.parametrize("counts", [{"true_negative": 3}, {"true_positive": 1}])
def test_one_kind_of_end_is_a_table_without_divisions(counts):
    assert_drawn(board.confusion(counts, threshold=60).spec)


def test_ranges_that_pay_are_named_together():
    picture = board.roi_by_score(ranges(ret=[-1, -0.5, 0.2, 0.4, -0.1, 0.3, 1, 2, 3, 4]), currency="EUR")
    assert picture.caption.startswith("Leads that score 20 to 40 and 50 to 100 brought in more than they cost.")


@pytest.mark.parametrize(("leads", "said"), [
    ([7, 0, 0], "All leads, 7, score 0 to 33."),
    ([1, 4, 2], "More leads score 33 to 67 than in any other range: 4 of 7."),
])
def test_the_fullest_range_of_scores_is_told(leads, said):
    frame = pd.DataFrame({"low": [0, 33, 67], "high": [33, 67, 100], "leads": leads})
    assert board.score_histogram(frame, high=None, low=None, qualified=None).caption == said


def test_only_leads_that_may_still_convert_are_said_to_lift_the_end_of_the_line():
    draw = partial(board.trend, step="month", measure="rate")
    assert "may still rise" in draw(points("month")).caption
    assert draw(points("month"), unended=False).caption == ""
    assert draw(points("month")[:1]).caption == ""


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_a_trend_names_its_dates_and_leaves_gaps_open(step):
    given = points(step).assign(rate=[0.1, None, 0.2, 0.1, 0.3, 0.2])
    picture = board.trend(given, step=step, measure="rate")
    values = [row["value"] for row in picture.spec["layer"][0]["data"]["values"]]
    assert values[1] is None
    assert ("Jan 2026" if step == "month" else "Jan") in words_of(picture)
    assert list(picture.data)[0] == f"{step.capitalize()} from"


def test_the_same_days_are_drawn_in_every_time_zone():
    plain = board.trend(points("day"), step="day", measure="leads")
    aware = board.trend(points("day").assign(start=lambda frame: frame["start"].dt.tz_localize("UTC")), step="day",
                        measure="leads")
    assert plain.spec == aware.spec
    assert plain.spec["layer"][0]["data"]["values"][0]["name"] == "1 Jan 2026"


def test_few_leads_are_said_and_drawn_pale():
    picture = board.groups(groups(), "source", by="quality")
    rows = picture.spec["layer"][0]["data"]["values"]
    assert [row["name"] for row in rows] == ["Ads", "Referral", "Webinar"]
    assert rows[0]["few"] is True
    assert "(of 20)" in rows[0]["words"]
    assert "Pale" in picture.caption


def test_at_most_twelve_groups_are_drawn_and_all_are_in_the_table():
    picture = board.groups(groups([f"s{number}" for number in range(15)]), "source", by="volume")
    assert len(picture.spec["layer"][0]["data"]["values"]) == 12
    assert len(picture.data) == 15
    assert picture.caption.startswith("3 more in the table.")


def test_spellings_of_a_country_are_one_and_unknown_places_are_counted():
    picture = board.world(countries())
    assert_drawn(picture.spec)
    assert "Germany brings the most: 120 leads" in picture.caption
    assert "7 leads with a country that could not be placed" in picture.caption
    assert len(picture.data) == 4


def test_a_map_shows_the_part_of_the_world_that_matters():
    near = board.world(countries()[:2])
    assert near.spec["projection"]["type"] == "mercator"
    assert board.world(countries()).spec["projection"]["type"] == "naturalEarth1"
    assert len(json.dumps(near.spec)) < 40_000
    assert len(json.dumps(board.world(countries()).spec)) < 70_000


def test_a_country_too_small_for_a_shape_is_a_dot():
    picture = board.world(countries().assign(country="Singapore", code=702))
    assert_drawn(picture.spec)
    assert "Singapore 157" in words_of(picture)
    assert picture.spec["layer"][0]["layer"][1]["data"]["values"][0]["longitude"] == 103.8


def test_countries_nobody_can_place_make_no_map():
    picture = board.world(countries()[3:])
    assert_empty(picture)
    assert "could be placed" in picture.empty
    assert len(picture.data) == 1


def test_cohorts_write_their_rates_and_leave_the_future_empty():
    picture = board.cohorts(cells())
    rows = picture.spec["layer"][0]["data"]["values"]
    assert len(rows) == 4 + 3 + 2 + 1
    assert rows[0]["month"] == "Jan 2026 · 100"
    assert "5.0 %" in words_of(picture)


def test_half_and_most_conversions_are_marked():
    picture = board.time_to_conversion(days())
    drawn = words_of(picture)
    assert "half within 3 days" in drawn
    assert "80 % within 10 days" in drawn
    assert picture.caption.startswith("Half of 10 conversions came within 3 days, 80 % within 10 days.")


def test_conversions_of_the_first_day_take_no_days():
    picture = board.time_to_conversion(pd.DataFrame({"days": [0], "leads": [4]}))
    assert picture.caption.startswith("Half of 4 conversions came on the same day, 80 % on the same day.")


def test_figures_of_bars_are_written_all_or_only_the_highest():
    few = words_of(board.score_histogram(ranges(10)))
    many = words_of(board.score_histogram(ranges(20, leads=np.arange(20, 0, -1) * 100_000)))
    assert few.count('opacity="0"') == 0
    assert many.count('opacity="0"') == 19


def test_the_currencies_of_an_owner_stay_apart():
    picture = board.owners(owners())
    assert [row["words"] for row in picture.spec["layer"][0]["data"]["values"]] == [
        "9 (15 %) · 9,000 EUR", "5 (10 %) · 4,000 EUR + 900 USD"]


def test_titles_and_keys_name_pictures_apart():
    pictures: list[Picture] = [draw(frame()) for draw, frame in DRAWN.values()]
    assert len({picture.key for picture in pictures}) == len(pictures)
    assert len({picture.title for picture in pictures}) == len(pictures)
