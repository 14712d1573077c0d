"""The bell: a connection that listens for NOTIFY, so that a due job is dispatched at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.dialects import Dialect, dialect_of
from persistence.session import WriteSession

CHANNEL = "counterfoil_job"

LOOK_SECONDS = 0.25
"""How often it is looked for due jobs where no database tells of them: a job waits half of that on the average."""


class Bell:
    """Rings when a transaction that enqueued a job has committed; one that nobody rings is waited for less long."""

    def __init__(self, longest: float | None = None) -> None:
        """Make a bell that nobody has rung; `longest` is how many seconds a wait for it may take."""
        self._rung = asyncio.Event()
        self._is_deaf = False
        self._longest = longest

    def ring(self, *_: object) -> None:
        """Wake whoever waits."""
        self._rung.set()

    def deafen(self, *_: object) -> None:
        """Say that the connection is gone: whoever waits must listen anew."""
        self._is_deaf = True
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when the bell rings, at the latest after the given seconds.

        Raises ConnectionError when nothing can ring it any more.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds if self._longest is None else min(seconds, self._longest))
        self._rung.clear()
        if self._is_deaf:
            raise ConnectionError("the connection that listened is gone")


@asynccontextmanager
async def listening(engine: AsyncEngine | None) -> AsyncIterator[Bell]:
    """Listen on a connection of its own for the time of the block; yields the bell.

    Without an engine nobody rings it, and its waits are short: another database than PostgreSQL tells of no jobs, and
    through PgBouncer a connection to the server is there for a transaction alone.
    """
    if engine is None:
        yield Bell(LOOK_SECONDS)
        return
    bell = Bell()
    async with engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.add_listener(CHANNEL, bell.ring)
        raw.add_termination_listener(bell.deafen)
        try:
            yield bell
        finally:
            if not raw.is_closed():
                await raw.remove_listener(CHANNEL, bell.ring)
                raw.remove_termination_listener(bell.deafen)


async def tell(session: WriteSession) -> None:
    """Ring the bell of whoever listens when the session's transaction commits; elsewhere they look by themselves."""
    if dialect_of(session) is Dialect.POSTGRESQL:
        await session.execute(select(func.pg_notify(CHANNEL, "")))
