import pandas as pd
import pytest

from leadscore.charts import training

NASTY = "<b>Region</b> & more"
ROWS = pd.DataFrame({"label": [NASTY, "plain"], "value": [0.6, 0.5], "low": [0.5, 0.45], "high": [0.66, 0.52],
                     "marked": [True, False]})
SHARES = pd.DataFrame({"share": [0.05, 0.2], "value": [0.2, 0.7], "low": [0.1, 0.6], "high": [0.25, 0.8]})
CURVE = pd.DataFrame({"outcomes": [100, 200], "average_precision": [0.5, 0.6], "low": [0.4, 0.55], "high": [0.6, 0.65]})
CALLS = pd.DataFrame([[8, 2], [1, 9]], index=["bought", "did not buy"], columns=["good", "not good"])


def test_the_outcomes_are_one_bar_of_three_parts_and_a_missing_one_is_zero():
    bars = training.outcome_bar(pd.DataFrame({"outcome": ["lost", "converted"], "leads": [30, 12]})).data
    assert [(bar.name, bar.x[0]) for bar in bars] == [("Converted", 12), ("Lost", 30), ("Still open, left out", 0)]


def test_what_the_best_find_stands_beside_what_any_order_finds():
    bars, chance = training.found_by_share(SHARES).data
    assert list(bars.x) == ["best 5%", "best 20%"]
    assert list(bars.y) == [0.2, 0.7]
    assert list(bars.error_y.array) == pytest.approx([0.05, 0.1])
    assert list(bars.error_y.arrayminus) == pytest.approx([0.1, 0.1])
    assert list(chance.y) == [0.05, 0.2]


def test_a_dot_stands_at_its_value_with_its_interval_and_the_marked_one_differs():
    figure = training.dots(ROWS, x="Quality", reference=0.5)
    marks = figure.data[0]
    assert list(marks.x) == [0.6, 0.5]
    assert list(marks.error_x.arrayminus) == pytest.approx([0.1, 0.05])
    assert marks.marker.color[0] != marks.marker.color[1]
    assert figure.layout.shapes[0].x0 == 0.5
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row belongs on top"


def test_two_versions_have_a_dot_each_at_every_figure_and_do_not_lie_on_each_other():
    rows = pd.DataFrame({"label": ["AUC", "AUC", "Found"], "side": [0, 1, 1], "value": [0.8, 0.7, 0.5],
                         "low": [0.7, 0.6, 0.4], "high": [0.9, 0.8, 0.6]})
    first, second = training.side_by_side(rows, names=("Model 1", NASTY), x="").data
    assert list(first.x) == [0.8] and list(second.x) == [0.7, 0.5]
    assert first.y[0] < second.y[0] < 0.5
    assert "<b>" not in second.name


def test_the_learning_curve_has_its_band():
    band, line = training.learning_curve(CURVE).data
    assert list(line.y) == [0.5, 0.6]
    assert list(band.y) == [0.6, 0.65, 0.55, 0.4]
    assert list(band.x) == [100, 200, 200, 100]


def test_chances_are_drawn_against_the_line_on_which_they_come_true():
    points = pd.DataFrame({"probability": [0.1, 0.4], "rate": [0.05, 0.5], "rows": [10, 40]})
    diagonal, marks = training.reliability(points).data
    assert list(diagonal.x) == list(diagonal.y)
    assert marks.marker.size[0] < marks.marker.size[1]


@pytest.mark.parametrize("chances", [[0.0, 0.0], [1.0, 1.0]])
def test_extreme_chances_stay_inside_the_picture(chances):
    points = pd.DataFrame({"probability": chances, "rate": chances, "rows": [1, 1]})
    figure = training.reliability(points)
    assert figure.layout.xaxis.range[1] >= max(chances)
    assert figure.layout.xaxis.range[1] > 0


def test_calls_are_counted_and_shown_as_shares_of_what_the_leads_were():
    heat = training.confusion(CALLS).data[0]
    assert heat.z.tolist() == [[0.8, 0.2], [0.1, 0.9]]
    assert heat.text[0][0] == "8<br>80%"


def test_a_class_nobody_was_in_is_no_division_by_zero():
    empty = pd.DataFrame([[0, 0, 0], [1, 2, 3], [0, 0, 4]], index=list("HML"), columns=list("HML"))
    assert training.confusion(empty).data[0].z[0].tolist() == [0, 0, 0]


def test_users_words_are_neither_obeyed_nor_allowed_to_fill_the_picture():
    figure = training.dots(ROWS.assign(label=[NASTY, "x" * 300]), x="")
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;Region&lt;/b&gt; &amp; more"
    assert len(figure.layout.yaxis.ticktext[1]) == training.LONGEST_LABEL
    assert "<b>" not in str(figure.data[0].customdata)
    named = CALLS.rename(index={"bought": NASTY}, columns={"good": NASTY})
    assert "<b>" not in str((training.confusion(named).data[0].x, training.confusion(named).data[0].y))


@pytest.mark.parametrize("figure", [
    training.outcome_bar(pd.DataFrame({"outcome": ["lost"], "leads": [1]})), training.found_by_share(SHARES),
    training.dots(ROWS, x=""), training.learning_curve(CURVE), training.confusion(CALLS)])
def test_figures_leave_background_and_text_colour_to_the_page(figure):
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None
