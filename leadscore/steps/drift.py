"""A check for drift: the leads of late beside those the model has learnt among, and its promises beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.features.build import Features, build_features
from leadscore.monitoring import promises as kept
from leadscore.monitoring.drift import ALPHA, LEAST_LEADS, MODERATE
from leadscore.monitoring.drift_columns import Column, ColumnDrift, Limits, compare_columns
from leadscore.monitoring.drift_verdict import SCORE, Said, judge_drift
from leadscore.monitoring.held_back import compared
from leadscore.monitoring.performance import Measured
from leadscore.monitoring.promises import Promise
from leadscore.schema import CUSTOM_PREFIX, Group, Kind
from leadscore.steps.comparing import fingerprint_of, is_from_store, learnt_by_neither
from leadscore.steps.dates import reference_date
from leadscore.steps.drift_reference import Reference, chance_of, kept_reference, profiled
from leadscore.steps.held_back import sentence_of
from leadscore.steps.held_out import Reading
from leadscore.steps.importance import importance_of
from leadscore.steps.judge import made_for
from leadscore.steps.models import load_model, number_of
from leadscore.steps.policies import policy_in_force, with_suggested_blend
from leadscore.store import batches, clients, held_back, performance
from leadscore.store import drift as rows
from leadscore.store.tables import LEAD_FIELD_COLUMNS, Client, ModelVersion
from leadscore.workbench import Workbench

MOST_LEADS = 20_000
"""Leads that are read for a comparison, evenly drawn where there are more."""
DRAWN_COLUMNS = 12
SETTING = "drift"
MOST_DAYS = 3_650
YEAR = timedelta(days=365)
ACCUMULATING = frozenset({Group.BEHAVIOURAL, Group.ENGAGEMENT})
LATELY, LAST_IMPORT, SINCE_TRAINING = "days", "import", "training"
WINDOWS = (LATELY, LAST_IMPORT, SINCE_TRAINING)
SCORE_LABEL = "Chance to convert"


@dataclass(frozen=True)
class DriftSettings:
    """What a client wants of the check.

    Parameters
    ----------
    on : bool
        Whether it is made by itself, once a day.
    days : int
        Leads of the last so many days are compared, in [1, 3650].
    index : float
        Stability index from which a change counts, in [0.02, 1].
    owner : str
        The user who is to look after alerts; may be empty.
    """

    on: bool = True
    days: int = 30
    index: float = MODERATE
    owner: str = ""

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises
        ------
        InvalidRequest
            ``wrong_drift_settings``.
        """
        if not (1 <= self.days <= MOST_DAYS and 0.02 <= self.index <= 1 and len(self.owner) <= 80):
            raise InvalidRequest("wrong_drift_settings", "These settings of the check for drift make no sense.",
                                 f"Use 1 to {MOST_DAYS} days and an index between 0.02 and 1.")

    @classmethod
    def of(cls, row: Client | None) -> DriftSettings:
        """Read what a client has chosen."""
        values = (row.settings.get(SETTING) or {}) if row else {}
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


@dataclass(frozen=True)
class DriftResult:
    """What a check has found; plain values.

    Parameters
    ----------
    verdict, sentence : str
    causes : tuple of str
    version : int
        Of the model.
    newer, compared, known : int
        Leads that came in, of these the ones compared, and those the model learnt among.
    window, reference : str
        Which leads these are, in words.
    columns : tuple of ColumnDrift
        Those that moved most, with their ranges.
    indices : dict of str to float
        Stability index of every column, by label.
    promises : tuple of Promise
    estimated : Measured
        Accuracy estimated from chances alone.
    calibration : list of dict
        Chances beside what came of them, now; ``calibration_before`` at the training.
    coverage : list of dict
        Leads, worked and ended by score.
    ended, waiting : int
        Leads old enough to have ended: with a known end that counts here, and without one.
    delay : int
        Days after which nine of ten conversions have happened.
    notes : tuple of str
        What a person must know to read it.
    held_back : str
        What leads picked by chance say; empty without any.
    """

    verdict: str
    sentence: str
    causes: tuple[str, ...]
    version: int
    newer: int
    compared: int
    known: int
    window: str
    reference: str
    columns: tuple[ColumnDrift, ...] = ()
    indices: dict[str, float] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    estimated: Measured = field(default_factory=lambda: Measured(None))
    calibration: list[dict[str, Any]] = field(default_factory=list)
    calibration_before: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    ended: int = 0
    waiting: int = 0
    delay: int = 0
    notes: tuple[str, ...] = ()
    held_back: str = ""

    @property
    def moved(self) -> tuple[ColumnDrift, ...]:
        """The columns that have moved."""
        return tuple(column for column in self.columns if column.moved)

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"causes": list(self.causes), "notes": list(self.notes),
                        "columns": [column.to_dict() for column in self.columns],
                        "promises": [promise.to_dict() for promise in self.promises],
                        "estimated": [self.estimated.value, self.estimated.low, self.estimated.high]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> DriftResult:
        """Build from :meth:`to_dict`; a check made by an earlier version lacks the newer parts."""
        values: dict[str, Any] = {name: state[name] for name in cls.__dataclass_fields__ if name in state}
        values |= {"causes": tuple(state["causes"]), "notes": tuple(state.get("notes", ())),
                   "columns": tuple(ColumnDrift.from_dict(part) for part in state.get("columns", ())),
                   "promises": tuple(Promise.from_dict(part) for part in state.get("promises", ())),
                   "estimated": Measured(*state.get("estimated", (None,)))}
        return cls(**values)


def keep_settings(session: Session, client_id: int, settings: DriftSettings) -> None:
    """Keep what a client has chosen, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: asdict(settings)})


def check(session: Session, workbench: Workbench, champion: ModelVersion, settings: DriftSettings, *,
          window: str = LATELY) -> DriftResult:
    """Compare the leads of late with those a model has learnt among, and its promises with what came true.

    Parameters
    ----------
    window : {"days", "import", "training"}
        Leads of the last days, of the last import, or all that came in since the training.

    Raises
    ------
    InvalidRequest
        There is no such window.
    """
    if window not in WINDOWS:
        raise InvalidRequest("wrong_window", f"'{window}' is no choice of leads.", f"Use one of {', '.join(WINDOWS)}.")
    looked = _Looked.at(session, workbench, champion, settings, window)
    columns, chances = looked.columns()
    ended = _ended(session, champion, looked.since, workbench.clock())
    report = champion.report
    learnt = int((report.get("data") or {}).get("rows", 0))
    promises = kept.compare_promises(report.get("metrics") or {}, ended.frame, learnt=learnt)
    said: Said = judge_drift(columns, promises, newer=len(looked.ids), version=number_of(champion))
    drawn = [*(column for column in columns if column.moved), *(column for column in columns if not column.moved)]
    return DriftResult(
        verdict=str(said.verdict), sentence=said.sentence, causes=said.causes, version=number_of(champion),
        newer=len(looked.ids), compared=min(len(looked.ids), MOST_LEADS), known=looked.reference_leads,
        window=looked.words, reference=looked.reference_words, columns=tuple(drawn[:DRAWN_COLUMNS]),
        indices={column.label: round(column.index, 4) for column in columns}, promises=promises,
        estimated=kept.estimated_accuracy(kept.corrected(chances, report.get("reliability") or [])),
        calibration=_records(kept.calibration(ended.frame)),
        calibration_before=[dict(part) for part in report.get("reliability") or []],
        coverage=_records(ended.coverage), ended=len(ended.frame), waiting=ended.waiting, delay=ended.delay,
        notes=tuple(_notes(ended, looked)), held_back=_held_back(session, champion.client_id))


# --- what the leads are like ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Looked:
    """The leads of late, and what they are compared with."""

    session: Session
    workbench: Workbench
    champion: ModelVersion
    settings: DriftSettings
    ids: np.ndarray
    since: datetime | None
    words: str
    reference: Reference | None
    reference_words: str

    @classmethod
    def at(cls, session: Session, workbench: Workbench, champion: ModelVersion, settings: DriftSettings,
           window: str) -> _Looked:
        client_id, trained = champion.client_id, champion.created_at
        # of a model that learnt from a file every stored lead is new but those of that file
        since = trained if is_from_store(champion) else None
        besides = "" if is_from_store(champion) else fingerprint_of(champion)
        ids, words = _window(session, workbench, client_id, settings, window, since, besides)
        looked = cls(session, workbench, champion, settings, ids, since, words, kept_reference(champion),
                     f"Leads known when version {champion.id} was trained.")
        return looked._with_old_reference() if looked.reference is None else looked

    def _with_old_reference(self) -> _Looked:
        """Take the stored leads from before the training, where nothing was kept of it."""
        if not is_from_store(self.champion):
            return replace(self, reference_words="Nothing was kept of the file this version learnt from: train again.")
        before = rows.known_before(self.session, self.champion.client_id, self.champion.created_at)
        if len(before) < LEAST_LEADS:
            return self
        features = self._features(_some(before))
        model = load_model(self.workbench, self.champion).model
        said = None if model is None else pd.Series(model.predict(features.frame, contributions=False).probability)
        return replace(self, reference=profiled(features, None if said is None else chance_of(said)),
                       reference_words=f"Leads stored before version {self.champion.id} was trained and stored still.")

    @property
    def reference_leads(self) -> int:
        return self.reference.leads if self.reference else 0

    def columns(self) -> tuple[tuple[ColumnDrift, ...], np.ndarray]:
        """Compare columns; give also the chances of the newer leads."""
        if self.reference is None or len(self.ids) < LEAST_LEADS:
            return (), np.zeros(0)
        features = self._features(_some(self.ids))
        model = load_model(self.workbench, self.champion).model
        chances = np.zeros(0) if model is None else model.predict(features.frame, contributions=False).probability
        reference, frame = dict(self.reference.columns), features.frame
        about = self._about(features)
        if self.reference.chance is not None and len(chances):
            reference[SCORE] = self.reference.chance
            frame, about = frame.assign(**{SCORE: chances}), about | {SCORE: Column(SCORE_LABEL)}
        return compare_columns(reference, frame, about, Limits(index=self.settings.index, alpha=ALPHA)), chances

    def _features(self, lead_ids: np.ndarray) -> Features:
        policy = self._policy()
        reading = Reading(self.session, self.workbench, self.champion.client_id, policy)
        model = load_model(self.workbench, self.champion).model
        leads = reading.leads(lead_ids)
        # of these leads' own dates: those of all would take a look at every lead of the client
        as_of = reference_date(leads, self.workbench.clock())
        return build_features(leads, reading.custom_fields, as_of=as_of,
                              headers=batches.headers(self.session, self.champion.client_id),
                              made=made_for(policy, model))

    def _policy(self) -> Any:
        in_force = policy_in_force(self.session, self.champion.client_id, None, now=self.workbench.clock())
        return with_suggested_blend(in_force, self.champion).policy

    def _about(self, features: Features) -> dict[str, Column]:
        importance = importance_of(self._policy(), self.champion)
        known = {spec.name: Column(spec.label, importance.get(spec.name, 0.0), spec.group in ACCUMULATING,
                                   spec.name in LEAD_FIELD_COLUMNS or spec.name.startswith(CUSTOM_PREFIX),
                                   yes_or_no=spec.kind is Kind.BOOLEAN)
                 for spec in features.specs}
        # what is no longer there at all is missing for every lead
        gone = set(self.reference.columns if self.reference else ()) - set(known)
        curves = self.champion.report.get("effect_curves") or {}
        return known | {name: Column(str((curves.get(name) or {}).get("label") or name), importance.get(name, 0.0))
                        for name in gone if importance.get(name)}


def _window(session: Session, workbench: Workbench, client_id: int, settings: DriftSettings, window: str,
            since: datetime | None, besides: str) -> tuple[np.ndarray, str]:
    """Choose the leads to be compared: those wanted, or all since the training where these are too few."""
    known = "the model learnt"
    if window == LAST_IMPORT:
        batch = rows.last_import(session, client_id)
        found = rows.newer(session, client_id, since=since, besides=besides, batch_id=batch or 0)
        return found, f"Leads of the last import, {batch}, that came in since {known}."
    if window == LATELY:
        start = workbench.clock() - timedelta(days=settings.days)
        found = rows.newer(session, client_id, since=max(start, since) if since else start, besides=besides)
        if len(found) >= LEAST_LEADS:
            return found, f"Leads stored within the last {settings.days} days and since {known}."
    return rows.newer(session, client_id, since=since, besides=besides), f"All leads stored since {known}."


def _some(lead_ids: np.ndarray) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(lead_ids)[:MOST_LEADS])


# --- what came of them ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ended:
    """Leads old enough to have ended.

    Parameters
    ----------
    frame : DataFrame
        Columns ``chance`` and ``converted``.
    waiting : int
        Leads as old whose end is not known.
    delay : int
        In days.
    coverage : DataFrame
        Work by score.
    mixed : bool
        Whether leads that were open at the training are among them, because too few came in since.
    """

    frame: pd.DataFrame
    waiting: int
    delay: int
    coverage: pd.DataFrame
    mixed: bool


def _ended(session: Session, champion: ModelVersion, since: datetime | None, now: datetime) -> _Ended:
    client_id = champion.client_id
    delay = kept.days_until_known(performance.waits(session, client_id))
    last = f"{now - timedelta(days=delay):%Y-%m-%d}"
    found = rows.foretold(session, client_id, until=last)
    found = found[found.index.isin(learnt_by_neither(session, [champion]).index)]
    fresh = found if since is None else found[found["stored_at"] > since.strftime("%Y-%m-%dT%H:%M:%S")]
    enough = _enough(fresh)
    coverage = rows.worked_by_score(session, client_id, first=f"{now - YEAR:%Y-%m-%d}", last=last)
    waiting = int((coverage["leads"] - coverage["ended"]).sum())
    return _Ended((fresh if enough else found)[["chance", "converted"]], waiting, delay, coverage,
                  mixed=not enough and len(found) > len(fresh))


def _enough(frame: pd.DataFrame) -> bool:
    won = float(frame["converted"].sum())
    return min(won, len(frame) - won) >= kept.LEAST_OUTCOMES


def _notes(ended: _Ended, looked: _Looked) -> list[str]:
    notes = [f"Outcomes count of leads that came in at least {ended.delay} days ago: so long nine of ten conversions "
             "took. What comes later is missed."]
    if ended.mixed:
        notes.append("Too few of the leads that came in since the training have ended, so those that were open then "
                     "and have ended since are among them; these took longer than others.")
    worked = _selection(ended.coverage)
    if worked:
        notes.append(worked)
    notes.append("Accuracy estimated from chances holds as far as the chances do: that the same kind of lead now "
                 "converts more or less often cannot be seen in it, only in outcomes.")
    if len(looked.ids) > MOST_LEADS:
        notes.append(f"Compared were {MOST_LEADS:,} leads drawn evenly from {len(looked.ids):,}.")
    return notes


def _selection(coverage: pd.DataFrame) -> str:
    """Say whose end is known: what is measured of worked leads need not hold for the others."""
    if len(coverage) < 2:
        return ""
    best, worst = coverage.iloc[-1], coverage.iloc[0]
    return (f"Mostly leads that are worked have a known end: {best['ended'] / best['leads']:.0%} of those that score "
            f"{best['low']:.0f} or more, {worst['ended'] / worst['leads']:.0%} of those below {worst['high']:.0f}. "
            "What came true is measured on these alone.")


def _held_back(session: Session, client_id: int) -> str:
    counts = held_back.counts(session, client_id)
    return sentence_of(compared(counts)) if len(counts) and (counts["share"] < 1).any() else ""


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain: Sequence[dict[str, Any]] = frame.round(6).to_dict("records")  # type: ignore[assignment]
    return [{str(name): float(value) for name, value in record.items()} for record in plain]
