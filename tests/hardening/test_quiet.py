"""Nothing leaves this machine unasked, nothing private is logged, and no secret lies in the repository."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leadscore.services import accounts, delivery, intake, scoring
from leadscore.workbench import Workbench
from tests.hardening.harness import BOSS, CLIENT, SECRET, open_home
from tests.services.conftest import leads_file, row

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----",
    "a key of a cloud": r"\bAKIA[0-9A-Z]{16}\b",
    "a key of a language server": r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}\b",
    "a token of a code host": r"\b(?:ghp|gho|ghs|github_pat|glpat)[_-][A-Za-z0-9_]{20,}\b",
    "a token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b",
    "a key of a payment service": r"\b[rs]k_live_[A-Za-z0-9]{16,}\b",
    "a password in an address": r"\b(?:postgresql|postgres|mysql)(?:\+\w+)?://[^\s:/@{}]+:(?!password@|secret@|p@|pw@|\.\.\.@|\*+@)"
                                r"[^\s:/@{}]{3,}@",
}
OWN_KINDS = {".py", ".md", ".toml", ".txt", ".in", ".json", ".yml", ".yaml", ".html", ".js", ".css", ".cfg", ".env", ""}
# what people would have to do with the network: look a name up, or reach for an address that is not of this machine
GUARD = """
import sys
def watch(event, given):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = given[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(given[1], tuple):
        host = given[1][0]
    else:
        return
    if host not in ("localhost", "127.0.0.1", "::1", None, ""):
        sys.stderr.write(f"REACHED {event} {host}\\n")
        raise OSError("nothing leaves this machine")
sys.addaudithook(watch)
"""


def _files_of_ours() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.suffix in OWN_KINDS and path.is_file()]


def found_secrets(paths: list[Path]) -> list[str]:
    """Name the files and lines that hold what looks like a secret."""
    pattern = {name: re.compile(expression) for name, expression in SECRETS.items()}
    return [f"{path}:{number} {name}" for path in paths
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
            for name, expression in pattern.items() if expression.search(line)]


def test_no_secret_lies_in_the_repository() -> None:
    files = _files_of_ours()
    assert len(files) > 300
    assert found_secrets(files) == []
    assert not [path.name for path in files if path.name in {".env", "secret.key", "id_rsa", "credentials.json"}]


@pytest.mark.parametrize("line", ["-----BEGIN " + "PRIVATE KEY-----", "AKIA" + "A" * 16, "key = 'sk-" + "a" * 32 + "'",
                                  "ghp_" + "b" * 36, "postgresql://lead:" + "hunter22" + "@host/db"])
def test_a_secret_would_be_found(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.py"
    path.write_text(f"a\n{line}\n")
    assert len(found_secrets([path])) == 1


def test_the_main_job_and_the_pages_start_without_looking_anything_up(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes(leads_file(5))
    code = GUARD + (
        "import app, leadscore.worker\n"
        "from leadscore.cli import main\n"
        f"sys.exit(main(['import', {str(tmp_path / 'leads.csv')!r}, '--json']))\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "LEADSCORE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)})
    assert "REACHED" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_the_guard_of_the_network_sees_a_look_up() -> None:
    code = GUARD + "import socket\ntry:\n    socket.create_connection(('example.org', 80))\nexcept OSError:\n    pass\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "REACHED socket.getaddrinfo example.org" in done.stderr


@pytest.mark.usefixtures("read_here")
def test_a_run_of_the_main_job_logs_no_person_no_secret_and_no_forged_line(
    home: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path,
) -> None:
    workbench: Workbench = open_home(home)
    evil = "Eve\\n2026-01-01 CRITICAL forged"
    file = leads_file(20) + row(99, first=f'"{evil}\nERROR root: forged"', email="not an address").encode()
    with caplog.at_level(logging.DEBUG, logger="leadscore"):
        accounts.create_first_administrator(workbench, name="Anna", password="correct horse battery")
        intake.import_file(workbench, BOSS, client=CLIENT, source=file, filename="a\nERROR root: forged.csv")
        scoring.rescore(workbench, BOSS, client=CLIENT)
        exported = delivery.export_leads(workbench, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    said = caplog.text
    assert exported.rows > 10
    for private in ("p3@firm3.example", "First3", "Last3", "+49 351 55", "correct horse", SECRET, "forged"):
        assert private not in said
