"""Two pictures beside each other have the same axes."""

from copy import deepcopy

import pytest

from leadscore.charts import vega
from leadscore.charts.beside import same_scale


def bars(*heights, limits=None, field="leads"):
    rows = vega.rows(name=[f"n{place}" for place in range(len(heights))], leads=list(heights))
    across = vega.category("name", [f"n{place}" for place in range(len(heights))])
    return vega.layered(rows, vega.mark("bar", {"x": across, "y": vega.quantity(field, "Leads", limits=limits)}))


def scale(spec, axis="y"):
    return spec["layer"][0]["layer"][0]["encoding"][axis].get("scale")


@pytest.mark.parametrize(("first", "second", "low", "high"), [
    (bars(1, 5), bars(2, 90), 0, 90), (bars(-3, 5), bars(2, 4), -3, 5), (bars(5, limits=(0, 8)), bars(2), 0, 8),
    (bars(5, limits=(0, 8)), bars(20, limits=(-1, 21)), -1, 21), (bars(5), bars(), 0, 5),
    (bars(5, None), bars(1), 0, 5), (bars(5, limits=(0, 8)), bars(limits=(0, 3)), 0, 8),
])
def test_both_get_the_wider_limits(first, second, low, high):
    if not second["layer"][0]["data"]["values"] and scale(second) is None:
        assert same_scale(first, second) == (first, second)
        return
    for spec in same_scale(first, second):
        assert (scale(spec)["domainMin"], scale(spec)["domainMax"]) == (low, high)
        assert scale(spec)["nice"] is False


@pytest.mark.parametrize("limit", [lambda most: vega.room(60, most), lambda most: vega.headroom(20, most),
                                   lambda most: vega.headroom(20, most, -7.5)])
def test_a_limit_that_leaves_room_for_words_is_kept(limit):
    for spec in same_scale(bars(90, limits=(0, limit(90))), bars(400, limits=(0, limit(400)))):
        assert scale(spec)["domainMax"] == limit(400)
    for spec in same_scale(bars(90, limits=(0, limit(90))), bars(4, limits=(0, 30))):
        assert scale(spec)["domainMax"] == limit(90)


def test_places_in_a_row_are_not_stretched_to_those_of_a_longer_row():
    def row(length):
        return vega.layered(vega.rows(place=list(range(length)), leads=[1] * length), vega.mark("bar", {
            "x": {"field": "place", "type": "quantitative", "scale": {"domain": [0, length], "nice": False}},
            "y": vega.quantity("leads")}))

    assert scale(same_scale(row(3), row(9))[0], "x") == {"domain": [0, 3], "nice": False}


def test_what_is_given_is_not_changed():
    first, second = bars(1), bars(9)
    kept = deepcopy((first, second))
    same_scale(first, second)
    assert (first, second) == kept


def test_words_and_time_keep_their_axes():
    found, _ = same_scale(bars(1), bars(9))
    assert scale(found, "x") is None


def test_an_interval_and_a_level_count_too():
    def dots(value, low, high, at):
        rows = vega.rows(score=[1], rate=[value], low=[low], high=[high])
        up = {"y": vega.quantity("rate"), "y2": {"field": "high"}, "x": vega.quantity("score")}
        return vega.layered(rows, vega.mark("rule", up), *vega.level(at))

    for spec in same_scale(dots(0.1, 0.05, 0.4, 0.2), dots(0.1, 0.05, 0.2, 0.7)):
        assert scale(spec)["domainMax"] == 0.7
        assert spec["layer"][0]["layer"][1]["encoding"]["y"]["scale"] == scale(spec)


def test_axes_that_layers_do_not_share_are_left_alone():
    first = bars(1) | {"resolve": {"scale": {"y": "independent"}}}
    assert scale(same_scale(first, bars(9))[0]) is None
