"""Starts the workbench on a free port of this computer for the tests that need a real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A running workbench: its port, its process and its home."""

    port: int
    process: subprocess.Popen[bytes]
    home: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Find a port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(home: Path, *, worker: bool = False, port: int | None = None, **environment: str) -> Iterator[Server]:
    """Serve the home until the end of the block."""
    port = port or free_port()
    settings = {"LEADSCORE_HOME": str(home), "LEADSCORE_NO_WORKER": "0" if worker else "1",
                "STREAMLIT_SERVER_PORT": str(port), **environment}
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")], cwd=ROOT,
                                   env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT)
        server = Server(port=port, process=process, home=home)
        try:
            _wait_until_healthy(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(server: Server) -> None:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended: {server.log}")
        try:
            with urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {server.log}")
