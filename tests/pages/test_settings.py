"""Settings: weights that must total 100 %, a preview before saving, and users."""

from leadscore.access import Role
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


def test_nothing_changed_cannot_be_saved(campaign, open_page):
    app = open_page(campaign, "settings")
    save = next(button for button in app.button if button.label.startswith("Save and score"))
    assert save.disabled


def test_a_viewer_looks_but_cannot_save_or_manage(campaign, open_page):
    app = open_page(campaign, "settings", Role.VIEWER)
    assert_calm(app)
    shown = labels(app, "button")
    assert not any(label.startswith(("Save", "Add")) for label in shown)
    assert all(slider.disabled for slider in weights(app))


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
