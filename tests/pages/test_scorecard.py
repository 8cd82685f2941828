"""The scorecard tab: criteria with their evidence, a draft that is seen, undone or saved, files and starts."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore.access import Role
from leadscore.services import policies, policy_files
from leadscore.workbench import DEFAULT_CLIENT
from pages import shared
from pages.widgets import criterion_form, policy_effect
from tests.pages.conftest import assert_calm, labels, person, texts

ADMIN = person(Role.ADMIN)


def tab_alone():
    """Draw the tab without the page around it, whose other tabs take their time."""
    from pages import shared
    from pages.widgets import notices, scorecard_settings

    notices.say_pending()
    scorecard_settings.draw(shared.current())


def effect_in_short(_context, _changes, *, key, disabled_reason=""):
    """Stand in for the effect of a change, which takes longer than all the rest and has its own tests."""
    st.caption(f"Effect of {key}. {disabled_reason}")


@pytest.fixture
def open_tab(monkeypatch):
    def opened(bench, role=Role.ADMIN, *, effect=False):
        st.cache_data.clear()
        if not effect:
            monkeypatch.setattr(policy_effect, "draw", effect_in_short)
        monkeypatch.setattr(shared, "workbench", lambda: bench)
        monkeypatch.setattr(shared, "signed_in", lambda: person(role))
        app = AppTest.from_function(tab_alone, default_timeout=60).run()
        assert_calm(app)
        return app

    return opened


def policy_of(bench):
    return policies.current_policy(bench, ADMIN, client=DEFAULT_CLIENT).policy


def button(app, label):
    return next(found for found in app.button if found.label == label)


def test_every_criterion_tells_whom_it_hits_and_how_these_ended(campaign, open_tab):
    app = open_tab(campaign)
    shown = texts(app)
    assert "Decides about purchases" in shown
    assert "of them converted" in shown and "of the others" in shown
    assert "too few to say how they end" in shown
    assert "whose end is known" in shown
    assert "of the score, the model the rest" in shown


def test_an_edited_criterion_is_a_draft_until_it_is_saved_with_its_reason(campaign, open_tab):
    app = open_tab(campaign, effect=True)
    app.button(key="edit-decision_maker").click().run()
    assert_calm(app)
    app.number_input(key="criterion-points").set_value(20.0)
    app.button(key="criterion-take").click().run()
    assert_calm(app)
    assert "1 change not saved" in texts(app)
    assert "points 12 → 20" in texts(app).replace("\\", "")
    assert criterion_form.EDITING not in app.session_state
    assert policy_of(campaign).criteria[0].points == 12
    app.text_input(key="scorecard_comment").input("They sign")
    app.button(key="save_scorecard_button").click().run()
    assert_calm(app)
    saved = policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT)
    assert (saved.version, saved.comment, saved.policy.criteria[0].points) == (2, "They sign", 20)
    assert "not saved" not in texts(app)


def test_a_draft_does_not_overwrite_what_somebody_else_saved_meanwhile(campaign, open_tab):
    app = open_tab(campaign, effect=True)
    app.button(key="edit-decision_maker").click().run()
    app.button(key="criterion-remove").click().run()
    theirs = [criterion for criterion in policy_of(campaign).to_dict()["criteria"] if criterion["id"] != "influencer"]
    policies.save_policy(campaign, ADMIN, client=DEFAULT_CLIENT, changes={"criteria": theirs}, comment="theirs")
    app.button(key="save_scorecard_button").click().run()
    assert "while you were looking at an older one" in texts(app)
    assert policies.current_policy(campaign, ADMIN, client=DEFAULT_CLIENT).comment == "theirs"


def test_a_bad_value_is_refused_in_words_and_the_draft_stays(campaign, open_tab):
    app = open_tab(campaign)
    app.button(key="edit-decision_maker").click().run()
    app.number_input(key="criterion-points").set_value(0.0)
    app.button(key="criterion-take").click().run()
    assert_calm(app)
    assert "has 0 points" in texts(app)
    assert "not saved" not in texts(app)


def test_a_new_criterion_is_made_for_the_column_that_was_chosen(campaign, open_tab):
    app = open_tab(campaign)
    app.button(key="card-add").click().run()
    assert_calm(app)
    app.text_input(key="criterion-label").input("Many visits")
    app.selectbox(key="criterion-field").set_value("website_visits").run()
    assert_calm(app)
    assert "nine in ten lie between" in texts(app)
    app.number_input(key="criterion-value-website_visits-at_least").set_value(7.0)
    app.button(key="criterion-take").click().run()
    assert_calm(app)
    assert "“Many visits” added (Website visits is at least 7: +5 points)" in texts(app).replace("\\", "")


def test_a_criterion_is_copied_and_removed_and_each_step_is_taken_back(campaign, open_tab):
    app = open_tab(campaign)
    for name, told in (("criterion-copy", "added"), ("criterion-remove", "removed")):
        app.button(key="edit-influencer").click().run()
        app.button(key=name).click().run()
        assert_calm(app)
        assert told in texts(app)
    assert "2 changes not saved" in texts(app)
    button(app, "Undo the last").click().run()
    assert "1 change not saved" in texts(app)
    button(app, "Discard all").click().run()
    assert_calm(app)
    assert "not saved" not in texts(app)


def test_weights_that_do_not_total_cannot_be_saved_until_they_are_shared_out(campaign, open_tab):
    app = open_tab(campaign)
    next(box for box in app.number_input if (box.key or "").startswith("card-weight-firmographic")).set_value(50).run()
    assert_calm(app)
    assert "must be 100" in texts(app)
    assert "total 130 %, not 100 %" in next(text.value for text in app.caption if "Effect" in text.value)
    app.button(key="card-balance").click().run()
    assert_calm(app)
    assert "Together 100" in texts(app)
    assert "total" not in next(text.value for text in app.caption if "Effect" in text.value)


def test_full_marks_of_a_group_are_set_and_taken_away(campaign, open_tab):
    app = open_tab(campaign)
    marks = next(box for box in app.number_input if (box.key or "").startswith("card-marks-"))
    assert marks.value is None
    marks.set_value(9.0).run()
    assert_calm(app)
    assert "Full marks of Person and place: not set → 9 points" in texts(app).replace("\\", "")


def test_a_start_all_suggestions_or_one_go_into_the_draft(campaign, open_tab):
    app = open_tab(campaign)
    app.selectbox(key="card-start").set_value("consumer").run()
    assert "Credit and income first" in texts(app)
    app.button(key="card-start-take").click().run()
    assert_calm(app)
    assert "changes not saved" in texts(app)
    button(app, "Discard all").click().run()
    app.button(key="card-take-all").click().run()
    assert_calm(app)
    assert "Weight of" in texts(app)
    button(app, "Discard all").click().run()
    first = next(found for found in app.button if (found.key or "").startswith("take-"))
    first.click().run()
    assert_calm(app)
    assert "1 change not saved" in texts(app)


def test_a_file_is_read_into_the_draft_and_a_bad_one_refused_by_its_place(campaign, open_tab):
    file = policy_files.export_policy(campaign, ADMIN, client=DEFAULT_CLIENT, format="criteria")
    app = open_tab(campaign)
    assert "The criteria (CSV for a spreadsheet)" in labels(app, "download_button")
    for content, told in ((file.content.replace(b'"12"', b'"17"'), "points 12 → 17"),
                          (file.content.replace(b'"12"', b'"lots"'), "Row 2, column 'points'")):
        app.file_uploader(key="card-file").upload("mine.csv", content).run()
        app.button(key="card-file-take").click().run()
        assert_calm(app)
        assert told in texts(app).replace("\\", "")
    assert policy_of(campaign).criteria[0].points == 12


def test_a_viewer_sees_the_scorecard_and_cannot_change_it(campaign, open_tab):
    app = open_tab(campaign, Role.VIEWER)
    assert "Decides about purchases" in texts(app)
    assert not {"Edit", "Take", "Add a criterion", "Take all suggestions"} & set(labels(app, "button"))
    assert all(box.disabled for box in app.number_input if (box.key or "").startswith("card-"))
    assert not app.get("file_uploader")


def test_without_leads_it_says_what_to_do(empty, open_tab):
    app = open_tab(empty)
    assert "Upload leads" in texts(app)
    app.button(key="edit-decision_maker").click().run()
    assert_calm(app)


def test_each_group_shows_its_own_criteria(campaign, open_tab):
    app = open_tab(campaign)
    for group in ("firmographic", "behavioural", "engagement", "fit"):
        app.segmented_control(key="card-group").set_value(group).run()
        assert_calm(app)
        own = [criterion.label for criterion in policy_of(campaign).criteria if criterion.group == group]
        shown = texts(app).replace("\\", "")
        assert all(f"**{label}**" in shown for label in own)
        assert "**Decides about purchases**" not in shown
