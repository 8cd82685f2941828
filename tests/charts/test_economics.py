"""The profit curve marks its best point and shows what is not certain."""

import pandas as pd

from leadscore.charts.distribution import fit_engagement_grid
from leadscore.charts.economics import profit_curve

CURVE = pd.DataFrame({"share": [0.0, 0.5, 1.0], "contacts": [0, 50, 100], "profit": [0.0, 900.0, -200.0],
                      "low": [0.0, 700.0, -500.0], "high": [0.0, 1_100.0, 100.0]})


def test_the_most_profitable_share_is_marked():
    figure = profit_curve(CURVE, best=0.5, currency="EUR")
    marked = next(trace for trace in figure.data if trace.mode == "markers")
    assert (list(marked.x), list(marked.y)) == ([0.5], [900.0])
    assert figure.layout.yaxis.title.text == "Profit in EUR"


def test_the_band_is_the_interval():
    figure = profit_curve(CURVE, best=0.5, currency="EUR")
    band = [list(trace.y) for trace in figure.data if trace.mode == "lines"][:2]
    assert band == [CURVE["high"].tolist(), CURVE["low"].tolist()]


def test_a_grid_has_as_many_bands_as_there_are_cuts():
    counts = pd.DataFrame({"fit": ["A", "F"], "engagement": ["1", "2"], "leads": [3, 5]})
    figure = fit_engagement_grid(counts, bands=(6, 2))
    assert list(figure.data[0].y) == list("ABCDEF")
    assert list(figure.data[0].x) == ["1", "2"]
    assert figure.data[0].z.sum() == 8
