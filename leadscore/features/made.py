"""Features people made of a lead's columns: their formulas worked out for a frame of leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import pandas as pd

from leadscore.features.columns import columns_of
from leadscore.features.expressions import Expression, compile_expression
from leadscore.features.tokens import WrongExpression
from leadscore.schema import CustomField, MadeFeature

FORMULAS_IN_MEMORY = 512


def work_out(
    leads: pd.DataFrame, made: Sequence[MadeFeature], custom_fields: Sequence[CustomField], as_of: datetime
) -> list[tuple[MadeFeature, Expression, pd.Series]]:
    """Work out made features, a value a lead, of that lead alone.

    A formula that may not be used any more, since a column of it turned out to be personal, is left out: for rules
    and models its values are missing then.

    Parameters
    ----------
    leads : DataFrame
        A leads frame. Columns a formula names and the frame lacks count as missing.
    made : sequence of MadeFeature
    custom_fields : sequence of CustomField
    as_of : datetime, UTC

    Returns
    -------
    list of (MadeFeature, Expression, Series)
    """
    known = tuple(custom_fields)
    pairs = [(feature, _compiled(feature.expression, known)) for feature in made]
    return [(feature, formula, formula.evaluate(leads, as_of)) for feature, formula in pairs if formula is not None]


def sources_of(feature: MadeFeature, custom_fields: Sequence[CustomField] = ()) -> tuple[str, ...]:
    """Name the columns of the leads a made feature uses; none where its formula may not be used."""
    formula = _compiled(feature.expression, tuple(custom_fields))
    return formula.sources if formula else ()


def united(*definitions: Iterable[MadeFeature]) -> tuple[MadeFeature, ...]:
    """Put definitions together, each name once; the first that is given stands."""
    found: dict[str, MadeFeature] = {}
    for feature in (feature for some in definitions for feature in some):
        found.setdefault(feature.name, feature)
    return tuple(found.values())


@lru_cache(maxsize=FORMULAS_IN_MEMORY)
def _compiled(text: str, custom_fields: tuple[CustomField, ...]) -> Expression | None:
    try:
        return compile_expression(text, columns_of(custom_fields), missing_is_empty=True)
    except WrongExpression:
        return None
