"""Databases for a while: made for one demonstration or one test, and dropped after it."""

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.pgbouncer import is_shared
from persistence.postgresql_connections import connect_arguments, plain_url
from persistence.statements import quoted


async def create_database(server: URL, name: str, *, template: str = "template1") -> URL:
    """Create a database beside the one that `server` names, and return its URL."""
    await _administer(server, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}")
    return server.set(database=name)


async def drop_database(server: URL, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    await _administer(server, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


async def _administer(server: URL, sentence: str) -> None:
    arguments = connect_arguments(server, "counterfoil", {}, pgbouncer=is_shared(server))
    engine = create_async_engine(
        plain_url(server), poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text(sentence))
    finally:
        await engine.dispose()
