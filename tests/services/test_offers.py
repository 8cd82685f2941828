"""Offers are kept, changed and retired; leads are scored by one as the example of 50 + 50 asks, point by point."""

from __future__ import annotations

import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.services import delivery, dossier, governance, intake, offers, policies, scoring
from tests.services.conftest import CLIENT, person, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

OFFER = {"name": "AI Outreach Automation", "value_props": ["24/7 outreach", "6x more meetings"],
         "ideal_use_cases": ["B2B SaaS mid-market"]}
LOOKING = "We are looking for outreach tools and have a budget"
FILE = "\n".join((
    "name,role,company,industry,location,linkedin_bio",
    f"Ava Patel,Head of Growth,FlowMetrics,B2B SaaS mid-market,Berlin,{LOOKING}",
    f"Ben Kim,Sales Manager,Clouded,Computer Software,Paris,{LOOKING}",
    "Cleo Ng,VP Sales,Pipe & Co, b2b saas MID-MARKET ,Rome,Interested in outreach and more meetings",
    "Dan Roe,Director of Sales,Rooftop,Construction,Oslo,Retired and happy",
    f"Eve Fox,Account Executive,Softy,Software,,{LOOKING}",
    "Fay Lee,Founder,Own,Restaurants,Rome,",
)).encode()
POINTS = {
    # role, industry, completeness; intent
    "Ava Patel": (20 + 20 + 10, 50), "Ben Kim": (10 + 10 + 10, 50), "Cleo Ng": (20 + 20 + 10, 30),
    "Dan Roe": (20 + 0 + 10, 10), "Eve Fox": (0 + 10 + 0, 50), "Fay Lee": (20 + 0 + 0, 10),
}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory):
    """Give all tests of this file one workbench, and each a client of its own where it changes something."""
    return workbench_at(tmp_path_factory.mktemp("offers"))


@pytest.fixture(scope="module")
def offered(workbench):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        intake.import_file(workbench, person(Role.ADMIN), client=CLIENT, source=FILE, filename="leads.csv")
    return offers.create_offer(workbench, person(Role.ADMIN), client=CLIENT, values=OFFER)


def scored(workbench, actor, offer, **more):
    return offers.score_offer(workbench, actor, client=CLIENT, offer_id=offer.id, **more).frame.set_index("name")


def test_the_example_comes_out_point_by_point(workbench, admin, offered):
    frame = scored(workbench, admin, offered)
    assert {name: (row.rule_score, row.ai_points) for name, row in frame.iterrows()} == POINTS
    assert (frame["score"] == frame["rule_score"] + frame["ai_points"]).all()
    assert frame["intent"].to_dict() == {"Ava Patel": "High", "Ben Kim": "High", "Cleo Ng": "Medium", "Dan Roe": "Low",
                                         "Eve Fox": "High", "Fay Lee": "Low"}
    assert frame["reasoning"].str.contains("local").all()
    assert {"name", "role", "company", "industry", "location", "linkedin_bio"} <= set(frame.reset_index())
    assert frame["score"].is_monotonic_decreasing


def test_the_preset_gives_the_same_score_with_reasons_that_add_up(workbench, admin, offered):
    wanted = scored(workbench, admin, offered)["score"]
    changes = offers.offer_changes(workbench, admin, client=CLIENT, offer_id=offered.id)
    policies.save_policy(workbench, admin, client=CLIENT, changes=changes, comment="by the offer")
    scoring.rescore(workbench, admin, client=CLIENT)
    listed = delivery.list_leads(workbench, admin, client=CLIENT, view=delivery.ListView()).frame.set_index("name")
    assert listed["score"].to_dict() == wanted.to_dict()
    assert listed["tier"].to_dict() == {"Ava Patel": "High", "Cleo Ng": "High", "Ben Kim": "High", "Eve Fox": "Medium",
                                        "Dan Roe": "Medium", "Fay Lee": "Low"}
    detail = dossier.lead_detail(workbench, admin, client=CLIENT, lead_id=int(listed.loc["Ben Kim", "lead_id"]))
    assert detail.base + sum(reason.effect for reason in detail.reasons) == pytest.approx(80)
    assert {reason.text: reason.effect for reason in detail.reasons} == {
        "Intent to buy is High": pytest.approx(50), "Industry match with the offer is adjacent": pytest.approx(10),
        "Role in the purchase (from role) is influencer": pytest.approx(10),
        "Name, role, company, industry, location and bio are all known": pytest.approx(10)}


def test_a_scored_file_has_the_same_points(workbench, admin, offered):
    wanted = scored(workbench, admin, offered)["score"]
    changes = offers.offer_changes(workbench, admin, client=CLIENT, offer_id=offered.id)
    policies.save_policy(workbench, admin, client=CLIENT, changes=changes, comment="by the offer")
    frame = scoring.score_file(workbench, admin, client=CLIENT, source=FILE, filename="l.csv").frame
    assert dict(zip(frame["name"], frame["score"], strict=True)) == wanted.to_dict()


def test_only_the_offer_is_taken_over_on_request(workbench, admin, offered):
    assert set(offers.offer_changes(workbench, admin, client=CLIENT, offer_id=offered.id, preset=False)) == {"offer"}


def test_the_preview_of_the_preset_shows_the_scores_it_would_give(workbench, admin, offered):
    changes = offers.offer_changes(workbench, admin, client=CLIENT, offer_id=offered.id)
    preview = policies.preview_policy(workbench, admin, client=CLIENT, changes=changes)
    assert preview.tiers_after == {"High": 3, "Medium": 2, "Low": 1}


def test_only_some_leads_are_scored_and_those_of_nobody_else(workbench, admin, offered):
    one = int(scored(workbench, admin, offered)["lead_id"].iloc[0])
    assert scored(workbench, admin, offered, lead_ids=[one, 999_999])["lead_id"].tolist() == [one]
    assert scored(workbench, admin, offered, lead_ids=[]).empty


def test_an_edit_replaces_and_keeps_what_is_not_named(workbench, admin, offered):
    known = {view.id for view in offers.list_offers(workbench, admin, client=CLIENT)}
    copy = offers.create_offer(workbench, admin, client=CLIENT, values=OFFER)
    edited = offers.edit_offer(workbench, admin, client=CLIENT, offer_id=copy.id,
                               values={"also_adjacent": ["Restaurants"], "never_adjacent": ["Computer Software"]})
    assert edited.replaces == copy.id
    assert edited.offer.value_props == ("24/7 outreach", "6x more meetings")
    assert {view.id for view in offers.list_offers(workbench, admin, client=CLIENT)} == {*known, edited.id}
    assert copy.id in {view.id for view in offers.list_offers(workbench, admin, client=CLIENT, retired=True)}
    frame = scored(workbench, admin, edited)
    assert (frame.loc["Fay Lee", "rule_score"], frame.loc["Ben Kim", "rule_score"]) == (30, 20)


def test_a_retired_offer_is_shown_but_not_edited(workbench, admin):
    made = offers.create_offer(workbench, admin, client=CLIENT, values=OFFER)
    offers.retire_offer(workbench, admin, client=CLIENT, offer_id=made.id)
    assert offers.show_offer(workbench, admin, client=CLIENT, offer_id=made.id).as_dict()["retired"]
    for function, more in ((offers.retire_offer, {}), (offers.edit_offer, {"values": {"name": "x"}})):
        with pytest.raises(InvalidRequest, match="no longer in use"):
            function(workbench, admin, client=CLIENT, offer_id=made.id, **more)


def test_neighbours_are_shown_with_their_leads(workbench, admin, offered):
    frame = offers.offer_neighbours(workbench, admin, client=CLIENT, offer_id=offered.id).set_index("industry")
    assert frame["match"].to_dict()["Computer Software"] == "adjacent"
    assert frame["match"].to_dict()["Construction"] == "other"
    assert frame["leads"].sum() == 6
    assert (frame["nearest"] == "B2B SaaS mid-market").all()


@pytest.mark.parametrize(("values", "code"), [
    ({}, "wrong_offer_name"), ({"name": "x"}, "offer_without_use_cases"),
    ({"name": "x", "ideal_use_cases": ["  "]}, "offer_without_use_cases"),
    ({"name": "x" * 201, "ideal_use_cases": ["a"]}, "wrong_offer_name"),
    ({"name": "x\n", "ideal_use_cases": ["a"] * 2, "value_props": "24/7"}, "wrong_offer"),
    ({"name": "x", "ideal_use_cases": [f"a{n}" for n in range(51)]}, "too_many_lines"),
    ({"name": "x", "ideal_use_cases": ["a" * 501]}, "line_too_long"),
    ({"name": "x", "ideal_use_cases": ["a"], "also_adjacent": ["B"], "never_adjacent": ["b"]},
     "contradictory_neighbours"),
    ([], "wrong_offer"), ({"name": "x", "ideal_use_cases": {"a": 1}}, "wrong_offer")])
def test_what_is_no_offer_is_refused_and_nothing_is_kept(workbench, admin, values, code):
    with pytest.raises(InvalidRequest) as refused:
        offers.create_offer(workbench, admin, client="nobody's", values=values)
    assert refused.value.code == code
    assert offers.list_offers(workbench, admin, client="nobody's") == []


def test_another_clients_offer_is_unknown(workbench, admin, offered):
    intake.import_file(workbench, admin, client="other", source=FILE, filename="leads.csv")
    for function in (offers.show_offer, offers.score_offer, offers.retire_offer, offers.offer_neighbours):
        with pytest.raises(NotFound):
            function(workbench, admin, client="other", offer_id=offered.id)


def test_a_viewer_sees_neither_names_nor_what_people_wrote(workbench, offered):
    frame = offers.score_offer(workbench, person(Role.VIEWER, CLIENT), client=CLIENT, offer_id=offered.id).frame
    told = frame[["name", "linkedin_bio", "reasoning"]].to_string()
    assert "Ava" not in told
    assert "looking for" not in told
    with pytest.raises(Forbidden):
        offers.score_offer(workbench, person(Role.VIEWER, CLIENT), client=CLIENT, offer_id=offered.id, ask=True)


def test_leads_without_any_of_the_columns_are_scored_too(workbench, admin):
    intake.import_file(workbench, admin, client="bare", source=b"email\na@b.example\nc@d.example\n", filename="l.csv")
    made = offers.create_offer(workbench, admin, client="bare", values=OFFER)
    frame = offers.score_offer(workbench, admin, client="bare", offer_id=made.id).frame
    assert frame[["rule_score", "ai_points", "score"]].to_numpy().tolist() == [[0, 10, 10]] * 2


def test_no_leads_give_an_empty_result(workbench, admin):
    made = offers.create_offer(workbench, admin, client="empty", values=OFFER)
    assert offers.score_offer(workbench, admin, client="empty", offer_id=made.id).frame.empty


def test_what_was_done_is_in_the_log(workbench, admin):
    made = offers.create_offer(workbench, admin, client=CLIENT, values=OFFER)
    offers.retire_offer(workbench, admin, client=CLIENT, offer_id=made.id)
    actions = governance.audit_events(workbench, admin, client=CLIENT).frame["action"].tolist()
    assert {"offer_created", "offer_retired"} <= set(actions)
