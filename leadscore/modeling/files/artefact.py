"""Turns a trained model into files that cannot execute (JSON and XGBoost's UBJSON), and back after checking them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from xgboost.core import XGBoostError

from leadscore.errors import TamperedData
from leadscore.modeling.algorithms import Algorithm, restore
from leadscore.modeling.calibration import Calibration
from leadscore.modeling.encoding import Encoder
from leadscore.modeling.files.ubj import check_ubj
from leadscore.modeling.model import TrainedModel
from leadscore.modeling.report import TrainingReport, installed_libraries
from leadscore.modeling.tiers.calibration import TierCalibration
from leadscore.modeling.tiers.evaluation import TIERS
from leadscore.modeling.tiers.model import THREE_TIERS, Preference, ThreeTierModel, TierScorer, restore_tier_trees
from leadscore.schema import Kind, MadeFeature

FORMAT = "leadscore-model"
FORMAT_VERSION = 1
MODEL_FILE = "model.json"
TREES_FILE = "trees.ubj"
MAX_BYTES = {MODEL_FILE: 32 * 2**20, TREES_FILE: 256 * 2**20}


def to_files(model: TrainedModel | ThreeTierModel) -> dict[str, bytes]:
    """Write a model as named files.

    Parameters
    ----------
    model : TrainedModel or ThreeTierModel

    Returns
    -------
    dict of file name to bytes
        ``model.json`` always, ``trees.ubj`` for trees. The same model always gives the same bytes.
    """
    own, trees = _three_tier_parts(model) if isinstance(model, ThreeTierModel) else _two_outcome_parts(model)
    state = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "algorithm": str(model.algorithm),
        "encoder": model.encoder.to_dict(),
        "kinds": {name: str(kind) for name, kind in model.kinds.items()},
        "report": model.report.to_dict(),
    }
    if model.made:
        state["made"] = [asdict(feature) for feature in model.made]
    files = {MODEL_FILE: json.dumps(state | own, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()}
    return files if trees is None else files | {TREES_FILE: trees}


def from_files(files: Mapping[str, bytes]) -> TrainedModel | ThreeTierModel:
    """Read a model; give it only files whose signature was checked.

    Parameters
    ----------
    files : mapping of file name to bytes

    Returns
    -------
    TrainedModel or ThreeTierModel

    Raises
    ------
    TamperedData
        ``unreadable_model`` when a file is unknown, too large, or not what :func:`to_files` writes.
    """
    _check_sizes(files)
    try:
        if TREES_FILE in files:
            # the library that reads trees trusts their sizes, and would end the whole program
            check_ubj(files[TREES_FILE])
        state = json.loads(files[MODEL_FILE])
        if (state["format"], state["version"]) != (FORMAT, FORMAT_VERSION):
            raise ValueError("another format")
        if state["algorithm"] == THREE_TIERS:
            return _build_three_tiers(state, files.get(TREES_FILE))
        return _build(state, files.get(TREES_FILE))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, XGBoostError) as problem:
        raise _unreadable(f"its parts do not fit together ({type(problem).__name__})") from problem


def library_differences(report: TrainingReport) -> tuple[str, ...]:
    """Name the libraries whose version is another one now than when the model was trained, with both versions."""
    now = installed_libraries()
    return tuple(
        f"{name} {trained} then, {now.get(name, 'absent')} now"
        for name, trained in report.libraries.items()
        if now.get(name) != trained
    )


def _check_sizes(files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        if name not in MAX_BYTES:
            raise _unreadable(f"it holds an unknown file “{name[:40]}”")
        if len(content) > MAX_BYTES[name]:
            raise _unreadable(f"{name} is larger than {MAX_BYTES[name] // 2**20} MB")


def _two_outcome_parts(model: TrainedModel) -> tuple[dict[str, Any], bytes | None]:
    calibration = {"slope": model.calibration.slope, "offset": model.calibration.offset}
    return {"estimator": model.estimator.state(), "calibration": calibration}, model.estimator.trees()


def _build(state: Mapping[str, Any], trees: bytes | None) -> TrainedModel:
    algorithm = Algorithm(state["algorithm"])
    encoder = Encoder.from_dict(state["encoder"])
    estimator = restore(algorithm, state["estimator"], trees)
    if estimator.width != len(encoder.sizes):
        raise ValueError("the model and its columns differ in number")
    return TrainedModel(
        algorithm=algorithm,
        encoder=encoder,
        kinds={str(name): Kind(kind) for name, kind in state["kinds"].items()},
        estimator=estimator,
        calibration=Calibration(float(state["calibration"]["slope"]), float(state["calibration"]["offset"])),
        report=TrainingReport.from_dict(state["report"]),
        made=_made(state),
    )


def _made(state: Mapping[str, Any]) -> tuple[MadeFeature, ...]:
    """Read the features people made; models from before there were any have none."""
    return tuple(MadeFeature(*(str(entry[name]) for name in ("name", "label", "expression", "group")))
                 for entry in state.get("made", ()))


def _three_tier_parts(model: ThreeTierModel) -> tuple[dict[str, Any], bytes]:
    scorer = model.scorer
    own = {
        "labels": list(model.labels),
        "estimator": {"base": scorer.trees.base.tolist()},
        "calibration": {"slope": scorer.calibration.slope, "offsets": list(scorer.calibration.offsets)},
        "preference": {"lean": scorer.preference.lean, "shares": list(scorer.preference.shares)},
    }
    return own, scorer.trees.file()


def _build_three_tiers(state: Mapping[str, Any], kept: bytes | None) -> ThreeTierModel:
    encoder = Encoder.from_dict(state["encoder"])
    trees = restore_tier_trees(state["estimator"], kept)
    calibration, preference = state["calibration"], state["preference"]
    lists = [calibration["offsets"], preference["shares"], state["labels"]]
    if trees.booster.num_features() != len(encoder.sizes) or any(len(values) != len(TIERS) for values in lists):
        raise ValueError("the model and its columns or tiers differ in number")
    scorer = TierScorer(
        encoder=encoder,
        trees=trees,
        calibration=TierCalibration(float(calibration["slope"]), tuple(map(float, calibration["offsets"]))),
        preference=Preference(float(preference["lean"]), tuple(map(float, preference["shares"]))),
    )
    return ThreeTierModel(
        scorer=scorer,
        kinds={str(name): Kind(kind) for name, kind in state["kinds"].items()},
        labels=tuple(map(str, state["labels"])),
        report=TrainingReport.from_dict(state["report"]),
        made=_made(state),
    )


def _unreadable(why: str) -> TamperedData:
    return TamperedData("unreadable_model", f"The model cannot be read: {why}.", "Restore it from a backup or retrain.")
