"""Homes to be broken: one without leads, one with leads and two versions of a model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.workbench import Workbench
from tests.hardening.harness import open_home
from tests.services.conftest import (  # noqa: F401
    campaign_file,
    read_here,
    seen,
    trained,
    trained_home,
    twice_home,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def busy(twice_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:  # noqa: F811
    """Give one workbench with 400 leads and two versions to the tests of a module."""
    copy = tmp_path_factory.mktemp("busy") / "home"
    shutil.copytree(twice_home, copy)
    workbench = open_home(copy)
    yield workbench
    workbench.engine.dispose()
