"""Invents property investors in three tiers whose true chances are known, so that a model can be held against the best.

Twelve columns tell who a lead is and what it did. Income and credit raise the propensity to engage, and some people are
more curious than their means suggest. A lead's worth is a sum over its columns; its tier follows from the worth plus
logistic noise, cut so that 40 % are Low, 50 % Medium and 10 % High. Noise of a known shape has known odds: nobody can
be right about more leads than whoever always names the likeliest tier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

Floats = npt.NDArray[np.float64]

TIERS = ("High", "Medium", "Low")
HIGH_SHARE, LOW_SHARE = 0.10, 0.40
NOISE = 0.5
"""Scale of the logistic noise; the best possible accuracy is about 0.89 here, more with less noise."""

REFERENCE_LEADS, REFERENCE_SEED = 20_000, 0
"""The crowd the borders between tiers are taken from, so that a lead's truth does not depend on its file."""

INCOME = (30_000, 500_000)
CREDIT = (300, 850)
MEDIAN_INCOME, MIDDLE_CREDIT = 95_000, 650
# counts: mean at full engagement, smallest and largest value, worth of the square root
COUNTS = {
    "website_visits": (30, 0, 50, 0.55),
    "email_opens": (20, 0, 30, 0.25),
    "property_views": (15, 0, 25, 0.25),
    "contact_attempts": (5, 0, 10, 0.0),
    "time_on_site_minutes": (75, 1, 120, 0.2),
}
# answers: chance without engagement, its rise with engagement, worth of a yes
ANSWERS = {"inquiry_submitted": (0.1, 0.6, 0.6), "budget_disclosed": (0.1, 0.5, 0.3),
           "location_preference_set": (0.2, 0.6, 0.1)}
PRE_APPROVAL_WORTH = 0.15
MOST_LIKELY_ANSWER = 0.95
HEADERS = ("age", "income", "credit_score", "website_visits", "email_opens", "property_views", "contact_attempts",
           "time_on_site_minutes", "inquiry_submitted", "financing_pre_approved", "budget_disclosed",
           "location_preference_set")


@dataclass(frozen=True)
class Investors:
    """Invented investors with what is true of them.

    Parameters
    ----------
    leads : DataFrame of shape (n, 13)
        Twelve whole numbers and ``tier``.
    worth : ndarray of shape (n,)
        What decides the tier, before the noise.
    chances : DataFrame of shape (n, 3)
        The true chance of each tier, given everything the columns tell; rows add up to 1.
    """

    leads: pd.DataFrame
    worth: Floats
    chances: pd.DataFrame

    @property
    def best_accuracy(self) -> float:
        """The accuracy to expect of whoever knows the true chances and names the likeliest tier (Bayes)."""
        return float(self.chances.to_numpy().max(axis=1).mean())


def make_investors(n: int, seed: int, noise: float = NOISE) -> Investors:
    """Invent investors.

    Parameters
    ----------
    n : int
        How many, at least 1.
    seed : int
        The same seed, size and noise give the same leads.
    noise : float
        Scale of the logistic noise, above 0; about 0.35 makes an easy file, 0.7 a hard one.
    """
    rng = np.random.default_rng(seed)
    leads = _invent(rng, n)
    chances = tier_chances(leads, noise)
    borders = chances.to_numpy().cumsum(axis=1)[:, :-1]
    drawn = (rng.random(n)[:, None] > borders).sum(axis=1)
    tiers = pd.Series(pd.array(np.array(TIERS, dtype=object)[drawn], dtype="str"), index=leads.index)
    return Investors(leads.assign(tier=tiers), _worth(leads), chances)


def tier_chances(leads: pd.DataFrame, noise: float = NOISE) -> pd.DataFrame:
    """Give the true chance of each tier for any leads with the twelve columns.

    Returns
    -------
    DataFrame of shape (n, 3)
        Columns High, Medium, Low; rows add up to 1. An ordered logit: ``P(High) = sigmoid((worth - border) / noise)``.
    """
    high, low = _borders(noise)
    worth = _worth(leads)
    first, last = expit((worth - high) / noise), expit((low - worth) / noise)
    return pd.DataFrame(np.column_stack([first, 1 - first - last, last]), index=leads.index, columns=list(TIERS))


def _invent(rng: np.random.Generator, n: int) -> pd.DataFrame:
    means = rng.normal(0, 1, n)
    income = np.clip(MEDIAN_INCOME * np.exp(0.62 * means), *INCOME).round(-2)
    credit = np.clip(655 + 45 * means + 85 * rng.normal(0, 1, n), *CREDIT).round()
    affluence = (income / INCOME[1] + credit / CREDIT[1]) / 2
    engagement = affluence * np.exp(rng.normal(-0.25, 0.7, n))
    cells = {"age": np.clip(rng.normal(42, 11, n), 22, 70).round(), "income": income, "credit_score": credit}
    for name, (mean, least, most, _) in COUNTS.items():
        cells[name] = np.clip(rng.poisson(mean * engagement), least, most)
    for name, (start, rise, _) in ANSWERS.items():
        cells[name] = rng.random(n) < np.clip(start + rise * engagement, 0, MOST_LIKELY_ANSWER)
    cells["financing_pre_approved"] = rng.random(n) < 0.3 + 0.3 * credit / CREDIT[1]
    return pd.DataFrame({name: np.asarray(cells[name], dtype=np.int64) for name in HEADERS})


def _worth(leads: pd.DataFrame) -> Floats:
    """Sum up what a lead is worth; another visit counts less than the first ones."""
    worth = 2.2 * np.log(leads["income"] / MEDIAN_INCOME) + (leads["credit_score"] - MIDDLE_CREDIT) / 60
    for name, (*_, weight) in COUNTS.items():
        worth = worth + weight * np.sqrt(leads[name])
    for name, (*_, weight) in ANSWERS.items():
        worth = worth + weight * leads[name]
    return np.asarray(worth + PRE_APPROVAL_WORTH * leads["financing_pre_approved"], dtype=np.float64)


def _borders(noise: float) -> tuple[float, float]:
    """Find the worth above which High, and below which Low, is the likelier answer to 'is it?', from the shares."""
    crowd = _worth(_invent(np.random.default_rng(REFERENCE_SEED), REFERENCE_LEADS))
    lowest, highest = crowd.min() - 20 * noise, crowd.max() + 20 * noise
    high = brentq(lambda border: expit((crowd - border) / noise).mean() - HIGH_SHARE, lowest, highest)
    low = brentq(lambda border: expit((border - crowd) / noise).mean() - LOW_SHARE, lowest, highest)
    return float(high), float(low)
