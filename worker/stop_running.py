"""Jobs that run and are to be cancelled: their workers are asked to stop them, as stock clients ask."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from arq.connections import ArqRedis
from arq.constants import abort_jobs_ss

from worker.wakeup import CHANNEL

_ABORT = Path(__file__).with_name("abort_running.lua").read_text(encoding="utf-8")

CANCELLING_PREFIX = "counterfoil:cancelling:"
"""Of the keys that name jobs which an operator is cancelling."""

HEAD_START = 0.2
"""Seconds after which whoever holds a job's row is taken for the job itself, and no longer for a relay."""

STOP_SECONDS = 15.0
"""How long a job may take to stop: its handler may have to finish a step that cannot be broken off."""


async def is_operators(redis: ArqRedis, job_id: str) -> bool:
    """Tell whether an operator is cancelling the job, and will say so in the job table, audited."""
    return bool(await redis.exists(CANCELLING_PREFIX + job_id))


class StopRunning:
    """Asks the workers that run some of these jobs to stop them; takes it back where nothing is cancelled."""

    def __init__(self, redis: ArqRedis, ids: Sequence[str]) -> None:
        """Take the connection and the ids."""
        self._redis = redis
        self._abort: Any = redis.register_script(_ABORT)
        self._ids = ids

    @asynccontextmanager
    async def soon(self) -> AsyncIterator[None]:
        """Ask if the block takes longer than a relay does; an error of the block takes it back."""
        asking = asyncio.create_task(self._after_head_start())
        try:
            yield
        except BaseException:
            asking.cancel()
            await asyncio.shield(self._take_back())
            raise
        asking.cancel()

    async def now(self) -> None:
        """Ask for those that some worker has under lease."""
        if await self._abort(args=[int(STOP_SECONDS * 2000), *self._ids]):
            await self._redis.publish(CHANNEL, abort_jobs_ss)

    async def _after_head_start(self) -> None:
        await asyncio.sleep(HEAD_START)
        await self.now()

    async def _take_back(self) -> None:
        await self._redis.zrem(abort_jobs_ss, *self._ids)
        await self._redis.delete(*(CANCELLING_PREFIX + job_id for job_id in self._ids))
