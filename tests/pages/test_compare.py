"""Two choices of leads side by side, from figures and pictures of any kind."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import assert_calm, texts


def drawn(empty: bool = False) -> None:
    import pandas as pd

    from leadscore.charts import vega
    from leadscore.charts.picture import Picture
    from leadscore.charts.tile import Tile, Unit
    from pages.widgets import compare

    def side(name, rate, leads, currency="EUR", empty=False):
        rows = vega.rows(name=["a"], leads=[leads])
        bars = vega.mark("bar", {"x": vega.category("name", ["a"]), "y": vega.quantity("leads")})
        return compare.Side(name, [
            Tile("leads", "Leads", leads, Unit.COUNT),
            Tile("rate", "Conversion rate", rate, Unit.SHARE, low=rate and rate - 0.02, high=rate and rate + 0.02),
            Tile("revenue", "Revenue", 100.0 if rate else None, Unit.MONEY, currency=currency),
        ], [Picture("histogram", "Scores", pd.DataFrame(), None if empty else vega.layered(rows, bars),
                    empty="No leads")])

    if empty:
        compare.draw(side("All leads", None, 0, empty=True), side("Tier: High", None, 0, empty=True))
    else:
        compare.draw(side("All leads", 0.1, 100), side("Source: *Ads*", 0.3, 20, "USD"))


def test_the_table_says_what_differs_beyond_chance():
    app = AppTest.from_function(drawn, default_timeout=30).run()
    assert_calm(app)
    shown = app.dataframe[0].value.set_index("Figure")
    assert shown.loc["Conversion rate", ["A", "B", "Difference"]].tolist() == ["10.0 %", "30.0 %", "+20.0 points"]
    assert shown.loc["Conversion rate", ["Likely", "Beyond chance?"]].tolist() == ["+17.2 to +22.8 points", "yes"]
    assert shown.loc["Leads", "Beyond chance?"] == ""
    assert "Revenue" not in shown.index
    told = texts(app)
    assert "Conversion rate: 30\\.0 % in B against 10\\.0 % in A" in told
    assert "\\*Ads\\*" in told
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 2


def test_with_nothing_to_compare_it_says_so():
    app = AppTest.from_function(drawn, args=(True,), default_timeout=30).run()
    assert_calm(app)
    assert "none differs beyond chance" in texts(app)
    assert texts(app).count("No leads") == 2
