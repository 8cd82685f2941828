"""One picture of a page leaves as a file: its rows as a table, or the picture as an image on white paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from leadscore.access import Action, Actor, require
from leadscore.charts import still
from leadscore.charts.picture import Picture
from leadscore.errors import InvalidRequest
from leadscore.steps.exporting import table_bytes
from leadscore.store import audit, clients
from leadscore.store.database import write
from leadscore.workbench import Workbench

MIMES = {"csv": "text/csv", "png": "image/png", "svg": "image/svg+xml"}
NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
LONGEST_CLIENT = 40


@dataclass(frozen=True)
class Download:
    """A file to hand over; its name says what it shows, of whom, and of which day."""

    filename: str
    content: bytes
    mime: str


def picture_file(workbench: Workbench, actor: Actor, *, client: str, picture: Picture,
                 format: str) -> Download:  # noqa: A002
    """Write a picture as a file, and into the audit trail that it was taken.

    Parameters
    ----------
    format : {"csv", "png", "svg"}
        The rows as UTF-8 with every formula guarded, or the picture with its title.

    Raises
    ------
    InvalidRequest
        Another format, or an image of a picture that has nothing to draw.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    content = _content(picture, format, f"{client}, {now.day} {now:%B %Y}")
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="figure_downloaded", object=f"figure:{picture.key}",
                     detail={"key": picture.key, "format": format, "sha256": sha256(content).hexdigest()})
    return Download(file_name(picture, client, f"{now:%Y-%m-%d}", format), content, MIMES[format])


def file_name(picture: Picture, client: str, day: str, format: str) -> str:  # noqa: A002
    """Give a file name every system takes: ``gains-acme-2026-11-21.png``."""
    parts = (picture.key, client[:LONGEST_CLIENT], day)
    return f"{'-'.join(part for part in (_plain(part) for part in parts) if part)}.{format}"


def _content(picture: Picture, format: str, below: str) -> bytes:  # noqa: A002
    if format not in MIMES:
        raise InvalidRequest("unknown_format", f"A picture cannot be written as '{format}'.",
                             f"Choose one of {', '.join(MIMES)}.")
    if format == "csv":
        return table_bytes(picture.data, "csv")
    if picture.spec is None:
        raise InvalidRequest("nothing_to_draw", f"There is nothing to draw yet: {picture.title}.", picture.empty)
    titled = still.titled(picture.spec, picture.title, below=below)
    return still.png(titled) if format == "png" else still.svg(titled).encode()


def _plain(text: str) -> str:
    return NOT_IN_A_NAME.sub("-", text.lower()).strip("-")
