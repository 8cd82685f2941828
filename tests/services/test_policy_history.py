"""Versions of a policy: compared, restored with their trace, and measured on the past without looking ahead."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from leadscore import worker
from leadscore.access import Actor, Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.scoring.measures import too_few
from leadscore.services import governance, intake, jobs, policies, policy_history
from leadscore.services.policy_history import BacktestRequest
from leadscore.steps import backtest_report, backtesting
from leadscore.steps.policies import policy_in_force
from leadscore.store import clients, held_out
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW, leads_file, person, workbench_at

ADMIN = person(Role.ADMIN)
FLAT = {"demographic": 100.0, "firmographic": 0.0, "behavioural": 0.0, "engagement": 0.0, "fit": 0.0}
EVER = BacktestRequest(1, date(2020, 1, 1), date(2026, 11, 21))


@pytest.fixture
def few_will_do(monkeypatch):
    """Let a handful of outcomes do, so that a small campaign can be measured."""
    for module in (policy_history, backtest_report):
        monkeypatch.setattr(module, "too_few", lambda y: min(y.sum(), len(y) - y.sum()) < 5)


@pytest.fixture
def versions(trained):
    policies.save_policy(trained, ADMIN, client=CLIENT, changes={"group_weights": FLAT, "alpha": 1.0},
                         comment="Only who they are")
    return trained


def test_two_versions_are_compared_in_words_and_by_what_they_do(versions):
    found = policy_history.compare_policies(versions, ADMIN, client=CLIENT, first="1", second="v2")
    told = [difference.text for difference in found.differences]
    assert "Weight of Person and place: 25 % → 100 %" in told
    assert "Share of the rules in the score: as the held-out leads suggest → 100 %" in told
    assert (found.first, found.second) == (1, 2)
    assert sum(found.on_leads.tiers_after.values()) == found.leads
    assert found.on_leads.entering == found.on_leads.leaving > 0
    assert found.held_out.leads > 0
    back = policy_history.compare_policies(versions, ADMIN, client=CLIENT, first="2", second="1")
    assert back.on_leads.entering == found.on_leads.leaving
    assert back.on_leads.tiers_before == found.on_leads.tiers_after


def test_a_version_beside_itself_differs_in_nothing(versions):
    found = policy_history.compare_policies(versions, ADMIN, client=CLIENT, first="1", second="1")
    assert found.differences == ()
    assert found.on_leads.entering == 0


def test_without_leads_versions_are_compared_in_words_alone(workbench):
    policies.save_policy(workbench, ADMIN, client=CLIENT, changes={"top_share": 0.1}, comment="")
    found = policy_history.compare_policies(workbench, ADMIN, client=CLIENT, first="1", second="2")
    assert found.on_leads is None and found.held_out is None
    assert [difference.text for difference in found.differences] == ["Best share that is High: 20 % → 10 %"]


@pytest.mark.parametrize("version", ["99", "latest", "-1", "²", ""])
def test_an_unknown_version_is_refused(versions, version):
    for call in (lambda: policy_history.compare_policies(versions, ADMIN, client=CLIENT, first="1", second=version),
                 lambda: policy_history.restore_policy(versions, ADMIN, client=CLIENT, version=version)):
        with pytest.raises((InvalidRequest, NotFound)) as refused:
            call()
        assert refused.value.code == "unknown_policy"


def test_a_restored_version_is_a_new_one_with_the_old_content_and_leaves_its_trace(versions):
    number = policy_history.restore_policy(versions, ADMIN, client=CLIENT, version="1", comment="it was better")
    assert number == 3
    listed = policies.list_policies(versions, ADMIN, client=CLIENT)
    assert [row.version for row in listed] == [3, 2, 1]
    assert listed[0].active and listed[0].comment == "Version 1 restored: it was better"
    found = policy_history.compare_policies(versions, ADMIN, client=CLIENT, first="1", second="3")
    assert found.differences == ()
    event = governance.audit_events(versions, ADMIN, client=CLIENT, action="policy_restored").frame.iloc[0]
    assert event["object"] == "policy:3"
    assert '"restored": 1' in json.dumps(event["detail"]) or '"restored":1' in str(event["detail"])
    assert governance.verify_audit(versions, ADMIN)


def test_what_is_in_force_cannot_be_restored(versions):
    with pytest.raises(InvalidRequest) as refused:
        policy_history.restore_policy(versions, ADMIN, client=CLIENT, version="2")
    assert refused.value.code == "already_in_force"
    assert len(policies.list_policies(versions, ADMIN, client=CLIENT)) == 2


# --- backtest -----------------------------------------------------------------------------------------------


def test_the_champion_judges_only_leads_it_had_not_learnt_from(trained, few_will_do):
    report = policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=EVER)
    with read(trained.engine) as session:
        kept = held_out.find(session, trained.vault, clients.require(session, CLIENT), 1)
    assert report.leads == len(kept.frame) < report.inside
    assert "had not learnt from" in report.about
    assert report.converted == kept.frame["y"].sum()


def test_rules_alone_are_measured_on_everybody(versions, few_will_do):
    request = replace(EVER, version=2)
    policies.save_policy(versions, ADMIN, client=CLIENT, changes={"full_marks": 0.5}, comment="")
    report = policy_history.backtest_policy(versions, ADMIN, client=CLIENT, request=request)
    assert report.rival == 3
    assert report.leads == report.inside
    assert "learn from nobody" in report.about


def test_figures_are_between_what_is_possible_and_the_file_order_is_no_better_than_chance(trained, few_will_do):
    report = policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=EVER)
    for name in ("capture", "precision"):
        figures = report.figures[name]["tested"]
        assert 0 <= figures["low"] <= figures["value"] <= figures["high"] <= 1
    assert report.figures["lift"]["tested"]["value"] == pytest.approx(5 * report.figures["capture"]["tested"]["value"])
    assert report.figures["lift"]["tested"]["value"] > report.figures["lift"]["arrival"]["value"]
    assert report.gains[0]["tested"] == 0 and report.gains[-1]["tested"] == 1
    assert np.all(np.diff([point["tested"] for point in report.gains]) >= 0)
    assert sum(part["leads"] for part in report.reliability) == report.leads


def test_learning_anew_uses_only_what_was_known_before_the_period(trained, few_will_do, monkeypatch):
    seen = []
    train = backtesting.train
    monkeypatch.setattr(backtesting, "train", lambda features, *a, **k: seen.append(features.index) or train(
        features, *a, **k))
    start = date(2026, 4, 1)
    request = BacktestRequest(1, start, date(2026, 11, 21), learn_anew=True)
    told = []
    report = policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=request,
                                            progress=lambda part, said: told.append((part, said)))
    with read(trained.engine) as session:
        in_force = policy_in_force(session, clients.require(session, CLIENT), "1", now=NOW)
        runner = backtesting.Runner(session, trained, clients.require(session, CLIENT), backtesting.Backtest(
            {"tested": in_force}, None, policy_history._period(request), False))
        known = runner.endings["ended"]
    assert (known.reindex(seen[0]) < "2026-04-01").all()
    assert report.learnt_from == len(seen[0]) == (known < "2026-04-01").sum()
    assert report.leads == report.inside == (known >= "2026-04-01").sum()
    assert [part for part, _ in told] == sorted(part for part, _ in told)


def test_a_period_with_too_few_outcomes_gets_a_sentence_and_no_figure(trained):
    request = replace(EVER, start=date(2026, 11, 20))
    report = policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=request)
    assert report.figures == {} and report.gains == []
    assert "too few to say" in report.sentence
    assert too_few(np.ones(report.leads))


def test_too_little_known_before_the_period_is_refused(trained, few_will_do):
    with pytest.raises(InvalidRequest) as refused:
        policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=replace(EVER, learn_anew=True))
    assert refused.value.code == "too_few_outcomes"


@pytest.mark.parametrize(("change", "code"), [
    ({"end": date(2019, 1, 1)}, "wrong_period"),
    ({"by": "moon"}, "wrong_backtest"),
    ({"version": 99}, "unknown_policy"),
])
def test_a_backtest_that_makes_no_sense_is_refused(trained, change, code):
    with pytest.raises((InvalidRequest, NotFound)) as refused:
        policy_history.backtest_policy(trained, ADMIN, client=CLIENT, request=replace(EVER, **change))
    assert refused.value.code == code


@pytest.mark.parametrize("values", [{}, {"version": "x", "start": "2026-01-01", "end": "2026-02-01"},
                                    {"version": 1, "start": "January", "end": "2026-02-01"},
                                    {"version": 1, "start": None, "end": None}])
def test_a_request_that_cannot_be_read_is_refused(values):
    with pytest.raises(InvalidRequest):
        BacktestRequest.from_dict(values)


def test_a_request_comes_back_from_its_plain_form():
    assert BacktestRequest.from_dict(EVER.as_dict()) == EVER


def test_a_version_is_held_against_what_was_in_force_when_the_period_began(tmp_path):
    late = workbench_at(tmp_path)
    policies.save_policy(late, ADMIN, client=CLIENT, changes={"top_share": 0.1}, comment="")
    with write(late.engine) as session:
        client_id = clients.ensure(session, CLIENT, NOW)
        second = policy_in_force(session, client_id, "2", now=NOW)
        first = policy_in_force(session, client_id, "1", now=NOW)
        before = policy_history._rival(session, client_id, second, NOW.replace(year=2020), now=NOW)
        after = policy_history._rival(session, client_id, first, NOW, now=NOW)
    assert (before.version, after.version) == (2, 2)


def test_the_worker_measures_and_keeps_the_report(trained, few_will_do):
    operator = Actor(name="the admin", role=Role.ADMIN)
    job_id = jobs.submit(trained, operator, client=CLIENT, kind="backtest", arguments=EVER.as_dict())
    worker.run_pending(trained)
    job = jobs.view(trained, ADMIN, job_id=job_id)
    assert job.state == "done", job.error
    assert job.result["request"]["version"] == 1
    assert job.result["figures"]["capture"]["tested"]["value"] > 0


def test_leads_without_outcomes_give_a_sentence(workbench, read_here):
    intake.import_file(workbench, ADMIN, client=CLIENT, source=leads_file(30), filename="leads.csv")
    report = policy_history.backtest_policy(workbench, ADMIN, client=CLIENT, request=EVER)
    assert (report.leads, report.figures) == (0, {})
