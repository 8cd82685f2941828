"""A scorecard is held against known outcomes, gets points from them, starts anew, leaves as a file and comes back."""

from dataclasses import asdict, replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.scoring.criteria import Criterion
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy
from leadscore.services import delivery, dossier, intake, policies, policy_files, scorecard
from leadscore.steps import known_outcomes
from leadscore.store import clients, held_out, lead_reading
from leadscore.store.database import read, write
from leadscore.workbench import Workbench
from tests.services.conftest import CLIENT, NOW, leads_file, person

VISITS = Criterion("visits", "Visits", "behavioural", "website_visits", "at_least", 5, 4.0)


def changes(*criteria):
    return {"criteria": [asdict(criterion) for criterion in criteria]}


def outcomes_of(bench: Workbench):
    with read(bench.engine) as session:
        client_id = clients.require(session, CLIENT)
        leads = lead_reading.read_leads(session, bench.vault, client_id, fields=["website_visits"])
        return leads["website_visits"], lead_reading.outcomes(session, client_id)


def test_hits_and_rates_are_those_of_the_stored_leads(seen, admin):
    visits, stages = outcomes_of(seen)
    ended = stages.isin(["converted", "lost"])
    hit, won = (visits >= 5) & ended, stages == "converted"
    found = scorecard.scorecard_evidence(seen, admin, client=CLIENT, changes=changes(VISITS))
    evidence = found.criteria["visits"]
    assert (found.leads, found.converted) == (ended.sum(), (won & ended).sum())
    assert evidence.hits == hit.sum()
    assert evidence.rate == pytest.approx(won[hit].mean())
    assert evidence.others == pytest.approx(won[ended & ~hit].mean())
    assert evidence.low < evidence.rate < evidence.high


def test_without_changes_it_is_the_scorecard_in_force(seen, admin):
    found = scorecard.scorecard_evidence(seen, admin, client=CLIENT)
    assert list(found.criteria) == [criterion.id for criterion in default_policy().criteria]
    groups = {state.group: state for state in found.groups}
    assert groups["demographic"].weight == 25
    assert groups["demographic"].marks == pytest.approx(0.3 * groups["demographic"].reachable)
    assert not found.criteria["credit"].known_field and found.criteria["credit"].points is None


def test_suggestions_are_not_learnt_from_the_leads_that_changes_are_measured_on(seen, admin):
    with read(seen.engine) as session:
        client_id = clients.require(session, CLIENT)
        known = known_outcomes.known_leads(session, seen, client_id, Policy())
        kept = held_out.find(session, seen.vault, client_id, 1).frame.index
    rows = known_outcomes.to_learn_from(known)
    assert set(known.features.frame.index[~rows]) == set(kept)
    assert scorecard.scorecard_evidence(seen, admin, client=CLIENT).learnt_from == rows.sum()


def test_without_a_model_suggestions_learn_from_the_older_leads_and_changes_are_measured_on_the_newer(
        workbench, admin, campaign_file):
    intake.import_file(workbench, admin, client=CLIENT, source=campaign_file, filename="campaign.csv")
    with read(workbench.engine) as session:
        client_id = clients.require(session, CLIENT)
        known = known_outcomes.known_leads(session, workbench, client_id, Policy())
        ended = lead_reading.outcome_moments(session, client_id).reindex(known.features.frame.index)
    learnt = known_outcomes.to_learn_from(known)
    measured = policies.preview_policy(workbench, admin, client=CLIENT, changes={}).held_out
    assert learnt.mean() == pytest.approx(0.5, abs=0.01)
    assert measured.leads + learnt.sum() == len(learnt)
    assert ended[learnt].max() <= ended[~learnt].min()


def test_suggestions_do_not_learn_from_outcomes_that_changes_are_measured_on_though_none_were_kept(trained, admin):
    with write(trained.engine) as session:
        session.execute(text("DELETE FROM held_out"))
    open_leads = delivery.list_leads(trained, admin, client=CLIENT, view=delivery.ListView(outcomes=("new",)))
    chosen = [int(lead_id) for lead_id in open_leads.frame["lead_id"][:4]]
    later = replace(trained, clock=lambda: NOW + timedelta(days=2))
    long_ago = NOW - timedelta(days=900)
    dossier.record_outcome(later, admin, client=CLIENT, lead_ids=chosen, stage="converted", at=long_ago)
    with read(trained.engine) as session:
        known = known_outcomes.known_leads(session, later, clients.require(session, CLIENT), Policy())
    learnt = known.features.frame.index[known_outcomes.to_learn_from(known)]
    assert not set(learnt) & set(chosen)
    assert policies.preview_policy(later, admin, client=CLIENT, changes={}).held_out.leads == len(chosen)


def test_leads_are_read_once_until_something_changes(trained, admin, monkeypatch):
    reads = []
    before = lead_reading.read_leads
    monkeypatch.setattr(lead_reading, "read_leads", lambda *a, **k: reads.append(1) or before(*a, **k))
    for _ in range(2):
        first = scorecard.scorecard_evidence(trained, admin, client=CLIENT)
    scorecard.scorecard_fields(trained, admin, client=CLIENT)
    assert len(reads) == 1
    policies.save_policy(trained, admin, client=CLIENT, changes={"full_marks": 0.4}, comment="c")
    scorecard.scorecard_evidence(trained, admin, client=CLIENT)
    assert len(reads) == 1, "another policy asks the same leads"
    intake.import_file(trained, admin, client=CLIENT, source=leads_file(3), filename="more.csv")
    reads.clear()
    assert scorecard.scorecard_evidence(trained, admin, client=CLIENT).leads == first.leads
    assert len(reads) == 1


def test_a_client_without_outcomes_sees_hits_and_no_rates(workbench, admin, read_here):
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(30), filename="leads.csv")
    found = scorecard.scorecard_evidence(workbench, admin, client=CLIENT, changes=changes(VISITS))
    evidence = found.criteria["visits"]
    assert (found.leads, found.ended, found.learnt_from) == (30, 0, 0)
    assert 0 < evidence.hits < 30
    assert evidence.rate is None and evidence.points is None and evidence.odds is None


def test_a_client_without_leads_has_nothing_to_tell(workbench, admin):
    found = scorecard.scorecard_evidence(workbench, admin, client=CLIENT)
    assert (found.leads, found.doubling) == (0, None)
    assert all(evidence.hits == 0 for evidence in found.criteria.values())
    choices = scorecard.scorecard_fields(workbench, admin, client=CLIENT)
    assert {"credit_score", "website_visits"} <= {choice.name for choice in choices}
    with pytest.raises(InvalidRequest, match="Too few leads"):
        scorecard.start_from(workbench, admin, client=CLIENT, preset="from_data", changes={})


def test_fields_are_those_of_the_leads_with_comparisons_that_fit_their_kind(seen, admin):
    choices = {choice.name: choice for choice in scorecard.scorecard_fields(seen, admin, client=CLIENT)}
    assert dict(choices["website_visits"].operators).keys() == {"at_least", "at_most", "between", "per_unit",
                                                                 "is_present", "is_missing"}
    assert dict(choices["has_phone"].operators).keys() == {"is_true", "is_false", "is_present", "is_missing"}
    assert "one_of" in dict(choices["source"].operators)
    assert "Webinar" in choices["source"].values
    assert choices["website_visits"].low <= choices["website_visits"].middle <= choices["website_visits"].high
    assert not {"email", "phone", "last_name", "stage", "converted"} & choices.keys()


def test_a_viewer_is_not_shown_the_values_of_personal_columns(seen, viewer, monkeypatch):
    monkeypatch.setattr(scorecard, "PERSONAL_FIELDS", frozenset({"source", "website_visits"}))
    choices = {choice.name: choice for choice in scorecard.scorecard_fields(seen, viewer, client=CLIENT)}
    assert choices["source"].values == () and choices["website_visits"].middle is None
    assert choices["industry"].values


def test_taken_suggestions_are_points_and_weights_that_can_be_saved(trained, admin):
    every = scorecard.take_suggestions(trained, admin, client=CLIENT, changes={})
    one = scorecard.take_suggestions(trained, admin, client=CLIENT, changes={}, wanted=["pricing"])
    assert sum(every["group_weights"].values()) == 100
    assert "group_weights" not in one
    before = [asdict(criterion) for criterion in default_policy().criteria]
    assert [new["id"] for new, old in zip(one["criteria"], before, strict=True) if new != old] == ["pricing"]
    policies.save_policy(trained, admin, client=CLIENT, changes=every, comment="from data")
    again = scorecard.scorecard_evidence(trained, admin, client=CLIENT)
    points = np.array([evidence.points for evidence in again.criteria.values() if evidence.points is not None])
    own = {criterion["id"]: criterion for criterion in every["criteria"]}
    given = np.array([np.copysign(own[name]["cap"] or own[name]["points"], own[name]["points"])
                      for name, evidence in again.criteria.items() if evidence.points is not None])
    assert points == pytest.approx(given, rel=0.1, abs=0.3)


def test_a_suggestion_for_a_criterion_that_has_none_is_refused(seen, admin):
    with pytest.raises(InvalidRequest) as refused:
        scorecard.take_suggestions(seen, admin, client=CLIENT, changes={}, wanted=["credit"])
    assert refused.value.code == "too_few_outcomes"


@pytest.mark.parametrize("preset", ["default", "software", "consumer", "half_and_half", "from_data"])
def test_every_start_can_be_described_and_keeps_other_changes(seen, admin, preset):
    wished = scorecard.start_from(seen, admin, client=CLIENT, preset=preset, changes={"top_share": 0.1})
    assert wished["top_share"] == 0.1
    told = scorecard.describe_changes(seen, admin, client=CLIENT, changes=wished)
    assert any("20 % → 10 %" in difference.text for difference in told)


def test_an_unknown_start_is_refused(seen, admin):
    with pytest.raises(NotFound):
        scorecard.start_from(seen, admin, client=CLIENT, preset="magic", changes={})


def test_contradictory_changes_are_refused_in_the_policys_own_words(seen, admin):
    with pytest.raises(InvalidRequest, match="total 10 %"):
        scorecard.describe_changes(seen, admin, client=CLIENT, changes={"group_weights": {"fit": 10.0}})


@pytest.mark.parametrize("format", ["policy", "scorecard", "criteria"])
def test_an_exported_file_comes_back_as_no_change(seen, admin, format):
    file = policy_files.export_policy(seen, admin, client=CLIENT, format=format)
    back = policy_files.read_policy_file(seen, admin, client=CLIENT, data=file.content, filename=file.filename)
    assert "criteria" in back
    assert scorecard.describe_changes(seen, admin, client=CLIENT, changes=back) == ()


def test_a_criterion_for_a_column_of_the_clients_own_is_read(seen, admin):
    with read(seen.engine) as session:
        own = [field for field in lead_reading.custom_fields(session, clients.require(session, CLIENT))
               if not field.personal]
    names = [field.name for field in own] or ["website_visits"]
    row = f"fit,Mine,{names[0]},is_present,,3\n"
    content = ("group,label,field,operator,value,points\n" + row).encode()
    back = policy_files.read_policy_file(seen, admin, client=CLIENT, data=content, filename="mine.CSV")
    assert back["criteria"][0]["field"] == names[0]
    stranger = content.replace(names[0].encode(), b"custom:nobody has this")
    with pytest.raises(InvalidRequest, match="Row 2, 'field'"):
        policy_files.read_policy_file(seen, admin, client=CLIENT, data=stranger, filename="mine.csv")


def test_an_unknown_format_or_version_is_refused(seen, admin):
    with pytest.raises(InvalidRequest):
        policy_files.export_policy(seen, admin, client=CLIENT, format="pickle")
    with pytest.raises(NotFound):
        policy_files.export_policy(seen, admin, client=CLIENT, version="99")


def test_an_analyst_may_export(seen):
    analyst = person(Role.ANALYST, CLIENT)
    assert policy_files.export_policy(seen, analyst, client=CLIENT).content
