"""Statements on MySQL that nobody waits for any more: ended by the server, which else would hold their locks.

A client that closes its connection in the middle of a statement is noticed when the statement has ended: one that waits
for a lock would keep its own ones until then, and a job that was aborted, or whose time is over, its row.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, event

_KILLING: set["asyncio.Task[None]"] = set()
"""Tasks that run, held against the garbage collection."""


def end_abandoned(engine: Engine) -> None:
    """Have the server end what a connection was doing when its task was cancelled."""
    arguments: dict[str, Any] = {}

    def remember(_dialect: object, _record: object, _positional: object, named: dict[str, Any]) -> None:
        arguments.update(named)  # with the encryption, which is not in the URL

    def kill(connection: Any, _record: object, error: BaseException | None) -> None:  # noqa: ANN401 - the adapter
        if isinstance(error, asyncio.CancelledError):
            thread = connection.driver_connection.thread_id()
            task = asyncio.get_running_loop().create_task(_kill(engine, arguments, thread))
            _KILLING.add(task)
            task.add_done_callback(_KILLING.discard)

    event.listen(engine, "do_connect", remember)
    event.listen(engine, "invalidate", kill)


async def _kill(engine: Engine, arguments: Mapping[str, Any], thread: int) -> None:
    driver: Any = engine.dialect.loaded_dbapi
    try:
        connection = await driver.aiomysql.connect(**arguments)
        try:
            async with connection.cursor() as cursor:
                await cursor.execute("KILL %s", (thread,))
        finally:
            connection.close()
    except (driver.pymysql.MySQLError, OSError):
        return  # it has ended by itself, or the server is away
