"""Invented leads to try everything on: a campaign to import, and investors in three tiers to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from leadscore.access import Action, Actor, require
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.sample.investors import Investors, make_investors
from leadscore.workbench import Workbench

FRESH_SHARE = 5


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


@dataclass(frozen=True)
class InvestorFiles:
    """Investors to learn from, and others to hold the model against.

    Parameters
    ----------
    learnt, fresh : bytes
        CSV files with the same columns; the tier is the last one.
    best_accuracy : float
        The accuracy to expect on ``fresh`` of whoever knows how it was made.
    """

    learnt: bytes
    fresh: bytes
    best_accuracy: float


def make_investor_files(workbench: Workbench, actor: Actor, *, client: str, leads: int,  # noqa: ARG001
                        seed: int) -> InvestorFiles:
    """Invent investors in three tiers, and a fifth as many again whom no model has seen.

    Parameters
    ----------
    leads : int
        Rows to learn from.
    seed : int
        The same seed gives the same leads.
    """
    require(actor, Action.IMPORT_LEADS, client)
    fresh = make_investors(max(1, leads // FRESH_SHARE), seed + 1)
    return InvestorFiles(_as_csv(make_investors(leads, seed)), _as_csv(fresh), fresh.best_accuracy)


def _as_csv(made: Investors) -> bytes:
    return to_csv_bytes(made.leads.astype("str"))
