"""The tables of the store; every one that holds a client's data carries ``client_id``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from leadscore.schema import FIELD_BY_NAME, FIELDS, Kind

BigId = BigInteger().with_variant(Integer, "sqlite")


class UTCText(TypeDecorator[datetime]):
    """A UTC time kept as sortable ISO text with milliseconds, the same bytes on every database.

    Text compares and truncates (``substr``) alike on SQLite and PostgreSQL, and bulk writes need no conversion.
    """

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time-zone-aware datetime as ``2026-01-31T09:30:00.000Z``."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read the text back as an aware datetime."""
        return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def to_text(moment: datetime) -> str:
    """Write an aware datetime the way the store keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _key(**arguments: Any) -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True, **arguments))


def _client() -> Any:
    return Field(sa_column=Column(Integer, ForeignKey("clients.id"), nullable=False))


def _time(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UTCText, nullable=nullable))


class Counter(SQLModel, table=True):
    """The next free id of a table whose rows are written in bulk."""

    __tablename__ = "counters"
    name: str = Field(primary_key=True, max_length=40)
    next_id: int = Field(sa_column=Column(BigId, nullable=False))


class Fact(SQLModel, table=True):
    """Something the store knows about itself, such as which secret it was written with."""

    __tablename__ = "facts"
    name: str = Field(primary_key=True, max_length=40)
    value: str = Field(sa_column=Column(Text, nullable=False))


class Client(SQLModel, table=True):
    """An account whose leads these are."""

    __tablename__ = "clients"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = _time(nullable=False)


class User(SQLModel, table=True):
    """A person who may sign in."""

    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    role: str = Field(max_length=20)
    password_hash: str = Field(max_length=255)
    disabled: bool = False
    created_at: datetime = _time(nullable=False)


class Membership(SQLModel, table=True):
    """A client a user may touch."""

    __tablename__ = "memberships"
    user_id: int = Field(foreign_key="users.id", primary_key=True)
    client_id: int = Field(foreign_key="clients.id", primary_key=True)


class UserSession(SQLModel, table=True):
    """A signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sessions"
    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="users.id", index=True)
    kind: str = Field(max_length=10)
    created_at: datetime = _time(nullable=False)
    seen_at: datetime = _time(nullable=False)
    expires_at: datetime = _time(nullable=False)


class SignInAttempt(SQLModel, table=True):
    """One try to sign in; counted per account and per address."""

    __tablename__ = "sign_in_attempts"
    id: int | None = _key()
    account_hash: str = Field(max_length=64, index=True)
    address_hash: str = Field(max_length=64, index=True)
    succeeded: bool
    reason: str = Field(max_length=40)
    at: datetime = _time(nullable=False)


class Job(SQLModel, table=True):
    """Long work that a page can leave and come back to."""

    __tablename__ = "jobs"
    id: str = Field(primary_key=True, max_length=32)
    client_id: int = _client()
    user_name: str = Field(max_length=80)
    user_id: int | None = None
    kind: str = Field(max_length=20)
    state: str = Field(max_length=12, index=True)
    progress: float = 0.0
    message: str = Field(default="", max_length=300)
    arguments: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    cancel_requested: bool = False
    created_at: datetime = _time(nullable=False)
    started_at: datetime | None = _time()
    finished_at: datetime | None = _time()
    heartbeat_at: datetime | None = _time()


class Batch(SQLModel, table=True):
    """One imported file."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_client", "client_id", "id"),)
    id: int | None = _key()
    client_id: int = _client()
    filename: str = Field(max_length=255)
    sha256: str = Field(max_length=64)
    sheet: str | None = Field(default=None, max_length=80)
    state: str = Field(default="stored", max_length=12)
    rows_read: int = 0
    rows_stored: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0
    mapping: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    fields: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    custom_fields: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    quality: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    issues: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    issue_rows: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    imported_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)
    undone_at: datetime | None = _time()


_STORAGE: dict[Kind, Any] = {Kind.NUMBER: Float, Kind.MONEY: Float, Kind.BOOLEAN: Boolean, Kind.DATE: UTCText}

_LEAD_OWN_COLUMNS: dict[str, tuple[Any, bool]] = {
    # name: (SQL type, may be null); ids are given out by the counters table, so bulk writes know them beforehand
    "id": (BigId, False),
    "client_id": (Integer, False),
    "batch_id": (BigId, False),
    "source_row": (Integer, False),
    "email_index": (String(32), True),
    "phone_index": (String(32), True),
    "company_key": (String(120), True),
    "personal": (LargeBinary, True),
    "custom": (Text, True),
    "outcome": (String(12), False),
    "outcome_at": (UTCText, True),
    "stored_at": (UTCText, False),
    "changed_at": (UTCText, False),
    "exported_at": (UTCText, True),
    "override_score": (Float, True),
    "override_tier": (String(10), True),
    "override_reason": (Text, True),
    "override_by": (String(80), True),
    "override_at": (UTCText, True),
}

LEAD_FIELD_COLUMNS = tuple(field.name for field in FIELDS if not field.personal)


def _lead_column(name: str, sql_type: Any, nullable: bool) -> Column[Any]:
    references = {"client_id": ForeignKey("clients.id"), "batch_id": ForeignKey("batches.id")}
    foreign = (references[name],) if name in references else ()
    return Column(name, sql_type, *foreign, primary_key=name == "id", nullable=nullable, autoincrement=False)


def _lead_class() -> type[SQLModel]:
    """Build the leads table from the schema, so that a new field is one line there and one migration."""
    columns = {name: _lead_column(name, *shape) for name, shape in _LEAD_OWN_COLUMNS.items()}
    columns |= {name: _lead_column(name, _STORAGE.get(FIELD_BY_NAME[name].kind, Text), True)
                for name in LEAD_FIELD_COLUMNS}
    body: dict[str, Any] = {name: Field(default=None, sa_column=column) for name, column in columns.items()}
    body["__annotations__"] = dict.fromkeys(columns, Any)
    body["__tablename__"] = "leads"
    body["__module__"] = __name__
    body["__doc__"] = "A person or company who may buy; personal fields are inside the encrypted ``personal``."
    body["__table_args__"] = (
        Index("ix_leads_batch", "client_id", "batch_id"),
        Index("ix_leads_email", "client_id", "email_index"),
        Index("ix_leads_crm", "client_id", "crm_id"),
        Index("ix_leads_phone", "client_id", "phone_index"),
        Index("ix_leads_company", "client_id", "company_key"),
    )
    made: type[SQLModel] = type(SQLModel)("Lead", (SQLModel,), body, table=True)  # type: ignore[misc]
    return made


Lead = _lead_class()


class LeadChange(SQLModel, table=True):
    """What an import changed in a stored lead: the earlier values, encrypted, for undo and replay."""

    __tablename__ = "lead_changes"
    __table_args__ = (Index("ix_lead_changes_batch", "client_id", "batch_id"),
                      Index("ix_lead_changes_lead", "client_id", "lead_id"))
    id: int | None = _key()
    client_id: int = _client()
    batch_id: int = Field(sa_column=Column(BigId, nullable=False))
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    before: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Activity(SQLModel, table=True):
    """Something a lead did, with its time."""

    __tablename__ = "activities"
    __table_args__ = (Index("ix_activities_lead", "client_id", "lead_id"),)
    id: int | None = _key()
    client_id: int = _client()
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int | None = Field(default=None, sa_column=Column(BigId))
    kind: str = Field(max_length=40)
    amount: float | None = None
    at: datetime = _time(nullable=False)


class Outcome(SQLModel, table=True):
    """A stage a lead reached, when, and with what revenue."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_lead", "client_id", "lead_id"),
                      Index("ix_outcomes_batch", "client_id", "batch_id"))
    id: int | None = _key()
    client_id: int = _client()
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int | None = Field(default=None, sa_column=Column(BigId))
    stage: str = Field(max_length=12)
    label: str | None = Field(default=None, max_length=120)
    at: datetime | None = _time()
    revenue: float | None = None
    currency: str | None = Field(default=None, max_length=8)
    origin: str = Field(max_length=12)
    recorded_by: str = Field(max_length=80)
    recorded_at: datetime = _time(nullable=False)


class PolicyVersion(SQLModel, table=True):
    """A scoring policy as it was saved; never changed afterwards."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("client_id", "version"),
                      Index("ux_policies_active", "client_id", unique=True,
                            sqlite_where=text("active"), postgresql_where=text("active")))
    id: int | None = _key()
    client_id: int = _client()
    version: int
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    comment: str = Field(default="", max_length=500)
    active: bool = False
    created_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class ModelVersion(SQLModel, table=True):
    """A trained model: its manifest and where its files are."""

    __tablename__ = "model_versions"
    __table_args__ = (Index("ux_model_alias", "client_id", "alias", unique=True),)
    id: int | None = _key()
    client_id: int = _client()
    folder: str = Field(max_length=32, unique=True)
    algorithm: str = Field(max_length=20)
    balance: str = Field(max_length=20)
    alias: str | None = Field(default=None, max_length=12)
    metrics: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    report: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    manifest: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class HeldOut(SQLModel, table=True):
    """Leads a model had not seen, with what became of them: the encrypted frame every later change is measured on."""

    __tablename__ = "held_out"
    model_version: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    rows: int
    as_of: datetime = _time(nullable=False)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class OfferVersion(SQLModel, table=True):
    """An offer as it was saved; never changed afterwards, an edit is a new row that names the one it replaces."""

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_client", "client_id", "id"),)
    id: int | None = _key()
    client_id: int = _client()
    name: str = Field(max_length=200)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    replaces: int | None = Field(default=None, sa_column=Column(BigId))
    retired_at: datetime | None = _time()
    created_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class LanguageAnswer(SQLModel, table=True):
    """What a language model answered, encrypted, so that nothing is asked or paid for twice."""

    __tablename__ = "language_answers"
    __table_args__ = (Index("ix_language_answers_at", "client_id", "at"),)
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    key: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=12)
    model: str = Field(max_length=120)
    lead_id: int | None = Field(default=None, sa_column=Column(BigId))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    tokens: int = 0
    at: datetime = _time(nullable=False)


class LeadVector(SQLModel, table=True):
    """Where a lead lies in the space of one embedder; ``digest`` tells whether its text has changed since."""

    __tablename__ = "lead_vectors"
    __table_args__ = (Index("ix_lead_vectors_space", "client_id", "space", "lead_id"),)
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    space: str = Field(primary_key=True, max_length=120)
    client_id: int = _client()
    digest: str = Field(max_length=32)
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Segment(SQLModel, table=True):
    """A filter of the ranked list that has a name: a view to come back to, or a segment that things happen for.

    ``trigger`` says what happens when a lead comes in; empty for a mere view.
    """

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("client_id", "name"),)
    id: int | None = _key()
    client_id: int = _client()
    name: str = Field(max_length=80)
    view: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    shared: bool = True
    trigger: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    checked_at: datetime | None = _time()
    created_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class SegmentMember(SQLModel, table=True):
    """A lead that was in a segment when it was last looked at, and since when."""

    __tablename__ = "segment_members"
    segment_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    since: datetime = _time(nullable=False)


class Spend(SQLModel, table=True):
    """What a source, a campaign or the tool itself has cost in a period, both of its days included.

    ``kind`` is ``leads`` for what brings leads in, ``tool`` for what working with this workbench costs.
    """

    __tablename__ = "spend"
    __table_args__ = (Index("ix_spend_client", "client_id", "starts"),)
    id: int | None = _key()
    client_id: int = _client()
    kind: str = Field(default="leads", max_length=10, sa_column_kwargs={"server_default": "leads"})
    source: str | None = Field(default=None, max_length=200)
    campaign: str | None = Field(default=None, max_length=200)
    starts: str = Field(max_length=10)
    ends: str = Field(max_length=10)
    amount: float
    currency: str = Field(max_length=8)
    filename: str | None = Field(default=None, max_length=255)
    created_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class Opinion(SQLModel, table=True):
    """One click of a person: whether the scores help; ``place`` is the page it was made on."""

    __tablename__ = "opinions"
    __table_args__ = (Index("ix_opinions_client", "client_id", "at"),)
    id: int | None = _key()
    client_id: int = _client()
    user_name: str = Field(max_length=80)
    helpful: bool
    place: str = Field(max_length=20)
    at: datetime = _time(nullable=False)


class HeldBackLead(SQLModel, table=True):
    """A lead of an export that holds some by chance, so that the best can be compared with the others.

    ``score`` is its score at that moment, ``share`` the chance it had of being in the file: 1 for the best, less for
    the leads below the cut, of which chance took some.
    """

    __tablename__ = "held_back_leads"
    __table_args__ = (Index("ix_held_back_client", "client_id", "taken_at"),)
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    score: float
    share: float
    taken_at: datetime = _time(nullable=False)


class Experiment(SQLModel, table=True):
    """A challenger tried against the champion; ``planned_*`` count leads on top of their arm."""

    __tablename__ = "experiments"
    __table_args__ = (Index("ix_experiments_client", "client_id", "id"),
                      Index("ux_experiments_running", "client_id", unique=True,
                            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'")))
    id: int | None = _key()
    client_id: int = _client()
    name: str = Field(max_length=120)
    mode: str = Field(max_length=10)
    champion_version: int = Field(sa_column=Column(BigId, nullable=False))
    challenger_version: int = Field(sa_column=Column(BigId, nullable=False))
    share: float
    base_rate: float
    effect: float
    alpha: float
    power: float
    planned_champion: int = Field(sa_column=Column(BigId, nullable=False))
    planned_challenger: int = Field(sa_column=Column(BigId, nullable=False))
    salt: str = Field(max_length=32)
    status: str = Field(max_length=10)
    started_by: str = Field(max_length=80)
    started_at: datetime = _time(nullable=False)
    ended_by: str | None = Field(default=None, max_length=80)
    ended_at: datetime | None = _time()
    decision: str | None = Field(default=None, max_length=20)
    verdict: str | None = Field(default=None, sa_column=Column(Text))


class ExperimentLead(SQLModel, table=True):
    """A lead's arm, and what was said of it when it was put there; never changed afterwards.

    ``champion_top`` and ``challenger_top`` say whether that model had it among its best, empty where it did not score.
    """

    __tablename__ = "experiment_leads"
    __table_args__ = (Index("ix_experiment_leads_lead", "client_id", "lead_id"),)
    experiment_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    arm: str = Field(max_length=10)
    assigned_at: datetime = _time(nullable=False)
    champion_probability: float | None = None
    challenger_probability: float | None = None
    score: float
    champion_top: bool | None = None
    challenger_top: bool | None = None


class ScoreRun(SQLModel, table=True):
    """One scoring of many leads: the versions and the date every score of it shares."""

    __tablename__ = "score_runs"
    id: int | None = _key()
    client_id: int = _client()
    policy_version: int
    model_version: int | None = Field(default=None, sa_column=Column(BigId))
    as_of: datetime = _time(nullable=False)
    rows: int = 0
    started_by: str = Field(max_length=80)
    created_at: datetime = _time(nullable=False)


class Score(SQLModel, table=True):
    """The score in force of a lead, narrow, with the few columns lists are filtered by.

    ``blended`` is what rules and model say; ``score`` and ``tier`` are what lists use: a person's override wins.
    ``band`` is the score without its decimals and ``day`` the day the lead came in: what reports count by. What follows
    ``day`` tells what became of the lead, and is worked out anew from its outcomes whenever these or the score change;
    ``foretold`` is what the score said, in tenths of a point, without knowing that end, and ``foretold_by`` why it
    could not know; it stays where an end is taken back.
    """

    __tablename__ = "scores"
    # the filters of a list stand in the index, so that a rare one is found without touching the rows
    __table_args__ = (Index("ix_scores_rank", "client_id", text("score DESC"), "lead_id", "tier", "outcome",
                            "reachable", "exported", "batch_id", "owner", "source", "country", "industry"),
                      # reports count all leads: in the order of these, without sorting and without touching the rows
                      Index("ix_scores_cells", "client_id", "source", "country", "tier", "band", "outcome",
                            "qualified", "score", "probability", "day", "batch_id", "run_id"),
                      Index("ix_scores_day", "client_id", "day", "tier", "outcome", "score", "probability", "source",
                            "batch_id", "run_id"),
                      # few leads have ended; all that reports ask about these stands in the index
                      Index("ix_scores_ended", "client_id", "source", "country", "owner", "tier", "outcome",
                            "furthest", "currency", "revenue", "day", "decided_on", "days_to_contact",
                            "days_to_conversion", "foretold", "foretold_by", "foretold_chance", "batch_id", "run_id",
                            sqlite_where=text("outcome <> 'new'"), postgresql_where=text("outcome <> 'new'")),
                      # what lists can be filtered by is found by leaps; as expressions, so that no list is ordered by
                      # these instead of by rank
                      *(Index(f"ix_scores_{name}", "client_id", text(f"coalesce({name}, '')"))
                        for name in ("owner", "country", "industry")))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    run_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int = Field(sa_column=Column(BigId, nullable=False))
    rule_score: float
    probability: float | None = None
    blended: float
    score: float
    fit: float | None = None
    engagement: float | None = None
    tier: str = Field(max_length=10)
    qualified: bool
    reachable: bool
    exported: bool = False
    outcome: str = Field(max_length=12)
    owner: str | None = Field(default=None, sa_column=Column(Text))
    source: str | None = Field(default=None, sa_column=Column(Text))
    country: str | None = Field(default=None, sa_column=Column(Text))
    industry: str | None = Field(default=None, sa_column=Column(Text))
    band: int | None = None
    day: str | None = Field(default=None, max_length=10)
    furthest: str | None = Field(default=None, max_length=12)
    decided_on: str | None = Field(default=None, max_length=10)
    days_to_contact: int | None = None
    days_to_conversion: int | None = None
    revenue: float | None = None
    currency: str | None = Field(default=None, max_length=8)
    foretold: int | None = None
    foretold_chance: float | None = None
    foretold_by: str | None = Field(default=None, max_length=10)


class ScoreHistory(SQLModel, table=True):
    """Scores that a later run replaced."""

    __tablename__ = "score_history"
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    run_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = _client()
    rule_score: float
    probability: float | None = None
    blended: float
    score: float
    tier: str = Field(max_length=10)


class FileShape(SQLModel, table=True):
    """What a person decided for files with these headers: mapping and cleaning choices."""

    __tablename__ = "file_shapes"
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    shape: str = Field(primary_key=True, max_length=64)
    mapping: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    choices: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    saved_by: str = Field(max_length=80)
    saved_at: datetime = _time(nullable=False)


class Suppression(SQLModel, table=True):
    """A person who was erased or must not be stored again, known only by blind indexes."""

    __tablename__ = "suppressions"
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=10)
    digest: str = Field(primary_key=True, max_length=32)
    reason: str = Field(default="", max_length=40)
    at: datetime = _time(nullable=False)


class AuditEvent(SQLModel, table=True):
    """One record of the tamper-evident log; ``mac`` chains it to the record before."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_client", "client_id", "seq"),)
    seq: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    at: str = Field(max_length=32)
    client_id: int | None = None
    actor: str = Field(max_length=80)
    action: str = Field(max_length=40)
    object: str = Field(max_length=120)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    prev: str = Field(max_length=64)
    mac: str = Field(max_length=64)
