"""A table crosses a process border as Arrow, with its origin beside it; free of pandas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pyarrow as pa

from leadscore.ingest.table import TextTable

_ABOUT = b"leadscore"


def pack(table: TextTable, about: Mapping[str, Any]) -> memoryview:
    """Write a table and facts about its file as two Arrow streams behind the length of the first."""
    facts = {
        "sheet": table.sheet,
        "sheets": list(table.sheets),
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        **about,
    }
    numbered = table.cells.append_column("", pa.array(table.row_numbers, pa.int64()))
    remarks = _stream(table.issues.replace_schema_metadata({_ABOUT: orjson.dumps(facts)}))
    # a stream that grows is copied at each step, so the size is measured before the one piece of memory is taken
    ruler = pa.MockOutputStream()
    _write(ruler, remarks, numbered)
    packed = pa.allocate_buffer(ruler.size())
    with pa.FixedSizeBufferWriter(packed) as sink:
        _write(sink, remarks, numbered)
    return memoryview(packed)


def _write(sink: Any, remarks: pa.Buffer, numbered: pa.Table) -> None:
    sink.write(len(remarks).to_bytes(8, "little"))
    sink.write(remarks)
    with pa.ipc.new_stream(sink, numbered.schema) as writer:
        writer.write_table(numbered)


def unpack(data: bytes) -> tuple[TextTable, dict[str, Any]]:
    """Read what :func:`pack` wrote, without copying the cells."""
    split = 8 + int.from_bytes(data[:8], "little")
    buffer = pa.py_buffer(data)
    issues = pa.ipc.open_stream(buffer.slice(8, split - 8)).read_all()
    numbered = pa.ipc.open_stream(buffer.slice(split)).read_all()
    about = orjson.loads(issues.schema.metadata[_ABOUT])
    last = numbered.num_columns - 1
    origin = {name: about.pop(name) for name in ("sheet", "encoding", "delimiter")}
    sheets = tuple(about.pop("sheets"))
    rows = numbered.column(last).to_numpy()
    cells = numbered.remove_column(last)
    return TextTable(cells, rows, issues.replace_schema_metadata(), sheets=sheets, **origin), about


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
