"""Rows that mean the same lead, and one row made of them; companies reduced to a name that compares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.ingest.cleaning import DuplicateChoice

NO_DUPLICATE = -1
FEWEST_PHONE_DIGITS = 6

STICKY_YES = ("do_not_call", "do_not_email", "do_not_contact")
"""A refusal in any of the rows stays a refusal."""

_LEGAL_FORMS = (
    "incorporated|inc|llc|llp|lp|ltd|limited|plc|corp|corporation|co|company|companies|gmbh|ag|kg|kgaa|ohg|ug|ev|eg|mbh|"
    "sa|sas|sarl|eurl|sl|slu|srl|spa|bv|nv|vof|ab|asa|as|aps|oy|oyj|pty|pte|pvt|private|public|lda|ltda|sro|zrt|"
    "kft|doo|ooo|sp z oo|sp zoo|kk|bhd|sdn|holding|holdings|group|international|intl"
)


def find_duplicates(leads: pd.DataFrame) -> pd.Series:
    """Find, for each row, the first row that means the same lead.

    Rows are the same when they share an e-mail address or a CRM id; a row with neither is the same as one with its
    telephone number; a row with none of the three, as one identical to it throughout.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
        A leads frame.

    Returns
    -------
    Series of int64, shape (n_leads,)
        Position of the first such row, or -1.
    """
    n = len(leads)
    positions = np.arange(n)
    email, crm_id, phone = _key(leads, "email"), _key(leads, "crm_id"), phone_key(leads)
    nameless = email.isna().to_numpy(bool) & crm_id.isna().to_numpy(bool)
    first = np.minimum(_first_with(email), _first_with(crm_id))
    by_phone = _first_with(phone)
    first = np.where(nameless, np.minimum(first, by_phone), first)
    keyless = np.flatnonzero(nameless & phone.isna().to_numpy(bool))
    if len(keyless) > 1:
        first[keyless] = np.minimum(first[keyless], keyless[_first_identical(leads.iloc[keyless])])
    first = _followed(first)
    return pd.Series(np.where(first < positions, first, NO_DUPLICATE), index=leads.index, dtype="int64")


def fold_duplicates(leads: pd.DataFrame, duplicate_of: pd.Series, choice: DuplicateChoice) -> pd.DataFrame:
    """Put what duplicates know into the first row of each lead.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
    duplicate_of : Series of int, shape (n_leads,)
        From :func:`find_duplicates`.
    choice : DuplicateChoice
        ``update``: later non-empty values win (by ``modified_at`` where there is one, else by order); ``merge``:
        earlier ones win and gaps are filled; ``skip``: the first row stays as it is.

    Returns
    -------
    DataFrame of shape (n_leads, n_columns)
        Same rows and order; only first rows of duplicated leads are changed. A refusal to be contacted is kept in
        every case.
    """
    links = duplicate_of.to_numpy("int64")
    if not (links >= 0).any():
        return leads
    roots = _followed(np.where(links >= 0, links, np.arange(len(leads))))
    heads = np.unique(roots[links >= 0])
    members = np.flatnonzero(np.isin(roots, heads))
    folded = leads.copy()
    for column in leads.columns:
        taken = _winners(leads, column, roots, members, choice)
        if taken is not None:
            values = leads[column].array.copy()
            values[taken.index.to_numpy()] = taken.array
            folded[column] = pd.Series(values, index=leads.index)
    return folded


def company_key(companies: pd.Series) -> pd.Series:
    """Reduce company names to what compares: no case, punctuation, accents or legal form.

    Returns
    -------
    Series of str, shape (n,)
        Missing where there is no name.
    """
    codes, distinct = pd.factorize(companies)
    names = pd.Series(distinct, dtype="str").str.normalize("NFKD").str.replace("[\u0300-\u036f]", "", regex=True)
    names = names.str.lower().str.replace("ß", "ss", regex=False).str.replace("[.'’`´]", "", regex=True)
    names = names.str.replace(r"[^\w]+", " ", regex=True).str.replace("_", " ", regex=False).str.strip()
    plain = names.str.replace(r"^the ", "", regex=True)
    for _ in range(3):
        plain = plain.str.replace(rf" (?:{_LEGAL_FORMS}|and|und|et|y|e)$", "", regex=True)
    plain = plain.where(plain != "", names)
    plain = plain.mask(plain == "")
    return pd.Series(plain.array.take(codes, allow_fill=True), index=companies.index, dtype="str")


def phone_key(leads: pd.DataFrame) -> pd.Series:
    """Give the digits of each lead's phone, else of its mobile; missing for fewer than six."""
    numbers = _key(leads, "phone").fillna(_key(leads, "mobile"))
    digits = numbers.str.replace(r"[^0-9]", "", regex=True).str.replace(r"^00", "", regex=True)
    return digits.mask((digits.str.len() < FEWEST_PHONE_DIGITS).fillna(True).astype(bool))


def _key(leads: pd.DataFrame, column: str) -> pd.Series:
    if column not in leads:
        return pd.Series([None] * len(leads), index=leads.index, dtype="str")
    return leads[column].str.lower() if column == "email" else leads[column].astype("str")


def _first_with(keys: pd.Series) -> np.ndarray:
    """Give each row the position of the first row with its key; its own without a key."""
    codes, distinct = pd.factorize(keys)
    positions = np.arange(len(keys))
    firsts = np.full(len(distinct) + 1, len(keys))
    np.minimum.at(firsts, codes, positions)
    return np.asarray(np.where(codes >= 0, firsts[codes], positions))


def _first_identical(rows: pd.DataFrame) -> np.ndarray:
    """Give each row the position of the first that is equal in all columns."""
    same = np.zeros(len(rows), dtype="int64")
    for column in rows.columns:
        codes, distinct = pd.factorize(rows[column], use_na_sentinel=True)
        # codes of pairs stay below n x n, which fits 63 bits
        same = pd.factorize(same * (len(distinct) + 1) + codes + 1)[0]
    return _first_with(pd.Series(same))


def _followed(first: np.ndarray) -> np.ndarray:
    """Follow links until they end, so that a chain of shared keys ends at one row."""
    while True:
        further = first[first]
        if (further == first).all():
            return first
        first = further


def _winners(leads: pd.DataFrame, column: str, roots: np.ndarray, members: np.ndarray,
             choice: DuplicateChoice) -> pd.Series | None:
    """Choose the value of each duplicated lead's first row; None where the column keeps its values."""
    values = leads[column].iloc[members]
    if column in STICKY_YES:
        refused = values.fillna(False).astype(bool)
        group = refused.groupby(roots[members]).max()
        return pd.Series(True, index=group.index[group], dtype="boolean") if group.any() else None
    if choice is DuplicateChoice.SKIP:
        return None
    order = _by_age(leads, members) if choice is DuplicateChoice.UPDATE else np.arange(len(members))
    groups = values.iloc[order].groupby(roots[members][order])
    found = groups.last() if choice is DuplicateChoice.UPDATE else groups.first()
    return found[found.notna()]


def _by_age(leads: pd.DataFrame, members: np.ndarray) -> np.ndarray:
    if "modified_at" not in leads:
        return np.arange(len(members))
    moments = leads["modified_at"].iloc[members].astype("int64").to_numpy()
    return np.argsort(moments, kind="stable")
