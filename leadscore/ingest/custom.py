"""What the user's own columns hold: their kind, and whether they identify people."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from leadscore.ingest.dates import read_dates
from leadscore.ingest.kinds import EMAIL, FALSE_WORDS, TRUE_WORDS, Cells, read_phones
from leadscore.ingest.missing import is_missing
from leadscore.ingest.numbers import PLAIN, has_currency, matches, read_numbers
from leadscore.schema import CustomField, Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


MOST = 0.95
"""Share of the values that must fit a kind; the rest become missing with an issue."""
MANY = 0.8
ENOUGH = 5
"""Fewest distinct values on which uniqueness says anything."""

WEB_ADDRESS = r"(?:https?://|www\.)\S+"
UUID = r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
KEY_LIKE = r"[A-Za-z]{0,10}[-_/#]?[0-9A-Fa-f]*[0-9][0-9A-Za-z_-]*"
PHONE_LIKE = r"\+[0-9][0-9 ().\-/]{6,}|\(?[0-9]{2,4}\)?[ .\-/][0-9]{3,4}[ .\-/][0-9]{3,6}.*"
WHOLE = r"[+-]?[0-9]+(?:\.0+)?"
LEADING_ZERO = r"0[0-9]+"

CODE_WORDS = _words(
    "code|codes|zone|region|district|territory|sector|segment|cluster|group|category|cat|class|type|id|"
    "product|plan|channel|branch|store"
)
QUANTITY_WORDS = _words(
    "count|number|num|total|score|amount|days|day|hours|minutes|seconds|age|index|rate|ratio|percent|value|"
    "price|cost|sum|avg|average|mean|length|duration|size|balance|rank|points|year|years|month|months|visits|"
    "views|clicks|spend|per|income|premium|salary|qty|quantity|of"
)
ID_WORDS = _words("id|ids|number|no|nr|key|uuid|guid|ref|reference|code|num|token|hash|ssn|passport|iban")
DATE_WORDS = _words("date|time|at|on|day|when|timestamp|created|modified|updated|born|birth|dob|since|until|datum")
PHONE_WORDS = _words("phone|mobile|tel|telephone|cell|fax|whatsapp|handy|telefon|contact")
PERSON_WORDS = _words(
    "name|surname|spouse|assistant|skype|twitter|facebook|instagram|xing|passport|ssn|iban|birth|birthday|dob|"
    "born|ip|address|street|comment|comments|note|notes|message|remark|remarks|feedback|bio|whatsapp|telegram|"
    "nickname|username|religion|ethnicity|race|health|medical"
)
FREE_TEXT_WORDS = _words("comment|comments|note|notes|message|remark|remarks|feedback|bio|description|about|details")
PROFILE_HOSTS = r"(?i).*(?:linkedin|twitter|x\.com|facebook|instagram|xing|github)\S*"

MOST_CODES = 300
FREE_TEXT_LENGTH = 50
FREE_TEXT_SHARE = 0.5
FEWEST_FREE_TEXTS = 20


def words_of(header: str) -> list[str]:
    """Split a header into lower-case words at spaces, signs and camel humps."""
    humps = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    return [word for word in re.split(r"[\W_]+", humps.casefold()) if word]


def infer_custom(header: str, cells: Cells) -> CustomField:
    """Decide the kind of a column from its values, and where they leave doubt from its name.

    Parameters
    ----------
    header : str
    cells : Cells
        The column, encoded.
    """
    missing = is_missing(cells.distinct, Kind.CATEGORY)
    texts, counts = cells.distinct[~missing].reset_index(drop=True), cells.counts[~missing]
    words = frozenset(words_of(header))
    kind = _kind(texts, counts, words) if len(texts) else Kind.CATEGORY
    return CustomField(header, kind, _is_personal(kind, texts, words))


def _kind(texts: pd.Series, counts: np.ndarray, words: frozenset[str]) -> Kind:
    sample = texts.head(5_000)
    if _share(sample, matches(sample.str.lower(), EMAIL)) >= MANY:
        return Kind.EMAIL
    if _share(sample, matches(sample.str.lower(), WEB_ADDRESS)) >= MANY:
        return Kind.URL
    if _is_boolean(texts):
        return Kind.BOOLEAN
    if _is_phone(sample, words):
        return Kind.PHONE
    if _is_date(sample, words):
        return Kind.DATE
    if _share(sample, read_numbers(sample, ranges=False).notna().to_numpy(bool)) >= MOST:
        return _kind_of_numbers(texts, counts, words)
    return _kind_of_words(texts, counts, words)


def _share(texts: pd.Series, fits: np.ndarray) -> float:
    return float(fits.mean()) if len(texts) else 0.0


def _is_boolean(texts: pd.Series) -> bool:
    return len(texts) <= 4 and bool(texts.str.lower().isin(sorted(TRUE_WORDS | FALSE_WORDS)).all())


def _is_phone(texts: pd.Series, words: frozenset[str]) -> bool:
    named = bool(words & PHONE_WORDS) and _share(texts, read_phones(texts).notna().to_numpy(bool)) >= MANY
    shaped = len(texts) >= ENOUGH and _share(texts, matches(texts, PHONE_LIKE)) >= MANY
    return named or (shaped and not _is_date(texts, words))


def _is_date(texts: pd.Series, words: frozenset[str]) -> bool:
    """Tell dates; bare numbers only count as such under a header that speaks of time."""
    if not words & DATE_WORDS and matches(texts, PLAIN).mean() > 0.5:
        return False
    bare = bool(words & DATE_WORDS) and not words & QUANTITY_WORDS
    return _share(texts, read_dates(texts, bare_numbers=bare).values.notna().to_numpy(bool)) >= MOST


def _kind_of_numbers(texts: pd.Series, counts: np.ndarray, words: frozenset[str]) -> Kind:
    if has_currency(texts.head(5_000)).mean() >= 0.3:
        return Kind.MONEY
    if not matches(texts, WHOLE).all():
        return Kind.NUMBER
    if _is_unique(texts, counts) and words & ID_WORDS:
        return Kind.IDENTIFIER
    return Kind.CATEGORY if _are_codes(texts, counts, words) else Kind.NUMBER


def _are_codes(texts: pd.Series, counts: np.ndarray, words: frozenset[str]) -> bool:
    """Tell codes from quantities: by leading zeros, or by a name that says code and not count."""
    if len(texts) > MOST_CODES or counts.mean() < 2:
        return False
    padded = matches(texts, LEADING_ZERO)
    if padded.any() and texts.str.len().nunique() == 1:
        return True
    return bool(words & CODE_WORDS) and not words & QUANTITY_WORDS


def _is_unique(texts: pd.Series, counts: np.ndarray) -> bool:
    return len(texts) >= ENOUGH and len(texts) >= MOST * counts.sum()


def _kind_of_words(texts: pd.Series, counts: np.ndarray, words: frozenset[str]) -> Kind:
    sample = texts.head(5_000)
    if _is_unique(texts, counts) and (matches(sample, UUID).mean() >= MANY or matches(sample, KEY_LIKE).mean() >= MANY):
        return Kind.IDENTIFIER
    if _is_free_text(texts, counts, words):
        return Kind.TEXT
    return Kind.CATEGORY


def _is_free_text(texts: pd.Series, counts: np.ndarray, words: frozenset[str]) -> bool:
    distinct_share = len(texts) / counts.sum()
    long = float(texts.head(5_000).str.len().mean()) >= FREE_TEXT_LENGTH
    if words & FREE_TEXT_WORDS or long:
        # a handful of texts used over and over are labels, whatever the column is called
        return bool(distinct_share >= FREE_TEXT_SHARE)
    return bool(distinct_share >= FREE_TEXT_SHARE and len(texts) >= FEWEST_FREE_TEXTS)


def _is_personal(kind: Kind, texts: pd.Series, words: frozenset[str]) -> bool:
    if kind in {Kind.EMAIL, Kind.PHONE, Kind.TEXT, Kind.IDENTIFIER}:
        return True
    if kind is Kind.URL:
        sample = texts.head(1_000)
        return bool(words & PERSON_WORDS) or _share(sample, matches(sample, PROFILE_HOSTS)) >= 0.3
    return bool(words & PERSON_WORDS)
