"""Damaged and hostile files are refused in words or imported whole; nothing of a refused file is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadscore.errors import InvalidRequest, LeadScoreError, UnreadableFile
from leadscore.services import intake
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, faults_of, leads_in, open_home
from tests.hardening.hostile import csv_bombs, mutated_files
from tests.services.conftest import leads_file, person

pytestmark = pytest.mark.usefixtures("read_here")
MUTATED = 30


@pytest.fixture
def workbench(home: Path) -> Workbench:
    return open_home(home)


def import_faults(workbench: Workbench, name: str, data: bytes) -> str | None:
    """Import a file and say what was wrong with how it was taken; None when nothing was."""
    before = leads_in(workbench)
    try:
        done = intake.import_file(workbench, BOSS, client=CLIENT, source=data, filename=name)
    except LeadScoreError as refusal:
        if leads_in(workbench) != before:
            return f"{name}: refused, and yet rows were stored"
        said = bool(refusal.code and refusal.message.strip()) and "Traceback" not in str(refusal)
        return None if said else f"{name}: refused without a reason"
    except Exception as fault:
        return f"{name}: {type(fault).__name__}: {fault}"
    parts = done.rows_stored + done.updated + done.duplicates + done.rejected
    if parts != done.rows_read:
        return f"{name}: {done.rows_read} rows read, {parts} accounted for"
    return None if leads_in(workbench) == before + done.rows_stored else f"{name}: other rows stored than told"


def test_a_damaged_file_is_imported_whole_or_refused_in_words(workbench: Workbench) -> None:
    found = [import_faults(workbench, name, data) for name, data in mutated_files(MUTATED, seed=5)]
    assert [fault for fault in found if fault] == []
    assert leads_in(workbench) > 0
    assert faults_of(workbench) == []


@pytest.mark.parametrize("bomb", csv_bombs())
def test_a_text_file_that_is_a_bomb_is_refused(workbench: Workbench, bomb: str) -> None:
    data = csv_bombs(0.02)[bomb]()
    if bomb == "25 million rows":
        workbench = open_home(workbench.settings.home)
        workbench = type(workbench)(**{**vars(workbench), "settings": workbench.settings.model_copy(
            update={"max_rows": 100_000})})
    with pytest.raises(UnreadableFile) as refused:
        intake.import_file(workbench, BOSS, client=CLIENT, source=data, filename="bomb.csv")
    assert refused.value.message
    assert leads_in(workbench) == 0


def test_the_same_file_twice_brings_no_lead_twice_and_says_so(workbench: Workbench) -> None:
    first = intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(20), filename="a.csv")
    seen = intake.inspect_file(workbench, BOSS, client=CLIENT, source=leads_file(20), filename="b.csv")
    again = intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(20), filename="b.csv")
    assert seen.seen_before == first.batch_id
    assert (again.rows_stored, again.duplicates) == (0, 20)
    assert leads_in(workbench) == 20


def test_more_than_may_be_uploaded_is_refused_before_it_is_kept(workbench: Workbench) -> None:
    data = bytes(workbench.settings.max_upload_bytes + 1)
    with pytest.raises(UnreadableFile) as refused:
        intake.stage_upload(workbench, BOSS, client=CLIENT, data=data, filename="a.csv")
    assert refused.value.code == "file_too_large"
    assert not (workbench.settings.data_folder / "uploads").exists()


@pytest.mark.parametrize("name", ["../../x.csv", "/etc/passwd.csv", "CON", "a" * 300 + ".csv", "\u202evsc.exe",
                                  "a\x00b.csv", "", "x.csv\nfake"])
def test_a_file_name_leads_nowhere(workbench: Workbench, name: str, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    staged = intake.stage_upload(workbench, BOSS, client=CLIENT, data=leads_file(2), filename=name)
    made = {path.name for path in tmp_path.rglob("*") if path.is_file()} - {path.name for path in before}
    assert made - {"leadscore.db-wal", "leadscore.db-shm"} == {staged}
    try:
        intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(2), filename=name)
    except InvalidRequest:
        assert leads_in(workbench) == 0
    else:
        assert leads_in(workbench) == 2
        (batch,) = intake.list_batches(workbench, BOSS, client=CLIENT)
        assert len(batch.filename) <= 255


def test_people_of_another_client_see_nothing_of_an_upload(workbench: Workbench) -> None:
    from leadscore.access import Role
    from leadscore.errors import NotFound

    staged = intake.stage_upload(workbench, BOSS, client=CLIENT, data=leads_file(2), filename="a.csv")
    for client in (CLIENT, "theirs"):
        with pytest.raises(NotFound):
            intake.staged_upload(workbench, person(Role.ANALYST, "theirs"), client=client, upload_id=staged)
