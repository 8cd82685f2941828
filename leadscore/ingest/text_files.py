"""CSV, TSV and other delimited text: bytes to a table in which every cell is exactly the text of the file.

Two parsers with the same rules: Arrow's for well-formed files, and the standard library's, which is slower and runs
only when Arrow meets a ragged row or when lines and records do not pair up. Row numbers are physical lines of the
file: a record that spans several lines has the number of its first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from leadscore.errors import UnreadableFile
from leadscore.ingest import delimiters, refusals
from leadscore.ingest.encodings import count_lines, decode
from leadscore.ingest.issue import Severity
from leadscore.ingest.limits import Limits
from leadscore.ingest.table import Grid, TextTable, finish, quoted, same_issue

_SAMPLE_BYTES = 256 * 1024
_SAMPLE_LINES = 500
_BLOCK = 4 << 20
_RECORDS_AT_ONCE = 20_000
_SEPARATORS_OF_ONE_COLUMN = "\x1f\x1d\x1c\x01\x02"
_PIECE = 16 << 20
_STEPS = 64
_BLANK_ROWS = 1_000
_CELLS = 60_000_000
_BYTES_PER_CELL = 3
_END = "\x1eend of file\x1e"
_LARGEST_CELL = 131_072
"""The standard parser's own limit; beyond it a cell is never meant as one."""


@dataclass(frozen=True)
class _Layout:
    """Where the header stands and how the rows below it are cut."""

    delimiter: str | None
    separator: str
    header: list[str]
    header_row: int
    body_row: int
    body_start: int
    width: int
    has_quotes: bool


@dataclass(frozen=True)
class _Body:
    """The rows below the header, with what was odd about their lengths."""

    columns: list[pa.ChunkedArray]
    row_numbers: np.ndarray
    ragged: list[pa.Table]


def read_text(data: bytes, limits: Limits) -> TextTable:
    """Read delimited text.

    Parameters
    ----------
    data : bytes
        The file, in any of the encodings of :func:`leadscore.ingest.encodings.decode`.

    Raises
    ------
    UnreadableFile
        Empty, header only, over a limit, an unclosed quotation mark, NUL characters.
    """
    text = decode(data)
    layout = _find_layout(text.utf8, limits)
    body = memoryview(text.utf8)[layout.body_start :]
    _refuse_too_many_lines(text.utf8, layout, limits)
    starts = _record_starts(body)
    if starts is not None:
        _refuse_too_many_cells(len(starts), len(data), layout, limits)
    rows = _read_fast(body, layout, starts) or _read_slowly(body, layout, limits)
    grid = Grid(layout.header, layout.header_row, rows.columns, rows.row_numbers)
    cells, row_numbers, issues = finish(grid, limits, text.issues)
    issues = pa.concat_tables([issues, *rows.ragged])
    return TextTable(cells, row_numbers, issues, encoding=text.encoding, delimiter=layout.delimiter)


def _lines(text: bytes | memoryview) -> Iterator[str]:
    r"""Give physical lines with their ends; only ``\n``, ``\r\n`` and ``\r`` end a line."""
    return iter(io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline=""))


def _find_layout(text: bytes, limits: Limits) -> _Layout:
    """Find the header: the first record with a filled cell."""
    skipped, start, declared = _skip_blank_lines(text)
    sample = _sample(text[start : start + _SAMPLE_BYTES])
    delimiter = declared or delimiters.detect(sample)
    separator = delimiter or _absent(text)
    header, lines_used = _first_record(memoryview(text)[start:], separator, skipped + 1, limits)
    used = sum(len(line.encode()) for line in islice(_lines(memoryview(text)[start:]), lines_used))
    width = max(len(header), _usual_width(sample, separator))
    has_quotes = text.find(b'"', start + used) >= 0
    body_row = skipped + 1 + lines_used
    return _Layout(delimiter, separator, header, skipped + 1, body_row, start + used, width, has_quotes)


def _absent(text: bytes) -> str:
    """Find a character that cannot split a cell, for files of one column."""
    return next((mark for mark in _SEPARATORS_OF_ONE_COLUMN if mark.encode() not in text), "\x1f")


def _sample(piece: bytes) -> list[str]:
    text = piece.decode(errors="ignore")
    return list(islice(io.StringIO(text, newline=""), _SAMPLE_LINES))


def _skip_blank_lines(text: bytes) -> tuple[int, int, str | None]:
    """Count the lines and bytes before the header, and read a declared delimiter among them."""
    start = 0
    declared = None
    for skipped, line in enumerate(_lines(text)):
        declared = declared or delimiters.declared(line[:20])
        if line.strip(' ,;|"\t\r\n\x1a') and not delimiters.declared(line[:20]):
            return skipped, start, declared
        start += len(line.encode())
    raise refusals.empty_file()


def _first_record(text: memoryview, separator: str, row: int, limits: Limits) -> tuple[list[str], int]:
    """Parse the header and count the physical lines it takes."""
    reader = csv.reader(_lines(text), delimiter=separator)
    try:
        header = next(reader)
    except csv.Error as problem:
        raise refusals.cell_too_long(row, "1", limits) from problem
    while header and not header[-1].strip():
        header.pop()
    if len(header) > limits.max_columns:
        raise refusals.too_many_columns(len(header), limits)
    return header, reader.line_num


def _usual_width(sample: list[str], separator: str) -> int:
    """Give the length of most rows of the sample: files with a delimiter after the last cell are longer by one."""
    lengths = [len(record) for record in delimiters.first_records(sample[:-1], separator)]
    counts = np.bincount(lengths[1:]) if len(lengths) > 1 else np.zeros(1)
    return int(counts.argmax())


def _refuse_too_many_lines(text: bytes, layout: _Layout, limits: Limits) -> None:
    """Refuse before parsing when no quotation mark can join the lines to fewer rows."""
    if b'"' in text or count_lines(text) <= limits.max_rows + layout.body_row:
        return
    filled = sum(1 for _ in islice((line for line in _lines(text) if line.strip()), limits.max_rows + 2))
    if filled > limits.max_rows + 1:
        raise refusals.too_many_rows(limits)


def _refuse_too_many_cells(records: int, size: int, layout: _Layout, limits: Limits) -> None:
    """Refuse what would need far more memory than its size lets expect; every cell costs, empty ones too."""
    if records > 2 * limits.max_rows + _BLANK_ROWS:
        raise refusals.too_many_rows(limits)
    cells = records * layout.width
    if cells > max(_CELLS, size // _BYTES_PER_CELL):
        raise refusals.too_many_cells(cells)


def _read_fast(body: memoryview, layout: _Layout, starts: np.ndarray | None) -> _Body | None:
    """Parse with Arrow; None when the file needs the exact parser."""
    names = [f"c{place}" for place in range(layout.width)]
    as_text = dict.fromkeys(names, pa.large_string())
    if starts is None or not len(starts):
        return None
    if layout.has_quotes and not _quotes_stand_at_edges(body, layout.separator):
        return None
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(body),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=layout.has_quotes
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=as_text, strings_can_be_null=False, check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
    if len(starts) != len(table) or _may_be_unclosed(table):
        return None
    return _Body(table.columns, starts + layout.body_row, [])


def _quotes_stand_at_edges(body: memoryview, separator: str) -> bool:
    """Tell whether every quotation mark opens or closes a whole cell, or is doubled inside one.

    The two parsers read a mark in the middle of a cell differently, so such a file goes to the exact one.
    """
    codes = np.frombuffer(body, dtype=np.uint8)
    is_edge = np.zeros(256, dtype=bool)
    is_edge[[ord(mark) for mark in ("\n", "\r", '"', separator)]] = True
    marks = 0
    for offset in range(0, len(codes), _PIECE):
        places = np.flatnonzero(codes[offset : offset + _PIECE] == ord('"')) + offset
        opening, closing = places[marks % 2 :: 2], places[1 - marks % 2 :: 2]
        before, after = opening[opening > 0] - 1, closing[closing < len(codes) - 1] + 1
        if not is_edge[codes[before]].all() or not is_edge[codes[after]].all():
            return False
        marks += len(places)
    return True


def _may_be_unclosed(table: pa.Table) -> bool:
    """Tell whether the last cell spans lines, as one does that swallowed the end of the file."""
    last = table.column(table.num_columns - 1)[-1].as_py() if len(table) else ""
    return "\n" in last or "\r" in last


def _record_starts(body: memoryview) -> np.ndarray | None:
    """Give the 0-based line on which each record starts, by counting quotation marks, shape (records,).

    Works piece by piece, so that memory grows with the lines and not with the bytes. None when line ends are mixed
    in a way that only the exact parser follows, or when a quotation mark stays open.
    """
    codes = np.frombuffer(body, dtype=np.uint8)
    end = _line_end(codes)
    if end is None:
        return None
    starts, marks = _lines_outside_quotes(codes, end)
    if marks % 2:
        return None
    line_numbers = np.flatnonzero(starts >= 0)
    firsts = codes[starts[line_numbers]]
    filled: np.ndarray = line_numbers[(firsts != ord("\n")) & (firsts != ord("\r"))]
    return filled


def _lines_outside_quotes(codes: np.ndarray, end: int) -> tuple[np.ndarray, int]:
    """Give the first byte of each line, -1 where a quoted cell is open there, and the number of quotation marks."""
    pieces = [np.zeros(1, dtype=np.int64)]
    marks = 0
    for offset in range(0, len(codes), _PIECE):
        piece = codes[offset : offset + _PIECE]
        ends = np.flatnonzero(piece == end)
        quotes = np.flatnonzero(piece == ord('"'))
        is_open = (np.searchsorted(quotes, ends) + marks) % 2 == 1
        pieces.append(np.where(is_open, -1, ends + offset + 1))
        marks += len(quotes)
    starts = np.concatenate(pieces)
    return starts[starts < len(codes)], marks


def _line_end(codes: np.ndarray) -> int | None:
    """Give the byte that ends every line, or None where they are mixed."""
    returns = pairs = ends = 0
    was_return = False
    for offset in range(0, len(codes), _PIECE):
        piece = codes[offset : offset + _PIECE].tobytes()
        returns += piece.count(b"\r")
        pairs += piece.count(b"\r\n") + (was_return and piece.startswith(b"\n"))
        ends += piece.count(b"\n")
        was_return = piece.endswith(b"\r")
    if returns in (0, pairs):
        return ord("\n")
    return None if ends else ord("\r")


def _read_slowly(body: memoryview, layout: _Layout, limits: Limits) -> _Body:
    """Parse record by record with the standard library, with exact lines and lengths."""
    records = _Records(body, layout, limits)
    chunks: list[list[pa.Array]] = []
    stream = iter(records)
    while batch := list(islice(stream, _RECORDS_AT_ONCE)):
        chunks.append([pa.array(column, pa.large_string()) for column in zip(*batch, strict=True)])
        if len(records.rows) > limits.max_rows:
            raise refusals.too_many_rows(limits)
    width = range(len(layout.header))
    columns = [pa.chunked_array([chunk[place] for chunk in chunks], pa.large_string()) for place in width]
    return _Body(columns, np.array(records.rows, dtype=np.int64), records.ragged())


class _Records:
    """Records of the exact parser, cut or padded to the header, with what was done to them."""

    def __init__(self, body: memoryview, layout: _Layout, limits: Limits) -> None:
        self._body = body
        self._layout = layout
        self._limits = limits
        self.rows: list[int] = []
        self._short: list[tuple[int, int]] = []
        self._long: list[int] = []

    def __iter__(self) -> Iterator[list[str]]:
        width = len(self._layout.header)
        for line, record in self._records():
            if not any(record) or not any(cell.strip() for cell in record):
                continue
            row = line + self._layout.body_row
            self.rows.append(row)
            if len(record) < width:
                self._short.append((row, len(record)))
                record += [""] * (width - len(record))
            elif len(record) > width:
                if any(cell.strip() for cell in record[width:]):
                    self._long.append(row)
                del record[width:]
            yield record

    def ragged(self) -> list[pa.Table]:
        """Give the remarks about rows of another length than the header."""
        width = len(self._layout.header)
        short = [f"This row has {cells:,} cells, the header has {width:,}." for _, cells in self._short]
        rows = np.array([row for row, _ in self._short], dtype=np.int64)
        longer = f"This row has more cells than the header, which has {width:,}."
        return [
            same_issue(rows, "row_too_short", Severity.WARNING, short),
            same_issue(np.array(self._long, dtype=np.int64), "row_too_long", Severity.ERROR, longer),
        ]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Give each record with the 0-based line it starts on; a last line of ours shows whether a quote is open."""
        reader = csv.reader(chain(_lines(self._body), ["\n", _END]), delimiter=self._layout.separator)
        line = 0
        try:
            for record in reader:
                if record == [_END]:
                    return
                if record and record[-1].endswith(_END):
                    raise self._unclosed(line, record)
                yield line, record
                line = reader.line_num
        except csv.Error as problem:
            raise self._overlong(line, reader.line_num) from problem

    def _unclosed(self, line: int, record: list[str]) -> UnreadableFile:
        before = sum(count_lines(cell.encode()) for cell in record[:-1])
        return refusals.unclosed_quote(line + before + self._layout.body_row, self._column(len(record)))

    def _overlong(self, line: int, last_line: int) -> UnreadableFile:
        """Tell a quotation mark that is never closed from a cell that is simply too long."""
        text = "".join(islice(_lines(self._body), line, last_line))
        delimiter = self._layout.separator
        fields, cut = _fields_before_overflow(text, delimiter)
        row = line + self._layout.body_row + sum(count_lines(cell.encode()) for cell in fields[:-1])
        column = self._column(len(fields))
        is_quoted = len(_parse_one(text[:cut] + delimiter, delimiter)) == len(fields)
        if is_quoted and not _closes(chain([text[cut:]], islice(_lines(self._body), last_line, None)), delimiter):
            return refusals.unclosed_quote(row, column)
        return refusals.cell_too_long(row, column, self._limits)

    def _column(self, place: int) -> str:
        named = place <= len(self._layout.header) and self._layout.header[place - 1].strip()
        return quoted(named) if named else str(place)


def _parse_one(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _fields_before_overflow(text: str, delimiter: str) -> tuple[list[str], int]:
    """Parse as much of a record as fits the parser: the last field is the one that is too long."""
    cut = _LARGEST_CELL
    fields = _parse_one(text[:cut], delimiter)
    for longer in range(2 * _LARGEST_CELL, min(len(text), _STEPS * _LARGEST_CELL), _LARGEST_CELL):
        try:
            fields = _parse_one(text[:longer], delimiter)
        except csv.Error:
            break
        cut = longer
    return fields, cut


def _closes(pieces: Iterator[str], delimiter: str) -> bool:
    """Tell whether the open quoted cell ends with a quotation mark before a delimiter or a line end."""
    for piece in pieces:
        position = piece.find('"')
        while position >= 0:
            following = piece[position + 1 : position + 2]
            if following != '"':
                return following in ("", delimiter, "\n", "\r")
            position = piece.find('"', position + 2)
    return False
