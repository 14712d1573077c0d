"""How connections are made and begin their transactions, on each database."""

import ssl
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from persistence.abandoned import end_abandoned
from persistence.dialects import Dialect
from persistence.portable.json_values import json_text
from persistence.portable.sqlite_errors import note_what_is_missing
from persistence.postgresql_connections import connect_arguments, plain_url
from persistence.sqlite_functions import register
from persistence.sqlite_turn import WAIT, begin_writing, wait_seconds

READ_ONLY = "counterfoil_read_only"
"""The engine's execution option of readers: the database itself refuses writes then."""

WRITES = "counterfoil_writes"
"""The engine's execution option of write sessions: on SQLite they take the lock when they begin."""

BUSY_SECONDS = 5.0
"""How long a writer on SQLite waits for the one before it."""

_SQLITE = (
    "PRAGMA journal_mode = WAL",  # readers and the one writer do not wait for each other
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",  # with WAL, loss of power may lose the last commits; a crash of the process none
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "PRAGMA case_sensitive_like = ON",  # as everywhere else; ILIKE says lower() itself
)
_MYSQL = (
    "SET SESSION time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
    "collation_connection = @@collation_database"
)


def engine_options(
    url: URL, application_name: str, session_settings: Mapping[str, str], *, pgbouncer: bool = False
) -> dict[str, Any]:
    """Return SQLAlchemy's arguments that depend on the database; raises ValueError for unreadable certificates."""
    dialect = Dialect(url.get_backend_name())
    if dialect is Dialect.POSTGRESQL:
        return {"connect_args": connect_arguments(url, application_name, session_settings, pgbouncer=pgbouncer)}
    if dialect is Dialect.SQLITE:
        return {
            "connect_args": {"timeout": BUSY_SECONDS},
            "json_serializer": json_text,
            "execution_options": {WAIT: wait_seconds(session_settings)},
        }
    begun = f"SET SESSION innodb_lock_wait_timeout = {max(1, round(wait_seconds(session_settings)))}"
    arguments: dict[str, Any] = {"init_command": begun, "charset": "utf8mb4", **_encryption(url)}
    # The driver does not hear that its server has gone: it is asked on checkout.
    return {
        "connect_args": arguments,
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "json_serializer": json_text,
    }


def listen_to(engine: Engine) -> None:
    """Have an engine's connections begin as they should."""
    dialect = Dialect(engine.dialect.name)
    if dialect is Dialect.POSTGRESQL:
        event.listen(engine, "checkout", _refuse_closed)
    elif dialect is Dialect.SQLITE:
        event.listen(engine, "connect", _connect_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", note_what_is_missing)
    else:
        event.listen(engine, "connect", _connect_mysql)
        event.listen(engine, "begin", _begin_mysql)
        end_abandoned(engine)


def driver_url(url: URL) -> URL:
    """Return the URL without what `engine_options` has said already."""
    if url.get_backend_name() == Dialect.POSTGRESQL:
        return plain_url(url)
    return url.difference_update_query(["ssl_mode", "ssl_ca"]) if url.get_backend_name() == Dialect.MYSQL else url


def _encryption(url: URL) -> dict[str, Any]:
    mode = str(url.query.get("ssl_mode", "PREFERRED" if "ssl_ca" not in url.query else "VERIFY_CA")).upper()
    if mode in {"PREFERRED", "DISABLED", "DISABLE"}:
        return {}
    authority = url.query.get("ssl_ca")
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    context.check_hostname = mode == "VERIFY_IDENTITY"
    if mode not in {"VERIFY_CA", "VERIFY_IDENTITY"}:
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def _refuse_closed(connection: Any, *_: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
    """Have the pool take another connection in place of one that its server has closed.

    The driver hears of that by itself, where a ping would be three round trips for every transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _connect_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
    connection.isolation_level = None  # the driver's own idea of transactions leaves out DDL and reads
    cursor = connection.cursor()
    for pragma in _SQLITE:
        cursor.execute(pragma)
    cursor.close()
    register(connection)


def _connect_mysql(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter
    cursor = connection.cursor()
    cursor.execute(_MYSQL)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction: a writer's takes the lock at once, for one that has read first might never get it.

    Whoever only looks, past our sessions, waits for no writer.
    """
    options = connection.get_execution_options()
    read_only = bool(options.get(READ_ONLY, False))
    if connection.info.get(READ_ONLY, False) is not read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
        connection.info[READ_ONLY] = read_only
    if options.get(WRITES) and not read_only:
        begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_mysql(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY, False):
        connection.exec_driver_sql("START TRANSACTION READ ONLY")
