"""The database's URL, from all spellings that platforms hand out to the one that the driver takes."""

from collections.abc import Mapping

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from persistence.dialects import Dialect
from persistence.postgresql_connections import UNDERSTOOD

EXPECTED = "expected postgresql://user:password@host:5432/name, mysql://... or sqlite:///path"

_DRIVERS = {
    Dialect.POSTGRESQL: "postgresql+asyncpg",
    Dialect.SQLITE: "sqlite+aiosqlite",
    Dialect.MYSQL: "mysql+aiomysql",
}
_SPELLINGS = {
    "postgres": Dialect.POSTGRESQL,
    "postgresql": Dialect.POSTGRESQL,
    "sqlite": Dialect.SQLITE,
    "mysql": Dialect.MYSQL,
    "mariadb": Dialect.MYSQL,
}
_RENAMED: Mapping[Dialect, Mapping[str, str]] = {
    # What libpq calls sslmode, asyncpg's SQLAlchemy dialect passes on as `ssl`; with `sslmode` it raises TypeError.
    Dialect.POSTGRESQL: {"sslmode": "ssl"},
    Dialect.SQLITE: {},
    Dialect.MYSQL: {"ssl-mode": "ssl_mode", "sslmode": "ssl_mode"},
}
_UNDERSTOOD: Mapping[Dialect, set[str]] = {
    Dialect.POSTGRESQL: UNDERSTOOD,
    Dialect.SQLITE: set(),
    Dialect.MYSQL: {"ssl_ca", "ssl_mode", "unix_socket"},
}
# asyncpg binds channels by itself wherever server and encryption allow it; managed databases put it into their URLs.
# Text is UTF-8 in any case.
_IMPLIED: Mapping[Dialect, set[str]] = {
    Dialect.POSTGRESQL: {"channel_binding"},
    Dialect.SQLITE: set(),
    Dialect.MYSQL: {"charset"},
}


def database_url(url: str) -> URL:
    """Return the URL with its driver: asyncpg, aiosqlite or aiomysql; `sslmode` is understood.

    Raises ValueError, without the password, for anything that is not a URL of PostgreSQL, SQLite, MySQL or MariaDB.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"not a database URL; {EXPECTED}") from None
    dialect = _SPELLINGS.get(parsed.drivername.partition("+")[0])
    if dialect is None or parsed.drivername not in {*_SPELLINGS, _DRIVERS[dialect]}:
        raise ValueError(f"unknown database {parsed.drivername!r}; {EXPECTED}")
    if dialect is Dialect.SQLITE and parsed.database in {None, "", ":memory:"}:
        raise ValueError("a database in memory is one connection's alone; name a file, such as sqlite:///app.db")
    renamed, understood, implied = _RENAMED[dialect], _UNDERSTOOD[dialect], _IMPLIED[dialect]
    query = {renamed.get(name, name): value for name, value in parsed.query.items() if name not in implied}
    if strange := sorted(set(query) - understood):
        known = ", ".join(sorted({*understood, *renamed, *implied})) or "none"
        raise ValueError(f"unknown parameter {strange[0]!r} in the URL; understood: {known}")
    return parsed.set(drivername=_DRIVERS[dialect], query=query)


def shown(url: URL) -> str:
    """Return the URL as people write it, with its password hidden, for messages."""
    # Without its query, which may hold a password too.
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)
