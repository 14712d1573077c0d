"""Readings: the figures of queues and job table, looked at every few seconds, beside whatever the jobs do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Never

import structlog
from arq.connections import ArqRedis

from persistence.dialects import dialect_of
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.table_figures import Waiting, count_dead, waiting_in_table
from worker.queue_figures import QueueFigures, queue_figures

READ_SECONDS = 2.0
"""How often the figures are read."""

PATIENCE_SECONDS = 3.0
"""How long one reading may take: a server that hangs is asked anew, by another connection."""


class Readings:
    """The latest figures; None where a server did not answer the last time. May be read from another thread."""

    def __init__(self, redis: ArqRedis, sessions: Sessions, queues: Sequence[str]) -> None:
        """Take the connections; `sessions` are of a pool of their own, lest a busy one passes for a lost server."""
        self._redis = redis
        self._sessions = sessions
        self._names = queues
        self.database = dialect_of(sessions).server
        self.queues: Mapping[str, QueueFigures] | None = None
        self.table: Sequence[Waiting] | None = None
        self.dead: int | None = None
        self.database_answered_at: float | None = None
        """When the database last answered, by the monotonic clock."""

    async def read(self) -> Never:
        """Read until cancelled; each server for itself, so that one that hangs does not hide the other's figures."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._always(self._read_queues, self._forget_queues))
            both.create_task(self._always(self._read_table, self._forget_table))
        raise AssertionError("both read for ever")

    async def _always(self, read: Callable[[], Awaitable[None]], forget: Callable[[], None]) -> Never:
        while True:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await read()
            except Exception as error:  # noqa: BLE001 - whatever a server does: an old figure must not pass for a new one
                forget()
                structlog.get_logger("counterfoil.health").debug("figures.missing", error=type(error).__name__)
            await asyncio.sleep(READ_SECONDS)

    async def _read_queues(self) -> None:
        self.queues = await queue_figures(self._redis, self._names)

    async def _read_table(self) -> None:
        async with reader(self._sessions, current=True) as read:
            table, dead = await waiting_in_table(read), await count_dead(read)
        self.table, self.dead = table, dead
        self.database_answered_at = monotonic()

    def _forget_queues(self) -> None:
        self.queues = None

    def _forget_table(self) -> None:
        self.table = self.dead = None
