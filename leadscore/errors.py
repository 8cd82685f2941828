"""The errors that may cross module borders: a code for machines, a sentence and a way out for people."""

from __future__ import annotations


class LeadScoreError(Exception):
    """A request or an input that is refused, in words a user can act on.

    Parameters
    ----------
    code : str
        Stable machine name, snake_case, e.g. ``"empty_file"``.
    message : str
        One sentence: what is wrong and where (row, column).
    hint : str
        One sentence: what to do about it; may be empty.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Say it in one go."""
        return f"{self.message} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """Give the one error shape every face shows: ``code``, ``message``, ``hint``."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UnreadableFile(LeadScoreError):
    """The bytes are not a table we can read."""


class InvalidRequest(LeadScoreError):
    """The request contradicts itself or names something that cannot be used."""


class NotFound(LeadScoreError):
    """What was asked for does not exist, or not for this client."""


class Forbidden(LeadScoreError):
    """The actor's role does not allow the action."""


class SignInRefused(LeadScoreError):
    """The name and password do not open a session now."""


class TamperedData(LeadScoreError):
    """Stored bytes do not match their signature; nothing was loaded."""


class Cancelled(LeadScoreError):
    """A person stopped the running job; nothing was kept."""
