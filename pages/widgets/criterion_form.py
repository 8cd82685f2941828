"""The form of one criterion: what it looks at, what it asks, and what it gives, with whom it hits as it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from leadscore.errors import LeadScoreError
from leadscore.services import scorecard
from pages.shared import Context
from pages.widgets import notices, scorecard_draft, scorecard_words, words

EDITING = "scorecard-editing"
NEW = "new criterion"
MOST_POINTS = 1_000.0
LONGEST_HALF_LIFE = 36_500.0


def ask(criterion: Mapping[str, Any] | None, group: str) -> None:
    """Open the form on the next run, for a criterion or for a new one of a group."""
    st.session_state[EDITING] = dict(criterion) if criterion else {"id": NEW, "group": group, "points": 5.0}


def close() -> None:
    """Close the form."""
    st.session_state.pop(EDITING, None)


@st.dialog("Criterion", width="medium", on_dismiss=close)
def draw(context: Context, draft: scorecard_draft.Draft, criteria: Sequence[Mapping[str, Any]]) -> None:
    """Draw the form that is open; what it gives goes into the draft."""
    before = st.session_state[EDITING]
    with notices.refusals():
        wished = _fields(context, before)
        _evidence(context, wished)
        _buttons(context, draft, list(criteria), before, wished)


def _fields(context: Context, before: Mapping[str, Any]) -> dict[str, Any]:
    choices = {choice.name: choice for choice in
               scorecard.scorecard_fields(context.workbench, context.actor, client=context.client)}
    names, groups = list(choices), list(scorecard_words.GROUPS)
    label = st.text_input("Name", before.get("label", ""), key="criterion-label", max_chars=200,
                          placeholder="What people read beside a score")
    left, right = st.columns(2)
    group = left.selectbox("Counts to", groups, groups.index(before["group"]), key="criterion-group",
                           format_func=lambda name: words.GROUP_WORDS.get(name, name))
    place = names.index(before["field"]) if before.get("field") in names else None
    field = right.selectbox("Looks at", names, place, key="criterion-field", placeholder="Choose a column",
                            format_func=lambda name: choices[name].label)
    if field is None:
        return {"id": before["id"], "label": label, "group": group, "field": None}
    choice = choices[field]
    operator, value, cap = _comparison(choice, before)
    points, half_life = _points(operator, before)
    return {"id": before["id"], "label": label.strip(), "group": group, "field": field, "operator": operator,
            "value": value, "points": points, "cap": cap, "half_life_days": half_life}


def _comparison(choice: scorecard.FieldChoice, before: Mapping[str, Any]) -> tuple[str, Any, float | None]:
    told = dict(choice.operators)
    offered = list(told)
    if before.get("operator") and before.get("field") == choice.name and before["operator"] not in offered:
        offered.append(before["operator"])
    place = offered.index(before["operator"]) if before.get("operator") in offered else 0
    operator = st.selectbox("Comparison", offered, place, key=f"criterion-operator-{choice.name}",
                            format_func=lambda name: "for every … of it" if name == "per_unit" else
                            told.get(name, name))
    same = before.get("field") == choice.name and before.get("operator") == operator
    value = _value(choice, operator, before.get("value") if same else None)
    if choice.middle is not None and operator in ("at_least", "at_most", "between", "per_unit"):
        st.caption(f"Half of the leads have {words.plain(round(choice.middle, 2))} or less; nine in ten lie between "
                   f"{words.plain(round(choice.low or 0, 2))} and {words.plain(round(choice.high or 0, 2))}.")
    if not choice.known:
        st.caption(":material/info: No lead has a value here yet, so the criterion gives nothing to anybody for now.")
    cap = None
    if operator == "per_unit":
        cap = st.number_input("At most, points", 0.01, MOST_POINTS, float(before.get("cap") or 10.0), 1.0,
                              key="criterion-cap", format="%g")
    return operator, value, cap


def _value(choice: scorecard.FieldChoice, operator: str, before: Any) -> Any:
    key = f"criterion-value-{choice.name}-{operator}"
    usual = choice.middle if choice.middle is not None else 1.0
    if operator == "between":
        low, high = before or (choice.low or 0.0, choice.high or 1.0)
        left, right = st.columns(2)
        return [left.number_input("From", value=float(low), key=f"{key}-low", format="%g"),
                right.number_input("To", value=float(high), key=f"{key}-high", format="%g")]
    if operator in ("at_least", "at_most", "per_unit"):
        start = before if before is not None else 1.0 if operator == "per_unit" else usual
        return st.number_input("For every" if operator == "per_unit" else "Value", value=float(start), key=key,
                               format="%g")
    if operator == "one_of":
        known = list(dict.fromkeys([*(before or ()), *choice.values]))
        return st.multiselect("Values", known, list(before or ()), key=key, accept_new_options=True,
                              placeholder="Choose or type values")
    if operator == "equals" and choice.values:
        known = list(dict.fromkeys([*([before] if before else []), *choice.values]))
        return st.selectbox("Value", known, 0 if before else None, key=key, accept_new_options=True,
                            placeholder="Choose or type a value") or ""
    if operator in ("equals", "contains"):
        return st.text_input("Text", before or "", key=key, max_chars=500)
    return None


def _points(operator: str, before: Mapping[str, Any]) -> tuple[float, float | None]:
    left, right = st.columns(2)
    points = left.number_input("Points for each" if operator == "per_unit" else "Points", -MOST_POINTS, MOST_POINTS,
                               float(before.get("points", 5.0)), 1.0, key="criterion-points", format="%g",
                               help="Negative points count against a lead.")
    half_life = right.number_input("Halve after so many days of silence", 0.1, LONGEST_HALF_LIFE,
                                   before.get("half_life_days"), 10.0, key="criterion-half-life", format="%g",
                                   placeholder="never", help="Empty: the points do not fade.")
    return points, half_life


def _evidence(context: Context, wished: Mapping[str, Any]) -> None:
    """Tell whom the criterion hits as it stands in the form; what cannot be used yet is told when it is taken."""
    if wished["field"] is None:
        return
    try:
        found = scorecard.scorecard_evidence(context.workbench, context.actor, client=context.client,
                                             changes={"criteria": [_named(wished, [])]})
    except LeadScoreError:
        st.caption("Whom it hits is told as soon as its value fits.")
        return
    st.caption(scorecard_words.told(next(iter(found.criteria.values())), found))


def _buttons(context: Context, draft: scorecard_draft.Draft, criteria: list[Mapping[str, Any]],
             before: Mapping[str, Any], wished: Mapping[str, Any]) -> None:
    is_new = before["id"] == NEW
    with st.container(horizontal=True):
        if st.button("Into the draft", type="primary", key="criterion-take", disabled=wished["field"] is None):
            entry = _named(wished, criteria)
            changed = [*criteria, entry] if is_new else [entry if one["id"] == before["id"] else one
                                                         for one in criteria]
            _try(context, draft, changed)
        if not is_new and st.button("Add as a copy", key="criterion-copy", icon=":material/content_copy:"):
            copy = _named(dict(wished) | {"id": NEW, "label": f"{wished['label']} (copy)"}, criteria)
            _try(context, draft, [*criteria, copy])
        if not is_new and st.button("Remove", key="criterion-remove", icon=":material/delete:"):
            _try(context, draft, [one for one in criteria if one["id"] != before["id"]])


def _try(context: Context, draft: scorecard_draft.Draft, criteria: list[Any]) -> None:
    changes = draft.changes | {"criteria": criteria}
    # weights that do not total yet are no reason to refuse a criterion
    scorecard.describe_changes(context.workbench, context.actor, client=context.client,
                               changes={name: value for name, value in changes.items() if name != "group_weights"})
    scorecard_draft.push(draft, changes)
    close()
    st.rerun()


def _named(wished: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a new criterion an id of its own, made from its name."""
    if wished["id"] != NEW:
        return dict(wished)
    taken = {one["id"] for one in criteria}
    base = re.sub(r"[^a-z0-9]+", "_", wished["label"].lower()).strip("_")[:40] or "criterion"
    names = (base if number == 1 else f"{base}_{number}" for number in range(1, len(taken) + 2))
    return dict(wished) | {"id": next(name for name in names if name not in taken)}
