"""A report as a training of today leaves it, with a bit of everything; old reports lack most of it."""

from __future__ import annotations

from typing import Any


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value * 0.9, "high": min(1.0, value * 1.1)}


METRICS: dict[str, Any] = {
    **{f"capture_at_{share}": figure(min(0.9, share / 28)) for share in (5, 10, 20, 30)},
    **{f"precision_at_{share}": figure(0.9 - share / 60) for share in (5, 10, 20, 30)},
    **{f"lift_at_{share}": {"value": 3.6 - share / 30, "low": 2.0, "high": 4.0} for share in (5, 10, 20, 30)},
    **{name: figure(value) for name, value in (
        ("roc_auc", 0.84), ("average_precision", 0.61), ("brier", 0.12), ("log_loss", 0.4), ("base_rate", 0.2),
        ("calibration_error", 0.021), ("accuracy", 0.83), ("precision", 0.41), ("recall", 0.78), ("f1", 0.54))},
}


def finding(column: str, code: str, reason: str, without: float | None = None, having: float = 0.98) -> dict[str, Any]:
    effect = None if without is None else {
        "roc_auc": {"without": without, "with": having}, "average_precision": {"without": 0.5, "with": 0.9},
        "capture_at_20": {"without": 0.71, "with": 0.93}}
    return {"column": column, "label": column, "name": f"custom:{column}", "code": code, "reason": reason,
            "effect": effect}


def rich_report() -> dict[str, Any]:
    """Give a report with every key."""
    return {
        "verdict": "ready", "warnings": ["a column called *stars* is new"], "metrics": METRICS, "threshold": 0.31,
        "split": {"kind": "forward", "train_rows": 2000, "test_rows": 500, "reason": "the leads have a date"},
        "confusion": {"true_positive": 82, "false_positive": 118, "false_negative": 23, "true_negative": 277},
        "gains": [{"share": n / 20, "captured": min(1.0, n / 11)} for n in range(21)],
        "reliability": [{"probability": n / 12, "rate": n / 13, "rows": 50} for n in range(1, 11)],
        "candidates": [
            {"algorithm": "logistic", "balance": "none", "roc_auc": 0.8, "average_precision": figure(0.55),
             "chosen": False},
            {"algorithm": "average", "balance": "none", "roc_auc": 0.84, "average_precision": figure(0.61),
             "chosen": True, "skipped": False},
            {"algorithm": "neural", "balance": "none", "roc_auc": None, "average_precision": None, "chosen": False,
             "skipped": True}],
        "learning_curve": [{"rows": n * 5, "outcomes": n, "average_precision": 0.7 - 20 / n, "low": 0.6 - 20 / n,
                            "high": 0.78 - 20 / n} for n in (100, 200, 400)],
        "expectation": {"more_outcomes": 500, "average_precision": 0.68, "low": 0.6, "high": 0.74,
                        "sentence": "with 500 more outcomes expect 68 % (60 % to 74 %)"},
        "set_aside": [finding("Loss reason", "names_outcome", "Its name speaks of the outcome.", 0.91),
                      finding("Dropped", "dropped", "Left out on request."),
                      finding("E-mail", "never_a_feature", "It tells who somebody is.")],
        "suspects": [finding("Lead *quality*", "filled_in_afterwards", "Sales may fill this in later", 0.90, 0.91)],
        "importance": {"job_title": 1.4, "custom:Region": 0.4},
        "request": {"algorithm": "auto", "balance": "auto", "target": None, "keep": ["custom:Lead *quality*"],
                    "drop": ["custom:Dropped"], "deploy": True},
        "data": {"rows": 2500, "positives": 500, "columns": ["job_title", "custom:Region"], "fingerprint": "ab" * 32},
        "parameters": {"C": 1.0}, "libraries": {"numpy": "2.4.6"}}
