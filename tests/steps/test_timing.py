"""How long things took is collected without waiting, thinned without hiding the slow ones, and read back in figures."""
# ruff: noqa: F811 - pytest hands fixtures over under the names they are imported by

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from leadscore.access import Actor
from leadscore.charts import operations as charts
from leadscore.services import operations
from leadscore.steps import speed, timing
from leadscore.store import timings
from leadscore.store.database import read
from leadscore.workbench import Measured, Workbench
from tests.charts.pictures import assert_drawn, assert_empty
from tests.conftest import NOW
from tests.services.people import Clock, admin, clock, workbench  # noqa: F401


def stored(workbench: Workbench) -> pd.DataFrame:
    with read(workbench.engine) as session:
        return timings.since(session, workbench.clock() - timedelta(days=7))


def test_what_was_measured_is_written_down_once(workbench: Workbench, admin: Actor) -> None:
    with operations.timed(workbench, "page leads", client="default") as found:
        found["rows"] = 7
    with pytest.raises(ValueError), operations.timed(workbench, "job train", client="nobody's"):
        raise ValueError
    assert stored(workbench).empty, "nobody waits for the store"
    assert operations.keep_timings(workbench) == 2
    assert operations.keep_timings(workbench) == 0
    frame = stored(workbench).set_index("what")
    assert frame.loc["page leads", "rows"] == 7 and not frame.loc["page leads", "failed"]
    assert frame.loc["job train", "failed"]


def test_many_of_a_kind_are_thinned_so_that_median_and_worst_stay() -> None:
    seconds = np.random.default_rng(5).gamma(2.0, 0.4, size=900)
    many = [Measured("page leads", float(value), NOW) for value in seconds] + [Measured("job train", 9.0, NOW)]
    kept = timing.sample(many)
    pages = [one.seconds for one in kept if one.what == "page leads"]
    assert len(pages) == timing.MOST_OF_A_KIND and len(kept) == len(pages) + 1
    assert max(pages) == seconds.max() and min(pages) == seconds.min()
    assert abs(np.median(pages) / np.median(seconds) - 1) < 0.15


def test_the_buffer_never_grows_beyond_its_size(workbench: Workbench) -> None:
    for _ in range(5_000):
        timing.note(workbench, "page leads", 0.1)
    assert len(workbench.measured) == 2_000


def test_the_peak_of_memory_is_that_since_it_was_forgotten() -> None:
    if timing.peak_mb() is None:
        pytest.skip("this system does not tell")
    timing.forget_peak()
    before = timing.peak_mb()
    held = np.ones(30_000_000)
    assert timing.peak_mb() - before > 150
    del held


def test_figures_by_kind_and_pictures_by_day(workbench: Workbench, admin: Actor, clock: Clock) -> None:
    for day in range(3):
        for seconds in (0.1, 0.2, 3.0):
            timing.note(workbench, "page leads", seconds)
        timing.note(workbench, "job train", 100.0 + day, rows=10 * day, peak_mb=500.0)
        timing.keep(workbench)
        clock.forward(days=1)
    clock.forward(days=-1)
    found = operations.speed_of(workbench, admin, days=5)
    kinds = found.kinds.set_index("what")
    assert found.measured == 12 and kinds.loc["page leads", "p50"] == 0.2
    assert kinds.loc["job train", "peak_mb"] == 500 and kinds.loc["job train", "rows"] == 20
    assert found.slowest["what"].head(3).tolist() == ["job train"] * 3
    pages, jobs = found.pictures
    assert pages.data["Measured"].tolist() == [0, 0, 3, 3, 3]
    for picture in (pages, jobs):
        assert picture.spec is not None
        assert_drawn(picture.spec)


def test_nothing_measured_is_said_so(workbench: Workbench, admin: Actor) -> None:
    found = operations.speed_of(workbench, admin)
    assert found.kinds.empty and found.slowest.empty
    (picture,) = found.pictures
    assert_empty(picture)
    assert speed.by_kind(stored(workbench)).empty


def test_errors_by_day_are_drawn_or_said_to_be_none() -> None:
    days = pd.date_range("2026-11-01", periods=14, freq="D")
    assert_empty(charts.faults_by_day(pd.DataFrame({"day": days, "faults": 0})))
    picture = charts.faults_by_day(pd.DataFrame({"day": days, "faults": range(14)}))
    assert picture.spec is not None
    assert_drawn(picture.spec)


@pytest.mark.parametrize(("seconds", "words"), [(0.08, "80 ms"), (2.44, "2.4 s"), (210, "3.5 min"), (None, "—")])
def test_times_are_said_as_people_say_them(seconds: float | None, words: str) -> None:
    assert charts.seconds_text(seconds) == words
