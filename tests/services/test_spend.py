"""Spend is kept once, told by whom, and each client's alone."""

from dataclasses import replace
from datetime import date

import pytest

from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound, UnreadableFile
from leadscore.services import governance, insight, spend
from leadscore.services.spend import SpendEntry
from tests.services.conftest import CLIENT, person

pytestmark = pytest.mark.usefixtures("read_here")

JANUARY = SpendEntry(date(2026, 1, 1), date(2026, 1, 31), 1200.0, "eur", source=" Google Ads ")
FILE = b"Month;Source;Spend\n2026-01;Google Ads;1.200,00\n2026-02;Fair;500,50\nsoon;Fair;5\n"


def _listed(bench, actor):
    return spend.list_spend(bench, actor, client=CLIENT)


def test_an_amount_is_kept_once(workbench, admin):
    assert spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    assert not spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    (row,) = _listed(workbench, admin).to_dict("records")
    assert (row["source"], row["amount"], row["currency"], row["created_by"]) == \
        ("Google Ads", 1200.0, "EUR", admin.name)


def test_a_file_brings_what_is_new_and_names_what_it_could_not_read(workbench, admin):
    spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    brought = spend.import_spend(workbench, admin, client=CLIENT, source=FILE, filename="spend.csv")
    assert (brought.kept, brought.known) == (1, 1)
    assert brought.refused["row"].tolist() == [4]
    assert _listed(workbench, admin)["filename"].dropna().tolist() == ["spend.csv"]
    again = spend.import_spend(workbench, admin, client=CLIENT, source=FILE, filename="spend.csv")
    assert (again.kept, again.known) == (0, 2)


def test_amounts_can_be_forgotten_and_the_trail_says_so(workbench, admin):
    spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    number = int(_listed(workbench, admin)["id"].iloc[0])
    assert spend.remove_spend(workbench, admin, client=CLIENT, spend_ids=[number, 99]) == 1
    assert _listed(workbench, admin).empty
    actions = governance.audit_events(workbench, admin, limit=10).frame["action"].tolist()
    assert {"spend_added", "spend_removed"} <= set(actions)


@pytest.mark.parametrize("entry", [
    SpendEntry(date(2026, 2, 1), date(2026, 1, 1), 5, "EUR"), SpendEntry(date(2026, 1, 1), date(2026, 1, 1), -1, "EUR"),
    SpendEntry(date(2026, 1, 1), date(2026, 1, 1), float("nan"), "EUR"),
    SpendEntry(date(2026, 1, 1), date(2026, 1, 1), 5, "euros"),
    SpendEntry(date(2026, 1, 1), date(2026, 1, 1), 5, "EUR", kind="fun"),
])
def test_an_entry_that_makes_no_sense_is_refused_and_nothing_kept(workbench, admin, entry):
    with pytest.raises(InvalidRequest):
        spend.add_spend(workbench, admin, client=CLIENT, entry=entry)
    assert _listed(workbench, admin).empty


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_a_file_that_is_no_spend_is_refused(workbench, admin, content):
    with pytest.raises((InvalidRequest, UnreadableFile)):
        spend.import_spend(workbench, admin, client=CLIENT, source=content, filename="x.csv")


def test_spend_is_each_clients_alone(workbench, admin):
    spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    assert spend.list_spend(workbench, admin, client="globex").empty
    number = int(_listed(workbench, admin)["id"].iloc[0])
    with pytest.raises(NotFound):
        spend.remove_spend(workbench, admin, client="globex", spend_ids=[number])
    with pytest.raises(NotFound):
        spend.list_spend(workbench, person(Role.MANAGER, "globex"), client=CLIENT)


def test_the_same_amount_for_the_tool_and_for_leads_is_two_amounts_and_the_trail_tells_them_apart(workbench, admin):
    spend.add_spend(workbench, admin, client=CLIENT, entry=JANUARY)
    assert spend.add_spend(workbench, admin, client=CLIENT, entry=replace(JANUARY, kind="tool"))
    assert not spend.add_spend(workbench, admin, client=CLIENT, entry=replace(JANUARY, kind="tool"))
    assert sorted(_listed(workbench, admin)["kind"]) == ["leads", "tool"]
    details = governance.audit_events(workbench, admin, limit=10).frame["detail"].astype(str)
    assert details.str.contains("'for_this_tool': 1|\"for_this_tool\": ?1").any()


def test_what_the_tool_costs_is_not_the_cost_of_leads(workbench, admin):
    spend.add_spend(workbench, admin, client=CLIENT, entry=replace(JANUARY, kind="tool"))
    (money,) = insight.performance(workbench, admin, client=CLIENT).now.money
    assert (money.spend, money.tool, money.cost_per_conversion) == (0.0, JANUARY.amount, None)
