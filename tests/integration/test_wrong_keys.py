"""Keys in Redis that hold something else than they should, and a Redis that is full: the other jobs run on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.constants import abort_jobs_ss, job_key_prefix, retry_key_prefix
from arq.worker import Worker

from persistence.database import Database
from persistence.sessions import Sessions
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import plant
from worker.client import send
from worker.composition import open_redis
from worker.embedded import embedded_redis
from worker.limits import RUNNING_PREFIX
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="most of these end stock arq's")

Plant = Callable[[ArqRedis, str], Any]
PLANTED: dict[str, Plant] = {
    "a payload that is a list": lambda redis, _: redis.lpush(job_key_prefix + "m", "x"),
    "a count that is a word": lambda redis, _: redis.set(retry_key_prefix + "m", "often"),
    "a count that is a list": lambda redis, _: redis.lpush(retry_key_prefix + "m", "x"),
    "a count that is the last": lambda redis, _: redis.set(retry_key_prefix + "m", 2**63 - 1),
    "a time before all times": lambda redis, queue: redis.zadd(queue, {"m": "-inf"}),
    "an abort after all times": lambda redis, _: redis.zadd(abort_jobs_ss, {"m": "inf"}),
    "aborts that are a list": lambda redis, _: redis.lpush(abort_jobs_ss, "x"),
    "a limit's set that is a word": lambda redis, queue: redis.set(f"{RUNNING_PREFIX}queue:{queue}", "x"),
}


async def tried(worker: Worker, redis: ArqRedis, job_id: str) -> None:
    """Return as soon as a delivery has gone back to its queue, or is answered."""

    async def has_ended() -> bool:
        return not worker.tasks and not await redis.exists(f"arq:in-progress:{job_id}")

    await eventually(has_ended, "the delivery has ended")


@pytest.mark.parametrize("name", PLANTED)
async def test_a_wrong_key_of_one_job_does_not_hold_up_the_jobs_beside_it(
    name: str, settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Nor are those claimed and lost: they are answered long before their leases run out."""
    await plant(sessions, tasks=3)
    for number, job_id in enumerate("amz"):
        await send(redis, settings.queue, "update", retitle(f"t{number}", "new"), job_id=job_id)
        await redis.zadd(settings.queue, {job_id: 1})
    if "payload" in name:
        await redis.delete(job_key_prefix + "m")
    await PLANTED[name](redis, settings.queue)
    patient = settings.model_copy(update={"lease": 3600, "queue_max_running": {settings.queue: 10}})
    async with running_worker(patient, database, redis) as worker:
        assert (await answered(redis, "a")).success
        assert (await answered(redis, "z")).success
        await tried(worker, redis, "m")
    assert await redis.zcard(settings.queue) == 0


async def test_a_queue_that_is_something_else_does_not_hold_up_the_others(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Though it is the first of them."""
    await plant(sessions)
    await redis.set(other := f"{settings.queue}:first", "x")
    both = settings.model_copy(update={"queues": (other, settings.queue)})
    async with running_worker(both, database, redis):
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
        assert (await answered(redis, "j")).success


async def test_a_queue_that_becomes_something_else_does_not_hold_up_answers(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Of its own running job neither."""
    await plant(sessions)
    async with running_worker(settings, database, redis), rows_locked(database) as until_somebody_waits:
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
        await until_somebody_waits()
        await redis.set(settings.queue, "x")
    assert (await answered(redis, "j")).success


async def test_a_redis_that_is_full_is_emptied_by_its_workers(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    """It refuses whatever takes memory; jobs are claimed and answered all the same, or it would stay full."""
    await plant(sessions)
    with embedded_redis(tmp_path / "redis", durable=False) as url:
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(url)})
        async with open_redis(own) as redis:
            await send(redis, own.queue, "update", retitle("t0", "new"), job_id="j")
            await redis.config_set("maxmemory", "1")
            async with running_worker(own, database, redis):
                assert (await answered(redis, "j")).success
            assert await redis.keys("arq:job:*") == []
