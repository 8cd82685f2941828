"""The list of features: what each is worth, whether it has moved, and a switch for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import features, policies
from pages.shared import Context
from pages.widgets import notices, policy_effect, words

ALL = "All families"
ORIGIN_WORDS = {"direct": "Column", "derived": "Derived", "made": "Made here"}
DRIFT_WORDS = {"steady": "steady", "moderate": "⚠ moved", "large": "⚠ moved a lot"}
SHOWN_MOVED = 3
EDITOR, SNAPSHOT = "features_editor", "features_snapshot"


def draw(context: Context) -> None:
    """Draw the list with what switching would do."""
    with notices.refusals():
        _edit(context)


@st.fragment
def _edit(context: Context) -> None:
    current = policies.current_policy(context.workbench, context.actor, client=context.client)
    found = listed(context, context.client, current.version, context.actor.may(Action.VIEW_PERSONAL_DATA))
    if not found.features:
        notices.empty_state("tune", "No features yet", "Upload leads, and every column that may count is listed here.")
        notices.offer_upload()
        return
    off = _table(context, current, found)
    _told(found)
    if set(off) == set(current.policy.switched_off):
        st.caption(":material/info: Switch a feature off or on to see what that would do before you save it.")
        return
    with st.container(border=True):
        policy_effect.draw(context, {"switched_off": off}, key="features")


@st.cache_data(scope="session", max_entries=8, ttl=120, show_spinner="Looking at every feature …")
def listed(_context: Context, client: str, version: int, personal: bool) -> features.FeatureList:  # noqa: ARG001
    """List the features once for each version of the policy and each view of personal data."""
    return features.list_features(_context.workbench, _context.actor, client=client)


def _table(context: Context, current: Any, found: features.FeatureList) -> list[str]:
    """Draw the features that are looked for; gives the columns that are switched off now."""
    with st.container(horizontal=True):
        wanted = st.text_input("Search", placeholder="Name, family, criterion …", key="features_search",
                               icon=":material/search:", label_visibility="collapsed")
        families = sorted({view.family for view in found.features}, key=_family)
        family = st.selectbox("Family", [ALL, *families], key="features_family", label_visibility="collapsed",
                              format_func=lambda name: name if name == ALL else _family(name), width=200)
    shown = [view for view in sorted(found.features, key=lambda view: -(view.importance or 0))
             if _is_wanted(view, wanted or "", family)]
    off = _switched(context.client, current, shown, f"{EDITOR}-{context.client}-v{current.version}-{family}-{wanted}",
                    frozen=not context.actor.may(Action.EDIT_POLICY))
    if not shown:
        st.caption("No feature is called so.")
    return off


def _switched(client: str, current: Any, shown: Sequence[features.FeatureView], key: str, *, frozen: bool) -> list[str]:
    """Draw the editor; its table is what was switched when it was first drawn, and what a person does comes on top."""
    before = list(current.policy.switched_off)
    kept = st.session_state.get(SNAPSHOT)
    if not kept or kept["of"] != (client, current.version):
        kept = {"of": (client, current.version), "key": key, "base": before, "now": before}
    elif kept["key"] != key:
        # another search: what was switched so far is the table of the new editor
        kept = kept | {"key": key, "base": kept["now"]}
    if shown:
        edited = st.data_editor(_frame(shown, kept["base"]), key=key, hide_index=True, disabled=frozen or _READ_ONLY,
                                column_config=_COLUMNS, height=min(36 * len(shown) + 40, 560), width="stretch")
        used = dict(zip([view.name for view in shown], edited["Used"], strict=True))
        stay = [name for name in kept["base"] if not used.get(name, False)]
        kept["now"] = [*stay, *(name for name, on in used.items() if not on and name not in stay)]
    st.session_state[SNAPSHOT] = kept
    return list(kept["now"])


def _frame(shown: Sequence[features.FeatureView], off: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([{
        "Feature": view.label, "Used": view.name not in off, "Filled": 100 * view.coverage,
        "In the model": None if view.importance is None else 100 * view.importance, "Drift": _drift(view.drift),
        "Values": _values(view), "Unit": view.unit, "Family": _family(view.family),
        "Origin": ORIGIN_WORDS[view.origin], "Criteria": ", ".join(view.criteria),
        "Made of": view.formula or ", ".join(view.sources)} for view in shown])


_COLUMNS = {
    "Feature": st.column_config.TextColumn(width=180, pinned=True),
    "Used": st.column_config.CheckboxColumn(width=80, help="Off: it counts for nothing, in rules and model, and the "
                                            "next training leaves it out."),
    "Filled": st.column_config.ProgressColumn(format="%d %%", min_value=0, max_value=100, width=100,
                                              help="Share of the leads it is known for."),
    "In the model": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=30, width=110,
                                                    help="Its part of what moves the model's answers."),
    "Drift": st.column_config.TextColumn(width=145, help="How far newer leads differ from earlier ones: the stability "
                                         "index, moved from 0.10, moved a lot from 0.25 on."),
    "Values": st.column_config.TextColumn(width=120), "Unit": st.column_config.TextColumn(width=100),
    "Family": st.column_config.TextColumn(width=115),
    "Origin": st.column_config.TextColumn(width=90), "Criteria": st.column_config.TextColumn(width=170),
    "Made of": st.column_config.TextColumn(width=200)}
_READ_ONLY = [name for name in _COLUMNS if name != "Used"]


def _told(found: features.FeatureList) -> None:
    moved = [view.label for view in found.features if view.on and view.drift and view.drift.band == "large"]
    if moved:
        more = f" and {len(moved) - SHOWN_MOVED} more" if len(moved) > SHOWN_MOVED else ""
        st.warning(f"Newer leads differ a lot in {', '.join(map(words.escape, moved[:SHOWN_MOVED]))}{more}: what the "
                   "model has learnt of it may not hold for them.", icon=":material/trending_up:")
    many = f"{words.counted(found.leads, 'lead')} looked at"
    if found.total > found.leads:
        many = f"A sample of {found.leads:,} of {found.total:,} leads was looked at"
    st.caption(f"{many}. Drift: {found.drift_basis[0].lower()}{found.drift_basis[1:]}")


def _family(name: str) -> str:
    return words.GROUP_WORDS.get(name, name)


def _is_wanted(view: features.FeatureView, wanted: str, family: str | None) -> bool:
    text = " ".join((view.label, view.name, _family(view.family), view.formula, *view.criteria)).casefold()
    return (family in (None, ALL) or view.family == family) and wanted.strip().casefold() in text


def _drift(drift: Any) -> str:
    return words.MISSING if drift is None else f"{DRIFT_WORDS[str(drift.band)]} ({drift.index:.2f})"


def _values(view: features.FeatureView) -> str:
    if view.low is None or view.high is None:
        return words.counted(view.values, "value")
    return f"{_short(view.low)} to {_short(view.high)}"


def _short(number: float) -> str:
    for size, word in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= size:
            return f"{number / (1e3 if word == 'k' else size):,.4g}{word}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.3g}"
