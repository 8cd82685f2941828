"""A policy is tried out before it is saved, saved as a new version, and never half wrong."""

import pytest

from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import delivery, governance, policies, scoring
from tests.services.conftest import CLIENT

pytestmark = pytest.mark.usefixtures("read_here")

GROUPS = ("demographic", "firmographic", "behavioural", "engagement", "fit")


def _save(workbench, actor, **changes):
    return policies.save_policy(workbench, actor, client=CLIENT, changes=changes, comment="tried")


def test_a_new_client_starts_with_the_default_as_version_1(workbench, admin):
    in_force = policies.current_policy(workbench, admin, client=CLIENT)
    assert in_force.version == 1
    assert in_force.comment == "Default scorecard"
    assert policies.current_policy(workbench, admin, client=CLIENT).version == 1


def test_saving_makes_a_new_version_and_keeps_the_old_one(workbench, admin):
    policies.current_policy(workbench, admin, client=CLIENT)
    assert _save(workbench, admin, thresholds={"qualified": 40, "high": 60, "low": 20}) == 2
    assert policies.current_policy(workbench, admin, client=CLIENT).policy.thresholds.high == 60
    assert [(item.version, item.active) for item in policies.list_policies(workbench, admin, client=CLIENT)] == [
        (2, True), (1, False)]
    told = governance.audit_events(workbench, admin, action="policy_saved").frame.iloc[0]
    assert told["object"] == "policy:2"
    assert '"high":70' in told["detail"].replace(" ", "").replace("70.0", "70")


@pytest.mark.parametrize("wrong", [
    {"group_weights": dict.fromkeys(GROUPS, 30)},
    {"group_weights": {"luck": 100}},
    {"group_weights": {"fit": 150, "engagement": -50}},
    {"thresholds": {"qualified": 50, "high": 20, "low": 60}},
    {"thresholds": {"qualified": 50, "high": 120, "low": 30}},
    {"thresholds": {"high": "much", "low": 30}},
    {"thresholds": {"unknown": 3}},
    {"alpha": 1.5}, {"alpha": float("nan")}, {"alpha": "half"},
    {"tier_mode": "mood"},
    {"tier_mode": "capacity", "capacity": None},
    {"top_share": 0}, {"top_share": 1.4}, {"capacity": -3},
])
def test_contradictions_are_refused_and_the_old_version_stays_in_force(trained_once, admin, wrong):
    before = policies.current_policy(trained_once, admin, client=CLIENT)
    with pytest.raises(InvalidRequest):
        _save(trained_once, admin, **wrong)
    with pytest.raises(InvalidRequest):
        policies.preview_policy(trained_once, admin, client=CLIENT, changes=wrong)
    assert policies.current_policy(trained_once, admin, client=CLIENT) == before


def test_every_part_of_a_policy_can_be_changed_and_the_rest_stays(workbench, admin):
    before = policies.current_policy(workbench, admin, client=CLIENT).policy
    _save(workbench, admin, full_marks=0.1, alpha=0.25, switched_off=["city"])
    after = policies.current_policy(workbench, admin, client=CLIENT).policy
    assert after.criteria == before.criteria
    assert (after.full_marks, after.alpha, after.alpha_is_suggested) == (0.1, 0.25, False)
    assert after.switched_off == ("city",)


def test_a_preview_without_changes_moves_nobody_and_saves_nothing(seen, admin):
    preview = policies.preview_policy(seen, admin, client=CLIENT, changes={})
    assert (preview.entering, preview.leaving) == (0, 0)
    assert preview.tiers_before == preview.tiers_after
    assert preview.histogram["before"].sum() == preview.leads == 394
    assert preview.histogram["before"].tolist() == preview.histogram["after"].tolist()
    assert len(policies.list_policies(seen, admin, client=CLIENT)) == 1


@pytest.mark.parametrize("changes", [
    {"alpha": 1.0}, {"alpha": 0.5, "tier_mode": "threshold"}, {"tier_mode": "capacity", "capacity": 11},
    {"group_weights": {"demographic": 0, "firmographic": 0, "behavioural": 100, "engagement": 0, "fit": 0},
     "alpha": 1.0},
])
def test_what_is_previewed_is_what_a_scoring_gives(trained, admin, changes):
    before = set(_top(trained, admin))
    preview = policies.preview_policy(trained, admin, client=CLIENT, changes=changes)
    _save(trained, admin, **changes)
    scoring.rescore(trained, admin, client=CLIENT)
    tiers = delivery.list_leads(trained, admin, client=CLIENT,
                                view=delivery.ListView(page_size=1_000)).frame["tier"].value_counts()
    assert preview.tiers_after == {tier: int(tiers.get(tier, 0)) for tier in ("High", "Medium", "Low")}
    after = set(_top(trained, admin))
    assert (preview.entering, preview.leaving) == (len(after - before), len(before - after))


def _top(workbench, actor):
    view = delivery.ListView(top="20%", page_size=1_000)
    return delivery.list_leads(workbench, actor, client=CLIENT, view=view).frame["lead_id"]


def test_a_preview_of_a_client_without_leads_is_refused_or_empty(workbench, admin):
    policies.current_policy(workbench, admin, client=CLIENT)
    preview = policies.preview_policy(workbench, admin, client=CLIENT, changes={"alpha": 0.1})
    assert preview.leads == 0
    assert sum(preview.tiers_after.values()) == 0


def test_policies_of_one_client_are_not_another_ones(trained_once, admin):
    policies.save_policy(trained_once, admin, client="globex", changes={"alpha": 0.9}, comment="theirs")
    assert policies.current_policy(trained_once, admin, client=CLIENT).version == 1
    with pytest.raises(NotFound):
        scoring.score_file(trained_once, admin, client=CLIENT, source=b"Email\na@b.example\n", filename="a.csv",
                           policy="2")
