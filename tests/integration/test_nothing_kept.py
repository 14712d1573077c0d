"""A job that cannot be run, delivered while the database is away: arq must not delete it before it is kept."""

from collections.abc import AsyncIterator

import pytest
from arq.connections import ArqRedis
from arq.constants import retry_key_prefix
from arq.worker import Retry

from domain.job import UNREADABLE
from persistence.database import Database
from persistence.engine import create_engine, database_url
from persistence.sessions import create_sessions
from worker.process import build_worker
from worker.settings import Settings


@pytest.fixture
async def away(database: Database) -> AsyncIterator[Database]:
    """Return a database of which no server is there."""
    engine = create_engine(database_url("postgresql://nobody@127.0.0.1:1/nowhere"), pool_size=1, max_overflow=0)
    yield Database(engine, create_sessions(engine, database.entities), database.entities, engine, engine)
    await engine.dispose()


@pytest.mark.parametrize("name", ["no_such_job", UNREADABLE])
async def test_a_job_that_cannot_be_kept_now_is_handed_back(
    settings: Settings, away: Database, redis: ArqRedis, name: str
) -> None:
    """It is delivered again later, this delivery is not counted, and the count has a time to live."""
    worker = build_worker(settings, away, redis, handle_signals=False)
    await redis.set(retry_key_prefix + "a", 1)
    with pytest.raises(Retry):
        await worker.functions[name].coroutine({"job_id": "a", "job_try": 1, "redis": redis})
    assert await redis.get(retry_key_prefix + "a") == b"0"
    assert await redis.ttl(retry_key_prefix + "a") > 0
