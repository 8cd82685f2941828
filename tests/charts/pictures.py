"""What holds for every picture: its specification is Vega-Lite, plain, complete, and can be drawn."""

import json
from typing import Any

import altair as alt

from leadscore.charts import still
from leadscore.charts.picture import Picture


def assert_drawn(spec: dict[str, Any]) -> None:
    """Fail unless a specification is valid, holds its data and becomes a picture."""
    plain = json.loads(json.dumps(spec, allow_nan=False))
    assert plain == spec, "only plain values travel"
    alt.LayerChart.validate(spec)
    assert '"url"' not in json.dumps(spec)
    assert "NaN" not in still.svg(spec)


def assert_empty(picture: Picture) -> None:
    """Fail unless a picture of nothing says what to do instead of drawing."""
    assert picture.spec is None
    assert picture.empty.endswith(".")
    assert picture.title
    assert picture.key


def words_of(picture: Picture) -> str:
    """Give the drawn picture as text, in which every label can be looked for."""
    assert picture.spec is not None
    return still.svg(picture.spec).replace("\u00a0", " ")
