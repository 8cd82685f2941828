"""A feature is made by a formula: written with help, checked at once, tried on the leads, and saved with its effect."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.errors import LeadScoreError
from leadscore.services import features, policies
from pages.shared import Context
from pages.widgets import notices, policy_effect, words

NEW = "A new feature"
FORMULA, NAME, FAMILY, LOADED = "maker_formula", "maker_name", "maker_family", "maker_loaded"
FAMILIES = ("behavioural", "engagement", "demographic", "firmographic", "financial", "fit", "origin")
KIND_WORDS = {"number": "A number", "boolean": "Yes or no", "category": "A category"}
EXAMPLES = {
    "Pages per visit": "page_views / website_visits",
    "Clicks among opened e-mails": "share(email_clicks, email_opens)",
    "Quiet for a month": "days_since(last_activity_at) > 30",
    "Size of the company": "bucket(employees, 10, 50, 200)",
    "Head of something": 'contains(job_title, "head")',
}


def draw(context: Context) -> None:
    """Draw the maker."""
    with notices.refusals():
        _make(context)


@st.fragment
def _make(context: Context) -> None:
    current = policies.current_policy(context.workbench, context.actor, client=context.client)
    made = current.policy.to_dict()["made"]
    left, right = st.columns([5, 4], gap="large")
    with left:
        old = _start(made, current.version)
        _editor(context)
        preview = _checked(context)
        if preview:
            _shown(preview)
    with right, st.container(border=True):
        if old and st.toggle("Take this feature out of the scoring", key=f"maker_retire_{old['name']}",
                             help="A model that has learnt it keeps it until the next training."):
            rest = [feature for feature in made if feature["name"] != old["name"]]
            policy_effect.draw(context, {"made": rest}, key="retire_feature")
        else:
            _save(context, preview, old)


def _start(made: list[dict[str, Any]], version: int) -> dict[str, Any] | None:
    """Choose between a new feature and one that is there, and load it into the fields once."""
    by_name = {feature["name"]: feature for feature in made}
    names = [NEW, *by_name]
    chosen = st.selectbox("Feature", names, key=f"maker_start_v{version}",
                          format_func=lambda name: by_name[name]["label"] if name in by_name else name) \
        if made else NEW
    if st.session_state.get(LOADED) != (chosen, version):
        feature = by_name.get(chosen or NEW, {})
        st.session_state.update({FORMULA: feature.get("expression", ""), NAME: feature.get("label", ""),
                                 FAMILY: feature.get("group", FAMILIES[0]), LOADED: (chosen, version)})
    return by_name.get(chosen or NEW)


def _editor(context: Context) -> None:
    told = _help(context, context.client)
    labels = {written: f"{label}  ·  {written}  ·  {unit}" for written, label, unit, _ in told.columns}
    st.text_area("Formula", key=FORMULA, height=90, max_chars=1_000, placeholder="page_views / website_visits",
                 help="Columns by their name, or in [brackets] by what your file calls them. Press Ctrl+Enter to try "
                      "it.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Column", list(labels), index=None, format_func=labels.__getitem__, key="maker_column",
                     placeholder="Add a column …", label_visibility="collapsed", on_change=_insert, width="stretch")
        with st.popover("Functions", icon=":material/function:"):
            _functions(told)
        with st.popover("Examples", icon=":material/lightbulb:"):
            for name, formula in EXAMPLES.items():
                st.button(name, key=f"maker_example_{name}", on_click=_take, args=(name, formula), width="stretch",
                          help=formula)


@st.cache_data(scope="session", max_entries=4, ttl=300, show_spinner=False)
def _help(_context: Context, client: str) -> features.FormulaHelp:
    return features.formula_help(_context.workbench, _context.actor, client=client)


def _insert() -> None:
    column = st.session_state.get("maker_column")
    if column:
        st.session_state[FORMULA] = f"{st.session_state.get(FORMULA, '').rstrip()} {column}".strip()
        st.session_state["maker_column"] = None


def _take(name: str, formula: str) -> None:
    st.session_state[FORMULA] = formula
    st.session_state[NAME] = st.session_state.get(NAME) or name


def _functions(told: features.FormulaHelp) -> None:
    st.markdown("Signs: `+ - * /` and parentheses, `= != < <= > >=`, `and or not`, texts in `\"quotes\"`.")
    for family in dict.fromkeys(family for family, _, _ in told.functions):
        lines = [f"- `{usage}` {meaning}" for group, usage, meaning in told.functions if group == family]
        st.markdown(f"**{family}**\n" + "\n".join(lines))


def _checked(context: Context) -> features.FeaturePreview | None:
    """Try the formula; where it fails, the sentence and the place are shown."""
    formula = st.session_state.get(FORMULA, "")
    if not formula.strip():
        st.caption("Write a formula, add columns from the list, or begin with an example; what it gives is shown here.")
        return None
    try:
        return _tried(context, context.client, formula)
    except LeadScoreError as refusal:
        notices.show_refusal(refusal)
        if position := getattr(refusal, "position", None):
            line, place = _line_at(formula, position)
            st.code(f"{line}\n{' ' * place}^", language=None)
    return None


@st.cache_data(scope="session", max_entries=32, ttl=60, show_spinner="Trying it on the leads …")
def _tried(_context: Context, client: str, formula: str) -> features.FeaturePreview:
    return features.preview_feature(_context.workbench, _context.actor, client=client, expression=formula)


def _line_at(formula: str, position: int) -> tuple[str, int]:
    """Give the line a place is in, and the place in that line from 0."""
    before = formula[:position - 1]
    start = before.rfind("\n") + 1
    return formula[start:].partition("\n")[0], position - 1 - start


def _shown(preview: features.FeaturePreview) -> None:
    with st.grid(3, min_column_width=110):
        st.metric("Gives", KIND_WORDS.get(str(preview.kind), str(preview.kind)),
                  delta=preview.unit if preview.kind == "number" else None, delta_color="off", delta_arrow="off")
        st.metric("Known for", words.percent(preview.coverage, 0))
        st.metric("Tells outcomes apart", words.MISSING if preview.power is None else f"{preview.power.value:.2f}",
                  delta=None if preview.power is None else f"{preview.power.low:.2f} to {preview.power.high:.2f}",
                  delta_color="off", delta_arrow="off",
                  help="Area under the curve of this feature alone on leads whose outcome is known: 0.5 is chance, 1 "
                       "without a mistake.")
    if preview.warning:
        st.warning(preview.warning, icon=":material/warning:")
    if not preview.leads:
        st.caption("The formula is fine. Upload leads to see what it gives for them.")
        return
    sample = f" (a sample of {preview.total:,})" if preview.total > preview.leads else ""
    st.caption(f"Tried on {words.counted(preview.leads, 'lead')}{sample}, {preview.decided:,} of them with a known "
               f"outcome. Made of: {', '.join(words.escape(name) for name in preview.sources)}.")
    bars = pd.DataFrame(preview.distribution, columns=["Value", "Leads"])
    st.bar_chart(bars, x="Value", y="Leads", horizontal=True, sort=False, height=30 * len(bars) + 80,
                 alt="Number of leads by value of the feature")
    with st.expander("Some leads"):
        rows = [{"Lead": lead, "Value": _value(value, preview)} for lead, value in preview.examples]
        st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder=words.MISSING, alt="Some leads with their value")


def _value(value: Any, preview: features.FeaturePreview) -> str | None:
    if preview.kind == "boolean" and value is not None:
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, float) else value


def _save(context: Context, preview: features.FeaturePreview | None, old: dict[str, Any] | None) -> None:
    if not context.actor.may(Action.EDIT_POLICY):
        st.caption(":material/lock: You can try formulas here; a manager or an administrator can save a feature.")
        return
    st.text_input("Name of the feature", key=NAME, max_chars=80, placeholder="Pages per visit")
    families = dict.fromkeys([*FAMILIES, st.session_state[FAMILY]])
    st.selectbox("Family", list(families), key=FAMILY, format_func=lambda name: words.GROUP_WORDS.get(name, name))
    reason = _missing(preview)
    changes: dict[str, Any] = {}
    if not reason:
        changes = features.feature_changes(
            context.workbench, context.actor, client=context.client, label=st.session_state[NAME],
            expression=st.session_state[FORMULA], family=st.session_state[FAMILY],
            replaces=old["name"] if old else "")
        if old and _same(old, changes["made"][-1]):
            reason = "Nothing has been changed yet."
    if not reason:
        st.caption(f":material/info: It becomes **{changes['made'][-1]['name']}**. It changes no score until a "
                   "criterion of the scorecard uses it or the next training learns it.")
    policy_effect.draw(context, changes, key="make_feature", disabled_reason=reason)


def _missing(preview: features.FeaturePreview | None) -> str:
    if preview is None:
        return "Shown as soon as the formula can be read."
    return "" if (st.session_state.get(NAME) or "").strip() else "Give the feature a name to try and save it."


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return all(old[part] == new[part] for part in ("label", "expression", "group"))
