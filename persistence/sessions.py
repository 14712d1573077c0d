"""The factory of write sessions over an engine."""

import secrets

from pydantic import SecretBytes
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.connections import WRITES
from persistence.pgbouncer import BY_TRANSACTION, is_by_transaction
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


REPLICA = "counterfoil_replica"
"""Where a session's `info` has the engine of readers."""


def create_sessions(
    engine: AsyncEngine, entities: Entities, *, replica: AsyncEngine | None = None, cursor_key: bytes | None = None
) -> Sessions:
    """Return the factory of write sessions over the engine; their flushes audit the given entities.

    Readers go to the replica where there is one. `cursor_key` signs the cursors of pages; by default a random one,
    whose cursors no other process takes.
    """
    info = {
        "entities": entities,
        "dialect": engine.dialect.name,
        "cursor_key": SecretBytes(cursor_key or secrets.token_bytes(32)),
        REPLICA: replica or engine,
        BY_TRANSACTION: is_by_transaction(engine),
    }
    writing = engine.execution_options(**{WRITES: True})
    return async_sessionmaker(writing, class_=WriteSession, expire_on_commit=False, info=info)
