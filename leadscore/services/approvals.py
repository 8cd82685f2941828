"""A second person's word on a model before it is put to use, where a client wants that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.steps.alerting import AlertKind, settle_alert
from leadscore.steps.approving import is_wanted, keep_wish, may_be_used, same_person, word_on
from leadscore.steps.models import known_version, number_of
from leadscore.store import approvals, audit, clients
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Approval
from leadscore.workbench import Workbench

LONGEST_COMMENT = 500


@dataclass(frozen=True)
class Word:
    """What one person said of a version."""

    approved: bool
    comment: str
    by: str
    at: datetime


@dataclass(frozen=True)
class ApprovalState:
    """How one version stands.

    Parameters
    ----------
    word : Word or None
        The latest of somebody else than the one who trained it.
    usable : bool
        Whether it may be put to use.
    said : tuple of Word
        Everything that was said of it, oldest first.
    """

    version: int
    usable: bool
    word: Word | None
    said: tuple[Word, ...]


@dataclass(frozen=True)
class Approvals:
    """Whether a client wants a second person's word, and how each version stands."""

    on: bool
    versions: dict[int, ApprovalState]

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"second_person_approval": self.on, "versions": [asdict(state) for state in self.versions.values()]}


def approval_states(workbench: Workbench, actor: Actor, *, client: str) -> Approvals:
    """Show whether models need a second person's word, and who has said what."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return Approvals(False, {})
        said = approvals.list_all(session, row.id)
        states = {}
        for version in model_rows.list_all(session, row.id):
            number, word = number_of(version), word_on(version, said)
            states[number] = ApprovalState(number, may_be_used(session, version), _word(word) if word else None,
                                           tuple(_word(one) for one in said if one.model_version == number))
        return Approvals(is_wanted(session, row.id), states)


def require_approval(workbench: Workbench, actor: Actor, *, client: str, on: bool) -> Approvals:
    """Want a second person's word before a model is put to use, or no longer."""
    require(actor, Action.CONFIGURE, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = is_wanted(session, client_id)
        keep_wish(session, client_id, on=on)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="approval_setting_saved", object=f"client:{client_id}",
                     detail={"before": {"on": before}, "after": {"on": on}})
    return approval_states(workbench, actor, client=client)


def judge_model(workbench: Workbench, actor: Actor, *, client: str, version: str, approved: bool,
                comment: str = "") -> ApprovalState:
    """Approve a version, or reject it with a reason; whoever trained it cannot.

    Raises
    ------
    InvalidRequest
        ``own_model``: the actor has trained it. ``wrong_comment``: a rejection gives no reason, or it is too long.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    text, now = comment.strip(), workbench.clock()
    if len(text) > LONGEST_COMMENT or not (approved or text):
        raise InvalidRequest("wrong_comment", "A rejection needs a reason of at most "
                             f"{LONGEST_COMMENT} characters, an approval may have one.", "Say it in a sentence.")
    with write(workbench.engine) as session:
        row = known_version(session, client, version)
        if same_person(actor.name, row.created_by):
            raise InvalidRequest("own_model", f"You have trained model {row.id} yourself.",
                            "Somebody else who may put models to use has to look at it.")
        approvals.add(session, row.client_id, model_version=number_of(row), approved=approved, comment=text,
                      by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=row.client_id, actor=actor.name,
                     action="model_approved" if approved else "model_rejected", object=f"model:{row.id}",
                     detail={"comment": text})
        settle_alert(session, workbench, client_id=row.client_id, kind=AlertKind.APPROVAL, subject=f"model:{row.id}",
                     now=now, by=actor.name)
    return approval_states(workbench, actor, client=client).versions[number_of(row)]


def _word(row: Approval) -> Word:
    return Word(row.approved, row.comment, row.by, row.at)
