"""Who is acting: the first administrator, the accounts there are, and what each of them may see."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from leadscore.access import Action, Actor, Role, require
from leadscore.errors import Forbidden, InvalidRequest
from leadscore.steps.passwords import LONGEST_PASSWORD as LONGEST_PASSWORD
from leadscore.steps.passwords import SHORTEST_PASSWORD as SHORTEST_PASSWORD
from leadscore.steps.passwords import check_password, hash_password
from leadscore.steps.people import actor_from, check_name, id_of, password_due, tell
from leadscore.store import clients, facts, users
from leadscore.store.database import read, write
from leadscore.store.tables import Fact, User
from leadscore.workbench import DEFAULT_CLIENT, Workbench

FIRST_ADMINISTRATOR = "first_administrator"


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
    password_hash, now = hash_password(password), workbench.clock()
    try:
        with write(workbench.engine) as session:
            if users.list_all(session):
                raise _already_set_up()
            # the primary key lets one of two simultaneous visitors win
            session.add(Fact(name=FIRST_ADMINISTRATOR, value=name))
            row = users.add(session, name=name, role=Role.ADMIN, password_hash=password_hash, now=now)
            clients.ensure(session, DEFAULT_CLIENT, now)
            tell(workbench, session, now, actor=name, action="user_added", user_id=id_of(row),
                  detail={"role": Role.ADMIN, "first": True})
    except IntegrityError as problem:
        raise _already_set_up() from problem
    return Actor(name=name, role=Role.ADMIN, user_id=id_of(row))


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
        return actor_from(session, row)


# --- accounts ------------------------------------------------------------------------------------------------


def list_users(workbench: Workbench, actor: Actor) -> list[Account]:
    """List the accounts by name."""
    require(actor, Action.MANAGE_USERS)
    with read(workbench.engine) as session:
        return [_account(session, row) for row in users.list_all(session)]


def add_user(workbench: Workbench, actor: Actor, *, name: str, password: str, role: Role,
             clients: Sequence[str] = (), must_change: bool = False) -> Account:
    """Make an account; without clients it sees the client ``default``.

    Parameters
    ----------
    must_change : bool
        Whether its owner must choose another password at the first sign-in.

    Raises
    ------
    InvalidRequest
        The name is taken or cannot be one, or the password is too easy to guess.
    """
    require(actor, Action.MANAGE_USERS)
    name = check_name(name)
    check_password(password, name=name)
    password_hash, now = hash_password(password), workbench.clock()
    with write(workbench.engine) as session:
        row = users.add(session, name=name, role=role, password_hash=password_hash, now=now)
        names = _grant(session, row, clients or [DEFAULT_CLIENT], now)
        if must_change:
            facts.note(session, password_due(id_of(row)), now.isoformat())
        tell(workbench, session, now, actor=actor.name, action="user_added", user_id=id_of(row),
              detail={"role": role, "clients": names})
        return _account(session, row)


def change_user(workbench: Workbench, actor: Actor, *, user_id: int, role: Role | None = None,
                disabled: bool | None = None, clients: Sequence[str] | None = None,
                password: str | None = None, must_change: bool = False) -> Account:
    """Change what is given of an account; its sessions end, so that the change holds at once.

    Parameters
    ----------
    password : str, optional
        A new one; with ``must_change`` its owner must choose another at the next sign-in.

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
    password_hash, now = None if password is None else hash_password(password), workbench.clock()
    with write(workbench.engine) as session:
        row = users.change(session, user_id, role=role, password_hash=password_hash, disabled=disabled)
        if users.count(session, role=Role.ADMIN) == 0:
            raise InvalidRequest("last_administrator", "This is the only administrator who can sign in.",
                                 "Make another administrator first.")
        if clients is not None:
            _grant(session, row, clients, now)
        if password is not None and must_change:
            facts.note(session, password_due(user_id), now.isoformat())
        after = _account(session, row)
        tell(workbench, session, now, actor=actor.name, action="user_changed", user_id=user_id,
              detail={"before": _rights(before), "after": _rights(after), "new_password": password is not None})
    return after


def must_change_password(workbench: Workbench, actor: Actor) -> bool:
    """Say whether somebody signed in with a password that an administrator has given them."""
    if actor.user_id is None:
        return False
    with read(workbench.engine) as session:
        return facts.value_of(session, password_due(actor.user_id)) is not None


def visible_clients(workbench: Workbench, actor: Actor) -> list[str]:
    """Name the clients whose leads an actor may see, the default one first."""
    names = actor.clients
    if actor.role is Role.ADMIN:
        with read(workbench.engine) as session:
            names = frozenset(client.name for client in clients.list_all(session)) | {DEFAULT_CLIENT}
    return sorted(names, key=lambda name: (name != DEFAULT_CLIENT, name.casefold()))


def _account(session: Session, row: User) -> Account:
    return Account(id=id_of(row) or 0, name=row.name, role=Role(row.role), disabled=row.disabled,
                   clients=actor_from(session, row).clients, created_at=row.created_at)


def _grant(session: Session, row: User, names: Sequence[str], now: datetime) -> list[str]:
    users.set_clients(session, id_of(row) or 0, [clients.ensure(session, name, now) for name in names])
    return sorted(set(names))


def _rights(account: Account) -> dict[str, object]:
    return {"role": account.role, "clients": sorted(account.clients), "disabled": account.disabled}


def _already_set_up() -> Forbidden:
    return Forbidden("already_set_up", "The administrator exists already.", "Sign in, or ask for an account.")
