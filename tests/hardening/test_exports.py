"""No file we hand out holds anything a spreadsheet would run, comes back as it was, and is in the log with its hash."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from leadscore.charts.picture import Picture
from leadscore.services import (
    delivery,
    downloads,
    governance,
    intake,
    policies,
    policy_files,
    reporting,
    scoring,
    spend,
)
from leadscore.steps.listing import ListView
from leadscore.store import clients, lead_reading
from leadscore.store.database import read
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, open_home, reading_here
from tests.hardening.hostile import HARMLESS, PAYLOADS, live_cells, live_cells_of_workbook

GIVEN = {"actor": BOSS, "client": CLIENT}
FIELDS = ("First Name", "Last Name", "Company name", "Job Title", "Industry", "Original Source", "=Notes", "Country")
VIEW = ListView()


def written(rows: list[list[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue().encode()


def hostile_file() -> bytes:
    cells = [*PAYLOADS, *HARMLESS]
    # a few wrong addresses bring remarks, which show them
    rows = [[f"r{number}", cell if number % 4 == 0 else f"p{number}@x.example", "yes", *[cell] * len(FIELDS)]
            for number, cell in enumerate(cells)]
    return written([["Record ID", "Email", "Marketing consent", *FIELDS], *rows])


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """Give a workbench whose every text is a payload or a harmless neighbour."""
    opened = open_home(tmp_path_factory.mktemp("exports") / "home")
    with reading_here():
        intake.import_file(opened, **GIVEN, source=hostile_file(), filename="=1+1.csv")
    scoring.rescore(opened, **GIVEN)
    in_force = policies.current_policy(opened, **GIVEN)
    criteria = [{**one, "label": PAYLOADS[place % len(PAYLOADS)]}
                for place, one in enumerate(in_force.policy.to_dict()["criteria"])]
    policies.save_policy(opened, **GIVEN, changes={"criteria": criteria}, comment="=1+1")
    return opened


def _scored(workbench: Workbench, ending: str, folder: Path) -> bytes:
    path = folder / f"scored.{ending}"
    with reading_here():
        frame = scoring.score_file(workbench, **GIVEN, source=hostile_file(), filename="a.csv").frame
    delivery.write_table(workbench, **GIVEN, frame=frame, path=path)
    return path.read_bytes()


def _check_report(workbench: Workbench) -> bytes:
    with reading_here():
        staged = intake.stage_upload(workbench, **GIVEN, data=hostile_file(), filename="a.csv")
        mapping = {match.header: match.field
                   for match in intake.inspect_upload(workbench, **GIVEN, upload_id=staged).matches}
        check = intake.check_upload(workbench, **GIVEN, upload_id=staged, sheet=None, mapping=mapping, choices={})
    return intake.check_report(workbench, **GIVEN, check=check)


def _picture(workbench: Workbench) -> bytes:
    data = pd.DataFrame({"=Owner": [*PAYLOADS], "Share": 0.5})
    return downloads.picture_file(workbench, **GIVEN, picture=Picture("gains", "Gains", data, None),
                                  format="csv").content


EXPORTS: dict[str, Callable[[Workbench, Path], bytes]] = {
    "leads.csv": lambda bench, _: delivery.export_leads(bench, **GIVEN, view=VIEW, format="csv").content,
    "leads.xlsx": lambda bench, _: delivery.export_leads(bench, **GIVEN, view=VIEW, format="xlsx").content,
    "scored.csv": lambda bench, folder: _scored(bench, "csv", folder),
    "scored.xlsx": lambda bench, folder: _scored(bench, "xlsx", folder),
    "remarks.csv": lambda bench, _: intake.issue_report(bench, **GIVEN, batch_id=1),
    "remarks before.csv": lambda bench, _: _check_report(bench),
    "log.csv": lambda bench, _: b"".join(governance.export_audit(bench, BOSS)),
    "figure.csv": lambda bench, _: _picture(bench),
    "criteria.csv": lambda bench, _: policy_files.export_policy(bench, **GIVEN, format="criteria").content,
}


@pytest.mark.parametrize("name", EXPORTS)
def test_no_cell_of_any_file_is_run_by_a_spreadsheet(workbench: Workbench, tmp_path: Path, name: str) -> None:
    content = EXPORTS[name](workbench, tmp_path)
    assert len(content) > 100
    assert (live_cells_of_workbook if name.endswith("xlsx") else live_cells)(content) == []


@pytest.mark.parametrize("name", EXPORTS)
def test_each_file_is_in_the_log_once_with_its_hash(workbench: Workbench, tmp_path: Path, name: str) -> None:
    before = _records(workbench)
    content = EXPORTS[name](workbench, tmp_path)
    told = [detail for detail in _records(workbench)[len(before):] if "sha256" in detail]
    assert [detail["sha256"] for detail in told] == [hashlib.sha256(content).hexdigest()]


def test_a_report_is_in_the_log_with_its_hash(workbench: Workbench) -> None:
    made = reporting.performance_report(workbench, **GIVEN, view=VIEW)
    assert _records(workbench)[-1]["sha256"] == hashlib.sha256(made.content).hexdigest()


def test_what_we_handed_out_comes_back_as_it_was(workbench: Workbench, tmp_path: Path) -> None:
    first = _texts(workbench, CLIENT)
    assert len(first) == len(PAYLOADS) + len(HARMLESS)
    path = tmp_path / "scored.csv"
    path.write_bytes(_scored(workbench, "csv", tmp_path))
    with reading_here():
        intake.import_file(workbench, BOSS, client="second", source=path.read_bytes(), filename="scored.csv")
    assert _texts(workbench, "second") == first


def test_a_spend_report_names_what_it_could_not_read_without_running_it(workbench: Workbench) -> None:
    rows = [["Source", "From", "To", "Amount", "Currency"],
            *[[payload, "never", "", "x", "EUR"] for payload in PAYLOADS]]
    with reading_here():
        done: Any = spend.import_spend(workbench, **GIVEN, source=written(rows), filename="spend.csv")
    assert (done.kept, done.refused["row"].nunique()) == (0, len(PAYLOADS))


def _texts(workbench: Workbench, client: str) -> dict[str, tuple[Any, ...]]:
    with read(workbench.engine) as session:
        leads = lead_reading.read_leads(session, workbench.vault, clients.require(session, client))
    names = ["first_name", "last_name", "company", "job_title", "industry", "source"]
    return {row[0]: row[1:] for row in leads[["crm_id", *names]].fillna("").itertuples(index=False, name=None)}


def _records(workbench: Workbench) -> list[dict[str, Any]]:
    with read(workbench.engine) as session:
        return [json.loads(row[0]) for row in session.execute(text("SELECT detail FROM audit_events ORDER BY seq"))]
