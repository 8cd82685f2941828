"""The columns an expression may name: found by field name, label or header, and refused with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from leadscore.features.never import (
    REASON_BY_GROUP,
    REASON_IDENTIFIER,
    REASON_PERSONAL,
    REASON_PERSONAL_FIGURE,
)
from leadscore.features.parser import Name
from leadscore.features.tokens import refuse_at
from leadscore.features.units import MONEY, NUMBER, PLAIN, UNIT_OF_FIELD, Unit, unit_named
from leadscore.features.values import Sort
from leadscore.schema import CUSTOM_PREFIX, FIELDS, NUMERIC_KINDS, CustomField, Field, Group, Kind, normalise_header

CLOSE_ENOUGH = 70.0
"""Likeness (0-100) from which a name is offered as what was meant."""
LONGEST_SHOWN = 60
DATES_OF_THE_LEAD = frozenset({"created_at"})
"""Fields kept by the people who work the lead that tell of the lead all the same."""
SORT_OF_KIND = {Kind.DATE: Sort.DATE, Kind.BOOLEAN: Sort.YES_NO} | dict.fromkeys(NUMERIC_KINDS, Sort.NUMBER)


@dataclass(frozen=True)
class Column:
    """One column an expression may name.

    Parameters
    ----------
    name : str
        Column of the leads frame.
    label : str
        What people read.
    sort : Sort
    unit : Unit
        Of a number.
    family : str
        Group it counts to.
    refusal : str
        Why it may not be used; empty when it may.
    spells : bool
        True for texts that name single companies or places: they may be asked about, but not be a value themselves.
    """

    name: str
    label: str
    sort: Sort
    unit: Unit = PLAIN
    family: str = str(Group.FIT)
    refusal: str = ""
    spells: bool = False

    @property
    def unit_words(self) -> str:
        """What it is measured in, as people read it."""
        return self.unit.words if self.sort is Sort.NUMBER else str(self.sort)


@dataclass(frozen=True)
class Columns:
    """Every column of a client, by every name it goes by.

    Parameters
    ----------
    all : tuple of Column
    names : tuple of dict
        Spelling to columns, in the order in which the spellings count.
    """

    all: tuple[Column, ...]
    names: tuple[Mapping[str, tuple[Column, ...]], ...]

    @cached_property
    def usable(self) -> tuple[Column, ...]:
        """Those an expression may use."""
        return tuple(column for column in self.all if not column.refusal)

    def find(self, text: str) -> tuple[Column, ...]:
        """Find the columns a name may mean, none or several where it is not clear."""
        spelling, plain = text.strip().casefold(), normalise_header(text)
        *exact, aliases = self.names
        for table in exact:
            if spelling in table:
                return table[spelling]
        return aliases.get(plain, ()) if plain else ()

    def named(self, name: Name, *, missing_is_empty: bool) -> Column:
        """Find the column a name means.

        Parameters
        ----------
        missing_is_empty : bool
            Takes an unknown name for a column that has no values, as it is in a file without that column.

        Raises
        ------
        WrongExpression
            No column, or several, are called so, or the column may not be used.
        """
        found = self.find(name.text)
        shown = name.text[:LONGEST_SHOWN]
        if not found and missing_is_empty:
            return Column(CUSTOM_PREFIX + name.text.removeprefix(CUSTOM_PREFIX), name.text, Sort.UNKNOWN)
        if not found:
            refuse_at(name.at, f"There is no column '{shown}'.", self._instead(shown))
        if len(found) > 1:
            refuse_at(name.at, f"Several columns are called '{shown}'.",
                      f"Write {' or '.join(f'[{column.name}]' for column in found[:3])}.")
        if found[0].refusal:
            refuse_at(name.at, f"'{shown}' cannot be used.", found[0].refusal)
        return found[0]

    def _instead(self, text: str) -> str:
        known = {spelling: column for column in self.usable for spelling in (column.name, column.label)}
        close = process.extractOne(text, list(known), scorer=fuzz.WRatio, score_cutoff=CLOSE_ENOUGH,
                                   processor=str.casefold)
        return f"Did you mean {written(known[close[0]])}?" if close else "The list of columns shows what there is."


def columns_of(custom_fields: Sequence[CustomField] = (), headers: Mapping[str, str] | None = None) -> Columns:
    """List the columns of a client: the fields of the schema, and its own.

    Parameters
    ----------
    custom_fields : sequence of CustomField
    headers : mapping or None
        Field to the header of the client's own files.
    """
    own = [_of_custom(field) for field in custom_fields]
    by_name = {column.name: column for column in _FIELD_COLUMNS}
    called = [(header, by_name[name]) for name, header in (headers or {}).items() if name in by_name]
    return Columns(
        (*_FIELD_COLUMNS, *own),
        (_table([(column.name, column) for column in (*_FIELD_COLUMNS, *own)]),
         _table([(column.label, column) for column in own]), _table(called),
         _table([(column.label, column) for column in _FIELD_COLUMNS]), _ALIASES))


def written(column: Column) -> str:
    """Write a column as an expression names it, so that it means the same in every file."""
    if not column.name.startswith(CUSTOM_PREFIX):
        return column.name
    header = column.name.removeprefix(CUSTOM_PREFIX)
    # a header that a field goes by as well would mean that field where the column is absent
    return f"[{(column.name if OF_FIELDS.find(header) else header).replace(']', ']]')}]"


def _of_field(field: Field) -> Column:
    sort = SORT_OF_KIND.get(field.kind, Sort.TEXT)
    return Column(field.name, field.label, sort, _unit(field), str(field.group), _refusal(field),
                  spells=sort is Sort.TEXT and not field.feature)


def _of_custom(field: CustomField) -> Column:
    personal = field.personal or field.kind in {Kind.EMAIL, Kind.PHONE, Kind.URL}
    refusal = REASON_PERSONAL if personal else REASON_IDENTIFIER if field.kind is Kind.IDENTIFIER else ""
    # nobody knows what the numbers of a column of their own measure
    unit = unit_named(MONEY) if field.kind is Kind.MONEY else NUMBER
    return Column(field.name, field.header, SORT_OF_KIND.get(field.kind, Sort.TEXT), unit, refusal=refusal)


def _unit(field: Field) -> Unit:
    if field.kind is Kind.MONEY:
        return unit_named(MONEY)
    return unit_named(UNIT_OF_FIELD.get(field.name, "count")) if field.kind is Kind.NUMBER else PLAIN


def _refusal(field: Field) -> str:
    if field.personal:
        return REASON_PERSONAL_FIGURE if field.feature else REASON_PERSONAL
    return "" if field.name in DATES_OF_THE_LEAD else REASON_BY_GROUP.get(field.group, "")


def _table(pairs: Iterable[tuple[str, Column]]) -> dict[str, tuple[Column, ...]]:
    found: dict[str, tuple[Column, ...]] = {}
    for spelling, column in pairs:
        key = spelling.strip().casefold()
        if column not in found.get(key, ()):
            found[key] = (*found.get(key, ()), column)
    return found


_FIELD_COLUMNS = tuple(_of_field(field) for field in FIELDS)
_ALIASES = _table([(alias, column) for field, column in zip(FIELDS, _FIELD_COLUMNS, strict=True)
                   for alias in field.aliases])
OF_FIELDS = columns_of()
"""The columns everybody has."""
