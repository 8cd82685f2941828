"""Keys: which are in use, and how the secret and the key of personal fields are changed."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.steps.progress import Progress, silent
from leadscore.store import audit, key_ring, reencryption
from leadscore.store.database import read, write
from leadscore.store.key_ring import KeyState
from leadscore.store.vault import given_secret
from leadscore.workbench import Workbench

SECRET_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """The state of the keys; no key is in it.

    Parameters
    ----------
    generation : int
        Number of the key personal fields are encrypted with; 0 is the first one, which the first secret gives.
    waiting : int
        Values that an older key has encrypted.
    secret_from : str
        Where the secret comes from: ``environment`` or ``data/secret.key``.
    """

    generation: int
    waiting: int
    secret_from: str
    ring: tuple[KeyState, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


def show_keys(workbench: Workbench, actor: Actor) -> Keys:
    """Say which keys are in use and whether a renewal is under way."""
    require(actor, Action.CONFIGURE)
    with read(workbench.engine) as session:
        return Keys(workbench.vault.generation, reencryption.waiting(session, workbench.vault),
                    "environment" if workbench.settings.secret_key else "data/secret.key",
                    tuple(key_ring.states(session)))


def rotate_keys(workbench: Workbench, actor: Actor, *, progress: Progress | None = None) -> Keys:
    """Make a new key for personal fields and encrypt all of them with it; one that was interrupted is finished first.

    Each portion is a transaction of its own. What is not done yet stays readable, also when it ends in the middle.
    """
    require(actor, Action.CONFIGURE)
    tell, now, vault = progress or silent, workbench.clock(), workbench.vault
    secret = given_secret(workbench.settings)
    with write(workbench.engine) as session:
        # another process may have made a newer key: one that it has replaced must not come back
        key_ring.take_up(session, vault, secret)
        if not reencryption.waiting(session, vault) or not vault.generation:
            generation = key_ring.new_generation(session, vault, secret, by=actor.name, now=now)
            audit.append(session, vault, at=now, client_id=None, actor=actor.name, action="keys_rotated",
                         object=f"key:{generation}", detail={"generation": generation})
    with read(workbench.engine) as session:
        key_ring.take_up(session, vault, secret)
        total, done = max(reencryption.waiting(session, vault), 1), 0
    while True:
        with write(workbench.engine) as session:
            portion = reencryption.next_portion(session, vault)
        if not portion:
            break
        done += portion
        tell(min(done / total, 1.0), f"Encrypted {done:,} of {total:,} values anew")
    return show_keys(workbench, actor)


def change_secret(workbench: Workbench, actor: Actor) -> Keys:
    """Put a new random secret into ``data/secret.key``; other processes are to be restarted.

    Raises
    ------
    InvalidRequest
        The secret comes from the environment, where it is changed instead.
    """
    require(actor, Action.CONFIGURE)
    if workbench.settings.secret_key:
        raise InvalidRequest("secret_from_environment", "The secret comes from LEADSCORE_SECRET_KEY.",
                             "Set the new one there, the old one as LEADSCORE_OLD_SECRET_KEY, and start once.")
    now = workbench.clock()
    key_ring.change_secret_file(workbench.engine, workbench.settings, workbench.vault,
                                secrets.token_hex(SECRET_BYTES).encode(), by=actor.name, now=now)
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=None, actor=actor.name, action="secret_changed",
                     object="secret", detail={})
    return show_keys(workbench, actor)
