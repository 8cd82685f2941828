"""What a training gave, as pictures: first what it is worth, then how it came about; old reports lack some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.charts import conversion as conversion_charts
from leadscore.charts import effects
from leadscore.charts import training as charts
from leadscore.schema import label_of
from pages.widgets import report_words, words

QUIET = {"displayModeBar": False}
SHARES = (5, 10, 20, 30)
TIERS = ("High", "Medium", "Low")
ABREAST = 2
Report = Mapping[str, Any]
Metrics = Mapping[str, Mapping[str, float | None]]


def draw(report: Report, metrics: Metrics, key: str) -> None:
    """Draw what a model is worth; ``key`` keeps its pictures apart from those of other reports on the page."""
    _verdict(report, metrics)
    _figures(metrics)
    shares = _known_shares(metrics)
    pictures: tuple[tuple[Any, Callable[[], None]], ...] = (
        (report.get("gains"), lambda: _gains(report["gains"], key)),
        (len(shares) > 1, lambda: _shares(shares, metrics, key)),
        (_tried(report), lambda: _candidates(report, key)),
        (len(report.get("learning_curve") or ()) > 1, lambda: _learning(report, key)),
        (report.get("reliability"), lambda: _reliability(report["reliability"], key)),
        (report.get("tier_confusion") or report.get("confusion"), lambda: _calls(report, key)),
    )
    there = [drawing for present, drawing in pictures if present]
    for first in range(0, len(there), ABREAST):
        _side_by_side(there[first:first + ABREAST])
    if len(there) < len(pictures):
        st.caption("What more leads would bring is not told of models of three tiers." if report.get("classes") else
                   "Some pictures are missing: this model was trained before they were kept, or on too few leads.")
    _influence(report, key)


def draw_details(report: Report, metrics: Metrics, *, folded: bool = True) -> None:
    """Draw every figure and how the model was made, folded away unless something around them is."""
    for title, icon, drawing in (("All figures", "table_chart", lambda: _all_figures(report, metrics)),
                                 ("How it was made", "construction", lambda: _making(report))):
        if folded:
            with st.expander(title, icon=f":material/{icon}:"):
                drawing()
        else:
            _title(title)
            drawing()


def _side_by_side(drawings: Sequence[Callable[[], None]]) -> None:
    for place, drawing in zip(st.columns(len(drawings), gap="medium"), drawings, strict=True):
        with place, st.container(border=True, height="stretch"):
            drawing()


def _title(text: str, said: str | None = None) -> None:
    st.markdown(f"**{text}**" + (f"  \n:small[:gray[{said}]]" if said else ""))


# --- what it is worth ---------------------------------------------------------------------------------------


def _verdict(report: Report, metrics: Metrics) -> None:
    sought = "leads of the best tier" if report.get("tier_confusion") else "conversions"
    if told := report_words.headline(metrics, sought):
        st.markdown(f"##### {told}")
    if verdict := report.get("verdict"):
        st.markdown(report_words.verdict(verdict))
    for warning in report.get("warnings") or []:
        st.caption(f":material/warning: {report_words.sentence(warning)}")
    if judged := report_words.judged_on(report.get("split") or {}):
        st.caption(judged)


def _figures(metrics: Metrics) -> None:
    with st.grid(4, min_column_width=150):
        for shown in report_words.HEADLINES:
            figure = metrics.get(shown.key) or {}
            st.metric(shown.label, report_words.in_unit(figure.get("value"), shown.unit), border=True, height="stretch",
                      delta=report_words.between(figure, shown.unit), delta_arrow="off", delta_color="off",
                      help=f"{shown.meaning} Measured on leads the model had not seen; below, the range it likely "
                           "lies in.")


def _gains(gains: Sequence[Mapping[str, float]], key: str) -> None:
    _title("How soon the conversions are found", "Leads called from the best down, against calling in any order.")
    st.plotly_chart(conversion_charts.cumulative_gains(pd.DataFrame(gains)), config=QUIET, key=f"{key}-gains",
                    alt="Conversions found when leads are called from the best down")


def _known_shares(metrics: Metrics) -> dict[int, Mapping[str, float | None]]:
    found = {share: metrics.get(f"capture_at_{share}") or {} for share in SHARES}
    return {share: figure for share, figure in found.items() if report_words.between(figure, "percent")}


def _shares(found: Mapping[int, Mapping[str, float | None]], metrics: Metrics, key: str) -> None:
    _title("If you call only the best", "The thin line is the range the figure likely lies in, the red mark is chance.")
    rows = pd.DataFrame([{"share": share / 100, **figure} for share, figure in found.items()])
    st.plotly_chart(charts.found_by_share(rows), config=QUIET, key=f"{key}-shares",
                    alt="Share of conversions among the best 5, 10, 20 and 30 % of the leads")
    st.caption("  \n".join(filter(None, (report_words.at_share(share, metrics) for share in found))))


# --- how it came about --------------------------------------------------------------------------------------


def _tried(report: Report) -> list[Mapping[str, Any]]:
    return [one for one in report.get("candidates") or [] if not one.get("skipped") and one.get("average_precision")]


def _candidates(report: Report, key: str) -> None:
    _title("What was tried", "Average precision within the training leads. The blue one was chosen: where the "
                             "difference may be luck, the simpler one wins.")
    rows = pd.DataFrame([{**one["average_precision"], "marked": bool(one.get("chosen")),
                          "label": report_words.algorithm(one["algorithm"], one.get("balance"), one.get("settings"))}
                         for one in _tried(report)])
    st.plotly_chart(charts.dots(rows.sort_values("value", ascending=False, kind="stable")), config=QUIET,
                    key=f"{key}-candidates", alt="The kinds of model tried, with their average precision")
    if said := report_words.skipped(report["candidates"]):
        st.caption(said)


def _learning(report: Report, key: str) -> None:
    _title("What more outcomes would bring")
    if told := (report.get("expectation") or {}).get("sentence"):
        st.markdown(report_words.sentence(told))
    st.plotly_chart(charts.learning_curve(pd.DataFrame(report["learning_curve"])), config=QUIET, key=f"{key}-learning",
                    alt="Quality of the ranking by the number of outcomes learned from")


def _reliability(points: Sequence[Mapping[str, float]], key: str) -> None:
    _title("Do the stated chances come true?", "On the dotted line they do. Each dot is a tenth of the test leads.")
    st.plotly_chart(charts.reliability(pd.DataFrame(points)), config=QUIET, key=f"{key}-reliability",
                    alt="Stated chances against the share that converted")


def _calls(report: Report, key: str) -> None:
    _title("What its calls are worth")
    if tiers := report.get("tier_confusion"):
        classes = report.get("classes") or []
        st.markdown("  \n".join(report_words.of_a_tier(one) for one in classes))
        names = [str(one.get("tier")) for one in classes] or list(TIERS[:len(tiers)])
        counts = pd.DataFrame(tiers, index=names, columns=names)
    else:
        calls = report["confusion"]
        st.markdown(" ".join(report_words.confusion(calls, report.get("threshold"))))
        counts = pd.DataFrame([[calls.get("true_positive", 0), calls.get("false_negative", 0)],
                               [calls.get("false_positive", 0), calls.get("true_negative", 0)]],
                              index=["bought", "did not buy"], columns=["good", "not good"])
    st.plotly_chart(charts.confusion(counts), config=QUIET, key=f"{key}-calls",
                    alt="Test leads by what they were and by what the model called them")


# --- what it looks at ---------------------------------------------------------------------------------------


def _influence(report: Report, key: str) -> None:
    importance, curves = report.get("importance") or {}, report.get("effect_curves") or {}
    if not importance:
        return
    labels = {name: str((curves.get(name) or {}).get("label") or label_of(name)) for name in {**importance, **curves}}
    drawings = [lambda: _importance(importance, labels, key)]
    if curves:
        drawings.append(lambda: _effects(importance, curves, labels, key))
    _side_by_side(drawings)


def _importance(importance: Mapping[str, float], labels: Mapping[str, str], key: str) -> None:
    _title("What it looks at most", "How much a column moves the chance, on average over the leads (in log-odds).")
    # the line above the picture says what its axis is, in words there is room for on a phone
    bars = effects.importance_bars(importance, labels).update_xaxes(title_text="")
    st.plotly_chart(bars, config=QUIET, key=f"{key}-importance", alt="The columns with most influence")


@st.fragment
def _effects(importance: Mapping[str, float], curves: Mapping[str, Any], labels: Mapping[str, str], key: str) -> None:
    _title("What its values do", "To the right or up: more likely to buy. Choose a column.")
    columns = sorted(curves, key=lambda name: -importance.get(name, 0.0))
    name = st.selectbox("Column", columns, format_func=labels.__getitem__, key=f"{key}-effect-of",
                        label_visibility="collapsed")
    curve = curves[name]
    if curve.get("points"):
        st.plotly_chart(effects.effect_curve(curve["points"], curve.get("kind", "category"), labels[name]),
                        config=QUIET, key=f"{key}-effect", alt=f"What the values of {labels[name]} do")


# --- for those who want it all ------------------------------------------------------------------------------


def _all_figures(report: Report, metrics: Metrics) -> None:
    rows = [(shown, metrics[shown.key]) for shown in report_words.FIGURES if metrics.get(shown.key)]
    st.caption(report_words.judged_on(report.get("split") or {}) or "Measured on leads the model had not seen.")
    st.table(pd.DataFrame({
        "Figure": [f"**{shown.label}**" for shown, _ in rows],
        "Value": [report_words.in_unit(figure.get("value"), shown.unit) for shown, figure in rows],
        "Likely range": [report_words.between(figure, shown.unit) or words.MISSING for shown, figure in rows],
        "Meaning": [f":gray[{shown.meaning}]" for shown, _ in rows]}),
        hide_index=True, border="horizontal", alt="All figures with their ranges")


def _making(report: Report) -> None:
    data, parameters = report.get("data") or {}, report.get("parameters") or {}
    if reason := (report.get("split") or {}).get("reason"):
        st.markdown(report_words.sentence(reason))
    if data:
        st.markdown(f"{words.count(data.get('rows'))} leads, {words.count(data.get('positives'))} of them "
                    f"converted, {len(data.get('columns') or [])} columns.  \n"
                    f":small[:gray[Fingerprint of the data: {words.escape(str(data.get('fingerprint'))[:16])}…]]")
    details = {**parameters, **(report.get("libraries") or {})}
    if details:
        st.table(pd.DataFrame({"Setting": [words.escape(str(name)) for name in details],
                               "Value": [words.escape(str(value)) for value in details.values()]}),
                 hide_index=True, border="horizontal", alt="Parameters and library versions")
