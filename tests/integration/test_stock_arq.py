"""Our jobs on stock arq's own worker, alone and beside ours on one queue: each takes effect once."""

import asyncio
from pathlib import Path

from arq.connections import ArqRedis

from persistence.database import Database
from persistence.sessions import Sessions
from tests.processes import DEADLINE, stock_process
from tests.relays import accept, job, new_project, until_state
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import live, plant, sql, trail
from worker.client import send, somebody_works
from worker.settings import Settings


async def test_stock_arq_runs_our_jobs_from_both_doors(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """It relays, too; a wrong job ends dead with its error, and is answered."""
    await plant(sessions)
    with stock_process(settings, tmp_path / "log"):
        await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="good")
        await send(redis, settings.queue, "update", retitle("t9", "new"), job_id="bad")
        await accept(sessions, new_project("a", settings.queue))
        assert (await answered(redis, "good")).success
        assert (await answered(redis, "bad")).failure.startswith("NotFound: ")
        await until_state(sessions, "a", "succeeded")
    assert (await job(sessions, "bad")).state == "dead"
    assert (await live(sessions))["t0"]["title"] == "new"


async def test_a_stop_of_stock_arq_costs_no_attempt(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """What it cannot finish is put back, and done by another worker at its first attempt."""
    await plant(sessions)
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
    async with rows_locked(database) as until_somebody_waits:
        with stock_process(settings, tmp_path / "log") as process:
            await until_somebody_waits()
            process.terminate()
            assert await asyncio.to_thread(process.wait, DEADLINE) in {0, 1}
    async with running_worker(settings, database, redis):
        row = await until_state(sessions, "j", "succeeded")
    assert (row.attempt, row.errors) == (1, [])


async def test_stock_arq_and_our_engine_share_a_queue(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """Four hundred jobs, some by each: every one has one effect."""
    with stock_process(settings, tmp_path / "log"):
        await eventually(lambda: somebody_works(redis, settings.queue), "stock arq works")
        async with running_worker(settings, database, redis):
            await accept(sessions, *(new_project(f"p{n}", settings.queue) for n in range(400)))

            async def all_succeeded() -> bool:
                return not await sql(database, "SELECT id FROM job WHERE state <> 'succeeded' LIMIT 1")

            await eventually(all_succeeded, "all jobs have succeeded")
    assert len(await trail(sessions, "project")) == 400
