"""Columns that may know the outcome: why each was set aside or suspected, and a training with other choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import report_words, words

NEVER = frozenset({"never_a_feature", "constant", "not_modelled"})
"""Findings nobody can decide otherwise: there is nothing to learn from these columns, or nothing that may be."""
Finding = Mapping[str, Any]


def draw(report: Mapping[str, Any], key: str, *, may_change: bool) -> dict[str, list[str]] | None:
    """Draw the findings with a switch each; give the changed ``keep`` and ``drop``, None without a change."""
    aside = [one for one in report.get("set_aside") or [] if one.get("code") not in NEVER]
    suspects = report.get("suspects") or []
    never = [one for one in report.get("set_aside") or [] if one.get("code") in NEVER]
    with st.container(border=True):
        st.markdown("**Columns that may know the outcome**")
        if not aside and not suspects:
            st.caption(":material/check_circle: None was found. Every column looks as if it were known before the "
                       "outcome.")
        back = _findings("Set aside", "They would make the model look better than it will be on new leads.", aside,
                         f"{key}-back", "Put back", may_change)
        out = _findings("Used, but suspicious", "Is each of them really known before you call? If not, leave it out.",
                        suspects, f"{key}-out", "Leave out", may_change)
        _never(never)
    return _changed(report.get("request") or {}, back, out) if back or out else None


def _findings(title: str, said: str, findings: Sequence[Finding], key: str, switch: str,
              may_change: bool) -> list[str]:
    """Draw one kind of finding; give the names of those switched on."""
    if not findings:
        return []
    st.markdown(f"{title}  \n:small[:gray[{said}]]")
    chosen = []
    for one in findings:
        name = str(one.get("name") or one["column"])
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            told = report_words.effect(one.get("effect"), used=switch == "Leave out")
            st.markdown(f"**{words.escape(one['column'])}**  \n{report_words.sentence(one.get('reason') or '')}"
                        + (f"  \n:small[:gray[{told}]]" if told else ""), width="stretch")
            if may_change and st.toggle(switch, key=f"{key}-{name}", width=130):
                chosen.append(name)
    return chosen


def _never(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    with st.popover(f"{words.counted(len(findings), 'column')} no model uses", icon=":material/visibility_off:"):
        st.markdown("\n".join(f"- **{words.escape(one['column'])}**: {report_words.sentence(one.get('reason') or '')}"
                              for one in findings))


def _changed(request: Mapping[str, Any], back: Sequence[str], out: Sequence[str]) -> dict[str, list[str]]:
    """Give what to keep and to drop when these are put back and left out."""
    keep = [name for name in dict.fromkeys([*(request.get("keep") or []), *back]) if name not in out]
    drop = [name for name in dict.fromkeys([*(request.get("drop") or []), *out]) if name not in back]
    return {"keep": keep, "drop": drop}
