"""Runs the whole test suite without any network, and starts the workbench while every look-up is counted.

Run ``python -m benchmarks.trust_network``, with ``--quick`` for a few folders of the suite only. Exits with 1 when a
test fails that needs the network, or when the server or its worker looks anything up or reaches beyond this machine.
Linux only: the suite runs in a network namespace of its own (``unshare -rn``), the server under ``strace``.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("tests/ingest", "tests/scoring", "tests/store/test_audit.py", "tests/services/test_intake.py")
PORT = 8707
START_SECONDS = 180
AFTERWARDS_SECONDS = 20
AWAY = re.compile(r'sin6?_port=htons\(\d+\).*?(?:inet_addr\("([^"]+)"\)|"([0-9a-f:]+)")')
HERE = ("127.", "0.0.0.0", "::1", "::ffff:127.")


def main() -> int:
    """Print what came of both and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("suite", "start"))
    options = parser.parse_args()
    missed = 0
    if options.only != "start":
        missed += _suite(QUICK if options.quick else ("tests",))
    if options.only != "suite":
        missed += _start()
    return int(missed > 0)


def _suite(folders: tuple[str, ...]) -> int:
    """Run tests where no interface but the loopback is up."""
    order = " ".join([sys.executable, "-m", "pytest", "-q", "-m", '"not browser"', *folders])
    done = subprocess.run(["unshare", "-rn", "sh", "-c", f"ip link set lo up; {order}"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    lines = done.stdout.strip().splitlines()
    print(f"without a network: {lines[-1] if lines else done.stderr[-200:]}", flush=True)
    for line in (line for line in lines if line.startswith(("FAILED", "ERROR"))):
        print(f"    {line}")
    return int(done.returncode != 0)


def _start() -> int:
    """Start the server with its worker and list every address it reaches for beyond this machine."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        environment = {**os.environ, "LEADSCORE_HOME": folder, "STREAMLIT_SERVER_PORT": str(PORT)}
        server = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), sys.executable, "-m",
             "streamlit", "run", "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        healthy = _wait_until_healthy()
        time.sleep(AFTERWARDS_SECONDS)
        # the tracer waits for those it traces, so all of them are ended
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=60)
        text = trace.read_text(errors="replace")
    calls = text.count("connect(") + text.count("sendto(") + text.count("sendmsg(")
    away = [line.strip()[:160] for line in text.splitlines() if _is_away(line)]
    print(f"server and worker, until {AFTERWARDS_SECONDS} seconds after they answered: {calls:,} calls watched, "
          f"{len(away)} beyond this machine{'' if healthy else '; the server never answered'}", flush=True)
    for line in away[:10]:
        print(f"    {line}")
    return len(away) + (not healthy)


def _wait_until_healthy() -> bool:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience:
        with suppress(OSError), urlopen(f"http://localhost:{PORT}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
        time.sleep(0.5)
    return False


def _is_away(line: str) -> bool:
    found = AWAY.search(line)
    if found is None:
        return False
    address = found.group(1) or found.group(2)
    return not address.startswith(HERE)


if __name__ == "__main__":
    sys.exit(main())
