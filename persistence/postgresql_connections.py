"""How a connection to PostgreSQL is made: with settings, certificates, several hosts, or through PgBouncer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL

from persistence.pgbouncer import without_prepared_statements
from persistence.postgresql_tls import TLS_FILES, tls_context

_OURS = {"pgbouncer", *TLS_FILES}

_DRIVERS = {
    "host",
    "passfile",
    "password",
    "port",
    "prepared_statement_cache_size",
    "ssl",
    "target_session_attrs",
    "user",
}

UNDERSTOOD = {*_OURS, *_DRIVERS}
"""Parameters of a URL that are understood: ours, and those that the driver takes as they are."""


def plain_url(url: URL) -> URL:
    """Return the URL without what `connect_arguments` says in its place."""
    has_files = any(name in url.query for name in TLS_FILES)
    return url.difference_update_query([*_OURS, *(["ssl"] if has_files else [])])


def connect_arguments(
    url: URL, application_name: str, settings: Mapping[str, str], *, pgbouncer: bool
) -> dict[str, Any]:
    """Return the driver's arguments for a URL; times are UTC on every connection.

    PgBouncer is told those two alone, which it brings back on every connection to the server; it refuses any other
    setting at connect. Raises ValueError for certificates that cannot be read.
    """
    known = {"timezone": "UTC", "application_name": application_name}
    context = tls_context(url)
    encryption = {} if context is None else {"ssl": context}
    if pgbouncer:
        return {"server_settings": known, **without_prepared_statements(), **encryption}
    return {"server_settings": {**known, **settings}, **encryption}
