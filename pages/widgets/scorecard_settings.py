"""The scorecard: every criterion with whom it hits and how these ended; changes are a draft until they are saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import fairness, models, policies, scorecard
from pages.shared import Context
from pages.widgets import (
    criterion_form,
    notices,
    policy_effect,
    scorecard_draft,
    scorecard_exchange,
    scorecard_words,
    words,
)

WHOLE = 100
MOST_MARKS = 100_000.0


def draw(context: Context) -> None:
    """Draw the tab."""
    with notices.refusals():
        _edit(context)


@st.fragment
def _edit(context: Context) -> None:
    current = policies.current_policy(context.workbench, context.actor, client=context.client)
    draft = scorecard_draft.of(context, current.version)
    frozen = not context.actor.may(Action.EDIT_POLICY)
    scorecard_exchange.draw(context, draft, frozen=frozen)
    left, right = st.columns([5, 3], gap="large")
    with left:
        reason = scorecard_draft.draw(context, draft, current.version)
        policy = current.policy.to_dict() | draft.changes
        criteria = [_plain(criterion) for criterion in policy["criteria"]]
        sound = {name: value for name, value in draft.changes.items() if not reason or name != "group_weights"}
        found = _evidence(context, context.client, current.version, sound)
        _say_share(context, policy)
        _say_sensitive(context, sound)
        _weights(policy["group_weights"], draft, frozen=frozen)
        _groups(context, draft, criteria, found, policy, frozen=frozen)
    with right, st.container(border=True):
        policy_effect.draw(context, draft.changes, key="scorecard", disabled_reason=reason)
    if criterion_form.EDITING in st.session_state and not frozen:
        criterion_form.draw(context, draft, criteria)


def _plain(criterion: Any) -> dict[str, Any]:
    return dict(criterion) if isinstance(criterion, Mapping) else asdict(criterion)


@st.cache_data(scope="session", max_entries=16, ttl=60, show_spinner="Looking at how leads ended …")
def _evidence(_context: Context, client: str, version: int,  # noqa: ARG001, it tells one answer from another
              changes: dict[str, Any]) -> scorecard.ScorecardEvidence:
    return scorecard.scorecard_evidence(_context.workbench, _context.actor, client=client, changes=changes)


def _say_share(context: Context, policy: Mapping[str, Any]) -> None:
    """Say how much of the score the scorecard makes up, where a model makes up the rest."""
    versions = models.list_models(context.workbench, context.actor, client=context.client)
    if not any(model.alias == "champion" for model in versions):
        return
    share = words.percent(policy["alpha"], 0)
    told = f"The scorecard makes up **{share}** of the score, the model the rest; the tab Scoring changes that."
    if policy["alpha"] == 0:
        told = f":material/info: {told} As it is, points change who fits and who engages, but not the score."
    st.caption(told)


def _say_sensitive(context: Context, changes: Mapping[str, Any]) -> None:
    """Name the criteria that ask about a field the client has marked as sensitive."""
    asked = fairness.fairness_fields(context.workbench, context.actor, client=context.client, changes=changes).criteria
    if asked:
        st.warning(f"Asks about a field that is marked as sensitive: {words.escape(', '.join(asked))}. Take it out, or "
                   "unmark the field in Audit, Fairness.", icon=":material/diversity_3:")


# --- the groups ---------------------------------------------------------------------------------------------


def _weights(weights: Mapping[str, float], draft: scorecard_draft.Draft, *, frozen: bool) -> None:
    """Draw the weight of each group; they are shared out to 100 % on demand."""
    st.markdown("##### What each group counts")
    step = scorecard_draft.step()
    with st.grid(len(weights), min_column_width=110):
        for group, weight in weights.items():
            st.number_input(f"{words.GROUP_WORDS.get(group, group)}, %", 0.0, float(WHOLE), float(weight), 5.0,
                            format="%g", key=f"card-weight-{group}-{step}", disabled=frozen,
                            on_change=_weigh, args=(draft, weights, group, f"card-weight-{group}-{step}"))
    total = sum(weights.values())
    if abs(total - WHOLE) < 0.01:
        st.caption(":green[:material/check_circle:] Together 100 %.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":red-badge[Together {total:g} %; it must be 100 %]", width="content")
        st.button("Share out to 100 %", key="card-balance", disabled=not total, on_click=_share_out,
                  args=(draft, weights))


def _weigh(draft: scorecard_draft.Draft, weights: Mapping[str, float], group: str, key: str) -> None:
    # a field that is drawn anew reports itself, too
    if (weight := st.session_state.get(key)) not in (None, weights[group]):
        scorecard_draft.push(draft, draft.changes | {"group_weights": {**weights, group: weight}})


def _share_out(draft: scorecard_draft.Draft, weights: Mapping[str, float]) -> None:
    """Keep the proportions and make the total 100; the largest takes what rounding leaves."""
    total = sum(weights.values())
    shares = {group: float(round(WHOLE * weight / total)) for group, weight in weights.items()}
    shares[max(shares, key=lambda group: shares[group])] += WHOLE - sum(shares.values())
    scorecard_draft.push(draft, draft.changes | {"group_weights": shares})


def _groups(context: Context, draft: scorecard_draft.Draft, criteria: Sequence[dict[str, Any]],
            found: scorecard.ScorecardEvidence, policy: Mapping[str, Any], *, frozen: bool) -> None:
    counts = {group: sum(one["group"] == group for one in criteria) for group in scorecard_words.GROUPS}
    st.markdown("##### Criteria")
    group = st.segmented_control(
        "Group", list(counts), default="demographic", required=True, key="card-group", label_visibility="collapsed",
        wrap=True, format_func=lambda name: f"{words.GROUP_WORDS.get(name, name)} ({counts[name]})")
    state = next((state for state in found.groups if state.group == group), None)
    if state is not None:
        _full_marks(draft, state, policy["group_marks"], frozen=frozen)
    _learnt(context, draft, found, frozen=frozen)
    members = [one for one in criteria if one["group"] == group]
    able = [one for one in members if _is_able(found, one)]
    for one in able:
        _criterion(context, draft, one, found, frozen=frozen)
    if idle := [one for one in members if one not in able]:
        with st.expander(f"{words.counted(len(idle), 'criterion', 'criteria')} for columns your leads do not have"):
            for one in idle:
                _criterion(context, draft, one, found, frozen=frozen)
    if not members:
        st.caption("No criterion yet; a group without any leaves its weight to the others.")
    if not frozen:
        st.button("Add a criterion", key="card-add", icon=":material/add:", on_click=criterion_form.ask,
                  args=(None, group))


def _is_able(found: scorecard.ScorecardEvidence, one: Mapping[str, Any]) -> bool:
    evidence = found.criteria.get(one["id"])
    return not found.leads or (evidence is not None and evidence.known_field)


def _full_marks(draft: scorecard_draft.Draft, state: scorecard.GroupState, own: Mapping[str, float], *,
                frozen: bool) -> None:
    if not state.reachable:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = f"card-marks-{state.group}-{scorecard_draft.step()}"
        st.number_input("Full marks from, points", 0.01, MOST_MARKS, state.marks if state.own_marks else None, 1.0,
                        format="%g", placeholder=f"{state.marks:.3g}", key=key, disabled=frozen, width=220,
                        help="Nobody does everything: a lead with so many points of this group already has all of "
                             "its weight. Empty: the usual share of what the criteria can give.",
                        on_change=_mark, args=(draft, own, state.group, key))
        st.caption(f"Its criteria can give {state.reachable:,.4g} points; **{state.marks:,.3g}** of them are full "
                   f"marks and bring the group's {state.weight:g} %.", width="stretch")


def _mark(draft: scorecard_draft.Draft, own: Mapping[str, float], group: str, key: str) -> None:
    marks = {name: value for name, value in own.items() if name != group}
    if (most := st.session_state.get(key)) is not None:
        marks[group] = most
    if marks != dict(own):
        scorecard_draft.push(draft, draft.changes | {"group_marks": marks})


# --- what is known ------------------------------------------------------------------------------------------


def _learnt(context: Context, draft: scorecard_draft.Draft, found: scorecard.ScorecardEvidence, *,
            frozen: bool) -> None:
    """Say what the figures come from, and offer to take all suggestions."""
    if not found.ended:
        st.caption("How the leads of a criterion end is shown as soon as outcomes are recorded or imported."
                   if found.leads else "Upload leads to see whom a criterion hits.")
        return
    suggested = any(one.points is not None for one in found.criteria.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Held against {words.counted(found.ended, 'lead')} whose end is known, {found.converted:,} of them "
            f"converted. " + (f"The data's points are learnt from {found.learnt_from:,} of them, all criteria together "
                              "and not from those a change is measured on; "
                              f"{found.doubling:.0f} points of the score double the odds."
                              if suggested and found.doubling else "Too few have ended to suggest points."),
            width="stretch")
        if suggested and not frozen:
            st.button("Take all suggestions", key="card-take-all", icon=":material/auto_fix_high:",
                      help="Puts the points of all groups and the weights that go with them into the draft.",
                      on_click=_take, args=(context, draft, None))


def _criterion(context: Context, draft: scorecard_draft.Draft, one: Mapping[str, Any],
               found: scorecard.ScorecardEvidence, *, frozen: bool) -> None:
    evidence = found.criteria.get(one["id"])
    if evidence is None:
        return
    rule = ", ".join(filter(None, (evidence.rule, scorecard_words.fading(one))))
    suggested = scorecard_words.suggestion(evidence, one)
    with st.container(border=True, key=f"criterion-{scorecard_words.slug(one['id'])}"):
        left, right = st.columns([5, 2], vertical_alignment="center")
        left.markdown(f"**{words.escape(one['label'])}** {scorecard_words.badge(one)}  \n"
                      f":small[:gray[{words.escape(rule)}]]  \n:small[{scorecard_words.told(evidence, found)}"
                      f"{' ' + suggested if suggested else ''}]")
        if frozen:
            return
        with right, st.container(horizontal=True, horizontal_alignment="right"):
            if suggested and not scorecard_words.is_taken(evidence, one):
                st.button("Take", key=f"take-{one['id']}", on_click=_take, args=(context, draft, [one["id"]]),
                          help="Puts the points the data would give into the draft.")
            st.button("Edit", key=f"edit-{one['id']}", icon=":material/edit:", on_click=criterion_form.ask,
                      args=(one, one["group"]))


def _take(context: Context, draft: scorecard_draft.Draft, wanted: list[str] | None) -> None:
    changes = scorecard.take_suggestions(context.workbench, context.actor, client=context.client,
                                         changes=draft.changes, wanted=wanted)
    scorecard_draft.push(draft, changes)
