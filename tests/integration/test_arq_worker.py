"""What arq documents of its worker, run by arq's worker and by our engine: tries, limits of time, results, burst."""

import asyncio
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arq import cron
from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from arq.worker import FailedJobs, Retry, async_check_health, func

from tests.arq_workers import Bench, Diary, Kind, at_work, both
from tests.executions import ends
from tests.waiting import eventually
from worker.arq_context import Context
from worker.arq_cron import CronRefused
from worker.client import somebody_works
from worker.composition import redis_settings
from worker.functions import named
from worker.settings import Settings


@pytest.fixture
def bench(settings: Settings, redis: ArqRedis) -> Bench:
    """Return a bench that speaks JSON."""
    return Bench(settings, redis)


class Stubborn(Diary):
    """A job that is to be retried until its delivery has a number."""

    def __init__(self, until: int, defer: float | None = None) -> None:
        """Take that number, and the seconds of delay."""
        super().__init__()
        self._until = until
        self._defer = defer

    async def run(self, ctx: Context) -> str:
        """Note the delivery's number."""
        await self.note(ctx)
        if ctx["job_try"] < self._until:
            raise Retry(defer=self._defer)
        return "done"


@both
@pytest.mark.parametrize(("sent_try", "tries"), [(None, [1, 2, 3]), (2, [2, 3])])
async def test_retry_runs_a_job_again_and_counts(
    bench: Bench, kind: Kind, sent_try: int | None, tries: list[int]
) -> None:
    """`job_try` goes up from 1, or from the number that the sender has given as `_job_try`."""
    stubborn = Stubborn(3)
    job = await bench.send("run", _job_try=sent_try)
    worker = bench.worker(kind, func(stubborn.run, name="run"))
    assert await worker.run_check() == 1
    result = await bench.result(job)
    assert (stubborn.lines, worker.jobs_retried) == (tries, len(tries) - 1)
    assert (result.result, result.job_try) == ("done", 3)
    assert {key async for key in bench.redis.scan_iter("arq:*")} == {result_key_prefix.encode() + job.job_id.encode()}


@both
async def test_retry_defers(bench: Bench, kind: Kind) -> None:
    """The next delivery is due so many seconds later, and not before."""
    stubborn = Stubborn(2, defer=0.3)
    job = await bench.send("run")
    before = datetime.now(UTC)
    assert await bench.worker(kind, func(stubborn.run, name="run")).run_check() == 1
    assert (await bench.result(job)).start_time - before >= timedelta(seconds=0.3)


@both
@pytest.mark.parametrize(("of_worker", "of_function", "most"), [(2, None, 2), (5, 1, 1), (5, 0, 0)])
async def test_tries_are_bounded_by_worker_or_function(
    bench: Bench, kind: Kind, of_worker: int, of_function: int | None, most: int
) -> None:
    """What the function says comes first."""
    stubborn = Stubborn(99)
    job = await bench.send("run")
    worker = bench.worker(kind, func(stubborn.run, name="run", max_tries=of_function), max_tries=of_worker)
    await worker.async_run()
    assert stubborn.lines == list(range(1, most + 1))
    assert (await bench.result(job)).result == f"JobExecutionFailed: max {most} retries exceeded"


@both
async def test_without_retry_jobs_a_retry_is_a_failure(bench: Bench, kind: Kind) -> None:
    """`retry_jobs=False` is for tests: nothing is run twice."""
    stubborn = Stubborn(2)
    job = await bench.send("run")
    worker = bench.worker(kind, func(stubborn.run, name="run"))
    with pytest.raises(FailedJobs, match=r"1 job failed 'Retry: <Retry defer 0\.00s>'"):
        await worker.run_check(retry_jobs=False)
    assert (stubborn.lines, (await bench.result(job)).success) == ([1], False)


@both
async def test_a_cancellation_of_the_jobs_own_is_a_try(bench: Bench, kind: Kind) -> None:
    """A job that awaits what others have cancelled is run again, and not for ever."""
    diary = Diary()

    async def cancelled(ctx: Context) -> None:
        await diary.note(ctx)
        raise asyncio.CancelledError

    job = await bench.send("cancelled")
    await bench.worker(kind, func(cancelled, name="cancelled"), max_tries=2).async_run()
    assert diary.lines == [1, 2]
    assert (await bench.result(job)).result == "JobExecutionFailed: max 2 retries exceeded"


@both
@pytest.mark.parametrize(("of_worker", "of_function"), [(0.05, None), (60, 0.05)])
async def test_a_job_may_take_as_long_as_worker_or_function_say(
    bench: Bench, kind: Kind, of_worker: float, of_function: float | None
) -> None:
    """Then it is cancelled, fails with a TimeoutError, and is not run again."""
    diary = Diary()
    job = await bench.send("wait")
    worker = bench.worker(kind, func(diary.wait, name="wait", timeout=of_function), job_timeout=of_worker)
    await worker.async_run()
    result = await bench.result(job)
    assert (diary.lines, result.success, str(result.result).partition(":")[0]) == ([1], False, "TimeoutError")


@both
@pytest.mark.parametrize(
    ("of_worker", "of_function", "seconds"),
    [
        ({}, {}, 3600),
        ({"keep_result": 50}, {}, 50),
        ({"keep_result": 50}, {"keep_result": 70}, 70),
        ({"keep_result": 0}, {}, -2),
        ({}, {"keep_result": 0}, -2),
        ({"keep_result_forever": True}, {}, -1),
        ({}, {"keep_result_forever": True}, -1),
        ({"keep_result_forever": True}, {"keep_result_forever": False}, 3600),
    ],
)
async def test_results_are_kept_as_worker_and_function_say(
    bench: Bench, kind: Kind, of_worker: dict[str, Any], of_function: dict[str, Any], seconds: int
) -> None:
    """For so many seconds, for ever (-1, as Redis tells it), or not at all (-2)."""
    job = await bench.send("note")
    await bench.worker(kind, func(Diary().note, name="note", **of_function), **of_worker).run_check()
    left = await bench.redis.ttl(result_key_prefix + job.job_id)
    assert seconds - 30 < left <= seconds if seconds > 0 else left == seconds


@both
async def test_a_job_is_told_about_itself(bench: Bench, kind: Kind) -> None:
    """Its context has what the worker was given, and id, try, times and the pool: of it a job can enqueue the next."""
    told: dict[str, Any] = {}

    async def first(ctx: Context) -> None:
        told.update({name: ctx[name] for name in ("job_id", "job_try", "enqueue_time", "score", "mine")})
        await ctx["redis"].enqueue_job("second")

    diary = Diary()
    job = await bench.send("first", _job_id="me")
    info = await job.info()
    assert info
    worker = bench.worker(kind, func(first, name="first"), func(diary.note, name="second"), ctx={"mine": "own"})
    assert await worker.run_check() == 2
    assert told == {"job_id": "me", "job_try": 1, "enqueue_time": info.enqueue_time, "score": info.score, "mine": "own"}
    assert diary.lines == [1]


@both
async def test_burst_counts_what_failed_and_what_not(bench: Bench, kind: Kind) -> None:
    """`run_check` returns the number of jobs; of failed ones it raises FailedJobs; an unknown name has failed."""
    diary = Diary()
    functions = [func(diary.note, name="note")]
    for number in range(5):
        await bench.send("note", number)
    assert await bench.worker(kind, *functions).run_check(max_burst_jobs=0) == 0
    assert await bench.worker(kind, *functions).run_check(max_burst_jobs=2) == 2
    assert await bench.worker(kind, *functions).run_check() == 3
    assert sorted(diary.lines) == [0, 1, 2, 3, 4]
    await bench.send("nobody")
    with pytest.raises(FailedJobs) as told:
        await bench.worker(kind, *functions).run_check()
    assert (told.value.count, told.value.job_results[0].result) == (
        1,
        "JobExecutionFailed: function 'nobody' not found",
    )


@both
async def test_no_more_than_max_jobs_run_at_a_time(bench: Bench, kind: Kind) -> None:
    """Three of six, and the others as soon as a slot is free."""
    now, most = 0, 0
    full = asyncio.Event()

    async def run(_ctx: Context) -> None:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        if now == 3:
            full.set()
        await full.wait()
        now -= 1

    for _ in range(6):
        await bench.send("run")
    assert await bench.worker(kind, named(run, "run"), max_jobs=3).run_check() == 6
    assert most == 3


@both
@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
async def test_health_is_shown_while_the_worker_works(bench: Bench, kind: Kind) -> None:
    """Under the queue's key, or one of the user's; `arq --check` says 0, and 1 once the worker has closed."""
    url = redis_settings(bench.settings.redis_url.get_secret_value())
    for key in (None, f"{bench.settings.queue}:mine"):
        worker = bench.worker(kind, func(Diary().note, name="note"), burst=False, health_check_key=key)
        async with at_work(worker):

            async def shown(worker: Any = worker) -> bool:  # noqa: ANN401 - either kind
                return bool(await bench.redis.exists(worker.health_check_key))

            await eventually(shown, "health is shown")
            assert await async_check_health(url, key, bench.settings.queue) == 0
            form = rb"\w{3}-\d\d \d\d:\d\d:\d\d j_complete=0 j_failed=0 j_retried=0 j_ongoing=0 queued=0"
            assert re.fullmatch(form, await bench.redis.get(worker.health_check_key))
        await worker.close()
        assert await async_check_health(url, key, bench.settings.queue) == 1
    assert not await somebody_works(bench.redis, bench.settings.queue)


@both
async def test_functions_are_coroutines_with_names(bench: Bench, kind: Kind) -> None:
    """A bare coroutine has its own name, a string is imported; what is no coroutine, or no function, is refused."""
    worker = bench.worker(kind, Diary().note, "tests.relays.jobs", func("tests.relays.job", name="one"))
    assert sorted(worker.functions) == ["Diary.note", "one", "tests.relays.jobs"]
    with pytest.raises(RuntimeError, match="is not a coroutine function"):
        bench.worker(kind, print)
    with pytest.raises(RuntimeError, match="at least one function"):
        bench.worker(kind)


@both
@pytest.mark.parametrize("handles", [True, False])
async def test_signals_are_handled_where_that_is_wanted(bench: Bench, kind: Kind, *, handles: bool) -> None:
    """`handle_signals=False` leaves them to the surrounding program."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    worker = bench.worker(kind, func(Diary().note, name="note"), handle_signals=handles)
    if kind == "arq":
        assert [worker.loop.remove_signal_handler(number) for number in numbers] == [handles, handles]
    else:
        assert [signal.getsignal(number) not in before for number in numbers] == [handles, handles]
        await worker.close()
        assert [signal.getsignal(number) for number in numbers] == before


@ends
async def test_what_would_end_a_program_fails_one_job_of_ours(bench: Bench, end: BaseException) -> None:
    """Raised by a job and by a hook: the job has failed, its lease is given back, and the next one runs."""
    diary = Diary()

    async def leave(_ctx: Context) -> None:
        raise end

    job = await bench.send("leave")
    await bench.send("note")
    worker = bench.worker("ours", named(leave, "leave"), func(diary.note, name="note"), on_job_end=leave, max_jobs=1)
    await worker.async_run()
    assert diary.lines == [1]
    assert str((await bench.result(job)).result).startswith(f"RaisedAnEnd: the job raised {type(end).__name__}")
    assert [key async for key in bench.redis.scan_iter("arq:in-progress:*")] == []


async def test_arqs_cron_jobs_are_refused_by_our_engine(bench: Bench) -> None:
    """They would run twice or not at all; the error names what takes their place."""
    nightly = cron("tests.relays.jobs", name="nightly", hour=3)
    with pytest.raises(CronRefused, match=r"cron_jobs nightly: .* `counterfoil schedule add`"):
        bench.worker("ours", Diary().note, cron_jobs=[nightly])
