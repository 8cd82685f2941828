"""What the bounded child process runs: a file's bytes in, a packed table out. It never imports pandas."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from leadscore.ingest import wire
from leadscore.ingest.contents import read_contents
from leadscore.ingest.limits import Limits


def read(payload: bytes, *, filename: str, sheet: str | None, limits: Mapping[str, int]) -> memoryview:
    """Read a file; the answer is for :func:`leadscore.ingest.readers.from_ipc`.

    Parameters
    ----------
    limits : mapping
        Fields of :class:`leadscore.ingest.limits.Limits`.
    """
    table = read_contents(payload, sheet, Limits(**limits))
    return wire.pack(table, {"filename": filename, "sha256": hashlib.sha256(payload).hexdigest()})
