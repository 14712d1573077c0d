"""A database as a process opens it: its engine, the factory of its sessions, and the entities they write."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.entities import Entities
from persistence.engine import create_engine, database_url, reach
from persistence.sessions import Sessions, create_sessions
from persistence.settings import DatabaseSettings, load_entities


@dataclass(frozen=True, slots=True)
class Database:
    """An engine that was reached, the factory of its sessions, and the entities they write."""

    engine: AsyncEngine
    sessions: Sessions
    entities: Entities


@asynccontextmanager
async def open_database(
    settings: DatabaseSettings,
    *,
    application_name: str = "counterfoil",
    session_settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Database]:
    """Open the database, and close its pool at the end; raises Unreachable, SettingsError."""
    database = make_database(settings, application_name=application_name, session_settings=session_settings)
    try:
        await reach(database.engine)
        yield database
    finally:
        await database.engine.dispose()


def make_database(
    settings: DatabaseSettings, *, application_name: str, session_settings: Mapping[str, str] | None = None
) -> Database:
    """Return a database to which nobody has connected yet; raises SettingsError."""
    entities = load_entities(settings)
    engine = create_engine(
        database_url(settings.database_url.get_secret_value()),
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        application_name=application_name,
        session_settings=session_settings,
    )
    secret = settings.cursor_secret
    key = secret.get_secret_value().encode() if secret else None
    return Database(engine, create_sessions(engine, entities, cursor_key=key), entities)
