"""What a worker does beside its jobs: relaying and ticking, each again after any error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Never

import structlog
from arq.connections import ArqRedis
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.schedule import Schedule
from persistence.database import Database
from persistence.listen import listening
from persistence.sessions import Sessions
from persistence.ticks import tick
from worker.relay import Relay
from worker.schedules import shipped_schedules
from worker.settings import Settings

TICK_SECONDS = 1.0
"""Schedules may have seconds, so they are looked at every second."""

PAUSE_SECONDS = 1.0
"""How long a duty that failed, because a server was away, waits before it begins anew."""


GOODBYE_SECONDS = 5.0
"""How long a duty may take to end: its server may hang."""


async def always(name: str, duty: Callable[[], Awaitable[None]]) -> Never:
    """Do a duty until cancelled, and begin it anew after any error."""
    log = structlog.get_logger("counterfoil.duty")
    while True:
        try:
            await duty()
        except Exception as error:  # noqa: BLE001 - a duty outlives whatever happens to its servers
            log.warning("duty.failed", duty=name, error=type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)


async def relay_always(engine: AsyncEngine | None, sessions: Sessions, redis: ArqRedis) -> Never:
    """Relay until cancelled; without an engine on which NOTIFY is heard, by polling."""

    async def relay() -> None:
        async with listening(engine) as bell:
            await Relay(sessions, redis).run(bell)

    await always("relay", relay)


def _refused(schedule: str, error: Exception) -> None:
    structlog.get_logger("counterfoil.duty").warning("schedule.refused", schedule=schedule, error=type(error).__name__)


async def tick_always(sessions: Sessions, in_code: Mapping[str, Schedule], queue: str) -> Never:
    """Tick until cancelled."""

    async def ticking() -> None:
        while True:
            if made := await tick(sessions, in_code, queue=queue, refused=_refused):
                structlog.get_logger("counterfoil.duty").info("schedule.ticked", jobs=made)
            await asyncio.sleep(TICK_SECONDS)

    await always("tick", ticking)


@asynccontextmanager
async def company(settings: Settings, database: Database, redis: ArqRedis) -> AsyncIterator[None]:
    """Relay and tick for the time of the block."""
    relay = relay_always(database.listener, database.sessions, redis)
    ticking = tick_always(database.sessions, shipped_schedules(settings), settings.queue)
    async with beside(relay, ticking):
        yield


@asynccontextmanager
async def beside(*duties: Coroutine[None, None, Never]) -> AsyncIterator[None]:
    """Do the duties for the time of the block; then they are cancelled, and waited for a while."""
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GOODBYE_SECONDS)
