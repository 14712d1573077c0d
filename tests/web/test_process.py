"""The process: it starts or says why not, streams, drains, and makes tokens."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from persistence.database import Database
from tests.processes import DEADLINE, REPOSITORY, environment, worker_process
from tests.waiting import eventually
from tests.web_clients import problem_in, web_environment
from tests.web_processes import web_process
from tests.worlds import sql
from worker.settings import Settings

UPDATE = {"entity": "task", "id": 1, "changes": {"title": "x"}}


async def test_a_stopping_process_answers_what_it_has_begun(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """A request that waits for a lock when SIGTERM comes gets its answer; events end; the exit code is 0."""
    with web_process(settings, tmp_path / "log") as web:
        async with web.client() as client, database.engine.begin() as blocker:
            await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": "first"})
            await blocker.exec_driver_sql("LOCK TABLE job_kind IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(client.post("/jobs/update", json=UPDATE))

            async with client.stream("GET", "/jobs/first/events") as events:
                lines = events.aiter_lines()
                assert await anext(lines) == "event: state"

                async def waits() -> bool:
                    return await sql(database, "SELECT 1 FROM pg_locks WHERE NOT granted") != []

                await eventually(waits, "the request waits for the lock")
                web.process.send_signal(signal.SIGTERM)
                assert [line async for line in lines][-1] == ""
            await blocker.rollback()
            assert (await waiting).status_code == 202
        assert web.process.wait(DEADLINE) == 0
    assert await sql(database, "SELECT count(*) FROM job") == [(2,)]


async def test_a_cursor_of_any_length_is_answered_in_problem_details(settings: Settings, tmp_path: Path) -> None:
    """The longest texts that the document allows, each character percent-encoded, are no broken request."""
    with web_process(settings, tmp_path / "log") as web:
        async with web.client() as client:
            long = {"cursor": "\U00018f8d" * 4000, "sort": "\U00018f8d" * 1000}
            answer = await client.get("/tasks", params=long, headers={"Cookie": "c=" + "x" * 150_000})
            assert problem_in(answer).status == 422


async def test_events_end_where_the_database_is_lost(settings: Settings, database: Database, tmp_path: Path) -> None:
    """Without `end`, so that a client opens them again; and without a traceback for each stream."""
    with web_process(settings, tmp_path / "log") as web:
        async with web.client() as client:
            await client.post("/jobs/update", json=UPDATE, headers={"Idempotency-Key": "lost"})
            async with client.stream("GET", "/jobs/lost/events") as events:
                lines = events.aiter_lines()
                assert await anext(lines) == "event: state"
                await sql(database, "ALTER TABLE job RENAME TO away")
                assert "event: end" not in [line async for line in lines]
        unusual = [line["event"] for line in web.lines() if line["level"] != "info"]
    assert unusual == ["http.stream_ended"]


async def test_a_worker_applies_what_was_sent_and_events_tell_its_end(settings: Settings, tmp_path: Path) -> None:
    """From the request to the end over two processes that know nothing of each other but the job table."""
    with web_process(settings, tmp_path / "web") as web, worker_process(settings, tmp_path / "worker"):
        async with web.client() as client:
            rows = [{"key": f"p{number}", "name": "P"} for number in range(3)]
            sent = await client.post("/jobs/bulk_insert", json={"entity": "project", "rows": rows})
            events = (await client.get(f"{sent.headers['Location']}/events")).text
            assert "event: end" in events
            ended = (await client.get(sent.headers["Location"])).json()
            assert (ended["state"], ended["result"]["inserted"], ended["errors"]) == ("succeeded", 3, [])


def test_wrong_settings_are_said_in_one_line(settings: Settings) -> None:
    """All problems at once, exit code 2, and no hash in the message."""
    given = web_environment(settings, COUNTERFOIL_WEB_TOKENS="ada=123", COUNTERFOIL_WEB_PROT="1")
    ended = _run({**environment(settings), **given})
    assert ended.returncode == 2
    assert "COUNTERFOIL_WEB_PORT" in ended.stderr
    assert "COUNTERFOIL_WEB_TOKENS=(hidden)" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_taken_or_a_database_that_is_away_ends_the_process(settings: Settings) -> None:
    """With a sentence, and an exit code that a supervisor understands."""
    given = web_environment(settings) | {"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}
    ended = _run({**environment(settings), **given, "COUNTERFOIL_WEB_PORT": "0"})
    assert (ended.returncode != 0, "secret" in ended.stderr) == (True, False)
    assert "does not answer" in ended.stderr


def test_a_token_is_made_for_a_name(settings: Settings) -> None:
    """The token on standard output, to be piped; its hash line beside it."""
    made = _run(environment(settings), "token", "billing")
    assert made.returncode == 0
    assert made.stdout.startswith("cf_")
    assert made.stderr.splitlines()[-1].startswith("billing=")
    assert made.stdout.strip() not in made.stderr


def _run(given: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "web", *arguments]
    return subprocess.run(command, env=given, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
