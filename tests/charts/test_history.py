import pandas as pd
import pytest

from leadscore.charts import history

GAINS = pd.DataFrame({"share": [0.0, 0.5, 1.0], "tested": [0.0, 0.8, 1.0], "arrival": [0.0, 0.45, 1.0]})
POINTS = pd.DataFrame({"score": [0.1, 0.6], "rate": [0.05, 0.7], "low": [0.01, 0.5], "high": [0.2, 0.85],
                       "leads": [40, 40]})


def test_each_ranking_has_its_line_beside_chance_and_not_by_colour_alone():
    chance, tested, arrival = history.gains_of(GAINS, {"tested": "<b>Version 2</b>", "arrival": "As they came"}).data
    assert (chance.name, list(chance.y)) == ("Chance", [0, 1])
    assert tested.name == "&lt;b&gt;Version 2&lt;/b&gt;"
    assert list(tested.y) == [0.0, 0.8, 1.0] and list(arrival.y) == [0.0, 0.45, 1.0]
    assert len({line.line.dash for line in (tested, arrival)}) == 2


def test_what_was_promised_stands_against_what_came_true_with_its_interval():
    diagonal, points = history.promised_and_real(POINTS).data
    assert diagonal.x[1] == diagonal.y[1] >= 0.85
    assert list(points.x) == [0.1, 0.6] and list(points.y) == [0.05, 0.7]
    assert list(points.error_y.array) == pytest.approx([0.15, 0.15])
    assert list(points.error_y.arrayminus) == pytest.approx([0.04, 0.2])
