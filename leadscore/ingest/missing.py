"""Which texts mean 'no value'; that depends on the kind, because a surname may be None and a country code NA."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.schema import Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


EDGES = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\u200e\u200f\ufeff"
"""Characters that never belong to the ends of a value; spread-sheets and web forms leave them there."""

SPREADSHEET_ERRORS = _words(
    "#value!|#n/a|#n/d|#ref!|#div/0!|#name?|#null!|#num!|#wert!|#nv|#bezug!|#valeur!|#getting_data|#error!"
)
DASHES = frozenset(["-", "--", "---", "–", "—", "?", "??", "."])
ARTEFACTS = _words("n/a|n.a.|n.a|null|(null)|<null>|nan|<na>|nat|(blank)|(empty)|[null]|undefined|\\n")
NOT_ANSWERED = _words(
    "select|-select-|--select--|- select -|please select|select...|select…|select one|-none-|--none--|- none -|"
    "not provided|not available|not specified|not set|no value|(no value)|keine angabe|bitte wählen|choose|"
    "choose one|please choose|not applicable"
)
NONE_WORDS = frozenset(["none", "nil", "na", "unknown", "tbd", "missing", "not known"])

NEVER_PEOPLE = SPREADSHEET_ERRORS | DASHES | _words("n/a|n.a.|(null)|<null>|<na>|(blank)|(empty)")
ARTEFACT_SPELLINGS = frozenset(["NULL", "null", "NaN", "nan", "[null]"])
"""In a name these are missing only when spelled by a machine: Null and Nan are people's names."""

PLAIN = SPREADSHEET_ERRORS | DASHES | ARTEFACTS | NOT_ANSWERED
TYPED_KINDS = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.BOOLEAN, Kind.EMAIL, Kind.PHONE, Kind.URL})
NAME_FIELDS = frozenset({"first_name", "last_name", "full_name", "company", "city", "street"})
COUNTRY_FIELDS = frozenset({"country", "region", "language"})
MAPPED_CATEGORY_NONE = frozenset(["none", "na", "nil"])


def is_missing(distinct: pd.Series, kind: Kind, field: str | None = None) -> np.ndarray:
    """Tell which trimmed texts mean that there is no value.

    Parameters
    ----------
    distinct : Series of str, shape (n_distinct,)
        Trimmed texts.
    kind : Kind
    field : str or None
        The schema field; None for a column of the user's own.

    Returns
    -------
    ndarray of bool, shape (n_distinct,)
    """
    empty = (distinct == "").to_numpy(bool)
    folded = distinct.str.lower()
    return np.asarray(empty | _listed(folded, _tokens(kind, field)) | _machine_spelled(distinct, kind, field))


def _tokens(kind: Kind, field: str | None) -> frozenset[str]:
    if field in NAME_FIELDS or kind is Kind.IDENTIFIER:
        return NEVER_PEOPLE | (frozenset(["select"]) if field == "city" else frozenset())
    if kind in TYPED_KINDS:
        return PLAIN | NONE_WORDS
    if field in COUNTRY_FIELDS:
        return PLAIN | frozenset(["none"])
    if field is None:
        return PLAIN | frozenset(["na"])
    return PLAIN | MAPPED_CATEGORY_NONE


def _machine_spelled(distinct: pd.Series, kind: Kind, field: str | None) -> np.ndarray:
    if field in NAME_FIELDS or kind is Kind.IDENTIFIER:
        return _listed(distinct, ARTEFACT_SPELLINGS)
    return np.zeros(len(distinct), dtype=bool)


def _listed(texts: pd.Series, tokens: frozenset[str]) -> np.ndarray:
    return np.asarray(texts.isin(sorted(tokens)).to_numpy(bool))
