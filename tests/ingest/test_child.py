from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from leadscore import sandbox
from leadscore.errors import UnreadableFile
from leadscore.ingest.limits import Limits
from leadscore.ingest.readers import RawTable, from_ipc, read_table

ROOT = Path(__file__).resolve().parents[2]


def read_in_child(data: bytes, sheet: str | None = None) -> RawTable:
    arguments = {"filename": "x/leads.csv", "sheet": sheet, "limits": asdict(Limits())}
    return from_ipc(sandbox.run("leadscore.ingest.child:read", data, arguments, memory_mb=1536, seconds=60))


def test_the_child_reads_what_the_reader_reads() -> None:
    data = "Name;Note;Note\nJosé;1,5;x\nA\n".encode("cp1252")
    ours, theirs = read_table(data, "leads.csv"), read_in_child(data)
    pd.testing.assert_frame_equal(theirs.frame, ours.frame)
    pd.testing.assert_frame_equal(theirs.issues, ours.issues)
    for name in ("filename", "sha256", "sheet", "sheets", "encoding", "delimiter", "rows_read"):
        assert getattr(theirs, name) == getattr(ours, name)
    assert theirs.row_numbers.tolist() == ours.row_numbers.tolist()


def test_a_refusal_of_the_reader_comes_through_the_process_border() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_in_child(b"a,b\n")
    assert caught.value.code == "no_rows"


def test_the_child_reads_without_ever_loading_pandas() -> None:
    code = """
import sys
from leadscore.ingest import child
limits = {"max_bytes": 1000, "max_rows": 9, "max_columns": 9, "max_cell_characters": 99}
child.read(b"a,b\\n1,2\\n3\\n", filename="x.csv", sheet=None, limits=limits)
sys.exit(sys.modules.get("pandas") is not None)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
