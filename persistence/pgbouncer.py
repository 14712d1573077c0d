"""PgBouncer in transaction mode: a connection to the server is there for one transaction alone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

BY_TRANSACTION = "counterfoil_by_transaction"
"""Where a session's `info` says whether settings are said anew in every transaction."""

_TRUE = {"true", "1", "yes", "on"}


def is_shared(url: URL, *, pgbouncer: bool = False) -> bool:
    """Tell whether a server is behind PgBouncer: by a setting, or `?pgbouncer=true`, as several libraries have it."""
    return pgbouncer or str(url.query.get("pgbouncer", "")).lower() in _TRUE


def without_prepared_statements() -> dict[str, Any]:
    """Return the driver's arguments with which a statement leaves nothing on the server's connection.

    The unnamed statement, which the driver then parses anew with every execution. Unique names, the usual advice, would
    stay behind on a server's connection that the next transaction of this client does not get.
    """
    return {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}


def say_in_every_transaction(engine: Engine, settings: Mapping[str, str]) -> None:
    """Have every transaction of the engine begin with these settings, which costs it one more round trip.

    A statement without a transaction does without them.
    """
    sentence = "SELECT " + ", ".join(f"set_config('{name}', ${n}, true)" for n, name in enumerate(settings, 1))
    values = tuple(settings.values())

    def say(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(sentence, values)

    event.listen(engine, "begin", say)
    engine.update_execution_options(**{BY_TRANSACTION: True})


def is_by_transaction(engine: AsyncEngine) -> bool:
    """Tell whether the engine's transactions begin with settings."""
    return bool(engine.sync_engine.get_execution_options().get(BY_TRANSACTION, False))
