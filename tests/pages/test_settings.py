"""Settings: weights that must total 100 %, a preview before saving, and users."""

import pytest

from leadscore.access import Role
from leadscore.scoring import measures
from leadscore.services import accounts, jobs, policies
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, person, texts

ADMIN = person(Role.ADMIN)


def weights(app):
    return [slider for slider in app.slider if slider.key and slider.key.startswith("weight-")]


def test_the_sliders_show_the_policy_in_force(campaign, open_page):
    app = open_page(campaign, "settings")
    assert_calm(app)
    policy = policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT).policy
    assert [slider.value for slider in weights(app)] == [round(share) for share in policy.group_weights.values()]


def test_weights_that_do_not_total_100_cannot_be_saved_until_they_are_shared_out(campaign, open_page):
    app = open_page(campaign, "settings")
    weights(app)[0].set_value(weights(app)[0].value + 30).run()
    assert_calm(app)
    assert "must be 100" in texts(app)
    assert "Save and score all leads again" not in labels(app, "button")
    app.button(key="balance").click().run()
    assert_calm(app)
    assert sum(slider.value for slider in weights(app)) == 100


def test_a_change_is_previewed_saved_with_its_reason_and_scored(campaign, open_page):
    app = open_page(campaign, "settings")
    first, second = weights(app)[:2]
    first.set_value(first.value - 10)
    second.set_value(second.value + 10).run()
    assert_calm(app)
    assert "come in" in texts(app)
    assert policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT).version == 1
    app.text_input(key="policy_comment").input("Company matters more")
    next(button for button in app.button if button.label.startswith("Save and score")).click().run()
    assert_calm(app)
    saved = policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT)
    assert (saved.version, saved.comment) == (2, "Company matters more")
    assert "rescore" in [job.kind for job in jobs.recent(campaign, ADMIN, client=DEFAULT_CLIENT)]


def test_an_unsaved_move_survives_a_look_at_another_tab(campaign, open_page):
    app = open_page(campaign, "settings")
    first, second = weights(app)[:2]
    moved = (first.value - 10, second.value + 10)
    first.set_value(moved[0])
    second.set_value(moved[1]).run()
    app.session_state["tab"] = "Models"
    app.run()
    assert_calm(app)
    assert not weights(app)
    app.session_state["tab"] = "Scoring"
    app.run()
    assert_calm(app)
    assert tuple(slider.value for slider in weights(app)[:2]) == moved
    assert "come in" in texts(app)


def test_what_somebody_else_saved_while_one_was_looking_is_not_overwritten(campaign, open_page):
    app = open_page(campaign, "settings")
    first, second = weights(app)[:2]
    first.set_value(first.value - 10)
    second.set_value(second.value + 10).run()
    policies.save_policy(campaign, ADMIN, client=DEFAULT_CLIENT, changes={"full_marks": 0.5}, comment="theirs")
    next(button for button in app.button if button.label.startswith("Save and score")).click().run()
    assert "Version 2 has been saved since you last looked" in texts(app)
    saved = policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT)
    assert (saved.version, saved.comment) == (2, "theirs")


def test_nothing_changed_cannot_be_saved(campaign, open_page):
    app = open_page(campaign, "settings")
    save = next(button for button in app.button if button.label.startswith("Save and score"))
    assert save.disabled


def slider(app, beginning):
    return next(slider for slider in app.slider if slider.key.startswith(beginning))


def factors(app):
    return [slider for slider in app.slider if slider.key and slider.key.startswith("factor-")]


def save_button(app):
    return next(button for button in app.button if button.label.startswith("Save and score"))


def grid_cuts(app):
    return next(field for field in app.text_input if field.key.startswith("grid-fit"))


def saved_policy(workbench):
    return policies.current_policy(workbench, ADMIN, client=DEFAULT_CLIENT).policy


@pytest.fixture
def few_are_enough(monkeypatch):
    monkeypatch.setattr(measures, "FEWEST", 5)


def test_the_factors_of_the_model_have_sliders_at_what_the_data_say(campaign, open_page):
    app = open_page(campaign, "settings")
    known = policies.model_factors(campaign, ADMIN, client=DEFAULT_CLIENT)
    assert [factor.key.split("-v1")[0] for factor in factors(app)] == [f"factor-{factor.name}" for factor in known]
    assert {factor.value for factor in factors(app)} == {1.0}
    assert "more factors" in " ".join(expander.label for expander in app.expander)


def test_a_moved_factor_says_what_it_does_to_conversions_before_it_is_saved(campaign, open_page, few_are_enough):
    app = open_page(campaign, "settings")
    assert "of the conversions" in texts(app)
    moved = factors(app)[0]
    moved.set_value(0.0).run()
    assert_calm(app)
    told = texts(app) + " ".join(error.value for error in app.error)
    assert "Would have found" in told
    assert not save_button(app).disabled
    save_button(app).click().run()
    assert_calm(app)
    name = moved.key.split("-v1")[0].removeprefix("factor-")
    assert saved_policy(campaign).factor_weights == {name: 0.0}


def test_a_family_multiplies_the_sliders_of_its_factors(campaign, open_page):
    app = open_page(campaign, "settings")
    slider(app, "family-behavioural").set_value(2.0).run()
    save_button(app).click().run()
    assert_calm(app)
    groups = {factor.name: factor.group for factor in policies.model_factors(campaign, ADMIN, client=DEFAULT_CLIENT)}
    saved = saved_policy(campaign).factor_weights
    assert saved == {name: 2.0 for name, group in groups.items() if group == "behavioural"}


def test_moves_are_taken_back_one_by_one_or_all_at_once(campaign, open_page):
    app = open_page(campaign, "settings")
    assert app.button(key="undo-move").disabled
    first = factors(app)[0].key
    factors(app)[0].set_value(0.5).run()
    slider(app, "qualified").set_value(61).run()
    app.button(key="undo-move").click().run()
    assert_calm(app)
    assert (slider(app, "qualified").value, app.slider(key=first).value) == (40, 0.5)
    app.button(key="undo-move").click().run()
    assert app.slider(key=first).value == 1.0
    assert save_button(app).disabled
    slider(app, "qualified").set_value(61).run()
    app.button(key="reset-moves").click().run()
    assert_calm(app)
    assert slider(app, "qualified").value == 40
    assert save_button(app).disabled
    assert app.button(key="undo-move").disabled


def test_what_a_tier_asks_for_and_how_many_can_be_called_are_saved(campaign, open_page):
    app = open_page(campaign, "settings")
    next(group for group in app.button_group if group.key.startswith("mode-")).set_value("capacity").run()
    next(number for number in app.number_input if number.key.startswith("capacity-")).set_value(40)
    next(field for field in app.text_input if field.key.startswith("action-High")).input("Call within the hour").run()
    assert_calm(app)
    save_button(app).click().run()
    policy = saved_policy(campaign)
    assert (policy.tier_mode, policy.capacity) == ("capacity", 40)
    assert policy.tier_rules[0].action == "Call within the hour"


def test_both_amounts_show_how_many_contacts_pay_and_a_button_cuts_there(campaign, open_page, few_are_enough):
    app = open_page(campaign, "settings")
    assert "With both amounts known" in texts(app)
    next(number for number in app.number_input if number.key.startswith("cost-")).set_value(10.0)
    next(number for number in app.number_input if number.key.startswith("value-")).set_value(100.0).run()
    assert_calm(app)
    assert "It pays most to contact the best" in texts(app)
    app.button(key="cut-there").click().run()
    assert_calm(app)
    assert f"{slider(app, 'share').value} %" in app.button(key="cut-there").label
    next(number for number in app.number_input if number.key.startswith("value-")).set_value(1.0).run()
    assert "contacting nobody is best" in texts(app)


def test_cuts_of_the_grid_that_are_no_numbers_are_refused_in_words(campaign, open_page):
    app = open_page(campaign, "settings")
    grid_cuts(app).input("high, low").run()
    assert_calm(app)
    assert "numbers with commas between them" in texts(app)
    assert "Save and score all leads again" not in labels(app, "button")
    grid_cuts(app).input("20, 60").run()
    assert_calm(app)
    assert "do not go down" in " ".join(str(error.proto) for error in app.error)
    assert "Save and score all leads again" not in labels(app, "button")


def test_without_leads_the_sliders_are_there_and_say_what_is_missing(empty, open_page):
    app = open_page(empty, "settings")
    assert_calm(app)
    assert "Upload leads to see what a change does" in texts(app)
    assert not factors(app)


def test_a_viewer_looks_but_cannot_save_or_manage(campaign, open_page):
    app = open_page(campaign, "settings", Role.VIEWER)
    assert_calm(app)
    shown = labels(app, "button")
    assert not any(label.startswith(("Save", "Add")) for label in shown)
    assert all(slider.disabled for slider in app.slider)
    assert all(field.disabled for field in (*app.text_input, *app.number_input))


def test_an_administrator_adds_a_user(empty, open_page):
    app = open_page(empty, "settings", tab="Users")
    app.text_input(key="new_name").input("berta")
    app.text_input(key="new_password").input("four unrelated horses")
    next(button for button in app.button if button.label == "Add").click().run()
    assert_calm(app)
    assert [user.name for user in accounts.list_users(empty, ADMIN)] == ["berta"]


def test_a_weak_password_is_refused_in_words(empty, open_page):
    app = open_page(empty, "settings", tab="Users")
    app.text_input(key="new_name").input("berta")
    app.text_input(key="new_password").input("short")
    next(button for button in app.button if button.label == "Add").click().run()
    assert_calm(app)
    assert app.error
    assert accounts.list_users(empty, ADMIN) == []
