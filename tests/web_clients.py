"""Clients of the web application: within the test's own process, over the real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from web.settings import WebSettings
from web.settings import load_settings as load_web_settings
from web.tokens import hash_line
from worker.settings import Settings

TOKENS = {"ada": "cf_token-of-ada", "boris": "cf_token-of-boris"}


def web_settings(settings: Settings, **extra: str) -> WebSettings:
    """Return the settings of a web process on the test's own database, with the tokens of `TOKENS`."""
    return load_web_settings(web_environment(settings, **extra))


def web_environment(settings: Settings, **extra: str) -> dict[str, str]:
    """Return the variables that a web process on the test's own database wants."""
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "COUNTERFOIL_QUEUE": settings.queue,
        "COUNTERFOIL_WEB_TOKENS": ",".join(hash_line(actor, token) for actor, token in TOKENS.items()),
        **extra,
    }


@dataclass(frozen=True)
class Problem:
    """A refusal as a client reads it."""

    status: int
    kind: str
    detail: str
    fields: dict[str, str]


def problem_in(answer: httpx.Response) -> Problem:
    """Return the problem details of an answer, which must be some."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told["request_id"] == answer.headers["X-Request-ID"]
    fields = {one["field"]: one["message"] for one in told.get("problems", [])}
    return Problem(told["status"], told["type"].removeprefix("/problems#"), told["detail"], fields)


@asynccontextmanager
async def client_of(app: FastAPI, *, actor: str | None = "ada") -> AsyncIterator[httpx.AsyncClient]:
    """Run the application's lifespan, and yield a client that shows the actor's token."""
    headers = {} if actor is None else {"Authorization": f"Bearer {TOKENS[actor]}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://web", headers=headers) as client,
    ):
        yield client
