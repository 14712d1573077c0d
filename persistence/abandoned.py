"""Statements on MySQL that nobody waits for any more: ended by the server, which else would hold their locks.

A client that closes its connection in the middle of a statement is noticed when the statement has ended: one that waits
for a lock would keep its own ones until then, and a job that was aborted, or whose time is over, its row.
"""

import asyncio
from typing import Any

import structlog
from sqlalchemy import Engine, event

_KILLING: set["asyncio.Task[None]"] = set()
"""Tasks that run, held against the garbage collection."""


def end_abandoned(engine: Engine) -> None:
    """Have the server end what a connection was doing when its task was cancelled."""

    def kill(connection: Any, _record: object, error: BaseException | None) -> None:  # noqa: ANN401 - the adapter
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.get_running_loop().create_task(_kill(engine, connection.driver_connection.thread_id()))
            _KILLING.add(task)
            task.add_done_callback(_KILLING.discard)

    event.listen(engine, "invalidate", kill)


async def _kill(engine: Engine, thread: int) -> None:
    driver: Any = engine.dialect.loaded_dbapi
    _, arguments = engine.dialect.create_connect_args(engine.url)
    try:
        connection = await driver.aiomysql.connect(**arguments)
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("KILL %s", (thread,))
        finally:
            connection.close()
    except Exception as error:  # noqa: BLE001 - it has ended already, or the server is away: it will end by itself
        structlog.get_logger("counterfoil.database").debug("statement.not_killed", error=type(error).__name__)
