"""The people who sign in: accounts, the clients they may touch, their sessions and their tries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, col, delete, select, update

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store.database import is_sqlite
from leadscore.store.tables import Client, Membership, SignInAttempt, User, UserSession

ATTEMPT_LOCK = 7_361_003


def add(session: Session, *, name: str, role: str, password_hash: str, now: datetime) -> User:
    """Keep a new account.

    Raises
    ------
    InvalidRequest
        The name is taken.
    """
    if find(session, name) is not None:
        raise InvalidRequest("name_taken", f"There is already a user '{name}'.", "Choose another name.")
    row = User(name=name, role=role, password_hash=password_hash, created_at=now)
    session.add(row)
    session.flush()
    return row


def find(session: Session, name: str) -> User | None:
    """Find an account by its name."""
    return session.exec(select(User).where(User.name == name)).one_or_none()


def get(session: Session, user_id: int) -> User:
    """Find an account by its id or refuse.

    Raises
    ------
    NotFound
        There is none.
    """
    row = session.get(User, user_id)
    if row is None:
        raise NotFound("unknown_user", "There is no such user.", "The Settings page lists the users.")
    return row


def list_all(session: Session) -> list[User]:
    """List the accounts by name."""
    return list(session.exec(select(User).order_by(col(User.name))))


def count(session: Session, *, role: str | None = None) -> int:
    """Count the accounts that may sign in, of one role when it is named."""
    statement = select(func.count()).select_from(User).where(col(User.disabled).is_(False))
    return int(session.exec(statement if role is None else statement.where(User.role == role)).one())


def change(session: Session, user_id: int, *, role: str | None = None, password_hash: str | None = None,
           disabled: bool | None = None) -> User:
    """Change what is given of an account and end its sessions, so that the change holds at once."""
    row = get(session, user_id)
    row.role = row.role if role is None else role
    row.password_hash = row.password_hash if password_hash is None else password_hash
    row.disabled = row.disabled if disabled is None else disabled
    session.add(row)
    session.flush()
    close_sessions_of(session, user_id)
    return row


# --- which clients ---------------------------------------------------------------------------------------------


def set_clients(session: Session, user_id: int, client_ids: Iterable[int]) -> None:
    """Replace the clients a user may touch."""
    session.exec(delete(Membership).where(col(Membership.user_id) == user_id))
    session.add_all([Membership(user_id=user_id, client_id=client_id) for client_id in sorted(set(client_ids))])
    session.flush()


def clients_of(session: Session, user_id: int) -> frozenset[str]:
    """Name the clients a user may touch."""
    return frozenset(session.exec(select(Client.name).join(Membership, col(Membership.client_id) == col(Client.id))
                                  .where(Membership.user_id == user_id)))


# --- sessions --------------------------------------------------------------------------------------------------


def open_session(session: Session, *, token_hash: str, user_id: int, kind: str, now: datetime,
                 expires_at: datetime, device: str | None = None) -> UserSession:
    """Keep a signed-in browser or an API token, by the hash of its token."""
    row = UserSession(token_hash=token_hash, user_id=user_id, kind=kind, created_at=now, seen_at=now,
                      expires_at=expires_at, device=device)
    session.add(row)
    session.flush()
    return row


def find_session(session: Session, token_hash: str) -> tuple[UserSession, User] | None:
    """Find a session with its user, whatever their state; the caller judges times and rights."""
    found = session.exec(select(UserSession, User).join(User, col(User.id) == col(UserSession.user_id))
                         .where(UserSession.token_hash == token_hash)).one_or_none()
    return None if found is None else (found[0], found[1])


def sessions_of(session: Session, user_id: int, *, now: datetime) -> list[UserSession]:
    """List the sessions of a user whose time is not over, the one used last first."""
    return list(session.exec(select(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at > now)
                             .order_by(col(UserSession.seen_at).desc(), col(UserSession.token_hash))))


def touch_session(session: Session, token_hash: str, *, now: datetime) -> None:
    """Note that a session is in use."""
    session.exec(update(UserSession).where(col(UserSession.token_hash) == token_hash).values(seen_at=now))


def close_session(session: Session, token_hash: str) -> bool:
    """End one session; True for the one caller who did."""
    return int(session.exec(delete(UserSession).where(col(UserSession.token_hash) == token_hash)).rowcount) > 0


def close_sessions_of(session: Session, user_id: int) -> int:
    """End all sessions of a user; returns how many there were."""
    return int(session.exec(delete(UserSession).where(col(UserSession.user_id) == user_id)).rowcount)


def close_expired(session: Session, *, now: datetime) -> int:
    """Remove the sessions whose time is over."""
    return int(session.exec(delete(UserSession).where(col(UserSession.expires_at) < now)).rowcount)


# --- tries to sign in ------------------------------------------------------------------------------------------


def take_turns(session: Session) -> None:
    """Make other tries wait until this transaction ends, so that each is judged knowing all before it.

    On SQLite there is one writer at a time anyway.
    """
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ATTEMPT_LOCK})


def note_attempt(session: Session, *, account_hash: str, address_hash: str, succeeded: bool, reason: str,
                 now: datetime) -> int:
    """Keep one try and return its id."""
    row = SignInAttempt(account_hash=account_hash, address_hash=address_hash, succeeded=succeeded,
                        reason=reason[:40], at=now)
    session.add(row)
    session.flush()
    return row.id or 0


def settle_attempt(session: Session, attempt_id: int, *, succeeded: bool) -> None:
    """Write down how a kept try ended."""
    session.exec(update(SignInAttempt).where(col(SignInAttempt.id) == attempt_id).values(succeeded=succeeded))


def failures(session: Session, *, account_hash: str, reason: str, since: datetime) -> list[SignInAttempt]:
    """List the failed tries of an account since a moment that were noted with this reason, oldest first."""
    return list(session.exec(select(SignInAttempt).where(
        SignInAttempt.account_hash == account_hash, col(SignInAttempt.succeeded).is_(False),
        SignInAttempt.reason == reason, SignInAttempt.at >= since).order_by(col(SignInAttempt.at))))


def last_successes(session: Session, *, account_hash: str, since: datetime) -> dict[str, datetime]:
    """Give, for each address an account was opened from since a moment, the last time that was."""
    tries = session.exec(select(SignInAttempt).where(
        SignInAttempt.account_hash == account_hash, col(SignInAttempt.succeeded),
        SignInAttempt.at >= since).order_by(col(SignInAttempt.at)))
    return {row.address_hash: row.at for row in tries}


def forget_failures(session: Session, *, account_hash: str) -> int:
    """Remove the failed tries of an account, so that nobody waits because of them; returns how many there were."""
    return int(session.exec(delete(SignInAttempt).where(
        col(SignInAttempt.account_hash) == account_hash, col(SignInAttempt.succeeded).is_(False))).rowcount)


def is_used(session: Session, *, account_hash: str, reason: str) -> bool:
    """Say whether something that works once has been used for an account."""
    return session.exec(select(SignInAttempt.id).where(
        SignInAttempt.account_hash == account_hash, SignInAttempt.reason == reason).limit(1)).first() is not None


def count_failures(session: Session, *, since: datetime, account_hash: str | None = None,
                   address_hash: str | None = None, reason: str | None = None) -> int:
    """Count failed tries since a moment, of an account, from an address, noted with a reason, or all of these."""
    statement = select(func.count()).select_from(SignInAttempt).where(
        col(SignInAttempt.succeeded).is_(False), SignInAttempt.at >= since)
    if account_hash is not None:
        statement = statement.where(SignInAttempt.account_hash == account_hash)
    if address_hash is not None:
        statement = statement.where(SignInAttempt.address_hash == address_hash)
    if reason is not None:
        statement = statement.where(SignInAttempt.reason == reason)
    return int(session.exec(statement).one())


def forget_attempts(session: Session, *, before: datetime) -> int:
    """Remove the tries from before a moment."""
    return int(session.exec(delete(SignInAttempt).where(col(SignInAttempt.at) < before)).rowcount)
