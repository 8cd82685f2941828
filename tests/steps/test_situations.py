"""What sentences are made of is true of the leads they are about."""

import numpy as np
import pandas as pd

from leadscore.monitoring.changes import dispersion
from leadscore.steps.situations import _each_day


def test_days_without_leads_count_as_days():
    came = pd.Series([50, 50], index=["2026-01-01", "2026-01-05"])
    assert sorted(_each_day(came, 5)) == [0, 0, 0, 50, 50]
    assert dispersion(_each_day(came, 5)) > dispersion(_each_day(came, None)) == 1.0
    assert _each_day(came[:0], None).size == 0
    assert np.array_equal(_each_day(came, 1), [50, 50])
