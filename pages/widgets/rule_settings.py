"""Validation rules: what the client asks of its own data, what then happens, and how many leads would break it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import validation_rules
from pages.shared import Context
from pages.widgets import notices, words

CHECK_WORDS = {"required": "must be there", "range": "lies in a range", "one_of": "is one of a list",
               "pattern": "looks like a pattern", "longest": "is not too long", "unique": "is different for every lead",
               "not_in_future": "does not lie in the future", "dates": "lies between two days"}
HAPPENS = {"flag": "Flag it", "empty": "Empty the cell", "reject": "Reject the row"}
HAPPENS_COLORS = {"flag": "blue", "empty": "orange", "reject": "red"}
EDITED = "rule_edited"


def draw(context: Context) -> None:
    """Draw the rules and the form for one."""
    with notices.refusals():
        _edit(context)


@st.fragment
def _edit(context: Context) -> None:
    told = validation_rules.list_rules(context.workbench, context.actor, client=context.client)
    frozen = not context.actor.may(Action.EDIT_POLICY)
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.markdown("##### Rules in force")
        st.caption("They hold for every import from now on; what breaks one is in the report of the import. Leads "
                   "that are stored already stay as they are.")
        if not told.rules:
            st.info("No rules yet: values are only held against common sense. Add a first rule beside.",
                    icon=":material/rule:")
        for place, view in enumerate(told.rules):
            _rule(context, told.rules, place, view, frozen=frozen)
    with right, st.container(border=True):
        if frozen:
            st.caption(":material/lock: A manager or an administrator can change the rules.")
        else:
            _form(context, told)


def _rule(context: Context, rules: Sequence[validation_rules.RuleView], place: int, view: validation_rules.RuleView, *,
          frozen: bool) -> None:
    happens = view.rule["consequence"]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container():
            st.markdown(f"**{words.escape(view.label)}** {words.escape(view.asks)} "
                        f":{HAPPENS_COLORS[happens]}-badge[{HAPPENS[happens]}]")
            with notices.refusals():
                found = _tried(context, context.client, view.rule)
                st.caption(_found(found))
        st.button("Edit", key=f"rule_edit_{place}", icon=":material/edit:", disabled=frozen, on_click=_begin,
                  args=(place,), width="content")
        if st.button("Remove", key=f"rule_remove_{place}", icon=":material/delete:", disabled=frozen, width="content"):
            rest = [other.rule for other in rules if other is not view]
            _save(context, rest, f"The rule for {view.label} is gone.")


@st.cache_data(scope="session", max_entries=64, ttl=60, show_spinner=False)
def _tried(_context: Context, client: str, rule: dict[str, Any]) -> validation_rules.RuleTrial:
    return validation_rules.try_rule(_context.workbench, _context.actor, client=client, rule=rule)


def _found(found: validation_rules.RuleTrial) -> str:
    if not found.leads:
        return "No leads are stored yet."
    looked_at = f"{found.leads:,} stored leads"
    if found.total > found.leads:
        looked_at = f"a sample of {looked_at}"
    if not found.broken:
        return f":green[:material/check_circle:] None of {looked_at} breaks it."
    return f"{found.broken:,} of {looked_at} {'breaks' if found.broken == 1 else 'break'} it, such as lead " \
           f"{found.examples[0]}."


def _begin(place: int | None) -> None:
    st.session_state[EDITED] = place
    # widgets of another rule begin anew
    st.session_state["rule_form"] = st.session_state.get("rule_form", 0) + 1


def _form(context: Context, told: validation_rules.RuleList) -> None:
    place = st.session_state.get(EDITED)
    old = told.rules[place].rule if isinstance(place, int) and place < len(told.rules) else {}
    step = st.session_state.get("rule_form", 0)
    st.markdown("##### Change a rule" if old else "##### Add a rule")
    fields = {field.name: field for field in told.fields}
    names = list(fields)
    name = st.selectbox("Field", names, index=names.index(old["field"]) if old.get("field") in fields else 0,
                        format_func=lambda each: fields[each].label, key=f"rule_field_{step}")
    checks = list(fields[name].checks)
    check = st.selectbox("A value", checks, index=checks.index(old["check"]) if old.get("check") in checks else 0,
                         format_func=CHECK_WORDS.__getitem__, key=f"rule_check_{step}_{name}")
    rule = {"field": name, "check": check} | _limits(check, old, f"{step}_{check}")
    ways = [way for way in HAPPENS if check != "required" or way != "empty"]
    rule["consequence"] = st.segmented_control(
        "Where it is broken", ways, default=old.get("consequence") if old.get("consequence") in ways else ways[0],
        required=True, format_func=HAPPENS.__getitem__, key=f"rule_happens_{step}_{check}")
    with notices.refusals():
        st.caption(_found(_tried(context, context.client, rule)))
        rest = [view.rule for number, view in enumerate(told.rules) if not old or number != place]
        with st.container(horizontal=True):
            if st.button("Save the rule", type="primary", key="rule_save"):
                _save(context, [*rest, rule], f"The rule for {fields[name].label} is in force.")
            if old:
                st.button("Leave it as it was", key="rule_leave", on_click=_begin, args=(None,))


def _limits(check: str, old: dict[str, Any], key: str) -> dict[str, Any]:
    if check == "range":
        with st.grid(2):
            return {"low": st.number_input("Smallest", value=old.get("low"), key=f"rule_low_{key}", placeholder="none"),
                    "high": st.number_input("Largest", value=old.get("high"), key=f"rule_high_{key}",
                                            placeholder="none")}
    if check == "one_of":
        text = st.text_area("Allowed values, one a line", "\n".join(old.get("values", ())), key=f"rule_values_{key}")
        return {"values": [line.strip() for line in (text or "").splitlines() if line.strip()]}
    if check == "pattern":
        return {"pattern": st.text_input("Pattern", old.get("pattern", ""), key=f"rule_pattern_{key}",
                                         placeholder="[A-Z]{2}[0-9]+", max_chars=500,
                                         help="A regular expression for the whole value, such as [0-9]{5} for five "
                                              "digits.")}
    if check == "longest":
        return {"longest": int(st.number_input("Most characters", 1, 100_000, old.get("longest") or 80,
                                               key=f"rule_longest_{key}"))}
    return _days(old, key) if check == "dates" else {}


def _days(old: dict[str, Any], key: str) -> dict[str, Any]:
    with st.grid(2):
        days = [st.date_input(label, value=date.fromisoformat(old[name]) if old.get(name) else None,
                              key=f"rule_{name}_{key}", min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))
                for name, label in (("earliest", "From"), ("latest", "Up to"))]
    return {name: day.isoformat() if isinstance(day, date) else ""
            for name, day in zip(("earliest", "latest"), days, strict=True)}


def _save(context: Context, rules: list[dict[str, Any]], message: str) -> None:
    validation_rules.save_rules(context.workbench, context.actor, client=context.client, rules=rules)
    _begin(None)
    notices.say_after_rerun(message)
    st.rerun()
