"""Figures of two periods in, how large their difference is against chance, and what a changed rate is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from leadscore.monitoring.performance import Measured
from leadscore.monitoring.rates import Z_95

LEAST_EXPECTED = 5.0
"""Leads that must be expected of either kind before shares are compared (Cochran 1954)."""
CHANCE = 0.05


@dataclass(frozen=True)
class Parts:
    """What the change of a rate is made of.

    Parameters
    ----------
    mix : float
        The part that comes from other shares of the groups, as a difference of rates.
    within : float
        The part that comes from other rates inside the groups; both add up to the whole change.
    groups : DataFrame
        Index: the groups. Columns ``share``, ``share_before``, ``rate``, ``rate_before`` in [0, 1], ``leads``,
        ``leads_before``, ``converted``, ``converted_before``, and ``mix`` and ``within`` of each group.
    """

    mix: float
    within: float
    groups: pd.DataFrame


def beyond_chance(tests: int) -> float:
    """Give the z above which the largest of several differences is not chance, at 5 % for all of them together.

    References
    ----------
    Bonferroni's inequality; Dunn, O. J. (1961). Multiple comparisons among means. JASA 56.
    """
    return NormalDist().inv_cdf(1 - CHANCE / (2 * max(tests, 1)))


def z_of_counts(now: float, before: float, *, dispersion: float = 1.0) -> float | None:
    """Compare two counts of equally long periods: their difference over its standard error.

    Parameters
    ----------
    dispersion : float
        Variance of the counts of single days over their mean, at least 1: leads that come in by the hundred vary more
        than Poisson's law says.

    References
    ----------
    Przyborowski, J. and Wilenski, H. (1940). Homogeneity of results in testing samples from Poisson series.
    Biometrika 31. McCullagh, P. and Nelder, J. A. (1989). Generalized linear models: the dispersion.
    """
    spread = (now + before) * max(dispersion, 1.0)
    return (now - before) / math.sqrt(spread) if spread > 0 else None


def z_of_shares(part: float, whole: float, part_before: float, whole_before: float) -> float | None:
    """Compare two independent shares by the pooled two-proportion z; None where too few leads are expected."""
    if min(whole, whole_before) <= 0:
        return None
    pooled = min(max((part + part_before) / (whole + whole_before), 0.0), 1.0)
    if min(pooled, 1 - pooled) * min(whole, whole_before) < LEAST_EXPECTED:
        return None
    error = math.sqrt(pooled * (1 - pooled) * (1 / whole + 1 / whole_before))
    return (part / whole - part_before / whole_before) / error


def z_of_measured(now: Measured, before: Measured) -> float | None:
    """Compare two independent figures by their intervals; None where one of them is not known."""
    error = math.hypot(standard_error(now) or 0.0, standard_error(before) or 0.0)
    if now.value is None or before.value is None or error <= 0:
        return None
    return (now.value - before.value) / error


def standard_error(figure: Measured) -> float | None:
    """Read the standard error out of a 95 % interval: from its wider side, as the other may be cut off."""
    if figure.value is None or figure.low is None or figure.high is None:
        return None
    return max(figure.value - figure.low, figure.high - figure.value) / Z_95


def z_of_sums(now: tuple[float, float], before: tuple[float, float]) -> float | None:
    """Compare two sums of amounts, each given with the sum of its squares: the variance of a compound Poisson sum.

    References
    ----------
    Daykin, C. D., Pentikäinen, T. and Pesonen, M. (1994). Practical risk theory for actuaries: compound Poisson sums.
    """
    spread = now[1] + before[1]
    return (now[0] - before[0]) / math.sqrt(spread) if spread > 0 else None


def dispersion(counts: np.ndarray) -> float:
    """Say how much more than by Poisson's law counts of single days vary; 1 where that cannot be told."""
    if len(counts) < 2 or counts.mean() <= 0:
        return 1.0
    return max(float(counts.var(ddof=1) / counts.mean()), 1.0)


def taken_apart(now: pd.DataFrame, before: pd.DataFrame) -> Parts | None:
    """Take the change of a conversion rate apart: other sources, or other rates inside the sources.

    Parameters
    ----------
    now, before : DataFrame
        Index: the groups, which together are all leads. Columns ``leads`` and ``converted``.

    Returns
    -------
    Parts or None
        None where one of the two has no leads. A group that is new or gone counts to the mix: nobody knows its other
        rate. The mix of a group is counted against the average rate, so that a group that grows and converts below it
        pulls down.

    References
    ----------
    Kitagawa, E. M. (1955). Components of a difference between two rates. JASA 50. The same as the twofold symmetric
    decomposition of Oaxaca (1973) and Blinder (1973) for a rate by groups.
    """
    if min(now["leads"].sum(), before["leads"].sum()) <= 0:
        return None
    earlier = before[["leads", "converted"]].add_suffix("_before")
    both = now[["leads", "converted"]].join(earlier, how="outer").fillna(0.0)
    groups = both.assign(share=both["leads"] / both["leads"].sum(),
                         share_before=both["leads_before"] / both["leads_before"].sum())
    rate = groups["converted"] / groups["leads"].where(groups["leads"] > 0)
    rate_before = groups["converted_before"] / groups["leads_before"].where(groups["leads_before"] > 0)
    groups = groups.assign(rate=rate.fillna(rate_before).fillna(0.0), rate_before=rate_before.fillna(rate).fillna(0.0))
    usual = (groups["rate"] + groups["rate_before"]) / 2
    weight = (groups["share"] + groups["share_before"]) / 2
    average = float((usual * weight).sum())
    groups = groups.assign(mix=(groups["share"] - groups["share_before"]) * (usual - average),
                           within=(groups["rate"] - groups["rate_before"]) * weight)
    return Parts(float(groups["mix"].sum()), float(groups["within"].sum()), groups)
