"""Signing in and out: names and passwords with their brakes, tickets, and sessions that can be ended."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import LeadScoreError, NotFound, SignInRefused
from leadscore.steps.passwords import check_password, dummy_hash, hash_password, is_right
from leadscore.steps.people import NAME, actor_from, id_of, name_of, tell
from leadscore.store import users
from leadscore.store.database import read, write
from leadscore.store.tables import SignInAttempt, User, UserSession
from leadscore.workbench import Workbench

TOKEN_BYTES = 32
TICKET_LIVES = timedelta(seconds=60)
TOUCH_EVERY = timedelta(minutes=1)

# An account's checks in an hour: as many from places it was opened from before as from all others together,
# so that a stranger who uses up his share does not keep the owner out.
WINDOW = timedelta(hours=1)
CHECKS_PER_POOL = 10
CHECKS_PER_ADDRESS = 60
FREE_TRIES = 5
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(minutes=15)
ADDRESS_KNOWN_FOR = timedelta(days=30)
CHECKED, DENIED = "checked", "denied"


class SessionKind(StrEnum):
    """What a token is good for."""

    TICKET = "ticket"
    BROWSER = "browser"
    API = "api"


@dataclass(frozen=True)
class SignedIn:
    """A fresh token and whom it stands for; the token itself is stored nowhere."""

    token: str
    actor: Actor
    expires_at: datetime


def sign_in(workbench: Workbench, *, name: str, password: str, address: str,
            kind: SessionKind = SessionKind.TICKET) -> SignedIn:
    """Open a session for the right name and password.

    Unknown, disabled and wrong are answered alike and after the same work. A try is counted before its password
    is looked at, so that a thousand at once are not checked more often than a thousand in a row.

    Parameters
    ----------
    address : str
        Where the try comes from; kept as a keyed hash only.
    kind : SessionKind
        A ticket is exchanged once, within a minute, for a browser session.

    Raises
    ------
    SignInRefused
        The pair is wrong, or there were too many tries; the message never says which names exist.
    """
    tried = unicodedata.normalize("NFKC", name).strip().casefold()
    account = workbench.vault.blind_index([tried], "sign_in_account")[0] or ""
    place = workbench.vault.blind_index([address], "sign_in_address")[0] or ""
    now = workbench.clock()
    with write(workbench.engine) as session:
        users.take_turns(session)
        row = users.find(session, tried) if NAME.fullmatch(tried) else None
        wait = _wait(session, account, place, now)
        attempt = users.note_attempt(session, account_hash=account, address_hash=place, succeeded=False,
                                     reason=DENIED if wait else CHECKED, now=now)
        if wait:
            tell(workbench, session, now, actor=name_of(row), action="sign_in_refused", user_id=id_of(row),
                  detail={"reason": "too_many_tries", "address": place[:12]})
    if wait:
        raise _too_many(wait)
    right = is_right(row.password_hash if row else dummy_hash(), password) and row is not None and not row.disabled
    with write(workbench.engine) as session:
        users.settle_attempt(session, attempt, succeeded=right)
        if right and row is not None:
            users.forget_attempts(session, before=now - ADDRESS_KNOWN_FOR)
            users.close_expired(session, now=now)
            signed_in = _open(workbench, session, row, kind, now)
        tell(workbench, session, now, actor=name_of(row), action="signed_in" if right else "sign_in_refused",
              user_id=id_of(row), detail={"reason": "right" if right else "wrong", "address": place[:12], "kind": kind})
    if not right:
        raise SignInRefused("wrong_name_or_password", "The name or the password is not right.",
                            "Check both, mind capital letters, and try again.")
    return signed_in


def redeem_ticket(workbench: Workbench, ticket: str) -> SignedIn:
    """Exchange a ticket for a browser session with a new token; it works once.

    Raises
    ------
    SignInRefused
        The ticket is unknown, used or too old.
    """
    now, ticket_hash = workbench.clock(), hash_token(ticket)
    with write(workbench.engine) as session:
        found = users.find_session(session, ticket_hash)
        if found is None or not _alive(workbench, *found, SessionKind.TICKET, now):
            raise _stale_ticket()
        if not users.close_session(session, ticket_hash):
            raise _stale_ticket()
        return _open(workbench, session, found[1], SessionKind.BROWSER, now)


def session_from_token(workbench: Workbench, token: str, *, kind: SessionKind = SessionKind.BROWSER,
                       active: bool = True) -> Actor | None:
    """Give the actor a token stands for, with the role and clients of this moment; None when it no longer does.

    Parameters
    ----------
    active : bool
        False for what a page does by itself; it does not put off the idle time-out.
    """
    now, token_hash = workbench.clock(), hash_token(token)
    with read(workbench.engine) as session:
        found = users.find_session(session, token_hash)
        if found is None or not _alive(workbench, *found, kind, now):
            return None
        actor, unnoted = actor_from(session, found[1]), now - found[0].seen_at
    if active and unnoted >= TOUCH_EVERY:
        with write(workbench.engine) as session:
            users.touch_session(session, token_hash, now=now)
    return actor


def sign_out(workbench: Workbench, token: str) -> None:
    """End the session of a token; nothing happens when there is none."""
    now, token_hash = workbench.clock(), hash_token(token)
    with write(workbench.engine) as session:
        found = users.find_session(session, token_hash)
        if found is not None and users.close_session(session, token_hash):
            tell(workbench, session, now, actor=found[1].name, action="signed_out", user_id=id_of(found[1]), detail={})


def sign_out_everywhere(workbench: Workbench, actor: Actor, *, user_id: int | None = None) -> int:
    """End every session of a user, one's own unless another is named; return how many there were.

    Raises
    ------
    Forbidden
        Someone who is no administrator named another user.
    """
    target = actor.user_id if user_id is None else user_id
    if target is None:
        return 0
    if target != actor.user_id:
        require(actor, Action.MANAGE_USERS)
    now = workbench.clock()
    with write(workbench.engine) as session:
        closed = users.close_sessions_of(session, target)
        tell(workbench, session, now, actor=actor.name, action="sessions_ended", user_id=target,
              detail={"sessions": closed})
    return closed


def note_denied(workbench: Workbench, actor: Actor, error: LeadScoreError, place: str) -> None:
    """Write down that an actor asked for something the role does not allow."""
    now = workbench.clock()
    with write(workbench.engine) as session:
        tell(workbench, session, now, actor=actor.name, action="access_denied", user_id=actor.user_id,
              detail={"code": error.code, "place": place[:80]})


def change_password(workbench: Workbench, actor: Actor, *, current: str, new: str, address: str = "") -> None:
    """Change one's own password; every session ends, this one too.

    Raises
    ------
    SignInRefused
        The present password is not right; tries are counted as at the door.
    InvalidRequest
        The new one is too easy to guess.
    """
    if actor.user_id is None:
        raise NotFound("no_account", "The local operator has no password.", "Use an account.")
    check_password(new, name=actor.name)
    proof = sign_in(workbench, name=actor.name, password=current, address=address)
    password_hash, now = hash_password(new), workbench.clock()
    with write(workbench.engine) as session:
        users.change(session, proof.actor.user_id or 0, password_hash=password_hash)
        tell(workbench, session, now, actor=actor.name, action="password_changed", user_id=actor.user_id, detail={})


def hash_token(token: str) -> str:
    """Give the only form of a token the store knows; the token is random, so no slow hash is needed."""
    return sha256(token.encode()).hexdigest()


def _wait(session: Session, account: str, place: str, now: datetime) -> timedelta:
    """Say how long this account must wait before its next try from here is looked at; zero when it need not."""
    opened = users.last_successes(session, account_hash=account, since=now - ADDRESS_KNOWN_FOR)
    failed = users.failures(session, account_hash=account, reason=CHECKED, since=now - WINDOW)
    pool = [one for one in failed if (one.address_hash in opened) == (place in opened)]
    if len(pool) >= CHECKS_PER_POOL:
        return pool[-CHECKS_PER_POOL].at + WINDOW - now
    if place not in opened and users.count_failures(session, since=now - WINDOW, address_hash=place,
                                                    reason=CHECKED) >= CHECKS_PER_ADDRESS:
        return LONGEST_DELAY
    return _delay([one for one in pool if one.address_hash == place
                   and (place not in opened or one.at > opened[place])], now)


def _delay(failed: Sequence[SignInAttempt], now: datetime) -> timedelta:
    if len(failed) < FREE_TRIES:
        return timedelta(0)
    delay: timedelta = min(FIRST_DELAY * 2 ** (len(failed) - FREE_TRIES), LONGEST_DELAY)
    return max(failed[-1].at + delay - now, timedelta(0))


def _open(workbench: Workbench, session: Session, row: User, kind: SessionKind, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    lives = TICKET_LIVES if kind is SessionKind.TICKET else timedelta(hours=workbench.settings.session_hours)
    users.open_session(session, token_hash=hash_token(token), user_id=id_of(row) or 0, kind=kind, now=now,
                       expires_at=now + lives)
    return SignedIn(token=token, actor=actor_from(session, row), expires_at=now + lives)


def _alive(workbench: Workbench, found: UserSession, row: User, kind: SessionKind, now: datetime) -> bool:
    idle = timedelta(minutes=workbench.settings.session_idle_minutes)
    return (found.kind == kind and not row.disabled and now < found.expires_at
            and (kind is not SessionKind.BROWSER or now - found.seen_at < idle))


def _too_many(wait: timedelta) -> SignInRefused:
    minutes = max(1, -int(-wait.total_seconds() // 60))
    return SignInRefused("too_many_tries", "There were too many tries for this account.",
                         f"Wait {minutes} minute{'s' * (minutes > 1)} and try again, or use a computer you have "
                         "signed in from before.")


def _stale_ticket() -> SignInRefused:
    return SignInRefused("stale_ticket", "This sign-in took too long or was used before.", "Sign in again.")
