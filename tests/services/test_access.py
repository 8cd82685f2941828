"""Every service asks who is asking: strangers find nothing, and each role does what it may and no more."""

import inspect
import pkgutil
from contextlib import suppress
from datetime import date
from typing import Any

import pandas as pd
import pytest

from leadscore import services
from leadscore.access import Action, Role
from leadscore.charts.picture import Picture
from leadscore.errors import Forbidden, InvalidRequest, LeadScoreError, NotFound
from leadscore.services import backups, compliance, delivery, intake, spend, training
from tests.services.conftest import CLIENT, leads_file, person

pytestmark = pytest.mark.usefixtures("read_here")

MODULES = [pkgutil.resolve_name(f"leadscore.services.{found.name}")
           for found in pkgutil.iter_modules(services.__path__)]

FOR_THE_WORKER = {"claim", "progress", "finish", "abandoned", "forget_old_files", "keep_file", "note_checkpoint",
                  "verify_daily", "check_due", "forget_orphans", "queue_due", "prepare_changed", "finish_erasures",
                  "remind_of_requests", "apply_retention",
                  "note_fault", "show_life", "end_life", "watch_health", "timed", "keep_timings", "back_up_if_due"}
OF_THE_WHOLE = {"health_of", "is_ready"}
"""Say nothing of anybody's data, so that whoever watches over the machine may ask."""
ON_A_CLOSED_HOME = {"restore_backup"}
ABOUT_ONESELF = {"nobody_yet", "create_first_administrator", "local_operator", "actor_of", "sign_in", "redeem_ticket",
                 "session_from_token", "sign_out", "sign_in_by_identity"}
ABOUT_ACCOUNTS = {"sign_out_everywhere", "note_denied", "list_users", "add_user", "change_user", "change_password",
                  "visible_clients", "list_sessions", "end_session", "account_states", "unlock", "must_change_password"}
BY_JOB = {"view", "cancel"}
WITHOUT_CLIENT = {"show_keys": Action.CONFIGURE, "rotate_keys": Action.CONFIGURE, "change_secret": Action.CONFIGURE,
                  "verify_audit": Action.VIEW_AUDIT, "last_checkpoint": Action.VIEW_AUDIT,
                  "signing_key": Action.VIEW_AUDIT, "verifier": Action.VIEW_AUDIT,
                  "newest_record": Action.VIEW_AUDIT, "faults_by_day": Action.VIEW_AUDIT,
                  "speed_of": Action.VIEW_AUDIT, "fault_trace": Action.CONFIGURE, "figures": Action.CONFIGURE,
                  "make_backup": Action.CONFIGURE, "list_backups": Action.CONFIGURE, "verify_backup": Action.CONFIGURE,
                  "backup_settings": Action.CONFIGURE, "save_backup_settings": Action.CONFIGURE}

NEEDS = {
    "inspect_file": Action.IMPORT_LEADS, "stage_upload": Action.IMPORT_LEADS, "staged_upload": Action.IMPORT_LEADS,
    "discard_upload": Action.IMPORT_LEADS, "inspect_upload": Action.IMPORT_LEADS, "check_upload": Action.IMPORT_LEADS,
    "check_report": Action.IMPORT_LEADS,
    "import_file": Action.IMPORT_LEADS, "undo_import": Action.IMPORT_LEADS, "open_upload": Action.IMPORT_LEADS,
    "issue_report": Action.VIEW_PERSONAL_DATA, "list_batches": Action.VIEW_LEADS,
    "list_leads": Action.VIEW_LEADS, "filter_options": Action.VIEW_LEADS, "lead_detail": Action.VIEW_LEADS,
    "export_leads": Action.EXPORT_LEADS, "export_to_path": Action.EXPORT_LEADS, "write_table": Action.EXPORT_LEADS,
    "record_outcome": Action.EDIT_LEADS, "take_back_outcome": Action.EDIT_LEADS, "assign_owner": Action.EDIT_LEADS,
    "override": Action.EDIT_LEADS, "clear_override": Action.EDIT_LEADS, "rescore": Action.EDIT_LEADS,
    "score_file": Action.VIEW_LEADS,
    "train_file": Action.TRAIN_MODEL, "train_stored": Action.TRAIN_MODEL, "ready_for_first_model": Action.TRAIN_MODEL,
    "target_choices": Action.TRAIN_MODEL,
    "evaluate_file": Action.VIEW_LEADS, "list_models": Action.VIEW_LEADS, "show_model": Action.VIEW_LEADS,
    "deploy_model": Action.DEPLOY_MODEL, "roll_back_model": Action.DEPLOY_MODEL,
    "retraining_settings": Action.VIEW_LEADS, "save_retraining_settings": Action.DEPLOY_MODEL,
    "retraining_request": Action.TRAIN_MODEL,
    "model_document": Action.VIEW_AUDIT, "given_away": Action.VIEW_AUDIT, "costs_of_change": Action.VIEW_AUDIT,
    "fairness_fields": Action.VIEW_LEADS, "mark_fields": Action.EDIT_POLICY, "fairness_report": Action.VIEW_AUDIT,
    "approval_states": Action.VIEW_LEADS, "require_approval": Action.CONFIGURE, "judge_model": Action.DEPLOY_MODEL,
    "model_card": Action.VIEW_LEADS, "learning_material": Action.VIEW_LEADS,
    "compare_models": Action.VIEW_LEADS, "challenge_model": Action.DEPLOY_MODEL,
    "verify_model": Action.VIEW_LEADS, "current_policy": Action.VIEW_LEADS,
    "list_policies": Action.VIEW_LEADS, "preview_policy": Action.VIEW_LEADS,
    "model_factors": Action.VIEW_LEADS, "save_policy": Action.EDIT_POLICY,
    "create_offer": Action.EDIT_POLICY, "edit_offer": Action.EDIT_POLICY, "retire_offer": Action.EDIT_POLICY,
    "list_offers": Action.VIEW_LEADS, "show_offer": Action.VIEW_LEADS, "offer_changes": Action.VIEW_LEADS,
    "offer_neighbours": Action.VIEW_LEADS, "score_offer": Action.VIEW_LEADS,
    "lead_intent": Action.VIEW_LEADS,
    "scorecard_evidence": Action.VIEW_LEADS, "scorecard_fields": Action.VIEW_LEADS,
    "take_suggestions": Action.VIEW_LEADS, "describe_changes": Action.VIEW_LEADS,
    "starting_points": Action.VIEW_LEADS, "start_from": Action.VIEW_LEADS,
    "compare_policies": Action.VIEW_LEADS, "show_policy": Action.VIEW_LEADS, "restore_policy": Action.EDIT_POLICY,
    "backtest_policy": Action.TRAIN_MODEL,
    "export_policy": Action.VIEW_LEADS, "read_policy_file": Action.EDIT_POLICY,
    "language_settings": Action.VIEW_LEADS, "save_language_settings": Action.CONFIGURE,
    "try_language_server": Action.CONFIGURE,
    "similar_leads": Action.VIEW_LEADS, "leads_like_offer": Action.VIEW_LEADS, "look_alikes": Action.VIEW_LEADS,
    "prepare_similar": Action.EDIT_LEADS,
    "performance": Action.VIEW_LEADS, "state": Action.VIEW_LEADS, "span": Action.VIEW_LEADS,
    "open_alerts": Action.VIEW_LEADS, "dismiss_alert": Action.EDIT_LEADS,
    "list_faults": Action.VIEW_AUDIT,
    "audit_events": Action.VIEW_AUDIT, "audit_activity": Action.VIEW_AUDIT, "export_audit": Action.VIEW_AUDIT,
    "audit_file": Action.VIEW_AUDIT, "verify_scores": Action.VIEW_AUDIT,
    "lead_lineage": Action.VIEW_AUDIT, "file_lineage": Action.VIEW_AUDIT, "replay_score": Action.VIEW_AUDIT,
    "replay_scoring": Action.VIEW_AUDIT,
    "sealed_details": Action.VIEW_PERSONAL_DATA, "make_campaign_file": Action.IMPORT_LEADS,
    "plan_experiment": Action.VIEW_LEADS, "start_experiment": Action.DEPLOY_MODEL,
    "experiment_status": Action.VIEW_LEADS, "list_experiments": Action.VIEW_LEADS,
    "stop_experiment": Action.DEPLOY_MODEL,
    "make_investor_files": Action.IMPORT_LEADS,
    "save_segment": Action.VIEW_LEADS, "list_segments": Action.VIEW_LEADS, "segment_named": Action.VIEW_LEADS,
    "remove_segment": Action.VIEW_LEADS, "set_trigger": Action.EDIT_LEADS, "follow_segments": Action.EDIT_LEADS,
    "list_spend": Action.VIEW_LEADS, "add_spend": Action.EDIT_LEADS, "import_spend": Action.EDIT_LEADS,
    "remove_spend": Action.EDIT_LEADS, "current_rates": Action.VIEW_LEADS, "save_rates": Action.EDIT_LEADS,
    "call_orders": Action.VIEW_LEADS, "save_order": Action.EDIT_LEADS, "scoring_value": Action.VIEW_LEADS,
    "held_back_leads": Action.VIEW_LEADS, "save_held_back_share": Action.EDIT_POLICY,
    "list_features": Action.VIEW_LEADS, "formula_help": Action.VIEW_LEADS, "preview_feature": Action.VIEW_LEADS,
    "feature_changes": Action.VIEW_LEADS, "save_feature": Action.EDIT_POLICY, "retire_feature": Action.EDIT_POLICY,
    "switch_feature": Action.EDIT_POLICY, "list_rules": Action.VIEW_LEADS, "try_rule": Action.VIEW_LEADS,
    "save_rules": Action.EDIT_POLICY,
    "give_opinion": Action.VIEW_LEADS, "opinions": Action.VIEW_LEADS,
    "performance_report": Action.VIEW_LEADS,
    "current_brand": Action.VIEW_LEADS, "preview_brand": Action.VIEW_LEADS, "save_brand": Action.EDIT_POLICY,
    "remove_logo": Action.EDIT_POLICY,
    "picture_file": Action.VIEW_LEADS,
    "make_report": Action.VIEW_AUDIT, "report_records": Action.VIEW_AUDIT, "list_reports": Action.VIEW_AUDIT,
    "make_again": Action.VIEW_AUDIT, "plain_decision": Action.VIEW_PERSONAL_DATA,
    "processing_details": Action.VIEW_AUDIT, "save_processing_details": Action.EDIT_POLICY,
    "risk_record": Action.VIEW_AUDIT, "save_risk": Action.EDIT_POLICY,
    "run_retention": Action.ERASE, "retention_rules": Action.VIEW_AUDIT, "save_retention": Action.ERASE,
    "erase_list": Action.ERASE,
    "erase_person": Action.ERASE, "record_consent": Action.EDIT_LEADS, "lead_consents": Action.VIEW_PERSONAL_DATA,
    "consent_coverage": Action.VIEW_LEADS, "open_request": Action.EDIT_LEADS, "close_request": Action.EDIT_LEADS,
    "list_requests": Action.VIEW_AUDIT, "find_people": Action.VIEW_PERSONAL_DATA,
    "access_record": Action.VIEW_PERSONAL_DATA, "portable_data": Action.VIEW_PERSONAL_DATA,
    "correctable": Action.VIEW_PERSONAL_DATA, "rectify": Action.VIEW_PERSONAL_DATA,
    "quality_overview": Action.VIEW_AUDIT,
    "drift_overview": Action.VIEW_AUDIT, "check_drift": Action.VIEW_AUDIT, "save_drift_settings": Action.DEPLOY_MODEL,
    "submit": Action.IMPORT_LEADS, "recent": Action.VIEW_LEADS, "result_file": Action.EXPORT_LEADS,
}

ARGUMENTS: dict[str, Any] = {
    "source": leads_file(3), "data": leads_file(3), "filename": "leads.csv", "upload_id": "0" * 32, "batch_id": 99,
    "view": delivery.ListView(top="3"), "format": "csv", "lead_id": 9_999, "lead_ids": [9_999], "stage": "lost",
    "owner": "me", "reason": "so", "request": training.TrainingRequest(target="Nonsense"), "target": "Nonsense",
    "version": "99", "first": "98", "second": "99", "challenger": "99",
    "changes": {}, "preset": "default", "comment": "c", "leads": 10, "seed": 1, "kind": "demo", "arguments": {},
    "name": "A view", "segment_id": 99, "trigger": {"kind": "count"},
    "entry": spend.SpendEntry(date(2026, 1, 1), date(2026, 1, 31), 5.0, "EUR"), "spend_ids": [99],
    "report": "EUR", "rates": {"USD": 0.92}, "order": "nonsense", "held_back_share": 5.0,
    "values": {}, "offer_id": 9_999,
    "expression": "nonsense", "label": "Nonsense", "family": "fit", "on": True, "rule": {}, "rules": [{}],
    "alert_id": 9_999, "run_id": 9_999,
    "seq": 9_999, "colour": "#123456", "helpful": True, "approved": True, "names": [],
    "place": "leads",
    "picture": Picture("gains", "Gains", pd.DataFrame({"Share": [1.0]}), None),
    "number": "00000000", "backup": "none", "wish": backups.BackupPlan(),
    "wanted": compliance.Wish(compliance.Kind.RISKS), "report_id": 9_999,
    "purpose": "contact", "given": True, "request_id": 9_999, "days": {"leads": 3}, "outcome": "answered",
    "job_id": "0" * 32, "mapping": {}, "choices": {}, "frame": None, "check": None, "sheet": None,
}


def _with_actor() -> dict[str, Any]:
    found = {}
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_") \
                    and "actor" in inspect.signature(function).parameters:
                found[name] = function
    return found


FUNCTIONS = _with_actor()
CLIENT_FUNCTIONS = {name: function for name, function in FUNCTIONS.items()
                    if "client" in inspect.signature(function).parameters}


def _call(function, workbench, actor, tmp_path, client=CLIENT):
    wanted = inspect.signature(function).parameters
    given = {name: ARGUMENTS[name] for name, parameter in wanted.items()
             if name in ARGUMENTS and parameter.default is inspect.Parameter.empty}
    if "path" in wanted:
        given["path"] = tmp_path / "out.csv"
    if "client" in wanted:
        given["client"] = client
    return function(workbench, actor, **given)


def test_every_function_that_touches_the_store_for_somebody_takes_an_actor():
    without = set()
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = inspect.signature(function).parameters
            if function.__module__ == module.__name__ and not name.startswith("_") \
                    and "workbench" in parameters and "actor" not in parameters:
                without.add(name)
    assert without - ABOUT_ONESELF - OF_THE_WHOLE == FOR_THE_WORKER


def test_this_table_knows_every_function():
    assert set(CLIENT_FUNCTIONS) - ABOUT_ACCOUNTS == set(NEEDS)
    assert set(FUNCTIONS) - set(CLIENT_FUNCTIONS) - ABOUT_ACCOUNTS == \
        BY_JOB | set(WITHOUT_CLIENT) | ON_A_CLOSED_HOME


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ANALYST, Role.VIEWER])
@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_stranger_finds_no_client(seen, tmp_path, name, role):
    with pytest.raises(NotFound) as refused:
        _call(CLIENT_FUNCTIONS[name], seen, person(role, "somebody else"), tmp_path)
    assert refused.value.code == "unknown_client"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", sorted(NEEDS))
def test_each_role_does_what_it_may_and_no_more(trained_once, tmp_path, name, role):
    actor = person(role, CLIENT)
    try:
        _call(CLIENT_FUNCTIONS[name], trained_once, actor, tmp_path)
    except Forbidden:
        allowed = False
    except (LeadScoreError, AttributeError, TypeError):
        # let in, and stopped by what was asked for
        allowed = True
    else:
        allowed = True
    assert allowed == actor.may(NEEDS[name])


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", sorted(WITHOUT_CLIENT))
def test_what_is_about_the_whole_workbench_is_for_those_who_may(trained_once, tmp_path, name, role):
    actor = person(role, CLIENT)
    if actor.may(WITHOUT_CLIENT[name]):
        with suppress(NotFound, InvalidRequest):
            assert _call(FUNCTIONS[name], trained_once, actor, tmp_path) is not None
    else:
        with pytest.raises(Forbidden):
            _call(FUNCTIONS[name], trained_once, actor, tmp_path)


def test_training_does_not_deploy_for_those_who_may_not_deploy(trained_once):
    wish = training.TrainingRequest(deploy=True)
    with pytest.raises(Forbidden):
        training.train_stored(trained_once, person(Role.ANALYST, CLIENT), client=CLIENT, request=wish)
    with pytest.raises(Forbidden):
        training.train_file(trained_once, person(Role.ANALYST, CLIENT), client=CLIENT, source=b"", filename="a.csv",
                            request=training.TrainingRequest(target="x", deploy=True))


def test_a_staged_file_cannot_be_opened_through_another_client(trained_once, admin):
    staged = intake.stage_upload(trained_once, admin, client="one", data=leads_file(2), filename="a.csv")
    for function in (intake.open_upload, intake.staged_upload):
        with pytest.raises(NotFound):
            function(trained_once, admin, client="two", upload_id=staged)
