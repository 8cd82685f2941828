"""The leakage screen with a person's own decisions on top: columns wanted in spite of it, and columns left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.modeling import leakage
from leadscore.modeling.encoding import MODELLED_KINDS, Floats
from leadscore.modeling.leakage import Finding, Screen
from leadscore.schema import Kind


def screen_as_wished(
    leads: pd.DataFrame,
    kinds: Mapping[str, Kind],
    y: Floats,
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
    *,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    random_state: int = 0,
    moments: pd.Series | None = None,
    dates: pd.DataFrame | None = None,
) -> Screen:
    """Screen the columns, then let the person's own decisions win.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
        Training leads only.
    kinds, y, labels, sources, moments, dates
        As in :func:`leadscore.modeling.leakage.screen`.
    keep, drop : sequence of str
        Columns (name or label) a person wants, or does not want.
    random_state : int

    Returns
    -------
    Screen

    Raises
    ------
    InvalidRequest
        ``unknown_column``.
    """
    wanted = _resolve(keep, leads.columns, labels, sources)
    # days since a date go by the header of the date, too
    wanted |= {name for name in leads.columns if (origins := set((sources or {}).get(name, ()))) and origins <= wanted}
    unwanted = _resolve(drop, leads.columns, labels, sources)
    dropped = tuple(
        Finding(name, labels.get(name, name), leakage.Cause.DROPPED, "Left out on request.")
        for name in leads.columns
        if name in unwanted or (set((sources or {}).get(name, ())) & unwanted and name not in wanted)
    )
    left = leads.drop(columns=[finding.column for finding in dropped])
    found = leakage.screen(left, kinds, y, labels=labels, sources=sources, moments=moments, dates=dates,
                           random_state=random_state)
    kept = tuple(
        finding for finding in found.set_aside if finding.column in wanted and kinds[finding.column] in MODELLED_KINDS
    )
    aside = tuple(finding for finding in found.set_aside if finding not in kept)
    # a column that hardly ever differs is harmless: nothing to warn of
    warned = tuple(finding for finding in kept if finding.code is not leakage.Cause.CONSTANT)
    return Screen((*dropped, *aside), (*warned, *found.suspects))


def _resolve(
    wanted: Sequence[str],
    columns: pd.Index,
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
) -> set[str]:
    """Find the columns a person means by name or label, case and ``custom:`` aside."""
    known = {name: name for name in (*(s for group in (sources or {}).values() for s in group), *columns)}
    spellings = {name.casefold(): name for name in known} | {
        name.removeprefix("custom:").casefold(): name for name in known
    }
    spellings |= {label.casefold(): name for name, label in labels.items()}
    unknown = [name for name in wanted if name.strip().casefold() not in spellings]
    if unknown:
        raise InvalidRequest(
            "unknown_column", f"There is no column “{unknown[0]}” to keep or drop.", "Use a header of the file."
        )
    return {spellings[name.strip().casefold()] for name in wanted}
