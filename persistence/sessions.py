"""The factory of write sessions over an engine."""

import secrets

from pydantic import SecretBytes
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from domain.entities import Entities
from persistence.connections import WRITES
from persistence.session import WriteSession

Sessions = async_sessionmaker[WriteSession]


def create_sessions(engine: AsyncEngine, entities: Entities, *, cursor_key: bytes | None = None) -> Sessions:
    """Return the factory of write sessions over the engine; their flushes audit the given entities.

    `cursor_key` signs the cursors of pages; by default a random one, whose cursors no other process takes.
    """
    key = SecretBytes(cursor_key or secrets.token_bytes(32))
    info = {"entities": entities, "dialect": engine.dialect.name, "cursor_key": key}
    writing = engine.execution_options(**{WRITES: True})
    return async_sessionmaker(writing, class_=WriteSession, expire_on_commit=False, info=info)
