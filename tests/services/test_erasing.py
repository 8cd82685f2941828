"""A person who is erased is nowhere any more, and does not come back."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlmodel import SQLModel

from leadscore import sandbox
from leadscore.access import Actor, Role
from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.services import delivery, governance, intake, jobs, privacy, requests, scoring, segments, similar
from leadscore.steps.faults import note_fault
from leadscore.store import audit, erasure, erasure_list, lead_matching, lead_reading, subject_keys
from leadscore.store.database import read, write
from leadscore.workbench import Workbench
from tests.services.conftest import CLIENT, HEADER, person, row, run_here, workbench_at

EMAIL, PHONE, FIRST, LAST = "ottilie.zwiebelmann@nowhere.example", "+49 351 7654321", "Ottilie", "Zwiebelmann"
PLANTED = {"email": EMAIL, "phone": PHONE, "first": FIRST, "last": LAST}
AGAIN = (HEADER + row(9001, **PLANTED, title="Head of Everything")).encode()


@pytest.fixture(scope="module")
def erased(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, int, object]]:
    """Erase a person who stood wherever one can stand; a backup of the time before lies beside the home."""
    folder = tmp_path_factory.mktemp("erased")
    shutil.copytree(trained_home, folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        workbench, boss = workbench_at(folder / "home"), person(Role.ADMIN)
        lead_id = _planted(workbench, boss)
        workbench.engine.dispose()
        shutil.copytree(folder / "home", folder / "backup")
        workbench = workbench_at(folder / "home")
        told = privacy.erase_person(workbench, boss, client=CLIENT, email=EMAIL.upper())
        yield workbench, lead_id, told
    workbench.engine.dispose()


def _planted(workbench: Workbench, boss: Actor) -> int:
    """Leave one person in leads, remarks, changes, scores, vectors, filters, jobs, files and the log."""
    rows = row(9001, **PLANTED, status="Closed won") + row(9002) + row(9003, email=f"{EMAIL} or so")
    intake.import_file(workbench, boss, client=CLIENT, source=(HEADER + rows).encode(), filename=f"{FIRST} {LAST}.csv")
    intake.import_file(workbench, boss, client=CLIENT, source=AGAIN, filename="again.csv")
    scoring.rescore(workbench, boss, client=CLIENT)
    similar.prepare_similar(workbench, boss, client=CLIENT)
    intake.stage_upload(workbench, boss, client=CLIENT, data=AGAIN, filename="waiting.csv")
    exported = delivery.export_leads(workbench, boss, client=CLIENT, view=delivery.ListView(), format="xlsx")
    jobs.keep_file(workbench, client=CLIENT, data=exported.content, filename=exported.filename)
    view, name = delivery.ListView(search=LAST), f"as {FIRST} {LAST}"
    segments.save_segment(workbench, boss, client=CLIENT, name=name, view=view)
    jobs.submit(workbench, boss, client=CLIENT, kind="export", arguments={"view": {"search": EMAIL}, "format": "csv"})
    note_fault(workbench, ValueError(f"no {EMAIL}"), place="a test", user="ann", client=CLIENT)
    with write(workbench.engine) as session:
        (lead_id,) = lead_matching.find_by_email(session, workbench.vault, 1, EMAIL).tolist()
        sealed = subject_keys.sealed(session, workbench.vault, 1, lead_id, {"email": EMAIL})
        audit.append(session, workbench.vault, at=workbench.clock(), client_id=1, actor="ann", action="lead_viewed",
                     object=f"lead:{lead_id}", detail={"sealed": sealed})
    return int(lead_id)


def _spellings(text: str) -> set[bytes]:
    """Spell a text in every way a file may hold it."""
    found = set()
    for way in {text, text.lower(), quote(text), quote(text.lower())}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            found |= {way.encode(encoding), way.encode(encoding).hex().encode()}
        # where it stands among other bytes decides how base64 cuts it; its inner letters are the same
        found |= {base64.b64encode(bytes(shift) + way.encode()).strip(b"=")[4 * (shift > 0):-4] for shift in range(3)}
    return found


def _hits(home: Path, names: tuple[str, ...]) -> list[str]:
    wanted = set().union(*(_spellings(name) for name in names))
    contents = {path.name: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return [f"{name}: {way!r}" for name, content in contents.items() for way in wanted if way in content]


def test_nothing_on_disk_tells_of_an_erased_person_and_the_log_is_whole(erased) -> None:
    workbench, _, told = erased
    home, names = workbench.settings.home, (EMAIL, PHONE, "493517654321", "7654321", LAST, f"{FIRST} {LAST}")
    assert _hits(home.parent / "backup", names), "what is looked for must have been there"
    assert told.disk_clean
    assert _hits(home, names) == []
    assert (home / "data" / "leadscore.db-wal").stat().st_size == 0
    assert governance.verify_audit(workbench, person(Role.ADMIN)).ok


def test_the_answer_names_what_went_and_what_cannot_be_reached(erased) -> None:
    _, _, told = erased
    assert (told.leads, told.suppressed, told.files) == (1, 2, 2)
    assert told.records == 10
    assert [export.certain for export in told.exports] == [True]
    # the clock of these tests stands still: the model is as old as the lead
    assert [(model.version, model.holds) for model in told.models] == [(1, False)]
    assert {"leads", "records"} <= set(told.as_dict())


def test_no_table_knows_the_lead_any_more(erased) -> None:
    workbench, lead_id, _ = erased
    with read(workbench.engine) as session:
        left = {table.name: session.execute(table.select().where(table.c.lead_id == lead_id)).first()
                for table in SQLModel.metadata.sorted_tables if "lead_id" in table.c}
    assert [name for name, found in left.items() if found is not None] == []


def test_words_of_the_log_about_an_erased_person_cannot_be_read(erased) -> None:
    workbench, lead_id, _ = erased
    with read(workbench.engine) as session:
        assert subject_keys.opened(session, workbench.vault, 1, lead_id, "whatever") is None


def test_an_erased_person_in_the_next_file_is_refused_and_counted(erased, read_here) -> None:
    workbench, _, _ = erased
    imported = intake.import_file(workbench, person(Role.ADMIN), client=CLIENT, filename="next.csv",
                                  source=AGAIN + row(9100).encode())
    assert (imported.rows_read, imported.rows_stored, imported.rejected) == (2, 1, 1)
    assert imported.issues["suppressed"] == 1


def test_a_restored_backup_forgets_the_erased_before_it_opens(erased, tmp_path) -> None:
    workbench, lead_id, _ = erased
    shutil.copytree(workbench.settings.home.parent / "backup", tmp_path / "home")
    listed = erasure_list.list_file(workbench.settings.data_folder)
    shutil.copy(listed, tmp_path / "home" / "data")
    restored = workbench_at(tmp_path / "home")
    shutil.rmtree(restored.uploads.folder)
    assert _hits(tmp_path / "home", (EMAIL, "7654321", LAST)) == []
    with read(restored.engine) as session, pytest.raises(NotFound):
        lead_reading.find_lead(session, 1, lead_id)
    restored.engine.dispose()


def test_a_changed_list_of_erasures_is_named(erased, tmp_path) -> None:
    workbench, _, _ = erased
    shutil.copytree(workbench.settings.home.parent / "backup", tmp_path / "home")
    listed = erasure_list.list_file(workbench.settings.data_folder)
    (tmp_path / "home" / "data" / listed.name).write_bytes(listed.read_bytes().replace(b'"acme"', b'"beta"'))
    with pytest.raises(TamperedData, match="Line 1 of the list"):
        workbench_at(tmp_path / "home")


def test_a_line_that_a_power_cut_left_unfinished_makes_room(workbench, admin) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=(HEADER + row(1)).encode(), filename="a.csv")
    path = erasure_list.list_file(workbench.settings.data_folder)
    path.write_bytes(b"half a li")
    privacy.erase_person(workbench, admin, client=CLIENT, email="p1@firm1.example")
    assert [found.lead_ids for found in erasure_list.read_list(workbench.vault, path)] == [(1,)]


def test_an_erasure_that_failed_at_its_end_is_done_at_the_next_start_whatever_came_after(workbench, admin,
                                                                                          monkeypatch) -> None:
    two = HEADER + row(1) + row(2)
    intake.import_file(workbench, admin, client=CLIENT, source=two.encode(), filename="two.csv")

    def full(*_parts) -> None:
        raise OSError

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(erasure_list, "_note", full)
        privacy.erase_person(workbench, admin, client=CLIENT, lead_id=1)
    privacy.erase_person(workbench, admin, client=CLIENT, lead_id=2)
    again = workbench_at(workbench.settings.home)
    with read(again.engine) as session:
        assert lead_reading.ids(session, 1).tolist() == []
        assert not erasure_list.is_behind(session, erasure_list.list_file(again.settings.data_folder))


def test_a_request_of_before_the_lead_was_known_forgets_the_person_too(workbench, admin) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=(HEADER + row(1) + row(2)).encode(), filename="a.csv")
    for address in ("p1@firm1.example", "p2@firm2.example"):
        number = requests.open_request(workbench, admin, client=CLIENT, kind="erasure", note=f"{address} wrote to us")
        requests.close_request(workbench, admin, client=CLIENT, request_id=number, outcome=f"Told {address} it is done")
    privacy.erase_person(workbench, admin, client=CLIENT, email="p1@firm1.example")
    other, one = requests.list_requests(workbench, admin, client=CLIENT)
    assert (one.note, one.outcome) == ("", "[erased]")
    assert other.note.startswith("p2@") and other.outcome.startswith("Told p2@")


def test_erasing_a_lead_spares_the_colleague_with_the_same_switchboard(workbench, admin, read_here) -> None:
    two = HEADER + row(1, phone="+49 351 999000") + row(2, phone="+49 351 999000") + row(3)
    intake.import_file(workbench, admin, client=CLIENT, source=two.encode(), filename="two.csv")
    told = privacy.erase_person(workbench, admin, client=CLIENT, lead_id=1)
    with read(workbench.engine) as session:
        assert lead_reading.ids(session, 1).tolist() == [2, 3]
    assert (told.leads, told.suppressed) == (1, 1)


@pytest.mark.parametrize("who", [{}, {"email": "a@b.example", "lead_id": 1}, {"email": ""}])
def test_an_erasure_names_exactly_one_person(workbench, admin, who) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        privacy.erase_person(workbench, admin, client=CLIENT, **who)
    assert refusal.value.code == "nobody_named"


def test_every_table_is_emptied_rewritten_or_named_as_free_of_people() -> None:
    tables = {table.name for table in SQLModel.metadata.sorted_tables}
    known = [*erasure.lead_tables(), *erasure.REWRITTEN, *erasure.STAYS]
    assert sorted(known) == sorted(tables), "say in store/erasure.py what erasing a person does to this table"


def test_a_list_of_addresses_is_erased_and_kept_out_and_the_proof_names_nobody(workbench, admin, read_here) -> None:
    intake.import_file(workbench, admin, client=CLIENT, filename="a.csv",
                       source=(HEADER + "".join(map(row, range(4)))).encode())
    wanted = b"Address,Why\nP1@firm1.example,asked\nstranger@nowhere.example,asked\n-,asked\np2@firm2.example,asked\n"
    told = privacy.erase_list(workbench, admin, client=CLIENT, source=wanted, filename="deletions.csv")
    with read(workbench.engine) as session:
        assert lead_reading.ids(session, 1).tolist() == [1, 4]
    assert (told.rows, told.found, told.erased.leads) == (4, 2, 2)
    assert b"@" not in told.proof and told.proof.count(b"erased") == 2
    again = intake.import_file(workbench, admin, client=CLIENT, filename="b.csv", source=(
        HEADER + row(1) + row(8, email="stranger@nowhere.example") + row(9)).encode())
    assert (again.rows_stored, again.issues["suppressed"]) == (1, 2)
