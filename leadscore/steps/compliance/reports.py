"""Each kind of compliance report with what makes it, and what may have changed since one was made."""

from __future__ import annotations

from collections.abc import Callable

from leadscore.steps.compliance.access_log import access_log
from leadscore.steps.compliance.asking import Asked, Compiled, Kind
from leadscore.steps.compliance.ccpa import ccpa
from leadscore.steps.compliance.notice import notice
from leadscore.steps.compliance.processing_record import processing_record
from leadscore.steps.compliance.risk_record import risk_record
from leadscore.steps.compliance.soc2 import soc2
from leadscore.steps.record_words import words_of
from leadscore.steps.records import LOOKS
from leadscore.store import evidence

MAKERS: dict[Kind, Callable[[Asked], Compiled]] = {
    Kind.NOTICE: notice, Kind.PROCESSING: processing_record, Kind.ACCESS: access_log, Kind.CCPA: ccpa,
    Kind.SOC2: soc2, Kind.RISKS: risk_record,
}
LEAVES_REPORTS = frozenset({*LOOKS, "leads_exported", "signed_in", "signed_out", "sign_in_refused"}) - {
    "approval_setting_saved", "brand_saved", "model_approved", "model_rejected", "processing_details_saved",
    "risk_saved"}
"""Records after which a report made again as of an earlier moment comes out the same."""


def changes_since(asked: Asked) -> list[str]:
    """Say what has happened since the moment of a report that may make it come out otherwise, the most frequent first.

    Returns
    -------
    list of str
        As ``3 × Person erased``.
    """
    counted = evidence.counts_since(asked.session, asked.client_id, asked.upto, besides=tuple(LEAVES_REPORTS))
    by_label: dict[str, int] = {}
    for action, number in counted.items():
        label = words_of(action).label
        by_label[label] = by_label.get(label, 0) + number
    return [f"{number:,} × {label}" for label, number in sorted(by_label.items(), key=lambda pair: (-pair[1], pair[0]))]
