"""Times training against XGBoost alone on the same encoded leads, rounds and threads, and says how long each step took.

Run ``python -m benchmarks.training --leads 100000 --algorithm xgboost``. The leads are drawn at random: 30 numbers,
a third of them skewed and some with gaps, and 10 categories of up to 100 values; 13 columns decide, two of them
together. Ratios travel between machines, seconds do not.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
import xgboost
from scipy.special import expit, logit

from leadscore.modeling.algorithms.trees import BOOSTING, THREADS
from leadscore.modeling.files.artefact import from_files, to_files
from leadscore.modeling.files.proof import proof_of
from leadscore.modeling.model import TrainedModel
from leadscore.modeling.training import TrainingOptions, train
from leadscore.schema import Kind

NUMBERS, CATEGORIES = 30, (3, 5, 8, 12, 20, 30, 40, 60, 80, 100)
USUAL_ROUNDS = 150


def main() -> None:
    """Print a line a step, then the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--algorithm", default="xgboost")
    parser.add_argument("--balance", default="none")
    parser.add_argument("--seed", type=int, default=0)
    wishes = parser.parse_args()
    leads, kinds, outcome = make_leads(wishes.leads, wishes.seed)
    options = TrainingOptions(algorithm=wishes.algorithm, balance=wishes.balance, seconds=None)
    steps = _Steps()
    started = time.perf_counter()
    model = train(leads, kinds, outcome, options=options, progress=steps.tell)
    ours = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps.end()
    figures = model.report.metrics
    print(f"{ours:8.2f} s  train, {model.algorithm}, {wishes.leads:,} leads of 40 columns, peak memory {peak:,.0f} MB")
    print(f"           AUC {figures['roc_auc'].value:.3f}, calibration error {figures['calibration_error'].value:.3f}")
    rounds = int(model.report.parameters.get("rounds", USUAL_ROUNDS))
    bare = _bare(model, leads, outcome, rounds)
    print(f"{bare:8.2f} s  XGBoost alone, {rounds} rounds; ratio {ours / bare:.2f}, budget 3.0")
    _check(model, leads)


def make_leads(rows: int, seed: int) -> tuple[pd.DataFrame, dict[str, Kind], pd.Series]:
    """Draw leads and outcomes that follow from some of their columns."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    truth = np.zeros(rows)
    for number in range(NUMBERS):
        values = rng.normal(size=rows)
        values = np.exp(values) if number % 3 == 0 else values
        if number < 8:
            truth += np.log1p(np.abs(values)) * rng.normal()
        values[rng.random(rows) < (0.2 if number % 4 == 0 else 0)] = np.nan
        columns[f"number {number}"] = values
    for number, size in enumerate(CATEGORIES):
        levels = rng.integers(0, size, rows)
        if number < 5:
            truth += rng.normal(size=size)[levels] * 0.4
        columns[f"category {number}"] = pd.array(np.array([f"level {n}" for n in range(size)])[levels], dtype="str")
    truth += columns["number 10"] * (columns["number 11"] > 0) * 0.8  # type: ignore[operator]
    leads = pd.DataFrame(columns)
    kinds = {name: Kind.NUMBER if name.startswith("number") else Kind.CATEGORY for name in leads.columns}
    outcome = pd.Series((rng.random(rows) < expit(truth - truth.mean() - 1.5)).astype(float))
    return leads, kinds, outcome


class _Steps:
    """Prints how long each step took when the next one begins."""

    def __init__(self) -> None:
        self._since, self._what = time.perf_counter(), "Starting"

    def tell(self, _fraction: float, message: str) -> None:
        now = time.perf_counter()
        print(f"{now - self._since:8.2f} s  {self._what}")
        self._since, self._what = now, message

    def end(self) -> None:
        self.tell(1.0, "")


def _bare(model: TrainedModel, leads: pd.DataFrame, outcome: pd.Series, rounds: int) -> float:
    codes = model.encoder.encode(leads).codes
    types = ["c" if size else "float" for size in codes.sizes]
    started = time.perf_counter()
    matrix = xgboost.DMatrix(codes.values, outcome.to_numpy(), feature_types=types, enable_categorical=True,
                             nthread=THREADS)
    xgboost.train(BOOSTING | {"nthread": THREADS, "seed": 0}, matrix, rounds)
    return time.perf_counter() - started


def _check(model: TrainedModel, leads: pd.DataFrame) -> None:
    some = leads.iloc[:10_000]
    started = time.perf_counter()
    said = model.predict(some)
    seconds = time.perf_counter() - started
    gap = np.abs(said.base + said.contributions.to_numpy(dtype=float).sum(axis=1) - logit(said.probability)).max()
    print(f"{seconds:8.2f} s  10,000 leads scored and explained; contributions add up to the logit within {gap:.1e}")
    again = from_files(to_files(model))
    same = (again.predict(some, contributions=False).probability == said.probability).all()
    print(f"           read back from its files: probabilities bit for bit the same: {bool(same)}, "
          f"proof the same: {proof_of(again) == proof_of(model)}")


if __name__ == "__main__":
    main()
