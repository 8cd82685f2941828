"""Timings become figures: by kind, over time, and the slowest ones."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from leadscore.charts.operations import durations
from leadscore.charts.picture import Picture

SLOWEST = 10
DRAWN = {"page ": "Pages: time until drawn", "job ": "Jobs: time until done", "command ": "Commands: time until done"}
FAR = 0.95


def by_kind(frame: pd.DataFrame) -> pd.DataFrame:
    """Sum up each kind: ``what, times, p50, p95, longest`` (seconds), ``rows, peak_mb`` (largest), ``failed``."""
    groups = frame.groupby("what", sort=True)
    found = groups["seconds"].agg(times="size", p50="median", p95=lambda seconds: seconds.quantile(FAR), longest="max")
    found = found.join(groups[["rows", "peak_mb"]].max()).join(groups["failed"].sum())
    ordered: pd.DataFrame = found.sort_values("p95", ascending=False).reset_index()
    return ordered


def slowest(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the single pieces of work that took longest."""
    return frame.nlargest(SLOWEST, "seconds").reset_index(drop=True)


def pictures(frame: pd.DataFrame, *, now: datetime, days: int) -> tuple[Picture, ...]:
    """Draw pages, jobs and commands by day, as far as there are any; pages always."""
    shown = {start: title for start, title in DRAWN.items()
             if start == "page " or frame["what"].str.startswith(start).any()}
    return tuple(durations(_by_day(frame[frame["what"].str.startswith(start)], now, days),
                           key=f"speed-{start.strip()}s", title=title) for start, title in shown.items())


def _by_day(frame: pd.DataFrame, now: datetime, days: int) -> pd.DataFrame:
    every = pd.date_range(end=pd.Timestamp(now).normalize(), periods=days, freq="D")
    seconds = frame.groupby(frame["at"].dt.normalize())["seconds"]
    found = pd.DataFrame({"times": seconds.size(), "p50": seconds.median(), "p95": seconds.quantile(FAR)})
    found.index = pd.DatetimeIndex(found.index, tz="UTC")
    found = found.reindex(every)
    return pd.DataFrame({"day": every.tz_localize(None), "times": found["times"].fillna(0).astype(int).to_numpy(),
                         "p50": found["p50"].to_numpy(), "p95": found["p95"].to_numpy()})
