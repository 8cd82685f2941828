from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leadscore import sandbox
from leadscore.errors import InvalidRequest, LeadScoreError, NotFound, UnreadableFile

HERE = "tests.test_sandbox"
MEMORY_MB = 600


# --- what the children run ---------------------------------------------------------------------------------


def echo(payload: bytes, *, suffix: str) -> bytes:
    return payload + suffix.encode()


def refuse(payload: bytes, *, kind: str) -> bytes:
    kinds = {"InvalidRequest": InvalidRequest, "NotFound": NotFound, "UnreadableFile": UnreadableFile}
    raise kinds[kind]("c", "m", "h")


def fail(payload: bytes, *, how: str) -> bytes:
    if how == "exit":
        os._exit(3)
    if how == "abort":
        os.abort()
    if how == "memory":
        return bytes(4_000 * 1024 * 1024)
    if how == "hang":
        time.sleep(60)
    if how == "not bytes":
        return "text"  # type: ignore[return-value]
    raise ValueError("secret cell")


def shout(payload: bytes) -> bytes:
    print("noise")  # noqa: T201
    return b"quiet"


def environment(payload: bytes) -> bytes:
    return "\n".join(os.environ).encode()


def limits(payload: bytes) -> bytes:
    return str(resource.getrlimit(resource.RLIMIT_AS)[0]).encode()


def session(payload: bytes) -> bytes:
    return str(os.getsid(0)).encode()


def sleep_forever(payload: bytes, *, note: str) -> bytes:
    Path(note).write_text(str(os.getpid()))
    time.sleep(60)
    return b""


# -----------------------------------------------------------------------------------------------------------


def run(function: str, payload: bytes = b"", seconds: float = 30, **arguments: object) -> bytes:
    return sandbox.run(f"{HERE}:{function}", payload, arguments, memory_mb=MEMORY_MB, seconds=seconds)


def test_payload_and_arguments_go_in_and_bytes_come_back() -> None:
    payload = bytes(range(256)) * 40_000
    assert run("echo", payload, suffix="ü\n") == payload + "ü\n".encode()


def test_what_the_function_prints_does_not_reach_the_answer() -> None:
    assert run("shout") == b"quiet"


@pytest.mark.parametrize("kind", [InvalidRequest, NotFound, UnreadableFile])
def test_a_refusal_comes_back_as_its_own_kind(kind: type[LeadScoreError]) -> None:
    with pytest.raises(kind) as caught:
        run("refuse", kind=kind.__name__)
    assert caught.value.as_dict() == {"code": "c", "message": "m", "hint": "h"}


@pytest.mark.parametrize("how", ["exit", "abort", "memory", "not bytes", "other error"])
def test_any_other_end_of_the_child_is_an_unreadable_file(how: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        run("fail", how=how)
    assert caught.value.code == "unreadable_file"
    assert "secret" not in str(caught.value)


def test_a_child_that_hangs_is_killed_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableFile, match="within 1.5 seconds") as caught:
        run("fail", seconds=1.5, how="hang")
    assert caught.value.code == "unreadable_file"
    assert time.monotonic() - started < 20


def test_secrets_of_the_environment_stay_with_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSCORE_SECRET_KEY", "s3cret")
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    names = run("environment").decode().split("\n")
    assert "PATH" in names
    assert not [name for name in names if "KEY" in name or "SECRET" in name]


def test_memory_grows_with_the_payload() -> None:
    small, large = int(run("limits")), int(run("limits", bytes(10_000_000)))
    assert small == MEMORY_MB * 1024 * 1024
    assert large - small == 12 * 10_000_000


def test_the_child_has_its_own_session() -> None:
    assert int(run("session")) != os.getsid(0)


def test_it_runs_from_any_folder_without_an_installed_package(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})\n"
        "from leadscore import sandbox\n"
        f"print(sandbox.run('{HERE}:echo', b'a', {{'suffix': 'b'}}, memory_mb=600, seconds=30).decode())"
    )
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == "ab", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "from leadscore import sandbox\n"
        f"sandbox.run('{HERE}:sleep_forever', b'', {{'note': {str(note)!r}}}, memory_mb=600, seconds=60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[1])
    child = _wait_for(note)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _wait_for(note: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if note.exists() and note.read_text():
            return int(note.read_text())
        time.sleep(0.05)
    raise AssertionError("the child never started")


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
