"""Under which name, colour and logo a client's reports go out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.reports.document import Brand, Document
from leadscore.reports.html import html
from leadscore.steps.branding import brand_of, keep_brand
from leadscore.store import audit, clients
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench


def current_brand(workbench: Workbench, actor: Actor, *, client: str) -> Brand:
    """Give the brand of a client; its name in the workbench's colour until somebody chooses another."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return brand_of(clients.find(session, client), client)


def preview_brand(workbench: Workbench, actor: Actor, *, client: str, name: str, colour: str,
                  logo: bytes | None = None) -> str:
    """Show how the head of a report would look; nothing is saved.

    Parameters
    ----------
    logo : bytes or None
        None for the one in force.

    Returns
    -------
    str
        One HTML page that needs nothing else.

    Raises
    ------
    InvalidRequest
        The name, the colour or the logo cannot be used.
    """
    brand = _wished(current_brand(workbench, actor, client=client), client, name, colour, logo)
    now = workbench.clock()
    return html(Document("Performance", f"Leads that came in by {now.day} {now:%B %Y}", brand, now, actor.name))


def save_brand(workbench: Workbench, actor: Actor, *, client: str, name: str, colour: str,
               logo: bytes | None = None) -> Brand:
    """Change the brand of a client.

    Parameters
    ----------
    name : str
        Empty for the client's own.
    colour : str
        As ``#1d5fa3``; texts take a darker shade of it where it could not be read on white.
    logo : bytes or None
        A PNG or JPEG picture; None keeps the one in force.

    Raises
    ------
    InvalidRequest
        One of them cannot be used; nothing has changed.
    """
    require(actor, Action.EDIT_POLICY, client)
    return _change(workbench, actor, client, lambda before: _wished(before, client, name, colour, logo))


def remove_logo(workbench: Workbench, actor: Actor, *, client: str) -> Brand:
    """Let reports go out without a logo."""
    require(actor, Action.EDIT_POLICY, client)
    return _change(workbench, actor, client, lambda before: replace(before, logo=None))


def _wished(before: Brand, client: str, name: str, colour: str, logo: bytes | None) -> Brand:
    return Brand(name.strip() or client, colour.strip().lower(), before.logo if logo is None else logo)


def _change(workbench: Workbench, actor: Actor, client: str, wished: Callable[[Brand], Brand]) -> Brand:
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = brand_of(session.get_one(Client, client_id), client)
        after = wished(before)
        if after != before:
            keep_brand(session, client_id, after)
            audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="brand_saved",
                         object=f"client:{client_id}", detail={"before": _told(before), "after": _told(after)})
    return after


def _told(brand: Brand) -> dict[str, Any]:
    """Describe a brand for the audit trail; of the logo its fingerprint."""
    return {"name": brand.name, "colour": brand.colour,
            "logo": hashlib.sha256(brand.logo).hexdigest() if brand.logo else None}
