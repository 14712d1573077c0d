"""The figures of queues, as Redis has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from arq.connections import ArqRedis

_LOOK = Path(__file__).with_name("queue_figures.lua").read_text(encoding="utf-8")


class QueueFigures(NamedTuple):
    """One queue: jobs that are due and unclaimed, jobs of a later time (claimed ones too), seconds the oldest is due.

    What a stock arq worker runs counts as due: it leaves the job's time as it is.
    """

    due: int
    later: int
    oldest: float


async def queue_figures(redis: ArqRedis, queues: Sequence[str]) -> dict[str, QueueFigures]:
    """Return the figures of each queue, in one round trip; raises RedisError, OSError."""
    found = await redis.register_script(_LOOK)(keys=list(queues))
    return {queue: QueueFigures(row[0], row[1], row[2] / 1000) for queue, row in zip(queues, found, strict=True)}
