"""People who work at the same moment: one champion, no lost import, and nobody sees another client's leads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.hardening.harness import faults_of, leads_in, open_home
from tests.hardening.together import ask_for_others, import_together, promote_together

pytestmark = pytest.mark.usefixtures("read_here")


def test_two_who_promote_different_versions_leave_one_champion_at_every_moment(twice_home: Path,
                                                                              tmp_path: Path) -> None:
    assert promote_together(shutil.copytree(twice_home, tmp_path / "copy"), times=6) == []


def test_imports_at_the_same_moment_are_all_stored(home: Path) -> None:
    workbench = open_home(home)
    assert import_together(workbench, imports=12, rows=5) == []
    assert leads_in(workbench) == 60
    assert faults_of(workbench) == []


def test_numbers_of_another_client_find_nothing(twice_home: Path, tmp_path: Path) -> None:
    workbench = open_home(shutil.copytree(twice_home, tmp_path / "copy"))
    assert ask_for_others(workbench, numbers=range(1, 31)) == []
