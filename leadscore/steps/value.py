"""The orders a client may have called its leads in before, and what calling by score is worth beside one of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session, col, select

from leadscore.charts.numbers import MISSING, count, counted, percent, short_money
from leadscore.charts.picture import Picture
from leadscore.charts.value import orders_picture, reach_picture
from leadscore.errors import InvalidRequest
from leadscore.monitoring.money import converted
from leadscore.monitoring.value import LEAST_CONVERSIONS, Extra, Value, compared, curve, cut_at
from leadscore.schema import FIELDS, NUMERIC_KINDS, Group
from leadscore.steps.currencies import rates_for
from leadscore.steps.listing import ListView, filter_of
from leadscore.steps.money import UNNAMED
from leadscore.store import clients, lead_reading
from leadscore.store import value as value_rows
from leadscore.store.tables import Batch, Client
from leadscore.store.value import DAY, CallOrder
from leadscore.workbench import Workbench

SETTING = "order_before"
FIRST, NEWEST, RATING = "first", "newest", "rating"
HIGH, LOW = "high:", "low:"
BY_SCORE, ANY_ORDER = "By score", "In any order"
LEAST_SHARE, MOST_SHARE = 5, 50
"""Shares of the leads called that may be asked for, in per cent."""


@dataclass(frozen=True)
class OrderChoice:
    """An order to compare with: ``key`` for an address, and how it is called in a sentence."""

    key: str
    label: str


@dataclass(frozen=True)
class Worth:
    """What the extra conversions bring in one currency, and where that likely lies."""

    currency: str
    amount: float
    low: float
    high: float


@dataclass(frozen=True)
class ScoringValue:
    """What scoring is worth among leads whose end is known.

    Parameters
    ----------
    order : OrderChoice
        What is compared with.
    value : Value or None
        None where there is too little to tell.
    worth : tuple of Worth
        Of the extra conversions over the order of before, at what these leads' conversions brought on average.
    sentence : str
    pictures : tuple of Picture
    """

    order: OrderChoice
    percent: int
    value: Value | None
    worth: tuple[Worth, ...]
    sentence: str
    pictures: tuple[Picture, ...]


def choices_for(session: Session, client_id: int) -> tuple[OrderChoice, ...]:
    """List the orders this client's leads can be put in: by their day, and by every column of numbers they have."""
    filled = _filled(session, client_id)
    numbers = [(field.name, field.label) for field in FIELDS if field.kind in NUMERIC_KINDS and not field.personal
               and field.group is not Group.OUTCOME and field.name in filled]
    numbers += [(field.name, field.header) for field in lead_reading.custom_fields(session, client_id)
                if field.kind in NUMERIC_KINDS and not field.personal]
    by_number = [OrderChoice(f"{way}{name}", f"{label}, {word} first") for name, label in numbers
                 for way, word in ((HIGH, "highest"), (LOW, "lowest"))]
    rating = [OrderChoice(RATING, "rating, hot first")] if RATING in filled else []
    return (OrderChoice(FIRST, "first come, first served"), OrderChoice(NEWEST, "newest first"), *rating, *by_number)


def chosen_order(session: Session, client_id: int) -> str:
    """Give the key of the order a client says its team called in before; first come, first served by default."""
    row = session.get(Client, client_id)
    return str((row.settings.get(SETTING) if row else None) or FIRST)


def order_before(session: Session, client_id: int) -> OrderChoice:
    """Give the order a client says its team called in before; the default where its leads no longer have that one."""
    choices = choices_for(session, client_id)
    wanted = chosen_order(session, client_id)
    return find_order(choices, wanted if wanted in {choice.key for choice in choices} else FIRST)


def keep_order(session: Session, client_id: int, key: str) -> None:
    """Keep the order of before, in the caller's transaction; the rest of the client's settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: key})


def find_order(choices: tuple[OrderChoice, ...], key: str) -> OrderChoice:
    """Find an order by its key.

    Raises
    ------
    InvalidRequest
        The leads of this client have no such order.
    """
    for choice in choices:
        if choice.key == key:
            return choice
    raise InvalidRequest("unknown_order", f"These leads cannot be put in the order '{key}'.",
                         "Choose one of the orders on offer.")


def value_for(session: Session, workbench: Workbench, client_id: int, view: ListView, order: OrderChoice, *,
              share: int, by: str) -> ScoringValue:
    """Compare calling by score with an order of before, among the leads of a view whose end is known.

    Parameters
    ----------
    share : int
        Of the leads, in per cent.
    by : str
        Who looks: a view of theirs may stand on segments they may see.
    """
    if not LEAST_SHARE <= share <= MOST_SHARE:
        raise InvalidRequest("wrong_share", f"{share} % is no share to compare.",
                             f"Choose between {LEAST_SHARE} % and {MOST_SHARE} %.")
    chosen = filter_of(session, workbench, client_id, view, by=by)
    scores = value_rows.by_score(session, client_id, chosen)
    ended, won = int(scores["leads"].sum()), int(scores["converted"].sum())
    if min(won, ended - won) < LEAST_CONVERSIONS:
        return ScoringValue(order, share, None, (), _too_few(won, ended - won), ())
    cut = int(scores["score"].iloc[cut_at(scores, share / 100)[0]])
    before = value_rows.by_order(session, client_id, _call_order(order.key), scores, cut, chosen)
    found = compared(scores, before, share / 100)
    if found is None:
        return ScoringValue(order, share, None, (), _too_few(won, ended - won), ())
    sold = converted(value_rows.sold(session, client_id, chosen), "revenue", rates_for(session, client_id))
    worth = _worth(found.over_before, sold)
    return ScoringValue(order, share, found, worth, sentence_of(found, order, worth),
                        _pictures(found, order, scores, before))


def sentence_of(found: Value, order: OrderChoice, worth: tuple[Worth, ...]) -> str:
    """Say what calling by score finds more than the order of before, or that it cannot be told."""
    extra = found.over_before
    begun = (f"Calling the best {percent(found.share, 0)} by score finds {count(found.score.conversions)} of "
             f"{counted(found.conversions, 'conversion')}; {order.label} found {count(found.before.conversions)}")
    if not extra.told_apart:
        return (f"{begun}. The two cannot be told apart yet: the difference lies between {_signed(extra.low)} and "
                f"{_signed(extra.high)} conversions (95 %).")
    low, high = (extra.low, extra.high) if extra.low > 0 else (-extra.high, -extra.low)
    word = "more" if extra.low > 0 else "fewer"
    # of the figures as they are written, so that everybody can follow the subtraction
    more = abs(round(found.score.conversions) - round(found.before.conversions))
    money = " and ".join(short_money(abs(one.amount), one.currency or UNNAMED) for one in worth)
    return f"{begun}: {count(more)} {word} (95 %: {count(low)} to {count(high)})" + (f", about {money}." if money else
                                                                                   ".")


def _pictures(found: Value, order: OrderChoice, scores: pd.DataFrame, before: pd.DataFrame) -> tuple[Picture, ...]:
    names = (BY_SCORE, f"{order.label[:1].upper()}{order.label[1:]}", ANY_ORDER)
    table = pd.DataFrame([(one.conversions, one.share, one.low, one.high)
                          for one in (found.score, found.before, found.chance)],
                         columns=["conversions", "share", "low", "high"]).assign(order=names)
    chance = pd.DataFrame({"share": [0.0, 1.0], "captured": [0.0, 1.0]})
    curves = dict(zip(names, (curve(scores), curve(before), chance), strict=True))
    return (orders_picture(table, share=found.share, conversions=found.conversions),
            reach_picture(curves, share=found.share))


def _signed(conversions: float) -> str:
    return MISSING if pd.isna(conversions) else f"{conversions:+,.0f}".replace("+0", "0").replace("-0", "0")


def _worth(extra: Extra, sold: pd.DataFrame) -> tuple[Worth, ...]:
    """Value extra conversions at what a conversion brought on average, in each currency by itself."""
    told = int(sold["conversions"].sum())
    summed = sold.groupby("currency")["revenue"].sum().sort_values(ascending=False)
    return tuple(Worth(str(currency), extra.conversions * amount / told, extra.low * amount / told,
                       extra.high * amount / told) for currency, amount in summed.items() if amount)


def _too_few(won: int, lost: int) -> str:
    return (f"Too few to tell: {counted(won, 'conversion')} and {counted(lost, 'loss', 'losses')} of leads that were "
            f"scored without knowing their end; {LEAST_CONVERSIONS} of each are needed.")


def _call_order(key: str) -> CallOrder:
    if key in (FIRST, NEWEST):
        return CallOrder(DAY, descending=key == NEWEST)
    if key == RATING:
        return CallOrder(RATING, descending=True, rating=True)
    return CallOrder(key.removeprefix(HIGH).removeprefix(LOW), descending=key.startswith(HIGH))


def _filled(session: Session, client_id: int) -> set[str]:
    found = session.exec(select(Batch.fields).where(col(Batch.client_id) == client_id, col(Batch.undone_at).is_(None)))
    return {name for names in found for name in names}
