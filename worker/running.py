"""One delivery, run: arq's coroutine is called, and whatever it does becomes an acknowledgement."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from arq.constants import result_key_prefix, retry_key_prefix
from arq.utils import ms_to_datetime
from arq.worker import Function, Retry, RetryJob, Worker
from redis.exceptions import RedisError

from worker.acknowledgements import PATIENCE_SECONDS, Finished, PutBack
from worker.arq_context import COUNT_SECONDS, ENGINE_KEY, MORE_TIME_KEY, Context, HandedBack
from worker.claimed import Call, Claimed, read
from worker.finished import finished, now_ms
from worker.hooks import call_hook
from worker.observer import End, Observer
from worker.stopping import as_exception, is_cancelled


@dataclass
class KeepsAborts(Function):
    """A function that is called even for a job that was aborted before it began, so that it can keep that.

    It is cancelled at its first wait. What is not of this class is never begun then, as arq has it.
    """


class Ran(NamedTuple):
    """What is to be told to Redis of a delivery, and the context of its call (None: its function was not called)."""

    told: Finished | PutBack
    ctx: Context | None


async def run_delivery(worker: Worker, job: Claimed, observer: Observer) -> Ran:
    """Run a delivery, and return what became of it; raises nothing, whatever a handler or hook raises."""
    call = Call(attempt=job.attempt, started_ms=now_ms())
    if job.payload is None and await _is_answered(worker, job):
        return Ran(Finished(job.id, job.queue), None)
    return Ran(await _outcome(worker, job, call, observer), call.ctx)


async def _outcome(worker: Worker, job: Claimed, call: Call, observer: Observer) -> Finished | PutBack:
    try:
        function = read(worker, job, call)
    except Exception as error:  # noqa: BLE001 - whatever a payload holds: the worker lives on
        observer.ended(call.name, End.REFUSED)
        return finished(worker, job, call, error, success=False)
    _name_task(call.name)
    observer.started(call.name, max(0, call.started_ms - job.score) / 1000)
    start = perf_counter()
    try:
        return await _run(worker, job, call, function)
    finally:
        observer.ran(call.name, perf_counter() - start)


async def _run(worker: Worker, job: Claimed, call: Call, function: Function) -> Finished | PutBack:
    try:
        await _count_on(worker, job, call)
        result = await _called(worker, job, call, function)
    except (Retry, RetryJob) as again:
        if not worker.retry_jobs:
            return finished(worker, job, call, again, success=False)
        worker.jobs_retried += 1
        delay_ms = getattr(again, "defer_score", None) or 0
        return PutBack(job.id, job.queue, delay_ms, is_uncounted=isinstance(again, HandedBack))
    except asyncio.CancelledError as cancelled:
        if job.id in worker.aborting_tasks or not worker.retry_jobs:
            return finished(worker, job, call, cancelled, success=False)
        worker.jobs_retried += 1
        return PutBack(job.id, job.queue, is_uncounted=is_cancelled())
    except BaseException as error:  # noqa: BLE001 - SystemExit, too: let out, it would stop the loop with all jobs in it
        return finished(worker, job, call, as_exception(error), success=False)
    return finished(worker, job, call, result, success=True)


async def _is_answered(worker: Worker, job: Claimed) -> bool:
    """Tell whether a job that is not there any more has its result: an abort puts the id back that has just ended."""
    with suppress(RedisError, OSError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            return bool(await worker.pool.exists(result_key_prefix + job.id))
    return False


async def _count_on(worker: Worker, job: Claimed, call: Call) -> None:
    """Have the next delivery counted from the number that the sender gave (arq's `_job_try`)."""
    if call.attempt > job.attempt:
        with suppress(RedisError, OSError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await worker.pool.setex(retry_key_prefix + job.id, COUNT_SECONDS, str(call.attempt))


def _name_task(name: str) -> None:
    """Call the task after its job, by which a loop that it blocks tells who does."""
    if (task := asyncio.current_task()) is not None:
        task.set_name(name)


async def _called(worker: Worker, job: Claimed, call: Call, function: Function) -> Any:  # noqa: ANN401 - a result
    if job.aborted_at is not None and job.aborted_at >= call.enqueued_ms:
        _abort_first(worker, job, function)
    call.ctx = ctx = {
        **worker.ctx,
        "job_id": job.id,
        "job_try": call.attempt,
        "enqueue_time": ms_to_datetime(call.enqueued_ms),
        "score": job.score,
        "queue": job.queue,
        ENGINE_KEY: lambda: job.id in worker.aborting_tasks,
    }
    seconds = worker.job_timeout_s if function.timeout_s is None else function.timeout_s
    await call_hook(worker.on_job_start, ctx)
    try:
        async with asyncio.timeout(seconds) as deadline:
            ctx[MORE_TIME_KEY] = lambda: deadline.reschedule(worker.loop.time() + seconds)
            return await function.coroutine(ctx, *call.positional, **(call.arguments or {}))
    finally:
        worker.job_tasks.pop(job.id, None)  # an abort from here on is too late, and must not cut what follows
        await call_hook(worker.on_job_end, ctx)


def _abort_first(worker: Worker, job: Claimed, function: Function) -> None:
    """Cancel a delivery that was aborted before it began, now or at the first wait of its handler."""
    worker.aborting_tasks.add(job.id)
    if not isinstance(function, KeepsAborts):
        raise asyncio.CancelledError
    if (task := asyncio.current_task()) is not None:
        task.cancel()
