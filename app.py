"""The door: who may reach what, the session cookie, safe headers, and the worker beside the server."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from base64 import b64encode
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from google.protobuf.message import DecodeError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from leadscore.errors import LeadScoreError, SignInRefused
from leadscore.services import faults, operations, sessions
from leadscore.services.operations import State
from pages import shared
from pages.widgets.notices import show_refusal

FOLDER = Path(__file__).resolve().parent
INDEX = Path(st.__file__).parent / "static" / "index.html"

STREAM = "/_stcore/stream"
# What a browser needs to draw the sign-in form; everything else below these prefixes holds or takes data.
OPEN = frozenset({STREAM, "/_stcore/health", "/_stcore/host-config"})
CLOSED = ("/_stcore", "/media", "/component", "/app/static")
MEDIA = "/media/"
FILE_LINK = re.compile(rb"/media/([0-9A-Za-z_-]{16,128})")
MOST_FILES = 20_000
ANONYMOUS_FRAME_BYTES = 64 * 1024
ANONYMOUS_STREAMS_PER_ADDRESS = 20
TIMINGS_SECONDS = 20.0
HEALTH_SECONDS = 5.0
WORKER_REST_SECONDS = 2.0
WORKER_PATIENCE_SECONDS = 15.0

log = logging.getLogger("leadscore.door")

# Sends a ticket, or the wish to leave, to the door and then shows the page anew.
DOOR_SCRIPT = """
const said = document.currentScript.dataset;
fetch(said.route, {method: "POST", credentials: "same-origin", headers: {"X-Ticket": said.ticket}})
  .then((answer) => answer.text())
  .finally(() => { if (said.next) { location.assign(said.next); } else { location.reload(); } });
"""


class Gate:
    """Lets a browser without a session see the sign-in form and nothing else, and writes safe headers on everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._anonymous: Counter[str] = Counter()
        self._files = _Files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request or websocket."""
        if scope["type"] == "http":
            await self._request(scope, receive, _with_safe_headers(send, scope["path"]))
        elif scope["type"] == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path not in OPEN and path.startswith(CLOSED) and not await _holder(scope):
            refusal = {"code": "sign_in_first", "message": "This needs a session.", "hint": "Sign in and try again."}
            await JSONResponse(refusal, status_code=401)(scope, receive, send)
            return
        if path.startswith(MEDIA) and not self._files.belongs(path, _token(scope) or ""):
            unknown = {"code": "unknown_file", "message": "There is no such file.", "hint": "Load the page again."}
            await JSONResponse(unknown, status_code=404)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await _holder(scope):
            noting = self._files.noting(send, _token(scope) or "")
            await self._app(scope, _while_alive(scope, receive, send), noting)
            return
        address = str((scope.get("client") or ("unknown",))[0])
        if self._anonymous[address] >= ANONYMOUS_STREAMS_PER_ADDRESS:
            await send({"type": "websocket.close", "code": 1013})
            return
        self._anonymous[address] += 1
        try:
            await self._app(_without_old_session(scope), _only_small(receive, send), send)
        finally:
            self._anonymous[address] -= 1
            self._anonymous += Counter()  # forgets addresses that have left


class _Files:
    """Whose page was told of which file: a link that is passed on opens nothing for anybody else."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    def noting(self, send: Send, token: str) -> Send:
        """Look through what goes to a page for links to files, and note that they are this session's."""
        async def send_on(message: Message) -> None:
            for name in FILE_LINK.findall(message.get("bytes") or b""):
                self._told[name.decode(), token] = None
                self._told.move_to_end((name.decode(), token))
            while len(self._told) > MOST_FILES:
                self._told.popitem(last=False)
            await send(message)

        return send_on

    def belongs(self, path: str, token: str) -> bool:
        """Say whether a page of this session was told of a file."""
        return (path.removeprefix(MEDIA).partition(".")[0], token) in self._told


def _token(scope: Scope) -> str | None:
    jar = SimpleCookie()
    with suppress(CookieError):
        jar.load(Headers(scope=scope).get("cookie", ""))
    return jar[shared.COOKIE].value if shared.COOKIE in jar else None


async def _holder(scope: Scope, *, active: bool = True) -> bool:
    """Say whether the request carries a living session; asked of the store each time, beside the event loop."""
    token = _token(scope)
    if not token:
        return False
    return await run_in_threadpool(_is_alive, token, active)


def _is_alive(token: str, active: bool) -> bool:
    return sessions.session_from_token(shared.workbench(), token, active=active) is not None


def _while_alive(scope: Scope, receive: Receive, send: Send) -> Receive:
    """Cut the stream as soon as a message arrives for a session that has ended meanwhile."""
    async def next_message() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and not await _holder(scope, active=_by_a_person(message)):
            return await _cut(send, 1008)
        return message

    return next_message


def _by_a_person(message: Message) -> bool:
    """Tell a click from what a page asks for by itself, which must not keep an idle session open."""
    asked = BackMsg()
    with suppress(DecodeError):
        asked.ParseFromString(message.get("bytes") or b"")
    return asked.WhichOneof("type") != "app_heartbeat" and not asked.rerun_script.is_auto_rerun


def _only_small(receive: Receive, send: Send) -> Receive:
    async def next_message() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and len(message.get("bytes") or b"") > ANONYMOUS_FRAME_BYTES:
            return await _cut(send, 1009)
        return message

    return next_message


async def _cut(send: Send, code: int) -> Message:
    await send({"type": "websocket.close", "code": code})
    return {"type": "websocket.disconnect", "code": code}


def _without_old_session(scope: Scope) -> Scope:
    """Take the session to resume out of the handshake: what a signed-in page left behind is not for strangers."""
    headers = [(name, b", ".join(value.split(b",")[:2]) if name == b"sec-websocket-protocol" else value)
               for name, value in scope["headers"]]
    return {**scope, "headers": headers}


@cache
def _content_policy() -> str:
    """Allow what comes from this server only; Streamlit's one inline script is known by its hash."""
    inline = re.findall(r"<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in inline)
    return "; ".join((
        "default-src 'self'",
        f"script-src 'self' 'unsafe-eval' {hashes}",  # charts are compiled from their description
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ))


def _with_safe_headers(send: Send, path: str) -> Send:
    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = _content_policy()
            headers["X-Frame-Options"] = "DENY"
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            if path.startswith("/media"):
                headers["Cache-Control"] = "no-store"  # exports stay out of the browser's cache
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        await send(message)

    return send_safely


# --- routes ------------------------------------------------------------------------------------------------------


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def open_session(request: Request) -> Response:
    """Take a ticket once and set the cookie of a fresh session; Starlette runs this in a thread."""
    if not _same_origin(request):
        return JSONResponse({"code": "wrong_origin"}, status_code=403)
    workbench = shared.workbench()
    try:
        session = sessions.redeem_ticket(workbench, request.headers.get("x-ticket", ""),
                                         user_agent=request.headers.get("user-agent"))
    except SignInRefused as refusal:
        return JSONResponse(refusal.as_dict(), status_code=401)
    if old := request.cookies.get(shared.COOKIE):
        sessions.sign_out(workbench, old)
    response = Response(status_code=204)
    response.set_cookie(shared.COOKIE, session.token, httponly=True, samesite="strict",
                        secure=workbench.settings.secure_cookie)
    return response


def close_session(request: Request) -> Response:
    """End the session and clear its cookie."""
    if not _same_origin(request):
        return JSONResponse({"code": "wrong_origin"}, status_code=403)
    sessions.sign_out(shared.workbench(), request.cookies.get(shared.COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(shared.COOKIE, httponly=True, samesite="strict")
    return response


def door_script(_: Request) -> Response:
    """Give the one script of ours that runs in the browser."""
    return Response(DOOR_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def to_performance(request: Request) -> Response:
    """Send the second address of the first page to its first one."""
    return RedirectResponse("/" + (f"?{request.url.query}" if request.url.query else ""), status_code=307)


def health(_: Request) -> Response:
    """Say whether the workbench can work, without saying anything about it: details are for those who may see them."""
    found = _health_now()
    checks = {check.name: check.state for check in found.checks}
    return JSONResponse({"status": found.state, "checks": checks}, headers={"Cache-Control": "no-store"},
                        status_code=503 if found.state is State.FAIL else 200)


def ready(_: Request) -> Response:
    """Say whether the store answers and has the tables this program needs."""
    fine = operations.is_ready(shared.workbench())
    return JSONResponse({"ready": fine}, headers={"Cache-Control": "no-store"}, status_code=200 if fine else 503)


@st.cache_data(ttl=HEALTH_SECONDS, show_spinner=False)
def _health_now() -> operations.Health:
    """Look at most every few seconds, however many ask."""
    return operations.health_of(shared.workbench())


ROUTES = [
    Route("/health", health),
    Route("/ready", ready),
    Route("/session", open_session, methods=["POST"]),
    Route("/sign-out", close_session, methods=["POST"]),
    Route("/door.js", door_script),
    Route("/lead-scoring", to_performance),
    Route("/performance", to_performance),
]


# --- faults and the worker -----------------------------------------------------------------------------------


def on_fault(fault: Exception) -> bool:
    """Show a refused request in its own words and anything else as a fault of ours, with a number for the log."""
    if isinstance(fault, LeadScoreError):
        show_refusal(fault)
        return True
    number = _noted(fault)
    st.error(f"Nothing you saved is lost. Load the page again; if it happens again, tell us the number {number}.",
             title="Something went wrong on our side.", icon=":material/error:")
    return True


def _noted(fault: Exception) -> str:
    """Note a fault with who met it where, as far as that can be told while things are broken."""
    workbench = who = client = None
    with suppress(Exception):
        workbench = shared.workbench()
        who = shared.signed_in()
        client = st.session_state.get("chosen_client")
    page = urlsplit(st.context.url or "").path.strip("/") or "performance"
    return faults.note_fault(workbench, fault, place=f"page {page}", user=who.name if who else None, client=client)


async def _keep_timings() -> None:
    """Write down now and then how long pages took, so that no page waits for that."""
    while True:
        await asyncio.sleep(TIMINGS_SECONDS)
        try:
            await run_in_threadpool(operations.keep_timings, shared.workbench())
        except Exception as fault:
            faults.note_fault(None, fault, place="timings of pages")


async def _keep_working() -> None:
    """Keep one worker process alive; when the server stops, so does the worker."""
    while True:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "leadscore.worker", cwd=FOLDER, env={**os.environ, "LEADSCORE_FOLLOW_PARENT": "1"})
        try:
            code = await worker.wait()
        finally:
            if worker.returncode is None:
                worker.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(worker.wait(), WORKER_PATIENCE_SECONDS)
        log.warning("the worker ended with code %s and is started again", code)
        await asyncio.sleep(WORKER_REST_SECONDS)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Open the workbench before the first visitor comes, and have a worker beside it."""
    faults.keep_log_calm(logging.INFO)
    await run_in_threadpool(shared.workbench)
    beside = [_keep_timings()]
    if os.environ.get("LEADSCORE_NO_WORKER") != "1":
        beside.append(_keep_working())
    tasks = [asyncio.create_task(one) for one in beside]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):
            await run_in_threadpool(operations.keep_timings, shared.workbench())


app = st.App(FOLDER / "pages" / "frame.py", routes=ROUTES, middleware=[Middleware(Gate)], lifespan=lifespan,
             on_script_error=on_fault)
