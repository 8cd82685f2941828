"""What a person may decide about a training; without a decision the data decide."""

from __future__ import annotations

from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.schema import NUMERIC_KINDS, Kind
from leadscore.services.learning import LearningMaterial, StoredColumn
from pages.shared import Context
from pages.widgets.report_words import ALGORITHM_MEANING, ALGORITHMS, BALANCES

ROWS = "rows"
AUTO = ""


def draw(context: Context, material: LearningMaterial) -> dict[str, Any]:
    """Draw the choices and give them as the fields of a training request."""
    labels = {column.name: column.label for column in material.columns}
    chosen: dict[str, Any] = {}
    with st.expander("More choices", icon=":material/tune:"):
        chosen |= _kind_of_model()
        chosen |= _order(material.columns, labels)
        chosen |= _columns(labels)
    chosen["deploy"] = context.actor.may(Action.DEPLOY_MODEL) and st.toggle(
        "Put it to use at once", key="train_deploy", persist_state="session",
        help="Otherwise it waits in the list of models until you put it to use. The first model that is better than "
             "chance is put to use by itself.")
    return chosen


def _kind_of_model() -> dict[str, Any]:
    with st.container(horizontal=True):
        algorithm = st.selectbox("Kind of model", list(ALGORITHM_MEANING), format_func=ALGORITHMS.__getitem__,
                                 key="train_algorithm", width=280, persist_state="session")
        balance = st.selectbox("Rare conversions", list(BALANCES), format_func=BALANCES.__getitem__,
                               key="train_balance", width=280, persist_state="session",
                               help="Where conversions are rare, some models learn more when they count for more.")
    st.caption(ALGORITHM_MEANING[algorithm])
    return {"algorithm": algorithm, "balance": balance}


def _order(columns: tuple[StoredColumn, ...], labels: dict[str, str]) -> dict[str, Any]:
    times = [column.name for column in columns if column.kind is Kind.DATE or column.kind in NUMERIC_KINDS]
    alike = [column.name for column in columns if column.kind in {Kind.TEXT, Kind.CATEGORY, Kind.IDENTIFIER}]
    with st.container(horizontal=True):
        time = st.selectbox(
            "Which lead came first", [AUTO, ROWS, *times], key="train_time", width=280, persist_state="session",
            format_func=lambda name: {AUTO: "By the date of creation, if known", ROWS: "Rows are in order of time"}.get(
                name) or labels[name],
            help="The model is judged on the most recent leads, as it will be used.")
        group = st.selectbox(
            "Leads that belong together", [AUTO, *alike], key="train_group", width=280, persist_state="session",
            format_func=lambda name: labels.get(name, "Those of one company, if known"),
            help="They stay on one side when the model is judged, so that it cannot recognise them.")
    return {"time": labels.get(time, time) or None, "group": labels.get(group, group) or None}


def _columns(labels: dict[str, str]) -> dict[str, Any]:
    drop = st.multiselect("Columns to leave out", list(labels), format_func=labels.__getitem__, key="train_drop",
                          placeholder="None", persist_state="session",
                          help="Columns that are not known yet when you decide whom to call.")
    keep = st.multiselect("Columns to use in any case", [name for name in labels if name not in drop],
                          format_func=labels.__getitem__, key="train_keep", placeholder="None",
                          persist_state="session",
                          help="Columns you know to be filled in beforehand, although they look as if they were not.")
    return {"drop": drop, "keep": keep}
