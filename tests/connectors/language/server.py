"""A language server as tests need it: it answers as a list says, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from leadscore.connectors.language.openai_compatible import LanguageServer, Limits

KEY = "sk-very-secret"
QUICK = Limits(request_seconds=2.0, total_seconds=5.0, bytes=200_000, tries=3, pause_seconds=0.0)

Reply = Callable[[httpx.Request], httpx.Response]


def asked(request: httpx.Request) -> list[dict[str, Any]]:
    """Give the leads a request asks about."""
    return json.loads(json.loads(request.content)["messages"][1]["content"])["leads"]


def completion(content: Any, tokens: Any = 120) -> httpx.Response:
    text = content if isinstance(content, str) else json.dumps(content)
    return httpx.Response(200, json={"choices": [{"message": {"content": text}}], "usage": {"total_tokens": tokens}})


def good(request: httpx.Request, level: str = "High", reasoning: str = "Wants it soon.") -> httpx.Response:
    return completion({"answers": [{"id": lead["id"], "level": level, "reasoning": reasoning}
                                   for lead in asked(request)]})


class FakeServer:
    """Replies in order; the last reply stays."""

    def __init__(self, *replies: Reply | httpx.Response | Exception) -> None:
        self.replies, self.requests = list(replies) or [good], []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    def connected(self, key: str = KEY, url: str = "https://models.example/v1", **more: Any) -> LanguageServer:
        return LanguageServer(base_url=url, key=key, chat_model="small", transport=httpx.MockTransport(self),
                              **{"limits": QUICK, "embeddings_model": "vectors", **more})
