"""The rights of people, on the Audit page and on a lead's own."""

from leadscore.access import Role
from leadscore.services import delivery, requests
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import person, texts

BOSS = person(Role.ADMIN)
HERE = {"client": DEFAULT_CLIENT}


def best(workbench) -> dict[str, object]:
    page = delivery.list_leads(workbench, BOSS, **HERE, view=delivery.ListView(page_size=1, columns=("email",)))
    return page.frame.iloc[0].to_dict()


def test_a_person_is_found_by_address_and_erased(campaign, open_page):
    lead = best(campaign)
    page = open_page(campaign, "audit", Role.MANAGER, tab="Privacy")
    page.text_input(key="person_typed").set_value(lead["E-mail"]).run()
    assert str(lead["name"]) in texts(page)
    page.button(key="person_erase").click().run()
    assert not page.exception and "are gone" in texts(page)
    assert best(campaign)["lead_id"] != lead["lead_id"]


def test_an_analyst_sees_the_tab_and_erases_nobody(campaign, open_page):
    page = open_page(campaign, "audit", Role.ANALYST, tab="Privacy")
    assert not page.exception
    assert page.button(key="deletion_go").disabled and page.button(key="retention_run").disabled


def test_a_score_is_contested_on_the_leads_page_and_answered_on_the_tab(campaign, open_page):
    lead_id = best(campaign)["lead_id"]
    page = open_page(campaign, "lead", Role.MANAGER, lead=str(lead_id))
    page.text_area(key="request_note_contest").set_value("I am no low lead")
    page.button(key="request_save_contest").click().run()
    (asked,) = requests.list_requests(campaign, BOSS, **HERE)
    assert (asked.kind, asked.lead_id, asked.note) == ("contest", lead_id, "I am no low lead")
    tab = open_page(campaign, "audit", Role.MANAGER, tab="Privacy")
    tab.text_input(key="request_outcome").set_value("looked at, stays")
    tab.button(key="request_close").click().run()
    assert not tab.exception
    assert requests.list_requests(campaign, BOSS, **HERE)[0].outcome == "looked at, stays"


def test_an_objection_on_the_leads_page_takes_the_lead_out_of_the_list(campaign, open_page):
    lead_id = best(campaign)["lead_id"]
    page = open_page(campaign, "lead", Role.MANAGER, lead=str(lead_id))
    page.text_input(key="consent_source").set_value("phone call")
    page.button(key="consent_save").click().run()
    assert not page.exception
    assert best(campaign)["lead_id"] != lead_id
    assert "objects to being scored" in texts(page)
