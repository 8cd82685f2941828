"""One small function per kind: trimmed distinct texts go in, typed values come out, null where a text is unreadable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.ingest.dates import UTC_MOMENTS, read_dates
from leadscore.ingest.guard import without_guard
from leadscore.ingest.missing import EDGES, is_missing
from leadscore.ingest.numbers import matches, read_numbers, substitute
from leadscore.schema import Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


TRUE_WORDS = _words(
    "yes|y|true|t|1|1.0|on|x|✓|✔|☑|✅|checked|agreed|accepted|granted|ok|ja|j|oui|o|si|sí|sim|da|tak|ano|igen|evet|kyllä|"
    "да|是|はい|wahr|vrai|verdadero|vero|sant|opted in|opt-in|opt in|subscribed|allowed|allow"
)
FALSE_WORDS = _words(
    "no|n|false|f|0|0.0|off|✗|✘|✕|☐|❌|unchecked|declined|refused|denied|nein|non|não|nao|nej|nie|ne|nem|hayır|hayir|ei|"
    "нет|否|いいえ|falsch|faux|falso|falskt|opted out|opt-out|opt out|unsubscribed|not allowed|disallowed"
)
OPT_OUT_TRUE = _words("opted out|opt-out|opt out|unsubscribed|do not allow|not allowed|disallowed|denied|refused")
OPT_OUT_FALSE = _words("opted in|opt-in|opt in|subscribed|allow|allowed|granted|accepted|agreed")
"""In a do-not column the same words say the opposite."""

WON_WORDS = _words("converted|won|closed won|closed - won|customer|sold|success|purchased|bought|subscribed|deal won")
LOST_WORDS = _words("not converted|unconverted|lost|closed lost|closed - lost|failure|not won|no sale|lost lead|failed")
DTYPES = {Kind.NUMBER: "float64", Kind.MONEY: "float64", Kind.BOOLEAN: "boolean", Kind.DATE: UTC_MOMENTS}
"""Dtypes of a leads frame by kind; all others are ``str``."""

OPT_OUT_FIELDS = frozenset({"do_not_call", "do_not_email", "do_not_contact"})

EMAIL = r"[^@ \t\r\n\xa0,;:<>()\[\]\"]+@[a-z0-9¡-￿](?:[a-z0-9.\-¡-￿]*[a-z0-9¡-￿])?\.[a-z¡-￿][a-z0-9\-¡-￿]{1,}"
MASK = r".*(?:[x*#•.…]{3,}|[*#•…]+).*"
PHONE = r"\+?[0-9]{6,20}(?:x[0-9]{1,6})?"
URL = (
    r"(?:[a-z][a-z0-9+.\-]*://)?(?:[^/ \t\n@]+@)?[^/ \t\n:?#@]+\.[^/ \t\n:?#@.0-9][^/ \t\n:?#@.]+(?::[0-9]+)?"
    r"(?:[/?#][^ \t\n]*)?"
)
SCIENTIFIC = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+"

COUNTRIES = {
    spelling: name
    for name, spellings in {
        "United States": "usa|us|u.s.|u.s.a.|u.s|united states of america|the united states|america|united-states|"
                         "vereinigte staaten|estados unidos|états-unis|etats-unis",
        "United Kingdom": "uk|u.k.|gb|gbr|great britain|britain|united kingdom of great britain and northern ireland|"
                          "england|scotland|wales|northern ireland|vereinigtes königreich|reino unido|royaume-uni",
        "United Arab Emirates": "uae|u.a.e.|emirates",
        "Germany": "deutschland|allemagne|alemania|federal republic of germany|deu|ger",
        "France": "frankreich|francia|fra",
        "Spain": "españa|espana|spanien|espagne|esp",
        "Italy": "italia|italien|italie|ita",
        "Netherlands": "the netherlands|holland|nederland|niederlande|pays-bas|nld",
        "Switzerland": "schweiz|suisse|svizzera|che",
        "Austria": "österreich|oesterreich|autriche|aut",
        "Belgium": "belgië|belgique|belgien",
        "Brazil": "brasil|brasilien|bra",
        "Mexico": "méxico|mexiko",
        "Poland": "polska|polen",
        "Sweden": "sverige|schweden",
        "Norway": "norge|norwegen",
        "Denmark": "danmark|dänemark",
        "Russia": "russian federation",
        "South Korea": "republic of korea|korea, republic of|korea (south)",
        "Czechia": "czech republic",
        "Turkey": "türkiye|turkiye",
        "India": "ind|bharat",
        "China": "people's republic of china|prc|p.r. china|chn",
    }.items()
    for spelling in spellings.split("|")
}
"""Folded spelling to the name used here; two-letter codes other than US and GB stay as they are (NA is Namibia)."""


@dataclass(frozen=True)
class Cells:
    """A column as codes into its distinct trimmed texts, so that each text is read once.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
    distinct : Series of str, shape (n_distinct,)
    counts : ndarray of int, shape (n_distinct,)
        How often each text occurs.
    """

    codes: np.ndarray
    distinct: pd.Series
    counts: np.ndarray


@dataclass(frozen=True)
class Reading:
    """What the distinct texts of a column mean.

    Parameters
    ----------
    values : Series, shape (n_distinct,)
        Typed by the kind; null where missing or unreadable.
    missing : ndarray of bool, shape (n_distinct,)
        The text says that there is no value.
    unreadable : ndarray of bool, shape (n_distinct,)
        There is a text, but it is no value of this kind.
    masked : ndarray of bool, shape (n_distinct,)
        There was a value, but its source has hidden it (``xxx-xxx-1234``); not counted as unreadable.
    day_order_certain : bool
        False when dates could be read day first or month first and nothing decides it.
    """

    values: pd.Series
    missing: np.ndarray
    unreadable: np.ndarray
    masked: np.ndarray
    day_order_certain: bool = True


def encode(column: pd.Series) -> Cells:
    """Take a column apart into codes and distinct trimmed texts, without the guard of an export of ours."""
    codes, distinct = pd.factorize(column.astype("str").fillna(""))
    texts = without_guard(pd.Series(distinct, dtype="str").str.strip(EDGES)).str.strip(EDGES).reset_index(drop=True)
    return Cells(np.asarray(codes), texts, np.bincount(codes, minlength=len(texts)))


def read(cells: Cells, kind: Kind, *, field: str | None = None, day_first: bool | None = None,
         normalise: bool = True) -> Reading:
    """Read distinct texts as a kind.

    Parameters
    ----------
    cells : Cells
    kind : Kind
    field : str or None
        The schema field, where one needs special care.
    day_first : bool or None
        Whether 03-04-2021 is in April; None judges by the column.
    normalise : bool
        Whether spellings of one category become one.
    """
    texts = cells.distinct
    missing = is_missing(texts, kind, field)
    masked = _masked(texts, kind) & ~missing
    present = texts.mask(missing | masked)
    certain = True
    if kind is Kind.DATE:
        dates = read_dates(present.fillna(""), day_first=day_first)
        values, certain = dates.values, dates.certain
    elif kind is Kind.BOOLEAN:
        values = read_booleans(present, field)
    elif kind is Kind.CATEGORY:
        values = read_categories(present, cells.counts, field=field, normalise=normalise)
    else:
        values = SIMPLE_READERS[kind](present, field, normalise)
    unreadable = ~missing & ~masked & values.isna().to_numpy(bool)
    return Reading(values, missing, unreadable, masked, certain)


def take(values: pd.Series, codes: np.ndarray) -> pd.Series:
    """Spread the values of distinct texts over the rows."""
    return pd.Series(values.array.take(codes))


def dtype_of(kind: Kind) -> str:
    """Name the dtype a leads frame uses for a kind."""
    return DTYPES.get(kind, "str")


def read_booleans(texts: pd.Series, field: str | None = None) -> pd.Series:
    """Read yes and no in the common languages and signs; for the outcome also won and lost."""
    true, false = boolean_words(field)
    folded = texts.str.lower().str.replace(r"\s+", " ", regex=True)
    values = pd.Series(pd.NA, index=texts.index, dtype="boolean")
    values[folded.isin(sorted(true)).to_numpy(bool)] = True
    values[folded.isin(sorted(false)).to_numpy(bool)] = False
    return values


def boolean_words(field: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Give the words that mean true and false in a field."""
    if field in OPT_OUT_FIELDS:
        return (TRUE_WORDS - OPT_OUT_FALSE) | OPT_OUT_TRUE, (FALSE_WORDS - OPT_OUT_TRUE) | OPT_OUT_FALSE
    if field == "converted":
        return TRUE_WORDS | WON_WORDS, FALSE_WORDS | LOST_WORDS
    return TRUE_WORDS, FALSE_WORDS


def read_emails(texts: pd.Series) -> pd.Series:
    """Lower-case e-mail addresses, taken out of ``Name <address>`` and ``mailto:``."""
    plain = texts.str.lower()
    odd = plain.notna().to_numpy(bool) & ~matches(plain, EMAIL)
    if odd.any():
        bare = plain[odd].str.replace(r"^.*<([^<>]+)>$", r"\1", regex=True)
        bare = bare.str.replace(r"^mailto:", "", regex=True).str.rstrip(".;,")
        plain = plain.mask(odd, bare.where(matches(bare, EMAIL)))
    return plain.mask(plain.str.contains("..", regex=False).fillna(False).to_numpy(bool))


def read_phones(texts: pd.Series) -> pd.Series:
    """Reduce phone numbers to ``+``, digits and an extension: ``+1-588-734-6947x37`` is ``+15887346947x37``."""
    plain = texts.str.replace(r"\(0\)|\.0$", "", regex=True)
    worded = plain.str.contains("[^0-9+ ().-]", regex=True).fillna(False).to_numpy(bool)
    if worded.any():
        plain = plain.mask(worded, _without_phone_words(plain[worded]))
    plain = substitute(plain, "[\\s\\-./()\u00a0\u2010-\u2015'_]", "")
    plain = plain.str.replace(r"^00([1-9])", r"+\1", regex=True)
    return plain.mask(~matches(plain, PHONE) | matches(texts, SCIENTIFIC))


def _without_phone_words(texts: pd.Series) -> pd.Series:
    plain = texts.str.lower().str.replace(r"^(?:tel|phone|mobile|mob|fax|p|t|m)[.: ]+|^tel:", "", regex=True)
    return plain.str.replace(r"[ ,;]*(?:extension|ext\.?|x|#)[ .:]*([0-9]{1,6})$", r"x\1", regex=True)


def read_urls(texts: pd.Series, *, domain_only: bool = False) -> pd.Series:
    """Check web addresses and lower-case their host; ``domain_only`` leaves the bare domain."""
    trimmed = texts.str.strip(" <>\"'")
    lowered = trimmed.str.lower()
    good = matches(lowered, URL)
    if domain_only:
        host = lowered.str.replace(r"^[a-z][a-z0-9+.\-]*://", "", regex=True).str.replace(r"[/?#].*$", "", regex=True)
        return host.str.replace(r"^.*@|^www\.", "", regex=True).str.replace(r":[0-9]+$", "", regex=True).where(good)
    plain_host = ~trimmed.str.contains("[/?#]", regex=True).fillna(False)
    return trimmed.mask(plain_host, lowered).where(good)


def read_texts(texts: pd.Series, *, normalise: bool = True, keep_lines: bool = False) -> pd.Series:
    """Collapse runs of white space in free text."""
    return texts if keep_lines or not normalise else substitute(texts, "[\\s\u00a0]+", " ")


def read_identifiers(texts: pd.Series) -> pd.Series:
    """Keep identifiers as they are, but for the ``.0`` that spread-sheets add."""
    return texts.str.replace(r"^([0-9]+)\.0$", r"\1", regex=True)


def read_categories(
    texts: pd.Series, counts: np.ndarray, *, field: str | None = None, normalise: bool = True
) -> pd.Series:
    """Give all spellings of a category the most frequent one; countries get one name each.

    Parameters
    ----------
    texts : Series of str, shape (n_distinct,)
        Missing where there is no value.
    counts : ndarray of int, shape (n_distinct,)
    """
    if not normalise:
        return texts
    plain = substitute(texts, "[\\s\u00a0]+", " ")
    if field == "country":
        known = plain.str.lower().map(COUNTRIES)
        plain = plain.where(known.isna(), known).astype("str")
    return _most_frequent_spelling(plain, counts)


def _most_frequent_spelling(texts: pd.Series, counts: np.ndarray) -> pd.Series:
    folded = texts.str.lower()
    keys, unique_keys = pd.factorize(folded)
    if len(unique_keys) == texts.nunique():
        return texts
    # stable: among equally frequent spellings the one seen first wins
    order = np.argsort(-_count_of_spelling(texts, counts), kind="stable")
    order = order[keys[order] >= 0]
    _, firsts = np.unique(keys[order], return_index=True)
    best = texts.array.take(order[firsts])
    return pd.Series(best.take(keys, allow_fill=True), index=texts.index, dtype="str")


def _count_of_spelling(texts: pd.Series, counts: np.ndarray) -> np.ndarray:
    codes, unique = pd.factorize(texts)
    sums = np.bincount(codes[codes >= 0], weights=counts[codes >= 0], minlength=len(unique))
    return np.asarray(np.where(codes >= 0, sums[codes] if len(unique) else 0.0, -1.0))


def _masked(texts: pd.Series, kind: Kind) -> np.ndarray:
    if kind is Kind.PHONE:
        return matches(texts.str.lower(), MASK)
    if kind is Kind.EMAIL:
        return matches(texts, r"[^@]*[*•…][^@]*@.*|[*•…]+|.*@.*[*•…].*")
    return np.zeros(len(texts), dtype=bool)


def _read_plain_numbers(texts: pd.Series, field: str | None, normalise: bool) -> pd.Series:  # noqa: ARG001
    return read_numbers(texts.fillna(""))


SIMPLE_READERS: dict[Kind, Callable[[pd.Series, str | None, bool], pd.Series]] = {
    Kind.NUMBER: _read_plain_numbers,
    Kind.MONEY: _read_plain_numbers,
    Kind.EMAIL: lambda texts, _field, _normalise: read_emails(texts),
    Kind.PHONE: lambda texts, _field, _normalise: read_phones(texts),
    Kind.URL: lambda texts, field, _normalise: read_urls(texts, domain_only=field == "company_domain"),
    Kind.TEXT: lambda texts, field, normalise: read_texts(texts, normalise=normalise, keep_lines=field == "notes"),
    Kind.IDENTIFIER: lambda texts, _field, _normalise: read_identifiers(texts),
}
