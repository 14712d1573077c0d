"""How far a bulk job is, told through Redis while it runs: for a bar, and for nothing that must be true."""

import asyncio
import time
from asyncio import Task
from collections.abc import Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.progress import PROGRESS_KEY, Progress

INTERVAL_SECONDS = 0.25
"""At most four times a second."""

KEPT_SECONDS = 60
"""After which what a killed worker has told is forgotten."""

MoreTime = Callable[[], None]


class Teller:
    """Tells the progress of one run of a job, seldom enough to cost nothing; a Redis that is away is no matter."""

    def __init__(self, redis: Redis | None, job_id: str, more_time: MoreTime | None = None) -> None:
        """Take the connection, or None where nobody listens, and what tells the engine that the job is alive."""
        self._more_time = more_time
        self._redis, self._key = redis, PROGRESS_KEY + job_id
        self._started, self._begun = time.time(), time.monotonic()
        self._told = 0.0
        self._telling: Task[None] | None = None

    def __call__(self, rows: int, position: int, size: int | None) -> None:
        """Tell it, unless something was told a moment ago or is on its way."""
        if self._more_time is not None:
            self._more_time()
        now = time.monotonic()
        if self._redis is None or now - self._told < INTERVAL_SECONDS or (self._telling and not self._telling.done()):
            return
        self._told = now
        progress = Progress(rows=rows, position=position, size=size, started=self._started, seconds=now - self._begun)
        self._telling = asyncio.create_task(_tell(self._redis, self._key, progress))

    async def end(self) -> None:
        """Forget what was told: from here on the job's row says more."""
        if self._redis is None or self._telling is None:
            return
        self._telling.cancel()
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(INTERVAL_SECONDS):
                await self._redis.delete(self._key)


async def progress_of(redis: Redis, job_id: str) -> Progress | None:
    """Return how far a running job is, or None where nobody has told it."""
    told = await redis.get(PROGRESS_KEY + job_id)
    return None if told is None else Progress.model_validate_json(told)


async def _tell(redis: Redis, key: str, progress: Progress) -> None:
    with suppress(RedisError, OSError):
        await redis.set(key, progress.model_dump_json(), ex=KEPT_SECONDS)
