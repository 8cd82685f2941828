"""A file becomes a raw table inside a bounded child process."""

from __future__ import annotations

from pathlib import Path

from leadscore import sandbox
from leadscore.config import MEGABYTE, Settings
from leadscore.errors import UnreadableFile
from leadscore.ingest.readers import RawTable, from_ipc

READER = "leadscore.ingest.child:read"
SECONDS_PER_MEGABYTE = 0.5


def read_file(settings: Settings, source: bytes | Path, filename: str, sheet: str | None = None) -> RawTable:
    """Read a table from bytes or from a path.

    Bytes come from a browser and obey the upload limit; a path comes from the command line, where a larger
    file is allowed and only time and memory grow with it.

    Raises
    ------
    UnreadableFile
        The file is missing, refused by a limit, or not a table.
    """
    data = source if isinstance(source, bytes) else _read_path(source)
    from_browser = isinstance(source, bytes)
    limits = {
        "max_bytes": settings.max_upload_bytes if from_browser else max(settings.max_upload_bytes, len(data)),
        "max_rows": settings.max_rows if from_browser else max(settings.max_rows, 50_000_000),
        "max_columns": settings.max_columns,
        "max_cell_characters": settings.max_cell_characters,
    }
    seconds = settings.reader_seconds + round(len(data) / MEGABYTE * SECONDS_PER_MEGABYTE)
    arguments = {"filename": filename, "sheet": sheet, "limits": limits}
    packed = sandbox.run(READER, data, arguments, memory_mb=settings.reader_memory_mb, seconds=seconds)
    return from_ipc(packed)


def _read_path(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise UnreadableFile("file_not_found", f"There is no file '{path}'.", "Check the path.") from problem
    except IsADirectoryError as problem:
        raise UnreadableFile("file_not_found", f"'{path}' is a folder, not a file.", "Name a file in it.") from problem
    except OSError as problem:
        raise UnreadableFile("unreadable_file", f"The file '{path}' cannot be opened: {problem.strerror}.",
                             "Check that you may read it.") from problem
