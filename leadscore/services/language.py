"""What a language server may be used for: shown to those who look, decided by administrators, tried with a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from leadscore.access import Action, Actor, require
from leadscore.connectors.language.answers import Item
from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.steps.language import SETTING, LanguageChoice, choice_of, month_of
from leadscore.store import audit, clients, language_answers
from leadscore.store.database import read, write
from leadscore.store.language_answers import SPENT, NewAnswer
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

LOCAL = "local"
HARMLESS_OFFER = {"name": "Umbrellas", "value_props": ["Keeps the rain off"], "ideal_use_cases": ["Walkers"]}
HARMLESS_LEAD = Item("lead-1", {"facts": "role: Invented person; industry: Walking tours",
                                "own words": "We are looking for forty umbrellas before autumn."})


@dataclass(frozen=True)
class LanguageView:
    """What is allowed, what is set up, and what has been spent.

    Parameters
    ----------
    choice : LanguageChoice
    host, model, embeddings : str
        Machine that texts would go to, its model, and what similar leads are found by.
    problem : str
        Why the server cannot be asked as things stand; empty when it can.
    spent : int
        Tokens of this calendar month.
    """

    choice: LanguageChoice
    host: str
    model: str
    embeddings: str
    problem: str
    spent: int

    @property
    def sentence(self) -> str:
        """Say who judges the intent of leads now."""
        if not self.choice.on:
            return "Intent is judged on this machine; nothing is sent anywhere."
        if self.problem:
            return f"Switched on, but {self.problem[0].lower()}{self.problem[1:]} Intent is judged on this machine."
        if self.spent >= self.choice.monthly_tokens:
            return "The limit of this month is reached; new leads are judged on this machine."
        what = "role, industry, company and what people wrote" if self.choice.send_personal_data \
            else "role, industry, company size and country, never names or what people wrote,"
        when = "scored by an offer" if self.embeddings == LOCAL else "scored by an offer or compared with each other"
        return f"When leads are {when}, {what} go to {self.host}."


def language_settings(workbench: Workbench, actor: Actor, *, client: str) -> LanguageView:
    """Show what a language server may be used for, and what it has cost this month."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        choice = choice_of(session, row.id) if row and row.id else LanguageChoice()
        spent = language_answers.tokens_since(session, row.id, month_of(workbench.clock())) if row and row.id else 0
    server = workbench.language
    return LanguageView(choice=choice, host=server.host if server else "", model=server.chat_model if server else "",
                        embeddings=workbench.settings.embeddings, problem=_problem(workbench), spent=spent)


def save_language_settings(workbench: Workbench, actor: Actor, *, client: str,
                           changes: Mapping[str, Any]) -> LanguageView:
    """Allow or forbid the use of a language server for a client.

    Parameters
    ----------
    changes : mapping
        Any of ``on``, ``send_personal_data`` and ``monthly_tokens``.

    Raises
    ------
    InvalidRequest
        A value makes no sense; what was allowed before stays.
    """
    require(actor, Action.CONFIGURE, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = choice_of(session, client_id)
        after = LanguageChoice.from_dict(asdict(before) | dict(changes))
        settings = session.get_one(Client, client_id).settings
        clients.save_settings(session, client_id, {**settings, SETTING: asdict(after)})
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="language_settings_saved", object=f"client:{client_id}",
                     detail={"before": asdict(before), "after": asdict(after)})
    return language_settings(workbench, actor, client=client)


def try_language_server(workbench: Workbench, actor: Actor, *, client: str) -> str:
    """Ask the server about an invented lead and say in a sentence how that went.

    Raises
    ------
    LeadScoreError
        What is wrong: no key, a wrong address, no answer in time, a key that is not accepted, an unknown model, an
        answer that is none.
    """
    require(actor, Action.CONFIGURE, client)
    server, now = workbench.language, workbench.clock()
    if server is None:
        raise InvalidRequest("no_language_server", "No language server is set up.",
                             "Set OPENAI_API_KEY and start the program again.")
    answered = server.rate(HARMLESS_OFFER, [HARMLESS_LEAD])
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        language_answers.save(session, workbench.vault, client_id, [NewAnswer(uuid4().hex, {}, answered.tokens)],
                              kind=SPENT, model=server.chat_model, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="language_server_tried", object=f"client:{client_id}",
                     detail={"host": server.host, "model": server.chat_model, "tokens": answered.tokens,
                             "answered": len(answered.answers)})
    answer = answered.answers.get(HARMLESS_LEAD.id)
    if answer is None:
        raise LeadScoreError("language_answer_unreadable",
                             f"The server answers, but '{server.chat_model}' does not keep to the form asked for.",
                             "Choose another model with LEADSCORE_CHAT_MODEL.")
    return f"{server.host} answers: '{server.chat_model}' rated the invented lead {answer.level}."


def _problem(workbench: Workbench) -> str:
    if workbench.language is None:
        return "No language server is set up."
    try:
        workbench.language.check()
    except LeadScoreError as fault:
        return str(fault)
    return ""
