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
from persistence.pgbouncer import is_shared, say_in_every_transaction
from persistence.session_timeouts import Isolation
from persistence.watch.pool import WatchedPool

__all__ = ["REACH_SECONDS", "create_engine", "database_url", "migration_engine", "reach", "readable", "shown"]

RECYCLE_SECONDS = 300.0
"""After which a connection is renewed: a proxy or firewall on the way forgets idle ones without a word."""

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
    pgbouncer: bool = False,
    pre_ping: bool = False,
    recycle: float = RECYCLE_SECONDS,
    isolation: Isolation | None = None,
) -> AsyncEngine:
    """Return an engine; no connection is made yet.

    Times are UTC on every connection, because the audit log keeps rows as `to_jsonb` prints them. Connections are
    renewed after `recycle` seconds and looked at on checkout: managed databases (Neon, Supabase) close idle ones. With
    `pre_ping` they are asked on every checkout (see decision 0022). `session_settings` are PostgreSQL's; the other
    databases know `lock_timeout` of them. Raises ValueError for certificates in the URL that cannot be read.
    """
    shared = is_shared(url, pgbouncer=pgbouncer)
    options = engine_options(url, application_name, session_settings or {}, pgbouncer=shared)
    options["pool_pre_ping"] = pre_ping or options.get("pool_pre_ping", False)
    if isolation is not None and url.get_backend_name() != Dialect.SQLITE:  # where all transactions are serializable
        options["isolation_level"] = isolation
    engine = create_async_engine(
        driver_url(url),
        poolclass=WatchedPool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_recycle=recycle,
        echo=echo,
        json_deserializer=readable,
        hide_parameters=True,  # values of rows never reach a log through an error's text
        **options,
    )
    listen_to(engine.sync_engine)
    if shared and session_settings:
        say_in_every_transaction(engine.sync_engine, session_settings)
    return engine


def migration_engine(url: URL, *, pgbouncer: bool = False) -> AsyncEngine:
    """Return an engine without a pool, whose connections are as in `create_engine`; raises ValueError as it does."""
    options = engine_options(url, "counterfoil migrate", {}, pgbouncer=is_shared(url, pgbouncer=pgbouncer))
    engine = create_async_engine(driver_url(url), poolclass=NullPool, **options)
    listen_to(engine.sync_engine)
    return engine.execution_options(**{WRITES: True})


def readable(json_text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON says; the text itself where PostgreSQL's JSON is beyond Python's (depth, digits of a number)."""
    try:
        return json.loads(json_text)
    except (ValueError, RecursionError):
        return json_text


async def reach(engine: AsyncEngine, *, setting: str = "DATABASE_URL") -> int:
    """Connect once and return the server's version number; raises Unreachable, without the password.

    Such as 180004 for PostgreSQL 18.4, 101118 for MariaDB 10.11.18, 34001 for SQLite 3.40.1.
    """
    dialect = Dialect(engine.dialect.name)
    try:
        async with asyncio.timeout(REACH_SECONDS), engine.connect() as connection:
            version = str(await connection.scalar(text(_VERSIONS[dialect])))
    except (OSError, SQLAlchemyError, PostgresError, InterfaceError, TimeoutError) as error:
        why = str(error.__cause__ or error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreachable(_NAMES[dialect], shown(engine.url), why, setting) from error
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    return numbers[0] if dialect is Dialect.POSTGRESQL else numbers[0] * 10_000 + numbers[1] * 100 + numbers[2]
