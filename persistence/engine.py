"""The database engine: from a URL as everybody spells it to a pool of asyncpg connections."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import Unreachable
from persistence.pgbouncer import asks_for_pgbouncer, say_in_every_transaction
from persistence.postgresql_connections import UNDERSTOOD, connect_arguments, plain_url
from persistence.session_timeouts import Isolation

_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
# What libpq calls sslmode, asyncpg's SQLAlchemy dialect passes on as `ssl`; with `sslmode` it raises TypeError.
_RENAMED = {"sslmode": "ssl"}
_UNDERSTOOD = {"host", "passfile", "password", "port", "prepared_statement_cache_size", "ssl", "user", *UNDERSTOOD}
# asyncpg binds channels by itself wherever server and encryption allow it; managed databases put it into their URLs.
_IMPLIED = {"channel_binding"}


RECYCLE_SECONDS = 300.0
"""After which a connection is renewed: a proxy or firewall on the way forgets idle ones without a word."""

REACH_SECONDS = 10.0
"""How long a server that accepts connections may take to answer, when a command begins."""


def database_url(url: str) -> URL:
    """Return a PostgreSQL URL for asyncpg: `postgres://` and `postgresql://` normalised, `sslmode` understood.

    Raises ValueError, without the password, for anything that is not a PostgreSQL URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("not a database URL; expected postgresql://user:password@host:5432/name") from None
    if parsed.drivername not in _SCHEMES:
        raise ValueError(f"unknown database {parsed.drivername!r}; expected postgresql://user:password@host:5432/name")
    query = {_RENAMED.get(name, name): value for name, value in parsed.query.items() if name not in _IMPLIED}
    if strange := sorted(set(query) - _UNDERSTOOD):
        known = ", ".join(sorted({*_UNDERSTOOD, *_RENAMED, *_IMPLIED}))
        raise ValueError(f"unknown parameter {strange[0]!r} in the URL; understood: {known}")
    return parsed.set(drivername="postgresql+asyncpg", query=query)


def shown(url: URL) -> str:
    """Return the URL as people write it, with its password hidden, for messages."""
    # Without its query, which may hold a password too.
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


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
    `pre_ping` they are asked on every checkout (see decision 0022). Raises ValueError for certificates in the URL that
    cannot be read.
    """
    shared = pgbouncer or asks_for_pgbouncer(url)
    options: dict[str, Any] = {} if isolation is None else {"isolation_level": isolation}
    engine = create_async_engine(
        plain_url(url),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=pre_ping,
        pool_recycle=recycle,
        echo=echo,
        json_deserializer=readable,
        hide_parameters=True,  # values of rows never reach a log through an error's text
        connect_args=connect_arguments(url, application_name, session_settings or {}, pgbouncer=shared),
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    if shared and session_settings:
        say_in_every_transaction(engine.sync_engine, session_settings)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
    """Have the pool take another connection in place of one that its server has closed.

    The driver hears of that by itself, where a ping would be three round trips for every transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def readable(json_text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON says; the text itself where PostgreSQL's JSON is beyond Python's (depth, digits of a number)."""
    try:
        return json.loads(json_text)
    except (ValueError, RecursionError):
        return json_text


async def reach(engine: AsyncEngine, *, setting: str = "DATABASE_URL") -> int:
    """Connect once and return the server's version number, such as 180004; raises Unreachable, without the password."""
    try:
        async with asyncio.timeout(REACH_SECONDS), engine.connect() as connection:
            number = await connection.scalar(text("SHOW server_version_num"))
    except (OSError, SQLAlchemyError, PostgresError, InterfaceError, TimeoutError) as error:
        why = str(error.__cause__ or error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreachable("PostgreSQL", shown(engine.url), why, setting) from error
    return int(str(number))
