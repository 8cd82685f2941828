"""The validation rules a client has chosen, read from and written to its settings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from leadscore.ingest.rules import Rule
from leadscore.schema import FIELDS, Kind
from leadscore.store import clients, lead_reading
from leadscore.store.database import read
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

SETTING = "validation_rules"


def rules_for(workbench: Workbench, client: str) -> tuple[Rule, ...]:
    """Give the rules of a client; none for one that is new."""
    with read(workbench.engine) as session:
        return rules_of(clients.find(session, client))


def rules_of(row: Client | None) -> tuple[Rule, ...]:
    """Give the rules in a client's row."""
    return tuple(Rule.from_dict(entry) for entry in row.settings.get(SETTING) or ()) if row else ()


def keep_rules(session: Session, client_id: int, rules: Sequence[Rule]) -> None:
    """Replace the rules of a client, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: [rule.to_dict() for rule in rules]})


def kinds_of(session: Session, client_id: int) -> dict[str, Kind]:
    """Give the kind of every column a rule may name: the fields everybody has, and the client's own columns."""
    own = lead_reading.custom_fields(session, client_id)
    return {field.name: field.kind for field in FIELDS} | {field.name: field.kind for field in own}
