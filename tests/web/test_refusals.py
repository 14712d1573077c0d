"""Refusals: every one is a problem with the status of the table, and none tells what the server must mend."""

from collections.abc import AsyncIterator, Iterator
from socket import EAI_AGAIN, gaierror
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from domain import errors
from domain.errors import CounterfoilError
from persistence.database import Database
from tests.web_clients import client_of, problem_in, web_settings
from tests.worlds import sql
from web.app import create_app
from web.scopes import Write
from web.settings import WebSettings
from web.statuses import STATUSES, status_of
from worker.settings import Settings

HIDDEN = "a value that no answer may hold"


def kinds(above: type[CounterfoilError] = CounterfoilError) -> Iterator[type[CounterfoilError]]:
    """Yield every class of error that `domain.errors` names."""
    yield from (found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, above))


def test_every_error_of_the_business_has_a_status() -> None:
    """A new class is a gap in the table until somebody decides."""
    bases = {CounterfoilError} | {kind for kind in kinds() if kind.__subclasses__() and kind not in STATUSES}
    assert {kind.__name__ for kind in kinds()} - {base.__name__ for base in bases} <= {one.__name__ for one in STATUSES}


def test_an_error_that_passes_is_503() -> None:
    """One that nobody has put into the table, and that another attempt may survive."""

    class Passing(CounterfoilError):
        passes = True

    assert status_of(Passing()) == 503
    assert status_of(CounterfoilError()) == 500


async def test_what_starlette_refuses_is_a_problem_too(client: httpx.AsyncClient) -> None:
    """404 for no path, 405 with what the path takes."""
    assert problem_in(await client.get("/nothing")).status == 404
    answer = await client.put("/jobs")
    assert problem_in(answer).status == 405
    assert answer.headers["Allow"] == "GET"


async def test_a_query_that_does_not_fit_names_its_parameters(client: httpx.AsyncClient) -> None:
    """All of them at once."""
    told = problem_in(await client.get("/audit?limit=0&cursor=x&since=2026-01-01&until=9999-12-31T23:59:59-14:00"))
    assert (told.status, set(told.fields)) == (422, {"limit", "cursor", "since", "until"})


async def test_an_unforeseen_error_tells_its_request_id_alone(app: FastAPI) -> None:
    """Neither text nor class of what happened; the log has it, under the same id."""

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError(HIDDEN)

    with capture_logs(processors=[merge_contextvars]) as lines:
        async with client_of(app) as client:
            answer = await client.get("/broken", headers={"X-Request-ID": "find-me"})
    assert (problem_in(answer).status, HIDDEN in answer.text, "RuntimeError" in answer.text) == (500, False, False)
    assert [line["request_id"] for line in lines if line["log_level"] == "error"] == ["find-me"]


async def test_a_failed_commit_is_no_success(app: FastAPI, database: Database) -> None:
    """What the database says only at the commit is the answer: it is sent after the transaction's end, not before."""
    await sql(database, "CREATE TABLE parent (id int PRIMARY KEY)")
    await sql(database, "CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")

    @app.post("/late")
    async def late(tx: Write) -> dict[str, bool]:
        await _run(tx, "INSERT INTO child VALUES (1)")
        return {"done": True}

    async with client_of(app) as client:
        answer = await client.post("/late")
    assert problem_in(answer).status == 422
    assert await sql(database, "SELECT count(*) FROM child") == [(0,)]


async def test_a_connection_that_dies_before_the_commit_is_503(app: FastAPI, database: Database) -> None:
    """The sender may ask again, and is told when; nothing was written."""
    await sql(database, "CREATE TABLE mark (id int)")

    @app.post("/killed")
    async def killed(tx: Write) -> dict[str, bool]:
        await _run(tx, "INSERT INTO mark VALUES (1)")
        pid = await _run(tx, "SELECT pg_backend_pid()")
        await sql(database, "SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
        return {"done": True}

    async with client_of(app) as client:
        answer = await client.post("/killed")
    assert (problem_in(answer).status, answer.headers["Retry-After"]) == (503, "1")
    assert await sql(database, "SELECT count(*) FROM mark") == [(0,)]


async def test_what_a_time_out_or_the_network_stops_is_503(settings: Settings) -> None:
    """The operator's limit for statements, a name that is not found, no route: ask again, the request was not wrong."""
    app = create_app(web_settings(settings, COUNTERFOIL_STATEMENT_TIMEOUT="0.05"))

    @app.get("/slow")
    async def slow(tx: Write) -> None:
        await _run(tx, "SELECT pg_sleep(30)")

    @app.get("/lost")
    async def lost() -> None:
        raise gaierror(EAI_AGAIN, "temporary failure in name resolution")

    async with client_of(app) as client:
        for path in ("/slow", "/lost"):
            answer = await client.get(path)
            assert (problem_in(answer).status, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_413(settings: Settings, *, announced: bool) -> None:
    """By its header, or where it has none, as soon as too much has come."""
    body = b" " * 2048

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield body

    async with client_of(create_app(web_settings(settings, COUNTERFOIL_WEB_MAX_BYTES="4096"))) as client:
        answer = await client.post(
            "/jobs/update", content=body * 4 if announced else parts(), headers={"Content-Type": "application/json"}
        )
    told = problem_in(answer)
    assert (told.status, "COUNTERFOIL_WEB_MAX_BYTES" in told.detail) == (413, True)


async def test_scripts_of_other_origins_are_let_in_by_name_alone(settings: Settings, web: WebSettings) -> None:
    """None by default; named ones get their preflight answered without a token."""
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    async with client_of(create_app(web), actor=None) as client:
        assert "access-control-allow-origin" not in (await client.options("/jobs", headers=asked)).headers
    some = web_settings(settings, COUNTERFOIL_WEB_CORS_ORIGINS="https://app.example.com")
    async with client_of(create_app(some), actor=None) as client:
        assert (await client.options("/jobs", headers=asked)).headers["access-control-allow-origin"] == asked["Origin"]
        other = await client.options("/jobs", headers={**asked, "Origin": "https://evil.example.com"})
        assert "access-control-allow-origin" not in other.headers


async def _run(tx: Write, statement: str) -> object:
    result: Any = await tx.session.execute(text(statement))
    return result.scalar() if result.returns_rows else None
