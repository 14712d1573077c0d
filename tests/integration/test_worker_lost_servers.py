"""Servers that go away, hang or forget while a job runs."""

import asyncio
import contextlib
from pathlib import Path
from typing import ClassVar

import pytest
from arq.connections import ArqRedis
from arq.constants import job_key_prefix, result_key_prefix, retry_key_prefix

import worker.functions
from domain.commands import Command
from domain.result import Result
from persistence.database import Database
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.processes import worker_process
from tests.redis_faults import wipe
from tests.relays import until_state
from tests.waiting import eventually, wait_until
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import plant, sql, trail
from worker.client import send
from worker.composition import open_redis
from worker.delivery import Delivery
from worker.embedded.process import free_ports, start, stop
from worker.embedded.redis import prepared_redis
from worker.execution import Execution
from worker.functions import arq_function
from worker.jobs.job import Job
from worker.outcome import Outcome
from worker.settings import Settings

CUT_WAITING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Hang(Command):
    """A job whose server does not even answer a rollback."""

    job: ClassVar[str] = "hang"


class HangingExecution(Execution):
    """An execution that does not end when the job's time is up."""

    async def execute(self, job: Job, delivery: Delivery, *_: object) -> Outcome:  # noqa: ARG002 - the signature of the real one
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError("for ever")


async def never(_: Transaction, __: Hang) -> Result:
    """Do nothing: the execution does not come to it."""
    return Result()


async def test_a_worker_rides_through_a_redis_that_goes_away(
    settings: Settings, database: Database, sessions: Sessions, tmp_path: Path
) -> None:
    """What runs commits meanwhile; its answer is kept, and told when Redis is back; the next job is claimed."""
    await plant(sessions)
    with prepared_redis(tmp_path / "redis", durable=False) as server, contextlib.ExitStack() as running:
        child = start(server, port := next(free_ports()))
        running.callback(lambda: stop(child, server))
        own = settings.model_copy(update={"redis_url": type(settings.redis_url)(server.url(port))})
        with worker_process(own, tmp_path / "log") as process:
            async with rows_locked(database) as until_somebody_waits:
                async with open_redis(own) as redis:
                    await send(redis, own.queue, "update", retitle("t0", "new"), job_id="j")
                await until_somebody_waits()
                stop(child, server)
                wait_until(lambda: process.said("claim.failed"), "the worker has noticed")
            await until_state(sessions, "j", "succeeded")
            wait_until(lambda: process.said("acknowledgements.kept"), "the answer is kept")
            child = start(server, port)
            async with open_redis(own) as redis:
                assert (await answered(redis, "j")).success
                await send(redis, own.queue, "update", retitle("t1", "new"), job_id="k")
                assert (await answered(redis, "k")).success
            assert process.stop() == 0
    assert len(await trail(sessions, job_id="j")) == 1


@pytest.mark.own_engine(reason="stock arq puts the id of a job back that is not there")
async def test_a_job_that_was_wiped_while_it_ran_is_not_told_to_have_expired(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It is to be tried again: its id is not put back without its payload; the sweep sends both."""
    await plant(sessions)
    await send(redis, settings.queue, "update", retitle("t0", "new"), job_id="j")
    async with running_worker(settings, database, redis) as worker, rows_locked(database) as until_somebody_waits:
        await until_somebody_waits()
        await wipe(redis)
        await sql(database, CUT_WAITING)

        async def handed_back() -> bool:
            return worker.jobs_retried == 1 and not worker.tasks

        await eventually(handed_back, "the attempt has failed")
    assert not await redis.exists(retry_key_prefix + "j")
    assert await redis.zcard(settings.queue) == 0
    assert not await redis.exists(result_key_prefix + "j")
    assert (await until_state(sessions, "j", "queued")).attempt == 1


async def test_a_job_whose_server_hangs_beyond_every_limit_stays_in_redis(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arq's own time runs out too: it would answer with a time-out and delete a job that no row holds."""
    monkeypatch.setattr(worker.functions, "ARQ_PATIENCE", 0.2)
    async with running_worker(settings, database, redis) as running:
        hanging = HangingExecution(sessions, settings.queue, "tester", 60, 10, lambda: 0.0)
        running.functions["hang"] = arq_function(Job(Hang, never, timeout=0.1), hanging)
        await send(redis, settings.queue, "hang", {"actor": "tester"}, job_id="j")

        async def retried() -> bool:
            return running.jobs_retried > 1

        await eventually(retried, "arq has given the job up twice")
    assert running.jobs_failed == 0
    assert await redis.exists(job_key_prefix + "j")
    assert not await redis.exists(result_key_prefix + "j")
