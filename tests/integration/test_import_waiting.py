"""Waiting for the end of an import: nobody works, Ctrl-C, a job that vanished."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import working
from tests.processes import Running, environment, started
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import live, sql
from worker.settings import Settings

HEADER = "key,name,email\n"
MEMBERS = ("--entity", "member", "--json")


@pytest.fixture
def waiting(settings: Settings, tmp_path: Path) -> Iterator[Running]:
    """Import two members in a process of its own, for which nobody works."""
    file = tmp_path / "members.csv"
    file.write_text(f"{HEADER}ada,Ada,\nchen,Chen,\n")
    with started(environment(settings), tmp_path / "log", "import", str(file), *MEMBERS) as running:
        yield running


async def sent(sessions: Sessions) -> None:
    """Return as soon as a job is in the table."""

    async def holds() -> bool:
        return bool(await jobs(sessions))

    await eventually(holds, "the job is there")


async def test_without_a_worker_it_says_so_and_waits(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, waiting: Running
) -> None:
    """As soon as one is there, the import goes on to its end."""

    async def told() -> bool:
        return waiting.log.read_text() != ""

    await eventually(told, "the person is told")
    notice = f"nobody works on queue '{settings.queue}': start `counterfoil worker`; waiting\n"
    assert waiting.log.read_text() == notice
    async with working(settings, database, redis):
        assert await asyncio.to_thread(waiting.process.wait, 30) == 0
    assert set(await live(sessions, "member")) == {"ada", "chen"}


async def test_ctrl_c_after_the_upload_leaves_the_job_and_says_how_to_follow_it(
    sessions: Sessions, waiting: Running
) -> None:
    """Exit code 130, with a summary."""
    await sent(sessions)
    assert await asyncio.to_thread(waiting.stop, signal.SIGINT) == 130
    assert waiting.process.stdout
    summary = json.loads(waiting.process.stdout.read())
    (job,) = await jobs(sessions)
    assert (summary["ending"], summary["jobs"], job.state) == ("interrupted", [job.id], "queued")


async def test_ctrl_c_during_the_upload_enqueues_nothing(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    """An input that never ends does not keep the process; the transaction is rolled back with all of its chunks."""
    pipe = tmp_path / "members.csv"
    os.mkfifo(pipe)
    uploading = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    with endless(pipe), started(environment(settings), tmp_path / "log", "import", str(pipe), *MEMBERS) as running:

        async def begun() -> bool:
            return bool(await sql(database, uploading))

        await eventually(begun, "the upload has begun")
        assert await asyncio.to_thread(running.stop, signal.SIGINT) == 130
        assert running.process.stdout
        summary = json.loads(running.process.stdout.read())
    assert (summary["ending"], summary["jobs"]) == ("interrupted", [])
    assert not await jobs(sessions)
    assert not await sql(database, "SELECT 1 FROM job_upload")


@contextmanager
def endless(pipe: Path) -> Iterator[None]:
    """Write two members into a pipe, and keep it open for the time of the block."""
    with pipe.open("r+b", buffering=0) as stream:  # for reading too: otherwise it would wait for a reader
        stream.write(f"{HEADER}ada,Ada,\nchen,Chen,\n".encode())
        yield


async def test_an_import_that_loses_the_database_tells_what_it_has_sent(
    database: Database, sessions: Sessions, waiting: Running
) -> None:
    """Exit code 2 would say that nothing was sent."""
    await sent(sessions)
    (job,) = await jobs(sessions)
    await sql(database, "ALTER TABLE job RENAME TO gone")
    assert await asyncio.to_thread(waiting.process.wait, 30) == 1
    assert waiting.process.stdout
    summary = json.loads(waiting.process.stdout.read())
    assert (summary["ending"], summary["jobs"]) == ("failed", [job.id])
    assert summary["failures"] == [f"{job.id} was not waited for (NotMigrated); see counterfoil job {job.id}"]


async def test_a_job_that_was_dropped_ends_the_import(database: Database, sessions: Sessions, waiting: Running) -> None:
    """Nobody waits for ever for what will not come."""
    await sent(sessions)
    await sql(database, "DELETE FROM job")
    assert await asyncio.to_thread(waiting.process.wait, 30) == 1
    assert waiting.process.stdout
    (failure,) = json.loads(waiting.process.stdout.read())["failures"]
    assert failure.endswith(": the job is gone")
