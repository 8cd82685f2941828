"""The parts of a lead's page that say what would move it up, and what each of its values does."""

from __future__ import annotations

import streamlit as st

from leadscore.charts import effects
from leadscore.services.dossier import FactorCurve, LeadDetail, WhatIf
from pages.widgets import words

QUIET = {"displayModeBar": False}
DECIDED = ("converted", "lost")
HONESTLY = ("Each bar is this lead judged again with that one thing changed and all else as it is. It shows what rules "
            "and model make of such leads; it does not promise that doing it brings the deal.")
LINE = ("Above zero a value raises the model's chance, below zero it lowers it, as seen in the leads it learnt from. "
        "The band holds the middle 80 % of them.")
BARS = ("To the right of zero a value raises the model's chance, to the left it lowers it, as seen in the leads it "
        "learnt from. Only what at least five leads share is named.")
NO_MODEL = "No model has learnt from outcomes yet, so there is no curve to show."
OLD_MODEL = "This model was trained before such curves were kept. The next training makes them."


def tier_chances(lead: LeadDetail) -> None:
    """Say how sure a model of three tiers is of each."""
    if lead.tier_chances:
        said = " · ".join(f"{name} **{words.percent(share, 0)}**" for name, share in lead.tier_chances.items())
        st.markdown(f":small[The model's confidence: {said}]")


def way_up(lead: LeadDetail) -> None:
    """Show what would move a lead up, and what is worth finding out."""
    found = lead.what_if
    if found is None:
        return
    with st.container(border=True):
        st.markdown("**What would move it up**")
        if len(lead.outcomes) and lead.outcomes["stage"].iloc[-1] in DECIDED:
            st.caption("This lead is decided, so there is nothing left to move.")
            return
        st.markdown(words.escape(lead.why_not_higher))
        if found.improvements:
            _bars(found)
        for way in found.ways:
            st.markdown(f":material/flag: {words.escape(way.sentence)}")
        if found.improvements:
            st.caption(HONESTLY)
        _to_find_out(found)


def _bars(found: WhatIf) -> None:
    shown = [*found.improvements, *([found.together] if found.together else [])]
    st.plotly_chart(effects.improvement_bars([item.text for item in shown], [item.score for item in shown],
                                             now=found.score), config=QUIET, key="improvements",
                    alt="; ".join(f"{item.text}: {item.score:.1f} ({item.gain:+.1f})" for item in shown))


def _to_find_out(found: WhatIf) -> None:
    if not found.to_find_out:
        return
    st.markdown("**Worth finding out**")
    for unknown in found.to_find_out:
        if unknown.high - unknown.low < 0.1:
            becomes = f"the score would be **{unknown.high:.1f}**"
        else:
            becomes = f"the score would lie between **{unknown.low:.1f}** and **{unknown.high:.1f}**"
        st.markdown(f":material/help: {words.escape(unknown.label)}: {becomes}")


@st.fragment
def curves(lead: LeadDetail) -> None:
    """Show what the values of a factor do, and where this lead stands; choosing a factor redraws this part only."""
    with st.container(border=True):
        st.markdown("**What each value does**")
        if not lead.curves:
            st.caption(NO_MODEL if lead.probability is None else OLD_MODEL)
            return
        known = {curve.field: curve for curve in lead.curves}
        field = st.selectbox("Factor", list(known), format_func=lambda name: known[name].label, key="curve_of",
                             help="The factor that speaks loudest for or against this lead comes first.")
        curve = known[field]
        figure = effects.effect_curve(curve.points, curve.kind, curve.label, mark=curve.mark, marked=curve.marked)
        st.plotly_chart(figure, config=QUIET, key="curve", alt=_curve_in_words(curve))
        st.caption(LINE if curve.kind == "number" else BARS)


def _curve_in_words(curve: FactorCurve) -> str:
    best = max(curve.points, key=lambda point: float(point["effect"]))
    worst = min(curve.points, key=lambda point: float(point["effect"]))
    return (f"{curve.label}: {words.plain(best['value']) or 'not known'} raises the chance most, "
            f"{words.plain(worst['value']) or 'not known'} lowers it most")
