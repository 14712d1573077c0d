"""Jobs as arq knows them: coroutines that take arq's context and the job's arguments."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from arq.typing import WorkerCoroutine
from arq.worker import Function, func
from pydantic import JsonValue
from redis.exceptions import RedisError

from worker.arq_context import ENGINE_KEY, MORE_TIME_KEY, Context, abort_again, delivery_of, handed_back
from worker.delivery import Delivery
from worker.execution import Execution
from worker.jobs.job import Job
from worker.outcome import Again, Ended, Outcome, Succeeded
from worker.running import KeepsAborts
from worker.stop_running import is_operators

ARQ_PATIENCE = 10.0
"""Seconds by which arq's own time-out is longer than the job's, which ends the job before and is an attempt.

Twice what keeping the attempt may take. They are part of arq's lease: a killed worker's jobs wait for them.
"""


def arq_function(job: Job, execution: Execution) -> Function:
    """Return the arq function that executes a job."""

    async def run(  # what was sent: JSON, whose shape `execute` judges
        ctx: Context,
        /,
        *positional: Any,  # noqa: ANN401
        **arguments: Any,  # noqa: ANN401
    ) -> dict[str, JsonValue]:
        delivery = delivery_of(ctx, positional, arguments)
        outcome: Outcome | None
        try:
            outcome = await execution.execute(job, delivery, ctx.get("redis"), ctx.get(MORE_TIME_KEY))
        except asyncio.CancelledError:
            if ctx.get(ENGINE_KEY, bool)():
                outcome = await asyncio.shield(_cancelled(ctx, execution, job, delivery))
            else:
                execution.observer.handed_back(job.name)
                # Not the cancellation: arq would make a time-out of it where its own time ran out, and delete the job.
                raise await asyncio.shield(handed_back(ctx)) from None
            if outcome is None:
                raise
        match outcome:
            case Succeeded(result):
                return result
            case Again(delay):
                raise await handed_back(ctx, delay)
            case Ended(error):
                raise error

    known = named(run, job.name, timeout=(job.timeout or execution.job_timeout) + ARQ_PATIENCE)
    return KeepsAborts(**vars(known))


async def _cancelled(ctx: Context, execution: Execution, job: Job, delivery: Delivery) -> Outcome | None:
    """Keep that the job was aborted, unless an operator does, who waits for its row; None: it is cancelled."""
    with suppress(RedisError, OSError):
        if await is_operators(ctx["redis"], delivery.job_id):
            return None
    outcome = await execution.cancelled(job, delivery)
    if isinstance(outcome, Again):
        await abort_again(ctx)
    return outcome


def named(coroutine: Callable[..., Awaitable[Any]], name: str, timeout: float | None = None) -> Function:
    """Return arq's function of this name for a coroutine; `timeout` is seconds."""
    # The context is positional alone, so that an argument named ctx is refused like any other; arq's type says less.
    return func(cast("WorkerCoroutine", coroutine), name=name, timeout=timeout)
