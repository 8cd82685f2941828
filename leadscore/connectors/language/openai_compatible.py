"""Asks any server that speaks the OpenAI protocol: ratings and embeddings, with limits on time, size and trust."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import orjson
import stamina

from leadscore.config import Settings
from leadscore.connectors.language.answers import (
    SYSTEM_RULE,
    TOKENS_PER_ANSWER,
    Answered,
    Item,
    estimated_tokens,
    question,
    read_completion,
    read_usage,
)
from leadscore.errors import LeadScoreError

AGAIN = frozenset({408, 425, 429, *range(500, 600)})
"""HTTP statuses after which the same request may succeed."""
LONGEST_RETRY_AFTER = 30.0
BATCH = 8
"""Leads asked about in one request."""
OK_FROM, OK_TO = 200, 300
MOST_DIMENSIONS = 4_096
"""Numbers a vector may have; more would cost more memory than it could tell."""
LARGEST_COORDINATE = 1e100
"""Far beyond any vector of length 1, and small enough to be squared."""


@dataclass(frozen=True)
class Limits:
    """How long and how much: seconds a request, seconds with all repetitions, bytes an answer, tries, first pause."""

    request_seconds: float = 30.0
    total_seconds: float = 90.0
    bytes: int = 2_000_000
    tries: int = 3
    pause_seconds: float = 0.5


class LanguageServer:
    """A server somebody has configured. Its key stands in no message, no log and no representation.

    Parameters
    ----------
    base_url, key, chat_model, embeddings_model : str
    limits : Limits
    transport : httpx.BaseTransport, optional
        Tests pass their own.
    clock : callable
        Counts seconds; tells when a request has taken too long.
    """

    def __init__(self, *, base_url: str, key: str, chat_model: str, embeddings_model: str = "",
                 limits: Limits | None = None, transport: httpx.BaseTransport | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.base_url, self.chat_model, self.embeddings_model = base_url.rstrip("/"), chat_model, embeddings_model
        self._key, self._limits, self._transport, self._clock = key, limits or Limits(), transport, clock

    def __repr__(self) -> str:
        """Tell where, not with what."""
        return f"LanguageServer({self.host!r})"

    @property
    def host(self) -> str:
        """Name of the machine texts go to; empty when the address cannot be read."""
        try:
            return httpx.URL(self.base_url).host
        except httpx.InvalidURL:
            return ""

    def check(self) -> None:
        """Refuse a server that cannot be asked.

        Raises
        ------
        LeadScoreError
            No key, no model, or an address that is none.
        """
        if not self._key:
            raise _fault("no_language_key", "No key for a language server is set.",
                         "Set OPENAI_API_KEY and start the program again.")
        if not self.chat_model:
            raise _fault("no_language_model", "No model of the language server is named.",
                         "Set LEADSCORE_CHAT_MODEL and start the program again.")
        if not self.host or not self.base_url.startswith(("http://", "https://")) or "@" in self.base_url:
            raise _fault("wrong_language_url", "The address of the language server cannot be used.",
                         "Set OPENAI_BASE_URL to something like https://api.openai.com/v1, without a name or password.")

    def estimate(self, offer: Mapping[str, Any], items: Sequence[Item]) -> int:
        """Estimate the tokens of one question."""
        return estimated_tokens(question(offer, items), len(items))

    def rate(self, offer: Mapping[str, Any], items: Sequence[Item]) -> Answered:
        """Ask for the intent of some leads in one request.

        Returns
        -------
        Answered
            Only answers of the form asked for; leads without one are missing.

        Raises
        ------
        LeadScoreError
            The server cannot be reached, refuses, or takes too long.
        """
        data = question(offer, items)
        body = self._post("chat/completions", {
            "model": self.chat_model, "temperature": 0, "response_format": {"type": "json_object"},
            "max_tokens": 2 * TOKENS_PER_ANSWER * len(items),
            "messages": [{"role": "system", "content": SYSTEM_RULE}, {"role": "user", "content": data}]})
        return read_completion(body, [item.id for item in items], estimated_tokens(data, len(items)))

    def embed(self, texts: Sequence[str]) -> tuple[np.ndarray, int]:
        """Ask for the vectors of texts.

        Returns
        -------
        tuple
            ndarray of float32, shape (n_texts, n_dimensions), rows of length 1; and the tokens it cost.

        Raises
        ------
        LeadScoreError
            The server cannot be reached or refuses, or its answer holds no such vectors.
        """
        body = self._post("embeddings", {"model": self.embeddings_model, "input": list(texts)})
        try:
            told = orjson.loads(body)
            entries = {entry["index"]: entry["embedding"] for entry in told["data"]}
            # one vector for each text and no other, or leads would get each other's places
            vectors = np.array([entries[place] for place in range(len(texts))], dtype=np.float64)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError) as problem:
            raise _unreadable() from problem
        if len(told["data"]) != len(texts) or vectors.ndim != 2 or not 0 < vectors.shape[1] <= MOST_DIMENSIONS \
                or not (np.abs(vectors) <= LARGEST_COORDINATE).all():
            raise _unreadable()
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        spent = read_usage(told, sum(map(len, texts)) // 3 + len(texts))
        return np.asarray(vectors / np.where(norms > 0, norms, 1.0), dtype=np.float32), spent

    def _post(self, path: str, body: Mapping[str, Any]) -> bytes:
        self.check()
        limits = self._limits
        try:
            for attempt in stamina.retry_context(on=_pause_before_again, attempts=limits.tries,
                                                 timeout=limits.total_seconds, wait_initial=limits.pause_seconds):
                with attempt:
                    return self._once(path, orjson.dumps(dict(body)))
        except _Refused as refusal:
            raise _meaning(refusal.status, self.chat_model) from None
        except httpx.TimeoutException:
            raise _fault("language_timeout", "The language server took too long.",
                         "Try again later; meanwhile the local estimate is used.") from None
        except (httpx.RequestError, httpx.InvalidURL):
            # what lies behind may quote the request, and with it the key
            raise _fault("language_unreachable", f"The language server at {self.host} cannot be reached.",
                         "Check OPENAI_BASE_URL and the network.") from None
        raise AssertionError("a retry ends by an answer or an error")

    def _once(self, path: str, content: bytes) -> bytes:
        deadline, watch = self._clock() + self._limits.request_seconds, _Watch(self._limits.request_seconds)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json",
                   "Accept-Encoding": "identity"}
        with httpx.Client(timeout=self._limits.request_seconds, follow_redirects=False,
                          transport=self._transport) as client, \
                watch, client.stream("POST", f"{self.base_url}/{path}", content=content, headers=headers,
                                     extensions={"trace": watch.follow}) as response:
            if not OK_FROM <= response.status_code < OK_TO:
                raise _Refused(response.status_code, response.headers.get("Retry-After"))
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                # asked not to; what is packed may be a thousand times larger than it looks
                raise _unreadable()
            return self._read(response, deadline)

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        """Read an answer, but not more of it and not longer than agreed, however slowly it drips."""
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._limits.bytes:
                raise _fault("language_answer_too_large", "The language server sent far more than was asked for.",
                             "Check that OPENAI_BASE_URL leads to a language server.")
            if self._clock() > deadline:
                raise httpx.ReadTimeout("the answer takes too long")
            parts.append(part)
        return b"".join(parts)


def language_server(settings: Settings) -> LanguageServer:
    """Make the server the settings name; whether it may be used is asked elsewhere."""
    embeddings = "" if settings.embeddings == "local" else settings.embeddings
    return LanguageServer(base_url=settings.openai_base_url, key=settings.openai_api_key or "",
                          chat_model=settings.chat_model, embeddings_model=embeddings)


class _Watch:
    """Cuts a connection when its time is up: a time-out begins anew with every byte, also of a header."""

    def __init__(self, seconds: float) -> None:
        self._socket: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.over = False

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        self._timer.cancel()
        if self.over and isinstance(problem, httpx.TransportError):
            raise httpx.ReadTimeout("the answer takes too long") from None

    def follow(self, event: str, told: Mapping[str, Any]) -> None:
        """Note which socket the request goes through."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = told["return_value"].get_extra_info("socket")

    def _cut(self) -> None:
        self.over = True
        with suppress(OSError, TypeError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Refused(Exception):
    """An answer with a status that is no success."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        super().__init__(status)
        self.status, self.retry_after = status, retry_after


def _pause_before_again(problem: Exception) -> bool | float:
    """Say whether to ask again, and after how many seconds where the server has said so."""
    if isinstance(problem, _Refused):
        if problem.status not in AGAIN:
            return False
        wait = problem.retry_after or ""
        return min(float(wait), LONGEST_RETRY_AFTER) if wait.isascii() and wait.isdecimal() else True
    return isinstance(problem, httpx.TransportError)


def _meaning(status: int, model: str) -> LeadScoreError:
    if status in (401, 403):
        return _fault("language_key_refused", f"The language server does not accept the key (HTTP {status}).",
                      "Check OPENAI_API_KEY.")
    if status == 404:
        return _fault("language_model_unknown", f"The language server knows no such address or no model '{model}' "
                      "(HTTP 404).", "Check OPENAI_BASE_URL and LEADSCORE_CHAT_MODEL.")
    if 300 <= status < 400:
        return _fault("language_redirect", f"The language server sends us elsewhere (HTTP {status}), and we do not "
                      "follow.", "Set OPENAI_BASE_URL to the address it moved to, if you trust it.")
    if status == 429:
        return _fault("language_busy", "The language server asks us to slow down (HTTP 429).",
                      "Try again later, or raise your limit there.")
    return _fault("language_refused", f"The language server answered with HTTP {status}.",
                  "Try again later; meanwhile the local estimate is used.")


def _unreadable() -> LeadScoreError:
    return _fault("language_answer_unreadable", "The language server's answer cannot be used.",
                  "Check the name of the model.")


def _fault(code: str, message: str, hint: str) -> LeadScoreError:
    return LeadScoreError(code, message, hint)
