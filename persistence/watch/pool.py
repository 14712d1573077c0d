"""The pool, and who waits for a connection of it."""

from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry


class WatchedPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which counts those who find no connection free."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        """Begin to count."""
        super().__init__(*arguments, **options)
        self.waits = 0
        self.wait_seconds = 0.0

    def _do_get(self) -> ConnectionPoolEntry:
        # The pool has no event for this. With unlimited overflow, -1, nobody waits.
        if self.checkedin() or self._max_overflow < 0 or self.overflow() < self._max_overflow:
            return super()._do_get()
        self.waits += 1
        began = monotonic()
        try:
            return super()._do_get()
        finally:
            self.wait_seconds += monotonic() - began


class PoolFigures(NamedTuple):
    """A pool at this moment: connections, of which `size` are kept and `overflow` more are open now, up to `limit`."""

    size: int
    idle: int
    in_use: int
    overflow: int
    limit: int | None
    """How many connections there may be at a time; None where nothing bounds them."""
    waits: int
    """How often somebody found no connection free, since the process began."""
    wait_seconds: float
    """How long they waited in all, also those who waited in vain."""


def pool_figures(engine: AsyncEngine) -> PoolFigures | None:
    """Return the figures of an engine's pool; None where it has none, or one of another kind."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, WatchedPool):
        return None
    most = pool._max_overflow  # noqa: SLF001 - our own class's; SQLAlchemy tells all of it but this
    return PoolFigures(
        size=pool.size(),
        idle=pool.checkedin(),
        in_use=pool.checkedout(),
        overflow=max(pool.overflow(), 0),
        limit=None if most < 0 else pool.size() + most,
        waits=pool.waits,
        wait_seconds=pool.wait_seconds,
    )
