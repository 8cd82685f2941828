"""Finds the public trial data that developers keep beside the checkout; tests that use it skip where it is missing."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_file(name: str) -> Path:
    """Give the path of a public data file, or skip the test."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"public data file {name} is not beside this checkout")
    return path
