"""A small OpenID provider on this computer for the tests: it says yes at once, and signs what it says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "leadscore-tests"


@dataclass
class Provider:
    """A running provider: its address, and whom it will name next."""

    url: str
    person: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """The nonce that belongs to each code."""


@contextmanager
def providing() -> Iterator[Provider]:
    """Serve until the end of the block."""
    key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
    server = ThreadingHTTPServer(("localhost", 0), BaseHTTPRequestHandler)
    provider = Provider(f"http://localhost:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(provider, key)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def _handler(provider: Provider, key: RSAKey) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            if path == "/.well-known/openid-configuration":
                self._answer({"issuer": provider.url, "authorization_endpoint": f"{provider.url}/authorize",
                              "token_endpoint": f"{provider.url}/token", "jwks_uri": f"{provider.url}/keys",
                              "response_types_supported": ["code"], "subject_types_supported": ["public"],
                              "id_token_signing_alg_values_supported": ["RS256"]})
            elif path == "/keys":
                self._answer({"keys": [key.as_dict(private=False)]})
            else:
                code = f"code-{len(provider.codes)}"
                provider.codes[code] = query["nonce"][0]
                self.send_response(302)
                self.send_header("Location", query["redirect_uri"][0] + "?" + urlencode(
                    {"code": code, "state": query["state"][0]}))
                self.end_headers()

        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            now = int(time.time())
            claims = {"iss": provider.url, "aud": CLIENT, "iat": now, "exp": now + 300,
                      "nonce": provider.codes[asked["code"][0]], **provider.person}
            token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, key)
            self._answer({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": token})

        def _answer(self, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    return Handler
