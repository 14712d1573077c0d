"""arq's wire, both ways: our doors and stock arq's workers, stock arq's clients and our engine, both on one queue."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from arq.connections import ArqRedis, create_pool
from arq.constants import job_key_prefix
from arq.worker import Retry, func

from persistence.database import Database
from persistence.sessions import Sessions
from tests.arq_workers import Bench, Diary, Kind, at_work
from tests.processes import command, stock_process
from tests.relays import connected, job, until_state
from tests.waiting import eventually
from tests.workers import answered, retitle, rows_locked, running_worker
from tests.worlds import live, plant
from worker.arq_context import Context
from worker.client import send, somebody_works
from worker.composition import redis_settings
from worker.settings import Settings

JOBS = 200


@pytest.fixture
def bench(settings: Settings, redis: ArqRedis) -> Bench:
    """Return a bench that speaks JSON."""
    return Bench(settings, redis)


async def test_stock_arq_runs_what_comes_by_our_doors(
    settings: Settings, sessions: Sessions, redis: ArqRedis, tmp_path: Path
) -> None:
    """The command line, SQL and our client; their answers are what our own worker gives."""
    await plant(sessions)
    with stock_process(settings, tmp_path / "log"):
        await eventually(lambda: somebody_works(redis, settings.queue), "stock arq works")
        done = json.dumps({"entity": "task", "key": "t0", "changes": {"status": "done"}})
        ended = await command(settings, "enqueue", "update", done, "--job-id", "cli", "--wait", "--timeout", "30")
        assert (ended.code, ended.out, ended.err) == (0, "1 updated (task 1)\n", "")
        async with connected(settings) as connection:
            change = json.dumps({"entity": "task", "key": "t1", "changes": {"status": "doing"}})
            query = "SELECT enqueue_job('update', $1::jsonb, actor => 'billing', job_id => 'sql', queue => $2)"
            await connection.execute(query, change, settings.queue)
        await until_state(sessions, "sql", "succeeded")
        await send(redis, settings.queue, "update", retitle("t2", "new"), job_id="client")
        assert (await answered(redis, "client")).success
    rows = await live(sessions)
    assert (rows["t0"]["status"], rows["t1"]["status"], rows["t2"]["title"]) == ("done", "doing", "new")


@pytest.mark.parametrize("kind", ["arq", "ours"])
async def test_a_pickle_is_refused_and_kept_by_either(  # noqa: PLR0913, PLR0917 - a fixture each
    settings: Settings, database: Database, sessions: Sessions, redis: ArqRedis, tmp_path: Path, kind: Kind
) -> None:
    """A client that has forgotten its serializer is answered in JSON, and its job rests with its bytes."""
    pickling = await create_pool(
        redis_settings(settings.redis_url.get_secret_value()), default_queue_name=settings.queue
    )
    await Bench(settings, pickling).send("update", _job_id="j", **retitle("t0", "new"))
    await pickling.aclose(close_connection_pool=True)
    async with AsyncExitStack() as stack:
        if kind == "arq":
            stack.enter_context(stock_process(settings, tmp_path / "log"))
        else:
            await stack.enter_async_context(running_worker(settings, database, redis))
        assert (await answered(redis, "j")).failure.startswith("UnreadablePayload: ")
        assert (await job(sessions, "j")).state == "dead"


@pytest.mark.own_engine(reason="stock arq has no lease in its scores")
async def test_a_stock_client_sees_deferred_expiring_and_running_jobs(
    bench: Bench, database: Database, sessions: Sessions
) -> None:
    """`_defer_by` and `_expires` hold for our jobs; one that runs is in `queued_jobs`, at the end of its lease."""
    settings, redis = bench.settings, bench.redis
    await plant(sessions)
    expired = await bench.send("update", _expires=timedelta(milliseconds=1), **retitle("t1", "never"))

    async def gone() -> bool:
        return not await redis.exists(job_key_prefix + expired.job_id)

    await eventually(gone, "the job has expired")
    async with running_worker(settings, database, redis):
        assert (await answered(redis, expired.job_id)).failure == "JobExecutionFailed: job expired"
        async with rows_locked(database) as until_somebody_waits:
            deferred = await bench.send("update", _defer_by=0.3, **retitle("t0", "later"))
            due = (await redis.queued_jobs())[-1].score or 0
            await until_somebody_waits()
            (running,) = [one for one in await redis.queued_jobs() if one.job_id == deferred.job_id]
            assert (running.score or 0) > due
        assert (await answered(redis, deferred.job_id)).success
    rows = await live(sessions)
    assert (rows["t0"]["title"], rows["t1"]["title"]) == ("later", "Task 1")
    assert (await bench.result(deferred)).start_time.timestamp() * 1000 >= due


async def test_two_of_either_kind_share_a_queue_and_no_job_runs_twice(bench: Bench) -> None:
    """Each of two hundred jobs asks for two retries: three runs, three numbers, whoever counts; both kinds do some."""
    runs: Counter[tuple[str, int]] = Counter()
    by: Counter[Kind] = Counter()
    both_run = asyncio.Event()

    def counting(kind: Kind) -> Any:  # noqa: ANN401 - arq's function
        async def count(ctx: Context) -> None:
            runs[ctx["job_id"], ctx["job_try"]] += 1
            by[kind] += 1
            if len(by) == 2:
                both_run.set()
            await both_run.wait()  # otherwise ours would have done them all before arq looks
            await ctx["redis"].incr(f"count:{ctx['job_id']}")
            if ctx["job_try"] < 3:
                raise Retry(defer=0.01)

        return func(count, name="count")

    async with AsyncExitStack() as stack:
        kinds: list[Kind] = ["arq", "ours", "arq", "ours"]
        for kind in kinds:
            worker = bench.worker(kind, counting(kind), burst=False, max_jobs=10 if kind == "arq" else 2)
            await stack.enter_async_context(at_work(worker))
        sent = [await bench.send("count") for _ in range(JOBS)]

        async def done() -> bool:
            return len(await bench.redis.keys("arq:result:*")) == JOBS

        await eventually(done, "all jobs are done")
    assert runs == Counter({(one.job_id, number): 1 for one in sent for number in (1, 2, 3)})
    assert {await bench.redis.get(f"count:{one.job_id}") for one in sent} == {b"3"}
    assert min(by["arq"], by["ours"]) > 0
    assert sorted(await bench.redis.keys("arq:*")) == sorted(f"arq:result:{one.job_id}".encode() for one in sent)


@pytest.mark.parametrize(("runs", "looks_on"), [("arq", "ours"), ("ours", "arq")])
async def test_what_one_kind_runs_the_other_leaves_alone_and_takes_over_after_a_stop(
    bench: Bench, runs: Kind, looks_on: Kind
) -> None:
    """The other one does the next job meanwhile; what the first one's stop has cut is done by it."""
    diary, other = Diary(), Diary()
    async with AsyncExitStack() as stack:
        first = bench.worker(runs, func(diary.wait, name="run"), burst=False, max_jobs=1)
        async with at_work(first):
            cut = await bench.send("run")
            await diary.begun.wait()
            second = bench.worker(looks_on, func(other.note, name="run"), burst=False)
            await stack.enter_async_context(at_work(second))
            following = await bench.send("run", "next")
            assert await following.result(timeout=30, poll_delay=0.01) == "next"
            assert (diary.lines, other.lines) == ([1], ["next"])
        await cut.result(timeout=30, poll_delay=0.01)
    assert other.lines == ["next", 2 if runs == "arq" else 1]
