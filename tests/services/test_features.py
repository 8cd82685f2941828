"""Features are listed with what each is worth, tried out before they are made, and never change what they mean."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.access import Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.features.tokens import WrongExpression
from leadscore.schema import Kind
from leadscore.services import features, governance, intake, policies, training
from leadscore.steps import feature_views
from leadscore.steps.feature_previews import distribution_of, examples_of
from leadscore.store import lead_reading
from leadscore.store.database import read
from tests.services.conftest import CLIENT, QUICK, leads_file, person, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

CRITERION = {"id": "deep", "label": "Looks around", "group": "fit", "field": "made:depth", "operator": "at_least",
             "value": 2.0, "points": 5.0}


def _save(bench, label="Depth", expression="page_views / website_visits", **more):
    return features.save_feature(bench, person(Role.ADMIN), client=CLIENT, label=label, expression=expression,
                                 family="behavioural", **more)


def _policy(bench):
    return policies.current_policy(bench, person(Role.ADMIN), client=CLIENT).policy


def _view(bench, name, role=Role.ADMIN):
    found = features.list_features(bench, person(role, CLIENT), client=CLIENT)
    return next(view for view in found.features if view.name == name)


def test_every_feature_says_what_it_is_and_what_it_is_worth(seen):
    found = features.list_features(seen, person(Role.ADMIN), client=CLIENT)
    assert found.leads == found.total == 394
    by_name = {view.name: view for view in found.features}
    visits = by_name["website_visits"]
    assert (visits.family, visits.kind, visits.unit, visits.origin) == ("behavioural", Kind.NUMBER, "visits", "direct")
    assert 0 < visits.coverage <= 1
    assert visits.low <= visits.high
    assert visits.criteria == ("Website visits",)
    assert by_name["title_role"].origin == "derived"
    assert by_name["title_role"].unit == "text"
    assert by_name["recency_days"].unit == "days"
    assert sum(view.importance for view in found.features if view.importance is not None) == pytest.approx(1, abs=0.01)
    assert by_name["recency_days"].importance is not None
    assert "email" not in by_name
    assert "stage" not in by_name


def test_newer_leads_are_held_against_earlier_ones_except_where_they_differ_anyway(seen):
    found = features.list_features(seen, person(Role.ADMIN), client=CLIENT)
    assert found.drift_basis == "The newest quarter of the leads by their date of creation, against the others."
    by_name = {view.name: view for view in found.features}
    assert by_name["lead_age_days"].drift is None
    assert by_name["recency_days"].drift is None
    assert by_name["industry"].drift.before + by_name["industry"].drift.now == 394


def test_leads_stored_since_the_training_are_compared_with_those_before(trained, admin):
    later = workbench_at(trained.settings.home, clock=lambda: pd.Timestamp("2026-12-24T12:00Z").to_pydatetime())
    intake.import_file(later, admin, client=CLIENT, source=leads_file(80), filename="new.csv")
    found = features.list_features(later, admin, client=CLIENT)
    assert found.drift_basis == "Leads stored since version 1 was trained, against those before."
    by_name = {view.name: view for view in found.features}
    # all of the new leads are of one industry
    assert by_name["industry"].drift.band == "large"
    assert (by_name["industry"].drift.before, by_name["industry"].drift.now) == (394, 80)


def test_a_client_without_leads_has_no_features_yet(workbench, admin):
    policies.current_policy(workbench, admin, client=CLIENT)
    found = features.list_features(workbench, admin, client=CLIENT)
    assert (found.features, found.leads) == ((), 0)
    assert "Too few leads" in found.drift_basis
    preview = features.preview_feature(workbench, admin, client=CLIENT, expression="page_views * 2")
    assert (preview.leads, preview.coverage, preview.power, preview.examples) == (0, 0.0, None, ())


def test_a_large_store_is_told_from_a_sample(seen, monkeypatch):
    monkeypatch.setattr(features, "draw", lambda *given: feature_draw(*given, most=100))
    found = features.list_features(seen, person(Role.ADMIN), client=CLIENT)
    assert (found.leads, found.total) == (100, 394)


feature_draw = features.draw


def test_the_range_of_an_income_is_for_those_who_may_see_personal_data(workbench, admin, viewer):
    rows = "".join(f"p{number},{30_000 + number},IT\n" for number in range(20))
    intake.import_file(workbench, admin, client=CLIENT, source=f"Name,Income,Industry\n{rows}".encode(),
                       filename="a.csv")
    assert _view(workbench, "income").high == 30_019
    assert _view(workbench, "income", Role.VIEWER).high is None


def test_a_formula_is_tried_on_stored_leads_before_it_is_kept(seen):
    before = _policy(seen)
    found = features.preview_feature(seen, person(Role.VIEWER, CLIENT), client=CLIENT,
                                     expression="[Number of Pageviews] ÷ website_visits")
    assert found.formula == "page_views ÷ website_visits"
    assert (found.kind, found.unit) == (Kind.NUMBER, "page views per visit")
    assert found.sources == ("Number of Pageviews", "Number of Sessions")
    assert 0.5 < found.coverage < 1
    assert sum(leads for _, leads in found.distribution) == found.leads == 394
    assert found.distribution[-1][0] == "missing"
    assert 0.5 <= found.power.low <= found.power.value <= found.power.high <= 1 or found.power.low < 0.5
    assert found.decided > 100
    assert found.warning == ""
    assert len(found.examples) == 8
    assert _policy(seen) == before


def test_a_formula_that_knows_the_outcome_is_warned_of(workbench, admin):
    rows = "".join(f"p{n}@a.example,{n % 2},{'Closed Won' if n % 2 else 'Closed Lost'}\n" for n in range(60))
    intake.import_file(workbench, admin, client=CLIENT, source=f"Email,Visits,Lead Status\n{rows}".encode(),
                       filename="a.csv")
    found = features.preview_feature(workbench, admin, client=CLIENT, expression="website_visits > 0")
    assert found.power.value > 0.95
    assert "nearly without a mistake" in found.warning


@pytest.mark.parametrize(("expression", "words"), [
    ("page_viws", "Did you mean page_views"), ("converted", "known only afterwards"), ("", "nothing here"),
    ("[Email] = 'a'", "who a person is")])
def test_a_wrong_formula_is_refused_in_words(seen, expression, words):
    for refuse in (lambda: features.preview_feature(seen, person(Role.ADMIN), client=CLIENT, expression=expression),
                   lambda: features.feature_changes(seen, person(Role.ADMIN), client=CLIENT, label="A", family="fit",
                                                    expression=expression)):
        with pytest.raises(WrongExpression, match=words):
            refuse()


def test_a_made_feature_is_a_new_policy_version_in_the_audit_trail(trained, admin):
    version = _save(trained)
    assert version == policies.current_policy(trained, admin, client=CLIENT).version
    assert [(made.name, made.expression) for made in _policy(trained).made] == [
        ("depth", "page_views / website_visits")]
    view = _view(trained, "made:depth")
    assert (view.origin, view.formula, view.unit, view.on) == (
        "made", "page_views / website_visits", "page views per visit", True)
    told = governance.audit_events(trained, admin, action="policy_saved").frame.iloc[0]
    assert '"feature":"depth"' in told["detail"].replace(" ", "")


def test_another_formula_is_another_feature_and_takes_over_what_used_the_first(trained, admin):
    _save(trained)
    criteria = [*_policy(trained).to_dict()["criteria"], CRITERION]
    policies.save_policy(trained, admin, client=CLIENT, changes={"criteria": criteria}, comment="")
    features.switch_feature(trained, admin, client=CLIENT, name="made:depth", on=False)
    _save(trained, "Depth", "page_views / (website_visits + 1)", replaces="depth")
    policy = _policy(trained)
    assert [made.name for made in policy.made] == ["depth_2"]
    assert [criterion.field for criterion in policy.criteria if criterion.id == "deep"] == ["made:depth_2"]
    assert policy.switched_off == ("made:depth_2",)
    _save(trained, "Depth", "page_views / (website_visits + 2)", replaces="depth_2")
    assert [made.name for made in _policy(trained).made] == ["depth_3"]


def test_a_feature_somebody_else_makes_at_the_same_time_is_not_lost(workbench, monkeypatch):
    intake.import_file(workbench, person(Role.ADMIN), client=CLIENT, source=leads_file(5), filename="leads.csv")
    worked_out = features.feature_changes

    def meanwhile(*parts, **more):
        changes = worked_out(*parts, **more)
        monkeypatch.setattr(features, "feature_changes", worked_out)
        _save(workbench, "Theirs", "email_opens * 2")
        return changes

    monkeypatch.setattr(features, "feature_changes", meanwhile)
    with pytest.raises(InvalidRequest, match="while you were looking"):
        _save(workbench, "Mine", "email_opens * 3")
    assert [feature.name for feature in _policy(workbench).made] == ["theirs"]


def test_a_feature_that_a_criterion_uses_stays(trained, admin):
    _save(trained)
    criteria = [*_policy(trained).to_dict()["criteria"], CRITERION]
    policies.save_policy(trained, admin, client=CLIENT, changes={"criteria": criteria}, comment="")
    with pytest.raises(InvalidRequest, match="'Looks around' uses the feature 'depth'"):
        features.retire_feature(trained, admin, client=CLIENT, name="depth")
    policies.save_policy(trained, admin, client=CLIENT, changes={"criteria": criteria[:-1]}, comment="")
    features.retire_feature(trained, admin, client=CLIENT, name="made:depth")
    assert _policy(trained).made == ()


def test_a_feature_is_switched_off_and_on_again(trained, admin):
    features.switch_feature(trained, admin, client=CLIENT, name="industry", on=False)
    assert not _view(trained, "industry").on
    features.switch_feature(trained, admin, client=CLIENT, name="industry", on=True)
    assert _view(trained, "industry").on


@pytest.mark.parametrize("name", ["nonsense", "stage", "email", "made:depth", ""])
def test_what_is_no_feature_cannot_be_switched_or_retired(seen, name):
    with pytest.raises(NotFound):
        features.switch_feature(seen, person(Role.ADMIN), client=CLIENT, name=name, on=False)
    with pytest.raises(NotFound):
        features.retire_feature(seen, person(Role.ADMIN), client=CLIENT, name=name)


@pytest.mark.parametrize(("label", "name"), [
    ("Größe & Tiefe", "gro_e_tiefe"), ("日本語", "feature"), ("3 visits", "feature_3_visits"), ("x" * 80, "x" * 50)])
def test_labels_become_plain_names(seen, label, name):
    changes = features.feature_changes(seen, person(Role.ADMIN), client=CLIENT, label=label, family="fit",
                                       expression="page_views")
    made = changes["made"][-1]
    assert made["label"] == label
    assert made["name"].replace("ss", "_").startswith(name[:3])
    assert made["name"].isascii()


@pytest.mark.parametrize("wrong", [{"label": " "}, {"label": "x" * 81}, {"label": "a\u200bb"}, {"family": "stars"},
                                   {"replaces": "nothing"}])
def test_a_feature_needs_a_name_and_a_family(seen, wrong):
    given = {"label": "A", "family": "fit", "expression": "page_views"} | wrong
    with pytest.raises((InvalidRequest, NotFound)):
        features.feature_changes(seen, person(Role.ADMIN), client=CLIENT, **given)


def test_an_analyst_tries_and_does_not_save(seen):
    analyst = person(Role.ANALYST, CLIENT)
    assert features.preview_feature(seen, analyst, client=CLIENT, expression="page_views").leads
    with pytest.raises(Forbidden):
        features.save_feature(seen, analyst, client=CLIENT, label="A", family="fit", expression="page_views")


def test_the_help_lists_columns_with_units_and_no_personal_ones(seen):
    told = features.formula_help(seen, person(Role.VIEWER, CLIENT), client=CLIENT)
    columns = {written: unit for written, _, unit, _ in told.columns}
    assert columns["page_views"] == "page views"
    assert columns["created_at"] == "date"
    assert not {"email", "converted", "consent"} & set(columns)
    # what the leads have comes first, under the client's own header
    assert "Number of Pageviews" in [label for _, label, _, _ in told.columns[:40]]
    assert ("Numbers", "share(part, whole)", "Part of the whole, from 0 to 1; 0 of 0 is 0.") in told.functions


def test_a_feature_whose_column_turned_out_personal_can_still_be_retired(workbench, admin):
    file = "Email,Nick\n" + "".join(f"p{number}@a.example,tag{number % 3}\n" for number in range(20))
    intake.import_file(workbench, admin, client=CLIENT, source=file.encode(), filename="a.csv")
    _save(workbench, "Nick", "is_missing([Nick])")
    person_file = "Email,Nick\n" + "".join(f"q{n}@a.example,first{n}.last{n}@b.example\n" for n in range(20))
    intake.import_file(workbench, admin, client=CLIENT, source=person_file.encode(), filename="b.csv")
    with read(workbench.engine) as session:
        assert any(field.personal for field in lead_reading.custom_fields(session, 1))
    assert _view(workbench, "made:nick").unit == "unusable"
    features.retire_feature(workbench, admin, client=CLIENT, name="nick")
    assert _policy(workbench).made == ()


def test_a_leaky_column_takes_what_was_made_of_it_along(workbench, admin):
    rows = "".join(f"p{n}@a.example,{n % 7},{n % 2},{'Closed Won' if n % 2 else 'Closed Lost'}\n" for n in range(200))
    intake.import_file(workbench, admin, client=CLIENT, source=f"Email,Visits,Flag,Lead Status\n{rows}".encode(),
                       filename="a.csv")
    _save(workbench, "Twice", "[Flag] or website_visits > 5")
    told = training.train_stored(workbench, admin, client=CLIENT, request=QUICK)
    aside = {entry["name"] for entry in told.set_aside}
    assert {"custom:Flag", "made:twice"} <= aside


@pytest.mark.parametrize(("values", "kind", "shown"), [
    ([1.0, 1.0, None], Kind.BOOLEAN, (("yes", 2), ("missing", 1))),
    ([1.0, 2.0, 2.0], Kind.NUMBER, (("1", 1), ("2", 2))), ([None], Kind.NUMBER, (("missing", 1),)),
    ([], Kind.NUMBER, ())])
def test_distributions_of_few_values_are_told_one_by_one(values, kind, shown):
    assert distribution_of(pd.Series(values, dtype=float), kind) == shown


def test_distributions_count_every_lead_once_even_with_huge_numbers():
    values = pd.Series([*range(100), 1e308, -1e308], dtype=float)
    assert sum(leads for _, leads in distribution_of(values, Kind.NUMBER)) == len(values)
    texts = pd.Series([f"v{number}" for number in range(30)], dtype="str")
    assert distribution_of(texts, Kind.CATEGORY)[-1] == ("others", 18)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), max_size=40), st.floats(0, 1e6))
def test_no_numbers_are_lost_between_the_ranges(numbers, shift):
    values = pd.Series([*numbers, *(shift + place / 7 for place in range(14))], dtype=float)
    shown = distribution_of(values, Kind.NUMBER)
    assert sum(leads for _, leads in shown) == len(values)
    assert len(shown) <= 15


def test_ranges_begin_at_numbers_people_count_in():
    shown = distribution_of(pd.Series(range(1, 101), dtype=float), Kind.NUMBER)
    assert [name for name, _ in shown][:2] == ["0 to 10", "10 to 20"]


def test_examples_show_different_values_first():
    values = pd.Series([1.0, 1.0, 2.0, None], index=[5, 6, 7, 8])
    assert examples_of(values) == ((5, 1.0), (7, 2.0), (6, 1.0), (8, None))
    assert feature_views.origin_of("made:x") == "made"
