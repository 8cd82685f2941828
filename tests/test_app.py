from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

import app as door
from leadscore.access import Role
from leadscore.config import Settings
from leadscore.services import accounts, sessions
from leadscore.workbench import Workbench, open_workbench
from tests.server import Server, running

PASSWORD = "correct horse battery"
CLOSED = ["/_stcore/upload_file/a/b", "/media/abc.csv", "/component/x/index.html", "/_stcore/metrics",
          "/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/_stcore/bidi-components/x/y.js"]


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    opened = open_workbench(Settings(home=tmp_path_factory.mktemp("home"), _env_file=None))
    accounts.create_first_administrator(opened, name="anna", password=PASSWORD)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def server(workbench: Workbench) -> Iterator[Server]:
    with running(workbench.settings.home) as started:
        yield started


def ask(server: Server, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=20)
    try:
        connection.request(method, path, body=b"x" if method == "PUT" else None,
                           headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, got, answer.read().decode(errors="replace")
    finally:
        connection.close()


def ticket(workbench: Workbench) -> str:
    return sessions.sign_in(workbench, name="anna", password=PASSWORD, address="192.0.2.1").token


def session(workbench: Workbench) -> str:
    return sessions.redeem_ticket(workbench, ticket(workbench)).token


def stream(server: Server, *, token: str = "", origin: str = "", host: str = "") -> ClientConnection:
    headers = {"Cookie": f"{door.shared.COOKIE}={token}"} if token else {}
    if host:
        headers["Host"] = host
    return connect(f"ws://localhost:{server.port}/_stcore/stream", additional_headers=headers, max_size=None,
                   origin=origin or None, subprotocols=[Subprotocol("streamlit")],  # type: ignore[arg-type]
                   open_timeout=20, close_timeout=1)


def run_page(page: str = "", **state: object) -> bytes:
    asked = BackMsg()
    asked.rerun_script.page_name = page
    for name, value in state.items():
        setattr(asked.rerun_script, name, value)
    return asked.SerializeToString()


def drawn(connection: ClientConnection, seconds: float = 20.0) -> bytes:
    """Collect what the server draws until the script has finished."""
    seen, patience = b"", time.monotonic() + seconds
    while time.monotonic() < patience:
        try:
            seen += connection.recv(timeout=2.0)  # type: ignore[operator]
        except TimeoutError:
            if b"Password" in seen or b"Sign out" in seen:
                return seen
    return seen


# --- without a session -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("cookie", ["", "leadscore_session=forged", "leadscore_session=", "\x7f;;=;leadscore_session"])
def test_a_stranger_reaches_no_data_and_can_store_none(server: Server, path: str, method: str, cookie: str) -> None:
    assert ask(server, method, path, Cookie=cookie)[0] == 401


@pytest.mark.parametrize("path", ["/", "/leads?tier=High", "/lead-scoring-settings", "/_stcore/health", "/door.js",
                                  "/_stcore/host-config"])
def test_a_stranger_gets_what_the_sign_in_form_needs(server: Server, path: str) -> None:
    assert ask(server, "GET", path)[0] == 200


def test_a_stranger_sees_the_form_and_no_page(server: Server) -> None:
    with stream(server) as connection:
        connection.send(run_page("lead-scoring-audit"))
        seen = drawn(connection)
    assert b"Password" in seen
    assert b"Sign out" not in seen


def test_a_stranger_cannot_send_much(server: Server) -> None:
    with stream(server) as connection:
        connection.send(b"x" * (door.ANONYMOUS_FRAME_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                connection.recv(timeout=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_a_stranger_cannot_hold_many_streams_and_leaves_no_trace(server: Server) -> None:
    with ExitStack() as held:
        for _ in range(door.ANONYMOUS_STREAMS_PER_ADDRESS):
            held.enter_context(stream(server))
        with pytest.raises(InvalidStatus), stream(server):
            pass
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        try:
            with stream(server):
                return
        except InvalidStatus:
            time.sleep(0.2)
    pytest.fail("the places were not given back")


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"},
                                     {"origin": "http://evil.example", "host": "evil.example"},
                                     {"host": "evil.example"}])
def test_another_site_cannot_open_a_stream(server: Server, workbench: Workbench, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus), stream(server, token=session(workbench), **headers):
        pass


@pytest.mark.parametrize("path", ["/", "/leads", "/media/x.csv", "/_stcore/health", "/door.js", "/favicon.png"])
def test_every_answer_carries_safe_headers(server: Server, path: str) -> None:
    _, headers, _ = ask(server, "GET", path)
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers.get("cache-control") == "no-store" or not path.startswith("/media")
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


@pytest.mark.parametrize(("path", "key"), [("/health", "checks"), ("/ready", "ready")])
def test_whoever_watches_over_the_machine_learns_whether_it_works_and_nothing_else(server: Server, path: str,
                                                                                   key: str) -> None:
    status, headers, body = ask(server, "GET", path)
    assert status == 200 and key in json.loads(body) and headers["cache-control"] == "no-store"
    assert not [word for word in ("/", "GB", "anna", "sqlite") if word in body], "states, no particulars"


@pytest.mark.parametrize("path", ["/lead-scoring", "/performance"])
def test_other_addresses_of_the_first_page_lead_to_it(server: Server, path: str) -> None:
    status, headers, _ = ask(server, "GET", f"{path}?client=acme")
    assert (status, headers["location"]) == (307, "/?client=acme")


# --- with one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CLOSED)
def test_a_session_opens_the_gate_until_it_is_ended(server: Server, workbench: Workbench, path: str) -> None:
    token = session(workbench)
    assert ask(server, "GET", path, Cookie=f"leadscore_session={token}")[0] != 401
    assert ask(server, "POST", "/sign-out", Cookie=f"leadscore_session={token}")[0] == 204
    assert ask(server, "GET", path, Cookie=f"leadscore_session={token}")[0] == 401


def test_a_ticket_becomes_a_cookie_that_scripts_cannot_read_and_only_once(server: Server, workbench: Workbench) -> None:
    once = ticket(workbench)
    status, headers, _ = ask(server, "POST", "/session", X_Ticket=once)
    cookie = headers["set-cookie"]
    assert status == 204
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie and once not in cookie
    status, headers, _ = ask(server, "POST", "/session", X_Ticket=once)
    assert status == 401 and "set-cookie" not in headers


@pytest.mark.parametrize("x_ticket", ["", "forged", "x" * 4_000])
def test_no_ticket_no_cookie(server: Server, x_ticket: str) -> None:
    status, headers, body = ask(server, "POST", "/session", X_Ticket=x_ticket)
    assert status == 401 and "set-cookie" not in headers and "stale_ticket" in body


def test_signing_in_ends_the_session_the_browser_had_before(server: Server, workbench: Workbench) -> None:
    planted = session(workbench)
    assert ask(server, "POST", "/session", X_Ticket=ticket(workbench), Cookie=f"leadscore_session={planted}")[0] == 204
    assert sessions.session_from_token(workbench, planted) is None


@pytest.mark.parametrize("route", ["/session", "/sign-out"])
def test_another_site_can_sign_nobody_in_or_out(server: Server, workbench: Workbench, route: str) -> None:
    token = session(workbench)
    assert ask(server, "POST", route, X_Ticket=ticket(workbench), Cookie=f"leadscore_session={token}",
               Origin="http://evil.example")[0] == 403
    assert sessions.session_from_token(workbench, token) is not None


def test_a_live_page_is_cut_off_once_its_session_has_ended(server: Server, workbench: Workbench) -> None:
    token = session(workbench)
    with stream(server, token=token) as connection:
        connection.send(run_page("lead-scoring-audit"))
        assert b"Sign out" in drawn(connection)
        sessions.sign_out(workbench, token)
        connection.send(run_page("lead-scoring-audit"))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                connection.recv(timeout=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


@pytest.mark.parametrize("change", ["password", "role", "disabled", "everywhere", "one"])
def test_whatever_ends_a_session_cuts_its_live_page_and_refuses_its_next_request(server: Server, workbench: Workbench,
                                                                                change: str) -> None:
    boss, name = accounts.local_operator(), f"somebody.{change}"
    user = accounts.add_user(workbench, boss, name=name, password=PASSWORD, role=Role.ANALYST)
    signed_in = sessions.sign_in(workbench, name=name, password=PASSWORD, address="192.0.2.1")
    token = sessions.redeem_ticket(workbench, signed_in.token).token
    with stream(server, token=token) as connection:
        connection.send(run_page("account"))
        assert b"Sign out" in drawn(connection)
        if change == "password":
            sessions.change_password(workbench, signed_in.actor, current=PASSWORD, new="another fine day", address="a")
        elif change == "everywhere":
            sessions.sign_out_everywhere(workbench, signed_in.actor)
        elif change == "one":
            (place,) = sessions.list_sessions(workbench, signed_in.actor)
            sessions.end_session(workbench, signed_in.actor, session_id=place.id)
        else:
            accounts.change_user(workbench, boss, user_id=user.id, role=Role.VIEWER if change == "role" else None,
                                 disabled=change == "disabled")
        assert ask(server, "GET", "/media/x.csv", Cookie=f"leadscore_session={token}")[0] == 401
        connection.send(run_page("account"))
        with pytest.raises(ConnectionClosed):
            while True:
                connection.recv(timeout=10)


def test_an_upload_needs_the_proof_that_the_page_asked_for_it(server: Server, workbench: Workbench) -> None:
    cookie = f"leadscore_session={session(workbench)}"
    for headers in ({}, {"X_Xsrftoken": "forged"}, {"Origin": "http://evil.example"}):
        status = ask(server, "PUT", "/_stcore/upload_file/some-session/some-file", Cookie=cookie, **headers)[0]
        assert status in (400, 403), "refused, and nothing is kept"


# --- details ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("message", "by_a_person"), [
    (run_page("leads"), True), (run_page("leads", fragment_id="f", is_auto_rerun=True), False),
    (run_page("leads", fragment_id="f"), True), (b"\xff\xff not a message", True),
    (BackMsg(app_heartbeat=True).SerializeToString(), False),
])
def test_what_a_page_does_by_itself_is_no_activity(message: bytes, by_a_person: bool) -> None:
    assert door._by_a_person({"type": "websocket.receive", "bytes": message}) is by_a_person


@pytest.mark.parametrize(("header", "kept"), [(b"streamlit", b"streamlit"),
                                              (b"streamlit, xsrf, old-session", b"streamlit, xsrf"),
                                              (b"streamlit, , old-session", b"streamlit, ")])
def test_a_stranger_cannot_resume_a_page_left_behind(header: bytes, kept: bytes) -> None:
    scope = {"type": "websocket", "headers": [(b"host", b"a, b, c"), (b"sec-websocket-protocol", header)]}
    headers = dict(door._without_old_session(scope)["headers"])
    assert headers[b"sec-websocket-protocol"].replace(b"  ", b" ") == kept
    assert headers[b"host"] == b"a, b, c"


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel for child processes")
def test_a_worker_runs_beside_the_server_and_ends_with_it(tmp_path: Path) -> None:
    with running(tmp_path, worker=True) as started:
        children = Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children")
        workers = [pid for pid in children.read_text().split()
                   if b"leadscore.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(workers) == 1
    assert not Path(f"/proc/{workers[0]}").exists()


def test_a_link_to_a_file_opens_it_only_for_the_session_whose_page_was_told(workbench: Workbench,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.shared, "workbench", lambda: workbench)
    mine, another = session(workbench), session(workbench)
    name = "0f" * 28
    answers: list[int] = []

    async def server_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.send", "bytes": b"\x0a\x10.../media/" + name.encode() + b".csv\x12..."})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    async def keep(message: dict[str, Any]) -> None:
        answers.append(message.get("status", 0))

    async def nothing() -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    def asks(kind: str, token: str, path: str) -> dict[str, Any]:
        return {"type": kind, "path": path, "headers": [(b"cookie", f"leadscore_session={token}".encode())]}

    async def story() -> None:
        gate = door.Gate(server_app)
        await gate(asks("websocket", mine, "/_stcore/stream"), nothing, keep)
        for token, path in ((mine, f"/media/{name}.csv"), (another, f"/media/{name}.csv"), (mine, "/media/other.csv")):
            answers.clear()
            await gate(asks("http", token, path), nothing, keep)
            found.append(answers[0])

    found: list[int] = []
    asyncio.run(story())
    assert found == [200, 404, 404]
