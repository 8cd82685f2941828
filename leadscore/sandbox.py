"""Runs one function on bytes in a child process with bounded memory and time; whatever happens there, the parent lives.

The payload and the answer travel through files that exist in memory only (on a system without these, through unlinked
temporary files). The child gets a minimal environment without secrets, its own session, and dies with its parent.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from leadscore import errors
from leadscore.errors import LeadScoreError, UnreadableFile

log = logging.getLogger(__name__)

_PROJECT_FOLDER = Path(__file__).resolve().parent.parent
_MEGABYTE = 1024 * 1024
_MEMORY_PER_PAYLOAD = 12
"""Bytes of address space granted for each byte of payload: text, decoded text, cells with offsets, and the answer."""
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")
_DONE, _REFUSED, _FAILED = b"0", b"1", b"2"
_DIE_WITH_PARENT = 1


def run(module_function: str, payload: bytes, arguments: Mapping[str, Any], *, memory_mb: int, seconds: float) -> bytes:
    """Call ``function(payload, **arguments)`` in a child process.

    Parameters
    ----------
    module_function : str
        ``"package.module:function"``; the function gives bytes.
    payload : bytes
        First argument of the function.
    arguments : mapping
        Further arguments, anything JSON can carry.
    memory_mb : int
        Address space of the child in MiB, beside twelve times the payload.
    seconds : float
        Wall time; processor time is bounded by twice as much.

    Returns
    -------
    bytes
        What the function gave.

    Raises
    ------
    LeadScoreError
        The same kind, code and words as the child raised.
    UnreadableFile
        ``unreadable_file`` for everything else: a crash, a limit, no answer in time.
    """
    memory = memory_mb * _MEGABYTE + _MEMORY_PER_PAYLOAD * len(payload)
    order = {"call": module_function, "arguments": dict(arguments), "memory": memory, "cpu": round(2 * seconds) + 1}
    with _memory_file() as question, _memory_file() as answer:
        question.write(json.dumps(order).encode() + b"\n")
        question.write(payload)
        question.flush()
        exit_code = _wait(question.fileno(), answer.fileno(), seconds)
        answer.seek(0)
        state, body = answer.read(1), answer.read()
    if exit_code == 0 and state == _DONE:
        return body
    if exit_code == 0 and state == _REFUSED:
        raise _rebuild(json.loads(body))
    reason = body[:80].decode("ascii", "replace") if state == _FAILED else ""
    log.warning("child process for %s ended with code %s %s", module_function, exit_code, reason)
    raise _unreadable()


def _memory_file() -> BinaryIO:
    """Open a file without a name that lives in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("leadscore"), "w+b")
    return tempfile.TemporaryFile()


def _wait(question: int, answer: int, seconds: float) -> int:
    """Start the child on two open files and give its exit code."""
    os.lseek(question, 0, os.SEEK_SET)
    child = subprocess.Popen(
        [sys.executable, "-m", "leadscore.sandbox", str(question), str(answer), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(question, answer),
        cwd=_PROJECT_FOLDER,
        env=_environment(),
        start_new_session=True,
    )
    try:
        return child.wait(timeout=seconds)
    except subprocess.TimeoutExpired as problem:
        log.warning("child process gave no answer within %s seconds", seconds)
        raise _too_slow(seconds) from problem
    finally:
        _end(child)


def _environment() -> dict[str, str]:
    """Keep only what a Python process needs to start; keys and passwords stay behind."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = [str(_PROJECT_FOLDER), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
    }


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's whole session when it still runs."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _rebuild(words: dict[str, str]) -> LeadScoreError:
    """Make the error of the child again, as its own kind."""
    kind = getattr(errors, words["kind"], UnreadableFile)
    error: LeadScoreError = kind(words["code"], words["message"], words["hint"])
    return error


def _unreadable() -> UnreadableFile:
    return UnreadableFile(
        "unreadable_file",
        "This file could not be read.",
        "Open it in a spreadsheet program and save it as CSV (UTF-8), or split it.",
    )


def _too_slow(seconds: float) -> UnreadableFile:
    message = f"This file could not be read within {seconds:g} seconds."
    return UnreadableFile("unreadable_file", message, "Save it as CSV (UTF-8), or split it.")


def main(question: int, answer: int, parent: int) -> int:
    """Run the child's side: read the order, take on the limits, call, answer."""
    _die_with(parent)
    with os.fdopen(question, "rb") as stream:
        order = json.loads(stream.readline())
        _limit(order["memory"], order["cpu"])
        payload = stream.read()
    state, body = _call(order, payload)
    with os.fdopen(answer, "wb") as stream:
        stream.write(state)
        stream.write(body)
    return 0


def _call(order: Mapping[str, Any], payload: bytes) -> tuple[bytes, bytes | memoryview]:
    """Call the function; a refusal travels back as its words, anything else as the name of its kind."""
    module, _, function = order["call"].partition(":")
    try:
        return _DONE, getattr(importlib.import_module(module), function)(payload, **order["arguments"])
    except LeadScoreError as refusal:
        return _REFUSED, json.dumps({"kind": type(refusal).__name__, **refusal.as_dict()}).encode()
    except Exception as problem:
        return _FAILED, type(problem).__name__.encode()


def _limit(memory: int, cpu: int) -> None:
    """Take on the limits; no core file, so that no cell is left on the disk after a crash."""
    for kind, bound in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (bound, hard))


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent, where the kernel can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4])))
