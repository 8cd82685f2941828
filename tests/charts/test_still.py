"""Pictures as files: whatever people wrote in a label, a picture comes of it."""

import pytest

from leadscore.charts import still

NASTY = ("a\x00b", "a\x0bb", "a\x1fb", "a\uffffb", "a\ud800b", "a\x7fb", "a\tb\nc", "\u202eb", "<script>", "🙂", "")


def _bars(label):
    return {"title": label, "width": 80, "data": {"values": [{"label": label, "leads": 3}]}, "mark": "bar",
            "encoding": {"x": {"field": "label", "type": "nominal"}, "y": {"field": "leads", "type": "quantitative"}}}


@pytest.mark.parametrize("label", NASTY)
def test_no_label_stops_a_picture(label):
    assert still.svg(_bars(label)).startswith("<svg")


def test_what_cannot_be_drawn_is_left_out_and_the_rest_stays():
    drawn = still.svg(_bars("Web\x0binar"))
    assert "Webinar" in drawn
    assert still.png(_bars("Web\x0binar"), 1.0).startswith(b"\x89PNG")


def test_the_specification_itself_is_not_changed():
    spec = _bars("a\x0bb")
    still.svg(spec)
    assert spec == _bars("a\x0bb")
