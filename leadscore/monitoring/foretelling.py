"""What scores foretold against what came of it: accuracy, ranges, gains, lift, reliability, and what it pays."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from leadscore.monitoring.performance import CONVERTED, LOST, Measured
from leadscore.monitoring.rates import Z_95, wilson, with_interval

LEAST_OUTCOMES = 10
"""Conversions and losses needed, each, before anything is said of how well scores tell them apart."""
TENTHS = 1001
STEPS = 20
POINTS = 100


def by_tenth(foretold: pd.DataFrame) -> pd.DataFrame:
    """Count leads whose end is known by what was foretold.

    Parameters
    ----------
    foretold : DataFrame
        Columns ``foretold`` (tenths of a point), ``outcome``, ``leads``, ``chance`` (a sum) and ``step`` (missing for
        leads without a chance).

    Returns
    -------
    DataFrame
        Index 0 to 1000; columns ``leads``, ``converted``, ``lost``, ``chance`` and ``chances`` (leads that have one).
    """
    leads = foretold["leads"]
    known = foretold["step"].notna()
    parts = pd.DataFrame({"leads": leads, "converted": leads.where(foretold["outcome"] == CONVERTED, 0),
                          "lost": leads.where(foretold["outcome"] == LOST, 0),
                          "chance": foretold["chance"].where(known, 0.0), "chances": leads.where(known, 0)})
    place = foretold["foretold"].to_numpy(dtype=np.int64).clip(0, TENTHS - 1)
    return parts.groupby(place).sum().reindex(range(TENTHS), fill_value=0)


def ranges(tenths: pd.DataFrame, width: int = 10) -> pd.DataFrame:
    """Put tenths together to ranges of scores.

    Returns
    -------
    DataFrame
        Columns ``low``, ``high``, ``leads``, ``converted``, ``lost``, ``rate`` with its interval, and ``expected``: the
        mean of the chances, missing without any.
    """
    place = np.minimum(tenths.index.to_numpy() // (10 * width), 100 // width - 1)
    grouped = tenths.groupby(place).sum()
    expected = grouped["chance"] / grouped["chances"].where(grouped["chances"] > 0)
    edges = {"low": grouped.index * width * 1.0, "high": (grouped.index + 1) * width * 1.0}
    return with_interval(grouped.assign(**edges, expected=expected)).drop(columns=["chance", "chances"]) \
        .reset_index(drop=True)


def gains(tenths: pd.DataFrame) -> pd.DataFrame:
    """Say which share of the conversions the best leads hold.

    Returns
    -------
    DataFrame
        Columns ``share`` and ``captured``, both rising from 0 to 1, at most 101 points; leads of one score share their
        places, so the line is straight across it. Empty while nothing has converted.
    """
    if not tenths["converted"].sum():
        return pd.DataFrame({"share": np.zeros(0), "captured": np.zeros(0)})
    share, captured = (np.append(0.0, np.cumsum(tenths[name].to_numpy(dtype=float)[::-1]) / tenths[name].sum())
                       for name in ("leads", "converted"))
    shown = np.linspace(0, 1, POINTS + 1)
    return pd.DataFrame({"share": shown, "captured": np.interp(shown, share, captured)})


def lift(curve: pd.DataFrame) -> pd.DataFrame:
    """Say how many times as often as on average the best leads convert: columns ``share`` and ``lift``; of gains."""
    ten = curve[(curve["share"] * POINTS).round() % 5 == 0].iloc[1:]
    return pd.DataFrame({"share": ten["share"], "lift": ten["captured"] / ten["share"]}).reset_index(drop=True)


def found_in_best(tenths: pd.DataFrame, share: float) -> Measured:
    """Give the share of the conversions that the best leads hold, with its Wilson interval; None without any."""
    curve, won = gains(tenths), float(tenths["converted"].sum())
    if curve.empty:
        return Measured(None)
    value = float(np.interp(share, curve["share"], curve["captured"]))
    _, low, high = wilson(np.array([value * won]), np.array([won]))
    return Measured(value, float(low[0]), float(high[0]))


def accuracy(tenths: pd.DataFrame) -> Measured:
    """Say how often a converted lead scored higher than a lost one; equals count half.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982), The meaning and use of the area under a ROC curve: the interval.
    """
    good, bad = tenths["converted"].to_numpy(dtype=float), tenths["lost"].to_numpy(dtype=float)
    won, lost = good.sum(), bad.sum()
    if min(won, lost) < LEAST_OUTCOMES:
        return Measured(None)
    area = float((good * (bad.cumsum() - bad / 2)).sum() / (won * lost))
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + (won - 1) * (first - area**2) + (lost - 1) * (second - area**2)) / (won * lost)
    half = Z_95 * math.sqrt(max(spread, 0.0))
    return Measured(area, max(area - half, 0.0), min(area + half, 1.0))


def confusion(tenths: pd.DataFrame, threshold: float) -> dict[str, int]:
    """Count leads whose end is known by what a threshold (in points) said of them."""
    above = tenths.index.to_numpy() >= round(threshold * 10)
    count = {"true_positive": tenths["converted"][above], "false_positive": tenths["lost"][above],
             "false_negative": tenths["converted"][~above], "true_negative": tenths["lost"][~above]}
    return {name: int(values.sum()) for name, values in count.items()}


def reliability(foretold: pd.DataFrame) -> pd.DataFrame:
    """Compare chances with what came of them.

    Parameters
    ----------
    foretold : DataFrame
        Columns ``step`` (0 to 20, missing without a chance), ``outcome``, ``leads`` and ``chance``.

    Returns
    -------
    DataFrame
        Columns ``expected`` (mean chance), ``rate`` with its interval, ``leads`` and ``converted``; one row for each
        step with leads.
    """
    known = foretold.dropna(subset="step")
    leads = known["leads"]
    parts = pd.DataFrame({"leads": leads, "converted": leads.where(known["outcome"] == CONVERTED, 0),
                          "chance": known["chance"]})
    grouped = parts.groupby(known["step"].clip(upper=STEPS - 1).to_numpy()).sum()
    return with_interval(grouped.assign(expected=grouped["chance"] / grouped["leads"])).drop(columns="chance") \
        .reset_index(drop=True)


def returns(tenths: pd.DataFrame, revenue: pd.Series, *, cost: float | None, width: int = 10) -> pd.DataFrame:
    """Say what leads of each range of scores brought and cost.

    Parameters
    ----------
    tenths : DataFrame
        Of :func:`by_tenth`.
    revenue : Series
        In one currency, by tenths.
    cost : float or None
        Of one lead; None when it is not known.

    Returns
    -------
    DataFrame
        Columns ``low``, ``high``, ``leads``, ``revenue``, ``cost`` and ``ret``, (revenue - cost) / cost; the last two
        missing where the cost is not known or nothing.
    """
    counts = ranges(tenths, width)
    place = np.minimum(revenue.index.to_numpy(dtype=np.int64) // (10 * width), 100 // width - 1)
    came = np.bincount(place, weights=revenue.to_numpy(dtype=float), minlength=100 // width)
    spent = counts["leads"] * (math.nan if cost is None else cost)
    paid = spent.where(spent > 0)
    return counts[["low", "high", "leads"]].assign(revenue=came, cost=spent, ret=(came - paid) / paid)


def profit(tenths: pd.DataFrame, *, value: float, cost: float, leads: int) -> pd.DataFrame:
    """Say what contacting the best leads brings: value x conversions - cost x contacts.

    Parameters
    ----------
    value, cost : float
        Of a conversion, and of a contact, in one currency.
    leads : int
        Leads it is told for: they are taken to convert as those did whose end is known.

    Returns
    -------
    DataFrame
        Columns ``share`` (contacted), ``contacts``, ``score`` (of the last of them), ``profit``, ``low`` and ``high``
        (from the Wilson interval of the conversions); empty without anybody whose end is known.
    """
    met, won = (np.cumsum(tenths[name].to_numpy(dtype=float)[::-1]) for name in ("leads", "converted"))
    total = met[-1]
    if not total or not leads:
        return pd.DataFrame({name: np.zeros(0) for name in ("share", "contacts", "score", "profit", "low", "high")})
    steps = np.append(0.0, np.diff(met)) > 0
    steps[0] = met[0] > 0
    rate, low, high = wilson(won[steps], met[steps])
    contacts = met[steps] / total * leads
    nobody = {"share": [0.0], "contacts": [0.0], "score": [100.0], "profit": [0.0], "low": [0.0], "high": [0.0]}
    curve = pd.DataFrame({
        "share": met[steps] / total, "contacts": contacts, "score": (tenths.index.to_numpy()[::-1] / 10)[steps],
        "profit": contacts * (value * rate - cost), "low": contacts * (value * low - cost),
        "high": contacts * (value * high - cost)})
    curve = pd.concat([pd.DataFrame(nobody), curve], ignore_index=True)
    return _thinned(curve)


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep of a long curve about a hundred points, the best and the last among them."""
    wanted = np.searchsorted(curve["share"].to_numpy(), np.linspace(0, 1, POINTS + 1) - 1e-9)
    kept = np.unique(np.concatenate([wanted.clip(0, len(curve) - 1), [curve["profit"].argmax(), len(curve) - 1]]))
    return curve.iloc[kept].reset_index(drop=True)
