"""A worker process that is told to stop finishes what runs; what takes longer than its grace is done by the next."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from arq.connections import ArqRedis
from arq.jobs import Job, JobStatus

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import environment, worker_process
from tests.relays import jobs
from tests.waiting import eventually, wait_until
from tests.workers import answered, retitle, rows_locked
from tests.worlds import images, plant, trail
from worker.client import send, somebody_works
from worker.settings import Settings
from worker.stopping import CUT_OFF

BLOCKING_WORKER = Path(__file__).parents[1] / "blocking_worker.py"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_the_running_job_finish(
    settings: Settings, database: Database, redis: ArqRedis, tmp_path: Path, number: signal.Signals
) -> None:
    """The job commits, a job that waits is left for others, the exit code is 0, and nothing of either is lost."""
    sessions = database.sessions
    await plant(sessions)
    with worker_process(settings, tmp_path / "log") as worker:
        async with rows_locked(database) as until_the_job_waits:
            await send(redis, settings.queue, "update", retitle("t0", "finished"), job_id="running")
            await until_the_job_waits()
            worker.process.send_signal(number)
            wait_until(lambda: worker.said("worker.stopping"), "the worker has heard the signal", seconds=60)
            await send(redis, settings.queue, "update", retitle("t1", "later"), job_id="waiting")
        assert worker.process.wait(60) == 0
    assert (await answered(redis, "running")).success
    assert [entry.job_id for entry in await trail(sessions, "task") if entry.action == "update"] == ["running"]
    assert await redis.zrange(settings.queue, 0, -1) == [b"waiting"]
    assert await Job("waiting", redis, settings.queue).status() is JobStatus.queued
    assert not await somebody_works(redis, settings.queue)
    assert worker.lines()[-1]["event"] == "worker.stopped"


async def test_a_job_longer_than_the_grace_time_is_rolled_back_and_done_by_the_next_worker(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The stopping worker cancels it, writes nothing, says so, and leaves it in the queue; its exit code is 0."""
    await plant(sessions)
    before = await images(sessions, "task")
    await send(redis, settings.queue, "update", retitle("t0", "in the end"), job_id="long")
    async with rows_locked(database) as until_the_job_waits:
        with worker_process(settings, tmp_path / "first", COUNTERFOIL_SHUTDOWN_GRACE="1") as worker:
            await until_the_job_waits()
            assert worker.stop() == 0
        assert worker.said("job.interrupted")
        assert await Job("long", redis, settings.queue).status() is JobStatus.queued
    assert (await images(sessions, "task"), await trail(sessions, job_id="long")) == (before, [])
    with worker_process(settings, tmp_path / "second") as worker:
        assert (await answered(redis, "long")).success
        await eventually(lambda: _is_clean(redis, settings.queue), "the queue is clean")
        assert worker.stop() == 0
    assert [entry.action for entry in await trail(sessions, job_id="long")] == ["update"]


async def _is_clean(redis: ArqRedis, queue: str) -> bool:
    keys = {key.decode() async for key in redis.scan_iter("arq:*")}
    return await redis.zcard(queue) == 0 and keys == {"arq:result:long"}


@pytest.mark.own_engine(reason="stock arq hears no signal while a handler blocks the loop")
@pytest.mark.parametrize(("grace", "signals"), [("1", 1), ("3600", 2)], ids=["after the grace time", "at the second"])
async def test_a_worker_whose_loop_is_blocked_can_be_stopped(  # noqa: PLR0913, PLR0917 - a fixture each
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path, grace: str, signals: int
) -> None:
    """It is cut off, with an exit code that says so; its job is as if it had not begun, and waits for another one."""
    await send(redis, settings.queue, "block", {"actor": "tester"}, job_id="j")
    with blocked_worker(settings, tmp_path / "log", COUNTERFOIL_SHUTDOWN_GRACE=grace) as process:
        threads = psutil.Process(process.pid).num_threads
        before = threads()
        process.send_signal(signal.SIGTERM)
        for _ in range(1, signals):
            wait_until(lambda: threads() > before, "the first is heard: two at once are one, for the system")
            process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == CUT_OFF
    assert await redis.zcard(settings.queue) == 1
    assert await jobs(sessions) == []


@contextmanager
def blocked_worker(settings: Settings, log: Path, **extra: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker whose first job blocks its loop; yields its process when it does."""
    given = environment(settings, COUNTERFOIL_LOG_FORMAT="json", **extra)
    with log.open("w") as stream:
        process = subprocess.Popen([sys.executable, str(BLOCKING_WORKER), "worker"], env=given, stderr=stream)
    with process:
        try:
            wait_until(lambda: "loop.blocked" in log.read_text(), "the loop is blocked", seconds=60)
            yield process
        finally:
            process.kill()
