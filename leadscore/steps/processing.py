"""What a client enters by hand about how it processes personal data, read from and written to its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.store import clients
from leadscore.store.tables import Client

SETTING = "processing"
LONGEST = 2_000


@dataclass(frozen=True)
class Processing:
    """What only people know about the processing; each is text, empty where nobody has entered anything.

    Parameters
    ----------
    controller : str
        Who decides about the data: name, address, how to reach them.
    representative, officer : str
        The representative in the Union and the data protection officer, where there are any.
    contact : str
        Whom a person may write to who asks, contests or objects.
    purposes, legal_basis : str
        What scores are used for, and what allows it.
    recipients, transfers : str
        Who else gets the data, and countries outside the Union it goes to.
    retention, security : str
        Further time limits and measures, beside those of the workbench.
    sold_or_shared : str
        Whether data is sold or shared in the meaning of the California Consumer Privacy Act, and with whom.
    """

    controller: str = ""
    representative: str = ""
    officer: str = ""
    contact: str = ""
    purposes: str = ""
    legal_basis: str = ""
    recipients: str = ""
    transfers: str = ""
    retention: str = ""
    security: str = ""
    sold_or_shared: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Processing:
        """Read what was kept, or what a form gives.

        Raises
        ------
        InvalidRequest
            One of them is unknown, no text, or longer than 2,000 characters.
        """
        known = {field.name for field in fields(cls)}
        for name, value in values.items():
            if name not in known or not isinstance(value, str) or len(value) > LONGEST:
                raise InvalidRequest("wrong_processing_detail", f"'{name[:40]}' cannot be kept.",
                                     f"Give texts of at most {LONGEST:,} characters.")
        return cls(**{name: value.strip() for name, value in values.items()})

    def as_dict(self) -> dict[str, str]:
        """Give all of it as plain values."""
        return asdict(self)


def processing_of(row: Client | None) -> Processing:
    """Give what a client has entered; nothing of one that is new."""
    return Processing.from_dict((row.settings.get(SETTING) or {}) if row else {})


def keep_processing(session: Session, client_id: int, processing: Processing) -> None:
    """Replace what a client has entered, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: processing.as_dict()})
