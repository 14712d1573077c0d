"""A stock client's abort: a job that runs is rolled back, one that waits never begins, and both are cancelled."""

import asyncio

import pytest
from arq.connections import ArqRedis
from arq.jobs import Job, SerializationError

from persistence.transaction import Sessions
from tests.relays import until_state
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import live, plant
from worker.client import send
from worker.composition import Database
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="on stock arq nothing keeps that a job was aborted, so aborts are off")


async def aborted(redis: ArqRedis, settings: Settings, job_id: str) -> str:
    """Abort the job as a stock client does, and return the sentence that it is told."""
    job = Job(job_id, redis, settings.queue, _deserializer=redis.job_deserializer)
    with pytest.raises(SerializationError) as told:
        await job.abort(timeout=30, poll_delay=0.01)
    return str(told.value)


@pytest.mark.parametrize("slots", [1, 5])
async def test_a_running_job_is_rolled_back_and_cancelled(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, slots: int
) -> None:
    """Also where every slot of the worker is taken; the next job runs."""
    await plant(sessions)
    few = settings.model_copy(update={"concurrency": slots})
    async with running_worker(few, database, redis):
        async with rows_locked(database) as until_somebody_waits:
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
            await until_somebody_waits()
            assert await aborted(redis, settings, "j") == "CancelledError: the job was aborted"
            row = await until_state(sessions, "j", "cancelled")
        await send(redis, settings.queue, "update", retitle("t1", "new"), job_id="k")
        assert (await answered(redis, "k")).success
    assert (row.attempt, row.errors, row.result) == (0, [], None)
    assert (await live(sessions))["t0"]["title"] == "Task 0"
    assert await redis.zcard("arq:abort") == 0


async def test_a_waiting_job_never_begins(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It was aborted before a worker came; an abort from before the job was sent means another life of its id."""
    await plant(sessions)
    await redis.zadd("arq:abort", {"k": 1})
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
    await send(redis, settings.queue, "update", retitle("t1", "new"), job_id="k")
    asked = asyncio.create_task(aborted(redis, settings, "j"))
    while not await redis.zscore("arq:abort", "j"):  # noqa: ASYNC110 - a key of Redis is no event
        await asyncio.sleep(0.01)
    async with running_worker(settings, database, redis):
        assert await asked == "CancelledError: the job was aborted"
        await until_state(sessions, "j", "cancelled")
        assert (await answered(redis, "k")).success
    assert (await live(sessions))["t0"]["title"] == "Task 0"
