"""Killed, cut, full: whatever happens to the machine, the store is whole. The benchmark does the same many times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hardening.harness import Tally
from tests.hardening.series import run_series

SEED = 11
ORDER = {
    "kill_imports": {"leads": 200, "kills": 6, "seed": SEED},
    "cut_journals": {"commits": 5, "cuts": 20, "seed": SEED},
    "fill_disks": {"tries": 6, "seed": SEED, "leads": 100},
    "kill_registrations": {"kills": 4, "seed": SEED},
    "kill_changes": {"kills": 5, "seed": SEED},
    "kill_migrations": {"version": "0005", "kills": 3, "seed": SEED},
}


@pytest.fixture(scope="module")
def tallies(twice_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    return run_series(tmp_path_factory.mktemp("crashes"), twice_home, ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_whatever_is_broken_off_leaves_a_whole_store(tallies: dict[str, Tally], name: str) -> None:
    assert tallies[name].faults == []
    assert tallies[name].tried == next(ORDER[name][word] for word in ("kills", "cuts", "tries") if word in ORDER[name])


def test_the_accidents_happened_in_the_middle(tallies: dict[str, Tally]) -> None:
    assert {"stored", "nothing stored"} <= tallies["kill_imports"].counts.keys()
    assert tallies["cut_journals"].counts["beginnings seen"] >= 4
    assert {"register refused", "export refused"} <= tallies["fill_disks"].counts.keys()
    assert tallies["kill_changes"].counts["changes"] > 5
