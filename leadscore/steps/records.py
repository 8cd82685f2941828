"""Which records of the audit trail tell of changes, so that what is remembered is made anew after these alone."""

from __future__ import annotations

LOOKS = (
    "access_denied", "alert_raised", "alert_settled", "approval_setting_saved", "audit_exported", "backup_made",
    "backup_settings_saved", "backup_verified", "brand_saved", "call_order_saved", "compliance_report_made",
    "fault", "fault_viewed", "figure_downloaded", "file_fetched", "file_scored", "held_back_share_saved",
    "job_cancelled", "job_submitted", "keys_rotated", "language_server_tried", "lead_viewed", "model_approved",
    "model_rejected", "person_copy_made", "person_record_made", "policy_exported", "processing_details_saved",
    "remarks_downloaded", "report_made", "request_closed", "request_received", "retention_saved", "risk_saved",
    "scored_file_written", "sealed_details_viewed", "secret_changed", "sensitive_fields_saved")
"""Records that leave every figure of a report as it is."""

NOT_ABOUT_LEADS = (
    *LOOKS, "drift_checked", "drift_settings_saved", "experiment_ended", "experiment_started",
    "language_settings_saved", "leads_exported", "leads_scored", "model_challenges", "model_deployed", "model_refused",
    "model_rolled_back", "model_trained", "offer_created", "offer_edited", "offer_retired", "opinion_given",
    "owner_assigned", "policy_restored", "policy_saved", "rates_saved", "retraining_queued",
    "retraining_settings_saved", "segment_entered", "segment_removed", "segment_saved", "segment_trigger_set",
    "spend_added", "spend_removed")
"""Records that leave leads and outcomes as they are; any other one makes prepared leads be read anew."""
