"""The sample campaign: invented leads to try everything on; undoing its import removes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from leadscore.access import Action, Actor, require
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class CampaignFile:
    """A file as an upload would bring it."""

    filename: str
    content: bytes


def make_campaign_file(workbench: Workbench, actor: Actor, *, client: str, leads: int, seed: int) -> CampaignFile:
    """Invent a campaign that ended yesterday.

    Parameters
    ----------
    leads : int
        Rows to make.
    seed : int
        The same seed gives the same leads.
    """
    require(actor, Action.IMPORT_LEADS, client)
    end = workbench.clock().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    frame = make_campaign(leads, seed, end=end)
    return CampaignFile(f"sample_campaign_{leads}.csv", to_csv_bytes(frame))
