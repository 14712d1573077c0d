"""The factory of write sessions over an engine."""

import secrets
from typing import Any

from pydantic import SecretBytes
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.connections import READ_ONLY, WRITES
from persistence.pgbouncer import BY_TRANSACTION, is_by_transaction
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


READERS = "counterfoil_readers"
"""Where a session's `info` has the engines of readers: the replica's, and that of readers who ask where writes go."""

_READ_ONLY: dict[str, Any] = {"postgresql_readonly": True, READ_ONLY: True}
"""How an engine is told to begin transactions in which the database itself refuses writes."""


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
        READERS: ((replica or engine).execution_options(**_READ_ONLY), engine.execution_options(**_READ_ONLY)),
        BY_TRANSACTION: is_by_transaction(engine),
    }
    writing = engine.execution_options(**{WRITES: True})
    return async_sessionmaker(writing, class_=WriteSession, expire_on_commit=False, info=info)
