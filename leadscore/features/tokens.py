"""The text of an expression in, its words out, each with its place; nothing else may stand in one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from leadscore.errors import InvalidRequest

LONGEST_TEXT = 1_000
LARGEST_NUMBER = 1e15
MOST_DIGITS = 24


class Token(StrEnum):
    """What a word of an expression is."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    COLUMN = "column"
    SIGN = "sign"
    END = "end"


class WrongExpression(InvalidRequest):
    """An expression that cannot be used.

    Parameters
    ----------
    position : int
        Where, counted from 1.
    message, hint : str
        What is wrong there, and what to write instead.
    """

    def __init__(self, position: int, message: str, hint: str = "") -> None:
        super().__init__("wrong_expression", f"At character {position}: {message}", hint)
        self.position = position


@dataclass(frozen=True)
class Word:
    """One word: what it is, what it says, and where it begins and ends (0-based, the end not included)."""

    token: Token
    text: str
    start: int
    end: int


_PATTERN = re.compile(
    r"(?P<blank>[ \t\r\n\u00a0]+)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*'|“[^”]*”)"
    r"|(?P<column>\[(?:[^\]]|\]\])*\])"
    r"|(?P<sign><=|>=|==|!=|<>|\*\*|:=|[-+*/()<>=,×÷−≤≥≠^])"
)
_SAME_SIGN = {"×": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "==": "="}
_UNCLOSED = {'"': "This text is not closed.", "'": "This text is not closed.", "“": "This text is not closed.",
             "[": "This column name is not closed; it needs a ']'."}
_FOREIGN = {"**": "There are no powers here.", "^": "There are no powers here.", ":=": "Nothing can be named here.",
            "%": "There is no sign for per cent here.", ".": "A point can only stand inside a number.",
            ";": "An expression is one formula; nothing can follow it.",
            "{": "Braces mean nothing here."}
_INSTEAD = {"**": "Multiply (x * x), or use sqrt(x).", "^": "Multiply (x * x), or use sqrt(x).",
            "%": "Write 0.2 for 20 per cent."}


def refuse_at(place: int, message: str, hint: str = "") -> NoReturn:
    """Refuse an expression and say where.

    Parameters
    ----------
    place : int
        0-based place in the text; people count from 1.

    Raises
    ------
    WrongExpression
        Always.
    """
    raise WrongExpression(place + 1, message, hint)


def words_of(text: str) -> tuple[Word, ...]:
    """Split an expression into its words, the last of which is its end.

    Raises
    ------
    InvalidRequest
        The text is empty, longer than 1,000 characters, or holds what no expression can hold.
    """
    if len(text) > LONGEST_TEXT:
        refuse_at(LONGEST_TEXT, f"The expression is longer than {LONGEST_TEXT:,} characters.",
                  "Make two features of it.")
    found, place = [], 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            _refuse_character(text, place)
        if match.lastgroup != "blank":
            found.append(_word(match))
        place = match.end()
    if not found:
        refuse_at(0, "There is nothing here.", "Write for instance page_views / website_visits.")
    return (*found, Word(Token.END, "", len(text), len(text)))


def _word(match: re.Match[str]) -> Word:
    text, token = match.group(), Token(str(match.lastgroup))
    if token is Token.SIGN:
        if text in _FOREIGN:
            refuse_at(match.start(), _FOREIGN[text], _INSTEAD.get(text, ""))
        text = _SAME_SIGN.get(text, text)
    elif token is Token.NUMBER:
        if len(text) > MOST_DIGITS or float(text) > LARGEST_NUMBER:
            refuse_at(match.start(), "This number is too large or has too many digits.",
                      f"Numbers go up to {LARGEST_NUMBER:,.0f}.")
    elif token in (Token.TEXT, Token.COLUMN):
        text = text[1:-1].replace("]]", "]") if token is Token.COLUMN else text[1:-1]
    return Word(token, text, match.start(), match.end())


def _refuse_character(text: str, place: int) -> NoReturn:
    character = text[place]
    if character in _UNCLOSED:
        refuse_at(place, _UNCLOSED[character])
    if character in _FOREIGN:
        refuse_at(place, _FOREIGN[character], _INSTEAD.get(character, ""))
    if not character.isprintable() or unicodedata.category(character) in {"Cf", "Cc", "Co", "Cn", "Zs"}:
        name = unicodedata.name(character, "").lower() or f"code {ord(character)}"
        refuse_at(place, f"There is a character that cannot be seen ({name}).", "Delete it and type it anew.")
    refuse_at(place, f"'{character}' means nothing here.", "Write columns, numbers, functions and + − × ÷.")
