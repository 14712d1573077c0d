"""What those who run the process look at: health, figures, the audit log."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from domain.commands import SoftDelete
from persistence.database import Database
from persistence.job_table import JobRow
from persistence.sessions import Sessions
from tests.waiting import eventually
from tests.web_clients import client_of, problem_in
from tests.worlds import apply, plant, sql
from web.app import create_app
from web.scopes import Read
from web.settings import WebSettings


@pytest.mark.on_every_engine
async def test_ready_means_reached_and_migrated(client: httpx.AsyncClient, database: Database) -> None:
    """A database that lacks a migration is not ready; one with a newer one than the code knows is."""
    assert (await client.get("/health/ready")).json() == {"status": "ready", "reasons": []}
    (before,) = await sql(database, "SELECT version_num FROM alembic_version")
    for revision, status in (("0001", 503), ("9999", 200)):
        await sql(database, "UPDATE alembic_version SET version_num = :revision", revision=revision)
        assert (await client.get("/health/ready")).status_code == status
    await sql(database, "DELETE FROM alembic_version")
    answer = await client.get("/health/ready")
    assert (answer.status_code, "counterfoil migrate" in answer.text, before) == (503, True, before)
    assert (await client.get("/health/live")).json() == {"status": "live", "reasons": []}


async def test_figures_count_by_pattern(client: httpx.AsyncClient) -> None:
    """Ids, made-up paths and made-up methods make no series."""
    for path in ("/jobs/1", "/jobs/2", "/made/up"):
        await client.get(path)
    await client.request("MADEUP", "/also/made/up")
    await client.request("MADEUP", "/jobs")
    text = (await client.get("/metrics")).text
    assert 'counterfoil_http_requests_total{method="GET",path="/jobs/{job_id}",status="404"} 2.0' in text
    assert 'counterfoil_http_requests_total{method="(none)",path="(none)",status="404"} 2.0' in text
    assert 'counterfoil_http_requests_total{method="(none)",path="/jobs",status="405"} 1.0' in text
    assert "MADEUP" not in text
    assert "made" not in text.replace("made.", "")
    assert 'counterfoil_pool_connections{state="in_use"}' in text


async def test_public_reads_open_no_operation(web: WebSettings) -> None:
    """What is written and who wrote it stays behind a token, whatever is open."""
    async with client_of(create_app(web.model_copy(update={"web_public_reads": True})), actor=None) as client:
        for path in ("/jobs", "/audit", "/metrics", "/jobs/1/events"):
            assert problem_in(await client.get(path)).status == 401


@pytest.mark.on_every_engine
async def test_the_audit_log_is_found_by_every_condition(client: httpx.AsyncClient, sessions: Sessions) -> None:
    """Entity and row, action, actor, job, request, time; pages by Link hold each entry once, the newest first."""
    await plant(sessions, tasks=5)
    await apply(sessions, SoftDelete(entity="task", key=["t1", "t2"]), "gone", actor="boris")
    every = await _every(client, "/audit?limit=3")
    assert [entry["id"] for entry in every] == sorted((entry["id"] for entry in every), reverse=True)
    assert len(every) == 8
    deleted = await _every(client, "/audit?actor=boris&job_id=gone&action=soft_delete&entity=task")
    assert [entry["after"].keys() >= {"deleted_at"} for entry in deleted] == [True, True]
    one = deleted[0]
    assert len(await _every(client, f"/audit?entity=task&entity_id={one['entity_id']}")) == 2
    mark = str(httpx.QueryParams(since=one["at"]))
    assert await _every(client, f"/audit?{mark}") == deleted
    assert len(await _every(client, f"/audit?{mark.replace('since', 'until')}")) == 6
    assert await _every(client, "/audit?request_id=none") == []


async def _every(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    return found


async def test_a_loop_of_statements_in_a_request_is_logged(web: WebSettings) -> None:
    """In development, with the request's name; and all statements stand in the figures."""
    app = create_app(web.model_copy(update={"repeated_statements": 2}))

    @app.get("/loop")
    async def loop(read: Read) -> None:
        for number in range(1, 4):
            await read.scalars(select(col(JobRow.id)).where(col(JobRow.id) == str(number)))

    with capture_logs() as lines:
        async with client_of(app) as client:
            await client.get("/loop")
            figures = (await client.get("/metrics")).text
    assert [line["scope"] for line in lines if line["event"] == "statement.repeated"] == ["GET /loop"]
    assert "counterfoil_statements_repeated_total 1.0" in figures
    assert "counterfoil_statement_seconds_count" in figures


async def test_connections_are_there_while_the_application_runs(web: WebSettings, database: Database) -> None:
    """None before its lifespan begins, and none when it has ended."""
    about = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'counterfoil web' AND datname = current_database()"
    )
    app = create_app(web)
    assert await sql(database, about) == [(0,)]
    async with client_of(app):
        assert await sql(database, about) != [(0,)]

    async def gone() -> bool:
        return await sql(database, about) == [(0,)]

    await eventually(gone, "the connections are closed")
