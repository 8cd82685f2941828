"""Pictures of what scoring is worth: complete, in words, and calm about hostile names."""

import pandas as pd
import pytest

from leadscore.charts.value import orders_picture, reach_picture
from tests.charts.pictures import assert_drawn, words_of

FOUND = pd.DataFrame({"order": ["By score", "First come, first served", "In any order"],
                      "conversions": [412.0, 168.4, 152.0], "share": [0.542, 0.2216, 0.2],
                      "low": [0.507, 0.194, 0.173], "high": [0.577, 0.252, 0.23]})
LINE = pd.DataFrame({"share": [0.0, 0.2, 1.0], "captured": [0.0, 0.5, 1.0]})


def test_each_order_is_named_with_what_it_finds():
    picture = orders_picture(FOUND, share=0.2, conversions=760)
    assert_drawn(picture.spec)
    said = words_of(picture)
    assert "412 (54 %)" in said
    assert "First come, first served" in said
    assert "412" in picture.alt
    assert picture.data["Conversions found"].tolist() == [412.0, 168.4, 152.0]


def test_long_lines_are_thinned_and_keep_both_ends():
    long = pd.DataFrame({"share": [number / 1_000 for number in range(1_001)],
                         "captured": [(number / 1_000) ** 0.5 for number in range(1_001)]})
    picture = reach_picture({"By score": long, "In any order": LINE}, share=0.2)
    assert_drawn(picture.spec)
    mine = picture.data[picture.data["Order"] == "By score"]
    assert len(mine) < 200
    assert mine[["Leads called", "Conversions found"]].to_numpy()[[0, -1]].tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>, highest first", "a.b[0]", "x" * 300, "datum['x']"])
def test_a_column_of_any_name_is_drawn(name):
    assert_drawn(orders_picture(FOUND.assign(order=["By score", name, "In any order"]), share=0.05,
                                conversions=5).spec)
    assert_drawn(reach_picture({"By score": LINE, name: LINE}, share=0.5).spec)


def test_nothing_found_is_drawn_as_well():
    none = FOUND.assign(conversions=0.0, share=0.0, low=0.0, high=0.0)
    assert_drawn(orders_picture(none, share=0.2, conversions=10).spec)
