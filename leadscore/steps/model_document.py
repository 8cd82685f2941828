"""A model version as a document of its own: each field filled by the workbench, or said not to be provided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from leadscore.charts.board.fairness import selection_table
from leadscore.modeling.files.card import FIGURES, NOT_FOR, SPLITS
from leadscore.modeling.files.svg import line_chart
from leadscore.reports.document import Brand, Document, Drawing, Section, Table
from leadscore.steps.model_facts import ModelFacts, label_in
from leadscore.steps.report_document import About

NOT_PROVIDED = "not provided"
STRONGEST = 20
NONE = "none"
RATIOS = ("Impact ratio", "Scoring impact ratio", "Beside everybody else", "Likely from", "Likely to")
NO_ADVICE = ("This document states what the workbench has recorded. It is no legal advice and no certificate: whether "
             "it answers a rule in full is for people to say.")
NOT_SHOWN = "not shown"
WEAK = 0.6
"""Area under the curve below which a segment is named as a known failure: hardly better than chance."""

Facts = Mapping[str, Any]


def model_document(facts: ModelFacts, about: About, brand: Brand) -> Document:
    """Write the document of a version as of a moment."""
    sections = (_purpose(facts), _data(facts), _features(facts), _performance(facts), _segments(facts),
                _calibration(facts), _fairness(facts), _drift(facts), _approvals(facts), _changes(facts),
                _failures(facts), _making(facts), _use(facts), _proof(facts))
    return Document(about.title, about.subtitle, brand, about.made_at, about.made_by, sections, (NO_ADVICE,))


# --- the sections ---------------------------------------------------------------------------------------------


def _purpose(facts: ModelFacts) -> Section:
    report, row, processing = facts.report, facts.row, facts.processing
    target = report.get("target") or (row.manifest.get("about") or {}).get("target")
    return Section("Purpose and limits", (
        "It gives each lead a chance of conversion so that people call the likeliest first; the score orders a list "
        "and judges nobody.", *(f"Not for: {line}" for line in NOT_FOR)), tables=(_facts({
            "Learnt from the outcome": target, "Purpose, as entered": processing.purposes,
            "Controller, as entered": processing.controller, "Owner, who looks after its alerts":
            facts.drift_settings.owner, "Trained by": row.created_by, "Trained on": _moment(row.created_at),
            "Present part": row.alias or "none: kept, not in use", "Verdict of its training": report.get("verdict")}),))


def _data(facts: ModelFacts) -> Section:
    data, about = facts.report.get("data") or {}, facts.row.manifest.get("about") or {}
    rows, won = data.get("rows"), data.get("positives")
    split = facts.report.get("split") or {}
    return Section("Data", tables=(
        _facts({"Fingerprint of the features and ends": data.get("fingerprint"),
                "Source": about.get("data_fingerprint"),
                "Leads came in": " to ".join(data["period"]) if data.get("period") else None,
                "Leads with a known end": _count(rows), "Of these converted": _share(won, rows),
                "Learnt from, before the last fit": _count(split.get("train_rows")),
                "Measured on": _count(split.get("test_rows")),
                "How these were chosen": SPLITS.get(str(split.get("kind")), split.get("kind")),
                "Why so": split.get("reason")}),
        _listed("Columns left out, and why", facts.report.get("set_aside")),
        _listed("Columns kept that should be looked at", facts.report.get("suspects"))))


def _features(facts: ModelFacts) -> Section:
    influence = {name: value for name, value in (facts.report.get("importance") or {}).items()
                 if isinstance(value, int | float)}
    names = (facts.report.get("data") or {}).get("columns") or list(influence)
    ranked = sorted(influence, key=lambda name: -influence[name])
    listed = [*ranked, *(name for name in names if name not in influence)]
    frame = pd.DataFrame({"Column": [facts.label(str(name)) for name in listed],
                          "Mean influence (log-odds)": [_decimal(influence.get(name)) for name in listed]})
    return Section("Features", (
        f"{len(names)} columns; the {min(STRONGEST, len(listed))} strongest come first.",
        f"Marked as sensitive now: {_joined(field.label for field in facts.marked)}; of these it looks at: "
        f"{_joined(field.label for field in facts.marked if field.name in names)}."),
        tables=(_table("Columns it looks at", frame),))


def _performance(facts: ModelFacts) -> Section:
    metrics = facts.report.get("metrics") or {}
    rows = [(label, _in_unit(figure.get("value"), unit), _between(figure, unit))
            for name, label, unit in FIGURES if isinstance(figure := metrics.get(name), Mapping)]
    frame = pd.DataFrame(rows, columns=["On leads it had not seen", "Figure", "Likely between (95 %)"])
    gains = [(_number(one.get("share")), _number(one.get("captured"))) for one in facts.report.get("gains") or ()]
    drawn = (Drawing("Conversions found from the best down", line_chart(
        gains, x="Leads called, best first", y="Conversions found", title="Conversions found"),
        "A rising line of conversions found.", "Dashed: any order."),) if len(gains) > 1 else ()
    return Section("Performance", drawings=drawn, tables=(_table("Figures with their intervals", frame),))


def _segments(facts: ModelFacts) -> Section:
    shown = {"segment": "Segment", "leads": "Leads", "rate": "Converted", "rate_low": "from", "rate_high": "to",
             "expected": "Expected", "auc": "AUC", "auc_low": "AUC from", "auc_high": "AUC to"}
    tables = [Table(f"By {label}", frame[list(shown)].rename(columns=shown).reset_index(drop=True),
                    shares=tuple(name for name in shown.values() if name not in ("Segment", "Leads")))
              for label, frame in facts.segments.items()]
    return Section("Performance by segment", ("Leads it had not learnt from; segments with fewer than 30 leads, or ten "
                                              "of either end, are left out.",),
                   tables=tuple(tables) or (_table("Segments", pd.DataFrame()),))


def _calibration(facts: ModelFacts) -> Section:
    error = (facts.report.get("metrics") or {}).get("calibration_error") or {}
    bins = facts.report.get("reliability") or ()
    frame = pd.DataFrame([(_percent(one.get("probability")), _percent(one.get("rate")), _said(_count(one.get("rows"))))
                          for one in bins], columns=["Stated chance", "Share that converted", "Leads"])
    return Section("Calibration", tables=(
        _facts({"Mean gap between stated and true chance": _in_unit(error.get("value"), "percent"),
                "Likely between (95 %)": _between(error, "percent"),
                "Method": (facts.report.get("parameters") or {}).get("calibration")}),
        _table("Stated chance against what happened", frame)))


def _fairness(facts: ModelFacts) -> Section:
    said = "The customary audit table of the scores in force, best 20 %; it describes and is no verdict."
    if not facts.marked:
        said = "No field is marked as sensitive (Audit, Fairness), so no groups are compared."
    elif not facts.fairness:
        said = "The scores in force are those of another version, or there are none: no groups are compared."
    tables = [_table(field.label, _in_decimals(selection_table(table.groups))) for field, table in facts.fairness]
    return Section("Fairness", (said,), tables=tuple(tables) or (_table("Groups", pd.DataFrame()),))


def _drift(facts: ModelFacts) -> Section:
    settings, check = facts.drift_settings, facts.drift_check
    return Section("Drift", tables=(_facts({
        "Checked by itself": "once a day" if settings.on else "no",
        "Leads compared": f"of the last {settings.days} days",
        "Stability index from which a change counts": f"{settings.index:g}, and more than chance explains",
        "Last check": _moment(check.at) if check else None, "Its verdict": check.verdict if check else None,
        "In words": (check.findings or {}).get("sentence") if check else None}),))


def _approvals(facts: ModelFacts) -> Section:
    rows = [(_moment(one.at), one.by, "approved" if one.approved else "rejected", one.comment or NOT_PROVIDED)
            for one in facts.approvals]
    return Section("Approvals", (
        "A second person's approval is wanted before a model is put to use." if facts.approval_wanted else
        "No second person's approval is asked for.",),
        tables=(_table("What was said", pd.DataFrame(rows, columns=["When", "Who", "Word", "Comment"]), NONE),))


def _changes(facts: ModelFacts) -> Section:
    before = facts.before
    if before is None:
        return Section("Changes since the version before", ("It is the first version.",))
    now, then = facts.report, before.report
    new, old = (set((one.get("data") or {}).get("columns") or ()) for one in (now, then))
    figures = []
    for name, label, unit in FIGURES:
        one, other = ((report.get("metrics") or {}).get(name) or {} for report in (now, then))
        if one and other:
            figures.append((label, _in_unit(other.get("value"), unit), _in_unit(one.get("value"), unit)))
    head = ["Figure", f"Version {before.id}", f"Version {facts.row.id}"]
    return Section(f"Changes since version {before.id}", (
        "Versions that were trained at other times were measured on other leads: the figures need not be comparable.",),
        tables=(_facts({
            "Algorithm": _change(before.algorithm, facts.row.algorithm),
            "Balance": _change(before.balance, facts.row.balance),
            "Leads": _change(_count((then.get("data") or {}).get("rows")), _count((now.get("data") or {}).get("rows"))),
            "Columns added": _joined(sorted(facts.label(name) for name in new - old)),
            "Columns gone": _joined(sorted(label_in(then, name) for name in old - new))}),
            _table("Figures", pd.DataFrame(figures, columns=head))))


def _failures(facts: ModelFacts) -> Section:
    weak = [f"{label}, {row['segment']}: it hardly tells who converts (AUC {row['auc']:.2f}, likely "
            f"{row['auc_low']:.2f} to {row['auc_high']:.2f})."
            for label, frame in facts.segments.items() for row in frame.to_dict("records") if row["auc"] < WEAK]
    off = [f"{label}, {row['segment']}: it expected {100 * row['expected']:.1f} %, and {100 * row['rate']:.1f} % "
           f"converted (likely {100 * row['rate_low']:.1f} % to {100 * row['rate_high']:.1f} %)."
           for label, frame in facts.segments.items() for row in frame.to_dict("records")
           if not row["rate_low"] <= row["expected"] <= row["rate_high"]]
    warned = [_sentence(str(line)) for line in facts.report.get("warnings") or ()]
    known = [*warned, *weak, *off]
    return Section("Known failure cases", tuple(known) or (
        "None was found: no warning at its training, and no segment it fails in.",))


def _making(facts: ModelFacts) -> Section:
    settings = {str(name).replace("_", " ").capitalize(): value
                for name, value in (facts.report.get("parameters") or {}).items()}
    libraries = facts.report.get("libraries") or {}
    tried = [(str(one.get("algorithm")), str(one.get("balance")), _decimal(
        (one.get("average_precision") or {}).get("value")), "chosen" if one.get("chosen") else "")
        for one in facts.report.get("candidates") or ()]
    return Section("How it was made", tables=(
        _facts({"Algorithm": facts.row.algorithm, "Balance": facts.row.balance, **settings}),
        _facts(dict(libraries) or {"Libraries": None}, "Library versions"),
        _table("Candidates tried", pd.DataFrame(tried, columns=["Algorithm", "Balance", "Average precision", ""]))))


def _use(facts: ModelFacts) -> Section:
    uses = facts.uses.rename(columns={"at": "When", "actor": "By", "action": "How"})
    scorings = facts.scorings.rename(columns={"policy_version": "Policy version", "runs": "Scorings",
                                              "leads": "Leads scored", "first": "First", "last": "Last"})
    promotion = (facts.report.get("promotion") or {}).get("reason")
    return Section("Where it is used", tables=(
        _facts({"Why it was put to use or not": promotion}), _table("Put to use", uses, NONE),
        _table("Scorings by version of the policy", scorings, NONE)))


def _proof(facts: ModelFacts) -> Section:
    files = facts.row.manifest.get("files") or {}
    rows = [(name, _count((one or {}).get("bytes")), (one or {}).get("sha256")) for name, one in files.items()]
    about = facts.row.manifest.get("about") or {}
    return Section("Proof", tables=(
        _facts({"SHA-256 of its answers to 1,000 made-up leads": about.get("proof") or facts.report.get("proof")}),
        _table("Files", pd.DataFrame(rows, columns=["File", "Bytes", "SHA-256"]))))


# --- small parts ----------------------------------------------------------------------------------------------


def _facts(values: Facts, title: str = "") -> Table:
    """Put facts into a table of two columns; a fact nobody has provided says so."""
    return Table(title, pd.DataFrame({"Field": list(values), "Value": [_said(value) for value in values.values()]}))


def _table(title: str, frame: pd.DataFrame, empty: str = NOT_PROVIDED) -> Table:
    """Give a table; one without rows says so."""
    return Table(title, frame if len(frame) else pd.DataFrame({"Field": [title], "Value": [empty]}))


def _listed(title: str, findings: Any) -> Table:
    """List columns with reasons: none, where a training has told of none, is an answer, too."""
    return _table(title, _reasons(findings), NOT_PROVIDED if findings is None else NONE)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names) or NONE


def _in_decimals(table: pd.DataFrame) -> pd.DataFrame:
    """Write leads whole, ratios with two decimals and shares with one; what small groups do not show says so."""
    numbers = [str(name) for name in table if pd.api.types.is_numeric_dtype(table[name])]
    digits = {name: 0 if name == "Leads" else 2 if name in RATIOS else 1 for name in numbers}
    texts = {name: [NOT_SHOWN if pd.isna(value) else f"{float(value):,.{digits[name]}f}" for value in table[name]]
             for name in numbers}
    shown = table.assign(**texts)
    return shown.assign(Note=shown["Note"].where(shown["Note"] != "", "–"))


def _said(value: Any) -> str:
    return NOT_PROVIDED if value is None or str(value).strip() == "" else str(value)


def _reasons(findings: Any) -> pd.DataFrame:
    rows = [(one.get("label") or one.get("column"), _sentence(str(one.get("reason") or NOT_PROVIDED)))
            for one in findings or () if isinstance(one, Mapping)]
    return pd.DataFrame(rows, columns=["Column", "Why"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) or not text else ".")


def _change(before: Any, now: Any) -> str:
    return f"{_said(now)}, as before" if before == now else f"{_said(before)} → {_said(now)}"


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else None


def _count(value: Any) -> str | None:
    return f"{value:,.0f}" if isinstance(value, int | float) else None


def _percent(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else NOT_PROVIDED


def _decimal(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else NOT_PROVIDED


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _share(part: Any, whole: Any) -> str | None:
    return f"{part:,.0f} ({100 * part / whole:.1f} %)" if part is not None and whole else _count(part)


def _in_unit(value: Any, unit: str) -> str:
    if not isinstance(value, int | float):
        return NOT_PROVIDED
    return _percent(value) if unit == "percent" else f"{value:.2f}" if unit == "times" else f"{value:.3f}"


def _between(figure: Mapping[str, Any], unit: str) -> str:
    ends: Sequence[Any] = (figure.get("low"), figure.get("high"))
    return " to ".join(_in_unit(end, unit) for end in ends) if all(end is not None for end in ends) else NOT_PROVIDED
