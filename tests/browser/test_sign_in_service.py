"""Sign-in through a service, in a real browser, with a provider of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from leadscore.access import Role
from leadscore.config import Settings
from leadscore.services import accounts
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent
from leadscore.workbench import Workbench, open_workbench
from tests.server import Server, free_port, running

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("authlib")

from tests.identity_provider import CLIENT, Provider, providing  # noqa: E402

expect = playwright.expect
PASSWORD = "correct horse battery"


@contextmanager
def workbench_with(home: Path, provider: Provider) -> Iterator[tuple[Server, Workbench]]:
    port = free_port()
    secrets = home / "secrets.toml"
    secrets.write_text(f"""
[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "a secret of this test only, long enough"
client_id = "{CLIENT}"
client_secret = "known-to-both-and-shown-to-nobody"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"
label = "the test service"
""")
    bench = open_workbench(Settings(home=home, _env_file=None))
    accounts.create_first_administrator(bench, name="anna", password=PASSWORD)
    accounts.add_user(bench, accounts.local_operator(), name="bob@example.org", password=PASSWORD, role=Role.VIEWER)
    try:
        with running(home, port=port, STREAMLIT_SECRETS_FILES=str(secrets)) as server:
            yield server, bench
    finally:
        bench.engine.dispose()


def events(bench: Workbench) -> list[str]:
    with read(bench.engine) as session:
        return [row.action for row in session.exec(select(AuditEvent).order_by(AuditEvent.seq))]


def test_a_service_lets_known_people_in_and_out_and_strangers_stay_outside(page: Any, tmp_path: Path) -> None:
    with providing() as provider, workbench_with(tmp_path, provider) as (server, bench):
        provider.person = {"sub": "17", "email": "eve@example.org", "email_verified": True}
        page.goto(server.url)
        page.get_by_role("button", name="Sign in with the test service").click()
        expect(page.get_by_text("You are known to the sign-in service, but have no account here.")).to_be_visible(
            timeout=30_000)
        assert events(bench)[-1] == "sign_in_refused"

        provider.person = {"sub": "18", "email": "bob@example.org", "email_verified": True}
        page.get_by_role("button", name="Sign in with the test service").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("bob@example.org")).to_be_visible()
        cookies = {one["name"]: one for one in page.context.cookies()}
        assert cookies["leadscore_session"]["httpOnly"] and cookies["leadscore_session"]["sameSite"] == "Strict"
        assert "known-to-both" not in page.content() + server.log

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
        page.wait_for_timeout(1_500)
        assert not [name for name in {one["name"] for one in page.context.cookies()} if "streamlit_user" in name]
        page.goto(server.url)
        expect(page.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
        assert events(bench).count("signed_out") == 1
