"""What a sign-in service says of a person, read with care: who, from where, and how long ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from leadscore.errors import SignInRefused

FRESH = timedelta(minutes=5)
"""So old, or so far ahead, may the word of a service be: its cookie lives for a month, and must not outlive ours."""
LONGEST = 255


@dataclass(frozen=True)
class SaidIdentity:
    """A person as a service names them; ``once`` tells this sign-in from every other one."""

    issuer: str
    subject: str
    email: str | None
    once: str


def read_claims(claims: Mapping[str, Any], *, now: datetime) -> SaidIdentity:
    """Read the claims of an ID token whose signature has been checked (OpenID Connect Core 1.0, section 2).

    Raises
    ------
    SignInRefused
        Something is missing, or it was said too long ago.
    """
    issuer, subject, issued = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not _is_name(issuer) or not _is_name(subject) or not isinstance(issued, (int, float)):
        raise SignInRefused("incomplete_identity", "The sign-in service did not say who you are.",
                            "Ask an administrator to look at its settings.")
    if abs((now - datetime.fromtimestamp(float(issued), UTC)).total_seconds()) > FRESH.total_seconds():
        raise SignInRefused("stale_identity", "What the sign-in service said is too old.", "Sign in again.")
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str) and "@" in email
    said = "\n".join(str(claims.get(name, "")) for name in ("iss", "sub", "iat", "nonce"))
    return SaidIdentity(str(issuer), str(subject), str(email) if verified else None,
                        once=f"identity {sha256(said.encode()).hexdigest()[:30]}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()
