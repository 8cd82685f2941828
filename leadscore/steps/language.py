"""A language server is asked about leads, within what an administrator allows; its answers are kept and found again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.connectors.language.answers import PROMPT_VERSION, IntentAnswer, Item
from leadscore.connectors.language.openai_compatible import BATCH, LanguageServer
from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.features.text import impersonal, own_words
from leadscore.scoring.intent import looks_like_instructions
from leadscore.scoring.offer import Offer
from leadscore.steps.progress import Progress
from leadscore.store import audit, language_answers, lead_reading
from leadscore.store.database import read, write
from leadscore.store.language_answers import INTENT, SPENT, NewAnswer
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

SETTING = "language"
DEFAULT_TOKENS = 200_000
MOST_TOKENS = 1_000_000_000
MOST_SECONDS = 1_800.0
"""After this long the leads not asked about yet are judged locally; a job must not hang on somebody else's server."""
PAID_FOR = frozenset({"language_timeout", "language_answer_too_large", "language_answer_unreadable"})
"""Faults of a request that was worked on, and so may have been paid for."""
CHUNK = 50_000
ANSWER_COLUMNS = ("level", "reasoning", "model")


@dataclass(frozen=True)
class LanguageChoice:
    """What an administrator allows for a client.

    Parameters
    ----------
    on : bool
        Whether a language server may be asked at all.
    send_personal_data : bool
        Whether bios and notes may leave the machine; else only role, industry, company size and country do.
    monthly_tokens : int
        What may be spent in a calendar month (UTC).
    """

    on: bool = False
    send_personal_data: bool = False
    monthly_tokens: int = DEFAULT_TOKENS

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LanguageChoice:
        """Read plain values.

        Raises
        ------
        InvalidRequest
            One makes no sense.
        """
        chosen = asdict(cls()) | {name: value for name, value in values.items() if name in asdict(cls())}
        if not isinstance(chosen["on"], bool) or not isinstance(chosen["send_personal_data"], bool):
            raise InvalidRequest("wrong_language_choice", "A switch is neither on nor off.", "Use true or false.")
        tokens = chosen["monthly_tokens"]
        if type(tokens) is not int or not 0 <= tokens <= MOST_TOKENS:
            raise InvalidRequest("wrong_token_limit", f"A limit of {tokens} tokens is not possible.",
                                 f"Give a whole number from 0 to {MOST_TOKENS:,}.")
        return cls(**chosen)


@dataclass(frozen=True)
class Consulted:
    """What asking a language server has brought.

    Parameters
    ----------
    asked, answered, local : int
        Questions about distinct texts: sent, answered well, and left to the local estimate.
    requests, tokens : int
    note : str
        Why not all were answered; empty when all were.
    """

    asked: int = 0
    answered: int = 0
    local: int = 0
    requests: int = 0
    tokens: int = 0
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)


def choice_of(session: Session, client_id: int) -> LanguageChoice:
    """Read what an administrator allows for a client; nothing, until somebody has allowed it."""
    return LanguageChoice.from_dict(session.get_one(Client, client_id).settings.get(SETTING) or {})


def month_of(moment: datetime) -> datetime:
    """Give the beginning of the calendar month (UTC) a moment lies in."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def known_answers(session: Session, workbench: Workbench, client_id: int, leads: pd.DataFrame, offer: Offer, *,
                  known_at: datetime | None = None) -> pd.DataFrame:
    """Find what language servers have said of leads with regard to an offer; nobody is asked.

    Parameters
    ----------
    known_at : datetime, optional
        Answers that came later are left out.

    Returns
    -------
    DataFrame
        Index ``lead_id``, only leads that have an answer; columns ``level``, ``reasoning``, ``model``. Of several
        answers the latest, and one that knew the lead's own words before one that did not.
    """
    models = language_answers.models(session, client_id, INTENT)
    found: dict[int, dict[str, Any]] = {}
    if models and len(leads):
        for personal in (False, True):
            asked = _questions(leads, personal)
            for lead_id, answer in _latest(session, workbench, client_id, asked, models, offer, known_at).items():
                found[lead_id] = answer
    return pd.DataFrame({name: pd.array([answer[name] for answer in found.values()], dtype="str")
                         for name in ANSWER_COLUMNS}, index=pd.Index(list(found), name=leads.index.name, dtype="int64"))


def consult(workbench: Workbench, *, client_id: int, lead_ids: np.ndarray, offer: Offer, asked_by: str, now: datetime,
            tell: Progress) -> Consulted:
    """Ask the language server about the leads it has not judged yet, as far as that is allowed and paid for.

    Requests are made outside of any transaction; each batch of good answers is stored at once, so that nothing is asked
    twice when the work is stopped. What cannot be answered stays with the local estimate.

    Parameters
    ----------
    now : datetime
        The moment answers are stored with.
    tell : callable
        Gets fractions in [0, 1].
    """
    server = workbench.language
    with read(workbench.engine) as session:
        choice = choice_of(session, client_id)
        if not choice.on or server is None:
            return Consulted()
        open_questions = _unanswered(session, workbench, client_id, lead_ids, offer, choice)
    if not open_questions:
        return Consulted()
    asking = _Asking(workbench, server, client_id, offer, choice, now)
    try:
        return asking.ask_all(open_questions, tell)
    finally:
        asking.note(asked_by)


def _questions(leads: pd.DataFrame, personal: bool) -> pd.DataFrame:
    """Write what would be told of each lead: ``about``, ``words`` and whether its answer is about that lead alone."""
    words = own_words(leads)
    about = impersonal(leads).fillna("")
    suspicious = looks_like_instructions(about.str.cat(words.fillna(""), sep="\n").tolist())
    frame = pd.DataFrame({"about": about, "words": words.fillna("") if personal else "",
                          "own": personal & words.notna().to_numpy()}, index=leads.index)
    told = ((frame["about"] != "") | (frame["words"] != "")).to_numpy(dtype=bool)
    asked: pd.DataFrame = frame.loc[told & ~suspicious]
    return asked


def _keys(asked: pd.DataFrame, model: str, offer: Offer) -> list[str]:
    """Name each question: equal texts have one answer, unless it is about one person's own words."""
    head = orjson.dumps([INTENT, model, PROMPT_VERSION, offer.name, offer.value_props, offer.ideal_use_cases])
    return [blake2b(b"\0".join((head, about.encode(), words.encode(), str(lead_id).encode() if own else b"")),
                    digest_size=32).hexdigest()
            for lead_id, about, words, own in zip(asked.index.tolist(), asked["about"].tolist(),
                                                  asked["words"].tolist(), asked["own"].tolist(), strict=True)]


def _latest(session: Session, workbench: Workbench, client_id: int, asked: pd.DataFrame, models: Sequence[str],
            offer: Offer, known_at: datetime | None) -> dict[int, dict[str, Any]]:
    best: dict[int, dict[str, Any]] = {}
    for model in models:
        keys = _keys(asked, model, offer)
        answers = language_answers.find(session, workbench.vault, client_id, list(dict.fromkeys(keys)),
                                        known_at=known_at)
        for lead_id, key in zip(asked.index.tolist(), keys, strict=True):
            answer = answers.get(key)
            if answer and (lead_id not in best or answer["at"] > best[lead_id]["at"]):
                best[lead_id] = answer
    return best


@dataclass(frozen=True)
class _Question:
    key: str
    about: str
    words: str
    lead_id: int | None

    @property
    def facts(self) -> dict[str, str]:
        return {name: text for name, text in (("facts", self.about), ("own words", self.words)) if text}


def _unanswered(session: Session, workbench: Workbench, client_id: int, lead_ids: np.ndarray, offer: Offer,
                choice: LanguageChoice) -> list[_Question]:
    model = workbench.language.chat_model if workbench.language else ""
    found: dict[str, _Question] = {}
    for start in range(0, len(lead_ids), CHUNK):
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=lead_ids[start:start + CHUNK],
                                        keep_empty=True)
        asked = _questions(leads, choice.send_personal_data)
        keys = _keys(asked, model, offer)
        known = language_answers.find(session, workbench.vault, client_id, list(dict.fromkeys(keys)))
        for key, about, words, own, lead_id in zip(keys, asked["about"].tolist(), asked["words"].tolist(),
                                                   asked["own"].tolist(), asked.index.tolist(), strict=True):
            if key not in known and key not in found:
                found[key] = _Question(key, about, words, int(lead_id) if own else None)
    return list(found.values())


class _Asking:
    """One round of questions: what it may still spend, and what it has done so far."""

    def __init__(self, workbench: Workbench, server: LanguageServer, client_id: int, offer: Offer,
                 choice: LanguageChoice, now: datetime) -> None:
        self._workbench, self._server, self._client_id = workbench, server, client_id
        self._offer = {"name": offer.name, "value_props": offer.value_props, "ideal_use_cases": offer.ideal_use_cases}
        self._choice, self._now = choice, now
        self._asked = self._answered = self._requests = self._tokens = self._with_words = 0
        self._stopped = ""
        self._ends = time.monotonic() + MOST_SECONDS

    def ask_all(self, questions: Sequence[_Question], tell: Progress) -> Consulted:
        for start in range(0, len(questions), BATCH):
            tell(start / len(questions), f"Asking the language server about text {start + 1:,} of {len(questions):,}")
            batch = questions[start:start + BATCH]
            left = self._ask(batch)
            # a second try alone, in case one of them spoilt the answer for the others
            for question in left if len(batch) > 1 else ():
                self._ask([question])
            if self._stopped:
                break
        local = len(questions) - self._answered
        note = self._stopped or ("" if not local else "Some answers of the language server could not be used.")
        return Consulted(self._asked, self._answered, local, self._requests, self._tokens,
                         f"{note} {local:,} texts were judged by the local estimate." if local else "")

    def note(self, asked_by: str) -> None:
        """Write down how much went out, to whom and of what kind; never what."""
        if not self._requests:
            return
        detail = {"host": self._server.host, "model": self._server.chat_model, "requests": self._requests,
                  "texts": self._asked, "with_personal_words": self._with_words, "answered": self._answered,
                  "tokens": self._tokens}
        with write(self._workbench.engine) as session:
            audit.append(session, self._workbench.vault, at=self._now, client_id=self._client_id, actor=asked_by,
                         action="language_server_asked", object=f"client:{self._client_id}", detail=detail)

    def _ask(self, batch: Sequence[_Question]) -> list[_Question]:
        """Ask once and store the good answers; gives the questions that have none."""
        items = [Item(f"lead-{number}", question.facts) for number, question in enumerate(batch, start=1)]
        held = None if self._stopped else self._reserved(self._server.estimate(self._offer, items))
        if held is None:
            return list(batch)
        self._requests += 1
        self._asked += len(batch)
        self._with_words += sum(bool(question.words) for question in batch)
        try:
            answered = self._server.rate(self._offer, items)
        except LeadScoreError as fault:
            self._stopped = fault.message
            if fault.code not in PAID_FOR:
                self._settle(held, 0)
            return list(batch)
        self._tokens += answered.tokens
        good = {question.key: answered.answers[item.id] for question, item in zip(batch, items, strict=True)
                if item.id in answered.answers}
        self._answered += len(good)
        self._store(batch, good, answered.tokens, held)
        return [question for question in batch if question.key not in good]

    def _reserved(self, estimate: int) -> str | None:
        """Set aside what a request may cost, if it may be made: others may ask, and choices change, meanwhile."""
        if time.monotonic() > self._ends:
            self._stopped = f"Asking took more than {MOST_SECONDS / 60:.0f} minutes."
            return None
        with write(self._workbench.engine) as session:
            choice, month = choice_of(session, self._client_id), month_of(self._now)
            if not choice.on or choice.send_personal_data != self._choice.send_personal_data:
                self._stopped = "What may be sent was changed meanwhile."
                return None
            held = language_answers.reserve(session, self._workbench.vault, self._client_id, estimate,
                                            limit=choice.monthly_tokens, since=month, kind=SPENT,
                                            model=self._server.chat_model, now=self._now)
            if held is None:
                spent = language_answers.tokens_since(session, self._client_id, month)
                self._stopped = (f"The limit of {choice.monthly_tokens:,} tokens a month is reached "
                                 f"({spent:,} are spent).")
        return held

    def _settle(self, held: str, tokens: int) -> None:
        with write(self._workbench.engine) as session:
            language_answers.settle(session, self._client_id, held, tokens)

    def _store(self, batch: Sequence[_Question], good: Mapping[str, IntentAnswer], tokens: int, held: str) -> None:
        share, rest = divmod(tokens, max(len(good), 1))
        new = [NewAnswer(question.key, asdict(good[question.key]), share + (rest if place == 0 else 0),
                         question.lead_id)
               for place, question in enumerate(one for one in batch if one.key in good)]
        with write(self._workbench.engine) as session:
            kept = language_answers.save(session, self._workbench.vault, self._client_id, new, kind=INTENT,
                                         model=self._server.chat_model, now=self._now)
            # what brought no new answer was paid for all the same
            language_answers.settle(session, self._client_id, held, 0 if new and kept == len(new) else
                                    tokens - sum(answer.tokens for answer in new[:kept]))
