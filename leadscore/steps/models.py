"""A model version named in a request becomes a verified model in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from leadscore.errors import InvalidRequest, NotFound
from leadscore.modeling.artefact import from_files
from leadscore.modeling.model import TrainedModel
from leadscore.store import audit
from leadscore.store import models as model_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

CHAMPION = "champion"
NO_MODEL = "none"
MODELS_IN_MEMORY = 8


@dataclass(frozen=True)
class ChosenModel:
    """A model with its version number; both None when scoring is by rules alone."""

    version: int | None
    model: TrainedModel | None


def find_version(session: Session, client_id: int, version: str) -> ModelVersion | None:
    """Find the row a request means: a number, 'v3', 'champion' (None when there is none) or 'none'.

    Raises
    ------
    InvalidRequest
        The text is no version.
    NotFound
        The client has no such version.
    """
    wanted = version.strip().lower()
    if wanted == NO_MODEL:
        return None
    if wanted == CHAMPION:
        return model_rows.champion(session, client_id)
    number = wanted.removeprefix("v")
    if not number.isdecimal() or len(number) > 12:
        raise InvalidRequest("unknown_model", f"'{version}' is not a model version.",
                             "Use a number from 'models list', 'champion' or 'none'.")
    row = model_rows.find(session, client_id, int(number))
    if row is None:
        raise NotFound("unknown_model", f"There is no model version {number}.", "'models list' shows the versions.")
    return row


def load_model(workbench: Workbench, row: ModelVersion | None) -> ChosenModel:
    """Load a version after its files have been checked against the signed manifest.

    Raises
    ------
    TamperedData
        A file or the manifest is not what was registered.
    """
    if row is None or row.id is None:
        return ChosenModel(None, None)
    if row.folder not in workbench.loaded:
        files = workbench.registry.load(row.folder)
        while len(workbench.loaded) >= MODELS_IN_MEMORY:
            workbench.loaded.pop(next(iter(workbench.loaded)))
        workbench.loaded[row.folder] = from_files(files)
    return ChosenModel(row.id, workbench.loaded[row.folder])


def crown(session: Session, workbench: Workbench, *, client_id: int, version: int, actor_name: str,
          now: datetime) -> int | None:
    """Make a version the champion, in the caller's transaction, and give the version it replaces."""
    before = model_rows.champion(session, client_id)
    model_rows.deploy(session, client_id, version)
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action="model_deployed",
                 object=f"model:{version}", detail={"before": before.id if before else None, "after": version})
    return before.id if before else None
