"""The parts of every picture: rows that JSON can hold, words that stay words, stills without a network."""

import json

import numpy as np
import pandas as pd
import pytest

from leadscore.charts import still, vega
from leadscore.charts.vega import Kind
from tests.charts.pictures import assert_drawn

HOSTILE = ["<script>alert(1)</script>", "a.b[0]", "datum['x']", 'quotes " \' ` \\', "x" * 500, "ünï → 🎉", "", None,
           "=1+1", "{\"expr\": \"width\"}", "line\nbreak"]


def bars(names, values):
    y = vega.category("name", [str(name) for name in names])
    x = {"field": "value", "type": "quantitative"}
    return vega.layered(vega.rows(name=names, value=values, words="1 lead"),
                        vega.mark("bar", {"x": vega.quantity("value", "Leads"), "y": y}, tooltip=[("name", "Name")]),
                        vega.label({"x": x, "y": y}, "words", align="left"))


def test_rows_hold_plain_values_only():
    made = vega.rows(number=np.array([1.0, np.nan, np.inf]), whole=np.array([1, 2, 3], dtype=np.int64),
                     word=pd.array(["a", None, "b"], dtype="str"), flag=[True, False, True],
                     day=pd.to_datetime(["2026-05-01", None, "2026-05-03"]), same=5)
    assert made == json.loads(json.dumps(made, allow_nan=False))
    assert made[1] == {"number": None, "whole": 2, "word": None, "flag": False, "day": None, "same": 5}
    assert made[0]["day"] == "2026-05-01T00:00:00Z"


def test_rows_of_scalars_are_one_row_and_of_empty_columns_none():
    assert vega.rows(a=1, b="x") == [{"a": 1, "b": "x"}]
    assert vega.rows(a=[], b="x") == []


def test_digits_nobody_sees_are_not_sent():
    assert vega.rows(a=[0.123456789, 1234567.0]) == [{"a": 0.123457}, {"a": 1234567}]


def test_what_people_write_is_only_ever_shown():
    spec = bars(HOSTILE, range(len(HOSTILE)))
    assert_drawn(spec)
    drawn = still.svg(spec)
    assert "<script>" not in drawn
    assert "a.b[0]" in drawn


def test_lines_and_notes_say_what_they_mark():
    spec = vega.layered(vega.rows(x=[1, 2], y=[0.1, 0.2]),
                        vega.mark("line", {"x": vega.quantity("x", "Score", Kind.SCORE),
                                           "y": vega.quantity("y", "Converted", Kind.SHARE, top=True)}),
                        *vega.upright(1.5, "qualified", flip=True), *vega.level(0.15, "average"))
    assert_drawn(spec)
    drawn = still.svg(spec)
    assert "qualified" in drawn
    assert "average" in drawn
    assert "20 %" in drawn


def test_paper_is_white_and_has_ink_of_its_own():
    spec = bars(["currentColor"], [1])
    paper = still.printed(spec)
    assert spec["width"] == "container"
    assert paper["width"] == still.WIDTH
    assert paper["background"] == "white"
    assert paper["config"]["text"]["color"] == still.DARK
    assert paper["config"]["text"]["fontSize"] == vega.LABEL_SIZE
    assert paper["layer"][0]["data"]["values"][0]["name"] == "currentColor"


def test_a_still_is_a_picture_twice_as_sharp():
    small, large = still.png(bars(["a"], [1]), scale=1), still.png(bars(["a"], [1]))
    width = [int.from_bytes(image[16:20], "big") for image in (small, large)]
    assert width == [still.WIDTH, 2 * still.WIDTH]


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_no_file_is_read(tmp_path, scheme):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nuncovered\n")
    spec = {"$schema": vega.SCHEMA, "data": {"url": f"{scheme}{secret}"}, "mark": "text",
            "encoding": {"text": {"field": "word"}}}
    try:
        drawn = still.svg(spec)
    except ValueError as refused:
        drawn = str(refused)
    assert "uncovered" not in drawn


def test_no_network_is_asked():
    spec = {"$schema": vega.SCHEMA, "data": {"url": "http://localhost:9/a.csv"}, "mark": "point", "encoding": {}}
    with pytest.raises(ValueError, match="not allowed"):
        still.svg(spec)
