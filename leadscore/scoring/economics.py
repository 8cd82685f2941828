"""What a contact costs and a conversion brings, and how far down the ranking contacts pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.scoring.checks import refuse, within
from leadscore.scoring.measures import TAILS, Figure, Numbers, Ranking, figure

MOST_MONEY = 1e12
LONGEST_CURRENCY = 8
CURVE_POINTS = 100


@dataclass(frozen=True)
class Economics:
    """Money behind the ranking; both amounts in ``currency``, None while nobody has said."""

    cost_per_contact: float | None = None
    value_per_conversion: float | None = None
    currency: str = "EUR"


@dataclass(frozen=True)
class Profit:
    """What contacting the best leads brings, by how many are contacted.

    Parameters
    ----------
    curve : DataFrame
        Columns ``share`` (of the leads contacted, a fraction, from 0), ``contacts``, ``profit``, ``low`` and ``high``
        (95 %), in the currency of the economics.
    share : Figure
        Where the profit is largest; the interval is where the largest profit of each sample lies.
    profit : Figure
        At that share.
    contacts : int
        Leads to contact there.
    score : float or None
        Score of the last of them; None when contacting nobody is best.
    """

    curve: pd.DataFrame
    share: Figure
    profit: Figure
    contacts: int
    score: float | None


def check_economics(economics: Economics) -> None:
    """Refuse amounts that make no sense.

    Raises
    ------
    InvalidRequest
        An amount that is negative or no number, or a currency of no letters.
    """
    amounts = (("The cost per contact", economics.cost_per_contact),
               ("The value of a conversion", economics.value_per_conversion))
    for what, amount in amounts:
        if amount is not None and not within(amount, 0, MOST_MONEY):
            refuse("wrong_amount", f"{what} is not an amount of 0 or more.", "Leave it empty when it is not known.")
    if not 1 <= len(economics.currency) <= LONGEST_CURRENCY or not economics.currency.isalpha():
        refuse("wrong_currency", f"'{economics.currency}' is no currency.", "Use letters such as EUR or USD.")


def profit_by_share(ranking: Ranking, economics: Economics, leads: int) -> Profit | None:
    """Work out the profit of contacting the best leads: value x conversions - cost x contacts, by share contacted.

    Parameters
    ----------
    ranking : Ranking
        Of leads whose end is known.
    economics : Economics
    leads : int
        Leads still open, which the profit is told for: they are taken to convert as those of the ranking did.

    Returns
    -------
    Profit or None
        None while an amount is not known, or there is nobody to contact.
    """
    cost, value = economics.cost_per_contact, economics.value_per_conversion
    if cost is None or value is None or not leads:
        return None
    places = _places(ranking)
    contacted, converted = ranking.leads[:, places], ranking.found[:, places]
    profits = np.column_stack([np.zeros(len(contacted)), value * converted - cost * contacted])
    profits *= leads / ranking.total[:, None]
    shares = np.append(0.0, contacted[0] / ranking.total[0])
    best = int(profits[0].argmax())
    low, high = np.quantile(profits[1:], TAILS, axis=0) if len(profits) > 1 else (profits[0], profits[0])
    curve = pd.DataFrame({"share": shares, "contacts": np.rint(shares * leads).astype(np.int64), "profit": profits[0],
                          "low": np.minimum(low, profits[0]), "high": np.maximum(high, profits[0])})
    return Profit(curve, figure(shares[profits.argmax(axis=1)]), figure(profits[:, best]),
                  int(curve["contacts"].iloc[best]), float(ranking.scores[places[best - 1]]) if best else None)


def _places(ranking: Ranking) -> Numbers:
    """Choose at most so many places, the last among them, evenly by the leads down to them."""
    wanted = np.linspace(0, ranking.leads[0, -1], CURVE_POINTS + 1)[1:]
    return np.unique(np.minimum(np.searchsorted(ranking.leads[0], wanted - 0.5), len(ranking.scores) - 1))
