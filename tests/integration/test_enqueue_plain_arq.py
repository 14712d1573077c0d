"""What stock arq clients see of our worker beyond the first job: the README's example, statuses, results, ids."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from arq.jobs import JobStatus

from domain.commands import BulkInsert, Row
from persistence.database import Database
from persistence.sessions import Sessions
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import apply, images, plant, trail
from worker.client import send
from worker.settings import Settings

README = Path(__file__).parents[2] / "README.md"


async def test_the_example_of_the_readme_runs_as_it_stands(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Only the URL is another; the queue is stock arq's default, as the worker's is."""
    await plant(sessions)
    rows: list[Row] = [{"key": "KEL-7", "title": "From the README", "project.key": "alpha"}]
    await apply(sessions, BulkInsert(entity="task", rows=rows))
    block = next(block for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL) if "arq" in block)
    assert "redis://127.0.0.1:6379/0" in block
    program = block.replace("redis://127.0.0.1:6379/0", settings.redis_url.get_secret_value())
    default_queue = settings.model_copy(update={"queue": "arq:queue"})
    async with running_worker(default_queue, database, redis):
        command = [sys.executable, "-I", "-c", program]
        ended = await asyncio.to_thread(subprocess.run, command, env=os.environ, capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"'updated': {'task': [4]}" in ended.stdout
    assert (await images(sessions, "task"))[4]["status"] == "done"


async def test_status_tells_waiting_running_and_complete(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """The `Job.status()` of arq is right at every stage of a job's life."""
    await plant(sessions)
    job = await redis.enqueue_job("update", entity="task", key="t0", changes={"title": "new"}, actor="billing")
    assert job
    assert await job.status() is JobStatus.queued
    async with running_worker(settings, database, redis):
        async with rows_locked(database) as until_the_job_waits:
            await until_the_job_waits()
            assert await job.status() is JobStatus.in_progress
        await job.result(timeout=20, poll_delay=0.02)
    assert await job.status() is JobStatus.complete


async def test_a_second_job_with_the_same_id_is_not_taken(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """While the first waits or its result is kept, arq answers None, and only the first takes effect."""
    await plant(sessions)
    first, second = retitle("t0", "one"), retitle("t0", "two")
    assert await send(redis, settings.queue, "update", first, job_id="mine") == "mine"
    assert await send(redis, settings.queue, "update", second, job_id="mine") is None
    async with running_worker(settings, database, redis):
        assert (await answered(redis, "mine")).success
    assert await send(redis, settings.queue, "update", second, job_id="mine") is None
    assert [entry.after and entry.after["title"] for entry in await trail(sessions, job_id="mine")] == ["one"]


@pytest.mark.own_engine(reason="WorkerSettings' sessions have a time-out for locks, which comes first")
async def test_a_job_whose_time_runs_out_is_rolled_back_and_told_so(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It waits for a row longer than it may run: nothing is written, the sender hears why, the worker goes on."""
    await plant(sessions)
    hurried = settings.model_copy(update={"job_timeout": 0.3})
    async with running_worker(hurried, database, redis):
        async with rows_locked(database):
            sent = await send(redis, settings.queue, "update", retitle("t0", "late"), job_id="late")
            answer = await answered(redis, str(sent))
        assert "COUNTERFOIL_JOB_TIMEOUT" in answer.failure
        assert await trail(sessions, job_id="late") == []
        await send(redis, settings.queue, "update", retitle("t0", "in time"), job_id="next")
        assert (await answered(redis, "next")).success
