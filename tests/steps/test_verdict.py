"""A stored lead's score is explained whole: reasons that add up, its place on each curve, and the way upwards."""

import json

import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.services import dossier
from leadscore.steps.models import find_version
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, person


@pytest.fixture
def without_curves(trained):
    """Give the trained campaign with a report as models had it before curves were kept."""
    with write(trained.engine) as session:
        row = find_version(session, 1, "1")
        row.report = {name: value for name, value in row.report.items() if name != "effect_curves"}
        session.add(row)
    return trained


def show(workbench, lead_id, role=Role.ADMIN):
    return dossier.lead_detail(workbench, person(role, CLIENT), client=CLIENT, lead_id=lead_id, note=False)


def lead_at(workbench, rank):
    with read(workbench.engine) as session:
        return int(score_rows.page(session, 1, offset=rank, limit=1).index[0])


@pytest.fixture(scope="module")
def weak(seen):
    return show(seen, lead_at(seen, 300))


def test_base_and_reasons_add_up_to_the_score(weak):
    assert weak.base + sum(reason.effect for reason in weak.reasons) == pytest.approx(weak.blended, abs=1e-6)
    assert weak.what_if.score == pytest.approx(weak.blended, abs=1e-6)


def test_a_weak_lead_is_told_the_way_to_the_next_tier_in_its_users_words(seen, weak):
    assert weak.what_if.improvements
    assert "Emails opened" in {item.label for item in weak.what_if.improvements}
    names = [way.goal.name for way in weak.what_if.ways]
    assert weak.tier == "Low" and "Medium" in names and "High" not in names
    starts = next(way.goal.score for way in weak.what_if.ways if way.goal.name == "Medium")
    with read(seen.engine) as session:
        page = score_rows.page(session, 1, limit=400)
    assert starts == page.loc[page["tier"] == "Medium", "score"].min()


def test_the_best_lead_has_no_tier_left_to_reach(seen):
    best = show(seen, lead_at(seen, 0))
    assert {way.goal.name for way in best.what_if.ways} <= {"Qualified"}


def test_a_lead_stands_on_the_curves_with_its_own_values(weak):
    curves = {curve.field: curve for curve in weak.curves}
    own = {label: value for _, label, value in weak.values}
    assert float(curves["email_opens"].mark) == float(own["Emails opened"])
    assert curves["source"].mark in own.values()
    assert not curves["job_title"].marked or curves["job_title"].mark is None


def test_where_a_personal_value_lies_is_not_shown_to_those_who_may_not_see_it(seen, weak):
    shown = {curve.field: curve.marked for curve in weak.curves}
    hidden = {curve.field: curve.marked for curve in show(seen, weak.lead_id, Role.VIEWER).curves}
    assert shown["email_opens"] and hidden["email_opens"]
    assert not any(hidden.get(name) for name in ("age", "income", "credit_score"))


def test_a_model_without_curves_still_advises_by_the_rules(without_curves, weak):
    plain = show(without_curves, weak.lead_id)
    assert plain.curves == () and plain.what_if.improvements


def test_the_command_line_gets_it_all_as_plain_values(weak):
    answer = json.loads(json.dumps(weak.as_dict(), default=str))
    assert answer["improvements"][0]["gain"] == weak.what_if.improvements[0].gain
    assert answer["goals"][0]["sentence"] and answer["why_not_higher"]
    assert isinstance(answer["to_find_out"], list) and answer["together"]["kind"] == "together"
    assert pd.notna(answer["improvements"][0]["score"])
