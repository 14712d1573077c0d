"""Jobs as arq knows them: coroutines that take arq's context and the job's arguments."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn, cast

import structlog
from arq.constants import retry_key_prefix
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Function, Retry, func
from pydantic import JsonValue
from redis.exceptions import RedisError

from domain.job import UNREADABLE
from worker.delivery import Delivery, asker
from worker.execution import RECORD_SECONDS, Execution
from worker.jobs.job import Job
from worker.outcome import Again, Ended, Succeeded
from worker.wire import refusal

NAME_SHOWN = 200
"""Characters of an unknown job's name in a log line: a sender may make it as long as a payload."""

UNKNOWN_DELAY = 30.0
"""Seconds after which a job whose name this worker does not know is delivered again, perhaps to one that does."""

ARQ_PATIENCE = 10.0
"""Seconds by which arq's own time-out is longer than the job's, which ends the job before and is an attempt.

Twice what keeping the attempt may take. They are part of arq's lease: a killed worker's jobs wait for them.
"""

COUNT_SECONDS = 88_400
"""How long arq keeps its count of deliveries."""


class FunctionTable(dict[str, Function | CronJob]):
    """arq's table of functions, in which a job of an unknown name waits for a worker that knows it."""

    def __init__(self, known: dict[str, Function | CronJob], execution: Execution) -> None:
        """Take the known functions, and what keeps the unknown ones."""
        super().__init__(known)
        self._execution = execution

    def __missing__(self, name: str) -> Function:
        """Return a function that keeps the job, and hands it back."""

        async def wait(ctx: dict[Any, Any], /, *positional: Any, **arguments: Any) -> NoReturn:  # noqa: ANN401 - as sent
            delivery = _delivery(ctx, positional, arguments)
            structlog.get_logger("counterfoil.job").warning("job.unknown", job=name[:NAME_SHOWN], **_bound(delivery))
            await _kept(ctx, self._execution.keep_unknown(name, delivery))
            await _hand_back(ctx)
            raise Retry(defer=UNKNOWN_DELAY)

        return _function(wait, name)


def arq_functions(jobs: Iterable[Job], execution: Execution) -> list[Function]:
    """Return the jobs as arq functions, and one for payloads that cannot be read."""

    async def unreadable(ctx: dict[Any, Any], /, *positional: Any, **found: Any) -> NoReturn:  # noqa: ANN401 - of wire
        error = refusal(found)
        delivery = _delivery(ctx, positional, {"base64": found.get("base64")})
        structlog.get_logger("counterfoil.job").warning(
            "job.refused", job=UNREADABLE, error=type(error).__name__, **_bound(delivery)
        )
        await _kept(ctx, execution.keep_unreadable(delivery, error))
        raise error

    return [*(arq_function(job, execution) for job in jobs), _function(unreadable, UNREADABLE)]


def arq_function(job: Job, execution: Execution) -> Function:
    """Return the arq function that executes a job."""

    async def run(  # what was sent: JSON, whose shape `execute` judges
        ctx: dict[Any, Any],
        /,
        *positional: Any,  # noqa: ANN401
        **arguments: Any,  # noqa: ANN401
    ) -> dict[str, JsonValue]:
        try:
            outcome = await execution.execute(job, _delivery(ctx, positional, arguments))
        except asyncio.CancelledError:
            await asyncio.shield(_hand_back(ctx))
            raise
        match outcome:
            case Succeeded(result):
                return result
            case Again(delay):
                await _hand_back(ctx)
                raise Retry(defer=delay)
            case Ended(error):
                raise error

    return _function(run, job.name, timeout=(job.timeout or execution.job_timeout) + ARQ_PATIENCE)


def _function(coroutine: Callable[..., Awaitable[Any]], name: str, timeout: float | None = None) -> Function:
    # The context is positional alone, so that an argument named ctx is refused like any other; arq's type says less.
    return func(cast("WorkerCoroutine", coroutine), name=name, timeout=timeout)


def _delivery(ctx: dict[Any, Any], positional: tuple[Any, ...], arguments: dict[str, Any]) -> Delivery:
    return Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments, len(positional))


def _bound(delivery: Delivery) -> dict[str, Any]:
    return {"job_id": delivery.job_id, "attempt": delivery.attempt, **asker(delivery.arguments)}


async def _kept(ctx: dict[Any, Any], keeping: Awaitable[None]) -> None:
    """Wait until a job that cannot be run is kept, or hand it back while the database is away: arq would delete it."""
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            await keeping
    except Exception as error:
        structlog.get_logger("counterfoil.job").warning("job.not_kept", error=type(error).__name__)
        await _hand_back(ctx)
        raise Retry(defer=UNKNOWN_DELAY) from error


async def _hand_back(ctx: dict[Any, Any]) -> None:
    """Take this delivery off arq's count, by which only those are left that ended with their worker's death."""
    key = retry_key_prefix + ctx["job_id"]
    with suppress(RedisError, OSError):
        async with ctx["redis"].pipeline(transaction=True) as pipe:
            pipe.decr(key)
            pipe.expire(key, COUNT_SECONDS)  # after a wipe there was no key, and this one would stay for ever
            await pipe.execute()
