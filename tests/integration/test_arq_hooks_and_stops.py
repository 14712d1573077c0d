"""What arq documents of hooks, aborts and stops, run by arq's worker and by our engine, and where ours is another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from arq.connections import ArqRedis, create_pool
from arq.constants import abort_jobs_ss, result_key_prefix
from arq.jobs import Job, JobStatus
from arq.worker import Retry, func

from tests.arq_workers import Bench, Diary, Kind, at_work, both
from tests.waiting import eventually
from worker.arq_context import Context
from worker.composition import redis_settings
from worker.settings import Settings

HOOKS = ("on_startup", "on_shutdown", "on_job_start", "on_job_end", "after_job_end")


@pytest.fixture
def bench(settings: Settings, redis: ArqRedis) -> Bench:
    """Return a bench that speaks JSON."""
    return Bench(settings, redis)


@pytest.fixture
async def stock(settings: Settings, redis: ArqRedis) -> AsyncIterator[Bench]:
    """Return a bench with arq's own serializer, by which an abort is told from a failure; `redis` cleans up."""
    url = redis_settings(settings.redis_url.get_secret_value())
    pool = await create_pool(url, default_queue_name=redis.default_queue_name)
    yield Bench(settings, pool)
    await pool.aclose(close_connection_pool=True)


@both
@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
async def test_hooks_stand_around_worker_and_jobs(bench: Bench, kind: Kind) -> None:
    """In arq's order, also around a retry; `after_job_end` finds the result recorded; all share the job's context."""
    diary: list[Any] = []

    def hook(name: str) -> Any:  # noqa: ANN401 - one of arq's hooks
        async def note(ctx: Context) -> None:
            recorded = await bench.redis.exists(result_key_prefix + "j")
            diary.append((name, ctx.get("job_try"), ctx.setdefault("by", name), recorded))

        return note

    async def run(ctx: Context) -> None:
        diary.append(("job", ctx["job_try"], ctx["by"], 0))
        if ctx["job_try"] == 1:
            raise Retry(defer=0.3)

    await bench.send("run", _job_id="j")
    # The second delivery is deferred, so that the first one's hooks are over: ours holds no slot for `after_job_end`.
    worker = bench.worker(kind, func(run, name="run"), max_jobs=1, **{name: hook(name) for name in HOOKS})
    await worker.run_check()
    await worker.close()
    assert diary == [
        ("on_startup", None, "on_startup", 0),
        ("on_job_start", 1, "on_startup", 0),
        ("job", 1, "on_startup", 0),
        ("on_job_end", 1, "on_startup", 0),
        ("after_job_end", 1, "on_startup", 0),
        ("on_job_start", 2, "on_startup", 0),
        ("job", 2, "on_startup", 0),
        ("on_job_end", 2, "on_startup", 0),
        ("after_job_end", 2, "on_startup", 1),
        ("on_shutdown", None, "on_startup", 1),
    ]


@both
@pytest.mark.parametrize("name", ["on_job_start", "on_job_end", "after_job_end"])
async def test_a_failing_hook_ends_arqs_worker_and_not_ours(bench: Bench, kind: Kind, name: str) -> None:
    """Ours logs the error's class, and does the job: one broken hook must not stop all jobs of a process."""

    async def broken(_ctx: Context) -> None:
        raise ValueError("broken")

    job = await bench.send("note", "done")
    worker = bench.worker(kind, func(Diary().note, name="note"), **{name: broken})
    if kind == "arq":
        with pytest.raises(ValueError, match="broken"):
            await worker.run_check()
    else:
        assert await worker.run_check() == 1
        assert await job.result(timeout=1) == "done"


@both
async def test_a_failing_startup_ends_either(bench: Bench, kind: Kind) -> None:
    """No job is begun."""
    diary = Diary()

    async def broken(_ctx: Context) -> None:
        raise ValueError("broken")

    job = await bench.send("note")
    with pytest.raises(ValueError, match="broken"):
        await bench.worker(kind, func(diary.note, name="note"), on_startup=broken).run_check()
    assert (diary.lines, await job.status()) == ([], JobStatus.queued)


@pytest.mark.parametrize(("kind", "tries"), [("arq", [1, 2]), ("ours", [1, 1])])
async def test_a_job_that_a_stop_cuts_runs_again(bench: Bench, kind: Kind, tries: list[int]) -> None:
    """Arq's pessimistic execution; with ours a stop costs no try, so that no number of deploys uses a job up."""
    diary = Diary()
    job = await bench.send("wait")
    async with at_work(bench.worker(kind, func(diary.wait, name="wait"), burst=False)):
        await diary.begun.wait()
    assert await job.status() is JobStatus.queued
    await bench.worker(kind, func(diary.note, name="wait")).run_check()
    assert diary.lines == tries
    assert (await bench.result(job)).success


@both
@pytest.mark.parametrize("deferred", [0, 900])
async def test_an_aborted_job_that_waits_is_never_begun(stock: Bench, kind: Kind, deferred: float) -> None:
    """Queued or deferred: the abort is True, no line of the function runs, and no hook."""
    diary = Diary()
    job = await stock.send("note", _defer_by=deferred)
    aborted = asyncio.create_task(job.abort(timeout=30, poll_delay=0.01))

    async def asked() -> bool:
        return await stock.redis.zscore(abort_jobs_ss, job.job_id) is not None

    await eventually(asked, "the abort is asked for")
    functions = func(diary.note, name="note")
    worker = stock.worker(kind, functions, allow_abort_jobs=True, on_job_start=diary.note, on_job_end=diary.note)
    await worker.async_run()
    assert await aborted is True
    assert (diary.lines, worker.jobs_failed) == ([], 1)
    assert await stock.redis.zcard(abort_jobs_ss) == 0


@both
async def test_an_abort_cancels_what_runs_and_is_false_for_what_does_not(stock: Bench, kind: Kind) -> None:
    """True for the one that runs, which gets a CancelledError; False for one that is over, and for a stranger."""
    diary, seen = Diary(), []

    async def run(ctx: Context) -> None:
        try:
            await diary.wait(ctx)
        except asyncio.CancelledError as error:
            seen.append(type(error))
            raise

    functions = func(run, name="run"), func(diary.note, name="note")
    async with at_work(stock.worker(kind, *functions, allow_abort_jobs=True, burst=False)):
        job = await stock.send("run")
        await diary.begun.wait()
        assert await job.abort(timeout=30, poll_delay=0.01) is True
        over = await stock.send("note")
        await over.result(timeout=30, poll_delay=0.01)
        assert await over.abort(timeout=30) is False
    assert seen == [asyncio.CancelledError]
    assert await Job("stranger", stock.redis, stock.settings.queue).abort(timeout=1) is False
    with pytest.raises(asyncio.CancelledError):
        await job.result(timeout=1)


async def test_our_engine_forgets_an_abort_that_a_job_has_swallowed(bench: Bench) -> None:
    """The next job of this id, cut by a stop, is put back, and not held for aborted."""
    diary = Diary()

    async def swallow(ctx: Context) -> str:
        try:
            await diary.wait(ctx)
        except asyncio.CancelledError:
            return "all the same"
        return ""

    worker = bench.worker("ours", func(swallow, name="swallow"), burst=False)
    async with at_work(worker):
        job = await bench.send("swallow")
        await diary.begun.wait()
        assert await job.abort(timeout=30, poll_delay=0.01) is False
        assert await job.result(timeout=1) == "all the same"

        async def forgotten() -> bool:
            return not worker.aborting_tasks

        await eventually(forgotten, "the abort is forgotten")
