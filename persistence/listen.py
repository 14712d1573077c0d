"""The bell: a connection that listens for NOTIFY, so that a due job is dispatched at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

CHANNEL = "counterfoil_job"


class Bell:
    """Rings when a transaction that enqueued a job has committed."""

    def __init__(self) -> None:
        """Make a bell that nobody has rung."""
        self._rung = asyncio.Event()
        self._is_deaf = False

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
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()
        if self._is_deaf:
            raise ConnectionError("the connection that listened is gone")


@asynccontextmanager
async def listening(engine: AsyncEngine | None) -> AsyncIterator[Bell]:
    """Listen on a connection of its own for the time of the block; yields the bell.

    Without an engine, through PgBouncer, nobody rings it: a connection to the server is there for a transaction alone.
    """
    bell = Bell()
    if engine is None:
        yield bell
        return
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
