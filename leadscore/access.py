"""Who may do what: roles, actions and the one check every service makes first."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from leadscore.errors import Forbidden, NotFound


class Role(StrEnum):
    """Roles, from all rights to reading only."""

    ADMIN = "admin"
    MANAGER = "manager"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Action(StrEnum):
    """Everything a service lets an actor do."""

    VIEW_LEADS = "view_leads"
    VIEW_PERSONAL_DATA = "view_personal_data"
    IMPORT_LEADS = "import_leads"
    EDIT_LEADS = "edit_leads"
    EXPORT_LEADS = "export_leads"
    TRAIN_MODEL = "train_model"
    DEPLOY_MODEL = "deploy_model"
    EDIT_POLICY = "edit_policy"
    VIEW_AUDIT = "view_audit"
    MANAGE_USERS = "manage_users"
    ERASE = "erase"
    CONFIGURE = "configure"


_VIEWER = frozenset({Action.VIEW_LEADS})
_ANALYST = _VIEWER | {Action.IMPORT_LEADS, Action.EXPORT_LEADS, Action.EDIT_LEADS, Action.VIEW_PERSONAL_DATA,
                      Action.TRAIN_MODEL, Action.VIEW_AUDIT}
_MANAGER = _ANALYST | {Action.DEPLOY_MODEL, Action.EDIT_POLICY, Action.ERASE}

PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.ANALYST: _ANALYST,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Action),
}


@dataclass(frozen=True)
class Actor:
    """A person or a program acting on the store.

    Parameters
    ----------
    name : str
        What the audit trail calls the actor.
    role : Role
        Decides the allowed actions.
    user_id : int or None
        Row of the user table; None for the local operator on the command line.
    clients : frozenset of str
        Client names the actor may touch; ignored for administrators, who see all.
    """

    name: str
    role: Role
    user_id: int | None = None
    clients: frozenset[str] = field(default_factory=frozenset)

    def may(self, action: Action) -> bool:
        """Say whether the role allows the action."""
        return action in PERMISSIONS[self.role]

    def sees(self, client: str) -> bool:
        """Say whether the actor may touch the leads of this client."""
        return self.role is Role.ADMIN or client in self.clients


def require(actor: Actor, action: Action, client: str | None = None) -> None:
    """Refuse unless the actor's role allows the action on this client.

    A client the actor may not see is reported as unknown, so that names of other accounts cannot be guessed.

    Raises
    ------
    Forbidden
        The role lacks the action.
    NotFound
        The client is not one of the actor's.
    """
    if client is not None and not actor.sees(client):
        raise NotFound("unknown_client", f"There is no client '{client}' in your account.",
                       "Choose one of the clients you have been given access to.")
    if not actor.may(action):
        raise Forbidden("forbidden", f"Your role '{actor.role}' does not allow this ({action.replace('_', ' ')}).",
                        "Ask an administrator to change your role or to do it for you.")
