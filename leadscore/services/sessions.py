"""Signing in and out: names and passwords with their brakes, tickets, and sessions that can be ended."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, LeadScoreError, NotFound, SignInRefused
from leadscore.steps.devices import device_name
from leadscore.steps.identity import SaidIdentity, read_claims
from leadscore.steps.passwords import check_password, dummy_hash, hash_password, is_right
from leadscore.steps.people import NAME, actor_from, id_of, name_of, password_due, tell
from leadscore.store import facts, identities, users
from leadscore.store.database import read, write
from leadscore.store.tables import SignInAttempt, User, UserSession
from leadscore.workbench import Workbench

TOKEN_BYTES = 32
TICKET_LIVES = timedelta(seconds=60)
TOUCH_EVERY = timedelta(minutes=1)
SESSION_ID_LETTERS = 16

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


@dataclass(frozen=True)
class OpenSession:
    """A place where an account is open; ``id`` leads to no token, ``this`` marks the one that asks."""

    id: str
    device: str
    since: datetime
    seen_at: datetime
    this: bool


@dataclass(frozen=True)
class AccountState:
    """When an account was last opened (None: not within a month), in how many places it is, until when others wait."""

    last_at: datetime | None
    locked_until: datetime | None
    sessions: int


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


def sign_in_by_identity(workbench: Workbench, *, claims: Mapping[str, Any], address: str) -> SignedIn:
    """Give a ticket to whom a sign-in service has just named, when an enabled account is theirs.

    The first time, the account is found by the verified e-mail address, which must be its name, and bound to the
    service's own number for the person; from then on only that number counts. What the service says works once.

    Parameters
    ----------
    claims : mapping
        Of an ID token whose signature has been checked.

    Raises
    ------
    SignInRefused
        No account is theirs, it is disabled, or what the service said is old or was used before.
    """
    now = workbench.clock()
    said = read_claims(claims, now=now)
    account = workbench.vault.blind_index([f"{said.issuer}\n{said.subject}"], "sign_in_account")[0] or ""
    place = workbench.vault.blind_index([address], "sign_in_address")[0] or ""
    with write(workbench.engine) as session:
        users.take_turns(session)
        if users.is_used(session, account_hash=account, reason=said.once):
            raise SignInRefused("stale_identity", "What the sign-in service said was used before.", "Sign in again.")
        row, reason = _account_of(session, said, now)
        users.note_attempt(session, account_hash=account, address_hash=place, succeeded=row is not None,
                           reason=said.once, now=now)
        signed_in = _open(workbench, session, row, SessionKind.TICKET, now) if row else None
        tell(workbench, session, now, actor=name_of(row), action="signed_in" if row else "sign_in_refused",
             user_id=id_of(row), detail={"reason": reason, "address": place[:12], "kind": SessionKind.TICKET,
                                         "service": said.issuer})
    if signed_in is None:
        raise SignInRefused("no_account", "You are known to the sign-in service, but have no account here.",
                            "Ask an administrator for an account under your e-mail address.")
    return signed_in


def redeem_ticket(workbench: Workbench, ticket: str, *, user_agent: str | None = None) -> SignedIn:
    """Exchange a ticket for a browser session with a new token; it works once.

    Parameters
    ----------
    user_agent : str, optional
        What the browser calls itself; only its kind is kept, so that people know their sessions apart.

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
        return _open(workbench, session, found[1], SessionKind.BROWSER, now, device=device_name(user_agent))


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


def list_sessions(workbench: Workbench, actor: Actor, *, token: str | None = None,
                  user_id: int | None = None) -> list[OpenSession]:
    """List the open sessions of a user, one's own unless another is named.

    Parameters
    ----------
    token : str, optional
        Of the session that asks, which is marked.

    Raises
    ------
    Forbidden
        Someone who is no administrator named another user.
    """
    target = _target(actor, user_id)
    now, mine = workbench.clock(), hash_token(token) if token else ""
    idle = timedelta(minutes=workbench.settings.session_idle_minutes)
    with read(workbench.engine) as session:
        rows = [row for row in users.sessions_of(session, target, now=now) if row.kind != SessionKind.TICKET
                and (row.kind != SessionKind.BROWSER or now - row.seen_at < idle)]
    return [OpenSession(id=row.token_hash[:SESSION_ID_LETTERS], device=row.device or "A program",
                        since=row.created_at, seen_at=row.seen_at, this=row.token_hash == mine) for row in rows]


def end_session(workbench: Workbench, actor: Actor, *, session_id: str, user_id: int | None = None) -> None:
    """End one session of a user, one's own unless another is named; it is refused from its next request on.

    Raises
    ------
    NotFound
        The user has no such session.
    """
    target, now = _target(actor, user_id), workbench.clock()
    with write(workbench.engine) as session:
        row = next((one for one in users.sessions_of(session, target, now=now)
                    if one.token_hash[:SESSION_ID_LETTERS] == session_id), None)
        if row is None:
            raise NotFound("unknown_session", "This session has ended already.", "Load the page again.")
        users.close_session(session, row.token_hash)
        tell(workbench, session, now, actor=actor.name, action="session_ended", user_id=target,
             detail={"device": row.device or ""})


def account_states(workbench: Workbench, actor: Actor) -> dict[int, AccountState]:
    """Say of each account when it was last opened, in how many places it is open, and whether strangers wait."""
    require(actor, Action.MANAGE_USERS)
    now = workbench.clock()
    with read(workbench.engine) as session:
        return {row.id: _state(workbench, session, row, now) for row in users.list_all(session) if row.id}


def unlock(workbench: Workbench, actor: Actor, *, user_id: int) -> None:
    """Forget the failed tries of an account, so that its owner need not wait.

    Raises
    ------
    NotFound
        There is no such user.
    """
    require(actor, Action.MANAGE_USERS)
    now = workbench.clock()
    with write(workbench.engine) as session:
        row = users.get(session, user_id)
        forgotten = users.forget_failures(session, account_hash=_account_hash(workbench, row.name))
        tell(workbench, session, now, actor=actor.name, action="account_unlocked", user_id=user_id,
             detail={"failed_tries": forgotten})


def _target(actor: Actor, user_id: int | None) -> int:
    target = actor.user_id if user_id is None else user_id
    if target != actor.user_id:
        require(actor, Action.MANAGE_USERS)
    return target or 0


def _state(workbench: Workbench, session: Session, row: User, now: datetime) -> AccountState:
    account = _account_hash(workbench, row.name)
    opened = users.last_successes(session, account_hash=account, since=now - ADDRESS_KNOWN_FOR)
    wait = _wait(session, account, "", now)
    return AccountState(last_at=max(opened.values(), default=None), locked_until=now + wait if wait else None,
                        sessions=sum(_alive(workbench, one, row, SessionKind.BROWSER, now)
                                     for one in users.sessions_of(session, row.id or 0, now=now)))


def _account_hash(workbench: Workbench, name: str) -> str:
    return workbench.vault.blind_index([name], "sign_in_account")[0] or ""


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
        The new one is too easy to guess, or the present one: an administrator may have given that, and know it.
    """
    if actor.user_id is None:
        raise NotFound("no_account", "The local operator has no password.", "Use an account.")
    check_password(new, name=actor.name)
    if new == current:
        raise InvalidRequest("same_password", "The new password is the present one.", "Choose another one.")
    proof = sign_in(workbench, name=actor.name, password=current, address=address)
    password_hash, now = hash_password(new), workbench.clock()
    with write(workbench.engine) as session:
        users.change(session, proof.actor.user_id or 0, password_hash=password_hash)
        facts.forget(session, password_due(actor.user_id))
        tell(workbench, session, now, actor=actor.name, action="password_changed", user_id=actor.user_id, detail={})


def hash_token(token: str) -> str:
    """Give the only form of a token the store knows; the token is random, so no slow hash is needed."""
    return sha256(token.encode()).hexdigest()


def _account_of(session: Session, said: SaidIdentity, now: datetime) -> tuple[User | None, str]:
    """Find whose account an identity opens, and say how it was found or why none is opened."""
    row = identities.find(session, issuer=said.issuer, subject=said.subject)
    if row is not None:
        return (None, "disabled") if row.disabled else (row, "known_identity")
    if said.email is None:
        return None, "no_verified_email"
    # an address is taken as it is: other letters that look or fold alike may be another person's address
    name = said.email.lower() if said.email.isascii() else said.email
    row = users.find(session, name) if NAME.fullmatch(name) else None
    if row is None or row.disabled:
        return None, "disabled" if row else "unknown_identity"
    if identities.is_bound(session, issuer=said.issuer, user_id=row.id or 0):
        # another person at the same service has this account: an address can be given to somebody else
        return None, "bound_to_another"
    identities.bind(session, issuer=said.issuer, subject=said.subject, user_id=row.id or 0, now=now)
    return row, "verified_email"


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


def _open(workbench: Workbench, session: Session, row: User, kind: SessionKind, now: datetime, *,
          device: str | None = None) -> SignedIn:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    lives = TICKET_LIVES if kind is SessionKind.TICKET else timedelta(hours=workbench.settings.session_hours)
    users.open_session(session, token_hash=hash_token(token), user_id=id_of(row) or 0, kind=kind, now=now,
                       expires_at=now + lives, device=device)
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
