import numpy as np
import pandas as pd

from leadscore.ingest.outliers import cap_outliers, fences, flag_outliers


def test_few_numbers_have_no_outliers() -> None:
    assert fences(pd.Series([1.0] * 5 + [900.0])) == (-np.inf, np.inf)


def test_a_skewed_but_ordinary_column_keeps_its_tail() -> None:
    visits = pd.Series([0.0] * 900 + [float(n) for n in range(100)])
    flagged = flag_outliers(visits, np.arange(len(visits)), "Visits")
    assert sum(len(frame) for frame in flagged) <= 0.005 * len(visits)


def test_capping_moves_only_what_is_outside() -> None:
    values = pd.Series([float(n) for n in range(100)] + [1e9, np.nan])
    capped, issues = cap_outliers(values, "Visits", low=5.0)
    assert capped.min() == 5.0
    assert capped[50] == 50.0
    assert capped.max() < 1e9
    assert capped.isna().sum() == 1
    assert issues[0]["message"].str.startswith("6 numbers").all()
