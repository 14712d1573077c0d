"""What `counterfoil check` looks at in the database: its version, migrations, connections and limits."""

from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.database import Database
from persistence.dialects import Dialect, dialect_of
from persistence.engine import reach
from persistence.revisions import current, heads
from worker.finding import Finding
from worker.settings import Settings

OLDEST_POSTGRESQL = 150_000
OLDEST_SQLITE = 33_500
"""The first that returns what it inserts."""
OLDEST_MARIADB = 100_600
"""The first that passes over locked rows."""
OLDEST_MYSQL = 80_017
"""The first that has the functions by which filters look into JSON."""

PACKET_MB = 64
"""MB that a statement may have on MySQL: a job's arguments have up to 16, and grow when they are quoted."""

LISTENERS = 1
"""Connections of each process's pool that no job gets: the relay listens on one."""

_GRANTED = {
    Dialect.POSTGRESQL: (
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    ),
    Dialect.MYSQL: "SELECT @@max_connections",
}


async def database_findings(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    """Look at an open database, and yield what was found, one by one."""
    dialect = dialect_of(database.sessions)
    yield _version(database.engine, await reach(database.engine))
    there, wanted = await current(database.engine), heads(settings)
    yield Finding(
        "migrations", ", ".join(sorted(there)) or "none", "" if there == wanted else "run `counterfoil migrate`"
    )
    if dialect in _GRANTED:
        yield _connections(settings, await _number(database.engine, _GRANTED[dialect]))
    if dialect is Dialect.MYSQL:
        yield _packets(await _number(database.engine, "SELECT @@max_allowed_packet"))
    yield _concurrency(settings, dialect)


def _version(engine: AsyncEngine, number: int) -> Finding:
    match Dialect(engine.dialect.name):
        case Dialect.POSTGRESQL:
            name, oldest, shown, needed = "PostgreSQL", OLDEST_POSTGRESQL, _old_style(number), "15"
        case Dialect.SQLITE:
            name, oldest, shown, needed = "SQLite", OLDEST_SQLITE, _three(number), "3.35"
        case Dialect.MYSQL if getattr(engine.dialect, "is_mariadb", False):
            name, oldest, shown, needed = "MariaDB", OLDEST_MARIADB, _three(number), "10.6"
        case Dialect.MYSQL:
            name, oldest, shown, needed = "MySQL", OLDEST_MYSQL, _three(number), "8.0.17"
    old = f"{name} {needed} or newer is needed: upgrade {'Python' if name == 'SQLite' else 'the server'}"
    return Finding(name, shown, "" if number >= oldest else old)


def _old_style(number: int) -> str:
    return f"{number // 10_000}.{number % 10_000}"


def _three(number: int) -> str:
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"


async def _number(engine: AsyncEngine, query: str) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text(query))).scalar_one())


def _connections(settings: Settings, room: int) -> Finding:
    health = 0 if settings.health_port is None else 1  # it has a connection of its own, lest a busy pool looks dead
    needed = (settings.pool_size + settings.max_overflow + health) * settings.processes * settings.workers
    pool = "(pool size + overflow + 1 for the health port)" if health else "(pool size + overflow)"
    advice = (
        f"{pool} x processes x workers = {needed} connections, the server grants {room}: lower "
        "COUNTERFOIL_POOL_SIZE, COUNTERFOIL_MAX_OVERFLOW, COUNTERFOIL_PROCESSES or COUNTERFOIL_WORKERS, "
        "or raise max_connections"
    )
    return Finding("connections", f"{needed} of {room}", "" if needed <= room else advice)


def _packets(size: int) -> Finding:
    megabytes = size // 2**20
    advice = f"larger statements are refused, and with them jobs of some MB: set max_allowed_packet to {PACKET_MB}M"
    return Finding("statements", f"up to {megabytes} MB", "" if megabytes >= PACKET_MB else advice)


def _concurrency(settings: Settings, dialect: Dialect) -> Finding:
    if dialect is Dialect.SQLITE:
        return Finding("concurrency", f"{settings.concurrency} jobs, of which one writes at a time")
    pool = settings.pool_size + settings.max_overflow - (LISTENERS if dialect is Dialect.POSTGRESQL else 0)
    wait = f"jobs would wait for a connection: raise COUNTERFOIL_POOL_SIZE, or lower COUNTERFOIL_CONCURRENCY to {pool}"
    seen = f"{settings.concurrency} jobs, {pool} connections for them"
    return Finding("concurrency", seen, "" if settings.concurrency <= pool else wait)
