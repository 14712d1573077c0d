"""What arq documents of its client, with jobs of arq's worker and of our engine: ids, deferring, status, results."""

import asyncio
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq.connections import ArqRedis, create_pool
from arq.constants import job_key_prefix, result_key_prefix
from arq.jobs import JobStatus, ResultNotFound, SerializationError
from arq.worker import func

from tests.arq_workers import Bench, Diary, Kind, at_work, both
from tests.waiting import eventually
from worker.arq_context import Context
from worker.composition import redis_settings
from worker.functions import named
from worker.settings import Settings


@pytest.fixture
def bench(settings: Settings, redis: ArqRedis) -> Bench:
    """Return a bench that speaks JSON."""
    return Bench(settings, redis)


@pytest.fixture
async def stock(settings: Settings) -> Any:  # noqa: ANN401 - a fixture that yields
    """Return a bench with arq's own serializer, which keeps the classes of errors."""
    pool = await create_pool(redis_settings(settings.redis_url.get_secret_value()), default_queue_name=settings.queue)
    yield Bench(settings, pool)
    await pool.aclose(close_connection_pool=True)


@both
async def test_an_id_is_one_job_while_it_waits_runs_and_its_result_is_kept(bench: Bench, kind: Kind) -> None:
    """Arq answers None for every further one, and takes the id again as soon as the result has gone."""
    seen = []

    async def again(ctx: Context) -> None:
        seen.append(await ctx["redis"].enqueue_job("again", _job_id="mine"))

    worker = bench.worker(kind, func(again, name="again"))
    sent = await asyncio.gather(*(bench.redis.enqueue_job("again", _job_id="mine") for _ in range(5)))
    assert [job is None for job in sent].count(False) == 1
    assert await worker.run_check() == 1
    assert seen == [None]
    assert await bench.redis.enqueue_job("again", _job_id="mine") is None
    await bench.redis.delete(result_key_prefix + "mine")
    assert await bench.redis.enqueue_job("again", _job_id="mine") is not None


@both
@pytest.mark.parametrize("how", ["by", "until"])
async def test_a_deferred_job_begins_when_it_is_due(bench: Bench, kind: Kind, how: str) -> None:
    """Not before: it is `deferred` until then, and `Job.info` has the time in ms."""
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    when: dict[str, Any] = {"_defer_by": 0.3} if how == "by" else {"_defer_until": due}
    diary = Diary()
    job = await bench.send("note", **when)
    assert await job.status() is JobStatus.deferred
    info = await job.info()
    assert info
    assert abs((info.score or 0) / 1000 - due.timestamp()) < 0.2
    assert await bench.worker(kind, func(diary.note, name="note")).run_check() == 1
    assert (await bench.result(job)).start_time.timestamp() >= (info.score or 0) / 1000


@both
async def test_a_job_that_has_expired_is_not_begun(bench: Bench, kind: Kind) -> None:
    """`_expires` has run out before a worker came: the sender is told, the function is not called."""
    diary = Diary()
    job = await bench.send("note", _expires=timedelta(milliseconds=1))

    async def gone() -> bool:
        return not await bench.redis.exists(job_key_prefix + job.job_id)

    await eventually(gone, "the job has expired")
    worker = bench.worker(kind, func(diary.note, name="note"))
    await worker.async_run()
    result = await bench.result(job)
    assert (result.success, result.result) == (False, "JobExecutionFailed: job expired")
    assert (worker.jobs_failed, diary.lines) == (1, [])


@pytest.mark.parametrize(("kind", "kept"), [("arq", "JobExecutionFailed: job expired"), ("ours", "answer")])
async def test_an_id_that_an_abort_puts_back_too_late_keeps_its_answer(bench: Bench, kind: Kind, kept: str) -> None:
    """`Job.abort` puts a deferred job's id back, though it may just have ended; arq then writes over its result."""
    job = await bench.send("note", "answer")
    worker = bench.worker(kind, func(Diary().note, name="note"))
    await worker.async_run()
    await bench.redis.zadd(bench.settings.queue, {job.job_id: 1})
    await worker.async_run()
    assert (await bench.result(job)).result == kept
    assert await bench.redis.zcard(bench.settings.queue) == 0


@both
async def test_a_job_of_another_queue_is_left_alone(bench: Bench, kind: Kind) -> None:
    """`_queue_name` says whose it is."""
    other = f"{bench.settings.queue}:other"
    job = await bench.send("note", _queue_name=other)
    assert await bench.worker(kind, func(Diary().note, name="note")).run_check() == 0
    assert await job.status() is JobStatus.queued
    assert [one.job_id for one in await bench.redis.queued_jobs(queue_name=other)] == [job.job_id]
    await bench.redis.delete(other)


@both
async def test_status_follows_a_jobs_life(bench: Bench, kind: Kind) -> None:
    """Deferred, queued, in progress, complete, and not found once the result has gone."""
    go = asyncio.Event()

    async def wait(_ctx: Context) -> None:
        await go.wait()

    early, job = await bench.send("wait", _defer_by=900), await bench.send("wait")
    assert await early.status() is JobStatus.deferred
    assert await job.status() is JobStatus.queued
    async with at_work(bench.worker(kind, named(wait, "wait"), burst=False)):

        async def runs() -> bool:
            return await job.status() is JobStatus.in_progress

        await eventually(runs, "the job runs")
        go.set()
        await job.result(timeout=30, poll_delay=0.01)
    assert await job.status() is JobStatus.complete
    await bench.redis.delete(result_key_prefix + job.job_id)
    assert await job.status() is JobStatus.not_found


@both
async def test_info_is_the_job_and_then_its_result(bench: Bench, kind: Kind) -> None:
    """Function, arguments, tries, times and queue: before in `queued_jobs`, afterwards in `all_job_results`."""

    async def add(_ctx: Context, one: int, *, other: int) -> int:
        return one + other

    job = await bench.send("add", 1, other=2, _job_id="sum")
    (waiting,) = await bench.redis.queued_jobs()
    before = await job.info()
    assert before
    assert (before.function, list(before.args), before.kwargs) == ("add", [1], {"other": 2})
    assert (waiting.job_id, waiting.score, waiting.enqueue_time) == ("sum", before.score, before.enqueue_time)
    await bench.worker(kind, named(add, "add")).run_check()
    (after,) = await bench.redis.all_job_results()
    told = (after.job_id, after.function, list(after.args), after.kwargs, after.job_try, after.success, after.result)
    assert told == ("sum", "add", [1], {"other": 2}, 1, True, 3)
    assert before.enqueue_time == after.enqueue_time <= after.start_time <= after.finish_time
    assert (after.queue_name, after.score) == (bench.settings.queue, None)
    assert await job.info() == after
    assert await bench.redis.queued_jobs() == []


@both
async def test_result_waits_and_says_when_there_is_none(bench: Bench, kind: Kind) -> None:
    """TimeoutError while the job waits, its value afterwards, ResultNotFound where none is kept."""
    diary = Diary()
    job = await bench.send("note", {"a": [1, None]})
    silent = await bench.send("silent")
    with pytest.raises(TimeoutError):
        await job.result(timeout=0.02, poll_delay=0.01)
    functions = func(diary.note, name="note"), func(diary.note, name="silent", keep_result=0)
    await bench.worker(kind, *functions).run_check()
    assert await job.result(timeout=1) == {"a": [1, None]}
    with pytest.raises(ResultNotFound):
        await silent.result(timeout=1)


@both
async def test_an_error_is_the_result_and_is_not_tried_again(bench: Bench, stock: Bench, kind: Kind) -> None:
    """With arq's serializer it is raised at the client as it was; in JSON it is a SerializationError with its line."""

    async def fail(_ctx: Context) -> None:
        raise ValueError("wrong")

    for sender, error, words in ((stock, ValueError, "wrong"), (bench, SerializationError, "ValueError: wrong")):
        job = await sender.send("fail")
        worker = sender.worker(kind, named(fail, "fail"))
        await worker.async_run()
        assert (worker.jobs_complete, worker.jobs_failed, worker.jobs_retried) == (0, 1, 0)
        with pytest.raises(error) as told:
            await job.result(timeout=1)
        assert str(told.value) == words
        assert not (await sender.result(job)).success
        await sender.redis.delete(result_key_prefix + job.job_id)


@both
async def test_the_serializers_are_the_users(bench: Bench, kind: Kind) -> None:
    """A result that they cannot write is told as such; what they write is what stands in Redis."""

    async def unwritable(_ctx: Context) -> object:
        return object()

    job = await bench.send("unwritable")
    assert not (await bench.redis.get(job_key_prefix + job.job_id)).startswith(pickle.dumps({})[:1])
    await bench.worker(kind, named(unwritable, "unwritable")).run_check()
    result = await bench.result(job)
    assert (result.success, result.result) == (False, "unable to serialize result")
    assert (await bench.redis.get(result_key_prefix + job.job_id)).startswith(b'{"t":1,')
