"""The factory of write sessions over an engine."""

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.connections import WRITES
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


def create_sessions(engine: AsyncEngine, entities: Entities) -> Sessions:
    """Return the factory of write sessions over the engine; their flushes audit the given entities."""
    info = {"entities": entities, "dialect": engine.dialect.name}
    writing = engine.execution_options(**{WRITES: True})
    return async_sessionmaker(writing, class_=WriteSession, expire_on_commit=False, info=info)
