"""How many jobs of a queue or of a name run at a time in all workers, and how queues share a worker's slots."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import time

import pytest
from arq.connections import ArqRedis
from arq.worker import func

from persistence.database import Database
from persistence.sessions import Sessions
from persistence.settings import SettingsError
from tests.arq_workers import Bench, Diary
from tests.relays import accept, jobs, new_project, relaying
from tests.waiting import eventually
from tests.workers import answered, retitle, running_worker
from tests.worlds import plant, sql
from worker.client import send
from worker.limits import RUNNING_PREFIX, Limits
from worker.process import build_worker
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="stock arq has no limits across workers")


@asynccontextmanager
async def projects_locked(database: Database) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Hold up every insert of a project; yields a function that returns when so many of them wait."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE")

        async def until(number: int) -> None:
            async def wait() -> bool:
                return await sql(database, waiting) == [(number,)]

            await eventually(wait, f"{number} inserts wait")

        yield until


async def all_succeeded(sessions: Sessions) -> None:
    """Return when every job of the table has succeeded."""

    async def done() -> bool:
        return {row.state for row in await jobs(sessions)} == {"succeeded"}

    await eventually(done, "all jobs have succeeded")


async def test_a_queues_limit_holds_for_all_workers_together(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Two of eight run, on workers with twenty slots; a third never begins while they do, and another queue goes on."""
    await plant(sessions)
    bulk = f"{settings.queue}:bulk"
    limited = settings.model_copy(update={"queues": (settings.queue, bulk), "queue_max_running": {bulk: 2}})
    await accept(sessions, *(new_project(f"p{n}", bulk) for n in range(8)))
    async with (
        relaying(database, redis),
        running_worker(limited, database, redis) as one,
        running_worker(limited, database, redis) as other,
    ):
        async with projects_locked(database) as until_inserts_wait:
            await until_inserts_wait(2)
            for number in range(5):
                await send(redis, settings.queue, "update", retitle("t0", f"n{number}"), job_id=f"u{number}")
                assert (await answered(redis, f"u{number}")).success
            running = [job_id for engine in (one, other) for job_id in engine.tasks]
            assert len(running) == 2
            members = await redis.zrange(f"{RUNNING_PREFIX}queue:{bulk}", 0, -1)
            assert {member.decode() for member in members} == set(running)
        await all_succeeded(sessions)
    assert await redis.keys(f"{RUNNING_PREFIX}*{bulk}") == []


async def test_jobs_of_a_limited_name_are_not_in_the_way_of_others(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Forty are before an update, one runs and stays, and the update runs; then they all do, one by one, in order.

    A freed place is filled at once: by themselves they come back after the time of a lease.
    """
    await plant(sessions)
    limited = settings.model_copy(update={"job_max_running": {"bulk_insert": 1}})
    await accept(sessions, *(new_project(f"p{n:02}", settings.queue) for n in range(40)))
    async with relaying(database, redis), running_worker(limited, database, redis) as worker:
        async with projects_locked(database) as until_inserts_wait:
            await until_inserts_wait(1)
            await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="u")
            assert (await answered(redis, "u")).success
            assert len(worker.tasks) == 1
        await all_succeeded(sessions)
    order = [row[0] for row in await sql(database, "SELECT job_id FROM audit_log WHERE entity = 'project' ORDER BY id")]
    assert order[-40:] == [f"p{n:02}" for n in range(40)]
    assert await redis.keys("counterfoil:waiting:*") == []


async def test_a_dead_workers_place_is_free_when_its_lease_has_run_out(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Nobody takes it off the list: the end of the lease stands on it."""
    limited = settings.model_copy(update={"queue_max_running": {settings.queue: 1}})
    await redis.zadd(f"{RUNNING_PREFIX}queue:{settings.queue}", {"ghost": int(time() * 1000) + 300})
    await accept(sessions, new_project("p", settings.queue))
    async with relaying(database, redis), running_worker(limited, database, redis):
        await all_succeeded(sessions)
    assert not await redis.exists(f"{RUNNING_PREFIX}queue:{settings.queue}")


async def test_a_burst_waits_for_a_place_under_the_limit(settings: Settings, redis: ArqRedis) -> None:
    """Another worker has the only one: nothing is left when it ends, and not before."""
    await redis.zadd(f"{RUNNING_PREFIX}queue:{settings.queue}", {"ghost": int(time() * 1000) + 300})
    bench, diary = Bench(settings, redis), Diary()
    await bench.send("note")
    worker = bench.worker("ours", func(diary.note, name="note"), limits=Limits({settings.queue: 1}))
    await worker.async_run()
    assert diary.lines == [1]


async def test_weighted_queues_share_the_slots(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """Of the first eight jobs on one slot, six are of the queue that weighs three; the other is not starved."""
    often, seldom = f"{settings.queue}:often", f"{settings.queue}:seldom"
    shared = {"queues": (often, seldom), "queue_weights": {often: 3, seldom: 1}, "concurrency": 1}
    await accept(sessions, *(new_project(f"{queue[-1]}{n}", queue) for queue in (often, seldom) for n in range(8)))
    async with relaying(database, redis):

        async def sent() -> bool:
            return [await redis.zcard(often), await redis.zcard(seldom)] == [8, 8]

        await eventually(sent, "all are on their queues")
        async with running_worker(settings.model_copy(update=shared), database, redis):
            await all_succeeded(sessions)
    order = [row[0] for row in await sql(database, "SELECT job_id FROM audit_log ORDER BY id")]
    assert sorted(job_id[0] for job_id in order[:8]) == ["m"] * 2 + ["n"] * 6


def test_a_limit_of_a_job_that_there_is_not_is_refused(settings: Settings, database: Database, redis: ArqRedis) -> None:
    """It would limit nothing; the error names the job that was meant."""
    wrong = settings.model_copy(update={"job_max_running": {"bulk_inserts": 4}})
    with pytest.raises(SettingsError, match="JOB_MAX_RUNNING: unknown job 'bulk_inserts'; did you mean 'bulk_insert'"):
        build_worker(wrong, database, redis, handle_signals=False)
