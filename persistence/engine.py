"""The database engine: from a URL as everybody spells it to a pool of connections."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import persistence.live_keys  # noqa: F401 - how live keys are made on MySQL
from domain.errors import Unreachable
from persistence.connections import WRITES, driver_url, engine_options, listen_to
from persistence.database_url import database_url, shown
from persistence.dialects import Dialect

__all__ = ["REACH_SECONDS", "create_engine", "database_url", "migration_engine", "reach", "readable", "shown"]

REACH_SECONDS = 10.0
"""How long a server that accepts connections may take to answer, when a command begins."""

_NAMES = {Dialect.POSTGRESQL: "PostgreSQL", Dialect.SQLITE: "SQLite", Dialect.MYSQL: "MySQL"}
_VERSIONS = {
    Dialect.POSTGRESQL: "SHOW server_version_num",
    Dialect.SQLITE: "SELECT sqlite_version()",
    Dialect.MYSQL: "SELECT version()",
}


def create_engine(  # noqa: PLR0913 - one keyword for each setting of the pool
    url: URL,
    *,
    pool_size: int,
    max_overflow: int,
    echo: bool = False,
    application_name: str = "counterfoil",
    session_settings: Mapping[str, str] | None = None,
) -> AsyncEngine:
    """Return an engine; no connection is made yet.

    Times are UTC on every connection, because the audit log keeps rows as `to_jsonb` prints them. Connections are
    renewed after 300 s and looked at on checkout: managed databases (Neon, Supabase) close idle ones.
    `session_settings` are PostgreSQL's alone.
    """
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_recycle=300,
        echo=echo,
        json_deserializer=readable,
        hide_parameters=True,  # values of rows never reach a log through an error's text
        **engine_options(url, application_name, session_settings or {}),
    )
    listen_to(engine.sync_engine)
    return engine


def migration_engine(url: URL) -> AsyncEngine:
    """Return an engine without a pool, whose connections are as those of `create_engine`."""
    engine = create_async_engine(driver_url(url), poolclass=NullPool, **engine_options(url, "counterfoil migrate", {}))
    listen_to(engine.sync_engine)
    return engine.execution_options(**{WRITES: True})


def readable(json_text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON says; the text itself where PostgreSQL's JSON is beyond Python's (depth, digits of a number)."""
    try:
        return json.loads(json_text)
    except (ValueError, RecursionError):
        return json_text


async def reach(engine: AsyncEngine) -> int:
    """Connect once and return the server's version number; raises Unreachable, without the password.

    Such as 180004 for PostgreSQL 18.4, 101118 for MariaDB 10.11.18, 34001 for SQLite 3.40.1.
    """
    dialect = Dialect(engine.dialect.name)
    try:
        async with asyncio.timeout(REACH_SECONDS), engine.connect() as connection:
            version = str(await connection.scalar(text(_VERSIONS[dialect])))
    except (OSError, SQLAlchemyError, PostgresError, InterfaceError, TimeoutError) as error:
        why = str(error.__cause__ or error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreachable(_NAMES[dialect], shown(engine.url), why, "DATABASE_URL") from error
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    return numbers[0] if dialect is Dialect.POSTGRESQL else numbers[0] * 10_000 + numbers[1] * 100 + numbers[2]
