"""A picture is drawn with what it means and its files, or says what to do so that there is one."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import assert_calm, texts


def drawn(workbench, title: str, full: bool, download: bool) -> None:
    import pandas as pd

    from leadscore.access import Role
    from leadscore.charts import board
    from leadscore.charts.picture import Picture
    from pages.shared import Context
    from pages.widgets import pictures
    from tests.pages.conftest import person

    points = pd.DataFrame({"days": [1, 5], "leads": [3, 4]})
    made = board.time_to_conversion(points if full else points[:0])
    pictures.draw(Context(workbench, person(Role.VIEWER), "acme"), Picture(**{**vars(made), "title": title}),
                  download=download)


def shown(workbench, title="How long *it* takes", *, full=True, download=True):
    return AppTest.from_function(drawn, args=(workbench, title, full, download), default_timeout=30).run()


def test_a_picture_has_a_title_a_chart_and_what_it_means(empty):
    app = shown(empty)
    assert_calm(app)
    assert "How long \\*it\\* takes" in texts(app)
    assert "Half of 7 conversions came within 5 days" in texts(app).replace("\\", "")
    assert len(app.get("vega_lite_chart")) == 1
    assert [button.label for button in app.get("download_button")] == ["Table (CSV)", "Picture (PNG)"]


def test_a_picture_of_nothing_says_what_to_do_and_offers_no_file(empty):
    app = shown(empty, full=False)
    assert_calm(app)
    assert "to see how long they take" in texts(app).replace("\\", "")
    assert not app.get("vega_lite_chart")
    assert not app.get("download_button")


def test_files_are_left_out_where_they_are_not_wanted(empty):
    assert not shown(empty, download=False).get("download_button")
