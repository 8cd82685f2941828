"""Which scored leads a list is about, and how that is said to the database."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, NUMERIC_KINDS, Kind
from leadscore.store.bulk import member_of, members
from leadscore.store.database import is_sqlite
from leadscore.store.tables import LEAD_FIELD_COLUMNS, to_text

SEARCHED = ("company", "job_title", "company_domain", "city")
YES = frozenset({"true", "1", "yes", "y", "ja", "oui", "si", "sí"})
NO = frozenset({"false", "0", "no", "n", "nein", "non"})
LARGEST_NUMBER = 2**63 - 1
"""What a database takes as a whole number."""

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_NAMED = {"tiers": "tier", "outcomes": "outcome", "owners": "owner", "sources": "source", "countries": "country",
          "industries": "industry"}


class FieldTest(StrEnum):
    """How the value of a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    IS_FILLED = "is_filled"
    IS_EMPTY = "is_empty"


WITHOUT_VALUE = frozenset({FieldTest.IS_FILLED, FieldTest.IS_EMPTY})
WITH_ORDER = {FieldTest.AT_LEAST: ">=", FieldTest.AT_MOST: "<="}


@dataclass(frozen=True)
class ListFilter:
    """Which scored leads a list is about; everything left out does not filter.

    Parameters
    ----------
    tiers, outcomes, owners, sources, countries, industries : tuple of str
        Any of these values.
    batch_id : int or None
        Leads the import stored.
    min_score, max_score : float or None
        Inclusive, 0–100.
    reachable : bool or None
        Whether the lead may be contacted.
    exclude_exported : bool
        Leave out leads that were exported before.
    search : str or None
        Part of company, job title, domain or city, whatever its case.
    lead_ids : sequence of int or None
        With ``search``: leads found by it in another way (by e-mail), added to it. Alone: only these.
    company_key : str or None
        Leads of one company.
    fields : tuple of (name, test, value)
        Any other stored field that is not personal; every test must hold. A lead without a value passes no test but
        ``is_not`` and ``is_empty``.
    within : tuple of ListFilter
        Filters that must hold too, such as those of a segment.
    days : tuple of str, or None
        First and last day (as 2026-01-31, both included) the lead came in.
    model_version, policy_version : int or None
        What the score in force was made with; model version 0 means rules alone.
    member_of : int or None
        Leads that were in this segment when it was last looked at.
    member_since : datetime or None
        With ``member_of``: only leads that have come in since.
    """

    tiers: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    batch_id: int | None = None
    min_score: float | None = None
    max_score: float | None = None
    reachable: bool | None = None
    exclude_exported: bool = False
    search: str | None = None
    lead_ids: Sequence[int] | np.ndarray | None = None
    company_key: str | None = None
    fields: tuple[tuple[str, str, str], ...] = ()
    within: tuple[ListFilter, ...] = ()
    days: tuple[str, str] | None = None
    model_version: int | None = None
    policy_version: int | None = None
    member_of: int | None = None
    member_since: datetime | None = None


EVERYTHING = ListFilter()


def where_of(session: Session, client_id: int, chosen: ListFilter) -> tuple[str, dict[str, Any]]:
    """Say a filter to the database.

    Returns
    -------
    tuple of str and dict
        A condition on ``scores s``, which always names the client, and its parameters.

    Raises
    ------
    InvalidRequest
        A field that lists cannot be filtered by, or a value that does not fit it.
    """
    said = _Said(session, {"client": client_id})
    conditions = ["s.client_id = :client"]
    for filter_ in _all_of(chosen):
        conditions += said.scores(filter_) + said.leads(filter_) + said.members(filter_)
    return " AND ".join(conditions), said.parameters


def _all_of(chosen: ListFilter) -> list[ListFilter]:
    return [chosen, *(inner for within in chosen.within for inner in _all_of(within))]


class _Said:
    """Collects the parameters of conditions, each under a name of its own."""

    def __init__(self, session: Session, parameters: dict[str, Any]) -> None:
        self.session, self.parameters = session, parameters

    def name(self, value: Any) -> str:
        key = f"p{len(self.parameters)}"
        if type(value) is int:
            # there is nothing of such a number, and no database can be asked for it
            value = min(max(value, -LARGEST_NUMBER), LARGEST_NUMBER)
        self.parameters[key] = storable(value) if isinstance(value, str) else value
        return key

    def one_of(self, column: str, values: Sequence[Any] | np.ndarray) -> str:
        return member_of(self.session, column, self.name(members(self.session, values)))

    def scores(self, chosen: ListFilter) -> list[str]:
        conditions = [self.one_of(f"s.{column}", [storable(str(value)) for value in getattr(chosen, name)])
                      for name, column in _NAMED.items() if getattr(chosen, name)]
        simple = {"s.batch_id =": chosen.batch_id, "s.score >=": chosen.min_score, "s.score <=": chosen.max_score,
                  "s.reachable =": chosen.reachable}
        conditions += [f"{start} :{self.name(value)}" for start, value in simple.items() if value is not None]
        if chosen.days:
            conditions.append(f"s.day BETWEEN :{self.name(chosen.days[0])} AND :{self.name(chosen.days[1])}")
        conditions += self.runs(chosen)
        return [*conditions, "s.exported = false"] if chosen.exclude_exported else conditions

    def runs(self, chosen: ListFilter) -> list[str]:
        """Say which scorings are meant; they are few, so their numbers come from a table of their own."""
        wanted = {"coalesce(r.model_version, 0)": chosen.model_version, "r.policy_version": chosen.policy_version}
        tests = [f"{column} = :{self.name(value)}" for column, value in wanted.items() if value is not None]
        if not tests:
            return []
        return [f"s.run_id IN (SELECT r.id FROM score_runs r WHERE r.client_id = :client AND {' AND '.join(tests)})"]

    def leads(self, chosen: ListFilter) -> list[str]:
        conditions = []
        if chosen.company_key is not None:
            conditions.append("s.lead_id IN (SELECT id FROM leads WHERE client_id = :client AND company_key = "
                              f":{self.name(chosen.company_key)})")
        people = None
        if chosen.lead_ids is not None:
            people = self.one_of("s.lead_id", np.asarray(chosen.lead_ids, dtype=np.int64))
        if chosen.search:
            key = self.name(f"%{_escaped(chosen.search.lower())}%")
            found = _exists(" OR ".join(f"lower(l.{name}) LIKE :{key} ESCAPE '!'" for name in SEARCHED))
            conditions.append(f"({found} OR {people})" if people else found)
        elif people:
            conditions.append(people)
        return conditions + [self.field(*test) for test in chosen.fields]

    def members(self, chosen: ListFilter) -> list[str]:
        if chosen.member_of is None:
            return []
        since = f" AND m.since >= :{self.name(to_text(chosen.member_since))}" if chosen.member_since else ""
        return ["s.lead_id IN (SELECT m.lead_id FROM segment_members m WHERE m.client_id = :client AND m.segment_id = "
                f":{self.name(chosen.member_of)}{since})"]

    def field(self, name: str, test: str, value: str) -> str:
        if test not in {str(known) for known in FieldTest}:
            raise InvalidRequest("unknown_test", f"Fields cannot be compared by '{test}'.",
                                 f"Use one of {', '.join(FieldTest)}.")
        if test in (FieldTest.IS_NOT, FieldTest.IS_EMPTY):
            return f"NOT {self.field(name, FieldTest.IS if test == FieldTest.IS_NOT else FieldTest.IS_FILLED, value)}"
        if name.startswith(CUSTOM_PREFIX):
            return _exists(self._custom(name, FieldTest(test), value))
        if name not in LEAD_FIELD_COLUMNS:
            raise InvalidRequest("unknown_field", f"Lists cannot be filtered by '{name}'.",
                                 "Personal fields are found by the search box.")
        return _exists(self._known(name, FieldTest(test), value))

    def _known(self, name: str, test: FieldTest, value: str) -> str:
        column, kind = f'l."{name}"', FIELD_BY_NAME[name].kind
        if test == FieldTest.IS_FILLED:
            return f"{column} IS NOT NULL"
        if test == FieldTest.CONTAINS and kind is not Kind.BOOLEAN:
            return f"lower(CAST({column} AS TEXT)) LIKE :{self.name(f'%{_escaped(value.lower())}%')} ESCAPE '!'"
        if kind is Kind.DATE:
            return self._dated(column, test, _day(value))
        return f"{column} {WITH_ORDER.get(test, '=')} :{self.name(_field_value(name, kind, test, value))}"

    def _dated(self, column: str, test: FieldTest, day: str) -> str:
        # moments are kept as text, so the last one of a day is any that begins with it
        first, last = f"{column} >= :{self.name(day)}", f"{column} <= :{self.name(f'{day}T99')}"
        return {FieldTest.AT_LEAST: first, FieldTest.AT_MOST: last}.get(test, f"({first} AND {last})")

    def _custom(self, name: str, test: FieldTest, value: str) -> str:
        key = self.name(name)
        if is_sqlite(self.session):
            # what is true or false is told as a number here
            shown = "CASE WHEN j.type IN ('true', 'false') THEN j.type ELSE CAST(j.value AS TEXT) END"
            number = "CASE WHEN j.type IN ('integer', 'real') THEN j.value END"
            inner = self._text(test, value, f"({shown})", number)
            return f"EXISTS (SELECT 1 FROM json_each(l.custom) j WHERE j.key = :{key} AND {inner})"
        kept = "CAST(l.custom AS json)"
        number = (f"CASE WHEN json_typeof({kept} -> :{key}) = 'number' "
                  f"THEN CAST({kept} ->> :{key} AS double precision) END")
        return self._text(test, value, f"({kept} ->> :{key})", number)

    def _text(self, test: FieldTest, value: str, shown: str, number: str) -> str:
        """Compare a value of a person's own column, which may be a text, a number, a moment, or yes or no."""
        day = value.strip()
        if test == FieldTest.IS_FILLED:
            return f"{shown} IS NOT NULL"
        if test == FieldTest.CONTAINS:
            return f"lower({shown}) LIKE :{self.name(f'%{_escaped(value.lower())}%')} ESCAPE '!'"
        if DAY.fullmatch(day):
            dated = f"({shown} LIKE '____-__-__T%' AND {self._dated(shown, test, day)})"
            return dated if test in WITH_ORDER else f"({dated} OR {shown} = :{self.name(day)})"
        if test in WITH_ORDER:
            return f"{number} {WITH_ORDER[test]} :{self.name(_number(value))}"
        return self._same(value, shown, number)

    def _same(self, value: str, shown: str, number: str) -> str:
        ways, plain = [f"{shown} = :{self.name(str(value))}"], value.strip().lower()
        if _is_number(plain):
            ways.append(f"{number} = :{self.name(float(plain))}")
        if plain in YES | NO:
            ways.append(f"{shown} = :{self.name('true' if plain in YES else 'false')}")
        return f"({' OR '.join(ways)})"


def storable(text: str) -> str:
    """Take out of a text what no stored text holds, so that the database can be asked for it."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _exists(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM leads l WHERE l.id = s.lead_id AND ({condition}))"


def _escaped(search: str) -> str:
    return search.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _field_value(name: str, kind: Kind, test: FieldTest, value: str) -> Any:
    if test in WITH_ORDER and kind not in NUMERIC_KINDS:
        raise InvalidRequest("no_order", f"'{FIELD_BY_NAME[name].label}' has no more and no less.",
                             "Compare it by 'is' or 'contains'.")
    if kind is Kind.BOOLEAN:
        return _yes_or_no(value)
    return _number(value) if kind in NUMERIC_KINDS else str(value)


def _yes_or_no(value: str) -> bool:
    plain = str(value).strip().lower()
    if plain not in YES | NO:
        raise InvalidRequest("wrong_answer", f"'{value}' is neither yes nor no.", "Write yes or no.")
    return plain in YES


def _day(value: str) -> str:
    day = value.strip()
    if not DAY.fullmatch(day):
        raise InvalidRequest("wrong_date", f"'{value}' is not a day.", "Write it as 2026-01-31.")
    return day


def _number(value: str) -> float:
    if not _is_number(value):
        raise InvalidRequest("wrong_number", f"'{value}' is not a number.", "Write a number such as 12.5.")
    return float(value)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
