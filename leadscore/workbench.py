"""The wired workbench: settings, store, vault, registry and clock, made once and passed in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from leadscore.config import Settings, load_settings
from leadscore.connectors.language.local import LocalEmbedder
from leadscore.connectors.language.openai_compatible import LanguageServer, language_server
from leadscore.errors import InvalidRequest
from leadscore.store import erasure_list
from leadscore.store.database import migrate, open_database
from leadscore.store.key_ring import open_vault
from leadscore.store.registry import Registry
from leadscore.store.uploads import UploadStore
from leadscore.store.vault import Vault, check_key

DEFAULT_CLIENT = "default"
MOST_MEASURED = 2_000
UNFINISHED = ".restoring"
"""Stands in a home while a backup is being put in its place; one that was interrupted must be done again."""
EMBEDDER = LocalEmbedder()
"""One for all workbenches of a process: its words are read once, at the first use."""


def utc_now() -> datetime:
    """Give the present moment, aware of its time zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Measured:
    """How long one piece of work took, and at what moment it ended; ``client`` is a name."""

    what: str
    seconds: float
    at: datetime
    client: str | None = None
    rows: int | None = None
    peak_mb: float | None = None
    failed: bool = False


@dataclass(frozen=True)
class Workbench:
    """Everything a use case needs from the outside world.

    Parameters
    ----------
    settings : Settings
    engine : Engine
        The store.
    vault : Vault
        Keys for personal fields, indexes and the audit chain.
    registry : Registry
        Model files.
    uploads : UploadStore
        Encrypted files waiting for a job, and files a job has made.
    clock : callable
        Gives the present moment; tests pass their own.
    loaded : dict
        Models already in memory, by version; filled by ``steps.models``.
    nearby : dict
        Vectors of leads already in memory, by client and space; filled by ``steps.nearness``.
    embedder : LocalEmbedder
        Turns texts into vectors, on this machine.
    language : LanguageServer or None
        The language server of the settings, asked only for clients whose administrator has switched it on.
    remembered : dict
        Answers that stay true until something changes, by kind; filled by ``steps.remembering``, which also bounds it.
    panels : dict
        Leads prepared for trying out policies; filled by ``steps.panels``, which also bounds it.
    measured : deque
        How long work took, until ``steps.timing`` writes it down; the oldest are lost first.
    """

    settings: Settings
    engine: Engine
    vault: Vault
    registry: Registry
    uploads: UploadStore
    clock: Callable[[], datetime] = utc_now
    loaded: dict[Any, Any] = field(default_factory=dict)
    nearby: dict[Any, Any] = field(default_factory=dict)
    embedder: LocalEmbedder = field(default_factory=LocalEmbedder)
    language: LanguageServer | None = None
    remembered: dict[Any, Any] = field(default_factory=dict)
    panels: dict[Any, Any] = field(default_factory=dict)
    measured: deque[Measured] = field(default_factory=lambda: deque(maxlen=MOST_MEASURED))


def open_workbench(settings: Settings | None = None, clock: Callable[[], datetime] = utc_now) -> Workbench:
    """Prepare an empty home if need be and wire the parts together.

    Raises
    ------
    LeadScoreError
        The secret key does not belong to this store, the list of erased people was changed, or a restore was
        interrupted.
    """
    settings = settings or load_settings()
    if (settings.home / UNFINISHED).exists():
        raise InvalidRequest("restore_unfinished", "A backup was being restored into this home and did not get to its "
                             "end.", "Run 'leadscore restore' again with --force; nothing has been lost.")
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    settings.models_folder.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.url)
    migrate(engine)
    vault = open_vault(settings, engine, now=clock())
    check_key(engine, vault)
    # a backup that was put back may hold people who were erased since it was made
    erasure_list.catch_up(engine, vault, settings.data_folder, now=clock())
    return Workbench(
        settings=settings,
        engine=engine,
        vault=vault,
        registry=Registry(settings.models_folder, vault.key("manifest")),
        uploads=UploadStore(settings.data_folder / "uploads", vault.key("uploads")),
        clock=clock,
        embedder=EMBEDDER,
        language=language_server(settings),
    )
