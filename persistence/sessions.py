"""The factory of write sessions over an engine."""

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


def create_sessions(engine: AsyncEngine, entities: Entities) -> Sessions:
    """Return the factory of write sessions over the engine; their flushes audit the given entities."""
    info = {"entities": entities, "dialect": engine.dialect.name}
    return async_sessionmaker(engine, class_=WriteSession, expire_on_commit=False, info=info)
