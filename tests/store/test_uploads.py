"""Waiting files are unreadable on disk, whole, and their client's only."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadscore.errors import NotFound, TamperedData
from leadscore.store.uploads import CHUNK, UploadStore

META = {"filename": "leads.csv", "client": "acme"}


@pytest.fixture
def uploads(tmp_path: Path) -> UploadStore:
    return UploadStore(tmp_path / "uploads", b"u" * 32)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_of_any_size_comes_back(uploads: UploadStore, size: int) -> None:
    data = (b"abc" * (size // 3 + 1))[:size]
    name = uploads.put(data, META)
    assert uploads.get(name, "acme") == (data, META)
    assert uploads.meta(name, "acme") == META


def test_nothing_of_it_can_be_read_on_disk(uploads: UploadStore) -> None:
    name = uploads.put(b"ann@firm.example" * 100, META)
    path = uploads.folder / name
    content = path.read_bytes()
    assert b"ann@" not in content
    assert b"leads.csv" not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in uploads.folder.iterdir()] == [name]


@pytest.mark.parametrize("change", ["flip head", "flip body", "cut chunk", "cut byte", "swap chunks", "empty", "key",
                                    "name"])
def test_a_changed_file_is_refused(uploads: UploadStore, change: str) -> None:
    name = uploads.put(bytes(3 * CHUNK), META)
    path = uploads.folder / name
    content = bytearray(path.read_bytes())
    body = len(content) - 3 * (CHUNK + 16)
    if change == "flip head":
        content[body - 1] ^= 1
    elif change == "flip body":
        content[-1] ^= 1
    elif change == "cut chunk":
        content = content[:-(CHUNK + 16)]
    elif change == "cut byte":
        content = content[:-1]
    elif change == "swap chunks":
        first, second = content[body:body + CHUNK + 16], content[body + CHUNK + 16:body + 2 * (CHUNK + 16)]
        content[body:body + 2 * (CHUNK + 16)] = second + first
    elif change == "empty":
        content = bytearray()
    path.write_bytes(bytes(content))
    store = UploadStore(uploads.folder, b"v" * 32) if change == "key" else uploads
    if change == "name":
        name = path.rename(path.with_name("0" * 32)).name
    with pytest.raises(TamperedData):
        store.get(name, "acme")


def test_a_file_belongs_to_its_client(uploads: UploadStore) -> None:
    name = uploads.put(b"x", META)
    with pytest.raises(NotFound):
        uploads.get(name, "beta")
    uploads.delete(name, "beta")
    assert uploads.get(name, "acme")[0] == b"x"
    uploads.delete(name, "acme")
    uploads.delete(name, "acme")
    with pytest.raises(NotFound):
        uploads.get(name, "acme")


@pytest.mark.parametrize("name", ["", "..", "../secret.key", "/etc/passwd", "0" * 32, "a\0", "x" * 500])
def test_hostile_ids_lead_nowhere(uploads: UploadStore, name: str) -> None:
    with pytest.raises(NotFound):
        uploads.get(name, "acme")
    uploads.delete(name, "acme")


def test_old_files_are_removed(uploads: UploadStore) -> None:
    now = datetime.now(UTC)
    assert uploads.remove_older(now) == 0
    uploads.put(b"x", META)
    assert uploads.remove_older(now) == 0
    assert uploads.remove_older(now + timedelta(days=2)) == 1
    assert list(uploads.folder.iterdir()) == []
