"""What another policy would do to a client's leads, and to the conversions found among leads whose end is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.scoring.economics import Profit, profit_by_share
from leadscore.scoring.measures import (
    FEWEST,
    TOP,
    Compared,
    Ranking,
    Verdict,
    compared,
    figures,
    rank,
    sentence,
    too_few,
    verdict_of,
)
from leadscore.scoring.moves import (
    Moved,
    among_best,
    best_first,
    count_of_share,
    grid_counts,
    histogram,
    ranks_of,
    tier_numbers,
)
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.simulation import Panel
from leadscore.steps.held_out import Measured, Origin
from leadscore.steps.panels import Prepared, in_memory
from leadscore.steps.run_records import MOST_NAMED
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

LISTED, EXAMPLES = 10, 5
MEASURES = ("capture", "lift", "precision")
BEST = f"in the best {TOP:.0%}".replace("%", " %")


@dataclass(frozen=True)
class HeldOutEffect:
    """What a change does on leads whose end is known and that nobody has learnt from.

    Parameters
    ----------
    leads, converted : int
    about : str
        Which leads these are, in a sentence.
    verdict : Verdict
    sentence : str
        What the change does to the conversions found, with its interval; or that too little is known.
    figures : dict of Compared
        ``capture``, ``lift`` and ``precision`` in the best 20 %, ``average_precision`` and ``calibration_error``;
        empty where too little is known.
    at_capacity : dict of Compared
        ``capture``, ``lift`` and ``precision`` among as many as can be called; empty unless tiers are cut so.
    capacity_share : float or None
        The share of all leads that can be called.
    profit : Profit or None
    """

    leads: int
    converted: int
    about: str
    verdict: Verdict
    sentence: str
    figures: dict[str, Compared] = field(default_factory=dict)
    at_capacity: dict[str, Compared] = field(default_factory=dict)
    capacity_share: float | None = None
    profit: Profit | None = None


@dataclass(frozen=True)
class LeadsEffect:
    """What a change does to the stored leads.

    Parameters
    ----------
    tiers_before, tiers_after : dict of str to int
    entering, leaving : int
        Leads that come into the best 20 %, and that drop out.
    histogram : DataFrame
        Columns ``low``, ``high``, ``before``, ``after``.
    grid : DataFrame
        Columns ``fit``, ``engagement``, ``leads``, after the change.
    moved : DataFrame
        Index ``lead_id``; columns ``part`` (``best``, ``entering`` or ``leaving``), ``score_before``, ``score_after``,
        ``rank_before``, ``rank_after``: the best ten after the change, and some of those who come in or drop out.
    """

    tiers_before: dict[str, int]
    tiers_after: dict[str, int]
    entering: int
    leaving: int
    histogram: pd.DataFrame
    grid: pd.DataFrame
    moved: pd.DataFrame


def effect_on_leads(panel: Panel, before: Policy, then: Panel, after: Policy) -> LeadsEffect:
    """Score leads under two policies and say what differs.

    Parameters
    ----------
    panel, then : Panel
        The same leads with the features of each policy, which are one panel unless what is offered or made differs.
    before, after : Policy
    """
    old, new = panel.standing(before), then.standing(after)
    moved = Moved(_best(panel, before), _best(then, after))
    parts = {"best": best_first(new.score, min(LISTED, len(panel))),
             "entering": _first(moved.entering, new.score), "leaving": _first(moved.leaving, old.score)}
    places = np.concatenate(list(parts.values()))
    listed = pd.DataFrame({
        "part": np.repeat(list(parts), [len(part) for part in parts.values()]),
        "score_before": old.score[places], "score_after": new.score[places],
        "rank_before": ranks_of(old.score, places), "rank_after": ranks_of(new.score, places),
    }, index=pd.Index(panel.lead_ids[places], name="lead_id"))
    return LeadsEffect(
        tier_numbers(panel, old, before), tier_numbers(then, new, after), len(moved.entering), len(moved.leaving),
        histogram(old.score, new.score), grid_counts(new, after.grid), listed)


def told_effect(session: Session, workbench: Workbench, client_id: int, champion: ModelVersion | None,
                before: Policy, after: Policy) -> dict[str, Any]:
    """Say for the log who would come into the best 20 % and drop out, where the leads are in memory already.

    Whoever has looked at the change before saving it has them there. In any case the next scoring tells who did.
    """
    first, second = (in_memory(session, workbench, client_id, champion, policy) for policy in (before, after))
    if first is None or second is None or not len(first.panel) \
            or not np.array_equal(first.panel.lead_ids, second.panel.lead_ids):
        return {}
    moved = Moved(_best(first.panel, before), _best(second.panel, after))
    ids = first.panel.lead_ids
    return {"best_fifth": {"leads": int(moved.best_after.sum()), "entered": len(moved.entering),
                           "left": len(moved.leaving), "entered_leads": ids[moved.entering][:MOST_NAMED].tolist(),
                           "left_leads": ids[moved.leaving][:MOST_NAMED].tolist()}}


def effect_on_held_out(prepared: Prepared, before: Policy, then: Prepared, after: Policy) -> HeldOutEffect:
    """Measure two policies on leads whose end is known; the leads prepared for each are the same ones."""
    measured, afterwards = prepared.measured, then.measured
    if measured is None or afterwards is None:
        return HeldOutEffect(0, 0, "No lead has ended yet.", Verdict.TOO_FEW, _too_few(0, 0))
    y = measured.samples.y
    leads, converted = len(y), int(y.sum())
    if too_few(y):
        return HeldOutEffect(leads, converted, _about(measured), Verdict.TOO_FEW, _too_few(leads, converted))
    share = capacity_share(after, prepared.stored)
    shares = [TOP] if share is None else [TOP, share]
    rankings = _ranked(measured, before), _ranked(afterwards, after)
    told = compared(*(figures(ranking, shares) for ranking in rankings))
    capture, whole = told["capture_0"], told["average_precision"]
    return HeldOutEffect(
        leads, converted, _about(measured), verdict_of(capture, whole), sentence(capture, whole, converted, BEST),
        {name: told[f"{name}_0"] for name in MEASURES} | {
            name: told[name] for name in ("average_precision", "calibration_error")},
        {} if share is None else {name: told[f"{name}_1"] for name in MEASURES}, share,
        profit_by_share(rankings[1], after.economics, prepared.open_leads))


def capacity_share(policy: Policy, leads: int) -> float | None:
    """Say which share of the leads can be called, where tiers are cut by that."""
    if policy.tier_mode != TierMode.CAPACITY or not policy.capacity or not leads:
        return None
    return min(1.0, policy.capacity / leads)


def _best(panel: Panel, policy: Policy) -> np.ndarray:
    wanted = count_of_share(len(panel), TOP)
    return panel.remember("best", panel.key(policy), lambda: among_best(panel.standing(policy).score, wanted))


def _ranked(measured: Measured, policy: Policy) -> Ranking:
    panel = measured.panel
    return panel.remember("ranking", panel.key(policy),
                          lambda: rank(panel.standing(policy).blended, measured.samples))


def _first(places: np.ndarray, score: np.ndarray) -> np.ndarray:
    return np.asarray(places[np.argsort(-score[places], kind="stable")][:EXAMPLES])


def _too_few(leads: int, converted: int) -> str:
    return (f"Only {converted:,} conversions and {leads - converted:,} lost leads are there to measure on: too little "
            f"to tell what a change does. {FEWEST} of each are needed.")


def _about(measured: Measured) -> str:
    leads = f"{len(measured.panel):,}"
    told = {
        Origin.KEPT: f"Measured on {leads} leads set aside at the training, as a model judged them that had not learnt "
                     "from them.",
        Origin.LATER: f"Measured on {leads} leads decided after the model was trained: its own test leads were not "
                      "kept then. The next training keeps them.",
        Origin.NEWEST: f"Measured on the {leads} leads that ended last; suggested points are learnt from the older "
                       "ones.",
    }[measured.origin]
    if measured.left_out:
        told += f" Personal data are not kept, so these count for nothing here: {', '.join(measured.left_out)}."
    return told
