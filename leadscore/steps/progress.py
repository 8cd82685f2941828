"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Takes the part that is done, in [0, 1], and what is being done; what it raises ends the work."""


def silent(_fraction: float, _message: str) -> None:
    """Tell nobody."""
