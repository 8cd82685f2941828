"""Times the main job against a plain reference on the same machine: import, score with reasons, export.

Run ``python -m benchmarks.main_job --leads 100000``. Each stage runs in a fresh home; the reference does the bare
minimum of the same work with the quickest plain tools. Ratios travel between machines, seconds do not.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.csv as pacsv
import xlsxwriter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, create_engine, insert

from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import accounts, delivery, intake, scoring, training
from leadscore.steps.exporting import csv_bytes, xlsx_bytes
from leadscore.steps.models import CHAMPION, find_version, load_model
from leadscore.steps.policies import policy_in_force
from leadscore.store import clients
from leadscore.store.database import read
from leadscore.workbench import Workbench, open_workbench

CLIENT = "default"
PERSONAL = ("First Name", "Last Name", "Email", "Phone Number")


def main() -> None:
    """Print one line a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    content = to_csv_bytes(make_campaign(options.leads, options.seed, end=datetime(2026, 11, 1, tzinfo=UTC)))
    print(f"{options.leads:,} leads, {len(content) / 1e6:.1f} MB of CSV, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        workbench = open_workbench(Settings(home=Path(folder)))
        bare, _ = _timed(lambda: _bare_import(content, Path(folder) / "bare.db"))
        ours, _ = _timed(lambda: intake.import_file(workbench, accounts.local_operator(), client=CLIENT,
                                                    source=content, filename="sample.csv"))
        _line("import: CSV to stored, encrypted leads", ours, bare, 2.0)
        seconds, trained = _timed(lambda: training.train_stored(
            workbench, accounts.local_operator(), client=CLIENT,
            request=training.TrainingRequest(deploy=True)))
        _line(f"train ({trained.algorithm}, {trained.balance})", seconds, None, None)
        _score(workbench, content)
        seconds, _ = _timed(lambda: scoring.rescore(workbench, accounts.local_operator(), client=CLIENT))
        _line("rescore the store", seconds, None, None)
        for kind in ("csv", "xlsx"):
            seconds, exported = _timed(lambda kind=kind: delivery.export_leads(
                workbench, accounts.local_operator(), client=CLIENT, view=delivery.ListView(top="20%"), format=kind))
            _line(f"export the best 20 % ({exported.rows:,} rows) as {kind}", seconds, None, None)
        _exports(content)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:,.0f} MB")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _line(name: str, ours: float, bare: float | None, budget: float | None) -> None:
    ratio = f"  reference {bare:6.2f} s  ratio {ours / bare:4.2f} (budget {budget:.1f})" if bare and budget else ""
    print(f"{name:<58} {ours:7.2f} s{ratio}")


def _bare_import(content: bytes, path: Path) -> None:
    """Read as text, encrypt one blob of the personal fields a lead, insert all columns in one transaction."""
    table = _as_text(content)
    names = [name for name in table.column_names if name not in PERSONAL]
    personal = zip(*(table.column(name).to_pylist() for name in PERSONAL), strict=True)
    cipher = AESGCM(os.urandom(32))
    blobs = []
    for values in personal:
        nonce = os.urandom(12)
        blobs.append(nonce + cipher.encrypt(nonce, orjson.dumps(values), None))
    columns = {f"c{place}": table.column(name).to_pylist() for place, name in enumerate(names)}
    leads = Table("leads", MetaData(), *(Column(name, Text) for name in columns), Column("personal", LargeBinary))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        leads.create(connection)
        rows = [dict(zip([*columns, "personal"], values, strict=True))
                for values in zip(*columns.values(), blobs, strict=True)]
        connection.execute(insert(leads), rows)


def _as_text(content: bytes) -> pa.Table:
    names = pacsv.open_csv(io.BytesIO(content), parse_options=pacsv.ParseOptions(newlines_in_values=True)).schema.names
    return pacsv.read_csv(io.BytesIO(content), parse_options=pacsv.ParseOptions(newlines_in_values=True),
                          convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))


def _score(workbench: Workbench, content: bytes) -> None:
    """Score the file with five reasons each, beside the bare contributions of the same model."""
    actor = accounts.local_operator()
    seconds, scored = _timed(lambda: scoring.score_file(workbench, actor, client=CLIENT, source=content,
                                                        filename="sample.csv", reasons=5))
    _line("score the file: CSV to ranked leads with five reasons", seconds, None, None)
    with read(workbench.engine) as session:
        client_id = clients.require(session, CLIENT)
        chosen = load_model(workbench, find_version(session, client_id, CHAMPION))
        policy_in_force(session, client_id, None, now=workbench.clock())
    assert chosen.model is not None and scored.rows


def _exports(content: bytes) -> None:
    """Write 20,000 rows of the sample, beside the bare writers."""
    frame = _as_text(content).slice(0, 20_000).to_pandas().astype("str")
    csv_bytes(frame.head(10))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    bare, _ = _timed(lambda: pacsv.write_csv(table, io.BytesIO()))
    ours, _ = _timed(lambda: csv_bytes(frame))
    _line("write 20,000 rows as CSV, guarded", ours, bare, 1.5)
    bare, _ = _timed(lambda: _bare_xlsx(frame))
    ours, _ = _timed(lambda: xlsx_bytes(frame))
    _line("write 20,000 rows as XLSX", ours, bare, 1.5)


def _bare_xlsx(frame: Any) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(io.BytesIO(), options) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(frame.itertuples(index=False, name=None)):
            for position, value in enumerate(row):
                sheet.write_string(number, position, value if isinstance(value, str) else "")


if __name__ == "__main__":
    main()
