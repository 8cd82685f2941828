"""Risks as people enter them, and those the workbench proposes because something is so right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from leadscore.charts.numbers import counted
from leadscore.errors import InvalidRequest
from leadscore.steps.alerting import AlertKind
from leadscore.steps.approving import SETTING as APPROVAL
from leadscore.steps.policies import policy_in_force
from leadscore.steps.sensitive import criteria_about, marked_by
from leadscore.store import alerts, evidence, lead_reading, models, risks
from leadscore.store.tables import Client, ModelVersion, Risk
from leadscore.workbench import Workbench

BACKUP_DAYS = 7
FEW_ROWS = 1_000
TO_DO = "To do: "
"""Before what the workbench proposes: nobody has done it yet."""
LIMITS = {"title": 120, "description": 2_000, "measures": 2_000, "owner": 80}


class State(StrEnum):
    """What has been decided about a risk."""

    OPEN = "open"
    REDUCED = "reduced"
    ACCEPTED = "accepted"
    CLOSED = "closed"


LIVE = (State.OPEN, State.REDUCED, State.ACCEPTED)


@dataclass(frozen=True)
class RiskEntry:
    """A risk as it is entered.

    Parameters
    ----------
    likelihood, impact : int
        1 to 5.
    review_on : str or None
        When it is looked at again, as ``2027-01-31``.

    Raises
    ------
    InvalidRequest
        A text is missing or too long, a number is not from 1 to 5, a word is unknown, or the day is none.
    """

    title: str
    likelihood: int
    impact: int
    description: str = ""
    measures: str = ""
    owner: str = ""
    state: str = State.OPEN
    review_on: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot stand in the risk record."""
        if not self.title.strip():
            raise InvalidRequest("no_title", "A risk needs a title.", "Say in a few words what could go wrong.")
        for name, longest in LIMITS.items():
            if len(getattr(self, name)) > longest:
                raise InvalidRequest("too_long", f"The {name} is longer than {longest:,} characters.", "Shorten it.")
        if not {self.likelihood, self.impact} <= set(range(1, 6)):
            raise InvalidRequest("wrong_level", "Likelihood and impact go from 1 to 5.", "Choose one of them.")
        if self.state not in set(map(str, State)):
            raise InvalidRequest("wrong_state", f"'{self.state[:20]}' is no state of a risk.",
                                 f"Use one of {', '.join(State)}.")
        if self.review_on is not None and not _is_day(self.review_on):
            raise InvalidRequest("wrong_day", f"'{self.review_on[:20]}' is no day.", "Write it as 2027-01-31.")

    @classmethod
    def from_row(cls, row: Risk) -> RiskEntry:
        """Read a stored risk."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Proposal:
    """A risk the workbench sees, and what makes it see it."""

    entry: RiskEntry
    because: str


def proposals(session: Session, workbench: Workbench, client_id: int, *, now: datetime) -> list[Proposal]:
    """List the risks that follow from what is true now and that the record does not hold yet, by their titles."""
    known = {row.title for row in risks.list_all(session, client_id)}
    row = session.get_one(Client, client_id)
    champion = models.champion(session, client_id)
    found = [*_about_approval(row.settings, champion), *_about_backups(session, client_id, now),
             *_about_alerts(session, client_id), *_about_model(champion),
             *_about_sensitive(session, client_id, champion, now),
             *_about_key(workbench)]
    return [one for one in found if one.entry.title not in known]


def _about_approval(settings: Mapping[str, Any], champion: ModelVersion | None) -> list[Proposal]:
    if settings.get(APPROVAL) or champion is None:
        return []
    return [Proposal(RiskEntry(
        "A model is put to use without a second pair of eyes", 3, 3,
        "One person can train a model and put it to use; a mistake is not seen before it scores leads.",
        TO_DO + "Switch on second-person approval for models."),
        "Second-person approval is off and a model is in use.")]


def _about_backups(session: Session, client_id: int, now: datetime) -> list[Proposal]:
    last = evidence.newest(session, client_id, ("backup_made",), upto=evidence.last_record(session))
    if last is not None and datetime.fromisoformat(str(last["at"])) > now - timedelta(days=BACKUP_DAYS):
        return []
    because = f"The last backup of the workbench is of {str(last['at'])[:10]}." if last else \
        "No backup made by the workbench is recorded."
    return [Proposal(RiskEntry(
        "Leads, models and the audit trail are lost with the machine", 2, 5,
        "Without a recent backup in another place a broken disk takes everything since.",
        TO_DO + "Plan backups, keep one elsewhere with the secret key apart from it, and try a restore."), because)]


def _about_alerts(session: Session, client_id: int) -> list[Proposal]:
    open_ones = [alert for alert in alerts.list_open(session, client_id) if alert.kind == AlertKind.DRIFT]
    return [Proposal(RiskEntry(
        "Scores no longer fit the leads that come in", 4, 3,
        "Leads of late differ from those the model has learnt from.",
        TO_DO + "Look at the drift report; train anew."),
        f"An alert is open: {open_ones[0].text}")] if open_ones else []


def _about_model(champion: ModelVersion | None) -> list[Proposal]:
    if champion is None:
        return []
    report, found = champion.report, []
    rows = int((report.get("data") or {}).get("rows") or 0)
    if 0 < rows < FEW_ROWS:
        found.append(Proposal(RiskEntry(
            "The model has learnt from few leads", 3, 3, "What it says of rare kinds of leads may be chance.",
            TO_DO + "Record more outcomes; look at the intervals of its figures."),
            f"Version {champion.id} has learnt from {rows:,} leads; fewer than {FEW_ROWS:,} are few."))
    suspects = report.get("suspects") or []
    if suspects:
        found.append(Proposal(RiskEntry(
            "The model uses columns that may be filled in after the outcome", 3, 4,
            "Such columns make a model look better than it is on new leads.",
            TO_DO + "Look at the columns under suspicion and leave out those that come too late."),
            f"The training of version {champion.id} warned of {counted(len(suspects), 'column')}."))
    return found


def _about_sensitive(session: Session, client_id: int, champion: ModelVersion | None, now: datetime) -> list[Proposal]:
    marked = set(marked_by(session, client_id))
    if not marked:
        return []
    policy = policy_in_force(session, client_id, None, now=now).policy
    asked = criteria_about(policy, marked, lead_reading.custom_fields(session, client_id))
    learnt = set((champion.report.get("data") or {}).get("columns") or ()) & marked if champion else set()
    because = [*([f"The scorecard asks about it: {', '.join(asked)}."] if asked else []),
               *([f"The model in use has learnt from {counted(len(learnt), 'marked field')}."] if learnt else [])]
    return [Proposal(RiskEntry(
        "Scores use a field that is marked as sensitive", 3, 4,
        "People may be treated differently for what they are.",
        TO_DO + "Take the field out of the scorecard and train a new model; look at the Fairness tab."),
        " ".join(because))] if because else []


def _about_key(workbench: Workbench) -> list[Proposal]:
    if workbench.settings.secret_key is not None:
        return []
    return [Proposal(RiskEntry(
        "The key of personal data lies beside the data", 2, 4,
        "Whoever copies the whole folder has both the encrypted data and the key.",
        TO_DO + "Give the key as LEADSCORE_SECRET_KEY from a vault, or keep the folder where nobody else can read it."),
        "The secret key is kept in the data folder.")]


def _is_day(text: str) -> bool:
    try:
        return f"{date.fromisoformat(text)}" == text
    except ValueError:
        return False
