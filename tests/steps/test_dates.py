from datetime import UTC, datetime

import pandas as pd
import pytest

from leadscore.steps.dates import reference_date

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _leads(*days: str | None) -> pd.DataFrame:
    return pd.DataFrame({"created_at": pd.to_datetime(list(days), utc=True)})


@pytest.mark.parametrize(("days", "expected"), [
    (["2026-11-20"], NOW),
    (["2026-10-20", "2026-01-01"], NOW),
    (["2021-04-15", "2021-03-01"], datetime(2021, 4, 15, tzinfo=UTC)),
    (["2021-04-15", "2030-01-01"], datetime(2021, 4, 15, tzinfo=UTC)),
    ([None], NOW),
])
def test_an_old_file_is_judged_as_of_its_own_last_day(days, expected):
    assert reference_date(_leads(*days), NOW) == pd.Timestamp(expected)


def test_leads_without_dates_are_judged_as_of_now():
    assert reference_date(pd.DataFrame({"email": ["a@x.example"]}), NOW) == pd.Timestamp(NOW)


def test_the_date_is_one_the_store_can_keep_so_that_a_score_can_be_made_again():
    finer = NOW.replace(microsecond=123_456)
    assert reference_date(_leads("2026-11-20"), finer) == pd.Timestamp(NOW.replace(microsecond=123_000))
    assert reference_date(_leads("2021-04-15 10:00:00.123456"), finer).microsecond == 123_000
