"""Whether a model version may be put to use: where a client wants a second person's word, not without it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.store import approvals, clients
from leadscore.store import models as model_rows
from leadscore.store.tables import Approval, Client, ModelVersion

SETTING = "second_person_approval"
WAITS = "It waits for the approval of a second person."


def is_wanted(session: Session, client_id: int) -> bool:
    """Say whether this client's models need a second person's word."""
    row = session.get(Client, client_id)
    return bool(row is not None and row.settings.get(SETTING))


def keep_wish(session: Session, client_id: int, *, on: bool) -> None:
    """Switch it on or off, in the caller's transaction; the rest of the settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: on})


def word_on(row: ModelVersion, said: Sequence[Approval]) -> Approval | None:
    """Give the latest word on a version by somebody else than the one who trained it."""
    others = [one for one in said if one.model_version == row.id and not same_person(one.by, row.created_by)]
    return others[-1] if others else None


def same_person(one: str, other: str) -> bool:
    """Say whether two names are those of one person."""
    return one.strip().casefold() == other.strip().casefold()


def may_be_used(session: Session, row: ModelVersion) -> bool:
    """Say whether a version may be put to use.

    One that is in use, or was so just before, need not be approved to stay or to come back: going back is how a mistake
    is undone.
    """
    if not is_wanted(session, row.client_id) or row.alias in (model_rows.CHAMPION, model_rows.PREVIOUS):
        return True
    word = word_on(row, approvals.list_all(session, row.client_id, row.id))
    return word is not None and word.approved


def refuse_unapproved(session: Session, row: ModelVersion | None) -> None:
    """Refuse to put a version to use that a second person has not approved.

    Raises
    ------
    InvalidRequest
        ``not_approved``, with what to do about it.
    """
    if row is None or may_be_used(session, row):
        return
    word = word_on(row, approvals.list_all(session, row.client_id, row.id))
    said = f"was rejected by {word.by}" if word else "has not been approved by a second person"
    raise InvalidRequest("not_approved", f"Model {row.id} {said}.",
                    f"Somebody else than {row.created_by} who may put models to use can approve it: Settings, Models, "
                    f"or 'models approve {row.id}'.")
