"""Bytes become a table of text, whatever the file is called: the content decides how they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from leadscore.errors import UnreadableFile
from leadscore.ingest import refusals
from leadscore.ingest.limits import Limits
from leadscore.ingest.table import TextTable
from leadscore.ingest.text_files import read_text
from leadscore.ingest.workbooks import OLE_MAGIC, ZIP_MAGIC, read_workbook, refuse_ole

_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM\x00", "a picture"),
    (b"II*\x00", "a picture"),
    (b"RIFF", "a picture, sound or film"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh9", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"(\xb5/\xfd", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "a text document"),
)
_MARKUP = re.compile(rb"\s*(<!doctype html|<html|<\?xml|<svg)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c\x7f]")
_SAMPLE = 8192
_CONTROL_SHARE = 0.01


def read_contents(data: bytes, sheet: str | None, limits: Limits) -> TextTable:
    """Read a table from any supported kind of file.

    Raises
    ------
    UnreadableFile
        Always this kind, with a code, for every input that is not a table within the limits.
    """
    with _one_kind_of_error():
        if len(data) > limits.max_bytes:
            raise refusals.file_too_large(limits)
        if data.startswith(ZIP_MAGIC):
            return read_workbook(data, sheet, limits)
        if data.startswith(OLE_MAGIC):
            raise refuse_ole(data)
        _refuse_other_kinds(data[:_SAMPLE])
        return read_text(data, limits)


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    """Mutated files make parsers raise a dozen kinds; past this border there is one."""
    try:
        yield
    except (UnreadableFile, MemoryError):
        raise
    except Exception as problem:
        raise refusals.unreadable() from problem


def _refuse_other_kinds(sample: bytes) -> None:
    for magic, what in _OTHER_KINDS:
        if sample.startswith(magic):
            raise refusals.not_a_table(what)
    if _MARKUP.match(sample):
        raise refusals.not_a_table("a web page or XML document")
    if b"\0" not in sample and len(_CONTROL.findall(sample)) > max(1, len(sample) * _CONTROL_SHARE):
        raise refusals.not_a_table("no text")
