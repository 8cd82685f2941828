"""How good a file is: six dimensions as bars, coverage per column, and every remark with its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.widgets import words

DIMENSION_WORDS = {
    "completeness": "Filled in", "format": "Well formed", "range": "In a sensible range",
    "uniqueness": "No one twice", "timeliness": "Recent", "accuracy": "Consistent",
}
SEVERITY_WORDS = {"error": "Left out", "warning": "Please check", "info": "Note"}
GOOD, FAIR = 0.95, 0.8
ROWS_SHOWN = 1_000


def dimensions(quality: dict[str, Any]) -> None:
    """Draw the dimensions as bars, each with its sentence."""
    with st.grid(3, min_column_width=240, gap="small"):
        for name, part in quality["dimensions"].items():
            _dimension(name, part)


def coverage(quality: dict[str, Any]) -> None:
    """Draw how full each column is, emptiest last."""
    rows = pd.DataFrame(quality["columns"])
    if rows.empty:
        return
    rows["label"] = rows["label"].where(rows["field"].notna(), "Your own")
    st.dataframe(
        rows[["header", "label", "filled", "distinct", "issues"]].sort_values("filled", ascending=False, kind="stable"),
        hide_index=True,
        height=min(38 + 35 * len(rows), 430), alt="Share of filled cells per column",
        column_config={
            "header": st.column_config.TextColumn("Column in the file", width="medium"),
            "label": st.column_config.TextColumn("Used as", width="small"),
            "filled": st.column_config.ProgressColumn("Filled cells", min_value=0, max_value=1, format="percent"),
            "distinct": st.column_config.NumberColumn("Different values", format="localized"),
            "issues": st.column_config.NumberColumn("Remarks", format="localized")})


def remarks(issues: pd.DataFrame, report: Callable[[], bytes]) -> None:
    """List the remarks, grouped by what they say, with row numbers; offer them as a file."""
    if issues.empty:
        st.success("Nothing to remark: every row can be used as it is.", icon=":material/check_circle:")
        return
    _counts(issues)
    shown = issues.head(ROWS_SHOWN).assign(severity=[[SEVERITY_WORDS.get(s, s)] for s in
                                                     issues["severity"].head(ROWS_SHOWN)])
    st.dataframe(
        shown[["row", "column", "severity", "message", "value"]], hide_index=True, placeholder=words.MISSING,
        height=min(38 + 35 * len(shown), 430), alt="Remarks about single cells and rows, with row numbers",
        column_config={
            "row": st.column_config.NumberColumn("Row", width=70, help="Row in your file; row 1 holds the headers. "
                                                                       "0 means the whole file."),
            "column": st.column_config.TextColumn("Column", width="small"),
            "severity": st.column_config.MultiselectColumn(
                "What happens", width=120, options=list(SEVERITY_WORDS.values()), color=["red", "orange", "gray"]),
            "message": st.column_config.TextColumn("Remark", width="large"),
            "value": st.column_config.TextColumn("Value", width="small")})
    with st.container(horizontal=True, vertical_alignment="center"):
        more = f"The first {ROWS_SHOWN:,} of {len(issues):,} remarks." if len(issues) > ROWS_SHOWN else \
            words.counted(len(issues), "remark") + "."
        st.caption(more, width="stretch")
        st.download_button("Download all remarks", report, file_name="remarks.csv", mime="text/csv",
                           on_click="ignore", icon=":material/download:", key="remarks")


def _dimension(name: str, part: dict[str, Any]) -> None:
    score = part["score"]
    with st.container(border=True, height="stretch", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{DIMENSION_WORDS.get(name, name.capitalize())}**", width="stretch")
            st.markdown(f":{_color(score)}[**{words.percent(score, 0)}**]", width="content")
        if score is not None:
            st.progress(min(max(float(score), 0.0), 1.0))
        st.caption(words.escape(part["sentence"]))


def _color(score: float | None) -> str:
    if score is None:
        return "gray"
    return "green" if score >= GOOD else "orange" if score >= FAIR else "red"


def _counts(issues: pd.DataFrame) -> None:
    by_severity = issues["severity"].value_counts()
    rows = issues.loc[issues["severity"] == "error", "row"].nunique()
    parts = []
    if rows:
        parts.append(f":red-badge[{words.counted(rows, 'row')} left out]")
    for severity, color, one, many in (("warning", "orange", "point to check", "points to check"),
                                       ("info", "gray", "note", "notes")):
        if number := int(by_severity.get(severity, 0)):
            parts.append(f":{color}-badge[{words.counted(number, one, many)}]")
    st.markdown(" ".join(parts))
