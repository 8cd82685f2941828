"""How long data is kept: a client's rules and those of the whole workbench, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from leadscore.steps.compliance.asking import Asked
from leadscore.store import evidence
from leadscore.store.retention import CLIENT_RULES, HOUSE_RULES, LEADS, Rule
from leadscore.store.tables import Client

SETTING = "retention_days"
"""Where a client's own rules stand in its settings; what it has not changed holds as the workbench has it."""


def days_of(row: Client | None) -> dict[str, int | None]:
    """Give how long each kind of thing is kept for a client; None keeps it for good."""
    usual = {rule.name: rule.days for rule in CLIENT_RULES}
    return usual | (dict(row.settings.get(SETTING) or {}) if row else {})


def retention_rules(asked: Asked) -> list[str]:
    """Say in sentences what is removed and when, as it is set up now."""
    days = days_of(asked.session.get_one(Client, asked.client_id))
    leads = days[LEADS]
    oldest = evidence.oldest_lead(asked.session, asked.client_id)
    return [f"Leads without a sign of life are removed after {leads:,} days." if leads else
            "No rule removes leads by age; they are kept until somebody removes them.",
            *([f"The oldest lead was stored on {oldest}."] if oldest else []),
            f"Removed once older than this: {_listed([rule for rule in CLIENT_RULES if rule.name != LEADS], days)}.",
            f"For the workbench as a whole: {_listed(HOUSE_RULES, {rule.name: rule.days for rule in HOUSE_RULES})}."]


def _listed(rules: Sequence[Rule], days: dict[str, int | None]) -> str:
    return "; ".join(f"{rule.label[:1].lower()}{rule.label[1:]}, {_after(days[rule.name])}" for rule in rules)


def _after(days: int | None) -> str:
    return "kept" if days is None else f"{days:,} days"
