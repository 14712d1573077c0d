"""One delivery, run: arq's coroutine is called, and whatever it does becomes an acknowledgement."""

import asyncio
from dataclasses import dataclass
from time import perf_counter, time
from typing import Any

import structlog
from arq.jobs import SerializationError, deserialize_job_raw, serialize_result
from arq.utils import ms_to_datetime
from arq.worker import Function, JobExecutionFailed, Retry, Worker

from worker.acknowledgements import Finished, PutBack
from worker.observer import End, Observer


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed delivery: the payload (None: it has expired), its number, and the score at which it was due.

    `aborted_at` is when a client asked for its abort before it began. Times are ms since 1970.
    """

    id: str
    queue: str
    payload: bytes | None
    attempt: int
    score: int
    aborted_at: int | None = None


@dataclass(slots=True)
class _Call:
    """What is known of a delivery, as far as it could be read, and is told in its result."""

    name: str = "<unknown>"
    positional: tuple[Any, ...] = ()
    arguments: dict[str, Any] | None = None
    enqueued_ms: int = 0
    attempt: int = 1
    started_ms: int = 0


async def outcome_of(worker: Worker, job: Claimed, observer: Observer) -> Finished | PutBack:
    """Run a delivery, and return what is to be told to Redis; raises nothing, whatever a handler or hook raises."""
    call = _Call(attempt=job.attempt, started_ms=_now_ms())
    try:
        function = _read(worker, job, call)
    except Exception as error:  # noqa: BLE001 - whatever a payload holds: the worker lives on
        observer.ended(call.name, End.REFUSED)
        return _finished(worker, job, call, error, success=False)
    _name_task(call.name)
    observer.started(call.name, max(0, call.started_ms - job.score) / 1000)
    start = perf_counter()
    try:
        return await _run(worker, job, call, function)
    finally:
        observer.ran(call.name, perf_counter() - start)


async def _run(worker: Worker, job: Claimed, call: _Call, function: Function) -> Finished | PutBack:
    try:
        result = await _called(worker, job, call, function)
    except Retry as again:
        worker.jobs_retried += 1
        worker.aborting_tasks.discard(job.id)
        return PutBack(job.id, job.queue, again.defer_score or 0)
    except asyncio.CancelledError as cancelled:
        if job.id not in worker.aborting_tasks:  # the worker stops
            worker.jobs_retried += 1
            return PutBack(job.id, job.queue, is_uncounted=True)
        worker.aborting_tasks.discard(job.id)
        return _finished(worker, job, call, cancelled, success=False)
    except Exception as error:  # noqa: BLE001 - a handler may raise whatever it wants: the worker lives on
        return _finished(worker, job, call, error, success=False)
    return _finished(worker, job, call, result, success=True)


def _read(worker: Worker, job: Claimed, call: _Call) -> Function:
    if job.payload is None:
        raise JobExecutionFailed("job expired")
    try:
        call.name, call.positional, call.arguments, sent_try, call.enqueued_ms = deserialize_job_raw(
            job.payload, deserializer=worker.job_deserializer
        )
    except SerializationError as error:
        raise JobExecutionFailed("the job cannot be read") from error
    call.attempt = max(call.attempt, sent_try or 0)
    try:
        function = worker.functions[call.name]
    except KeyError:
        raise JobExecutionFailed(f"function {call.name!r} not found") from None
    most = getattr(function, "max_tries", None) or worker.max_tries
    if call.attempt > most:
        raise JobExecutionFailed(f"max {most} retries exceeded")
    return function  # type: ignore[return-value]


def _name_task(name: str) -> None:
    """Call the task after its job, by which a loop that it blocks tells who does."""
    if (task := asyncio.current_task()) is not None:
        task.set_name(name)


async def _called(worker: Worker, job: Claimed, call: _Call, function: Function) -> Any:  # noqa: ANN401 - a result
    ctx = {
        **worker.ctx,
        "job_id": job.id,
        "job_try": call.attempt,
        "enqueue_time": ms_to_datetime(call.enqueued_ms),
        "score": job.score,
        "queue": job.queue,
        "aborted": lambda: job.id in worker.aborting_tasks,
    }
    if job.aborted_at is not None and job.aborted_at >= call.enqueued_ms and (task := asyncio.current_task()):
        worker.aborting_tasks.add(job.id)
        task.cancel()  # at the first wait of its handler, which can so keep that it was aborted
    seconds = worker.job_timeout_s if function.timeout_s is None else function.timeout_s
    await _hook(worker.on_job_start, ctx)
    try:
        async with asyncio.timeout(seconds):
            return await function.coroutine(ctx, *call.positional, **(call.arguments or {}))
    finally:
        await _hook(worker.on_job_end, ctx)


async def _hook(hook: Any, ctx: dict[str, Any]) -> None:  # noqa: ANN401 - arq's
    if hook is None:
        return
    try:
        await hook(ctx)
    except Exception as error:  # noqa: BLE001 - a hook never ends the worker
        structlog.get_logger("counterfoil.engine").error("hook.failed", error=type(error).__name__)


def _finished(worker: Worker, job: Claimed, call: _Call, result: Any, *, success: bool) -> Finished:  # noqa: ANN401
    worker.jobs_complete += success
    worker.jobs_failed += not success
    function = worker.functions.get(call.name)
    for_ever = getattr(function, "keep_result_forever", None) or worker.keep_result_forever
    keep = getattr(function, "keep_result_s", None)
    seconds = worker.keep_result_s if keep is None else keep
    if not for_ever and not seconds:
        return Finished(job.id, job.queue)
    written = serialize_result(
        call.name,
        call.positional,
        call.arguments or {},
        call.attempt,
        call.enqueued_ms,
        success,
        result,
        call.started_ms,
        _now_ms(),
        f"{job.id}:{call.name}",
        job.queue,
        job.id,
        serializer=worker.job_serializer,
    )
    return Finished(job.id, job.queue, written or b"", 0 if for_ever else int(seconds * 1000))


def _now_ms() -> int:
    return int(time() * 1000)
