"""Decides when a model should be trained again: outcomes and days since the last training in, a reason out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from leadscore.errors import InvalidRequest

MOST_DAYS = 365


@dataclass(frozen=True)
class RetrainingSettings:
    """What a client wants of automatic retraining.

    Parameters
    ----------
    on : bool
    days : int
        Train again after so many days, in [1, 365].
    share : float
        Or as soon as so many outcomes are new, as a share of those the newest version has learnt from, in (0, 1].
    least : int
        In either case so many newly decided leads are needed, at least 1.
    on_drift : bool
        Or as soon as newer leads are found to differ from those the newest version has learnt from.
    """

    on: bool = False
    days: int = 15
    share: float = 0.2
    least: int = 50
    on_drift: bool = False

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises
        ------
        InvalidRequest
            ``wrong_retraining_settings``.
        """
        if not (1 <= self.days <= MOST_DAYS and 0 < self.share <= 1 and self.least >= 1):
            raise InvalidRequest("wrong_retraining_settings", "These settings of automatic retraining make no sense.",
                                 f"Use 1 to {MOST_DAYS} days, a share above 0 up to 1, and at least one new outcome.")

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RetrainingSettings:
        """Read plain values; unknown names are ignored."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


@dataclass(frozen=True)
class History:
    """What has happened since the newest version was trained.

    Parameters
    ----------
    version : int
        The newest version.
    trained_at, now : datetime
    learnt : int
        Decided leads it has learnt from.
    decided : int
        Leads decided since.
    drifted : bool
        Whether the newest check for drift was of this version and raised an alarm.
    """

    version: int
    trained_at: datetime
    now: datetime
    learnt: int
    decided: int
    drifted: bool = False

    @property
    def days(self) -> int:
        """Whole days since the training."""
        return max((self.now - self.trained_at).days, 0)


@dataclass(frozen=True)
class Due:
    """Whether to train again, and why, as a sentence."""

    due: bool
    sentence: str


def retraining_due(settings: RetrainingSettings, history: History | None) -> Due:
    """Decide whether to train again.

    Parameters
    ----------
    settings : RetrainingSettings
    history : History or None
        None while there is no version in use.
    """
    if not settings.on:
        return Due(False, "Automatic retraining is off.")
    if history is None:
        return Due(False, "Not due: no model is in use yet.")
    since = f"{history.decided:,} new outcomes since version {history.version}"
    if history.decided < settings.least:
        return Due(False, f"Not due: {since}, at least {settings.least:,} are needed.")
    if settings.on_drift and history.drifted:
        # the next version starts without an alarm of its own and without outcomes, so this does not repeat itself
        return Due(True, f"Due because newer leads differ from those version {history.version} has learnt from, and "
                         f"there are {history.decided:,} new outcomes.")
    wanted = settings.share * history.learnt
    if history.decided >= wanted:
        return Due(True, f"Due because of {since}, which had learnt from {history.learnt:,}.")
    if history.days >= settings.days:
        return Due(True, f"Due because version {history.version} is {history.days} days old and there are "
                         f"{history.decided:,} new outcomes.")
    return Due(False, f"Not due: {since}, {wanted:,.0f} are needed, or {settings.days - history.days} more days.")
