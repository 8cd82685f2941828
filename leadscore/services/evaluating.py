"""A model is measured on a labelled file it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.modeling.evaluation import Interval, measure
from leadscore.modeling.model import Model, Prediction
from leadscore.modeling.targets import binary_target
from leadscore.modeling.tiers.evaluation import TierFigures, measure_tiers
from leadscore.modeling.tiers.target import holds_tiers
from leadscore.steps.mapping import mapping_for
from leadscore.steps.material import Material, features_of, from_file, tiers_of
from leadscore.steps.models import CHAMPION, columns_missed, find_version, load_model
from leadscore.steps.progress import Progress, silent
from leadscore.steps.reading import read_file
from leadscore.steps.registration import promised
from leadscore.store import clients
from leadscore.store.database import read
from leadscore.workbench import Workbench


def evaluate_file(workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path, filename: str,
                  target: str, positive: str | None = None, model: str = CHAMPION, sheet: str | None = None,
                  overrides: Sequence[str] = (), progress: Progress | None = None) -> dict[str, Any]:
    """Measure a model on a labelled file it has not seen.

    Parameters
    ----------
    overrides : sequence of str
        ``"Header=field"`` corrections to the mapping.

    Returns
    -------
    dict
        ``rows``, ``positives``, ``model_version``, ``missing_columns`` of the file, and ``metrics`` as training
        reports them.
    """
    require(actor, Action.VIEW_LEADS, client)
    tell = progress or silent
    tell(0.0, "Reading the file")
    raw = read_file(workbench.settings, source, filename, sheet)
    mapping = mapping_for(workbench, raw.frame, client=client, overrides=overrides)
    material = from_file(raw, mapping, target=target, positive=positive, now=workbench.clock())
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        chosen = load_model(workbench, find_version(session, row.id, model) if row and row.id else None)
    if chosen.model is None:
        raise NotFound("no_model", "There is no model to measure.", "Train one, or name its version with --model.")
    tiers = tiers_of(material, _labels_of(chosen.model, material), least=1) if chosen.model.gives_tiers else None
    y = binary_target(material.outcome, positive).y if tiers is None else tiers.y
    decided = y.notna().to_numpy()
    features = features_of(material, workbench.clock(), chosen.model.made)
    tell(0.6, "Scoring")
    prediction = chosen.model.predict(features.frame.loc[decided], contributions=False)
    known = y[decided].to_numpy()
    won = known if tiers is None else np.asarray(known == 0, dtype=float)
    answer = {"rows": len(known), "positives": int(won.sum()), "model_version": chosen.version,
              "missing_columns": columns_missed(chosen.model, prediction.missing_columns)}
    metrics = measure(won, prediction.probability, random_state=0)
    if tiers is None:
        return answer | {"metrics": _written(metrics)}
    figures = _measure_tiers(known, prediction)
    classes = [of_tier | {"label": label} for of_tier, label in zip(figures.classes, tiers.labels, strict=True)]
    return answer | {"metrics": _written(metrics | figures.metrics), "classes": classes,
                     "tier_confusion": figures.confusion}


def _labels_of(model: Model, material: Material) -> Sequence[str]:
    """Give the words a model of three tiers was taught, where the column uses them and says no tiers by itself."""
    present = set(material.outcome.dropna().astype("str").str.strip())
    labels = [str(part["label"]) for part in model.report.classes]
    return labels if set(labels) <= present and not holds_tiers(material.outcome, material.target) else ()


def _measure_tiers(y: np.ndarray, prediction: Prediction) -> TierFigures:
    chances, given = prediction.tiers, prediction.tier
    if chances is None or given is None:
        raise InvalidRequest("no_tiers", "This model gives no tiers.", "Name a model of three tiers with --model.")
    places = chances.columns.get_indexer(pd.Index(given))
    return measure_tiers(y.astype(int), chances.to_numpy(), places, random_state=0)


def _written(metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return promised({name: figure.to_dict() for name, figure in metrics.items()})
