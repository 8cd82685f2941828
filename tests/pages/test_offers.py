"""Offers are written and used from the settings; a lead's page says what it wants and who is like it."""

from __future__ import annotations

import pytest

from leadscore.access import Role
from leadscore.services import jobs, offers, policies
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, person, texts

BOSS = person(Role.ADMIN)
OFFER = {"name": "AI Outreach", "value_props": ["24/7 outreach"], "ideal_use_cases": ["Software"]}


@pytest.fixture
def offered(campaign):
    offers.create_offer(campaign, BOSS, client=DEFAULT_CLIENT, values=OFFER)
    return campaign


def first_lead(campaign):
    with campaign.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT min(id) FROM leads").scalar())


def press(app, key):
    next(button for button in app.button if button.key == key).click().run()


def test_an_offer_is_written_down_and_then_shown(campaign, open_page):
    app = open_page(campaign, "settings", tab="Offers")
    assert_calm(app)
    assert "No offer yet" in texts(app)
    app.text_input(key="offer-new-name").input("Ovens")
    app.text_area(key="offer-new-cases").input("Restaurants\n\nHotels ")
    press(app, "offer-new-save")
    assert_calm(app)
    made = offers.list_offers(campaign, BOSS, client=DEFAULT_CLIENT)[0]
    assert made.offer.ideal_use_cases == ("Restaurants", "Hotels")
    assert "Leads for this offer" in texts(app)


def test_an_offer_without_customers_is_refused_in_words_and_nothing_is_kept(campaign, open_page):
    app = open_page(campaign, "settings", tab="Offers")
    app.text_input(key="offer-new-name").input("Ovens")
    press(app, "offer-new-save")
    assert_calm(app)
    assert "no ideal use case" in texts(app)
    assert offers.list_offers(campaign, BOSS, client=DEFAULT_CLIENT) == []


def test_an_offer_is_changed_and_taken_out_of_use(offered, open_page):
    app = open_page(offered, "settings", tab="Offers")
    number = offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT)[0].id
    app.text_area(key=f"offer-{number}-props").input("Sells itself")
    press(app, f"offer-{number}-save")
    assert_calm(app)
    newest = offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT)[0]
    assert (newest.replaces, newest.offer.value_props) == (number, ("Sells itself",))
    press(app, f"offer-{newest.id}-retire")
    assert_calm(app)
    assert offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT) == []


def test_leads_are_scored_by_the_offer_after_one_click(offered, open_page):
    app = open_page(offered, "settings", tab="Offers")
    number = offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT)[0].id
    press(app, f"save_offer{number}_button")
    assert_calm(app)
    policy = policies.current_policy(offered, BOSS, client=DEFAULT_CLIENT).policy
    assert policy.offer.name == "AI Outreach"
    assert policy.alpha == 1.0
    assert "rescore" in {job.kind for job in jobs.recent(offered, BOSS, client=DEFAULT_CLIENT)}


def test_three_lists_of_leads_are_shown(offered, open_page):
    app = open_page(offered, "settings", tab="Offers")
    number = offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT)[0].id
    for shown, told in (("Best by points", "whatever policy"), ("Like our customers", "customers fall into"),
                        ("Closest in words", "nearest to 'AI Outreach'")):
        app.button_group(key=f"offer-leads-{number}").set_value(shown).run()
        assert_calm(app)
        assert told in texts(app).replace("\\", "")


def test_who_may_not_change_settings_only_looks(offered, open_page):
    app = open_page(offered, "settings", Role.VIEWER, tab="Offers")
    assert_calm(app)
    number = offers.list_offers(offered, BOSS, client=DEFAULT_CLIENT)[0].id
    assert app.text_input(key=f"offer-{number}-name").disabled
    assert "Take out of use" not in labels(app, "button")
    assert "Language" not in [tab.label for tab in app.tabs]


def test_the_language_tab_says_that_nothing_is_sent_and_saves(campaign, open_page):
    app = open_page(campaign, "settings", tab="Language")
    assert_calm(app)
    assert "nothing is sent anywhere" in texts(app)
    assert "OPENAI\\_API\\_KEY" in texts(app)
    app.toggle(key="language_on").set_value(True)
    app.number_input(key="language_limit").set_value(5_000)
    press(app, "save_language")
    assert_calm(app)
    assert "Switched on, but" in texts(app).replace("\\", "")
    assert app.number_input(key="language_limit").value == 5_000


def test_a_leads_page_tells_its_intent_and_who_is_like_it(offered, open_page):
    number = first_lead(offered)
    app = open_page(offered, "lead", lead=number)
    assert_calm(app)
    assert "Intent to buy" in texts(app)
    assert "estimated on this machine" in texts(app)
    assert "scores are not measured against this offer" in texts(app)
    press(app, f"similar-to-{number}-show")
    assert_calm(app)
    assert labels(app, "page_link").count("Open") >= 5


def test_without_an_offer_a_leads_page_says_nothing_of_intent(campaign, open_page):
    app = open_page(campaign, "lead", lead=first_lead(campaign))
    assert_calm(app)
    assert "Intent to buy" not in texts(app)


def test_look_alikes_open_from_the_list(campaign, open_page):
    app = open_page(campaign, "leads")
    press(app, "look-alikes")
    assert_calm(app)
    assert "kinds that" in texts(app)
