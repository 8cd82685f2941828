"""What every feature of a client is worth: how often it is filled, what it weighs, whether it has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.features.build import Features, FeatureSpec
from leadscore.features.columns import OF_FIELDS, columns_of
from leadscore.features.derived import DERIVED
from leadscore.features.expressions import compile_expression
from leadscore.features.tokens import WrongExpression
from leadscore.monitoring.drift import LEAST_LEADS, Drift, stability
from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, MADE_PREFIX, OFFER_PREFIX, PERSONAL_FIELDS, Kind
from leadscore.scoring.policy import Policy
from leadscore.steps.samples import Sample
from leadscore.store import lead_reading
from leadscore.store.tables import ModelVersion

NEWEST = 0.25
KNOWN_DATES_NEEDED = 0.8
DIRECT, DERIVED_, MADE = "direct", "derived", "made"
UNIT_OF_DERIVED = {"recency_days": "days", "lead_age_days": "days", "completeness": "share",
                   "engagement_ratio": "share", "reply_rate": "share"}
_DERIVED_NAMES = frozenset(feature.name for feature in DERIVED)


@dataclass(frozen=True)
class FeatureView:
    """One feature.

    Parameters
    ----------
    name, label : str
        Column of the features, and what people read.
    family : str
        Group it counts to.
    kind : Kind
    unit : str
        What a number is measured in; ``yes/no`` or ``text`` else.
    origin : {"direct", "derived", "made"}
    formula : str
        Of a made feature; else empty.
    sources : tuple of str
        Columns of the leads it is made of.
    coverage : float, in [0, 1]
        Share of the leads it is known for.
    values : int
        Different values.
    low, high : float or None
        Range of a number; None for texts, and where it would tell of a single person.
    importance : float or None
        Its part of all the champion's mean absolute log-odds; None where the champion does not read it.
    drift : Drift or None
        None where there are too few leads, or where newer leads differ in it anyway.
    criteria : tuple of str
        Labels of the criteria that use it.
    on : bool
        False when it is switched off.
    """

    name: str
    label: str
    family: str
    kind: Kind
    unit: str
    origin: str
    formula: str
    sources: tuple[str, ...]
    coverage: float
    values: int
    low: float | None
    high: float | None
    importance: float | None
    drift: Drift | None
    criteria: tuple[str, ...]
    on: bool


@dataclass(frozen=True)
class Split:
    """Which leads count as new.

    Parameters
    ----------
    newer : ndarray of bool, shape (n_leads,), or None
        None where there are too few leads to compare.
    basis : str
        What is compared, in a sentence.
    by_creation : bool
        True when the newer ones are so by their own date.
    """

    newer: np.ndarray | None
    basis: str
    by_creation: bool = False


def split_by_age(session: Session, client_id: int, leads: pd.DataFrame, champion: ModelVersion | None) -> Split:
    """Tell newer leads from those before: stored since the champion was trained, else the newest quarter."""
    if champion is not None:
        since = lead_reading.stored_since(session, client_id, champion.created_at)
        newer = np.isin(leads.index.to_numpy(), since)
        if min(newer.sum(), (~newer).sum()) >= LEAST_LEADS:
            return Split(newer, f"Leads stored since version {champion.id} was trained, against those before.")
    if len(leads) * NEWEST < LEAST_LEADS:
        return Split(None, f"Too few leads to compare newer ones with earlier ones; {LEAST_LEADS / NEWEST:.0f} are "
                           "needed.")
    dated = "created_at" in leads and leads["created_at"].notna().mean() >= KNOWN_DATES_NEEDED
    order = leads["created_at"].rank(method="first", na_option="top") if dated else pd.Series(range(len(leads)))
    newer = (order.rank(pct=True) > 1 - NEWEST).to_numpy(dtype=bool)
    how = "by their date of creation" if dated else "in the order they were stored"
    return Split(newer, f"The newest quarter of the leads {how}, against the others.", bool(dated))


def views(sample: Sample, features: Features, policy: Policy, champion: ModelVersion | None, split: Split, *,
          personal: bool) -> tuple[FeatureView, ...]:
    """Describe every feature.

    Parameters
    ----------
    features : Features
        Of the sample, with the made ones of the policy.
    personal : bool
        False hides the range of personal figures such as an income.
    """
    weights = dict(champion.report.get("importance") or {}) if champion else {}
    total = sum(weights.values())
    formulas = {feature.column: feature.expression for feature in policy.made}
    told = columns_of(sample.custom_fields)
    units = {column.name: column.unit_words for column in told.all}
    units |= {name: _unit_of(text, sample) for name, text in formulas.items()}
    found = []
    for spec in features.specs:
        values = features.frame[spec.name]
        low, high = (None, None) if not personal and PERSONAL_FIELDS & set(spec.sources) else _range(values, spec)
        found.append(FeatureView(
            name=spec.name, label=spec.label, family=str(spec.group), kind=spec.kind,
            unit=_unit(spec, units), origin=origin_of(spec.name), formula=formulas.get(spec.name, ""),
            sources=spec.sources, coverage=float(values.notna().mean()) if len(values) else 0.0,
            values=int(values.nunique()), low=low, high=high,
            importance=weights[spec.name] / total if spec.name in weights and total else None,
            drift=_drift(values, spec, features, split),
            criteria=tuple(criterion.label for criterion in policy.criteria if criterion.field == spec.name),
            on=spec.name not in policy.switched_off))
    # made of a column that may not be used any more: still there to be retired
    found += [FeatureView(feature.column, feature.label, feature.group, Kind.TEXT, "unusable", MADE, feature.expression,
                          (), 0.0, 0, None, None, None, None, (), feature.column not in policy.switched_off)
              for feature in policy.made if feature.column not in features.frame]
    return tuple(found)


def is_feature(name: str) -> bool:
    """Tell whether a column of the leads or a derived one can be a feature; of a client's own, any can."""
    known = FIELD_BY_NAME.get(name)
    own = name in _DERIVED_NAMES or name.startswith((CUSTOM_PREFIX, OFFER_PREFIX))
    return own or (known is not None and known.feature)


def origin_of(name: str) -> str:
    """Say whether a feature is a column of the leads, derived by the product, or made by a person."""
    if name.startswith(MADE_PREFIX):
        return MADE
    return DERIVED_ if name in _DERIVED_NAMES or name.startswith(OFFER_PREFIX) else DIRECT


def _unit(spec: FeatureSpec, units: Mapping[str, str]) -> str:
    if spec.kind is Kind.BOOLEAN:
        return "yes/no"
    if spec.kind in (Kind.CATEGORY, Kind.TEXT):
        return "text"
    # a date counts as days since it
    unit = UNIT_OF_DERIVED.get(spec.name) or units.get(spec.name, "number")
    return "days" if unit == "date" else unit


def _unit_of(formula: str, sample: Sample) -> str:
    try:
        return compile_expression(formula, columns_of(sample.custom_fields), missing_is_empty=True).unit
    except WrongExpression:
        return "number"


def _range(values: pd.Series, spec: FeatureSpec) -> tuple[float | None, float | None]:
    if spec.kind is not Kind.NUMBER or values.isna().all():
        return None, None
    return float(values.min()), float(values.max())


def _drift(values: pd.Series, spec: FeatureSpec, features: Features, split: Split) -> Drift | None:
    if split.newer is None or (split.by_creation and counts_days(spec, features)):
        return None
    return stability(values[~split.newer], values[split.newer])


def counts_days(spec: FeatureSpec, features: Features) -> bool:
    """Tell whether a feature says how long something is ago: newer leads differ in that by themselves."""
    dates = {column.name for column in OF_FIELDS.all if column.unit_words == "date"}
    return spec.name in features.day_columns or bool(dates & set(spec.sources))
