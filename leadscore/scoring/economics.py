"""What a contact costs and a conversion brings, as a policy keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from leadscore.scoring.checks import refuse, within

MOST_MONEY = 1e12
LONGEST_CURRENCY = 8


@dataclass(frozen=True)
class Economics:
    """Money behind the ranking; both amounts in ``currency``, None while nobody has said."""

    cost_per_contact: float | None = None
    value_per_conversion: float | None = None
    currency: str = "EUR"


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
