"""How long data is kept: the rules a client has set, in sentences."""

from __future__ import annotations

from leadscore.steps.compliance.asking import Asked
from leadscore.store import evidence


def retention_rules(asked: Asked) -> list[str]:
    """Say in sentences what is removed and when, as it is set up now."""
    oldest = evidence.oldest_lead(asked.session, asked.client_id)
    kept = [f"The oldest lead was stored on {oldest}."] if oldest else []
    return ["No rule removes leads by age; they are kept until somebody removes them.", *kept]
