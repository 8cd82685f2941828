"""What the bounded child process runs: a file's bytes in, a packed table out. It never imports pandas."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from importlib.abc import MetaPathFinder

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
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _WithoutPandas())
    table = read_contents(payload, sheet, Limits(**limits))
    return wire.pack(table, {"filename": filename, "sha256": hashlib.sha256(payload).hexdigest()})


class _WithoutPandas(MetaPathFinder):
    """Hides pandas: pyarrow imports it whenever it is handed a list, which takes longer than reading most files."""

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> None:
        if fullname == "pandas":
            raise ImportError("not needed here")
