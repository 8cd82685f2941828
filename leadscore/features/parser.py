"""The words of an expression in, a small tree out: its form is checked here, its meaning later; nothing ever runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leadscore.features.tokens import Token, Word, refuse_at, words_of

DEEPEST = 20
MOST_NODES = 200
TRUTHS = {"true": True, "false": False}
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
NEVER_NAMES = frozenset({"lambda", "import", "select", "for", "def", "while", "class", "exec", "eval", "return"})


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float
    at: int


@dataclass(frozen=True)
class Text:
    """A text in quotes."""

    value: str
    at: int


@dataclass(frozen=True)
class Truth:
    """True or false."""

    value: bool
    at: int


@dataclass(frozen=True)
class Name:
    """A column, by its field name or, in brackets, by what people call it; it ends before ``end``."""

    text: str
    at: int
    end: int


@dataclass(frozen=True)
class Call:
    """A function of some parts."""

    name: str
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Sign:
    """``-`` or ``not`` before a part."""

    sign: str
    part: Node
    at: int


@dataclass(frozen=True)
class Chain:
    """Parts joined by signs of one rank, from left to right: a first part, then a sign, its place and a part each."""

    first: Node
    rest: tuple[tuple[str, int, Node], ...]
    at: int


@dataclass(frozen=True)
class Comparison:
    """Two parts compared."""

    sign: str
    left: Node
    right: Node
    at: int


Node = Number | Text | Truth | Name | Call | Sign | Chain | Comparison


def parse(text: str) -> Node:
    """Read an expression.

    From weak to strong: ``or``, ``and``, ``not``, comparisons, ``+ -``, ``* /``, a sign before a number.

    Raises
    ------
    WrongExpression
        The text is no expression, is nested deeper than 20 or has more than 200 parts.
    """
    reader = _Reader(words_of(text))
    tree = reader.either()
    reader.expect_end()
    return tree


class _Reader:
    """Goes through the words once, from left to right."""

    def __init__(self, words: tuple[Word, ...]) -> None:
        self.words, self.place, self.depth, self.nodes = words, 0, 0, 0

    @property
    def word(self) -> Word:
        return self.words[self.place]

    def take(self) -> Word:
        word = self.word
        self.place += word.token is not Token.END
        return word

    def sees(self, *texts: str) -> bool:
        """Tell whether the next word is one of these signs or small words."""
        word = self.word
        return word.token in (Token.SIGN, Token.NAME) and word.text.lower() in texts

    def count(self, at: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            refuse_at(at, f"The expression has more than {MOST_NODES} parts.", "Make two features of it.")

    def deeper(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            refuse_at(self.word.start, f"The expression is nested more than {DEEPEST} deep.",
                      "Make two features of it.")
        node = read()
        self.depth -= 1
        return node

    def either(self) -> Node:
        return self.chain(("or",), lambda: self.chain(("and",), self.negated))

    def chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        first, rest = part(), []
        while self.sees(*signs):
            sign = self.take()
            self.count(sign.start)
            rest.append((sign.text.lower(), sign.start, part()))
        return Chain(first, tuple(rest), first.at) if rest else first

    def negated(self) -> Node:
        if not self.sees("not"):
            return self.compared()
        sign = self.take()
        self.count(sign.start)
        return Sign("not", self.deeper(self.negated), sign.start)

    def compared(self) -> Node:
        left = self.sums()
        if not self.sees(*COMPARISONS):
            return left
        sign = self.take()
        self.count(sign.start)
        right = self.sums()
        if self.sees(*COMPARISONS):
            refuse_at(self.word.start, "Only two things can be compared at once.", "Join comparisons with 'and'.")
        return Comparison(sign.text, left, right, sign.start)

    def sums(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.signed))

    def signed(self) -> Node:
        if not self.sees("-", "+"):
            return self.atom()
        sign = self.take()
        self.count(sign.start)
        part = self.deeper(self.signed)
        return Sign("-", part, sign.start) if sign.text == "-" else part

    def atom(self) -> Node:
        word = self.take()
        self.count(word.start)
        if word.token is Token.NUMBER:
            return Number(float(word.text), word.start)
        if word.token is Token.TEXT:
            return Text(word.text, word.start)
        if word.token is Token.COLUMN:
            return Name(word.text, word.start, word.end)
        if word.token is Token.NAME:
            return self.named(word)
        if word.token is Token.SIGN and word.text == "(":
            inner = self.deeper(self.either)
            self.close(word)
            return inner
        return _refuse_word(word)

    def named(self, word: Word) -> Node:
        small = word.text.lower()
        if self.sees("("):
            return self.call(word, self.take())
        if small in TRUTHS:
            return Truth(TRUTHS[small], word.start)
        if small in ("and", "or", "not"):
            refuse_at(word.start, f"'{small}' stands between nothing.", "Put a comparison on both sides.")
        if small in NEVER_NAMES:
            refuse_at(word.start, f"'{word.text[:20]}' is no part of this language.",
                      "Write columns, numbers, functions and + − × ÷.")
        return Name(word.text, word.start, word.end)

    def call(self, name: Word, opening: Word) -> Node:
        parts: list[Node] = []
        while not self.sees(")"):
            parts.append(self.deeper(self.either))
            if not self.sees(","):
                break
            comma = self.take()
            if self.sees(")"):
                refuse_at(comma.start, "Something is missing after this comma.")
        self.close(opening)
        return Call(name.text.lower(), tuple(parts), name.start)

    def close(self, opening: Word) -> None:
        if self.sees(")"):
            self.take()
        elif self.word.token is Token.END:
            refuse_at(opening.start, "This parenthesis is not closed.", "Add a ')'.")
        else:
            refuse_at(self.word.start, f"'{self.word.text[:20]}' is not expected here.",
                      "Put a sign, a comma or ')' before it.")

    def expect_end(self) -> None:
        word = self.word
        if word.token is Token.END:
            return
        if word.text == ")" and word.token is Token.SIGN:
            refuse_at(word.start, "This parenthesis closes nothing.", "Delete it, or open one before.")
        refuse_at(word.start, f"'{word.text[:20]}' is not expected here.", "Put a sign such as + or 'and' before it.")


def _refuse_word(word: Word) -> Node:
    if word.token is Token.END:
        refuse_at(word.start, "Something is missing at the end.", "Write a column or a number there.")
    refuse_at(word.start, f"'{word.text}' cannot stand here.", "Write a column or a number before it.")
