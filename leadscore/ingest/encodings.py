"""Bytes of a text file become UTF-8, and what was guessed or damaged on the way is said."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from leadscore.ingest import refusals
from leadscore.ingest.issue import VALUE_CHARACTERS, WHOLE_FILE, Issue, Severity

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_PIECE = 1 << 20
_WIDE_SHARE = 0.05
"""Text in UTF-16 has at least this share of zero bytes on one side: its separators and digits."""
_SURE_SHARE = 0.4
"""Share of zero bytes on one side that plain text damaged by zero bytes does not have."""
_NOT_PRINTABLE = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f-\xff]")
_LISTED_ROWS = 100
_HIGH = re.compile(rb"[\x80-\xff]")
_UNKNOWN = "�"


@dataclass(frozen=True)
class Text:
    """A text file as UTF-8 without a byte-order mark."""

    utf8: bytes
    encoding: str
    issues: list[Issue]


def decode(data: bytes) -> Text:
    """Find the encoding by content and give the text as UTF-8.

    A file that is UTF-8 in most lines and not in others is decoded line by line, the others as Windows-1252.

    Raises
    ------
    UnreadableFile
        ``nul_bytes`` when zero bytes remain that no encoding explains.
    """
    text = _decode(data)
    position = text.utf8.find(b"\0")
    if position >= 0:
        raise refusals.nul_bytes(count_lines(text.utf8[:position]) + 1)
    return text


def count_lines(data: bytes) -> int:
    r"""Count line ends: ``\n``, ``\r\n`` and ``\r`` are one each."""
    lone_returns = data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else 0
    return data.count(b"\n") + lone_returns


def _decode(data: bytes) -> Text:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            return _narrow(body) if encoding == "utf-8-sig" else _widen(body, encoding)
    wide = _guess_wide(data[:_SAMPLE])
    return _widen(data, wide) if wide else _narrow(data)


def _guess_wide(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: its zero bytes all stand on one side of the pairs."""
    half = len(sample) // 2
    if not half:
        return None
    first, second = sample[0 : half * 2 : 2].count(0), sample[1::2].count(0)
    share = _SURE_SHARE if _looks_ascii(sample) else _WIDE_SHARE
    if second > half * share and first * 20 < second:
        return "utf-16-le"
    if first > half * share and second * 20 < first:
        return "utf-16-be"
    return None


def _looks_ascii(sample: bytes) -> bool:
    """Tell plain text damaged by zero bytes from wide text, which has bytes outside the printable ones."""
    return len(_NOT_PRINTABLE.findall(sample)) < len(sample) * _WIDE_SHARE


def _widen(body: bytes, encoding: str) -> Text:
    name = encoding[:6]
    try:
        return Text(body.decode(encoding).encode(), name, [])
    except UnicodeDecodeError:
        text = body.decode(encoding, errors="replace")
    return Text(text.encode(), name, [_damaged_characters()])


def _narrow(data: bytes) -> Text:
    if data.isascii() or _is_utf8(data):
        return Text(data, "utf-8", [])
    utf8, foreign_rows, has_utf8 = _decode_by_line(data)
    encoding = "utf-8" if has_utf8 else "cp1252"
    issues = _mixed(foreign_rows) if has_utf8 else [_guessed()]
    return Text(utf8, encoding, issues + ([_damaged_characters()] if _UNKNOWN.encode() in utf8 else []))


def _is_utf8(data: bytes) -> bool:
    """Check piece by piece, so that a large file is not held twice."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(data[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decode_by_line(data: bytes) -> tuple[bytes, list[int], bool]:
    """Decode each line with foreign characters by itself.

    Returns
    -------
    tuple
        The text as UTF-8, the line numbers that were Windows-1252, and whether any line was UTF-8.
    """
    pieces: list[bytes] = []
    foreign: list[int] = []
    has_utf8 = False
    done = line = 0
    while found := _HIGH.search(data, done):
        start = max(data.rfind(b"\n", done, found.start()) + 1, done)
        end = data.find(b"\n", found.start()) + 1 or len(data)
        line += data.count(b"\n", done, start)
        piece = data[start:end]
        if _is_utf8(piece):
            has_utf8 = True
        else:
            foreign.append(line + 1)
            piece = piece.decode("cp1252", errors="replace").encode()
        pieces += [data[done:start], piece]
        line += 1
        done = end
    return b"".join([*pieces, data[done:]]), foreign, has_utf8


def _mixed(rows: list[int]) -> list[Issue]:
    message = "This line is not UTF-8 as the rest of the file is; it was read as Windows-1252."
    listed = [Issue(row, "", "mixed_encoding", Severity.WARNING, message) for row in rows[:_LISTED_ROWS]]
    more = len(rows) - len(listed)
    if not more:
        return listed
    rest = f"{more:,} further lines are not UTF-8; they were read as Windows-1252."
    return [*listed, Issue(WHOLE_FILE, "", "mixed_encoding", Severity.WARNING, rest[:VALUE_CHARACTERS * 2])]


def _guessed() -> Issue:
    message = "The file is not UTF-8; it was read as Windows-1252 (Western European). Check names with accents."
    return Issue(WHOLE_FILE, "", "guessed_encoding", Severity.INFO, message)


def _damaged_characters() -> Issue:
    message = f"Some characters of the file are damaged; they are shown as {_UNKNOWN}."
    return Issue(WHOLE_FILE, "", "damaged_characters", Severity.WARNING, message)
