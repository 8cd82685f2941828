"""Values of a field in, groups of people out: ages in bands, spellings of genders, areas of postal codes."""

from __future__ import annotations

import numpy as np
import pandas as pd

AGE_ENDS = (25, 40, 55, 65)
"""First year of each band but the youngest; 40 is where some laws on age begin, 65 where pensions often do."""
AREA_CHARACTERS = 2
"""Of a postal code: a region, not a street."""
GENDERS = {
    "female": ("female", "f", "w", "woman", "women", "weiblich", "frau", "mrs", "ms", "miss", "femme", "femenino",
               "mujer", "femme", "féminin"),
    "male": ("male", "m", "man", "men", "männlich", "maennlich", "herr", "mr", "homme", "masculino", "hombre",
             "masculin"),
}
_GENDER_OF = {spelling: gender for gender, spellings in GENDERS.items() for spelling in spellings}
YES_NO = {True: "yes", False: "no"}
MOST_GROUPS = 40
OTHER_VALUES = "other values"


def as_groups(values: pd.Series, field: str) -> pd.Series:
    """Turn a column of leads into the group each lead belongs to.

    Parameters
    ----------
    values : Series
        As stored; numbers, texts or truth values.
    field : str
        Its name: ages become bands, genders one spelling, postal codes areas; everything else stays as it is.

    Returns
    -------
    Series of str
        Missing where the group is not known.
    """
    if field == "age":
        return _bands(pd.to_numeric(values, errors="coerce"))
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("object").map(YES_NO).astype("str")
    text = values.astype("str").str.strip()
    text = text.mask(text == "")
    if field == "postal_code":
        return text.str.upper().str[:AREA_CHARACTERS]
    if field == "gender":
        return text.str.casefold().str.rstrip(".").map(_GENDER_OF).fillna(text.str.casefold())
    return text


def few_enough(cells: pd.DataFrame, field: str, *, most: int = MOST_GROUPS) -> pd.DataFrame:
    """Put all groups of a field but the largest together, so that a table of them can be read.

    Parameters
    ----------
    cells : DataFrame
        With ``leads`` and a column of groups.
    """
    sizes = cells.groupby(field)["leads"].sum()
    if len(sizes) <= most:
        return cells
    kept = sizes.sort_values(ascending=False, kind="stable").index[:most - 1]
    return cells.assign(**{field: cells[field].where(cells[field].isin(kept) | cells[field].isna(), OTHER_VALUES)})


def _bands(ages: pd.Series) -> pd.Series:
    names = [f"under {AGE_ENDS[0]}",
             *(f"{low} to {high - 1}" for low, high in zip(AGE_ENDS[:-1], AGE_ENDS[1:], strict=True)),
             f"{AGE_ENDS[-1]} and over"]
    bands = pd.cut(ages, [-np.inf, *AGE_ENDS, np.inf], right=False, labels=names)
    return pd.Series(bands, index=ages.index).astype("str").mask(ages.isna())
