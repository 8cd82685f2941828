"""A stored lead's score is explained whole: reasons that add up, its place on each curve, and the way upwards."""

import json
import shutil

import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.features.build import build_features
from leadscore.modeling.explanation import effect_curves
from leadscore.services import dossier
from leadscore.steps.models import find_version, load_model
from leadscore.store import batches, lead_reading
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW, person, workbench_at


@pytest.fixture(scope="module")
def curved(trained_home, tmp_path_factory):
    """Give the trained campaign with curves in its model's report."""
    home = tmp_path_factory.mktemp("curved") / "home"
    shutil.copytree(trained_home, home)
    workbench = workbench_at(home)
    with write(workbench.engine) as session:
        leads = lead_reading.read_leads(session, workbench.vault, 1)
        features = build_features(leads, lead_reading.custom_fields(session, 1), as_of=NOW,
                                  headers=batches.headers(session, 1))
        row = find_version(session, 1, "1")
        shares = load_model(workbench, row).model.predict(features.frame).contributions
        found = effect_curves(features.frame, shares, features.kinds, features.labels)
        row.report = row.report | {"effect_curves": {name: curve.to_dict() for name, curve in found.items()}}
        session.add(row)
    return workbench


def show(workbench, lead_id, role=Role.ADMIN):
    return dossier.lead_detail(workbench, person(role, CLIENT), client=CLIENT, lead_id=lead_id, note=False)


def lead_at(workbench, rank):
    with read(workbench.engine) as session:
        return int(score_rows.page(session, 1, offset=rank, limit=1).index[0])


@pytest.fixture(scope="module")
def weak(curved):
    return show(curved, lead_at(curved, 300))


def test_base_and_reasons_add_up_to_the_score(weak):
    assert weak.base + sum(reason.effect for reason in weak.reasons) == pytest.approx(weak.blended, abs=1e-6)
    assert weak.what_if.score == pytest.approx(weak.blended, abs=1e-6)


def test_a_weak_lead_is_told_the_way_to_the_next_tier_in_its_users_words(curved, weak):
    assert weak.what_if.improvements
    assert "Emails opened" in {item.label for item in weak.what_if.improvements}
    names = [way.goal.name for way in weak.what_if.ways]
    assert weak.tier == "Low" and "Medium" in names and "High" not in names
    starts = next(way.goal.score for way in weak.what_if.ways if way.goal.name == "Medium")
    with read(curved.engine) as session:
        page = score_rows.page(session, 1, limit=400)
    assert starts == page.loc[page["tier"] == "Medium", "score"].min()


def test_the_best_lead_has_no_tier_left_to_reach(curved):
    best = show(curved, lead_at(curved, 0))
    assert {way.goal.name for way in best.what_if.ways} <= {"Qualified"}


def test_a_lead_stands_on_the_curves_with_its_own_values(weak):
    curves = {curve.field: curve for curve in weak.curves}
    own = {label: value for _, label, value in weak.values}
    assert float(curves["email_opens"].mark) == float(own["Emails opened"])
    assert curves["source"].mark in own.values()
    assert not curves["job_title"].marked or curves["job_title"].mark is None


def test_where_a_personal_value_lies_is_not_shown_to_those_who_may_not_see_it(curved, weak):
    seen = {curve.field: curve.marked for curve in weak.curves}
    hidden = {curve.field: curve.marked for curve in show(curved, weak.lead_id, Role.VIEWER).curves}
    assert seen["email_opens"] and hidden["email_opens"]
    assert not any(hidden[name] for name in ("age", "income", "credit_score") if name in hidden)


def test_a_model_without_curves_still_advises_by_the_rules(seen, weak):
    plain = show(seen, weak.lead_id)
    assert plain.curves == () and plain.what_if.improvements


def test_the_command_line_gets_it_all_as_plain_values(weak):
    answer = json.loads(json.dumps(weak.as_dict(), default=str))
    assert answer["improvements"][0]["gain"] == weak.what_if.improvements[0].gain
    assert answer["goals"][0]["sentence"] and answer["why_not_higher"]
    assert isinstance(answer["to_find_out"], list) and answer["together"]["kind"] == "together"
    assert pd.notna(answer["improvements"][0]["score"])
