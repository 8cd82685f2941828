"""Writes the card of a model: a page to print that says what it is for, how good it is, and when not to trust it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import Any

from leadscore.modeling.files.svg import bar_chart, line_chart
from leadscore.schema import MADE_PREFIX, label_of

IMPORTANT_SHOWN = 15
FILES_SHOWN = 10
MISSING = "–"

FIGURES = (
    ("capture_at_20", "Conversions found in the best 20 %", "percent"),
    ("lift_at_20", "Times better than calling at random, best 20 %", "times"),
    ("precision_at_20", "Of the best 20 %, the share that converted", "percent"),
    ("average_precision", "Average precision", "number"),
    ("roc_auc", "How often a converted lead stood above another (AUC)", "percent"),
    ("calibration_error", "Mean gap between stated and true chance", "percent"),
    ("brier", "Brier score", "number"),
    ("log_loss", "Log loss", "number"),
    ("accuracy", "Accuracy at the threshold", "percent"),
    ("precision", "Precision at the threshold", "percent"),
    ("recall", "Recall at the threshold", "percent"),
    ("f1", "F1 at the threshold", "number"),
    ("base_rate", "Converted among the test leads", "percent"),
)
SPLITS = {"forward": "the latest leads, as they will come in use", "grouped": "companies it had not seen",
          "stratified": "leads chosen at random", "random": "leads chosen at random"}
NOT_FOR = (
    "Decisions about a person's credit, work, housing, insurance or health, or any other with legal effect.",
    "Turning people away without anybody looking: the score orders a list, it judges nobody.",
    "Leads of another market, product or source than those it learnt from, before it was measured on them.",
    "Saying why somebody bought: what goes along with conversions need not be their cause.",
)
STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 860px; margin: 24px auto;
  padding: 0 16px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 8px; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; }
th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid #eee; vertical-align: top; }
th { color: #555; font-weight: 600; } td { overflow-wrap: anywhere; } .quiet { color: #555; }
.side { display: flex; flex-wrap: wrap; gap: 24px; } .side figure { margin: 0; }
figcaption { color: #555; font-size: 12px; max-width: 340px; } svg { max-width: 100%; height: auto; }
.verdict { border: 1px solid #bbb; border-left: 5px solid #0072B2; padding: 8px 12px; margin: 12px 0; }
code { font-size: 12px; } ul { padding-left: 20px; }
@media print { body { margin: 0; max-width: none; } section { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class CardFacts:
    """What a card tells of.

    Parameters
    ----------
    version : int
    client : str
    alias : str or None
    created_at, created_by : str
        When, as people write it, and who.
    report, manifest : mapping
        As they were registered; what an older report lacks is left out of the card.
    last_drift_check : str
        When newer leads were compared last with those it learnt from, and what that came to.
    """

    version: int
    client: str
    alias: str | None
    created_at: str
    created_by: str
    report: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    last_drift_check: str = ""


def card_html(facts: CardFacts) -> str:
    """Write the card.

    Returns
    -------
    str
        One HTML page that needs nothing else: no script, no address outside. Everything from data is escaped.
    """
    report = facts.report
    sections = (
        _section("What it is for", _purpose(facts)),
        _section("The data", _data(facts)),
        _section("How it was measured", _split(report)),
        _section("How good it is", _figures(report), _gains_and_reliability(report)),
        _section("At the threshold", _threshold(report)),
        _section("What it looks at", _importance(report)),
        _section("Columns set aside", _findings(report.get("set_aside"))),
        _section("Columns to look at", _findings(report.get("suspects"))),
        _section("Columns used", _columns_used(report)),
        _section("Candidates tried", _candidates(report)),
        _section("More outcomes", _learning(report)),
        _section("Limits and warnings", _list(report.get("warnings"))),
        _section("Last check for drift", _list([facts.last_drift_check] if facts.last_drift_check else [])),
        _section("What it must not be used for", _list(NOT_FOR)),
        _section("How it was made", _making(report)),
        _section("Proof", _proof(facts)),
    )
    title = f"Model {facts.version} of {facts.client}"
    state = f" · {facts.alias}" if facts.alias else ""
    head = (f'<h1>{_text(title)}</h1><div class="quiet">{_text(_algorithm(report))}{_text(state)} · trained '
            f"{_text(facts.created_at)} by {_text(facts.created_by)}</div>{_verdict(report)}")
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>{_text(title)}</title><style>{STYLE}</style></head>'
            f"<body>{head}{''.join(sections)}</body></html>\n")


# --- sections -----------------------------------------------------------------------------------------------


def _verdict(report: Mapping[str, Any]) -> str:
    verdict = report.get("verdict")
    return f'<div class="verdict"><strong>{_text(_sentence(str(verdict)))}</strong></div>' if verdict else ""


def _purpose(facts: CardFacts) -> str:
    target = facts.report.get("target") or _about(facts).get("target") or "the outcome"
    return (f"<p>It gives each lead of {_text(facts.client)} a chance of conversion, learnt from "
            f"<strong>{_text(target)}</strong>, so that people call the likeliest first. It is meant for ranking leads "
            "like those it learnt from, together with the rules of the scorecard and the judgement of the people who "
            "call.</p>")


def _data(facts: CardFacts) -> str:
    data = _mapping(facts.report.get("data"))
    rows, positives = data.get("rows"), data.get("positives")
    share = _percent(positives / rows) if rows and positives is not None else None
    return _facts({
        "Leads with a known outcome": _count(rows),
        "Converted": f"{_count(positives)} ({share})" if share else _count(positives),
        "Period": " to ".join(str(end) for end in data["period"]) if data.get("period") else None,
        "Columns": _count(len(data["columns"])) if data.get("columns") else None,
        "Source": _about(facts).get("data_fingerprint"),
        "Fingerprint of the data": data.get("fingerprint"),
    })


def _split(report: Mapping[str, Any]) -> str:
    split = _mapping(report.get("split"))
    if not split:
        return ""
    tested = SPLITS.get(str(split.get("kind")), str(split.get("kind")))
    reason = f"<p>{_text(_sentence(str(split['reason'])))}</p>" if split.get("reason") else ""
    return (f"<p>It learnt from {_count(split.get('train_rows'))} leads and was measured once, on "
            f"{_count(split.get('test_rows'))} others: {_text(tested)}.</p>{reason}")


def _figures(report: Mapping[str, Any]) -> str:
    metrics = _mapping(report.get("metrics"))
    rows = [(label, _in_unit(_value(metrics[name], "value"), unit), _between(metrics[name], unit))
            for name, label, unit in FIGURES if name in metrics]
    return _table(("On leads it had not seen", "", "likely between (95 %)"), rows)


def _gains_and_reliability(report: Mapping[str, Any]) -> str:
    gains = [(_number(one.get("share")), _number(one.get("captured"))) for one in _rows(report.get("gains"))]
    reliable = sorted((_number(one.get("probability")), _number(one.get("rate")))
                      for one in _rows(report.get("reliability")))
    charts = []
    if gains:
        charts.append(_figure(line_chart(gains, x="Leads called, best first", y="Conversions found",
                                         title="Conversions found when leads are called from the best down"),
                              "Conversions found when leads are called from the best down. Dashed: at random."))
    if reliable:
        charts.append(_figure(line_chart(reliable, x="Stated chance", y="Share that converted",
                                         title="Stated chance against what happened"),
                              "Stated chance against what happened, in ten groups. Dashed: perfect calibration."))
    return f'<div class="side">{"".join(charts)}</div>' if charts else ""


def _threshold(report: Mapping[str, Any]) -> str:
    threshold, confusion = report.get("threshold"), _mapping(report.get("confusion"))
    words = f"<p>Leads with a chance of at least {_percent(threshold)} count as likely.</p>" \
        if isinstance(threshold, int | float) else ""
    if not {"true_positive", "false_positive", "false_negative", "true_negative"} <= confusion.keys():
        return words
    rows = (("Called likely", _count(confusion["true_positive"]), _count(confusion["false_positive"])),
            ("Called unlikely", _count(confusion["false_negative"]), _count(confusion["true_negative"])))
    return words + _table(("Test leads", "converted", "lost"), rows)


def _importance(report: Mapping[str, Any]) -> str:
    found = [(_label(name, report), _number(value)) for name, value in _mapping(report.get("importance")).items()]
    bars = sorted(found, key=lambda bar: -bar[1])[:IMPORTANT_SHOWN]
    return _figure(bar_chart(bars, title="Mean influence of each column"),
                   "Mean influence on the log-odds; 0.7 about doubles or halves them.") if bars else ""


def _findings(findings: Any) -> str:
    return _table(("Column", "Why"), [(one.get("label") or one.get("column"), _sentence(str(one.get("reason", ""))))
                                      for one in _rows(findings)])


def _columns_used(report: Mapping[str, Any]) -> str:
    columns = _mapping(report.get("data")).get("columns") or []
    return f"<p>{_text(', '.join(_label(str(name), report) for name in columns))}</p>" if columns else ""


def _candidates(report: Mapping[str, Any]) -> str:
    rows = []
    for one in _rows(report.get("candidates")):
        figure = _mapping(one.get("average_precision"))
        state = "chosen" if one.get("chosen") else "not tried further" if one.get("skipped") else ""
        rows.append((_words(one.get("algorithm")), _words(one.get("balance")), _in_unit(figure.get("value"), "number"),
                     _between(figure, "number"), state))
    return _table(("Algorithm", "Balance", "Average precision", "likely between", ""), rows)


def _learning(report: Mapping[str, Any]) -> str:
    curve = _rows(report.get("learning_curve"))
    sentence = _mapping(report.get("expectation")).get("sentence")
    words = f"<p>{_text(sentence)}</p>" if sentence else ""
    points = [(_number(one.get("rows")), _number(one.get("average_precision"))) for one in curve]
    if len(points) < 2:
        return words
    band = [(_number(one.get("low")), _number(one.get("high"))) for one in curve]
    chart = line_chart(points, x="Leads learnt from", y="Average precision", diagonal=False, band=band,
                       most=max(place for place, _ in points) or 1.0, title="Average precision by leads learnt from")
    return words + _figure(chart, "Average precision by number of leads learnt from, with its interval.")


def _making(report: Mapping[str, Any]) -> str:
    settings = {str(name): value for name, value in _mapping(report.get("parameters")).items()}
    libraries = ", ".join(f"{name} {found}" for name, found in _mapping(report.get("libraries")).items())
    promotion = _mapping(report.get("promotion")).get("reason")
    return _facts({_words(name).capitalize(): value for name, value in settings.items()}
                  | {"Libraries": libraries or None, "Why it is in use or not": promotion})


def _proof(facts: CardFacts) -> str:
    files = [(name, _mapping(one).get("bytes"), _mapping(one).get("sha256"))
             for name, one in _mapping(facts.manifest.get("files")).items()]
    proof = _about(facts).get("proof") or facts.report.get("proof")
    words = f"<p>SHA-256 of its answers to 1,000 made-up leads: <code>{_text(proof)}</code></p>" if proof else ""
    return words + _table(("File", "Bytes", "SHA-256"), [(name, _count(size), digest) for name, size, digest
                                                        in files[:FILES_SHOWN]])


# --- small parts --------------------------------------------------------------------------------------------


def _section(title: str, *parts: str) -> str:
    body = "".join(parts)
    return f"<section><h2>{_text(title)}</h2>{body}</section>" if body else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{_text(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _facts(values: Mapping[str, Any]) -> str:
    return _table(("", ""), [(name, value) for name, value in values.items() if value not in (None, "", MISSING)])


def _list(lines: Iterable[Any] | None) -> str:
    items = "".join(f"<li>{_text(_sentence(str(line)))}</li>" for line in lines or ())
    return f"<ul>{items}</ul>" if items else ""


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{_text(caption)}</figcaption></figure>"


def _text(value: Any) -> str:
    return escape(MISSING if value is None else str(value))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) or not text else ".")


def _label(name: str, report: Mapping[str, Any]) -> str:
    # a feature that people made goes by the label they gave it
    curve = _mapping(_mapping(report.get("effect_curves")).get(name)) if name.startswith(MADE_PREFIX) else {}
    return str(_mapping(report.get("labels")).get(name) or curve.get("label") or label_of(name))


def _algorithm(report: Mapping[str, Any]) -> str:
    return _words(report.get("algorithm")) or "Model"


def _words(name: Any) -> str:
    return str(name or "").replace("_", " ")


def _about(facts: CardFacts) -> Mapping[str, Any]:
    return _mapping(facts.manifest.get("about"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value or () if isinstance(one, Mapping)]


def _value(figure: Any, name: str) -> Any:
    return _mapping(figure).get(name)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and isfinite(value) else 0.0


def _between(figure: Any, unit: str) -> str:
    low, high = _value(figure, "low"), _value(figure, "high")
    return MISSING if low is None or high is None else f"{_in_unit(low, unit)} to {_in_unit(high, unit)}"


def _in_unit(value: Any, unit: str) -> str:
    if not isinstance(value, int | float) or not isfinite(value):
        return MISSING
    return {"percent": _percent(value), "times": f"{value:.1f} ×"}.get(unit, f"{value:.3f}")


def _percent(value: float) -> str:
    return f"{value * 100:.1f} %"


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else MISSING
