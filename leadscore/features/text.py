"""Which text stands for a lead: facts about role and company, and the lead's own words; never who or where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.schema import CustomField, Kind

FACTS = ("job_title", "seniority", "department", "occupation", "industry", "employee_range", "technologies",
         "company_stage", "funding_stage", "source", "source_detail", "campaign", "purchase_timeline")
OWN_WORDS = ("linkedin_bio", "notes")
BRIEF_FACTS = ("job_title", "industry")
IMPERSONAL = {"job_title": "role", "seniority": "seniority", "department": "department", "industry": "industry",
              "employee_range": "company size", "employees": "employees", "country": "country"}
"""What may be told of a lead without telling who it is, and what it is called there."""
BETWEEN = "; "
LONGEST_VALUE = 200
LONGEST_TEXT = 2_000
_IDENTIFYING = (
    r"[\w.+-]+@[\w-]+\.[\w.]+",
    r"(?:https?://|www\.)\S+",
    r"\+?\d[\d ()/.-]{5,}\d",
)
"""E-mail addresses, web addresses and long numbers, wherever they stand in a text."""
_CONTROL = r"[\p{Cc}\p{Cf}\p{Co}\p{Cs}]+"


def facts(leads: pd.DataFrame, custom_fields: Sequence[CustomField] = (), *,
          columns: Sequence[str] = FACTS) -> pd.Series:
    """Put together what is known of a lead's role, company and interests, without personal columns.

    Returns
    -------
    Series of str
        Parts separated by ``"; "``; missing where nothing is known.
    """
    own = [field.name for field in custom_fields
           if not field.personal and field.kind in {Kind.TEXT, Kind.CATEGORY}] if columns is FACTS else []
    return _joined(leads, [*columns, *own], LONGEST_VALUE)


def impersonal(leads: pd.DataFrame) -> pd.Series:
    """Say what may leave the machine of a lead: role, industry, size and country, such as ``role: Head of Sales``."""
    return _joined(leads, list(IMPERSONAL), LONGEST_VALUE, IMPERSONAL)


def own_words(leads: pd.DataFrame) -> pd.Series:
    """Give what the lead or a seller wrote, bio and notes: at most 2,000 characters, without control characters,
    e-mail addresses, web addresses and telephone numbers; missing where nothing was written.
    """  # noqa: D205
    return _joined(leads, OWN_WORDS, LONGEST_TEXT)


def standing_for(leads: pd.DataFrame, custom_fields: Sequence[CustomField] = ()) -> pd.Series:
    """Give the text by which leads are compared: the facts and the own words."""
    parts = pd.DataFrame({"facts": facts(leads, custom_fields), "words": own_words(leads)}, index=leads.index)
    return _joined(parts, ["facts", "words"], LONGEST_TEXT)


def _joined(leads: pd.DataFrame, columns: Sequence[str], longest: int,
            titles: Mapping[str, str] | None = None) -> pd.Series:
    known = [_cleaned(leads[name], longest, f"{titles[name]}: " if titles else "") for name in columns if name in leads]
    if not known:
        return pd.Series(None, index=leads.index, dtype="str")
    # a row of nothing but missing values would be left out of a join, so that each begins with an empty part
    empty = pa.array(np.full(len(leads), "", dtype=object), type=pa.large_string())
    joined = pc.binary_join_element_wise(empty, *known, pa.scalar(BETWEEN, pa.large_string()), null_handling="skip")
    joined = pc.utf8_slice_codeunits(pc.utf8_ltrim(joined, characters=BETWEEN), 0, LONGEST_TEXT)
    return pd.Series(pd.array(pc.if_else(pc.equal(joined, ""), None, joined), dtype="str"), index=leads.index)


def _cleaned(values: pd.Series, longest: int, title: str) -> pa.Array:
    """Clean the distinct values of a column, missing where nothing is left."""
    codes, distinct = pd.factorize(values)
    texts = pa.array([_plain(value) for value in distinct], type=pa.large_string())
    for pattern in (*_IDENTIFYING, _CONTROL, r"\s+"):
        texts = pc.replace_substring_regex(texts, pattern, " ")
    texts = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(texts), 0, longest)
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    texts = pc.binary_join_element_wise(pa.scalar(title, pa.large_string()), texts, pa.scalar("", pa.large_string()))
    places = pa.array([None if code < 0 else code for code in codes.tolist()], type=pa.int64())
    return texts.take(places)


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}".replace(",", "")
    return str(value).replace("_", " ").encode("utf-8", "ignore").decode()
