"""Fairness over a stored list: marked fields leave every model, groups are counted, small ones stay hidden."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.monitoring.fairness import Standing
from leadscore.services import fairness, governance, intake, models, policies, scoring, training
from leadscore.steps.fairness import TOP
from leadscore.store.database import read
from tests.services.conftest import CLIENT, QUICK, person, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

LEADS = 1_400


def people_file(seed: int = 5) -> tuple[bytes, pd.DataFrame]:
    """Make leads of which one gender has half the sessions, and few are of one language."""
    draw = np.random.default_rng(seed)
    gender = draw.choice(["F", "Male", ""], LEADS, p=[0.45, 0.5, 0.05])
    sessions = np.where(gender == "F", draw.poisson(4, LEADS), draw.poisson(8, LEADS))
    frame = pd.DataFrame({
        "Lead Id": [f"l{number}" for number in range(LEADS)], "Gender": gender, "Age": draw.integers(18, 80, LEADS),
        "Language": draw.choice(["German", "French", "Sorbian"], LEADS, p=[0.6, 0.39, 0.01]),
        "Country": draw.choice(["Germany", "France"], LEADS), "Number of Sessions": sessions,
        "Emails opened": draw.poisson(3, LEADS), "Team": draw.choice(["red", "blue", "green"], LEADS),
        "Converted": np.where(draw.random(LEADS) < 1 / (1 + np.exp(3 - 0.35 * sessions)), "yes", "no")})
    frame.loc[draw.random(LEADS) < 0.2, "Converted"] = ""
    return frame.to_csv(index=False).encode(), frame


@pytest.fixture(scope="module")
def fair_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("fair")
    bench, boss = workbench_at(home), person(Role.ADMIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(bench, boss, client=CLIENT, source=people_file()[0], filename="people.csv")
    assert training.train_stored(bench, boss, client=CLIENT, request=QUICK).deployed
    scoring.rescore(bench, boss, client=CLIENT)
    bench.engine.dispose()
    return home


@pytest.fixture
def fair(fair_home, tmp_path):
    shutil.copytree(fair_home, tmp_path / "copy")
    return workbench_at(tmp_path / "copy")


@pytest.fixture(scope="module")
def looked(fair_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("looked") / "home"
    shutil.copytree(fair_home, home)
    return workbench_at(home)


def _by_hand(workbench, frame, groups):
    """Count the best 20 % from the scores themselves."""
    with read(workbench.engine) as session:
        rows = session.execute(text("SELECT l.crm_id, s.score, s.lead_id FROM scores s JOIN leads l ON "
                                    "l.id = s.lead_id")).all()
    scores = pd.DataFrame(rows, columns=["crm", "score", "id"]).sort_values(["score", "id"], ascending=[False, True])
    best = set(scores["crm"].head(round(TOP * len(scores))))
    chosen = frame["Lead Id"].isin(best)
    return chosen.groupby(groups.to_numpy()).agg(["size", "sum"])


@pytest.mark.parametrize(("field", "groups_of"), [
    ("Country", lambda frame: frame["Country"]),
    ("Gender", lambda frame: frame["Gender"].map({"F": "female", "Male": "male"})),
    ("Age", lambda frame: pd.cut(frame["Age"], [0, 24, 39, 54, 64, 99], labels=[
        "under 25", "25 to 39", "40 to 54", "55 to 64", "65 and over"]).astype(str)),
    ("Team", lambda frame: frame["Team"])])
def test_groups_are_counted_alike_in_the_database_and_outside(looked, admin, field, groups_of):
    frame = people_file()[1]
    report = fairness.fairness_report(looked, admin, client=CLIENT, fields=[field])
    assert report.groups is not None
    table = report.groups.tables[0].judged.set_index("group")
    by_hand = _by_hand(looked, frame, groups_of(frame)).loc[table.index]
    assert list(table["leads"]) == list(by_hand["size"])
    assert np.allclose(table["selection_rate"], by_hand["sum"] / by_hand["size"])


def test_two_fields_meet_and_unknown_ones_are_counted(looked, admin):
    frame = people_file()[1]
    report = fairness.fairness_report(looked, admin, client=CLIENT, fields=["Gender", "Country"])
    gender, country, both = report.groups.tables
    assert gender.unknown == both.unknown == int((frame["Gender"] == "").sum())
    assert country.unknown == 0
    assert set(both.groups["group"]) == {f"{one} · {other}" for one in gender.groups["group"]
                                         for other in country.groups["group"]}


def test_the_group_with_fewer_sessions_is_named_and_nobody_is_judged(looked, admin):
    report = fairness.fairness_report(looked, admin, client=CLIENT, fields=["Gender"])
    assert report.groups.tables[0].lower == ["female"]
    assert "female is among the best less often" in report.sentences[0]
    assert "no verdict" in report.as_dict()["note"]


def test_figures_of_small_groups_leave_nowhere(looked, admin):
    frame = people_file()[1]
    few = frame["Language"].value_counts()["Sorbian"]
    assert 0 < few < 30
    report = fairness.fairness_report(looked, admin, client=CLIENT, fields=["Language"])
    row = next(row for row in report.as_dict()["tables"][0]["groups"] if row["group"] == "Sorbian")
    assert row["standing"] == str(Standing.FEW) and row["leads"] is None and row["selection_rate"] is None
    shown = report.chosen[0].data.set_index("Group").loc["Sorbian"]
    assert shown["Note"] == "fewer than 30 leads" and shown.drop(["Finding", "Note"]).isna().all()


def test_a_marked_field_is_among_no_features_of_a_newly_trained_model(fair, admin):
    before = models.show_model(fair, admin, client=CLIENT, version="1").report["data"]["columns"]
    assert {"language", "age", "custom:Team"} <= set(before)
    found = fairness.mark_fields(fair, admin, client=CLIENT, names=["Language", "Age", "Team"])
    assert {field.name for field in found.marked} == {"language", "age", "custom:Team"}
    assert found.model == 1 and set(found.learnt) >= {"language", "age", "custom:Team"}
    trained = training.train_stored(fair, admin, client=CLIENT, request=dataclasses.replace(QUICK, deploy=True))
    report = models.show_model(fair, admin, client=CLIENT, version="2").report
    assert not {"language", "age", "custom:Team"} & set(report["data"]["columns"])
    assert not {"language", "age", "custom:Team"} & set(report["importance"])
    aside = {one["name"] for one in trained.set_aside if one["code"] == "sensitive"}
    assert {"language", "age", "custom:Team"} <= aside
    assert fairness.fairness_fields(fair, admin, client=CLIENT).learnt == ()
    with pytest.raises(InvalidRequest) as refused:
        training.train_stored(fair, admin, client=CLIENT, request=dataclasses.replace(QUICK, keep=("Language",)))
    assert refused.value.code == "cannot_keep"


def test_a_made_feature_of_a_marked_field_goes_with_it(fair, admin):
    policies.save_policy(fair, admin, client=CLIENT, comment="", changes={"made": [
        {"name": "german", "label": "German", "expression": "language == 'German'", "group": "fit"},
        {"name": "busy", "label": "Busy", "expression": "sessions > 5", "group": "fit"}]})
    fairness.mark_fields(fair, admin, client=CLIENT, names=["Language"])
    trained = training.train_stored(fair, admin, client=CLIENT, request=QUICK)
    report = models.show_model(fair, admin, client=CLIENT, version=str(trained.model_version)).report
    columns = report["data"]["columns"]
    assert "made:german" not in columns and "made:busy" in columns


def test_a_criterion_about_a_marked_field_is_named(fair, admin):
    policy = policies.current_policy(fair, admin, client=CLIENT).policy.to_dict()
    asks = policy["criteria"][0] | {"id": "speaks", "label": "Speaks German", "field": "language",
                                    "operator": "equals", "value": "German", "points": 10}
    changes = {"criteria": [*policy["criteria"], asks]}
    fairness.mark_fields(fair, admin, client=CLIENT, names=["Language"])
    before = fairness.fairness_fields(fair, admin, client=CLIENT).criteria
    after = fairness.fairness_fields(fair, admin, client=CLIENT, changes=changes).criteria
    assert set(after) - set(before) == {"Speaks German"}


def test_marks_are_checked_and_recorded(fair, admin):
    with pytest.raises(InvalidRequest) as refused:
        fairness.mark_fields(fair, admin, client=CLIENT, names=["Shoe size"])
    assert refused.value.code == "unknown_field" and "'Gender'" in refused.value.hint
    fairness.mark_fields(fair, admin, client=CLIENT, names=["gender"])
    assert governance.audit_events(fair, admin, action="sensitive_fields_saved").total == 1
    assert [field.name for field in fairness.fairness_report(fair, admin, client=CLIENT).looked_at] == ["gender"]


def test_a_client_without_leads_has_nothing_to_compare(workbench, admin):
    assert fairness.fairness_fields(workbench, admin, client="nobody").offered == ()
    with pytest.raises(NotFound):
        fairness.fairness_report(workbench, admin, client="nobody")


def test_what_gives_a_group_away_is_named_without_the_field_itself(looked, admin):
    found = fairness.given_away(looked, admin, client=CLIENT, name="Gender")
    assert found.picture.data["Column"][0] == "Number of Sessions"
    assert found.area > 0.7 and found.used_itself == ()
    spoken = fairness.given_away(looked, admin, client=CLIENT, name="Language")
    assert "Language" in spoken.used_itself
    assert "Language" not in set(spoken.picture.data["Column"])
    assert spoken.area < found.area


def test_what_a_change_costs_is_worked_out_and_nothing_is_applied(looked, admin):
    before = governance.audit_events(looked, admin).total
    costs = fairness.costs_of_change(looked, admin, client=CLIENT, name="Gender")
    options = costs.picture.data.set_index("Option")
    assert {"as it is", "own thresholds, equal rates", "trained again, reweighed"} <= set(options.index)
    assert options.loc["own thresholds, equal rates", "Lowest to highest rate"] > 0.85
    assert "unlawful" in costs.as_dict()["note"]
    assert governance.audit_events(looked, admin).total == before
