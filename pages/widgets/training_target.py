"""What a model learns to foresee: the outcomes recorded here, or another column with the value that means converted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.charts import training as charts
from leadscore.services import learning
from leadscore.services.learning import LearningMaterial, TargetColumn
from pages.shared import Context
from pages.widgets import model_report, notices, report_words, words

STORED = ""
"""Stands for the recorded outcomes among the columns one can learn."""
GUESSED = ""


def draw(context: Context, material: LearningMaterial, *, may_train: bool) -> tuple[dict[str, Any], bool]:
    """Draw what there is to learn from; give the fields of a request, and whether they suffice for a training."""
    st.markdown("**What it learns from**")
    if not material.leads:
        st.caption("There are no leads yet. Upload a file with their outcomes, or try the sample campaign.")
        return {}, False
    labels = {column.name: column.label for column in material.columns}
    target = st.selectbox(
        "What it learns to foresee", [STORED, *labels], key="train_target", width=340, persist_state="session",
        format_func=lambda name: labels.get(name, "The outcomes recorded here"), disabled=not may_train,
        help="Outcomes come from your files, from the ranked list and from the page of a lead. Another column can "
             "stand in for them.")
    if target == STORED or not may_train:
        return {}, _recorded(material)
    with notices.refusals():
        return _other_column(context, material, labels[target])
    return {}, False


def _recorded(material: LearningMaterial) -> bool:
    """Draw the recorded outcomes and say what they allow."""
    _bar(material.converted, material.lost, material.open)
    missing = [f"**{words.counted(material.needed - have, f'more {name} lead')}**"
               for have, name in ((material.converted, "converted"), (material.lost, "lost")) if have < material.needed]
    if missing:
        st.info(f"A model needs {material.needed} converted and {material.needed} lost leads: {' and '.join(missing)} "
                "to go. Until then the rules score alone. Record outcomes on the ranked list, or upload a file that "
                "has them.", icon=":material/hourglass_empty:")
        return False
    rarer = min(material.converted, material.lost)
    if rarer < material.enough:
        st.caption(f":material/info: With {rarer:,} outcomes of the rarer kind only the simple model is tried, and its "
                   f"figures have wide ranges. From {material.enough:,} on, all kinds are.")
    return True


def _bar(converted: int, lost: int, still_open: int) -> None:
    counts = pd.DataFrame({"outcome": ["converted", "lost", "open"], "leads": [converted, lost, still_open]})
    st.plotly_chart(charts.outcome_bar(counts), config=model_report.QUIET, key="train-outcomes",
                    alt=f"{converted:,} leads converted, {lost:,} lost, {still_open:,} open")


# --- another column -----------------------------------------------------------------------------------------


def _other_column(context: Context, material: LearningMaterial, label: str) -> tuple[dict[str, Any], bool]:
    """Draw how a column would be read; a person may say which value means converted."""
    guessed = _read(context, context.client, label, None, material.leads)
    values = [value.label for value in guessed.choices.values]
    positive = st.selectbox("The value that means converted", [GUESSED, *values], key=f"train_positive_{label}",
                            format_func=lambda value: value or "Let the words decide", width=340,
                            persist_state="session")
    read = guessed if positive == GUESSED else _read(context, context.client, label, positive, material.leads)
    _values(read)
    said = report_words.sentence(read.choices.sentence)
    if not read.choices.usable:
        st.info(f"{said} {report_words.sentence(read.choices.hint)}", icon=":material/hourglass_empty:")
    else:
        st.markdown(said)
    return {"target": label, "positive": positive or None}, read.choices.usable


@st.cache_data(scope="session", max_entries=16, ttl=60, show_spinner="Reading the column …")
def _read(_context: Context, client: str, label: str, positive: str | None,
          leads: int) -> TargetColumn:  # noqa: ARG001, it tells one answer from another
    found = learning.target_choices(_context.workbench, _context.actor, client=client, column=label, positive=positive)
    return found[0]


def _values(read: TargetColumn) -> None:
    """Draw how many leads have each value and what it is taken to mean."""
    rows = pd.DataFrame([{"Value": value.label, "Leads": value.rows, "Taken as": str(value.meaning)}
                         for value in read.choices.values])
    if not rows.empty:
        st.dataframe(rows, hide_index=True, height=min(38 * (len(rows) + 1), 220), width=520,
                     alt="Values of the column, and what each is taken to mean", column_config={
                         "Leads": st.column_config.NumberColumn(format="localized")})
