"""Countries are found however people write them, and nothing else is taken for one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.monitoring.countries import codes_of


def code(name):
    found = codes_of(pd.Series([name], dtype=object)).iloc[0]
    return None if np.isnan(found) else int(found)


@pytest.mark.parametrize(("number", "names"), [
    (276, ["Germany", "DE", "deu", "Deutschland", "ALLEMAGNE", " alemania ", "Federal Republic of Germany", "276"]),
    (40, ["Austria", "Österreich", "osterreich", "AT", "Autriche"]),
    (756, ["Switzerland", "Schweiz", "Suisse", "CH", "Svizzera"]),
    (826, ["UK", "U.K.", "United Kingdom", "Great Britain", "the united kingdom", "GB", "Vereinigtes Königreich",
           "Royaume-Uni"]),
    (840, ["USA", "U.S.A.", "US", "U.S.", "United States", "United States of America", "the United States",
           "Vereinigte Staaten", "Etats-Unis"]),
    (724, ["España", "Espana", "Spain", "Spanien"]),
    (643, ["Russia", "Russian Federation", "Russland"]),
    (410, ["South Korea", "Korea", "Republic of Korea", "KR", "Korea, Republic of"]),
    (203, ["Czech Republic", "Czechia", "Tschechien", "CZ"]),
    (528, ["Holland", "The Netherlands", "Netherlands", "Nederland", "NL"]),
    (784, ["UAE", "U.A.E.", "United Arab Emirates", "Vereinigte Arabische Emirate"]),
    (384, ["Ivory Coast", "Côte d'Ivoire", "Cote d’Ivoire"]), (792, ["Turkey", "Türkiye", "Türkei"]),
    (704, ["Vietnam", "Viet Nam"]), (702, ["Singapore"]), (616, ["Polska", "Poland"]), (380, ["Italia", "Italy"]),
    (562, ["Niger"]), (566, ["Nigeria"]), (70, ["Bosnia & Herzegovina", "Bosnia and Herzegovina"]),
])
def test_a_country_is_found_however_it_is_written(number, names):
    assert {name: code(name) for name in names} == dict.fromkeys(names, number)


@pytest.mark.parametrize("name", [None, np.nan, pd.NA, "", " ", "Atlantis", "n/a", "unknown", "Europe", "-", "zz", "🎉",
                                  12.5])
def test_what_is_no_country_is_missing(name):
    assert code(name) is None


def test_order_and_index_are_kept():
    found = codes_of(pd.Series(["DE", None, "fr", "DE"], index=[9, 3, 3, 1], dtype="str"))
    assert found.index.tolist() == [9, 3, 3, 1]
    assert found.tolist()[::2] == [276.0, 250.0]
    assert np.isnan(found.tolist()[1])


def test_no_countries_are_no_codes():
    assert codes_of(pd.Series([], dtype="str")).dtype == float


@given(st.lists(st.text(max_size=20), max_size=20))
def test_any_text_gives_a_number_of_three_digits_or_nothing(names):
    found = codes_of(pd.Series(names, dtype=object)).dropna()
    assert found.between(1, 999).all()
