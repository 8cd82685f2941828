"""The Features tab: a list to search and switch, a formula checked as it is written, rules for the data."""

import shutil

import pytest

from leadscore.access import Action, Role
from leadscore.services import features, policies, validation_rules
from pages.widgets import feature_list, feature_maker
from tests.pages.conftest import assert_calm, labels, make_workbench, person, texts

DEFAULT = "default"


def open_tab(open_page, bench, part="All features", role=Role.ADMIN):
    app = open_page(bench, "settings", role, tab="Features")
    if part != "All features":
        app.segmented_control(key="features_part").set_value(part).run()
    assert_calm(app)
    return app


def policy_of(bench):
    return policies.current_policy(bench, person(Role.ADMIN), client=DEFAULT).policy


@pytest.fixture(scope="module")
def looked_at(campaign_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("looked") / "home"
    shutil.copytree(campaign_home, home)
    return make_workbench(home)


def test_the_list_shows_what_each_feature_is_worth(looked_at, open_page):
    app = open_tab(open_page, looked_at)
    frame = next(table.value for table in app.dataframe if "Drift" in table.value)
    assert {"Feature", "Used", "Filled", "In the model", "Drift", "Family", "Criteria"} <= set(frame.columns)
    assert "Number of Sessions" in set(frame["Feature"])
    assert "leads looked at. Drift: " in texts(app)
    assert "Switch a feature off" in texts(app)


def test_an_empty_store_says_what_to_do_first(empty, open_page):
    app = open_tab(open_page, empty)
    assert "No features yet" in texts(app)
    assert "Upload leads" in labels(app, "button")


@pytest.mark.parametrize(("formula", "words"), [
    ("page_viws / 2", "Did you mean page_views?"), ("annual_revenue + days_since(created_at)", "money and days"),
    ("page_views / 0", "This divides by zero.")])
def test_a_wrong_formula_is_told_where_it_fails(looked_at, open_page, formula, words):
    app = open_tab(open_page, looked_at, "Make a feature")
    app.text_area(key=feature_maker.FORMULA).set_value(formula).run()
    assert_calm(app)
    assert words in texts(app)
    assert "At character" in texts(app)
    assert app.code[0].value.endswith("^")
    assert "save_make_feature_button" not in [button.key for button in app.button]


def test_a_feature_is_tried_named_and_saved(campaign, open_page):
    app = open_tab(open_page, campaign, "Make a feature")
    app.text_area(key=feature_maker.FORMULA).set_value("[Number of Pageviews] / website_visits").run()
    assert_calm(app)
    assert "page views per visit" in [metric.delta for metric in app.metric]
    assert "Give the feature a name" in texts(app)
    app.text_input(key=feature_maker.NAME).set_value("Depth of a visit").run()
    assert_calm(app)
    assert "It becomes **depth_of_a_visit**" in texts(app)
    app.button(key="save_make_feature_button").click().run()
    assert_calm(app)
    assert [(made.name, made.expression) for made in policy_of(campaign).made] == [
        ("depth_of_a_visit", "page_views / website_visits")]


def test_a_made_feature_is_changed_under_a_new_name_or_taken_out(campaign, open_page):
    features.save_feature(campaign, person(Role.ADMIN), client=DEFAULT, label="Depth", expression="page_views",
                          family="behavioural")
    app = open_tab(open_page, campaign, "Make a feature")
    start = next(box for box in app.selectbox if box.label == "Feature")
    assert start.options == [feature_maker.NEW, "Depth"]
    start.set_value("depth").run()
    assert app.text_area(key=feature_maker.FORMULA).value == "page_views"
    assert "Nothing has been changed yet." in texts(app)
    app.text_area(key=feature_maker.FORMULA).set_value("page_views + 1").run()
    assert "It becomes **depth_2**" in texts(app)
    app.toggle(key="maker_retire_depth").set_value(True).run()
    assert_calm(app)
    app.button(key="save_retire_feature_button").click().run()
    assert policy_of(campaign).made == ()


def test_columns_and_examples_are_put_into_the_formula(looked_at, open_page):
    app = open_tab(open_page, looked_at, "Make a feature")
    app.selectbox(key="maker_column").set_value("page_views").run()
    assert app.text_area(key=feature_maker.FORMULA).value == "page_views"
    app.selectbox(key="maker_column").set_value("employees").run()
    assert app.text_area(key=feature_maker.FORMULA).value == "page_views employees"
    app.button(key="maker_example_Quiet for a month").click().run()
    assert_calm(app)
    assert app.text_area(key=feature_maker.FORMULA).value == "days_since(last_activity_at) > 30"
    assert app.text_input(key=feature_maker.NAME).value == "Quiet for a month"


@pytest.mark.parametrize("formula", feature_maker.EXAMPLES.values())
def test_every_example_works(looked_at, formula):
    assert features.preview_feature(looked_at, person(Role.ADMIN), client=DEFAULT, expression=formula).coverage > 0


def test_those_who_may_not_save_can_look_and_try(looked_at, open_page):
    assert not person(Role.ANALYST).may(Action.EDIT_POLICY)
    app = open_tab(open_page, looked_at, "Make a feature", Role.ANALYST)
    app.text_area(key=feature_maker.FORMULA).set_value("page_views * 2").run()
    assert_calm(app)
    assert "a manager or an administrator can save a feature" in texts(app)
    assert "Tells outcomes apart" in labels(app, "metric")
    assert not any(label.startswith("Save") for label in labels(app, "button"))
    rules = open_tab(open_page, looked_at, "Validation rules", Role.VIEWER)
    assert "A manager or an administrator can change the rules" in texts(rules)
    assert "Save the rule" not in labels(rules, "button")


def test_a_rule_is_counted_saved_changed_and_removed(campaign, open_page):
    app = open_tab(open_page, campaign, "Validation rules")
    assert "No rules yet" in texts(app)
    app.selectbox(key="rule_field_0").set_value("employees").run()
    app.selectbox(key="rule_check_0_employees").set_value("range").run()
    assert "has no limit" in texts(app)
    app.number_input(key="rule_low_0_range").set_value(1000.0).run()
    assert_calm(app)
    assert "stored leads break it, such as lead" in texts(app)
    app.button(key="rule_save").click().run()
    assert_calm(app)
    assert "must be at least 1,000" in texts(app).replace("\\", "")
    app.button(key="rule_edit_0").click().run()
    assert "Change a rule" in texts(app)
    low = next(box for box in app.number_input if box.label == "Smallest")
    assert low.value == 1000.0
    low.set_value(5.0).run()
    app.button(key="rule_save").click().run()
    told = validation_rules.list_rules(campaign, person(Role.ADMIN), client=DEFAULT).rules
    assert [view.asks for view in told] == ["must be at least 5"]
    app.button(key="rule_remove_0").click().run()
    assert validation_rules.list_rules(campaign, person(Role.ADMIN), client=DEFAULT).rules == ()


def test_numbers_in_the_list_are_short():
    assert [feature_list._short(number) for number in (0.0, 1.239, 250.0, 98_920.0, 1.739e9, -2.5e6)] == [
        "0", "1.24", "250", "98.92k", "1.739bn", "-2.5M"]


def test_the_place_of_a_fault_is_found_in_its_line():
    assert feature_maker._line_at("page_views +\n1 / 0", 18) == ("1 / 0", 4)
