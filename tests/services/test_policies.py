"""A policy is tried out before it is saved, saved as a new version, and never half wrong."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import PERSONAL_FIELDS
from leadscore.scoring import measures
from leadscore.services import delivery, dossier, governance, intake, models, policies, policy_history, scoring
from leadscore.store import clients, lead_reading
from leadscore.store import held_out as held_out_rows
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW

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


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(workbench, admin):
    seen = policies.current_policy(workbench, admin, client=CLIENT).version
    _save(workbench, admin, full_marks=0.5)
    with pytest.raises(InvalidRequest, match="has saved version 2") as refused:
        policies.save_policy(workbench, admin, client=CLIENT, changes={"full_marks": 0.7}, comment="", based_on=seen)
    assert refused.value.code == "policy_changed_meanwhile"
    assert policies.current_policy(workbench, admin, client=CLIENT).policy.full_marks == 0.5
    assert policies.save_policy(workbench, admin, client=CLIENT, changes={"full_marks": 0.7}, comment="",
                                based_on=2) == 3


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


# --- the engine behind the sliders ----------------------------------------------------------------------------


def test_a_move_reads_no_lead_again_until_something_about_them_changes(trained, admin, monkeypatch):
    first = policies.preview_policy(trained, admin, client=CLIENT, changes={"alpha": 0.3})
    read_leads, portions = lead_reading.read_leads, []

    def counted(*arguments, **wishes):
        frame = read_leads(*arguments, **wishes)
        portions.append(len(frame))
        return frame

    monkeypatch.setattr(lead_reading, "read_leads", counted)
    again = policies.preview_policy(trained, admin, client=CLIENT, changes={"alpha": 0.3})
    assert again.tiers_after == first.tiers_after
    # the names of those listed, and nobody else
    assert max(portions) <= 20
    _save(trained, admin, alpha=0.7)
    scoring.rescore(trained, admin, client=CLIENT)
    portions.clear()
    assert policies.preview_policy(trained, admin, client=CLIENT, changes={}).leads == 394
    assert max(portions) <= 394 - 1 or 394 not in portions
    dossier.record_outcome(trained, admin, client=CLIENT, lead_ids=[_best(trained, admin)], stage="lost")
    portions.clear()
    policies.preview_policy(trained, admin, client=CLIENT, changes={})
    assert 394 in portions


def _best(workbench, actor):
    return int(delivery.list_leads(workbench, actor, client=CLIENT, view=delivery.ListView()).frame["lead_id"].iloc[0])


WEIGHTS = {"website_visits": 0.0, "email_opens": 2.5, "industry": 0.5}


@pytest.mark.parametrize("changes", [
    {"factor_weights": WEIGHTS}, {"switched_off": ["email_opens", "page_views"]},
    {"alpha": 1.0, "group_marks": {"behavioural": 5}}, {"alpha": 0.6, "factor_weights": {"email_opens": 0}}])
def test_after_saving_and_scoring_the_best_are_those_the_preview_named(trained, admin, changes):
    _override(trained, admin)
    preview = policies.preview_policy(trained, admin, client=CLIENT, changes=changes)
    _save(trained, admin, **changes)
    scoring.rescore(trained, admin, client=CLIENT)
    listed = delivery.list_leads(trained, admin, client=CLIENT, view=delivery.ListView(page_size=1_000)).frame
    tiers = listed["tier"].value_counts()
    assert preview.tiers_after == {tier: int(tiers.get(tier, 0)) for tier in ("High", "Medium", "Low")}
    best = preview.moved[preview.moved["part"] == "best"]
    assert best["lead_id"].tolist() == listed["lead_id"].head(10).tolist()
    assert best["score_after"].tolist() == pytest.approx(listed["score"].head(10).tolist(), abs=0.051)
    assert best["rank_after"].tolist() == list(range(1, 11))
    entering = preview.moved.loc[preview.moved["part"] == "entering", "lead_id"]
    assert set(entering) <= set(_top(trained, admin))
    # what is now in force moves nobody
    nothing = policies.preview_policy(trained, admin, client=CLIENT, changes={})
    assert nothing.tiers_after == preview.tiers_after
    assert (nothing.entering, nothing.leaving) == (0, 0)


def _override(workbench, actor):
    view = delivery.ListView(page_size=1_000)
    worst = delivery.list_leads(workbench, actor, client=CLIENT, view=view).frame["lead_id"].iloc[-1]
    dossier.override(workbench, actor, client=CLIENT, lead_id=int(worst), score=100.0, reason="I know them")


def test_who_may_not_see_names_does_not_see_them_here_either(seen, admin, viewer):
    shown = policies.preview_policy(seen, admin, client=CLIENT, changes={"alpha": 0.9}).moved
    hidden = policies.preview_policy(seen, viewer, client=CLIENT, changes={"alpha": 0.9}).moved
    assert shown["name"].notna().all()
    assert set(hidden["name"]) == {"•••"}
    assert hidden["company"].tolist() == shown["company"].tolist()


# --- held-out leads -------------------------------------------------------------------------------------------


@pytest.fixture
def few_are_enough(monkeypatch):
    monkeypatch.setattr(measures, "FEWEST", 5)


def test_a_change_is_measured_on_leads_the_model_had_not_seen(seen, admin, few_are_enough):
    held_out = policies.preview_policy(seen, admin, client=CLIENT, changes={"alpha": 1.0}).held_out
    assert held_out.about.startswith(f"Measured on {held_out.leads:,} leads set aside at the training")
    assert set(held_out.figures) == {"capture", "lift", "precision", "average_precision", "calibration_error"}
    for compared in held_out.figures.values():
        assert compared.before.low <= compared.before.value <= compared.before.high
        assert compared.difference.value == pytest.approx(compared.after.value - compared.before.value)
    model = models.show_model(seen, admin, client=CLIENT, version="champion")
    alone = policies.preview_policy(seen, admin, client=CLIENT, changes={"alpha": 0.0}).held_out.figures
    assert alone["average_precision"].after.value == pytest.approx(
        model.metrics["average_precision"]["value"], abs=1e-4)
    assert alone["capture"].after.value == pytest.approx(model.metrics["capture_at_20"]["value"], abs=1e-4)


def test_with_few_ended_leads_nothing_is_claimed(seen, admin):
    held_out = policies.preview_policy(seen, admin, client=CLIENT, changes={"alpha": 1.0}).held_out
    assert held_out.verdict == "too_few"
    assert "too little to tell" in held_out.sentence
    assert held_out.figures == {}


def test_a_champion_whose_test_leads_were_not_kept_is_measured_on_later_outcomes(trained, admin, monkeypatch):
    with write(trained.engine) as session:
        session.execute(text("DELETE FROM held_out"))
    nothing = policies.preview_policy(trained, admin, client=CLIENT, changes={}).held_out
    assert (nothing.leads, nothing.verdict) == (0, "too_few")
    view = delivery.ListView(outcomes=("new", "contacted", "qualified"), page_size=9)
    listed = delivery.list_leads(trained, admin, client=CLIENT, view=view)
    later = replace(trained, clock=lambda: NOW + timedelta(days=2))
    for place, lead_id in enumerate(listed.frame["lead_id"]):
        dossier.record_outcome(later, admin, client=CLIENT, lead_ids=[int(lead_id)],
                               stage="converted" if place % 2 else "lost")
    monkeypatch.setattr(measures, "FEWEST", 3)
    held_out = policies.preview_policy(later, admin, client=CLIENT, changes={"alpha": 0.9}).held_out
    assert (held_out.leads, held_out.converted) == (9, 4)
    assert "decided after the model was trained" in held_out.about


def test_without_a_model_changes_are_measured_on_the_leads_that_ended_last(workbench, admin, campaign_file,
                                                                           few_are_enough):
    intake.import_file(workbench, admin, client=CLIENT, source=campaign_file, filename="campaign.csv")
    changes = {"group_weights": dict.fromkeys(GROUPS, 0) | {"behavioural": 100}}
    held_out = policies.preview_policy(workbench, admin, client=CLIENT, changes=changes).held_out
    assert "that ended last" in held_out.about
    assert 0 < held_out.leads < 200
    assert held_out.verdict in ("better", "worse", "same")
    assert f"of {held_out.converted:,} conversions" in held_out.sentence
    changes = {"group_weights": dict.fromkeys(GROUPS, 0) | {"fit": 100}}
    blind = policies.preview_policy(workbench, admin, client=CLIENT, changes=changes).held_out
    assert blind.verdict == "worse"
    assert blind.sentence.endswith("hurts.")


def test_no_personal_value_of_a_held_out_lead_is_kept(seen, admin, campaign_file):
    with read(seen.engine) as session:
        client_id = clients.require(session, CLIENT)
        version = models.show_model(seen, admin, client=CLIENT, version="champion").version
        kept = held_out_rows.find(session, seen.vault, client_id, version)
        leads = lead_reading.read_leads(session, seen.vault, client_id, lead_ids=kept.frame.index.to_numpy())
    told = {str(value).casefold() for value in kept.frame.astype(object).to_numpy().ravel()}
    secret = [name for name in leads if name in PERSONAL_FIELDS or name == "crm_id"]
    assert {"email", "first_name", "last_name", "phone", "crm_id"} <= set(secret)
    assert not set(secret) & set(kept.frame.columns)
    for name in ("email", "last_name", "phone", "crm_id"):
        assert not told & set(leads[name].dropna().astype("str").str.casefold())
    assert len(kept.frame) > 20


# --- money ----------------------------------------------------------------------------------------------------


def test_profit_is_told_once_both_amounts_are_known(seen, admin, few_are_enough):
    economics = {"cost_per_contact": 5, "value_per_conversion": 400, "currency": "EUR"}
    preview = policies.preview_policy(seen, admin, client=CLIENT, changes={"economics": economics})
    assert preview.held_out.profit.contacts <= preview.open_leads
    assert preview.held_out.profit.profit.value > 0
    assert policies.preview_policy(seen, admin, client=CLIENT, changes={}).held_out.profit is None


def test_in_capacity_mode_figures_are_told_for_those_who_can_be_called(seen, admin, few_are_enough):
    changes = {"tier_mode": "capacity", "capacity": 40}
    held_out = policies.preview_policy(seen, admin, client=CLIENT, changes=changes).held_out
    assert held_out.capacity_share == pytest.approx(40 / 394)
    assert held_out.at_capacity["capture"].after.value < held_out.figures["capture"].after.value


# --- what changes the columns themselves ------------------------------------------------------------------------


def test_a_made_feature_is_previewed_as_it_will_count(trained, admin):
    made = [{"name": "opened", "label": "Opened much", "expression": "email_opens * 2", "group": "engagement"}]
    rule = {"id": "opened", "label": "Opened much", "group": "fit", "field": "made:opened", "operator": "at_least",
            "value": 10, "points": 5}
    changes = {"made": made, "criteria": [rule], "alpha": 1.0, "tier_mode": "threshold",
               "group_weights": dict.fromkeys(GROUPS, 0) | {"fit": 100}}
    preview = policies.preview_policy(trained, admin, client=CLIENT, changes=changes)
    assert 0 < preview.tiers_after["High"] < 394
    _save(trained, admin, **changes)
    scoring.rescore(trained, admin, client=CLIENT)
    listed = delivery.list_leads(trained, admin, client=CLIENT, view=delivery.ListView(page_size=1_000)).frame
    assert int((listed["tier"] == "High").sum()) == preview.tiers_after["High"]
    assert preview.held_out.leads == policies.preview_policy(trained, admin, client=CLIENT, changes={}).held_out.leads


def test_the_record_of_a_saved_policy_says_who_would_come_into_the_best_fifth(trained, admin):
    change = {"alpha": 0.0}
    seen = policies.preview_policy(trained, admin, client=CLIENT, changes=change)
    policies.save_policy(trained, admin, client=CLIENT, changes=change, comment="rules alone")
    told = orjson.loads(governance.audit_events(trained, admin, action="policy_saved").frame["detail"].iloc[0])
    moved = told["best_fifth"]
    assert (moved["entered"], moved["left"]) == (seen.entering, seen.leaving)
    assert moved["entered"] > 0
    assert len(moved["entered_leads"]) == min(moved["entered"], 50)
    policy_history.restore_policy(trained, admin, client=CLIENT, version="1")
    told = orjson.loads(governance.audit_events(trained, admin, action="policy_restored").frame["detail"].iloc[0])
    assert told["best_fifth"]["entered_leads"] == moved["left_leads"]
