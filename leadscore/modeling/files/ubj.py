"""Checks that bytes are whole UBJSON before a library that trusts them may read them."""

from __future__ import annotations

from struct import unpack_from

FIXED = {"Z": 0, "N": 0, "T": 0, "F": 0, "i": 1, "U": 1, "C": 1, "I": 2, "l": 4, "d": 4, "L": 8, "D": 8}
"""Bytes of each value of fixed size, by its marker."""
WHOLE = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q"}
DEEPEST = 64


class _Reader:
    """Walks through the bytes and keeps nothing."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    @property
    def ended(self) -> bool:
        return self._at == len(self._content)

    def value(self, marker: str, depth: int = 0) -> None:
        if marker in FIXED:
            self._skip(FIXED[marker])
        elif marker in "SH":
            self._skip(self._count())
        elif marker in ("[", "{") and depth < DEEPEST:
            self._container(marker == "{", depth + 1)
        else:
            raise ValueError("an unknown marker, or too deep")

    def marker(self) -> str:
        start = self._at
        self._skip(1)
        return chr(self._content[start])

    def _container(self, named: bool, depth: int) -> None:
        kind, count = self._header()
        if kind in FIXED and count is not None and not named:
            self._skip(FIXED[kind] * count)
            return
        closing, done = ("}" if named else "]"), 0
        while count is None or done < count:
            if count is None and self._peek() == closing:
                self._skip(1)
                return
            if named:
                self._skip(self._count())
            self.value(kind or self.marker(), depth)
            done += 1

    def _header(self) -> tuple[str | None, int | None]:
        """Read the optional kind and number of what follows."""
        kind = None
        if self._peek() == "$":
            self._skip(1)
            kind = self.marker()
            if self._peek() != "#":
                raise ValueError("a kind without a number")
        if self._peek() != "#":
            return None, None
        self._skip(1)
        return kind, self._count()

    def _count(self) -> int:
        marker = self.marker()
        if marker not in WHOLE:
            raise ValueError("no whole number")
        start = self._at
        self._skip(FIXED[marker])
        (number,) = unpack_from(WHOLE[marker], self._content, start)
        if number < 0 or number > len(self._content):
            raise ValueError("more than there is")
        return int(number)

    def _peek(self) -> str:
        return chr(self._content[self._at]) if self._at < len(self._content) else ""

    def _skip(self, count: int) -> None:
        if self._at + count > len(self._content):
            raise ValueError("cut off")
        self._at += count


def check_ubj(content: bytes) -> None:
    """Refuse bytes that are no whole UBJSON object: cut off, of absurd sizes, nested too deeply, or something else.

    Raises
    ------
    ValueError

    References
    ----------
    Universal Binary JSON specification, draft 12, with typed and counted containers.
    """
    reader = _Reader(content)
    if reader.marker() != "{":
        raise ValueError("no object")
    reader.value("{")
    if not reader.ended:
        raise ValueError("something follows")
