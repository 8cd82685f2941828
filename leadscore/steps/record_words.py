"""What the records of the audit trail are called by people, and which family each belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Kinds of records that people look for together."""

    DECISION = "decision"
    CHANGE = "change"
    DATA = "data"
    PERSON = "person"
    ACCOUNT = "account"
    MODEL = "model"
    EXPORT = "export"
    OPERATION = "operation"
    FAULT = "fault"


FAMILY_LABELS = {
    Family.DECISION: "Decisions about leads",
    Family.CHANGE: "Changes of settings",
    Family.DATA: "Leads and outcomes",
    Family.PERSON: "Personal data",
    Family.ACCOUNT: "Sign-in and accounts",
    Family.MODEL: "Models and experiments",
    Family.EXPORT: "Exports and reports",
    Family.OPERATION: "Operation",
    Family.FAULT: "Errors",
}


@dataclass(frozen=True)
class RecordWords:
    """What one kind of record is called.

    Parameters
    ----------
    label : str
        A few words for lists and filters.
    family : Family
    done : str
        What the actor did, as it follows a name in a sentence: ``imported leads``.
    """

    label: str
    family: Family
    done: str


RECORD_WORDS: dict[str, RecordWords] = {
    # decisions about leads
    "leads_scored": RecordWords("Scoring", Family.DECISION, "scored leads"),
    "file_scored": RecordWords("File scored", Family.DECISION, "scored a file without storing its leads"),
    "override_set": RecordWords("Score set by hand", Family.DECISION, "set a score or tier by hand"),
    "override_cleared": RecordWords("Score by hand taken off", Family.DECISION, "let rules and model speak again"),
    "opinion_given": RecordWords("Opinion on a score", Family.DECISION, "gave an opinion on a score"),
    "segment_entered": RecordWords("Segment entered", Family.DECISION, "found leads that entered a segment"),
    # changes of settings
    "policy_saved": RecordWords("Scoring settings saved", Family.CHANGE, "saved the scoring settings"),
    "policy_restored": RecordWords("Scoring settings restored", Family.CHANGE, "restored earlier scoring settings"),
    "offer_created": RecordWords("Offer added", Family.CHANGE, "added an offer"),
    "offer_edited": RecordWords("Offer changed", Family.CHANGE, "changed an offer"),
    "offer_retired": RecordWords("Offer retired", Family.CHANGE, "retired an offer"),
    "validation_rules_saved": RecordWords("Validation rules changed", Family.CHANGE, "changed the validation rules"),
    "rates_saved": RecordWords("Exchange rates changed", Family.CHANGE, "changed the exchange rates"),
    "brand_saved": RecordWords("Look of reports changed", Family.CHANGE, "changed the look of reports"),
    "call_order_saved": RecordWords("Call order chosen", Family.CHANGE, "chose the order leads are called in"),
    "held_back_share_saved": RecordWords("Comparison group changed", Family.CHANGE,
                                         "changed the share of leads held back for comparison"),
    "segment_saved": RecordWords("Segment saved", Family.CHANGE, "saved a segment"),
    "segment_removed": RecordWords("Segment removed", Family.CHANGE, "removed a segment"),
    "segment_trigger_set": RecordWords("Segment notice changed", Family.CHANGE,
                                       "changed what happens when leads enter a segment"),
    "language_settings_saved": RecordWords("Language server changed", Family.CHANGE,
                                           "changed how the language server is used"),
    "retraining_settings_saved": RecordWords("Retraining settings changed", Family.CHANGE,
                                             "changed when models are trained anew"),
    "sensitive_fields_saved": RecordWords("Sensitive fields chosen", Family.CHANGE,
                                          "chose the fields that are sensitive"),
    "approval_setting_saved": RecordWords("Second person's approval", Family.CHANGE,
                                          "changed whether models need a second person's approval"),
    "drift_settings_saved": RecordWords("Drift settings changed", Family.CHANGE, "changed the check for drift"),
    "processing_details_saved": RecordWords("Details of processing changed", Family.CHANGE,
                                            "changed the details of the processing record"),
    "risk_saved": RecordWords("Risk entered or changed", Family.CHANGE, "entered or changed a risk"),
    "spend_added": RecordWords("Cost added", Family.CHANGE, "added a cost"),
    "spend_removed": RecordWords("Cost removed", Family.CHANGE, "removed a cost"),
    # leads and outcomes
    "leads_imported": RecordWords("Import", Family.DATA, "imported leads"),
    "import_undone": RecordWords("Import taken back", Family.DATA, "took an import back"),
    "outcome_recorded": RecordWords("Outcome recorded", Family.DATA, "recorded what became of leads"),
    "outcome_taken_back": RecordWords("Outcome taken back", Family.DATA, "took a recorded outcome back"),
    "owner_assigned": RecordWords("Owner assigned", Family.DATA, "gave leads an owner"),
    # personal data
    "lead_viewed": RecordWords("Lead looked at", Family.PERSON, "looked at the personal data of a lead"),
    "person_erased": RecordWords("Person erased", Family.PERSON, "erased a person"),
    "person_record_made": RecordWords("Record given out", Family.PERSON, "gave out all that is stored of a person"),
    "person_copy_made": RecordWords("Copy given out", Family.PERSON, "gave out a copy of a person's data"),
    "person_rectified": RecordWords("Person corrected", Family.PERSON, "corrected what is stored of a person"),
    "consent_recorded": RecordWords("Consent", Family.PERSON, "wrote down a consent"),
    "objection_recorded": RecordWords("Objection", Family.PERSON, "wrote down an objection"),
    "request_received": RecordWords("Request received", Family.PERSON, "wrote down a request"),
    "request_closed": RecordWords("Request answered", Family.PERSON, "answered a request"),
    "retention_saved": RecordWords("Retention changed", Family.PERSON, "changed how long data are kept"),
    "retention_applied": RecordWords("Retention", Family.PERSON, "removed what was older than it may be"),
    "keys_rotated": RecordWords("Keys renewed", Family.PERSON, "renewed the key of personal data"),
    "secret_changed": RecordWords("Secret changed", Family.PERSON, "changed the secret"),
    "erasures_repeated": RecordWords("Erased again", Family.PERSON, "erased again whom a backup had brought back"),
    "sealed_details_viewed": RecordWords("Personal details read", Family.PERSON,
                                         "read the personal details of an entry"),
    # sign-in and accounts
    "signed_in": RecordWords("Signed in", Family.ACCOUNT, "signed in"),
    "signed_out": RecordWords("Signed out", Family.ACCOUNT, "signed out"),
    "sign_in_refused": RecordWords("Sign-in refused", Family.ACCOUNT, "was refused at sign-in"),
    "access_denied": RecordWords("Not allowed", Family.ACCOUNT, "was refused what the role does not allow"),
    "sessions_ended": RecordWords("Signed out everywhere", Family.ACCOUNT, "ended all sessions"),
    "session_ended": RecordWords("Signed out elsewhere", Family.ACCOUNT, "ended a session"),
    "account_unlocked": RecordWords("Account unlocked", Family.ACCOUNT, "unlocked an account"),
    "user_added": RecordWords("User added", Family.ACCOUNT, "added a user"),
    "user_changed": RecordWords("User changed", Family.ACCOUNT, "changed a user"),
    "password_changed": RecordWords("Password changed", Family.ACCOUNT, "changed a password"),
    # models and experiments
    "model_trained": RecordWords("Model trained", Family.MODEL, "trained a model"),
    "model_deployed": RecordWords("Model put to use", Family.MODEL, "put a model to use"),
    "model_refused": RecordWords("Model files refused", Family.MODEL, "was refused a model whose files were changed"),
    "model_rolled_back": RecordWords("Earlier model put back", Family.MODEL, "put an earlier model back to use"),
    "model_approved": RecordWords("Model approved", Family.MODEL, "approved a model that somebody else has trained"),
    "model_rejected": RecordWords("Model rejected", Family.MODEL, "rejected a model that somebody else has trained"),
    "model_challenges": RecordWords("Challenger chosen", Family.MODEL, "chose a challenger"),
    "experiment_started": RecordWords("Experiment started", Family.MODEL, "started an experiment"),
    "experiment_ended": RecordWords("Experiment ended", Family.MODEL, "ended an experiment"),
    "retraining_queued": RecordWords("Retraining started", Family.MODEL, "started a training because it was due"),
    "drift_checked": RecordWords("Check for drift", Family.MODEL,
                                 "compared newer leads with those the model learnt from"),
    # exports and reports
    "leads_exported": RecordWords("Export", Family.EXPORT, "exported leads"),
    "report_made": RecordWords("Report made", Family.EXPORT, "made a report"),
    "compliance_report_made": RecordWords("Compliance report made", Family.EXPORT, "made a compliance report"),
    "figure_downloaded": RecordWords("Figure downloaded", Family.EXPORT, "downloaded a figure"),
    "scored_file_written": RecordWords("Scored file written", Family.EXPORT, "wrote a scored file to disk"),
    "file_fetched": RecordWords("File fetched", Family.EXPORT, "fetched a file that work in the background made"),
    "remarks_downloaded": RecordWords("Remarks downloaded", Family.EXPORT,
                                      "downloaded the remarks about the rows of a file"),
    "policy_exported": RecordWords("Scoring settings exported", Family.EXPORT, "took the scoring settings as a file"),
    "audit_exported": RecordWords("Audit trail exported", Family.EXPORT, "exported the audit trail"),
    # operation
    "alert_raised": RecordWords("Alert", Family.OPERATION, "raised an alert"),
    "alert_settled": RecordWords("Alert settled", Family.OPERATION, "settled an alert"),
    "job_submitted": RecordWords("Work started", Family.OPERATION, "started work in the background"),
    "job_cancelled": RecordWords("Work stopped", Family.OPERATION, "stopped work in the background"),
    "backup_made": RecordWords("Backup made", Family.OPERATION, "made a backup"),
    "backup_verified": RecordWords("Backup checked", Family.OPERATION, "checked a backup"),
    "backups_removed": RecordWords("Old backups removed", Family.OPERATION, "removed old backups"),
    "backup_restored": RecordWords("Backup restored", Family.OPERATION, "restored a backup"),
    "backup_settings_saved": RecordWords("Backup plan changed", Family.CHANGE, "changed when backups are made"),
    "fault": RecordWords("Error", Family.FAULT, "met an error of the program"),
    "fault_viewed": RecordWords("Error looked at", Family.FAULT, "looked at the details of an error"),
    "language_server_asked": RecordWords("Language server asked", Family.OPERATION, "asked the language server"),
    "language_server_tried": RecordWords("Language server tried", Family.OPERATION, "tried the language server"),
}
"""Every action a record may carry; a test finds those without words and words no record uses."""


def words_of(action: str) -> RecordWords:
    """Say what a kind of record is called; an action of an earlier version that is no longer known keeps its name."""
    plain = action.replace("_", " ")
    return RECORD_WORDS.get(action, RecordWords(plain.capitalize(), Family.OPERATION, f"did: {plain}"))


def actions_of(family: Family) -> list[str]:
    """List the actions of a family in the order they stand in the table."""
    return [action for action, words in RECORD_WORDS.items() if words.family == family]
