"""Counts of leads by group in; who is chosen how often, who is found and whose chances come true out, with intervals.

A group is compared with everybody else, not with the luckiest group: the best of many groups is best by chance alone,
and the more groups there are, the worse all others look beside it. Groups of fewer than 30 leads are never judged, and
their figures do not leave this module.

Figures describe; they do not say whether anything is lawful.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import wilson

FEW = 30
"""Leads below which a group is not judged and its figures are not shown."""
SMALL_SHARE = 0.02
"""Share of the leads below which a group is marked, as in the audit tables of New York City's Local Law 144."""
FOUR_FIFTHS = 0.8
"""The customary screening figure: a ratio of selection rates below it is looked into."""
FAMILY_ERROR = 0.05
"""How often a report may name any group at all where all are treated alike."""
BETWEEN = " · "
"""Between the names of two groups that meet."""
COUNTS = ("leads", "chosen", "qualified", "above_median", "decided", "converted", "decided_chosen",
          "converted_chosen", "chances", "chance", "chance_converted")

Numbers = np.ndarray[Any, np.dtype[np.float64]]


class Standing(StrEnum):
    """What can be said of a group beside everybody else."""

    LOWER = "lower"
    """Chosen less often than four fifths of everybody else's rate, and not by chance."""
    SLIGHTLY_LOWER = "slightly lower"
    """Chosen less often, not by chance, yet above four fifths."""
    OPEN = "open"
    """Below four fifths, which chance alone may explain."""
    ALIKE = "alike"
    """No difference was found."""
    HIGHER = "higher"
    """Chosen more often, not by chance."""
    FEW = "few"
    """Not enough data."""


@dataclass(frozen=True)
class GroupTable:
    """The groups of one field, or of two that meet.

    Parameters
    ----------
    by : tuple of str
        The fields.
    groups : DataFrame
        A row a group, largest first; those with too few leads come last and have no figures. Columns ``group``,
        ``leads``, ``share`` (of the leads whose group is known), ``small`` (less than 2 % of them), ``selection_rate``
        with ``selection_low`` and ``selection_high``, ``impact_ratio`` (to the group chosen most often),
        ``qualified_rate``, ``scoring_rate`` (share above the median score) and ``scoring_ratio``; beside everybody else
        ``ratio``, ``ratio_low``, ``ratio_high`` and ``standing``.
    leads, unknown : int
        Leads in all, and those whose group is not known.
    comparisons : int
        Of which the intervals hold together.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame
    leads: int
    unknown: int
    comparisons: int

    @property
    def judged(self) -> pd.DataFrame:
        """The groups that have figures."""
        return self.groups[self.groups["standing"] != str(Standing.FEW)]

    @property
    def lower(self) -> list[str]:
        """The groups that are chosen less often than four fifths of everybody else's rate, and not by chance."""
        return list(self.groups.loc[self.groups["standing"] == str(Standing.LOWER), "group"])


# --- who is chosen ------------------------------------------------------------------------------------------------


def group_table(cells: pd.DataFrame, by: Sequence[str], *, tables: int = 1) -> GroupTable:
    """Compare how often the leads of each group are chosen.

    Parameters
    ----------
    cells : DataFrame
        A row for each combination of groups: a column a field with the group's name, missing where it is not known,
        and the counts ``leads``, ``chosen``, ``qualified`` and ``above_median``.
    by : sequence of str
        One field or two.
    tables : int
        Tables of the same report: all their intervals hold together in 95 of 100 reports.

    Returns
    -------
    GroupTable

    References
    ----------
    Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the normal mean and standard
    deviation. Statistical Methods in Medical Research 21 (the interval of a ratio from those of its parts).
    """
    sums, unknown = _by_group(cells, by)
    leads = sums["leads"].to_numpy(dtype=float)
    others = leads.sum() - leads
    firm = (leads >= FEW) & (others >= FEW)
    z = critical_value(_comparisons(firm) * tables)
    chosen = sums["chosen"].to_numpy(dtype=float)
    selection, low, high = wilson(chosen, leads, z=z)
    ratio, ratio_low, ratio_high = rate_ratio(chosen, leads, chosen.sum() - chosen, others, z=z)
    scoring = _rate(sums["above_median"], leads)
    share = leads / max(leads.sum(), 1.0)
    comparable = firm & (share >= SMALL_SHARE)
    figures = pd.DataFrame({
        "group": sums.index.astype("str"), "leads": leads, "share": share, "small": share < SMALL_SHARE,
        "selection_rate": selection, "selection_low": low, "selection_high": high,
        "impact_ratio": _to_the_highest(selection, comparable), "qualified_rate": _rate(sums["qualified"], leads),
        "scoring_rate": scoring, "scoring_ratio": _to_the_highest(scoring, comparable), "ratio": ratio,
        "ratio_low": ratio_low, "ratio_high": ratio_high, "standing": _standings(firm, ratio, ratio_low, ratio_high)})
    return GroupTable(tuple(by), _without_the_few(figures, firm), int(leads.sum()) + unknown, unknown,
                      _comparisons(firm) * tables)


def critical_value(comparisons: int) -> float:
    """Give how many standard errors an interval reaches so that all of them hold together (Bonferroni)."""
    return NormalDist().inv_cdf(1 - FAMILY_ERROR / (2 * max(comparisons, 1)))


def rate_ratio(chosen: Numbers, leads: Numbers, other_chosen: Numbers, others: Numbers, *,
               z: float) -> tuple[Numbers, Numbers, Numbers]:
    """Divide rates by those of other, independent leads, with an interval that also holds where nobody is chosen.

    Returns
    -------
    tuple of ndarray
        Ratio, low and high; NaN where there are no leads, infinite where of the others nobody is chosen.
    """
    here, low, high = wilson(chosen, leads, z=z)
    there, other_low, other_high = wilson(other_chosen, others, z=z)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle, up, down = here * there, other_high * (2 * there - other_high), other_low * (2 * there - other_low)
        below = (middle - np.sqrt(np.maximum(middle**2 - low * (2 * here - low) * up, 0))) / up
        above = (middle + np.sqrt(np.maximum(middle**2 - high * (2 * here - high) * down, 0))) / down
        # where the others' rate is so uncertain that it may be twice itself, nothing bounds the ratio from below
        below = np.where(up > 0, below, 0.0)
        above = np.where(down > 0, above, np.inf)
        return here / there, np.clip(below, 0, None), above


def _by_group(cells: pd.DataFrame, by: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Add up the cells of each group; a lead of which one field is not known is in no group."""
    known = cells[list(by)].notna().all(axis=1)
    counts = [name for name in COUNTS if name in cells]
    names = cells.loc[known, by[0]].astype("str")
    for field in by[1:]:
        names = names + BETWEEN + cells.loc[known, field].astype("str")
    sums = cells.loc[known, counts].astype(float).groupby(names.to_numpy()).sum()
    return sums, int(cells.loc[~known, "leads"].sum())


def _comparisons(firm: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """Count what is compared: of two groups one against the other is all there is."""
    groups = int(firm.sum())
    return 1 if groups <= 2 else groups


def _standings(firm: np.ndarray[Any, Any], ratio: Numbers, low: Numbers, high: Numbers) -> list[str]:
    return _chosen_words([~firm, (high < 1) & (ratio < FOUR_FIFTHS), high < 1, ratio < FOUR_FIFTHS, low > 1],
                         [Standing.FEW, Standing.LOWER, Standing.SLIGHTLY_LOWER, Standing.OPEN, Standing.HIGHER])


def _chosen_words(tests: list[np.ndarray[Any, Any]], standings: list[Standing]) -> list[str]:
    """Give the standing of the first test that holds; none found where none does."""
    return [str(one) for one in np.select(tests, [str(one) for one in standings], default=str(Standing.ALIKE))]


def _rate(counts: pd.Series, leads: Numbers) -> Numbers:
    return np.asarray(counts.to_numpy(dtype=float) / np.where(leads > 0, leads, np.nan))


def _to_the_highest(rate: Numbers, comparable: np.ndarray[Any, Any]) -> Numbers:
    """Divide rates by the highest of the groups that are neither few nor less than 2 % of the leads."""
    highest = np.max(rate[comparable], initial=0.0)
    return np.asarray(rate / highest if highest > 0 else np.full(len(rate), np.nan))


def _without_the_few(figures: pd.DataFrame, firm: np.ndarray[Any, Any], sort: str = "leads") -> pd.DataFrame:
    """Take the figures of groups with too few leads away and put these last, in the order of the alphabet."""
    ordered = pd.concat([figures[firm].sort_values([sort, "group"], ascending=[False, True]),
                         figures[~firm].sort_values("group")], ignore_index=True)
    shown = ordered.columns.difference(["group", "standing", "small"])
    few = ordered["standing"] == str(Standing.FEW)
    ordered[shown] = ordered[shown].astype(float).mask(few)
    ordered["small"] = ordered["small"] & ~few if "small" in ordered else False
    return ordered


# --- who is found, and whose chances come true --------------------------------------------------------------------


@dataclass(frozen=True)
class Opportunity:
    """How leads whose end is known fared, by group.

    Parameters
    ----------
    groups : DataFrame
        Columns ``group``, ``decided``, ``converted``; ``found_rate`` (of the converted, the share that was chosen),
        ``found_low``, ``found_high``; beside everybody else ``found_gap``, ``gap_low``, ``gap_high``; ``vain_rate`` (of
        the lost, the share that was chosen); ``standing``. Those with fewer than 30 converted leads have no figures.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame


def opportunity(cells: pd.DataFrame, by: Sequence[str], *, tables: int = 1) -> Opportunity:
    """Compare how many of each group's conversions are among the chosen (equal opportunity).

    Parameters
    ----------
    cells : DataFrame
        As of :func:`group_table`, with ``decided``, ``converted``, ``decided_chosen`` and ``converted_chosen``.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
    Medicine 17.
    """
    sums, _ = _by_group(cells, by)
    won, found = sums["converted"].to_numpy(dtype=float), sums["converted_chosen"].to_numpy(dtype=float)
    lost = sums["decided"].to_numpy(dtype=float) - won
    firm = (won >= FEW) & (won.sum() - won >= FEW)
    z = critical_value(_comparisons(firm) * tables)
    rate, low, high = wilson(found, won, z=z)
    gap, gap_low, gap_high = rate_difference(found, won, found.sum() - found, won.sum() - won, z=z)
    vain = np.where(lost >= FEW, _rate(sums["decided_chosen"] - sums["converted_chosen"], lost), np.nan)
    standing = _chosen_words([~firm, gap_high < 0, gap_low > 0], [Standing.FEW, Standing.LOWER, Standing.HIGHER])
    figures = pd.DataFrame({
        "group": sums.index.astype("str"), "decided": lost + won, "converted": won, "found_rate": rate,
        "found_low": low, "found_high": high, "found_gap": gap, "gap_low": gap_low, "gap_high": gap_high,
        "vain_rate": vain, "standing": standing})
    return Opportunity(tuple(by), _without_the_few(figures, firm, "converted").drop(columns="small"))


def rate_difference(chosen: Numbers, leads: Numbers, other_chosen: Numbers, others: Numbers, *,
                    z: float) -> tuple[Numbers, Numbers, Numbers]:
    """Subtract the rates of other, independent leads, with Newcombe's interval; NaN where there are no leads."""
    here, low, high = wilson(chosen, leads, z=z)
    there, other_low, other_high = wilson(other_chosen, others, z=z)
    gap = here - there
    return (gap, gap - np.sqrt((here - low)**2 + (other_high - there)**2),
            gap + np.sqrt((high - here)**2 + (there - other_low)**2))


def calibration(cells: pd.DataFrame, by: Sequence[str], *, tables: int = 1) -> pd.DataFrame:
    """Hold the chances that were given to the leads of each group against what came of them.

    Parameters
    ----------
    cells : DataFrame
        As of :func:`group_table`, with ``chances`` (decided leads that had a chance), ``chance`` (their sum) and
        ``chance_converted`` (of them, how many converted).

    Returns
    -------
    DataFrame
        Columns ``group``, ``leads``, ``expected``, ``rate``, ``rate_low``, ``rate_high``, ``gap`` (expected less rate)
        and ``standing``: ``lower`` where more converted than the chances said, which puts a group behind; ``higher``
        where fewer did. Groups of fewer than 30 such leads have no figures.
    """
    sums, _ = _by_group(cells, by)
    leads, won = sums["chances"].to_numpy(dtype=float), sums["chance_converted"].to_numpy(dtype=float)
    firm = leads >= FEW
    rate, low, high = wilson(won, leads, z=critical_value(max(int(firm.sum()), 1) * tables))
    expected = _rate(sums["chance"], leads)
    standing = _chosen_words([~firm, expected < low, expected > high], [Standing.FEW, Standing.LOWER, Standing.HIGHER])
    figures = pd.DataFrame({
        "group": sums.index.astype("str"), "leads": leads, "expected": expected, "rate": rate, "rate_low": low,
        "rate_high": high, "gap": expected - rate, "standing": standing})
    return _without_the_few(figures, firm).drop(columns="small")
