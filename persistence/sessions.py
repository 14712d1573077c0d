"""The factory of write sessions over an engine."""

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.pgbouncer import BY_TRANSACTION, is_by_transaction
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


REPLICA = "counterfoil_replica"
"""Where a session's `info` has the engine of readers."""


def create_sessions(engine: AsyncEngine, entities: Entities, replica: AsyncEngine | None = None) -> Sessions:
    """Return the factory of write sessions over the engine; their flushes audit the given entities.

    Readers go to the replica where there is one.
    """
    info = {
        "entities": entities,
        "dialect": engine.dialect.name,
        REPLICA: replica or engine,
        BY_TRANSACTION: is_by_transaction(engine),
    }
    return async_sessionmaker(engine, class_=WriteSession, expire_on_commit=False, info=info)
