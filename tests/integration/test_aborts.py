"""A stock client's abort: a job that runs is rolled back, one that waits never begins, and both are cancelled."""

import asyncio

import pytest
from arq.connections import ArqRedis
from arq.jobs import Job as StockJob
from arq.jobs import SerializationError
from arq.utils import timestamp_ms

import worker.execution
from domain.commands import Row, Update
from persistence.database import Database
from persistence.enqueue import NewJob
from persistence.sessions import Sessions
from tests.relays import BILLING, accept, until_state
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import live, plant
from worker.client import send
from worker.delivery import Delivery
from worker.execution import Execution
from worker.functions import arq_function
from worker.jobs.job import Job
from worker.jobs.update import JOB as UPDATE
from worker.outcome import Outcome
from worker.settings import Settings

pytestmark = pytest.mark.own_engine(reason="on stock arq nothing keeps that a job was aborted, so aborts are off")


async def aborted(redis: ArqRedis, settings: Settings, job_id: str) -> str:
    """Abort the job as a stock client does, and return the sentence that it is told."""
    job = StockJob(job_id, redis, settings.queue, _deserializer=redis.job_deserializer)
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


async def test_an_abort_that_comes_with_the_answer_of_the_commit_is_too_late(
    settings: Settings, sessions: Sessions, redis: ArqRedis
) -> None:
    """The job has taken effect: its sender is told so, and not that it was aborted."""

    class CutOff(Execution):
        async def execute(self, job: Job, delivery: Delivery, *_: object) -> Outcome:
            await super().execute(job, delivery)
            raise asyncio.CancelledError

    await plant(sessions)
    function = arq_function(UPDATE, CutOff(sessions, settings.queue, "w", 60, 10, lambda: 0.0))
    ctx = {"job_id": "j", "job_try": 1, "redis": redis, "aborted": lambda: True}
    told = await function.coroutine(ctx, **retitle("t0", "new"))
    assert told == (await until_state(sessions, "j", "succeeded")).result
    assert (await live(sessions))["t0"]["title"] == "new"


async def test_an_abort_that_cannot_be_kept_comes_again(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the job's row: the delivery goes back until it can be told there, and the job never runs."""
    monkeypatch.setattr(worker.execution, "RECORD_SECONDS", 0.1)
    await plant(sessions)
    arguments: Row = {"entity": "task", "key": ["t0"], "changes": {"title": "new"}}
    await accept(sessions, NewJob(Update.model_validate(arguments), BILLING, job_id="j", queue=settings.queue))
    async with running_worker(settings, database, redis):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT FROM job WHERE id = 'j' FOR UPDATE")
            await redis.zadd("arq:abort", {"j": timestamp_ms() + 60_000})
            await send(redis, settings.queue, "update", {**arguments, "actor": BILLING.actor}, job_id="j")

            async def handed_back() -> bool:
                return bool(await redis.zscore("arq:abort", "j")) and bool(await redis.zscore(settings.queue, "j"))

            async def begun() -> bool:
                return not await redis.zscore("arq:abort", "j")

            await eventually(begun, "a delivery has taken the abort")
            await eventually(handed_back, "the abort waits for the next delivery")
            assert not await redis.exists("arq:result:j")
        await until_state(sessions, "j", "cancelled")
        assert (await answered(redis, "j")).failure == "CancelledError: the job was aborted"
    assert (await live(sessions))["t0"]["title"] == "Task 0"


async def test_a_job_of_an_unknown_name_is_cancelled_in_its_row_too(
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis
) -> None:
    """It waits for a worker that knows it, and is not sent to one after its sender was told that it was aborted."""
    await send(redis, settings.queue, "nobody", {"actor": "billing"}, job_id="j")
    async with running_worker(settings, database, redis):
        await until_state(sessions, "j", "queued")

        async def waits() -> bool:
            return not await redis.exists("arq:in-progress:j")

        await eventually(waits, "it is handed back")
        assert await aborted(redis, settings, "j") == "CancelledError: the job was aborted"
        row = await until_state(sessions, "j", "cancelled")
    assert (row.name, row.attempt) == ("nobody", 0)


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
