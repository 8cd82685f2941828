"""A look into a workbook before a parser sees it: what it unpacks to, and how far its cells reach.

Nothing in the archive's own directory is believed but where an entry lies: every entry is unpacked here, piece by
piece, and counted.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadscore.ingest import refusals
from leadscore.ingest.limits import MEGABYTE, Limits

MAX_PARTS = 1_000
MAX_UNPACKED = 2_048 * MEGABYTE
PLAIN_UNPACKED = 48 * MEGABYTE
"""Up to here no ratio is asked for: small files of equal cells pack very well."""
MAX_RATIO = 60
MAX_EXPANDED = 1_024 * MEGABYTE
_REFERENCE = b't="s"'
_SHOWN_STRING = re.compile(rb't="s"[^>]{0,200}><v>(\d{1,9})</v>')
_STRING = re.compile(rb"<si[ >/]")
_PIECE = 1 << 20
_LOCAL_HEADER = 30
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", b"<\0!\0D\0O\0C\0", b"<\0!\0E\0N\0T\0", b"\0<\0!\0D\0O", b"\0<\0!\0E\0N")
_OVERLAP = 64
_STRINGS = "xl/sharedStrings"
"""Cells are looked for in every other part, as a workbook may keep a sheet under any name."""


@dataclass
class Extent:
    """How far the cells of one sheet reach: 1-based last row and column, and the number of cells written."""

    last_row: int = 0
    last_column: int = 0
    cells: int = 0


def check_archive(data: bytes, limits: Limits) -> set[str]:
    """Refuse bombs and damaged archives.

    Returns
    -------
    set of str
        Names of the parts.

    Raises
    ------
    UnreadableFile
        ``damaged_workbook``, ``zip_bomb``, ``password_protected``, ``unsafe_workbook``, ``workbook_too_large``,
        ``too_many_columns``, ``too_many_rows``.
    """
    entries = _entries(data)
    unpacked = references = 0
    for entry in entries:
        extent = Extent()
        for size, piece in _pieces(data, entry):
            unpacked += size
            _check_size(unpacked, len(data))
            _check_piece(piece)
            if not entry.filename.startswith(_STRINGS):
                _stretch(extent, piece)
                references += piece.count(_REFERENCE)
        _check_extent(extent, limits)
    _check_shared_strings(data, entries, references)
    return {entry.filename for entry in entries}


def _entries(data: bytes) -> list[zipfile.ZipInfo]:
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as problem:
        raise refusals.damaged_workbook() from problem
    if len(entries) > MAX_PARTS:
        raise refusals.workbook_too_large(f"it has {len(entries):,} parts")
    if any(entry.flag_bits & 1 for entry in entries):
        raise refusals.password_protected()
    if sum(entry.compress_size for entry in entries) > len(data):
        raise refusals.zip_bomb()
    return entries


def _pieces(data: bytes, entry: zipfile.ZipInfo) -> Iterator[tuple[int, bytes]]:
    """Give unpacked pieces with their sizes; each starts with the end of the one before, so that no pattern is cut."""
    packed = _packed(data, entry)
    if entry.compress_type == zipfile.ZIP_STORED:
        stream: Iterator[bytes] = (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        stream = _inflate(packed)
    else:
        raise refusals.damaged_workbook()
    tail = b""
    size = 0
    for piece in stream:
        size += len(piece)
        yield len(piece), tail + piece
        tail = (tail + piece)[-_OVERLAP:]
    if size != entry.file_size:
        raise refusals.damaged_workbook()


def _packed(data: bytes, entry: zipfile.ZipInfo) -> memoryview:
    """Find an entry's bytes by its own header, as the directory does not say how long that is."""
    head = data[entry.header_offset : entry.header_offset + _LOCAL_HEADER]
    if len(head) < _LOCAL_HEADER or not head.startswith(b"PK\x03\x04"):
        raise refusals.damaged_workbook()
    start = entry.header_offset + _LOCAL_HEADER + int.from_bytes(head[26:28], "little")
    start += int.from_bytes(head[28:30], "little")
    packed = memoryview(data)[start : start + entry.compress_size]
    if len(packed) < entry.compress_size:
        raise refusals.damaged_workbook()
    return packed


def _inflate(packed: memoryview) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pending: bytes | memoryview = packed
    try:
        while not inflater.eof:
            piece = inflater.decompress(pending, _PIECE)
            pending = inflater.unconsumed_tail
            if not piece and not pending:
                break
            yield piece
    except zlib.error as problem:
        raise refusals.damaged_workbook() from problem
    if not inflater.eof:
        raise refusals.damaged_workbook()


def _check_size(unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED or unpacked > max(PLAIN_UNPACKED, MAX_RATIO * packed):
        raise refusals.zip_bomb()


def _check_piece(piece: bytes) -> None:
    if any(declaration in piece for declaration in _DECLARATIONS):
        raise refusals.unsafe_workbook()


def _stretch(extent: Extent, piece: bytes) -> None:
    r"""Read all cell references (``r="AB12"``) of a piece at once and widen the extent by them."""
    codes = np.frombuffer(piece + b"\0" * 16, dtype=np.uint8)
    marks = np.flatnonzero((codes[1:-2] == ord("r")) & (codes[2:-1] == ord("=")) & (codes[:-3] <= 32)) + 4
    marks = marks[marks < len(piece) - 14] if len(piece) > _PIECE else marks[marks < len(piece)]
    column = np.zeros(len(marks), dtype=np.int64)
    row = np.zeros(len(marks), dtype=np.int64)
    is_letters = np.ones(len(marks), dtype=bool)
    for step in range(12):
        code = codes[np.minimum(marks + step, len(codes) - 1)].astype(np.int64)
        letter = (code & 0xDF) - ord("A") + 1
        is_letters &= (letter >= 1) & (letter <= 26) & (code >= 65)
        column = np.where(is_letters, column * 26 + letter, column)
        is_digit = ~is_letters & (code >= 48) & (code <= 57)
        row = np.where(is_digit, row * 10 + code - 48, row)
        if not (is_letters | is_digit).any():
            break
    is_cell = (column > 0) & (row > 0)
    extent.cells += int(is_cell.sum())
    extent.last_column = max(extent.last_column, int(column[is_cell].max(initial=0)))
    extent.last_row = max(extent.last_row, int(row[is_cell].max(initial=0)))


def _check_shared_strings(data: bytes, entries: list[zipfile.ZipInfo], references: int) -> None:
    """Refuse a few long texts shown by very many cells: each cell gets its own copy when the workbook is read."""
    lengths = np.concatenate([np.zeros(0, dtype=np.int64), *(_string_lengths(data, entry) for entry in entries)])
    if int(lengths.max(initial=0)) * references <= MAX_EXPANDED:
        return
    expanded = 0
    for entry in entries:
        for _, piece in _pieces(data, entry):
            shown = np.array([int(found) for found in _SHOWN_STRING.findall(piece)], dtype=np.int64)
            expanded += int(lengths[shown[shown < len(lengths)]].sum())
            if expanded > MAX_EXPANDED:
                raise refusals.workbook_too_large("it shows the same long texts in very many cells")


def _string_lengths(data: bytes, entry: zipfile.ZipInfo) -> np.ndarray:
    """Measure the shared strings of a part, markup included, shape (strings,)."""
    if not entry.filename.startswith(_STRINGS):
        return np.zeros(0, dtype=np.int64)
    text = b"".join(piece[-size:] for size, piece in _pieces(data, entry) if size)
    starts = np.fromiter((found.start() for found in _STRING.finditer(text)), dtype=np.int64)
    return np.diff(np.append(starts, len(text)))


def _check_extent(extent: Extent, limits: Limits) -> None:
    area = extent.last_row * extent.last_column
    if area > 20 * extent.cells + 1_000_000:
        raise refusals.workbook_too_large(
            f"its cells reach row {extent.last_row:,} and column {extent.last_column:,}, almost all of them empty"
        )
    if extent.last_column > limits.max_columns:
        raise refusals.too_many_columns(extent.last_column, limits)
    if extent.last_row > 2 * limits.max_rows + 1_000:
        raise refusals.too_many_rows(limits)
