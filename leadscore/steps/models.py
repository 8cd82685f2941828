"""A model version named in a request becomes a verified model in memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from leadscore.errors import InvalidRequest, NotFound
from leadscore.modeling.files.artefact import from_files, library_differences
from leadscore.modeling.files.proof import proof_of
from leadscore.modeling.model import Model
from leadscore.schema import label_of
from leadscore.steps.alerting import DRIFT_SUBJECT, AlertKind, settle_alert
from leadscore.steps.approving import refuse_unapproved
from leadscore.store import audit, clients
from leadscore.store import experiments as experiment_rows
from leadscore.store import models as model_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

CHAMPION = "champion"
NO_MODEL = "none"
PREVIOUS = "previous"
CHALLENGER = "challenger"
MODELS_IN_MEMORY = 8
CHAMPION_REPLACED = "champion_replaced"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChosenModel:
    """A model with its version number; both None when scoring is by rules alone."""

    version: int | None
    model: Model | None


@dataclass(frozen=True)
class Checked:
    """What a check of a version's files and of its answers has found.

    Parameters
    ----------
    files : int
        Files that are the bytes that were registered.
    proof : str or None
        What was noted of its answers at registration; None before proofs were noted.
    found : str
        The proof of its answers now.
    libraries : tuple of str
        Libraries whose version is another one than at the training, with both versions.
    """

    version: int
    files: int
    proof: str | None
    found: str
    libraries: tuple[str, ...]

    @property
    def same_answers(self) -> bool | None:
        """Whether it answers bit for bit as it did; None when nothing was noted."""
        return None if self.proof is None else self.proof == self.found

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person must know, in sentences."""
        others = f" ({', '.join(self.libraries)})" if self.libraries else ""
        if self.same_answers is False:
            return (f"Version {self.version} does not answer as it did when it was registered{others}.",)
        if self.same_answers is None:
            return (f"Version {self.version} was registered without a proof of its answers{others}.",)
        return (f"Version {self.version} was trained with other library versions{others}; "
                "its answers are still the same, bit for bit.",) if others else ()

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"files": self.files, "same_answers": self.same_answers, "proof": self.proof,
                "libraries": list(self.libraries), "warnings": list(self.warnings)}


def find_version(session: Session, client_id: int, version: str) -> ModelVersion | None:
    """Find the row a request means: a number, 'v3', an alias or 'none'; None for rules alone, or without a champion.

    Raises
    ------
    InvalidRequest
        The text is no version.
    NotFound
        The client has no such version, or no previous one or challenger.
    """
    wanted = version.strip().lower()
    if wanted == NO_MODEL:
        return None
    if wanted in (CHAMPION, CHALLENGER, PREVIOUS):
        named = model_rows.with_alias(session, client_id, wanted)
        if named is None and wanted != CHAMPION:
            raise NotFound("unknown_model", f"No model version is the {wanted} one.",
                           "'models list' shows the versions.")
        return named
    number = wanted.removeprefix("v")
    if not number.isdecimal() or len(number) > 12:
        raise InvalidRequest("unknown_model", f"'{version}' is not a model version.",
                             "Use a number from 'models list', 'champion' or 'none'.")
    row = model_rows.find(session, client_id, int(number))
    if row is None:
        raise NotFound("unknown_model", f"There is no model version {number}.", "'models list' shows the versions.")
    return row


def known_version(session: Session, client: str, version: str) -> ModelVersion:
    """Find the version of a client or refuse.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    client_row = clients.find(session, client)
    row = find_version(session, client_row.id, version) if client_row and client_row.id else None
    if row is None:
        raise NotFound("unknown_model", f"There is no model version '{version}'.", "'models list' shows the versions.")
    return row


def columns_missed(model: Model, missing: Sequence[str]) -> list[str]:
    """Name the columns a file lacks as the file the model learnt from did."""
    curves = model.report.effect_curves
    return [str(curves[name]["label"]) if name in curves else label_of(name) for name in missing]


def number_of(row: ModelVersion) -> int:
    """Give the number of a registered version."""
    if row.id is None:
        raise NotFound("unknown_model", "The model has not been registered.", "Train it again.")
    return row.id


def check_version(workbench: Workbench, row: ModelVersion) -> Checked:
    """Read a version's files anew, check their signature, and compare its answers with the proof noted of them.

    Raises
    ------
    TamperedData
        A file or the manifest is not what was registered.
    """
    # a version already in memory was checked when it was loaded, its files may have changed since
    files = workbench.registry.load(row.folder)
    model = from_files(files)
    noted = workbench.registry.manifest(row.folder).get("proof")
    return Checked(number_of(row), len(files), noted, proof_of(model), library_differences(model.report))


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
        _warn_of_other_libraries(row.id, workbench.loaded[row.folder])
    return ChosenModel(row.id, workbench.loaded[row.folder])


def _warn_of_other_libraries(version: int, model: Model) -> None:
    for difference in library_differences(model.report):
        log.warning("model %s was trained with another library version: %s; 'models verify %s' compares its answers",
                    version, difference, version)


def crown(session: Session, workbench: Workbench, *, client_id: int, version: int, actor_name: str,
          now: datetime, action: str = "model_deployed") -> int | None:
    """Make a version the champion, in the caller's transaction, and give the version it replaces.

    An experiment with another champion has lost its meaning and ends.

    Raises
    ------
    InvalidRequest
        ``not_approved``: the client wants a second person's word first.
    """
    refuse_unapproved(session, model_rows.find(session, client_id, version))
    model_rows.stand_alone(session, client_id)
    before = model_rows.champion(session, client_id)
    replaced = before.id if before else None
    model_rows.deploy(session, client_id, version)
    _end_experiment(session, workbench, client_id=client_id, version=version, actor_name=actor_name, now=now)
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action=action,
                 object=f"model:{version}", detail={"before": replaced, "after": version})
    if replaced != version:
        # what was found of another model says nothing of this one, whose own check is still to come
        settle_alert(session, workbench, client_id=client_id, kind=AlertKind.DRIFT, subject=DRIFT_SUBJECT, now=now,
                     by=actor_name)
    return replaced


def _end_experiment(session: Session, workbench: Workbench, *, client_id: int, version: int, actor_name: str,
                    now: datetime) -> None:
    running = experiment_rows.running(session, client_id)
    if running is None or running.champion_version == version:
        return
    note = f"Ended without a result: model {version} became the champion while the experiment ran."
    experiment_rows.end(session, running, decision=CHAMPION_REPLACED, verdict=note, ended_by=actor_name, now=now)
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action="experiment_ended",
                 object=f"experiment:{running.id}", detail={"decision": CHAMPION_REPLACED, "champion": version})


def challenge(session: Session, workbench: Workbench, *, client_id: int, version: int, actor_name: str, now: datetime,
              reason: str = "") -> int | None:
    """Make a version the challenger, in the caller's transaction, and give the version it replaces as such."""
    before = model_rows.with_alias(session, client_id, model_rows.CHALLENGER)
    replaced = before.id if before else None
    model_rows.challenge(session, client_id, version)
    audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor_name, action="model_challenges",
                 object=f"model:{version}", detail={"before": replaced, "after": version, "reason": reason})
    return replaced
