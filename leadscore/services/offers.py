"""Offers are written, changed and retired; leads are scored by one: rule points, intent and reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.features.build import build_features
from leadscore.features.offer_fit import COMPLETE, INDUSTRY, INTENT, SIMILARITY
from leadscore.schema import PERSONAL_FIELDS
from leadscore.scoring.intent import ai_points
from leadscore.scoring.offer import Offer, check_offer, read_offer
from leadscore.scoring.preset_criteria import OFFER_RULES
from leadscore.scoring.presets import offer_policy
from leadscore.scoring.scorecard import score_rules
from leadscore.steps.dates import reference_date
from leadscore.steps.language import consult
from leadscore.steps.listing import MASK, person_names
from leadscore.steps.offers import FEATURE_COLUMNS, neighbours, offer_fit
from leadscore.steps.progress import Progress, silent
from leadscore.store import audit, clients, lead_reading
from leadscore.store import offers as offer_rows
from leadscore.store import policies as policy_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.store.tables import OfferVersion
from leadscore.workbench import Workbench

CHUNK = 50_000
"""Leads in memory at a time."""
PLACES = ("location", "city", "region", "country")
SHOWN_INDUSTRIES = 300


@dataclass(frozen=True)
class OfferView:
    """A stored offer."""

    id: int
    offer: Offer
    replaces: int | None
    retired_at: datetime | None
    created_by: str
    created_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Give plain values: the offer's own and ``id``, ``replaces``, ``retired``."""
        return asdict(self.offer) | {"id": self.id, "replaces": self.replaces, "retired": self.retired_at is not None,
                                     "created_by": self.created_by, "created_at": self.created_at.isoformat()}


@dataclass(frozen=True)
class LeadIntent:
    """How one lead fits an offer.

    Parameters
    ----------
    in_force : bool
        Whether scores are measured against this offer; else it is the newest one.
    level, reasoning, judged_by : str
        ``judged_by`` is ``local`` or the name of a model.
    confidence : float or None
        Of a local estimate, in [0.5, 1); no probability.
    industry_match : str or None
        exact, adjacent or other; None when the industry is not known.
    similarity : float, in [0, 1]
    complete : bool
        Whether name, role, company, industry, location and bio are known.
    """

    offer: str
    in_force: bool
    level: str
    reasoning: str
    judged_by: str
    confidence: float | None
    industry_match: str | None
    similarity: float
    complete: bool


@dataclass(frozen=True)
class OfferScores:
    """Leads scored by an offer.

    Parameters
    ----------
    frame : DataFrame
        One row a lead: ``lead_id``, ``name``, ``role``, ``company``, ``industry``, ``location``, ``linkedin_bio``,
        ``rule_score`` (0-50), ``ai_points`` (50, 30, 10), ``score`` (their sum), ``intent``, ``reasoning`` and
        ``judged_by`` (``local`` or a model's name).
    note : str
        Why a language server has not judged all of them; empty when it was not asked or did.
    """

    offer: OfferView
    frame: pd.DataFrame
    note: str = ""


def create_offer(workbench: Workbench, actor: Actor, *, client: str, values: Mapping[str, Any]) -> OfferView:
    """Store a new offer.

    Parameters
    ----------
    values : mapping
        ``name``, ``value_props``, ``ideal_use_cases`` and, if wanted, ``also_adjacent`` and ``never_adjacent``.

    Raises
    ------
    InvalidRequest
        No name, no ideal use case, or more than anybody reads.
    """
    return _save(workbench, actor, client, values, None)


def edit_offer(workbench: Workbench, actor: Actor, *, client: str, offer_id: int,
               values: Mapping[str, Any]) -> OfferView:
    """Replace an offer by a new one; values that are not given stay. Policies that hold a copy of the old one keep it.

    Raises
    ------
    InvalidRequest
        The result is no offer, or the old one is no longer in use.
    NotFound
        The client has no such offer.
    """
    return _save(workbench, actor, client, values, offer_id)


def list_offers(workbench: Workbench, actor: Actor, *, client: str, retired: bool = False) -> list[OfferView]:
    """List the offers in use, newest first; the others on request."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        return [_view(offer) for offer in offer_rows.list_all(session, row.id, retired=retired)] \
            if row and row.id else []


def show_offer(workbench: Workbench, actor: Actor, *, client: str, offer_id: int) -> OfferView:
    """Show one offer, in use or not.

    Raises
    ------
    NotFound
        The client has no such offer.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return _view(offer_rows.find(session, clients.require(session, client), offer_id))


def retire_offer(workbench: Workbench, actor: Actor, *, client: str, offer_id: int) -> None:
    """Take an offer out of use; scores made by it stay.

    Raises
    ------
    NotFound
        The client has no such offer.
    InvalidRequest
        It is out of use already.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = offer_rows.retire(session, client_id, offer_id, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="offer_retired",
                     object=f"offer:{offer_id}", detail={"name": row.name})


def offer_changes(workbench: Workbench, actor: Actor, *, client: str, offer_id: int,
                  preset: bool = True) -> dict[str, Any]:
    """Give the changes of the policy that score by an offer, as ``policies.save_policy`` takes them.

    Parameters
    ----------
    preset : bool
        True takes over "Offer fit 50 + 50" as a whole; False only measures fit against this offer and leaves the
        scorecard as it is.

    Raises
    ------
    NotFound
        The client has no such offer.
    """
    offer = show_offer(workbench, actor, client=client, offer_id=offer_id).offer
    policy = offer_policy(offer).to_dict()
    names = ("criteria", "group_weights", "full_marks", "group_marks", "alpha", "alpha_is_suggested", "thresholds",
             "tier_mode", "switched_off", "offer") if preset else ("offer",)
    return {name: policy[name] for name in names}


def offer_neighbours(workbench: Workbench, actor: Actor, *, client: str, offer_id: int) -> pd.DataFrame:
    """Show how the industries of the client's leads stand to an offer.

    Returns
    -------
    DataFrame
        ``industry``, ``leads``, ``match`` (exact, adjacent, other), ``nearest`` use case and ``closeness``; the most
        frequent 300.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        offer = _offer_of(offer_rows.find(session, client_id, offer_id))
        leads = lead_reading.read_leads(session, workbench.vault, client_id, fields=["industry"])
    counts = leads["industry"].value_counts().head(SHOWN_INDUSTRIES)
    shown = neighbours(workbench, [str(name) for name in counts.index], offer)
    shown.insert(1, "leads", counts.to_numpy())
    return shown.sort_values(["closeness", "leads"], ascending=False, ignore_index=True)


def lead_intent(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> LeadIntent | None:
    """Say how a lead fits the offer in force, as its score was made, or else the newest offer; None without any.

    Nobody is asked: what a language server has said earlier counts, else the local estimate.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        lead_reading.find_lead(session, client_id, lead_id)
        active = policy_rows.active(session, client_id)
        body = active.body.get("offer") if active else None
        newest = offer_rows.list_all(session, client_id)[:1]
        if body is None and not newest:
            return None
        offer = read_offer(body if body is not None else newest[0].body)
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=[lead_id], keep_empty=True)
        current = score_rows.of_leads(session, client_id, [lead_id])
        made = None if body is None or current.empty else score_rows.run(
            session, client_id, int(current["run_id"].iloc[0])).created_at
        fit = offer_fit(workbench, session, client_id, leads, offer, known_at=made)
    told, match = fit.iloc[0], fit[INDUSTRY.column].iloc[0]
    reasoning = _reasoning(fit, leads, actor.may(Action.VIEW_PERSONAL_DATA)).iloc[0]
    return LeadIntent(
        offer=offer.name, in_force=body is not None, level=str(told[INTENT.column]), reasoning=str(reasoning),
        judged_by=str(told["judged_by"]),
        confidence=None if pd.isna(told["confidence"]) else float(told["confidence"]),
        industry_match=match if isinstance(match, str) else None, similarity=float(told[SIMILARITY.column]),
        complete=bool(told[COMPLETE.column]))


def score_offer(workbench: Workbench, actor: Actor, *, client: str, offer_id: int,
                lead_ids: Sequence[int] | None = None, ask: bool = False,
                progress: Progress | None = None) -> OfferScores:
    """Score leads by an offer: up to 50 points by rules, and 50, 30 or 10 for intent; the policy in force is not asked.

    Parameters
    ----------
    lead_ids : sequence of int, optional
        Only these; all leads of the client when left out.
    ask : bool
        Whether a language server may be asked, where an administrator has switched it on; otherwise what it has
        answered earlier counts, else the local estimate. Asking takes long: never from a page.

    Returns
    -------
    OfferScores
        Best lead first. Personal values are masked when the role may not see them.

    Raises
    ------
    NotFound
        The client has no such offer.
    Forbidden
        Asking needs the right to edit leads.
    """
    require(actor, Action.EDIT_LEADS if ask else Action.VIEW_LEADS, client)
    now, tell = workbench.clock(), progress or silent
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = offer_rows.find(session, client_id, offer_id)
        wanted = lead_reading.ids(session, client_id)
    offer = _offer_of(row)
    if lead_ids is not None:
        wanted = np.intersect1d(wanted, np.asarray(lead_ids, dtype=np.int64))
    note = consult(workbench, client_id=client_id, lead_ids=wanted, offer=offer, asked_by=actor.name, now=now,
                   tell=tell).note if ask else ""
    personal = actor.may(Action.VIEW_PERSONAL_DATA)
    with read(workbench.engine) as session:
        as_of = reference_date(lead_reading.latest_dates(session, client_id), now)
        parts = [_scored(session, workbench, client_id, wanted[start:start + CHUNK], offer, as_of, personal)
                 for start in range(0, max(len(wanted), 1), CHUNK)]
    frame = pd.concat(parts).sort_values("score", ascending=False, kind="stable", ignore_index=True)
    return OfferScores(_view(row), frame, note)


def _scored(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray, offer: Offer,
            as_of: pd.Timestamp, personal: bool) -> pd.DataFrame:
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids, keep_empty=True)
    fit = offer_fit(workbench, session, client_id, leads, offer)
    features = build_features(leads.assign(**{name: fit[name] for name in FEATURE_COLUMNS}), as_of=as_of)
    # the scorecard of the preset and no second reckoning, so that both always say the same
    points = score_rules(features, offer_policy(offer)).points
    said = _said(leads, personal)
    rules = points[[criterion.id for criterion in OFFER_RULES]].sum(axis=1).round(6)
    asked = ai_points(fit[INTENT.column])
    return said.assign(rule_score=rules, ai_points=asked, score=rules + asked, intent=fit[INTENT.column],
                       reasoning=_reasoning(fit, leads, personal), judged_by=fit["judged_by"],
                       industry_match=fit[INDUSTRY.column]).reset_index(names="lead_id")


def _said(leads: pd.DataFrame, personal: bool) -> pd.DataFrame:
    nothing = pd.Series(None, index=leads.index, dtype="str")
    places = [leads[name] for name in PLACES if name in leads]
    where = nothing
    for values in places:
        where = where.fillna(values)
    columns = {"name": person_names(leads), "role": leads.get("job_title", nothing),
               "company": leads.get("company", nothing), "industry": leads.get("industry", nothing),
               "location": where, "linkedin_bio": leads.get("linkedin_bio", nothing)}
    if not personal:
        columns |= {name: columns[name].where(columns[name].isna(), MASK) for name in ("name", "linkedin_bio")}
    return pd.DataFrame(columns, index=leads.index)


def _reasoning(fit: pd.DataFrame, leads: pd.DataFrame, personal: bool) -> pd.Series:
    """Give the reasonings; one that may quote a person's own words only to those who may read them."""
    if personal:
        return fit["reasoning"]
    own = [name for name in ("linkedin_bio", "notes") if name in leads and name in PERSONAL_FIELDS]
    quoted = leads[own].notna().any(axis=1)
    return fit["reasoning"].mask(quoted, "Rests on personal words that your role does not show.")


def _save(workbench: Workbench, actor: Actor, client: str, values: Mapping[str, Any],
          replaces: int | None) -> OfferView:
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    if not isinstance(values, Mapping):
        raise InvalidRequest("wrong_offer", "An offer is a set of named values.", "Give name and ideal_use_cases.")
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = dict(offer_rows.find(session, client_id, replaces).body) if replaces is not None else {}
        offer = read_offer(before | dict(values))
        check_offer(offer)
        row = offer_rows.save(session, client_id, body=asdict(offer), created_by=actor.name, now=now,
                              replaces=replaces)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="offer_created" if replaces is None else "offer_edited", object=f"offer:{row.id}",
                     detail={"offer": asdict(offer), "replaces": replaces})
        return _view(row)


def _offer_of(row: OfferVersion) -> Offer:
    return read_offer(row.body)


def _view(row: OfferVersion) -> OfferView:
    return OfferView(row.id or 0, _offer_of(row), row.replaces, row.retired_at, row.created_by, row.created_at)
