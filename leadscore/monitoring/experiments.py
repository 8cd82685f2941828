"""Champion against challenger: how many leads it takes, who is in which arm, and what may be concluded on any day."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from leadscore.errors import InvalidRequest

TOP = 0.2
"""Share of an arm's leads that its model puts on top: what sales works, and what an experiment compares."""
FEWEST_CONVERSIONS = 10
"""Before so many conversions a normal approximation says nothing, so nothing is concluded."""
SMALLEST_SHARE, LARGEST_SHARE = 0.05, 0.95
SMALLEST_EFFECT, LARGEST_EFFECT = 0.01, 10.0
USUAL_EFFECT = 0.2
MOST_LEADS = 10**9
HASH_BYTES = 8


class Mode(StrEnum):
    """How an experiment is run."""

    LIVE = "live"
    SHADOW = "shadow"


class Arm(StrEnum):
    """Who scores a lead; in a shadow experiment both do, and sales sees the champion only."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    BOTH = "both"


class Finding(StrEnum):
    """What an experiment says on a day."""

    CHALLENGER = "challenger finds more"
    CHAMPION = "champion stays"
    NO_DIFFERENCE = "no difference worth having"
    TOO_EARLY = "too early"


@dataclass(frozen=True)
class Aim:
    """What an experiment is meant to find.

    Parameters
    ----------
    base_rate : float, in (0, 1)
        Conversion rate of the leads the champion puts on top.
    effect : float
        Smallest difference worth having, as a share of the base rate: 0.2 means 20 % more conversions.
    share : float, in [0.05, 0.95]
        Share of the leads the challenger scores.
    alpha : float, in (0, 0.5]
        Largest chance of a false conclusion, however often one looks.
    power : float, in [0.5, 1)
        Smallest chance of finding such a difference.
    """

    base_rate: float
    effect: float = 0.2
    share: float = 0.5
    alpha: float = 0.05
    power: float = 0.8

    @property
    def expected_rate(self) -> float:
        """The challenger's rate if it is better by just the effect."""
        return self.base_rate * (1 + self.effect)

    @property
    def difference(self) -> float:
        """The effect in conversions per lead."""
        return self.base_rate * self.effect


@dataclass(frozen=True)
class Sizes:
    """Leads on top in each arm."""

    champion: int
    challenger: int

    @property
    def both(self) -> int:
        """Leads on top in all."""
        return self.champion + self.challenger


@dataclass(frozen=True)
class Lift:
    """How many times more the challenger's top converts, minus 1, with its interval; None where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


# --- planning -------------------------------------------------------------------------------------------------


def relative_effect(base_rate: float, difference: float) -> float:
    """Turn a difference of two rates (0.02: two points) into a share of the base rate."""
    return difference / base_rate if base_rate > 0 else math.inf


def usual_effect(base_rate: float) -> float:
    """Give the effect to plan for when nobody names one: a fifth of the rate, or half of what is left above it."""
    return min(USUAL_EFFECT, (1 - base_rate) / base_rate / 2) if 0 < base_rate < 1 else USUAL_EFFECT


def check_aim(aim: Aim) -> None:
    """Refuse an aim that no number of leads can meet.

    Raises
    ------
    InvalidRequest
        A figure is out of its range.
    """
    rules = (
        (0 < aim.base_rate < 1, "base_rate", "The conversion rate must lie between 0 % and 100 %."),
        (SMALLEST_EFFECT <= aim.effect <= LARGEST_EFFECT, "effect", "The smallest difference must be 1 % to 1,000 %."),
        (aim.expected_rate < 1, "effect", f"From a rate of {aim.base_rate:.0%}, with such a difference "
         "more than all leads would convert."),
        (SMALLEST_SHARE <= aim.share <= LARGEST_SHARE, "share", "The challenger's share must be 5 % to 95 %."),
        (0 < aim.alpha <= 0.5, "alpha", "The chance of a false conclusion must lie above 0 and be at most 0.5."),
        (0.5 <= aim.power < 1, "power", "The chance of finding the difference must be at least 0.5 and below 1."),
    )
    for holds, name, sentence in rules:
        if not holds:
            raise InvalidRequest(f"wrong_{name}", sentence, "Choose another value.")


def sample_sizes(aim: Aim, *, peeking: bool = True) -> Sizes:
    """Say how many leads on top each arm needs to find the effect with the power.

    Parameters
    ----------
    aim : Aim
    peeking : bool
        True for a rule that may be looked at every day; False for one look at the end, which needs fewer leads.

    References
    ----------
    Fleiss, J., Tytun, A. and Ury, H. (1980), A simple approximation for calculating sample sizes for comparing
    independent proportions, Biometrics 36 (without the correction for continuity). With peeking, the normal quantile
    is replaced by the width of the confidence sequence at the planned end and the spread by the one it uses, so the
    power is at least the one asked for: stopping earlier only adds to it.
    """
    ratio, spread_null, spread = _spreads(aim, peeking)
    root = _width_at_the_end(aim.alpha, peeking) * spread_null + float(ndtri(aim.power)) * spread
    champion = min(root**2 / (ratio * aim.difference**2), MOST_LEADS)
    return Sizes(math.ceil(champion), math.ceil(champion * ratio))


def power_of(aim: Aim, champion: float, *, peeking: bool = True) -> float:
    """Give the chance of finding the effect with so many leads on top in the champion's arm, in [0, 1].

    The challenger's arm has its share of leads beside them.
    """
    ratio, spread_null, spread = _spreads(aim, peeking)
    reach = aim.difference * math.sqrt(ratio * champion) - _width_at_the_end(aim.alpha, peeking) * spread_null
    return float(ndtr(reach / spread))


def smallest_effect(aim: Aim, champion: float, *, peeking: bool = True) -> float | None:
    """Give the smallest effect (share of the base rate) so many leads find with the power; None when none is found."""
    low, high = 0.0, (1 - aim.base_rate) / aim.base_rate * (1 - 1e-6)
    conversions = champion / (1 - aim.share) * aim.base_rate
    if conversions < FEWEST_CONVERSIONS \
            or power_of(replace(aim, effect=high), champion, peeking=peeking) < aim.power:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        enough = power_of(replace(aim, effect=middle), champion, peeking=peeking) >= aim.power
        low, high = (low, middle) if enough else (middle, high)
    return high


def leads_to_score(sizes: Sizes, mode: Mode) -> int:
    """Say how many leads must be scored so that each arm has its leads on top; in the shadow each counts for both."""
    on_top = max(sizes.champion, sizes.challenger) if mode == Mode.SHADOW else sizes.both
    return math.ceil(round(on_top / TOP, 6))


def days_needed(leads: int, *, waiting: int, per_day: float) -> float | None:
    """Say how long it takes until so many leads are scored; None when none come in.

    Parameters
    ----------
    leads : int
        Leads to score.
    waiting : int
        Open leads there are already: they take part from the first day.
    per_day : float
        New leads a day.
    """
    missing = max(leads - waiting, 0)
    if not missing:
        return 0.0
    return missing / per_day if per_day > 0 else None


def size_curve(aim: Aim, mode: Mode, effects: np.ndarray) -> pd.DataFrame:
    """Give the leads to score for each effect that is possible.

    Returns
    -------
    DataFrame
        Columns ``effect`` and ``leads``.
    """
    possible = effects[aim.base_rate * (1 + effects) < 1]
    leads = [leads_to_score(sample_sizes(replace(aim, effect=float(effect))), mode) for effect in possible]
    return pd.DataFrame({"effect": possible, "leads": leads})


def planned_information(aim: Aim, sizes: Sizes) -> float:
    """Give the information (see :func:`between_arms`) that is expected when the planned leads have had their time."""
    converted = aim.base_rate * sizes.champion + aim.expected_rate * sizes.challenger
    return float(_information(np.array(converted), np.array(float(sizes.both))))


def _spreads(aim: Aim, peeking: bool) -> tuple[float, float, float]:
    """Give leads of the challenger per lead of the champion, and the spread without and with the effect."""
    ratio = aim.share / (1 - aim.share)
    first, second = aim.base_rate, aim.expected_rate
    mean = (first + ratio * second) / (1 + ratio)
    spread = math.sqrt(ratio * first * (1 - first) + second * (1 - second))
    return ratio, spread if peeking else math.sqrt((ratio + 1) * mean * (1 - mean)), spread


def _width_at_the_end(alpha: float, peeking: bool) -> float:
    return float(widths(np.array(1.0), alpha=alpha, planned=1.0)) if peeking else float(ndtri(1 - alpha / 2))


# --- who is in which arm --------------------------------------------------------------------------------------


def challenged(lead_ids: np.ndarray, *, salt: str, share: float) -> np.ndarray:
    """Say which leads the challenger scores: a keyed hash of the id, so the same lead is always in the same arm.

    Parameters
    ----------
    lead_ids : ndarray of int
    salt : str
        Of the experiment, at most 64 bytes; another one draws anew.
    share : float, in [0, 1]

    Returns
    -------
    ndarray of bool
    """
    key = salt.encode()
    digests = b"".join(blake2b(lead_id.to_bytes(HASH_BYTES, "big"), key=key, digest_size=HASH_BYTES).digest()
                       for lead_id in np.asarray(lead_ids, dtype=np.int64).tolist())
    return np.asarray(np.frombuffer(digests, dtype=">u8").astype(float) / 2.0**64 < share)


def on_top(scores: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Say which new leads are among the best 20 % of their arm, counting the leads it had before.

    The answer is given once, at the assignment, and stays: were it given anew each day, a lead could leave the top
    after its outcome is known, and no rule of stopping would hold.

    Parameters
    ----------
    scores, earlier : ndarray of float
        Of the new leads and of those assigned before; equals in the order of their assignment.

    Returns
    -------
    ndarray of bool, shaped like ``scores``
    """
    together = np.concatenate([np.asarray(earlier, dtype=float), np.asarray(scores, dtype=float)])
    places = np.empty(len(together), dtype=np.int64)
    places[np.argsort(-together, kind="stable")] = np.arange(len(together))
    return np.asarray(places[len(earlier):] < math.ceil(round(len(together) * TOP, 9)))


# --- what became of them --------------------------------------------------------------------------------------


def daily_counts(groups: pd.DataFrame, *, first: str, last: str) -> pd.DataFrame:
    """Count, for each day, the leads that took part by its end and those of them that had converted.

    Parameters
    ----------
    groups : DataFrame
        Columns ``arm``, ``champion_top``, ``challenger_top``, ``assigned_day``, ``converted_day`` (ISO dates, missing
        while not converted) and ``leads``.
    first, last : str
        ISO dates; what is dated outside counts on the nearest day, a conversion after the last day not at all.

    Returns
    -------
    DataFrame
        Indexed by day; columns ``champion_leads``, ``champion_converted``, ``challenger_leads`` and
        ``challenger_converted`` of the leads on top, ``shared_converted`` of those both models had on top, and
        ``champion_all``, ``champion_all_converted``, ``challenger_all`` and ``challenger_all_converted`` of whole arms.
    """
    days = pd.date_range(first, max(first, last), freq="D")
    begins = _places(groups["assigned_day"], days)
    ends = np.maximum(_places(groups["converted_day"], days), begins)
    known = (groups["converted_day"].notna() & (groups["converted_day"] <= days[-1].date().isoformat())).to_numpy()
    leads = groups["leads"].to_numpy(dtype=float)
    first_top, second_top = groups["champion_top"].to_numpy(bool), groups["challenger_top"].to_numpy(bool)
    both = (groups["arm"] == Arm.BOTH).to_numpy()
    counted = {"champion": first_top, "challenger": second_top, "shared": first_top & second_top,
               "champion_all": (groups["arm"] == Arm.CHAMPION).to_numpy() | both,
               "challenger_all": (groups["arm"] == Arm.CHALLENGER).to_numpy() | both}
    columns = {}
    for name, chosen in counted.items():
        total = name if name.endswith("_all") else f"{name}_leads"
        columns[total] = _running_total(begins, leads * chosen, len(days))
        columns[f"{name}_converted"] = _running_total(ends, leads * (chosen & known), len(days))
    return pd.DataFrame(columns, index=pd.Index(days, name="day"))


def _places(dates: pd.Series, days: pd.DatetimeIndex) -> np.ndarray:
    moments = pd.to_datetime(dates, format="%Y-%m-%d").fillna(days[0])
    return np.clip((moments - days[0]).dt.days.to_numpy(dtype=np.int64), 0, len(days) - 1)


def _running_total(places: np.ndarray, amounts: np.ndarray, length: int) -> np.ndarray:
    return np.asarray(np.bincount(places, weights=amounts, minlength=length).cumsum())


# --- what may be concluded ------------------------------------------------------------------------------------


def between_arms(counts: pd.DataFrame) -> pd.DataFrame:
    """Estimate how much more often the challenger's top converts than the champion's, in a live experiment.

    Parameters
    ----------
    counts : DataFrame
        A row a moment; columns ``champion_leads``, ``champion_converted``, ``challenger_leads`` and
        ``challenger_converted`` of the leads on top. A lead without an outcome yet counts as not converted, in both
        arms alike.

    Returns
    -------
    DataFrame
        ``difference`` of the two rates, its standard ``error`` and the ``information``: conversions divided by
        the share that has not converted. It grows both when leads come in and when their outcomes do, and at equal
        rates the standardised difference is a Brownian motion in it either way.

    References
    ----------
    Agresti, A. and Caffo, B. (2000), Simple and effective confidence intervals for proportions, The American
    Statistician 54: one success and one failure are added to each arm for the error.
    """
    first, second = (counts[f"{arm}_converted"] / counts[f"{arm}_leads"].clip(lower=1)
                     for arm in ("champion", "challenger"))
    variance = sum(_variance(counts[f"{arm}_converted"], counts[f"{arm}_leads"]) for arm in ("champion", "challenger"))
    leads = counts["champion_leads"] + counts["challenger_leads"]
    converted = counts["champion_converted"] + counts["challenger_converted"]
    return pd.DataFrame({"difference": second - first, "error": np.sqrt(variance),
                         "information": _information(converted.to_numpy(float), leads.to_numpy(float))})


def within_leads(counts: pd.DataFrame) -> pd.DataFrame:
    """Estimate the same in a shadow experiment, where both models put leads of one and the same list on top.

    Parameters
    ----------
    counts : DataFrame
        Columns ``champion_leads``, ``champion_converted``, ``challenger_leads`` and ``challenger_converted`` as in
        :func:`between_arms`, and ``shared_converted``: conversions both had on top.

    Returns
    -------
    DataFrame
        As in :func:`between_arms`. Only conversions that one model had on top and the other had not tell
        them apart, so they alone are the information.

    References
    ----------
    McNemar, Q. (1947), Note on the sampling error of the difference between correlated proportions, Psychometrika 12.
    """
    # as many on top of both, but for leads that have been erased since
    leads = counts[["champion_leads", "challenger_leads"]].max(axis=1).clip(lower=1)
    mine = counts["challenger_converted"] - counts["shared_converted"]
    theirs = counts["champion_converted"] - counts["shared_converted"]
    told = mine + theirs
    error = np.sqrt((told + 1 - (mine - theirs) ** 2 / leads).clip(lower=1)) / leads
    return pd.DataFrame({"difference": (mine - theirs) / leads, "error": error, "information": told.astype(float)})


def confidence_sequence(estimates: pd.DataFrame, *, alpha: float, planned: float) -> pd.DataFrame:
    """Add an interval that holds on all days at once, so that one may look every day and stop when it leaves zero.

    Parameters
    ----------
    estimates : DataFrame
        Of :func:`between_arms` or :func:`within_leads`.
    alpha : float
        Chance that the truth is outside on any day at all.
    planned : float
        Information at the planned end, where the interval is made to be narrowest for what it costs.

    Returns
    -------
    DataFrame
        The same with ``low`` and ``high``, missing until there are ten conversions to speak of.
    """
    half = estimates["error"] * widths(estimates["information"].to_numpy(), alpha=alpha, planned=planned)
    half = half.where(estimates["information"] >= FEWEST_CONVERSIONS)
    return estimates.assign(low=(estimates["difference"] - half).clip(lower=-1),
                            high=(estimates["difference"] + half).clip(upper=1))


def widths(information: np.ndarray, *, alpha: float, planned: float) -> np.ndarray:
    """Give the half width of the confidence sequence in standard errors (3.04 at the planned end for 5 %).

    Normal mixture: ``sqrt((1 + 1 / r) * log((1 + r) / alpha**2))`` where r is the information in units of the prior's.

    References
    ----------
    Robbins, H. (1970), Statistical methods related to the law of the iterated logarithm, Annals of Mathematical
    Statistics 41. Johari, R., Koomen, P., Pekelis, L. and Walsh, D. (2022), Always valid inference, Operations Research
    70. Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. and Ramdas, A. (2024), Time-uniform central limit theory
    and asymptotic confidence sequences, Annals of Statistics 52, whose choice of the prior is used here.
    """
    surprise = -2 * math.log(alpha)
    ratio = np.maximum(information, 1e-9) / planned * (surprise + math.log(surprise + 1))
    return np.asarray(np.sqrt((1 + 1 / ratio) * (np.log1p(ratio) + surprise)))


def conclude(low: float, high: float, *, aim: Aim, reached: bool) -> Finding:
    """Say what the interval of a day allows to conclude.

    Parameters
    ----------
    low, high : float
        Of the difference; NaN while there is none.
    aim : Aim
    reached : bool
        Whether the planned information is there.
    """
    if low > 0:
        return Finding.CHALLENGER
    if high < 0:
        return Finding.CHAMPION
    within = low > -aim.difference and high < aim.difference
    return Finding.NO_DIFFERENCE if within or reached else Finding.TOO_EARLY


def lift(counts: pd.Series, *, width: float, shared: float | None = None) -> Lift:
    """Give the ratio of the two conversion rates minus 1, with its interval.

    Parameters
    ----------
    counts : Series
        One row as in :func:`between_arms`.
    width : float
        Half width in standard errors: 1.96 for one look, :func:`widths` for many.
    shared : float, optional
        Conversions both models had on top, when they ranked the same leads.

    References
    ----------
    Katz, D. et al. (1978), Obtaining confidence intervals for the risk ratio in cohort studies, Biometrics 34, with
    half a conversion and half a lead added (Walter, S. 1975, Biometrika 62), so that an arm without conversions has an
    interval too. Matched leads: Bonett, D. and Price, R. (2006), Confidence intervals for a ratio of binomial
    proportions based on paired data, Statistics in Medicine 25.
    """
    if not counts["champion_leads"] or not counts["challenger_leads"]:
        return Lift(None, None, None)
    converted = {arm: float(counts[f"{arm}_converted"]) + 0.5 for arm in ("champion", "challenger")}
    leads = {arm: float(counts[f"{arm}_leads"]) + 0.5 for arm in ("champion", "challenger")}
    ratio = converted["challenger"] / leads["challenger"] / (converted["champion"] / leads["champion"])
    if shared is None:
        variance = sum(1 / converted[arm] - 1 / leads[arm] for arm in converted)
    else:
        variance = (sum(converted.values()) - 2 * shared) / (converted["champion"] * converted["challenger"])
    reach = math.exp(min(width * math.sqrt(max(variance, 0.0)), 300.0))
    rates = [counts[f"{arm}_converted"] / counts[f"{arm}_leads"] for arm in ("champion", "challenger")]
    return Lift(float(rates[1] / rates[0] - 1) if rates[0] else None, ratio / reach - 1, ratio * reach - 1)


def information_reached(counts: pd.DataFrame) -> np.ndarray:
    """Give the information of leads on top and their conversions that is compared with the planned one."""
    return _information(counts["champion_converted"].to_numpy(float) + counts["challenger_converted"].to_numpy(float),
                        counts["champion_leads"].to_numpy(float) + counts["challenger_leads"].to_numpy(float))


def _variance(converted: pd.Series, leads: pd.Series) -> pd.Series:
    rate = (converted + 1) / (leads + 2)
    return rate * (1 - rate) / (leads + 2)


def _information(converted: np.ndarray, leads: np.ndarray) -> np.ndarray:
    return np.asarray(converted * leads / np.maximum(leads - converted, 0.5))
