"""The date a set of leads speaks of."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

STALE_AFTER = pd.Timedelta(days=45)

DATE_COLUMNS = ("created_at", "modified_at", "last_activity_at", "converted_at")


def reference_date(leads: pd.DataFrame, now: datetime) -> pd.Timestamp:
    """Choose the day on which recency and age are measured.

    A fresh export is judged as of now. An old one is judged as of its own last day: otherwise every lead of
    last year's file would look equally forgotten, and a model trained on it would learn nothing from recency.

    Parameters
    ----------
    leads : DataFrame
        Leads with any of the date columns.
    now : datetime
        The present, time-zone-aware.

    Returns
    -------
    Timestamp
        In UTC, whole milliseconds: ``now``, or the latest date in the leads when that is more than 45 days ago.
    """
    # the store keeps milliseconds: a score made as of a finer moment could not be made again
    present = pd.Timestamp(now).tz_convert("UTC").floor("ms")
    latest = [leads.loc[leads[column] <= present, column].max() for column in DATE_COLUMNS if column in leads]
    known = [moment for moment in latest if pd.notna(moment)]
    if not known or max(known) >= present - STALE_AFTER:
        return present
    return pd.Timestamp(max(known)).floor("ms")
