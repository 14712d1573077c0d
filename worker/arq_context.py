"""What arq hands to a job's coroutine, and how a delivery is handed back to it."""

from contextlib import suppress
from typing import Any

from arq.constants import abort_jobs_ss, retry_key_prefix
from arq.utils import timestamp_ms
from arq.worker import Retry
from redis.exceptions import RedisError

from worker.delivery import Delivery, asker

COUNT_SECONDS = 88_400
"""How long arq keeps its count of deliveries."""

Context = dict[Any, Any]

ENGINE_KEY = "aborted"
"""What our engine's contexts have, and stock arq's have not: whether a client has asked for the job's abort."""

MORE_TIME_KEY = "more_time"
"""What our engine's contexts have, and stock arq's have not: what lets a job's time count from now."""


def delivery_of(ctx: Context, positional: tuple[Any, ...], arguments: dict[str, Any]) -> Delivery:
    """Return the delivery for which arq has called a coroutine."""
    return Delivery(str(ctx["job_id"]), int(ctx["job_try"]), arguments, len(positional), ctx.get("queue"))


def logged(delivery: Delivery) -> dict[str, Any]:
    """Return what every log line about a delivery holds."""
    return {"job_id": delivery.job_id, "attempt": delivery.attempt, **asker(delivery.arguments)}


async def abort_again(ctx: Context) -> None:
    """Have the next delivery find the abort, which the claim of this one has taken, and which could not be kept."""
    with suppress(RedisError, OSError):
        await ctx["redis"].zadd(abort_jobs_ss, {ctx["job_id"]: timestamp_ms()})


class HandedBack(Retry):
    """A delivery that is to be repeated, and counts for nothing: a stop, a failed attempt that its row knows of."""


async def handed_back(ctx: Context, defer: float | None = None) -> HandedBack:
    """Return what to raise to hand this delivery back, for so many seconds.

    arq's count is then of those deliveries alone that ended with their worker's death. Our engine takes this one off it
    when it puts the job back, also where Redis is away until then; stock arq has to be done the favour here.
    """
    if ENGINE_KEY not in ctx:
        key = retry_key_prefix + ctx["job_id"]
        with suppress(RedisError, OSError):
            async with ctx["redis"].pipeline(transaction=True) as pipe:
                pipe.decr(key)
                pipe.expire(key, COUNT_SECONDS)  # after a wipe there was no key, and this one would stay for ever
                await pipe.execute()
    return HandedBack(defer)
