"""A database as a process opens it: its engines, the factory of its sessions, and the entities they write."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.entities import Entities
from persistence.dialects import Dialect
from persistence.engine import create_engine, database_url, reach
from persistence.pgbouncer import is_shared
from persistence.session_timeouts import timeouts
from persistence.sessions import Sessions, create_sessions
from persistence.settings import PREFIX, DatabaseSettings, SettingsError, load_entities
from persistence.watch.statements import StatementWatch


@dataclass(frozen=True, slots=True)
class Database:
    """An engine that was reached, the factory of its sessions, and the entities they write.

    `replica` is where readers go, and `listener` where NOTIFY is heard: the engine itself, or one of another URL; the
    listener is None where nothing can be heard.
    """

    engine: AsyncEngine
    sessions: Sessions
    entities: Entities
    replica: AsyncEngine
    listener: AsyncEngine | None
    watch: StatementWatch = field(default_factory=StatementWatch)

    def watch_statements(self) -> None:
        """Count the statements from now on, in `watch`, for which there is a reader; where settings ask it is done."""
        if not self.watch.is_attached:
            for engine in {self.engine, self.replica}:
                self.watch.attach(engine.sync_engine)

    async def reach(self) -> None:
        """Connect once to each server; raises Unreachable, which names the setting."""
        await reach(self.engine)
        if self.replica is not self.engine:
            await reach(self.replica, setting="COUNTERFOIL_READER_URL")

    async def dispose(self) -> None:
        """Close all connections."""
        for engine in {self.engine, self.replica, self.listener or self.engine}:
            await engine.dispose()


@asynccontextmanager
async def open_database(
    settings: DatabaseSettings,
    *,
    application_name: str = "counterfoil",
    session_settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Database]:
    """Open the database, and close its pools at the end; raises Unreachable, SettingsError."""
    database = make_database(settings, application_name=application_name, session_settings=session_settings)
    try:
        await database.reach()
        yield database
    finally:
        await database.dispose()


def make_database(
    settings: DatabaseSettings, *, application_name: str, session_settings: Mapping[str, str] | None = None
) -> Database:
    """Return a database to which nobody has connected yet; raises SettingsError.

    `session_settings` are a process's own; what the settings say of time-outs goes before them.
    """
    entities = load_entities(settings)
    said = {
        **(session_settings or {}),
        **timeouts(
            statement=settings.statement_timeout,
            lock=settings.lock_timeout,
            idle_in_transaction=settings.idle_in_transaction_timeout,
        ),
    }
    engine = _engine(settings, "DATABASE_URL", settings.database_url, application_name, said)
    _refuse_foreign(settings, engine)
    replica, listener = engine, _listener(settings, application_name, engine)
    if settings.reader_url is not None:
        direct = settings.model_copy(update={"pgbouncer": False})
        replica = _engine(direct, "COUNTERFOIL_READER_URL", settings.reader_url, f"{application_name} reader", said)
    watch = StatementWatch(settings.slow_query, settings.repeated_statements)
    secret = settings.cursor_secret
    key = secret.get_secret_value().encode() if secret else None
    sessions = create_sessions(engine, entities, replica=replica, cursor_key=key)
    database = Database(engine, sessions, entities, replica, listener, watch)
    if settings.slow_query is not None or settings.repeated_statements is not None:
        database.watch_statements()
    return database


def _engine(
    settings: DatabaseSettings, setting: str, url: SecretStr, name: str, said: Mapping[str, str]
) -> AsyncEngine:
    try:
        return create_engine(
            database_url(url.get_secret_value()),
            pool_size=settings.pool_size,
            max_overflow=settings.max_overflow,
            application_name=name,
            session_settings=said,
            pgbouncer=settings.pgbouncer,
            pre_ping=settings.pool_pre_ping,
            recycle=settings.pool_recycle,
            isolation=settings.isolation_level,
        )
    except ValueError as error:  # certificates that cannot be read
        raise SettingsError((f"{setting}: {error}",)) from error


def _listener(settings: DatabaseSettings, name: str, engine: AsyncEngine) -> AsyncEngine | None:
    if settings.listen_url is not None:
        one = settings.model_copy(update={"pool_size": 1, "max_overflow": 0, "pgbouncer": False})
        return _engine(one, "COUNTERFOIL_LISTEN_URL", settings.listen_url, f"{name} listener", {})
    url = database_url(settings.database_url.get_secret_value())
    is_deaf = engine.dialect.name != Dialect.POSTGRESQL or is_shared(url, pgbouncer=settings.pgbouncer)
    return None if is_deaf else engine


def _refuse_foreign(settings: DatabaseSettings, engine: AsyncEngine) -> None:
    """Refuse what would be ignored on another database than PostgreSQL."""
    if engine.dialect.name == Dialect.POSTGRESQL:
        return
    names = ("pgbouncer", "listen_url", "statement_timeout", "idle_in_transaction_timeout")
    if said := [f"{PREFIX}{name.upper()}" for name in names if getattr(settings, name)]:
        raise SettingsError(tuple(f"{name} is for PostgreSQL alone; DATABASE_URL names another" for name in said))
