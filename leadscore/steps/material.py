"""What a model learns from: leads and their outcome, from a file or from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.features.build import Features, build_features
from leadscore.features.derived import company_domains
from leadscore.features.made import sources_of
from leadscore.ingest.cleaning import CleaningChoices, clean_table
from leadscore.ingest.duplicates import company_key
from leadscore.ingest.issues import concat_issues
from leadscore.ingest.mapping import target_candidates
from leadscore.ingest.readers import RawTable
from leadscore.ingest.validation import rejected_rows, validate
from leadscore.modeling.splits import MIN_MOMENTS
from leadscore.modeling.tiers.target import MIN_PER_TIER, TierTarget, holds_tiers, tier_target
from leadscore.schema import (
    CLOSED_STAGES,
    FIELD_BY_NAME,
    CustomField,
    Kind,
    MadeFeature,
    OutcomeStage,
    label_of,
    normalise_header,
)
from leadscore.steps.dates import reference_date

ROWS_IN_TIME_ORDER = "rows"
KNOWN_DATES_NEEDED = 0.8
KNOWN_COMPANIES_NEEDED = 0.5
SHOWN_HEADERS = 12
OUTCOME_FIELDS = ("converted", "stage")
OUTCOME_KINDS = frozenset({Kind.CATEGORY, Kind.BOOLEAN, Kind.NUMBER})


@dataclass(frozen=True)
class Material:
    """Leads with the outcome to be learnt.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
        A leads frame.
    outcome : Series of shape (n_leads,)
        Text of the outcome, missing where a lead is still open.
    target : str
        What people call the outcome.
    target_column : str or None
        The column of ``leads`` that holds it, which no feature may use.
    fingerprint : str
        Says which data this was.
    moments : Series of shape (n_leads,), UTC, or None
        When the outcome was known; None when nothing tells.
    """

    leads: pd.DataFrame
    custom_fields: tuple[CustomField, ...]
    headers: dict[str, str]
    outcome: pd.Series
    target: str
    positive: str | None
    target_column: str | None
    fingerprint: str
    moments: pd.Series | None = None


def from_file(raw: RawTable, mapping: Mapping[str, str | None], *, target: str, positive: str | None,
              now: datetime) -> Material:
    """Take leads and outcome from a labelled file.

    Parameters
    ----------
    mapping : mapping of str to str or None
        Header to field.

    Raises
    ------
    InvalidRequest
        No header is called like the target.
    """
    headers = list(raw.frame.columns)
    header = _find_header(target, headers)
    clean = clean_table(raw, mapping, CleaningChoices(), as_of=now)
    names = {shown: name for name, shown in clean.headers.items()}
    issues = concat_issues([raw.issues, clean.issues, validate(clean, as_of=now)])
    # a repeated header row or a shifted one has no outcome, whatever stands in its cell
    outcome = pd.Series(raw.frame[header].to_numpy(), index=clean.leads.index, dtype="str")
    outcome = outcome.mask(rejected_rows(issues, clean))
    return Material(leads=clean.leads, custom_fields=clean.custom_fields, headers=clean.headers, outcome=outcome,
                    target=header, positive=positive, target_column=names.get(header), fingerprint=raw.sha256,
                    moments=clean.leads.get("converted_at"))


def from_store(leads: pd.DataFrame, stages: pd.Series, custom_fields: Sequence[CustomField], *,
               headers: Mapping[str, str], target: str | None, positive: str | None,
               moments: pd.Series | None = None) -> Material:
    """Take leads and outcomes from the store; leads without a final outcome are open, not lost.

    Parameters
    ----------
    stages : Series
        The stage each lead has reached, by lead id.
    headers : mapping of str to str
        Column to the user's own header.
    target : str or None
        Another stored column to learn instead of the outcome.
    moments : Series of UTC times or None
        When each stored outcome happened, by lead id.
    """
    headers = dict(headers) | {field.name: field.header for field in custom_fields}
    column = None
    if target:
        column = _find_column(target, list(leads.columns), headers)
        outcome = leads[column].astype("str")
    else:
        closed = stages.isin([str(stage) for stage in CLOSED_STAGES])
        outcome = stages.where(closed).reindex(leads.index).astype("str")
        target, positive = "stored outcomes", str(OutcomeStage.CONVERTED)
    return Material(leads=leads, custom_fields=tuple(custom_fields), headers=headers, outcome=outcome, target=target,
                    positive=positive, target_column=column,
                    fingerprint=f"store:{len(leads)}:{int(outcome.notna().sum())}",
                    moments=None if moments is None or column else moments.reindex(leads.index))


def target_columns(material: Material) -> list[str]:
    """List the columns that look like an outcome, best first, without those that identify people."""
    leads = material.leads
    own = [field.name for field in material.custom_fields if not field.personal and field.kind in OUTCOME_KINDS]
    names = [name for name in (*OUTCOME_FIELDS, *own) if name in leads]
    cells = {name: leads[name].astype("str").str.replace(r"\.0$", "", regex=True).fillna("") for name in names}
    headers = {name: material.headers.get(name, name) for name in names}
    by_header = {header: name for name, header in headers.items()}
    frame = pd.DataFrame({header: cells[name] for header, name in by_header.items()})
    known = {headers[name]: name for name in OUTCOME_FIELDS if name in headers}
    return [by_header[header] for header in target_candidates(frame, known)]


def features_of(material: Material, now: datetime, made: Sequence[MadeFeature] = ()) -> Features:
    """Build the features of the leads, without the column that holds the outcome and what was made of it."""
    leads = material.leads.drop(columns=[material.target_column] if material.target_column else [])
    custom = [field for field in material.custom_fields if field.name != material.target_column]
    honest = [feature for feature in made
              if material.target_column not in sources_of(feature, material.custom_fields)]
    return build_features(leads, custom, as_of=reference_date(material.leads, now), headers=material.headers,
                          made=honest)


def times_of(material: Material, wanted: str | None) -> pd.Series | None:
    """Say which lead came first: by a named column, by the order of rows, or by the date of creation.

    Raises
    ------
    InvalidRequest
        The named column is unknown, fewer than 80 % of its cells are dates or numbers, or too few of them differ.
    """
    leads = material.leads
    if wanted == ROWS_IN_TIME_ORDER:
        return pd.Series(np.arange(len(leads)), index=leads.index)
    if wanted:
        column = _find_column(wanted, list(leads.columns), material.headers)
        times = _as_times(leads[column])
        if times.notna().mean() < KNOWN_DATES_NEEDED:
            raise InvalidRequest("no_times", f"Too few cells of '{wanted}' can be read as a date or a number.",
                                 "Choose another column, or 'rows' when the rows are in the order of time.")
        if (found := times.nunique()) < min(MIN_MOMENTS, len(times)):
            raise InvalidRequest("no_times", f"'{wanted}' holds only {found} different dates or numbers; an order of "
                                             f"time needs {MIN_MOMENTS}.",
                                 "Choose another column, or 'rows' when the rows are in the order of time.")
        return times
    if "created_at" in leads and leads["created_at"].notna().mean() >= KNOWN_DATES_NEEDED \
            and leads["created_at"].nunique() > 1:
        return leads["created_at"]
    return None


def moments_of(material: Material) -> pd.Series | None:
    """Say when the outcome of each lead was known; None when no moment is written down."""
    moments = material.moments
    return None if moments is None or moments.isna().all() else moments


def dates_of(material: Material, features: Features) -> pd.DataFrame | None:
    """Give the dates behind the features that count days, under the names of the features."""
    sources = {spec.name: spec.sources[0] for spec in features.specs if spec.name in features.day_columns}
    dates = {name: material.leads[source] for name, source in sources.items()}
    return pd.DataFrame(dates, index=material.leads.index) if dates else None


def groups_of(material: Material, wanted: str | None) -> pd.Series | None:
    """Say which leads belong together: by a named column, by company, or by domain where few companies are named.

    By domain, a lead without the name of a company counts to the company whose other leads share its domain.

    Returns
    -------
    Series of str, shape (n_leads,), or None
        A group each, missing where nothing tells; its name says what the leads of a group share.
    """
    leads = material.leads
    if wanted:
        return leads[_find_column(wanted, list(leads.columns), material.headers)].astype("str").rename(f"“{wanted}”")
    companies = company_key(leads["company"]) if "company" in leads else pd.Series(None, index=leads.index, dtype="str")
    keys = companies.rename("company")
    if companies.notna().mean() < KNOWN_COMPANIES_NEEDED:
        domains = company_domains(leads)
        named = domains.map(_company_of_domain(companies, domains)).astype("str")
        keys = companies.fillna(named).fillna(domains).rename("company or e-mail domain")
    known = keys.notna().mean() >= KNOWN_COMPANIES_NEEDED and keys.dropna().duplicated().any()
    return keys if known else None


def _company_of_domain(companies: pd.Series, domains: pd.Series) -> dict[str, str]:
    """Say which company most leads of a domain name; the alphabet settles ties so that runs agree."""
    pairs = pd.DataFrame({"company": companies, "domain": domains}).dropna().value_counts().reset_index()
    ranked = pairs.sort_values(["count", "company"], ascending=[False, True]).drop_duplicates("domain")
    return dict(zip(ranked["domain"], ranked["company"], strict=True))


def tiers_of(material: Material, order: Sequence[str], *, least: int = MIN_PER_TIER) -> TierTarget | None:
    """Read the outcome as three tiers, where it holds them or somebody says so; a named value makes it two classes."""
    if material.positive is not None or not (order or holds_tiers(material.outcome, material.target)):
        return None
    return tier_target(material.outcome, material.target, order=order, least=least)


def columns_named(names: Sequence[str], material: Material) -> tuple[str, ...]:
    """Turn headers, labels or field names into the columns they mean; a header alone names no derived feature.

    Raises
    ------
    InvalidRequest
        A name means no column of the data.
    """
    known = list(material.leads.columns)
    return tuple(_find_column(name, known, material.headers, strict=False) for name in names)


def _find_header(wanted: str, headers: list[str]) -> str:
    if wanted in headers:
        return wanted
    same = [header for header in headers if normalise_header(header) == normalise_header(wanted)]
    if len(same) == 1:
        return same[0]
    raise InvalidRequest("unknown_column", f"The file has no column '{wanted}'.",
                         f"Its columns are {_shown(headers)}.")


def _find_column(wanted: str, columns: list[str], headers: dict[str, str], *, strict: bool = True) -> str:
    by_header = {header: name for name, header in headers.items()}
    if wanted in by_header and (by_header[wanted] in columns or not strict):
        return by_header[wanted]
    if wanted in columns:
        return wanted
    plain = normalise_header(wanted)
    same = [name for name in columns if plain in (normalise_header(headers.get(name, "")),
                                                  normalise_header(label_of(name)))]
    if len(same) == 1:
        return same[0]
    if not strict and (wanted in FIELD_BY_NAME or wanted.replace("_", "").isalnum()):
        return wanted
    raise InvalidRequest("unknown_column", f"There is no column '{wanted}'.",
                         f"The columns are {_shown([headers.get(name, name) for name in columns])}.")


def _as_times(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().mean() >= KNOWN_DATES_NEEDED \
        else pd.to_datetime(values, errors="coerce", utc=True, format="mixed")


def _shown(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN_HEADERS} more" if len(names) > SHOWN_HEADERS else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN_HEADERS]) + rest
