"""One look at the fleet: queues and workers, from Redis and the job table; what does not answer is named."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from arq.connections import ArqRedis

from persistence.dialects import dialect_of
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.table_figures import Waiting, count_dead, ended_lately, waiting_in_table
from worker.client import health_key
from worker.presence import Present, present_workers
from worker.queue_figures import QueueFigures, queue_figures

PATIENCE_SECONDS = 3.0
"""How long a server may take for its part of a look."""

LATELY_SECONDS = 10.0
"""The time over which the rate of ended jobs is taken."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One queue; None is what cannot be told while a server is away. `oldest` is seconds, `rate` jobs a second.

    `workers` are ours; `is_served` tells whether any worker, stock arq's too, has shown itself.
    """

    queue: str
    due: int | None
    scheduled: int | None
    running: int | None
    oldest: float | None
    rate: float | None
    workers: int | None
    is_served: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What was seen at a moment; `missing` says which server did not answer, and why, by the error's class."""

    at: datetime
    queues: Sequence[QueueLine]
    workers: Sequence[Present]
    dead: int | None
    missing: Sequence[str]


@dataclass(slots=True)
class _Redis:
    workers: Sequence[Present] = ()
    figures: Mapping[str, QueueFigures] | None = None
    served: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Table:
    waiting: Mapping[str, Waiting] | None = None
    ended: Mapping[str, int] | None = None
    dead: int | None = None


@dataclass(slots=True)
class Look:
    """Looks again and again; a queue that was seen once stays in view."""

    redis: ArqRedis
    sessions: Sessions
    queues: tuple[str, ...]
    _seen: set[str] = field(default_factory=set)

    async def frame(self) -> Frame:
        """Return what is to be seen now; raises nothing of a server's."""
        missing: list[str] = []
        table, redis = _Table(), _Redis()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._look_at_table(table)
        except Exception as error:  # noqa: BLE001 - whatever a server does: it is told, and the view goes on
            table = _Table()
            missing.append(f"{dialect_of(self.sessions).server} does not answer ({type(error).__name__})")
        self._seen |= {*self.queues, *(table.waiting or ()), *(table.ended or ())}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._look_at_redis(redis)
        except Exception as error:  # noqa: BLE001 - the same
            redis = _Redis()
            missing.append(f"Redis does not answer ({type(error).__name__})")
        lines = [_line(queue, redis, table) for queue in sorted(self._seen)]
        return Frame(datetime.now(UTC), lines, redis.workers, table.dead, missing)

    async def _look_at_table(self, found: _Table) -> None:
        async with reader(self.sessions) as read:
            found.waiting = {one.queue: one for one in await waiting_in_table(read)}
            found.ended = await ended_lately(read, LATELY_SECONDS)
            found.dead = await count_dead(read)

    async def _look_at_redis(self, found: _Redis) -> None:
        found.workers = await present_workers(self.redis)
        self._seen |= {queue for worker in found.workers for queue in worker.sign.queues}
        names = sorted(self._seen)
        found.figures = await queue_figures(self.redis, names)
        async with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.exists(health_key(name))
            answers = await pipe.execute()
        found.served = frozenset(name for name, there in zip(names, answers, strict=True) if there)


def _line(queue: str, redis: _Redis, table: _Table) -> QueueLine:
    rate = None if table.ended is None else table.ended.get(queue, 0) / LATELY_SECONDS
    if redis.figures is None or table.waiting is None:  # half of what waits would pass for all of it
        return QueueLine(queue, None, None, None, None, rate, None, queue in redis.served)
    on_queue = redis.figures[queue]
    in_table = table.waiting.get(queue, Waiting(queue, 0, 0, 0.0))
    running = sum(worker.sign.running.get(queue, 0) for worker in redis.workers)
    return QueueLine(
        queue=queue,
        due=on_queue.due + in_table.due,
        scheduled=max(0, on_queue.later - running) + in_table.scheduled,  # what runs has a later time, too
        running=running,
        oldest=max(on_queue.oldest, in_table.oldest),
        rate=rate,
        workers=sum(queue in worker.sign.queues for worker in redis.workers),
        is_served=queue in redis.served,
    )
