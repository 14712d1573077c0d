"""A worker that is killed in the middle of a load: another one starts over, and every row is there once."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from arq.connections import ArqRedis

from domain.progress import Progress
from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import environment, started, worker_process
from tests.relays import jobs
from tests.waiting import eventually
from tests.worlds import plant, sql
from worker.progress import progress_of
from worker.settings import Settings

ROWS = 100_000


@pytest.fixture
async def tasks(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Path]:
    """Return a file of tasks that takes some seconds to load."""
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\n" + "".join(f"k{row},Task {row},alpha\n" for row in range(ROWS)))
    yield file
    file.unlink()


async def test_another_worker_starts_over_after_a_kill(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tasks: Path, tmp_path: Path
) -> None:
    """So many rows, so many audit rows, one job; its file is removed only when it has succeeded."""
    given = environment(settings, COUNTERFOIL_LEASE="2")
    words = ("import", str(tasks), "--entity", "task", "--json")
    with started(given, tmp_path / "import.log", *words) as running:
        with worker_process(settings, tmp_path / "first.log", COUNTERFOIL_LEASE="2") as worker:
            first = await told(sessions, redis, after=0.0)
            assert worker.stop(signal.SIGKILL) == -9
        assert await sql(database, "SELECT count(*) FROM task") == [(0,)]
        assert (await sql(database, "SELECT count(*) FROM job_upload"))[0][0] > 0
        with worker_process(settings, tmp_path / "second.log", COUNTERFOIL_LEASE="2"):
            second = await told(sessions, redis, after=first.started)
            assert await asyncio.to_thread(running.process.wait, 100) == 0
        assert running.process.stdout
        summary = json.loads(running.process.stdout.read())
    assert second.started > first.started
    assert (summary["inserted"], summary["read"], len(summary["jobs"])) == (ROWS, ROWS, 1)
    counts = "SELECT (SELECT count(*) FROM task), (SELECT count(DISTINCT entity_id) FROM audit_log WHERE job_id = :id)"
    assert await sql(database, counts, id=summary["jobs"][0]) == [(ROWS, ROWS)]
    assert [row.state for row in await jobs(sessions)] == ["succeeded"]
    assert await sql(database, "SELECT 1 FROM job_upload LIMIT 1") == []
    assert "the worker that ran the job is gone; another one starts over" in running.log.read_text()


async def told(sessions: Sessions, redis: ArqRedis, *, after: float) -> Progress:
    """Return the progress of the one job as soon as a run of it that began later has told some."""
    found: list[Progress] = []

    async def holds() -> bool:
        told = [await progress_of(redis, job.id) for job in await jobs(sessions)]
        found.extend(one for one in told if one is not None and one.started > after)
        return bool(found)

    await eventually(holds, "a worker tells how far it is")
    return found[0]
