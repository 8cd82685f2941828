"""Who works the list, and whether they find it helpful."""

import pandas as pd
import pytest

from leadscore.monitoring.adoption import adoption, satisfaction

DEEDS = pd.DataFrame({
    "person": ["ann", "ben", "old", "passer-by"], "days": [3, 0, 1, 0], "outcomes": [5, 0, 2, 0],
    "exports": [1, 0, 0, 0], "opened": [2, 0, 4, 0], "last_seen": ["2026-02-03T10:00:00.000Z"] * 4})
WORKED = pd.DataFrame({"tier": ["Low", "High"], "leads": [50, 10], "worked": [5, 8]})


def _adoption(deeds=DEEDS, members=("ann", "ben", "cyd"), worked=WORKED):
    return adoption(deeds, members, worked, satisfaction(0, 0), since="2026-02-01")


def test_active_is_who_worked_of_those_who_may_see_the_leads():
    found = _adoption()
    assert (found.active, found.members) == (1, 3)
    assert found.share == pytest.approx(1 / 3)


def test_everybody_who_should_work_or_did_is_listed_the_busiest_first():
    people = _adoption().people
    assert people["person"].tolist() == ["ann", "old", "ben", "cyd"]
    assert people["member"].tolist() == [True, False, True, True]
    assert people["days"].tolist() == [3, 1, 0, 0]
    assert people["last_seen"].isna().tolist() == [False, False, False, True]


def test_high_leads_stand_first_with_their_interval():
    worked = _adoption().worked
    assert worked["tier"].tolist() == ["High", "Low"]
    assert worked["rate"].tolist() == [0.8, 0.1]
    assert (worked["rate_low"] < worked["rate"]).all()


def test_nobody_and_nothing_are_no_fault():
    found = _adoption(DEEDS[:0], (), WORKED[:0])
    assert (found.active, found.members, found.share) == (0, 0, None)
    assert found.people.empty
    assert found.worked.empty


def test_satisfaction_has_the_interval_of_wilson():
    found = satisfaction(4, 3)
    assert found.share == 0.75
    # Wilson, by hand: (3 + z²/2) / (4 + z²) ± z / (4 + z²) · sqrt(0.75 · 0.25 · 4 + z²/4)
    assert (found.low, found.high) == (pytest.approx(0.3006, abs=1e-3), pytest.approx(0.9544, abs=1e-3))
    assert satisfaction(0, 0).share is None
