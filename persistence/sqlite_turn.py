"""SQLite's one writer at a time: how a transaction waits for its turn without holding a thread."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import await_only

WAIT = "counterfoil_wait"
"""The engine's execution option that says for how many seconds a writer waits for the one before it."""

WAIT_SECONDS = 5.0
"""How long it waits where nothing else is said: a request is answered sooner; a worker's jobs have longer."""

_LOOKS = (0.001, 0.02)
"""The shortest and the longest pause between two looks, in seconds; it doubles."""


def wait_seconds(session_settings: Mapping[str, str]) -> float:
    """Return for how long a lock is waited for, by PostgreSQL's name for it, in milliseconds."""
    return float(session_settings["lock_timeout"]) / 1000 if "lock_timeout" in session_settings else WAIT_SECONDS


def begin_writing(connection: Connection) -> None:
    """Begin a transaction that holds the only lock; raises OperationalError where others have it for too long.

    The driver itself would wait in the connection's thread, which nobody can call off: a job that is cancelled, or
    whose time is over, would go on waiting.
    """
    deadline = monotonic() + connection.get_execution_options().get(WAIT, WAIT_SECONDS)
    pause, longest = _LOOKS
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not _is_busy(error) or monotonic() >= deadline:
                    raise
            else:
                return
            await_only(asyncio.sleep(pause))
            pause = min(2 * pause, longest)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}")


def _is_busy(error: OperationalError) -> bool:
    cause: Any = error.orig
    return str(getattr(cause, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
