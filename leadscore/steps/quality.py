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
from leadscore.monitoring.quality import DIMENSIONS, FieldFacts, Quality, measure_quality, robust_distance
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, PERSONAL_FIELDS, label_of
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy
from leadscore.steps import samples
from leadscore.steps.importance import importance_of, of_fields
from leadscore.store import batches
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
    counted = {"now": now, "stale_before": now - FRESH_FOR.to_pytimedelta()}
    by_source = rows.by_source(session, client_id, fields, **counted)
    facts = _facts(fields, headers, of_fields(_importance(session, client_id)))
    filled = int(sum(by_source[rows.FILLED + name].sum() for name in fields))
    quality = measure_quality(by_source, rows.by_month(session, client_id, _counted(facts), **counted),
                              rows.repeated(session, client_id), facts, unread=unread, cells_read=filled + unread)
    outliers, outlying = _outliers(session, workbench, client_id, fields, headers)
    return Judged(quality, _noted(stands), _imports(stands), outliers, outlying)


def _facts(fields: Sequence[str], headers: Mapping[str, str], importance: Mapping[str, float]) -> dict[str, FieldFacts]:
    return {name: FieldFacts(label_of(name, dict(headers)), FIELD_BY_NAME[name].group not in OPTIONAL_GROUPS,
                             FIELD_BY_NAME[name].kind in NUMERIC_KINDS, importance.get(name, 0.0)) for name in fields}


def _counted(facts: Mapping[str, FieldFacts]) -> list[str]:
    return [name for name, known in facts.items() if known.counted]


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


def _outliers(session: Session, workbench: Workbench, client_id: int, fields: Sequence[str],
              headers: Mapping[str, str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Find numbers far from all others; where the others lie is told from a sample."""
    numbers = [name for name in fields if name in LEAD_FIELD_COLUMNS and FIELD_BY_NAME[name].kind in NUMERIC_KINDS]
    parts, counts = [], {}
    sample = samples.draw(session, workbench, client_id, fields=numbers).leads if numbers else pd.DataFrame()
    for name in numbers:
        low, high = fences(sample[name])
        count, found = rows.beyond(session, client_id, name, low=low, high=high, most=MOST_OF_A_FIELD)
        if count:
            label, known = label_of(name, dict(headers)), sample[name].dropna()
            first, middle, third = np.quantile(known, [0.25, 0.5, 0.75])
            parts.append(found.assign(label=label, low=low, high=high, distance=robust_distance(
                found["value"], float(middle), float(third - first))))
            counts[label] = count
    columns = ["lead_id", "label", "source", "value", "low", "high", "distance"]
    if not parts:
        return pd.DataFrame({name: [] for name in columns}), {}
    frame = pd.concat(parts, ignore_index=True)[columns]
    far = frame[np.isfinite(frame["distance"]) & (frame["distance"] >= FAR)]
    listed = far.sort_values("distance", ascending=False, kind="stable").head(MOST_OUTLIERS)
    return listed.reset_index(drop=True), counts
