"""The brand a client's reports go out under, read from and written to its settings."""

from __future__ import annotations

from base64 import b64decode, b64encode

from sqlmodel import Session

from leadscore.reports.document import ACCENT, Brand
from leadscore.store import clients
from leadscore.store.tables import Client

SETTING = "brand"


def brand_of(row: Client | None, client: str) -> Brand:
    """Give the brand in a client's row; of one that has chosen nothing, its name in the workbench's colour."""
    kept = (row.settings.get(SETTING) or {}) if row else {}
    logo = kept.get("logo")
    return Brand(name=kept.get("name") or client, colour=kept.get("colour") or ACCENT,
                 logo=b64decode(logo) if logo else None)


def keep_brand(session: Session, client_id: int, brand: Brand) -> None:
    """Replace the brand of a client, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    kept = {"name": "" if brand.name == row.name else brand.name, "colour": brand.colour,
            "logo": b64encode(brand.logo).decode() if brand.logo else None}
    clients.save_settings(session, client_id, {**row.settings, SETTING: kept})
