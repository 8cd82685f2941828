"""Who is acting: accounts, passwords, sign-in with its brakes, sessions that can be ended, and roles."""

from __future__ import annotations

import getpass
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from leadscore.access import Action, Actor, Role, require
from leadscore.errors import Forbidden, InvalidRequest, LeadScoreError, NotFound, SignInRefused
from leadscore.store import audit, clients, users
from leadscore.store.database import read, write
from leadscore.store.tables import Fact, SignInAttempt, User, UserSession
from leadscore.workbench import DEFAULT_CLIENT, Workbench

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 128
FEWEST_DIFFERENT_CHARACTERS = 5
TOKEN_BYTES = 32
TICKET_LIVES = timedelta(seconds=60)
TOUCH_EVERY = timedelta(minutes=1)

# argon2id as OWASP advises for a small server: 19 MiB, two passes, one lane
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
HASHES_AT_ONCE = 2
HASH_PATIENCE_SECONDS = 15.0
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)

# An account's checks in an hour: as many from places it was opened from before as from all others together,
# so that a stranger who uses up his share does not keep the owner out.
WINDOW = timedelta(hours=1)
CHECKS_PER_POOL = 10
CHECKS_PER_ADDRESS = 60
FREE_TRIES = 5
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(minutes=15)
ADDRESS_KNOWN_FOR = timedelta(days=30)
CHECKED, DENIED = "checked", "denied"

_NAME = re.compile(r"[\w.@+-][\w .@+-]{0,78}[\w.@+-]")
FIRST_ADMINISTRATOR = "first_administrator"

# Words that make up the most common long passwords, alone, repeated, or with digits and signs around them.
COMMON_WORDS = frozenset("""
    abc abcd abcde abcdef abcdefg abcdefgh abcdefghij access account adidas admin administrator alexander
    amanda andrew angel anthony apple asdf asdfgh asdfghjkl asdfghjklzxcvbnm ashley autumn azerty azertyuiop
    backup banana baseball basketball batman benjamin blink butterfly changeit changeme charlie cheese chelsea
    chocolate christian christopher company computer corporate cowboys dallas daniel default demo dragon
    elizabeth enter everton facebook family football forever freedom friend friends garfield george ginger
    google guest hannah hello helloworld heslo hockey hunter iloveu iloveyou internet jasmine jennifer jessica
    jordan joshua justin killer lakers lead leads leadscore leadscoring letmein liverpool login london lovely
    loveme manchester marketing martin master matrix matthew melissa merlin michael michelle mickey microsoft
    minecraft monday monkey motdepasse mustang mynoob naruto newpassword nicholas nicole ninja nothing office
    oracle pass passport passw passwd password passwort patrick peanut pepper pokemon princess private purple
    qazwsx qazwsxedc qazwsxedcrfv qwer qwert qwerty qwertyu qwertyui qwertyuiop qwertz qwertzuiop rainbow
    ranger robert root sales salesforce samantha samsung secret secure security server service shadow soccer
    spiderman spring starwars summer sunday sunflower sunshine superman support system taylor tech temp
    temporary test tester testing thisis thomas thunder tigger trustno user victoria welcome whatever william
    winter wordpass workbench yankees yourpassword zaq zaqwsx zxcvb zxcvbn zxcvbnm
""".split())  # noqa: SIM905
_SEQUENCES = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz",
              "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p")
LONGEST_COMMON = 20
_NO_LETTERS_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LOOKALIKES = str.maketrans("0134578@$!", "oleastbasi")


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
class Account:
    """A user as administrators see one; ``clients`` is empty for administrators, who see all."""

    id: int
    name: str
    role: Role
    clients: frozenset[str]
    disabled: bool
    created_at: datetime


# --- the first person ----------------------------------------------------------------------------------------


def nobody_yet(workbench: Workbench) -> bool:
    """Say whether no account exists, so that the first visitor must make the administrator's."""
    with read(workbench.engine) as session:
        return not users.list_all(session)


def create_first_administrator(workbench: Workbench, *, name: str, password: str) -> Actor:
    """Make the first account; there can be only one first, however many ask at once.

    Raises
    ------
    Forbidden
        An account exists already.
    InvalidRequest
        The name or the password will not do.
    """
    name = check_name(name)
    check_password(password, name=name)
    password_hash, now = _hash(password), workbench.clock()
    try:
        with write(workbench.engine) as session:
            if users.list_all(session):
                raise _already_set_up()
            # the primary key lets one of two simultaneous visitors win
            session.add(Fact(name=FIRST_ADMINISTRATOR, value=name))
            row = users.add(session, name=name, role=Role.ADMIN, password_hash=password_hash, now=now)
            clients.ensure(session, DEFAULT_CLIENT, now)
            _tell(workbench, session, now, actor=name, action="user_added", user_id=_id(row),
                  detail={"role": Role.ADMIN, "first": True})
    except IntegrityError as problem:
        raise _already_set_up() from problem
    return Actor(name=name, role=Role.ADMIN, user_id=_id(row))


def local_operator() -> Actor:
    """Give the actor of the command line: whoever may run it on this machine may do everything."""
    try:
        person = getpass.getuser()
    except (KeyError, OSError):
        person = "operator"
    return Actor(name=f"local:{person}"[:80], role=Role.ADMIN)


def actor_of(workbench: Workbench, *, name: str, user_id: int | None) -> Actor:
    """Give the actor a job was queued by, with the rights that person has now.

    Raises
    ------
    Forbidden
        The account was disabled meanwhile.
    """
    if user_id is None:
        return Actor(name=name, role=Role.ADMIN)
    with read(workbench.engine) as session:
        row = users.get(session, user_id)
        if row.disabled:
            raise Forbidden("account_disabled", "The account that asked for this has been disabled.",
                            "Ask an administrator.")
        return _actor(session, row)


# --- signing in and out --------------------------------------------------------------------------------------


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
        row = users.find(session, tried) if _NAME.fullmatch(tried) else None
        wait = _wait(session, account, place, now)
        attempt = users.note_attempt(session, account_hash=account, address_hash=place, succeeded=False,
                                     reason=DENIED if wait else CHECKED, now=now)
        if wait:
            _tell(workbench, session, now, actor=_name(row), action="sign_in_refused", user_id=_id(row),
                  detail={"reason": "too_many_tries", "address": place[:12]})
    if wait:
        raise _too_many(wait)
    right = _verify(row.password_hash if row else _dummy_hash(), password) and row is not None and not row.disabled
    with write(workbench.engine) as session:
        users.settle_attempt(session, attempt, succeeded=right)
        if right and row is not None:
            users.forget_attempts(session, before=now - ADDRESS_KNOWN_FOR)
            users.close_expired(session, now=now)
            signed_in = _open(workbench, session, row, kind, now)
        _tell(workbench, session, now, actor=_name(row), action="signed_in" if right else "sign_in_refused",
              user_id=_id(row), detail={"reason": "right" if right else "wrong", "address": place[:12], "kind": kind})
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
        actor, unnoted = _actor(session, found[1]), now - found[0].seen_at
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
            _tell(workbench, session, now, actor=found[1].name, action="signed_out", user_id=_id(found[1]), detail={})


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
        _tell(workbench, session, now, actor=actor.name, action="sessions_ended", user_id=target,
              detail={"sessions": closed})
    return closed


def note_denied(workbench: Workbench, actor: Actor, error: LeadScoreError, place: str) -> None:
    """Write down that an actor asked for something the role does not allow."""
    now = workbench.clock()
    with write(workbench.engine) as session:
        _tell(workbench, session, now, actor=actor.name, action="access_denied", user_id=actor.user_id,
              detail={"code": error.code, "place": place[:80]})


# --- accounts ------------------------------------------------------------------------------------------------


def list_users(workbench: Workbench, actor: Actor) -> list[Account]:
    """List the accounts by name."""
    require(actor, Action.MANAGE_USERS)
    with read(workbench.engine) as session:
        return [_account(session, row) for row in users.list_all(session)]


def add_user(workbench: Workbench, actor: Actor, *, name: str, password: str, role: Role,
             clients: Sequence[str] = ()) -> Account:
    """Make an account; without clients it sees the client ``default``.

    Raises
    ------
    InvalidRequest
        The name is taken or cannot be one, or the password is too easy to guess.
    """
    require(actor, Action.MANAGE_USERS)
    name = check_name(name)
    check_password(password, name=name)
    password_hash, now = _hash(password), workbench.clock()
    with write(workbench.engine) as session:
        row = users.add(session, name=name, role=role, password_hash=password_hash, now=now)
        names = _grant(session, row, clients or [DEFAULT_CLIENT], now)
        _tell(workbench, session, now, actor=actor.name, action="user_added", user_id=_id(row),
              detail={"role": role, "clients": names})
        return _account(session, row)


def change_user(workbench: Workbench, actor: Actor, *, user_id: int, role: Role | None = None,
                disabled: bool | None = None, clients: Sequence[str] | None = None,
                password: str | None = None) -> Account:
    """Change what is given of an account; its sessions end, so that the change holds at once.

    Raises
    ------
    InvalidRequest
        Nobody would be left to administer the workbench.
    """
    require(actor, Action.MANAGE_USERS)
    with read(workbench.engine) as session:
        before = _account(session, users.get(session, user_id))
    if password is not None:
        check_password(password, name=before.name)
    password_hash, now = None if password is None else _hash(password), workbench.clock()
    with write(workbench.engine) as session:
        row = users.change(session, user_id, role=role, password_hash=password_hash, disabled=disabled)
        if users.count(session, role=Role.ADMIN) == 0:
            raise InvalidRequest("last_administrator", "This is the only administrator who can sign in.",
                                 "Make another administrator first.")
        if clients is not None:
            _grant(session, row, clients, now)
        after = _account(session, row)
        _tell(workbench, session, now, actor=actor.name, action="user_changed", user_id=user_id,
              detail={"before": _rights(before), "after": _rights(after), "new_password": password is not None})
    return after


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
    password_hash, now = _hash(new), workbench.clock()
    with write(workbench.engine) as session:
        users.change(session, proof.actor.user_id or 0, password_hash=password_hash)
        _tell(workbench, session, now, actor=actor.name, action="password_changed", user_id=actor.user_id, detail={})


def visible_clients(workbench: Workbench, actor: Actor) -> list[str]:
    """Name the clients whose leads an actor may see, the default one first."""
    names = actor.clients
    if actor.role is Role.ADMIN:
        with read(workbench.engine) as session:
            names = frozenset(client.name for client in clients.list_all(session)) | {DEFAULT_CLIENT}
    return sorted(names, key=lambda name: (name != DEFAULT_CLIENT, name.casefold()))


# --- what names and passwords must be ------------------------------------------------------------------------


def check_name(name: str) -> str:
    """Give the one way a name is kept: compatible characters, no capitals, no spaces around it.

    Raises
    ------
    InvalidRequest
        It has other characters than letters, digits, inner spaces and ``. @ + - _``, or not 2 to 80 of them.
    """
    kept = unicodedata.normalize("NFKC", name).strip().casefold()
    if not _NAME.fullmatch(kept):
        raise InvalidRequest("wrong_name", "This cannot be a user name.",
                             "Use 2 to 80 letters, digits, or one of . @ + - _ as in anna.berg.")
    return kept


def check_password(password: str, *, name: str) -> None:
    """Refuse a password that is short or easily guessed; what it is made of is free.

    Raises
    ------
    InvalidRequest
        It is too short or long, common, repetitive, or holds the user's name.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest("wrong_password_length", f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} "
                             "characters.", "Four unrelated words make a good one.")
    lowered = password.casefold()
    if name.casefold() in lowered or (len(lowered) > 3 and lowered in name.casefold()):
        raise InvalidRequest("name_in_password", "The password contains the user name.", "Leave the name out of it.")
    if _is_common(lowered):
        raise InvalidRequest("common_password", "This password is one of the first that others would guess.",
                             "Four unrelated words make a good one.")


def hash_token(token: str) -> str:
    """Give the only form of a token the store knows; the token is random, so no slow hash is needed."""
    return sha256(token.encode()).hexdigest()


def _is_common(lowered: str) -> bool:
    few, repeats = len(set(lowered)) < FEWEST_DIFFERENT_CHARACTERS, lowered in (lowered + lowered)[1:-1]
    if few or repeats or any(lowered in sequence for sequence in _SEQUENCES):
        return True
    inner = _NO_LETTERS_AROUND.sub("", lowered)
    words = {re.sub(r"[\W\d_]+", "", form) for form in (inner, inner.translate(_LOOKALIKES))}
    return any(_made_of_common(word) for word in words)


def _made_of_common(word: str) -> bool:
    """Say whether the letters are one or a few common words, as in passwordpassword or welcomeadmin."""
    if len(word) > LONGEST_COMMON:
        return False
    reachable = {0}
    for end in range(1, len(word) + 1):
        if any(word[start:end] in COMMON_WORDS for start in reachable):
            reachable.add(end)
    return bool(word) and len(word) in reachable


# --- private steps -------------------------------------------------------------------------------------------


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _hashing.acquire(timeout=HASH_PATIENCE_SECONDS):
        raise SignInRefused("busy", "Too many people are signing in at this moment.", "Try again in a minute.")
    try:
        yield
    finally:
        _hashing.release()


def _hash(password: str) -> str:
    with _one_of_few():
        return HASHER.hash(password)


def _verify(password_hash: str, password: str) -> bool:
    with _one_of_few():
        try:
            return HASHER.verify(password_hash, password[:LONGEST_PASSWORD + 1])
        except VerificationError:
            return False


@cache
def _dummy_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(TOKEN_BYTES))


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
    users.open_session(session, token_hash=hash_token(token), user_id=_id(row) or 0, kind=kind, now=now,
                       expires_at=now + lives)
    return SignedIn(token=token, actor=_actor(session, row), expires_at=now + lives)


def _alive(workbench: Workbench, found: UserSession, row: User, kind: SessionKind, now: datetime) -> bool:
    idle = timedelta(minutes=workbench.settings.session_idle_minutes)
    return (found.kind == kind and not row.disabled and now < found.expires_at
            and (kind is not SessionKind.BROWSER or now - found.seen_at < idle))


def _actor(session: Session, row: User) -> Actor:
    role = Role(row.role)
    own = frozenset[str]() if role is Role.ADMIN else users.clients_of(session, _id(row) or 0)
    return Actor(name=row.name, role=role, user_id=_id(row), clients=own)


def _account(session: Session, row: User) -> Account:
    return Account(id=_id(row) or 0, name=row.name, role=Role(row.role), disabled=row.disabled,
                   clients=_actor(session, row).clients, created_at=row.created_at)


def _grant(session: Session, row: User, names: Sequence[str], now: datetime) -> list[str]:
    users.set_clients(session, _id(row) or 0, [clients.ensure(session, name, now) for name in names])
    return sorted(set(names))


def _rights(account: Account) -> dict[str, object]:
    return {"role": account.role, "clients": sorted(account.clients), "disabled": account.disabled}


def _tell(workbench: Workbench, session: Session, now: datetime, *, actor: str, action: str, user_id: int | None,
          detail: dict[str, object]) -> None:
    audit.append(session, workbench.vault, at=now, client_id=None, actor=actor, action=action,
                 object=f"user:{user_id}" if user_id else "user:unknown", detail=detail)


def _id(row: User | None) -> int | None:
    return row.id if row else None


def _name(row: User | None) -> str:
    # what was typed may be a password in the wrong box, so an unknown name is not written down
    return row.name if row else "unknown"


def _too_many(wait: timedelta) -> SignInRefused:
    minutes = max(1, -int(-wait.total_seconds() // 60))
    return SignInRefused("too_many_tries", "There were too many tries for this account.",
                         f"Wait {minutes} minute{'s' * (minutes > 1)} and try again, or use a computer you have "
                         "signed in from before.")


def _stale_ticket() -> SignInRefused:
    return SignInRefused("stale_ticket", "This sign-in took too long or was used before.", "Sign in again.")


def _already_set_up() -> Forbidden:
    return Forbidden("already_set_up", "The administrator exists already.", "Sign in, or ask for an account.")
