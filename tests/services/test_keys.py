"""The secret and the key of personal fields change, nothing is lost, and old secrets open nothing new."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, text
from sqlmodel import SQLModel

from leadscore.access import Role
from leadscore.config import Settings
from leadscore.errors import InvalidRequest, TamperedData
from leadscore.services import consents, delivery, governance, intake, keys, requests, segments
from leadscore.store import key_ring, lead_matching, lead_reading, reencryption, subject_keys
from leadscore.store.database import read, write
from leadscore.store.vault import SECRET_FILE, Vault
from leadscore.workbench import Workbench, open_workbench
from tests.ready import with_tables
from tests.services.conftest import CLIENT, HEADER, NOW, leads_file, person, row, run_here

BOSS = person(Role.ADMIN)
FIRST, SECOND, THIRD = (f"{word} secret of this store, long enough" for word in ("first", "second", "third"))


def opened(home: Path, secret: str | None = None, old: str | None = None) -> Workbench:
    settings = Settings(home=with_tables(home), secret_key=secret, old_secret_key=old, _env_file=None)
    return open_workbench(settings, clock=lambda: NOW)


def filled(home: Path, secret: str | None) -> Workbench:
    """Store something in every column the vault encrypts that a small test can fill."""
    workbench = opened(home, secret)
    intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(12), filename="a.csv")
    again = HEADER + row(1, title="Boss") + row(2, email="broken")
    intake.import_file(workbench, BOSS, client=CLIENT, source=again.encode(), filename="b.csv")
    requests.open_request(workbench, BOSS, client=CLIENT, kind="access", lead_id=1, note="by letter")
    segments.save_segment(workbench, BOSS, client=CLIENT, name="one", view=delivery.ListView(search="Last1"))
    with write(workbench.engine) as session:
        subject_keys.sealed(session, workbench.vault, 1, 1, {"a": "b"})
    return workbench


def everything(workbench: Workbench) -> list[object]:
    """Read all of it back."""
    with read(workbench.engine) as session:
        leads = lead_reading.read_leads(session, workbench.vault, 1)
        found = lead_matching.find_by_email(session, workbench.vault, 1, "p3@firm3.example").tolist()
    return [leads.fillna("").to_dict("records"), found,
            consents.lead_consents(workbench, BOSS, client=CLIENT, lead_id=1).to_dict("records"),
            [one.note for one in requests.list_requests(workbench, BOSS, client=CLIENT)],
            [one.view.search for one in segments.list_segments(workbench, BOSS, client=CLIENT)],
            intake.issue_report(workbench, BOSS, client=CLIENT, batch_id=2)]


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Fill one home with a secret of the environment and one with a file."""
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leadscore.sandbox.run", run_here)
        for name, secret in (("environment", FIRST), ("file", None)):
            filled(folder / name, secret).engine.dispose()
    return folder


def copy_of(homes: Path, name: str, tmp_path: Path) -> Path:
    shutil.copytree(homes / name, tmp_path / "home")
    return tmp_path / "home"


def test_a_new_key_encrypts_everything_anew_and_everything_is_read_as_before(homes, tmp_path) -> None:
    workbench = opened(copy_of(homes, "environment", tmp_path), FIRST)
    before = everything(workbench)
    state = keys.rotate_keys(workbench, BOSS)
    assert (state.generation, state.waiting) == (1, 0)
    with read(workbench.engine) as session:
        for part in reencryption.SEALED:
            blobs = session.execute(text(f"SELECT {part.column} FROM {part.table} WHERE {part.column} IS NOT NULL"))
            assert all(blob.startswith(b"\x02\x00\x01") for blob in blobs.scalars()), part.table
    assert everything(workbench) == before == everything(opened(workbench.settings.home, FIRST))
    assert keys.rotate_keys(workbench, BOSS).generation == 2
    assert everything(workbench) == before


def test_a_renewal_that_was_killed_between_portions_is_finished_by_the_next(homes, tmp_path, monkeypatch) -> None:
    workbench = opened(copy_of(homes, "environment", tmp_path), FIRST)
    before, portions, next_portion = everything(workbench), [], reencryption.next_portion
    monkeypatch.setattr(reencryption, "PORTION", 5)

    def killed(*parts):
        if len(portions) == 2:
            raise KeyboardInterrupt
        portions.append(next_portion(*parts))
        return portions[-1]

    monkeypatch.setattr(reencryption, "next_portion", killed)
    with pytest.raises(KeyboardInterrupt):
        keys.rotate_keys(workbench, BOSS)
    workbench.engine.dispose()
    again = opened(workbench.settings.home, FIRST)
    assert keys.show_keys(again, BOSS).waiting > 0
    assert everything(again) == before
    monkeypatch.setattr(reencryption, "next_portion", next_portion)
    assert (keys.rotate_keys(again, BOSS).generation, keys.show_keys(again, BOSS).waiting) == (1, 0)
    assert everything(again) == before


def test_a_process_that_was_there_before_reads_what_a_new_key_has_encrypted(homes, tmp_path) -> None:
    home = copy_of(homes, "environment", tmp_path)
    earlier, other = opened(home, FIRST), opened(home, FIRST)
    before = everything(earlier)
    keys.rotate_keys(other, BOSS)
    assert everything(earlier) == before


def test_a_process_that_was_there_before_does_not_bring_a_replaced_key_back(homes, tmp_path) -> None:
    home = copy_of(homes, "environment", tmp_path)
    earlier, other = opened(home, FIRST), opened(home, FIRST)
    keys.rotate_keys(other, BOSS)
    assert keys.rotate_keys(earlier, BOSS).generation == 2
    keys.rotate_keys(opened(home, FIRST), BOSS)
    state = keys.rotate_keys(earlier, BOSS)
    assert (state.generation, state.waiting) == (4, 0)
    assert everything(earlier) == everything(opened(home, FIRST))


def test_a_key_that_could_not_be_kept_encrypts_nothing(homes, tmp_path, monkeypatch) -> None:
    workbench = opened(copy_of(homes, "environment", tmp_path), FIRST)

    def full(*_parts, **_more):
        raise OSError

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(keys.audit, "append", full)
        keys.rotate_keys(workbench, BOSS)
    requests.open_request(workbench, BOSS, client=CLIENT, kind="access", lead_id=2, note="after that")
    assert everything(opened(workbench.settings.home, FIRST)) == everything(workbench)


def test_a_secret_of_the_environment_changes_with_the_old_one_given_once(homes, tmp_path) -> None:
    home = copy_of(homes, "environment", tmp_path)
    before = everything(opened(home, FIRST))
    with pytest.raises(InvalidRequest):
        opened(home, SECOND)
    changed = opened(home, SECOND, old=FIRST)
    keys.rotate_keys(changed, BOSS)
    assert everything(opened(home, SECOND)) == before
    assert governance.verify_audit(opened(home, SECOND), BOSS).ok
    for wrong in (FIRST, THIRD):
        with pytest.raises(InvalidRequest) as refusal:
            opened(home, wrong)
        assert refusal.value.code == "wrong_secret_key"
    opened(home, THIRD, old=SECOND)
    assert everything(opened(home, THIRD)) == before


def test_an_old_secret_does_not_read_what_was_encrypted_since(homes, tmp_path) -> None:
    home = copy_of(homes, "environment", tmp_path)
    workbench = opened(home, SECOND, old=FIRST)
    keys.rotate_keys(workbench, BOSS)
    with pytest.raises(TamperedData), read(workbench.engine) as session:
        lead_reading.read_leads(session, Vault(FIRST.encode()), 1)
    assert key_ring.field_keys(workbench.engine, FIRST.encode()) == {}


def test_a_secret_in_a_file_is_replaced(homes, tmp_path) -> None:
    workbench = opened(copy_of(homes, "file", tmp_path))
    before, secret = everything(workbench), (workbench.settings.data_folder / SECRET_FILE).read_bytes()
    keys.change_secret(workbench, BOSS)
    assert (workbench.settings.data_folder / SECRET_FILE).read_bytes() != secret
    assert everything(opened(workbench.settings.home)) == before


@pytest.mark.parametrize("moment", ["rewrap", "keep_root"])
def test_a_power_cut_while_the_secret_changes_leaves_one_that_opens_the_store(homes, tmp_path, monkeypatch,
                                                                              moment) -> None:
    workbench = opened(copy_of(homes, "file", tmp_path))
    before = everything(workbench)

    def cut(*_parts, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(key_ring, moment, cut)
        keys.change_secret(workbench, BOSS)
    assert everything(opened(workbench.settings.home)) == before


def test_a_secret_of_the_environment_is_not_changed_by_a_command(homes, tmp_path) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        keys.change_secret(opened(copy_of(homes, "environment", tmp_path), FIRST), BOSS)
    assert refusal.value.code == "secret_from_environment"


def test_every_column_of_bytes_is_encrypted_anew_or_named() -> None:
    columns = {(table.name, column.name) for table in SQLModel.metadata.sorted_tables for column in table.c
               if isinstance(column.type, LargeBinary)}
    known = {(part.table, part.column) for part in reencryption.SEALED} | set(reencryption.OTHER_BYTES)
    assert columns == known, "say in store/reencryption.py how this column is encrypted"
