"""Leads and a date in, features out: what rules and models may look at, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import pandas as pd

from leadscore.features.derived import DAY_FEATURES, DERIVED, days_before, is_possible
from leadscore.features.made import work_out
from leadscore.features.never import REASON_BY_GROUP, REASON_IDENTIFIER, REASON_PERSONAL, REASON_SPELLING
from leadscore.features.offer_fit import OFFER_FEATURES
from leadscore.schema import (
    FIELD_BY_NAME,
    MADE_PREFIX,
    NUMERIC_KINDS,
    OFFER_PREFIX,
    CustomField,
    Group,
    Kind,
    MadeFeature,
    label_of,
)

TEXT_KINDS = frozenset({Kind.TEXT, Kind.CATEGORY})
KEEPABLE_KINDS = NUMERIC_KINDS | TEXT_KINDS | {Kind.BOOLEAN, Kind.DATE, Kind.IDENTIFIER}


@dataclass(frozen=True)
class FeatureSpec:
    """What one feature is.

    Parameters
    ----------
    name : str
        Column of the features frame.
    label : str
        Its name in the user's words.
    kind : Kind
        NUMBER, CATEGORY, BOOLEAN or TEXT.
    group : Group
        Family it counts to.
    sources : tuple of str
        Columns of the leads frame it is made of.
    changeable : bool
        True when a person can influence it.
    """

    name: str
    label: str
    kind: Kind
    group: Group
    sources: tuple[str, ...]
    changeable: bool = False

    @property
    def factor(self) -> str:
        """Column the feature's effect is told under: its only source, else itself; what people made is told by name."""
        return self.sources[0] if len(self.sources) == 1 and not self.name.startswith(MADE_PREFIX) else self.name


@dataclass(frozen=True)
class Features:
    """What rules and models may look at.

    Parameters
    ----------
    frame : DataFrame, index lead_id
        One column a spec: NUMBER float64, BOOLEAN float64 of 0, 1 or missing, CATEGORY and TEXT dtype str.
    specs : tuple of FeatureSpec
        In the order of the columns.
    as_of : datetime, UTC
        The date ages are counted to.
    """

    frame: pd.DataFrame
    specs: tuple[FeatureSpec, ...]
    as_of: datetime
    day_columns: tuple[str, ...] = field(default=())

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Kind of every column."""
        return {spec.name: spec.kind for spec in self.specs}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Name of every column in the user's words."""
        return {spec.name: spec.label for spec in self.specs}

    @cached_property
    def factors(self) -> dict[str, str]:
        """Column under which each feature's effect is told."""
        return {spec.name: spec.factor for spec in self.specs}


def build_features(
    leads: pd.DataFrame,
    custom_fields: Sequence[CustomField] = (),
    *,
    as_of: datetime,
    headers: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
    made: Sequence[MadeFeature] = (),
) -> Features:
    """Make the features of leads as of a date.

    The row of a lead depends on that lead alone. A column the frame lacks counts as missing for every lead, so a
    shorter file gives the same values as the same file with empty columns.

    Parameters
    ----------
    leads : DataFrame, index lead_id
        Leads frame, typed columns of the schema and ``custom:`` columns. Not changed.
    custom_fields : sequence of CustomField
        Kinds of the ``custom:`` columns; a custom column that is not listed is not used.
    as_of : datetime, UTC
        Ages are counted to here; later dates are treated as not known yet.
    headers : mapping or None
        Column name to the user's header.
    keep : collection of str
        Columns a person wants in spite of :func:`unused_columns`; outcomes, consent and personal data stay out.
    made : sequence of MadeFeature
        What people made of the columns; a column each, under its :attr:`MadeFeature.column`.

    Returns
    -------
    Features
    """
    names = dict(headers or {})
    customs = {custom.name: custom for custom in custom_fields}
    parts = [_direct(leads, column, names, customs, as_of, keep) for column in leads.columns]
    pairs = [part for part in parts if part is not None] + _derive(leads, names, as_of) + _fitting(leads)
    pairs += _made(leads, made, custom_fields, as_of)
    frame = pd.DataFrame({spec.name: values for spec, values in pairs}, index=leads.index)
    specs = tuple(spec for spec, _ in pairs)
    days = tuple(spec.name for spec in specs if spec.name in DAY_FEATURES or _is_date(spec.name, customs))
    return Features(frame, specs, as_of, days)


def unused_columns(leads: pd.DataFrame, custom_fields: Sequence[CustomField] = ()) -> dict[str, str]:
    """Name the columns that are never features, each with the reason in one sentence.

    Columns that live on in a derived feature (e-mail, phone, dates) are not listed.
    """
    customs = {custom.name: custom for custom in custom_fields}
    derived_from = {source for feature in DERIVED for source in feature.sources}
    reasons = {column: _reason_against(column, customs) for column in leads.columns
               if column not in derived_from and not column.startswith(OFFER_PREFIX)}
    return {column: reason for column, reason in reasons.items() if reason}


def _reason_against(column: str, customs: Mapping[str, CustomField]) -> str:
    """Say why a column is no feature, or nothing when it is one."""
    known = FIELD_BY_NAME.get(column)
    if known is not None:
        reason = REASON_PERSONAL if known.personal else REASON_SPELLING
        return "" if known.feature else REASON_BY_GROUP.get(known.group, reason)
    custom = customs.get(column)
    if custom is None or custom.personal or custom.kind in {Kind.EMAIL, Kind.PHONE, Kind.URL}:
        return REASON_PERSONAL
    return REASON_IDENTIFIER if custom.kind is Kind.IDENTIFIER else ""


def _may_keep(column: str, customs: Mapping[str, CustomField]) -> bool:
    """Tell whether a person's wish for a column may be granted."""
    known = FIELD_BY_NAME.get(column)
    if known is not None:
        return not known.personal and known.group not in {Group.OUTCOME, Group.CONSENT} and known.kind in KEEPABLE_KINDS
    custom = customs.get(column)
    return custom is not None and not custom.personal and custom.kind in KEEPABLE_KINDS


def _direct(
    leads: pd.DataFrame,
    column: str,
    headers: dict[str, str],
    customs: Mapping[str, CustomField],
    as_of: datetime,
    keep: Collection[str],
) -> tuple[FeatureSpec, pd.Series] | None:
    """Use a column of the leads as it is, when it may be used."""
    if _reason_against(column, customs) and not (column in keep and _may_keep(column, customs)):
        return None
    known = FIELD_BY_NAME.get(column)
    kind = known.kind if known else customs[column].kind
    group = known.group if known else Group.BEHAVIOURAL if kind is Kind.DATE else Group.FIT
    label = label_of(column, headers)
    values, feature_kind = _typed(leads[column], kind, as_of)
    label = f"Days since {label}" if kind is Kind.DATE else label
    return FeatureSpec(column, label, feature_kind, group, (column,), bool(known and known.changeable)), values


def _typed(values: pd.Series, kind: Kind, as_of: datetime) -> tuple[pd.Series, Kind]:
    """Give a column the dtype features have, and the kind that says it."""
    if kind in NUMERIC_KINDS:
        return values.astype("float64"), Kind.NUMBER
    if kind is Kind.BOOLEAN:
        return values.astype("Float64").astype("float64"), Kind.BOOLEAN
    if kind is Kind.DATE:
        return days_before(values, as_of), Kind.NUMBER
    return values.astype("str"), Kind.TEXT if kind is Kind.TEXT else Kind.CATEGORY


def _derive(leads: pd.DataFrame, headers: dict[str, str], as_of: datetime) -> list[tuple[FeatureSpec, pd.Series]]:
    """Work out every derived feature the columns allow."""
    possible = [feature for feature in DERIVED if is_possible(feature, leads.columns)]
    return [
        (FeatureSpec(feature.name, _derived_label(feature.label, feature.sources, headers), feature.kind, feature.group,
                     feature.sources, feature.changeable), feature.compute(leads, as_of))
        for feature in possible
    ]


def _fitting(leads: pd.DataFrame) -> list[tuple[FeatureSpec, pd.Series]]:
    """Pass on what is known of the leads' fit to the offer in force."""
    return [(FeatureSpec(feature.name, feature.label, feature.kind, Group.FIT, feature.sources), leads[feature.column])
            for feature in OFFER_FEATURES if feature.column in leads]


def _made(leads: pd.DataFrame, made: Sequence[MadeFeature], custom_fields: Sequence[CustomField],
          as_of: datetime) -> list[tuple[FeatureSpec, pd.Series]]:
    """Work out what people made."""
    return [(FeatureSpec(feature.column, feature.label, formula.kind, Group(feature.group), formula.sources), values)
            for feature, formula, values in work_out(leads, made, custom_fields, as_of)]


def with_made(features: Features, leads: pd.DataFrame, made: Sequence[MadeFeature],
              custom_fields: Sequence[CustomField]) -> Features:
    """Give the same features with what people made beside them; what is there already stays as it is.

    Parameters
    ----------
    features : Features
        Of ``leads``.
    """
    new = [feature for feature in made if feature.column not in features.frame]
    pairs = _made(leads, new, custom_fields, features.as_of)
    if not pairs:
        return features
    frame = features.frame.assign(**{spec.name: values for spec, values in pairs})
    return Features(frame, (*features.specs, *(spec for spec, _ in pairs)), features.as_of, features.day_columns)


def _derived_label(label: str, sources: tuple[str, ...], headers: dict[str, str]) -> str:
    """Add the header a single-source feature was made from, so that people recognise it."""
    header = headers.get(sources[0]) if len(sources) == 1 else None
    return f"{label} (from {header})" if header else label


def _is_date(name: str, customs: Mapping[str, CustomField]) -> bool:
    """Tell whether a column was a date before it became a number of days."""
    custom = customs.get(name)
    known = FIELD_BY_NAME.get(name)
    return (custom is not None and custom.kind is Kind.DATE) or (known is not None and known.kind is Kind.DATE)
