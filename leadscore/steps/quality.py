"""How good the stored leads are: counted by the database, with what imports have noted of what is no longer there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.ingest.cleaning import FORMAT_CODES
from leadscore.ingest.outliers import fences
from leadscore.ingest.quality import FRESH_FOR, OPTIONAL_GROUPS
from leadscore.monitoring.quality import (
    DIMENSIONS,
    FieldFacts,
    Quality,
    measure_quality,
    of_months,
    of_sources,
    robust_distance,
)
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, PERSONAL_FIELDS, label_of
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy
from leadscore.steps import samples
from leadscore.steps.importance import importance_of, of_fields
from leadscore.store import batches, lead_reading
from leadscore.store import models as model_rows
from leadscore.store import policies as policy_rows
from leadscore.store import quality as rows
from leadscore.store.tables import LEAD_FIELD_COLUMNS, Batch
from leadscore.workbench import Workbench

MOST_OF_A_FIELD = 10
MOST_OUTLIERS = 60
FAR = 5.0
"""Standard deviations from the middle from which a number is listed."""


@dataclass(frozen=True)
class Judged:
    """The quality of a client's leads.

    Parameters
    ----------
    quality : Quality
    noted : DataFrame
        Personal fields, which are encrypted: ``field``, ``label``, ``filled`` as imports have noted it, ``leads``.
    imports : DataFrame
        One row an import, oldest first: ``batch``, ``at``, ``filename``, ``rows``, and the six dimensions as judged
        then, missing where a file had nothing to judge one by.
    outliers : DataFrame
        ``lead_id``, ``label``, ``source``, ``value``, ``low``, ``high`` (where the others lie) and ``distance`` (in
        standard deviations), farthest first.
    outlying : dict of str to int
        Numbers outside those bounds, by label.
    """

    quality: Quality
    noted: pd.DataFrame
    imports: pd.DataFrame
    outliers: pd.DataFrame
    outlying: dict[str, int]


def judge_quality(session: Session, workbench: Workbench, client_id: int) -> Judged:
    """Judge the stored leads of a client."""
    now = workbench.clock()
    fields = rows.used_fields(session, client_id)
    headers = batches.headers(session, client_id)
    stands = [batch for batch in batches.list_all(session, client_id) if batch.undone_at is None]
    unread = sum(int(count) for batch in stands for code, count in (batch.issues or {}).items() if code in FORMAT_CODES)
    sample, whole = _sample(session, workbench, client_id, fields)
    bounds = {str(name): fences(sample[name]) for name in sample}
    counted = rows.counted(session, client_id, fields, bounds=bounds, now=now,
                           stale_before=now - FRESH_FOR.to_pytimedelta())
    facts = _facts(fields, headers, of_fields(_importance(session, client_id)))
    filled = int(sum(counted[rows.FILLED + name].sum() for name in fields))
    quality = measure_quality(of_sources(counted), of_months(counted, facts), rows.repeated(session, client_id), facts,
                              unread=unread, cells_read=filled + unread)
    outlying = {facts[name].label: int(counted[rows.FAR + name].sum()) for name in bounds}
    return Judged(quality, _noted(stands), _imports(stands),
                  _outliers(session, client_id, sample, facts, bounds if whole else _ends(sample)),
                  {label: count for label, count in outlying.items() if count})


def _sample(session: Session, workbench: Workbench, client_id: int, fields: Sequence[str]) -> tuple[pd.DataFrame, bool]:
    """Read the numbers of some leads, to tell where most lie, and say whether these are all."""
    numbers = [name for name in fields if name in LEAD_FIELD_COLUMNS and FIELD_BY_NAME[name].kind in NUMERIC_KINDS]
    lead_ids = lead_reading.ids(session, client_id)
    some = np.sort(np.random.default_rng(0).permutation(lead_ids)[:samples.SAMPLE])
    return lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=some, fields=numbers,
                                   personal=False), len(some) == len(lead_ids)


def _ends(sample: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Give the lowest and highest of a sample: of many leads only some lie beyond, the farthest of all among them."""
    return {str(name): (float(sample[name].min()), float(sample[name].max())) for name in sample
            if sample[name].notna().any()}


def _facts(fields: Sequence[str], headers: Mapping[str, str], importance: Mapping[str, float]) -> dict[str, FieldFacts]:
    return {name: FieldFacts(label_of(name, dict(headers)), FIELD_BY_NAME[name].group not in OPTIONAL_GROUPS,
                             FIELD_BY_NAME[name].kind in NUMERIC_KINDS, importance.get(name, 0.0)) for name in fields}


def _importance(session: Session, client_id: int) -> dict[str, float]:
    row = policy_rows.active(session, client_id)
    policy = Policy.from_dict(row.body) if row else default_policy()
    return importance_of(policy, model_rows.champion(session, client_id))


def _noted(stands: Sequence[Batch]) -> pd.DataFrame:
    """Put together what imports have noted of fields that are encrypted since."""
    parts = [{"field": column["field"], "leads": batch.rows_stored + batch.updated,
              "filled": column["filled"] * (batch.rows_stored + batch.updated)}
             for batch in stands for column in (batch.quality or {}).get("columns", ())
             if column.get("field") in PERSONAL_FIELDS and column["field"] not in rows.INDEXED]
    if not parts:
        return pd.DataFrame({"field": [], "label": [], "filled": [], "leads": []})
    sums = pd.DataFrame(parts).groupby("field", sort=False).sum()
    return pd.DataFrame({"field": sums.index, "label": [label_of(str(name)) for name in sums.index],
                         "filled": (sums["filled"] / sums["leads"].where(sums["leads"] > 0)).to_numpy(),
                         "leads": sums["leads"].to_numpy()})


def _imports(stands: Sequence[Batch]) -> pd.DataFrame:
    found = []
    for batch in reversed(stands):
        judged = (batch.quality or {}).get("dimensions") or {}
        found.append({"batch": batch.id, "at": batch.created_at, "filename": batch.filename, "rows": batch.rows_read}
                     | {name: (judged.get(name) or {}).get("score") for name in DIMENSIONS})
    frame = pd.DataFrame(found, columns=["batch", "at", "filename", "rows", *DIMENSIONS])
    return frame.astype(dict.fromkeys(DIMENSIONS, float))


def _outliers(session: Session, client_id: int, sample: pd.DataFrame, facts: Mapping[str, FieldFacts],
              bounds: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Find the numbers farthest from all others."""
    found = rows.beyond(session, client_id, bounds, most=MOST_OF_A_FIELD)
    parts = []
    for name, part in found.groupby("field", sort=False):
        known = sample[str(name)].dropna()
        low, high = fences(known)
        first, middle, third = np.quantile(known, [0.25, 0.5, 0.75])
        others = known[known.between(low, high)]
        parts.append(part.assign(label=facts[str(name)].label, low=others.min(), high=others.max(),
                                 distance=robust_distance(part["value"], float(middle), float(third - first))))
    columns = ["lead_id", "label", "source", "value", "low", "high", "distance"]
    if not parts:
        return pd.DataFrame({name: [] for name in columns})
    frame = pd.concat(parts, ignore_index=True)[columns]
    far = frame[np.isfinite(frame["distance"]) & (frame["distance"] >= FAR)]
    listed: pd.DataFrame = far.sort_values("distance", ascending=False, kind="stable").head(MOST_OUTLIERS)
    return listed.reset_index(drop=True)
