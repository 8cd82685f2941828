"""What the columns of a file mean: known by name and content, as remembered for files like it, as a person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leadscore.ingest.cleaning import CleaningChoices
from leadscore.ingest.mapping import (
    ColumnMatch,
    as_mapping,
    check_mapping,
    map_headers,
    parse_overrides,
    shape_key,
    with_overrides,
)
from leadscore.store import clients, shapes
from leadscore.store.database import read
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class Recognised:
    """What is known of a file by its headers and cells alone.

    Parameters
    ----------
    shape : str
        Fingerprint of the headers.
    matches : tuple of ColumnMatch
        One per header, in their order; remembered decisions come first.
    choices : dict
        Cleaning choices remembered for files of this shape, else the usual ones.
    remembered : bool
    """

    shape: str
    matches: tuple[ColumnMatch, ...]
    choices: dict[str, Any]
    remembered: bool


def recognise(workbench: Workbench, frame: pd.DataFrame, *, client: str) -> Recognised:
    """Match the columns of a file with fields, as this client decided for such files before.

    Parameters
    ----------
    frame : DataFrame of str
        Cells as in the file, its headers as columns.
    """
    headers = list(frame.columns)
    shape = shape_key(headers)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        known = shapes.find(session, row.id, shape) if row and row.id else None
    matches = tuple(map_headers(headers, frame, known.mapping if known else None))
    return Recognised(shape, matches, known.choices if known else CleaningChoices().to_dict(), known is not None)


def mapping_for(workbench: Workbench, frame: pd.DataFrame, *, client: str,
                overrides: Sequence[str] = ()) -> dict[str, str | None]:
    """Say which field each column of a file is.

    Parameters
    ----------
    overrides : sequence of str
        ``"Header=field"`` corrections, which win.

    Returns
    -------
    dict of header to field
        None for columns that stay the user's own.

    Raises
    ------
    InvalidRequest
        A correction names no column, no field, or a field twice.
    """
    return corrected(as_mapping(recognise(workbench, frame, client=client).matches), frame, overrides)


def corrected(mapping: Mapping[str, str | None], frame: pd.DataFrame,
              overrides: Sequence[str]) -> dict[str, str | None]:
    """Put ``"Header=field"`` corrections into a mapping and refuse what cannot be carried out."""
    headers = list(frame.columns)
    decided = with_overrides(mapping, parse_overrides(overrides, headers))
    check_mapping(decided, headers)
    return decided
