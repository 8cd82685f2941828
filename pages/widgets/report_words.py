"""What a training report says, in plain words; every part of a report may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.widgets import words

ALGORITHMS = {
    "auto": "Let the data decide",
    "logistic": "Logistic regression",
    "additive": "Additive boosted trees",
    "xgboost": "Boosted trees",
    "forest": "Random forest",
    "average": "Logistic and boosted together",
    "neural": "Neural network",
    "three_tiers": "Three tiers (High, Medium, Low)",
}
ALGORITHM_MEANING = {
    "auto": "Tries several kinds on your leads and takes the best; where two are as good, the simpler one.",
    "logistic": "Adds up one effect per value. Hard to beat with few outcomes.",
    "additive": "Finds where a number begins to matter; each column still has one effect of its own.",
    "xgboost": "Finds combinations of columns. Needs many outcomes.",
    "forest": "The average of many trees. Seldom the best, seldom far off.",
    "average": "The mean of two kinds, often ahead of both.",
    "neural": "Learns any shape. Slow, and needs very many outcomes.",
}
SETTINGS = {"max_depth": "depth", "depth": "depth", "max_leaves": "leaves"}
BALANCES = {"auto": "Let the data decide", "none": "As they are", "weights": "Weigh conversions more",
            "smote": "Add synthetic conversions (SMOTE)"}
VERDICTS = {
    "ready": ("green", "check_circle", "It finds more buyers than calling at random, as far as these leads can tell."),
    "use with care": ("orange", "warning", "It finds more buyers than calling at random; use it with care and mind the "
                                           "notes of its report."),
    "not better than chance": ("red", "block", "It is not better than calling at random. Do not use it."),
}
SPLITS = {"forward": "the most recent ones", "grouped": "of other companies"}
ALIKE = ((0.98, "almost alike"), (0.9, "much alike"), (0.7, "somewhat alike"), (-1.0, "quite differently"))
NOTICEABLE = 0.005
TOO_GOOD_AREA, TOO_GOOD_STEP = 0.95, 0.03


@dataclass(frozen=True)
class Figure:
    """A metric as it is shown: its key, what people call it, how it is written and what it means."""

    key: str
    label: str
    unit: str
    meaning: str


FOUND = Figure("capture_at_20", "Found in the best 20 %", "percent",
               "Of all conversions, the share among the 20 % of leads with the highest score. Calling at random "
               "finds 20 %.")
BETTER = Figure("lift_at_20", "Better than random", "times",
                "How many times more conversions the best 20 % hold than 20 % chosen at random.")
RANKING = Figure("roc_auc", "Ranking (AUC)", "percent",
                 "How often a lead that converted stood above one that did not. 50 % is chance, 100 % is perfect.")
OFF_BY = Figure("calibration_error", "Chances off by", "percent",
                "How far the stated chances are from what happened, on average. Small is good.")
HEADLINES = (FOUND, BETTER, RANKING, OFF_BY)
FIGURES = (
    FOUND, BETTER, RANKING,
    Figure("average_precision", "Average precision", "percent",
           "The share of conversions at the top of the list, averaged over all places of the list."),
    OFF_BY,
    Figure("precision", "Right when it says yes", "percent",
           "Of the leads it calls good, the share that converted (precision)."),
    Figure("recall", "Conversions not missed", "percent",
           "Of the leads that converted, the share it calls good (recall)."),
    Figure("f1", "F1", "percent", "Precision and recall in one figure, their harmonic mean."),
    Figure("high_recall", "High leads not missed", "percent", "Of the High leads, the share it calls High."),
    Figure("macro_recall", "Found of each tier", "percent",
           "The share of a tier's leads that it gives that tier, averaged over the tiers."),
    Figure("brier", "Brier score", "number", "The mean squared error of the stated chances. Small is good."),
    Figure("log_loss", "Log loss", "number", "How surprised the model was by what happened. Small is good."),
    Figure("base_rate", "Converted in the test", "percent", "The share of conversions among the test leads."),
    Figure("accuracy", "Accuracy", "percent",
           "The share of right calls. It says little: where 5 % convert, saying no to everybody is 95 % right."),
)


def algorithm(name: str, balance: str | None = None, settings: Mapping[str, Any] | None = None) -> str:
    """Name a kind of model, with what was done about rare conversions and the settings it was tried with."""
    told = ALGORITHMS.get(name, name.replace("_", " ").capitalize())
    told += {"weights": ", weighed", "smote": ", SMOTE"}.get(balance or "", "")
    return told + "".join(f", {SETTINGS[key]} {value}" for key, value in (settings or {}).items() if key in SETTINGS)


def in_unit(value: float | None, unit: str) -> str:
    """Write a figure in its unit: percent, times or number."""
    if words.is_missing(value):
        return words.MISSING
    return {"times": f"{value:.1f} ×", "number": f"{value:.3f}"}.get(unit) or words.percent(value)


def between(figure: Mapping[str, float | None], unit: str) -> str | None:
    """Write the range a figure likely lies in; None when it has none."""
    low, high = figure.get("low"), figure.get("high")
    return None if words.is_missing(low) or words.is_missing(high) else f"{in_unit(low, unit)} to {in_unit(high, unit)}"


def verdict(name: str) -> str:
    """Give a verdict as a coloured sentence."""
    colour, icon, text = VERDICTS.get(name, ("gray", "info", sentence(name)))
    return f":{colour}[:material/{icon}: {text}]"


def headline(metrics: Mapping[str, Mapping[str, float | None]], sought: str = "conversions") -> str | None:
    """Say what calling the best 20 % finds of what is sought."""
    found, lift = metrics.get(FOUND.key) or {}, metrics.get(BETTER.key) or {}
    if words.is_missing(found.get("value")):
        return None
    sure = f" ({words.percent(found['low'], 0)} to {words.percent(found['high'], 0)})" if between(found, "percent") \
        else ""
    told = f"Call the best 20 % and you find **{words.percent(found['value'], 0)}** of the {sought}{sure}"
    return told + (f": **{lift['value']:.1f} times** as many as at random."
                   if not words.is_missing(lift.get("value")) else ".")


def at_share(share: int, metrics: Mapping[str, Mapping[str, float | None]]) -> str | None:
    """Say what calling the best so many per cent is worth."""
    lift = (metrics.get(f"lift_at_{share}") or {}).get("value")
    hits = (metrics.get(f"precision_at_{share}") or {}).get("value")
    if words.is_missing(lift) or words.is_missing(hits):
        return None
    return f"Best {share} %: **{lift:.1f} times** random, {words.percent(hits, 0)} of them buy."


def judged_on(split: Mapping[str, Any]) -> str | None:
    """Say on which leads a model was judged."""
    if not split:
        return None
    return (f"Learned from {words.count(split.get('train_rows'))} leads, judged on "
            f"{words.count(split.get('test_rows'))} it had not seen ("
            f"{SPLITS.get(split.get('kind') or '', 'chosen at random')}).")


def confusion(counts: Mapping[str, float], threshold: float | None) -> list[str]:
    """Say what a call of the model is worth: how often it is right, and how much it misses."""
    right, wrong = counts.get("true_positive", 0), counts.get("false_positive", 0)
    missed = counts.get("false_negative", 0)
    told = [] if words.is_missing(threshold) else [f"It calls a lead good from a chance of "
                                                   f"{words.percent(threshold, 0)} on."]
    told.append(f"Of 100 leads it calls good, **{100 * right / (right + wrong):.0f}** buy." if right + wrong else
                "It calls no lead good.")
    if right + missed:
        told.append(f"Of 100 buyers it misses **{100 * missed / (right + missed):.0f}**.")
    return told


def of_a_tier(figures: Mapping[str, Any]) -> str:
    """Say how many leads of a tier a model finds, and how often it is right when it gives that tier."""
    label = f" ({words.escape(figures['label'])})" if figures.get("label") not in (None, figures.get("tier")) else ""
    recall, precision = figures.get("recall") or {}, figures.get("precision") or {}
    sure = f" ({between(recall, 'percent')})" if between(recall, "percent") else ""
    return (f"{words.tier_badge(figures.get('tier'))}{label} finds **{words.percent(recall.get('value'), 0)}** of them"
            f"{sure}; is right **{words.percent(precision.get('value'), 0)}** of the times it says so.")


def effect(measured: Mapping[str, Mapping[str, float]] | None, *, used: bool) -> str | None:
    """Say what a column does to the figures on leads held out, and whether that is too good to be true.

    Parameters
    ----------
    measured : mapping or None
        ``{metric: {"without", "with"}}`` for ``roc_auc`` and ``capture_at_20``.
    used : bool
        Whether the model uses the column: then the change is told as leaving it out.
    """
    if not measured:
        return None
    parts = [_change(measured.get("roc_auc"), "ranking", used), _change(measured.get("capture_at_20"),
                                                                       "found in the best 20 %", used)]
    told = ", ".join(part for part in parts if part)
    if not told:
        return None
    area = measured.get("roc_auc") or {}
    step = (area.get("with") or 0) - (area.get("without") or 0)
    end = ": too good to be true" if step >= TOO_GOOD_STEP and (area.get("with") or 0) >= TOO_GOOD_AREA else \
        ": it makes hardly any difference" if abs(step) < NOTICEABLE else ""
    return f"{'Leaving it out' if used else 'Putting it back'}: {told}{end}."


def _change(pair: Mapping[str, float] | None, name: str, used: bool) -> str | None:
    if not pair or words.is_missing(pair.get("with")) or words.is_missing(pair.get("without")):
        return None
    before, after = (pair["with"], pair["without"]) if used else (pair["without"], pair["with"])
    return f"{name} {words.percent(before, 0)} → {words.percent(after, 0)}"


def replayed(proof: Mapping[str, int]) -> str:
    """Say what scoring old leads again has shown."""
    leads, identical = proof.get("leads", 0), proof.get("identical", 0)
    if not leads:
        return "It has no stored scores to compare with."
    return f"{identical:,} of {leads:,} old scores came out identical."


def agreement(correlation: float) -> str:
    """Say how alike two rankings are, from Spearman's correlation."""
    alike = next(said for least, said in ALIKE if correlation >= least)
    return f"{alike} (rank agreement {correlation:.2f}, 1 is the same order)"


def difference(low: float, high: float, names: tuple[str, str]) -> str:
    """Say which of two is better, from the interval around the second less the first."""
    return f"{names[1]} is better" if low > 0 else f"{names[0]} is better" if high < 0 else "Could be luck"


def sentence(text: str) -> str:
    """Make a sentence of a text that may hold users' words."""
    text = words.escape(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def skipped(candidates: Sequence[Mapping[str, Any]]) -> str | None:
    """Say which kinds of model were not tried."""
    names = list(dict.fromkeys(algorithm(one["algorithm"]) for one in candidates if one.get("skipped")))
    return f"Not tried: {', '.join(names)}." if names else None
