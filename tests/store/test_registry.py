"""Model files load only when they are the bytes that were saved."""

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest, LeadScoreError, NotFound, TamperedData
from leadscore.store.registry import Registry

FILES = {"model.ubj": bytes(range(256)) * 4, "encoder.json": b'{"columns": ["a"]}', "empty.json": b""}
KEY = b"k" * 32


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", KEY)


def test_what_is_saved_is_loaded(registry: Registry) -> None:
    saved = registry.save(FILES, {"algorithm": "logistic"})
    assert registry.load(saved.folder) == FILES
    assert registry.manifest(saved.folder) == {"algorithm": "logistic"}
    assert registry.verify(saved.folder) == 3
    assert saved.manifest["files"]["empty.json"]["bytes"] == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused(registry: Registry, choice: int, bit: int) -> None:
    folder = registry.save(FILES, {"a": 1}).folder
    paths = sorted(path for path in (registry.folder / folder).iterdir() if path.stat().st_size)
    path = paths[choice % len(paths)]
    content = bytearray(path.read_bytes())
    content[choice % len(content)] ^= 1 << bit
    path.write_bytes(bytes(content))
    with pytest.raises(TamperedData):
        registry.load(folder)


@pytest.mark.parametrize("name", [*FILES, "manifest.json", "manifest.mac"])
def test_a_missing_file_is_refused(registry: Registry, name: str) -> None:
    folder = registry.save(FILES).folder
    (registry.folder / folder / name).unlink()
    with pytest.raises(TamperedData):
        registry.load(folder)


@pytest.mark.parametrize("change", ["added", "longer", "shorter", "linked", "swapped", "moved", "other key"])
def test_a_folder_that_was_worked_on_is_refused(registry: Registry, change: str, tmp_path: Path) -> None:
    folder, other = registry.save(FILES).folder, registry.save({"model.ubj": b"other"}).folder
    path = registry.folder / folder
    if change == "added":
        (path / "evil.pkl").write_bytes(b"x")
    elif change == "longer":
        (path / "model.ubj").write_bytes(FILES["model.ubj"] + b"x")
    elif change == "shorter":
        (path / "model.ubj").write_bytes(FILES["model.ubj"][:-1])
    elif change == "linked":
        (tmp_path / "copy").write_bytes(FILES["model.ubj"])
        (path / "model.ubj").unlink()
        os.symlink(tmp_path / "copy", path / "model.ubj")
    elif change == "swapped":
        (path / "model.ubj").write_bytes((registry.folder / other / "model.ubj").read_bytes())
    elif change == "moved":
        path.rename(registry.folder / ("0" * 32))
        folder = "0" * 32
    else:
        registry = Registry(registry.folder, b"j" * 32)
    with pytest.raises(TamperedData):
        registry.load(folder)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc", "a\0b", "CON", "..%2f", "x" * 500, "🙂", "' OR 1=1",
                                  "A" * 32, "0" * 31, "0" * 32, "0" * 32 + "\n", "../" + "0" * 29])
def test_hostile_folder_names_lead_nowhere(registry: Registry, name: str) -> None:
    registry.save(FILES)
    with pytest.raises(NotFound):
        registry.load(name)
    with pytest.raises(NotFound):
        registry.remove(name)


@pytest.mark.parametrize("name", ["", "../x", "/x", "a/b", "a\\b", "a\0", "..", "manifest.json", "Model.ubj",
                                  "x" * 99, "a..b"])
def test_hostile_file_names_are_not_written(registry: Registry, name: str) -> None:
    with pytest.raises(InvalidRequest):
        registry.save({"model.ubj": b"x", name: b"y"})
    assert not registry.folder.exists() or not list(registry.folder.iterdir())


def test_a_save_that_dies_leaves_no_version_and_its_draft_is_removed(registry: Registry, monkeypatch) -> None:
    kept, orphan = registry.save(FILES).folder, registry.save(FILES).folder
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("leadscore.store.registry.sync_folder", _die)
        registry.save(FILES)
    (registry.folder / "README.md").write_text("stays")
    removed = registry.remove_orphans([kept], before=datetime.now(UTC) + timedelta(hours=1))
    assert orphan in removed
    assert len(removed) == 2
    assert sorted(path.name for path in registry.folder.iterdir()) == sorted(["README.md", kept])
    assert registry.load(kept) == FILES


def test_a_removed_version_is_gone(registry: Registry) -> None:
    folder = registry.save(FILES).folder
    registry.remove(folder)
    with pytest.raises(LeadScoreError):
        registry.load(folder)


def _die(_folder: Path) -> None:
    raise SystemExit("killed")


def test_a_save_on_a_full_disk_is_refused_in_words_and_leaves_nothing(registry: Registry, monkeypatch) -> None:
    def fill_up(_folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("leadscore.store.registry.sync_folder", fill_up)
    with pytest.raises(LeadScoreError) as refused:
        registry.save(FILES)
    assert refused.value.code == "disk_full"
    assert list(registry.folder.iterdir()) == []
