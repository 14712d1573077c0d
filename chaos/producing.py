"""Production: all producers at once, for as long as a block runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from arq.connections import ArqRedis, create_pool

from chaos.doors import ArqDoor, Door, SessionDoor, SqlDoor
from chaos.ledger import Ledger
from chaos.producers import ARQ, ENQUEUE, MANY, PRODUCERS, SQL, Producers
from persistence.engine import create_engine, database_url
from worker.composition import redis_settings


@asynccontextmanager
async def producing(ledger: Ledger, database: str, redis: str, *, rate: float, seed: int) -> AsyncIterator[None]:
    """Produce for the time of the block; at its end every producer finishes what it is sending."""
    producers = Producers(ledger, rate)
    engine = create_engine(database_url(database), pool_size=PRODUCERS, max_overflow=2)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        client = await _stock_client(redis)
        stack.push_async_callback(client.aclose, close_connection_pool=True)
        async with asyncio.TaskGroup() as group:
            for number in range(PRODUCERS):
                sql = SqlDoor(database)
                stack.callback(sql.close)
                doors: dict[str, Door] = {
                    SQL: sql,
                    ENQUEUE: SessionDoor(engine, many=False),
                    MANY: SessionDoor(engine, many=True),
                    ARQ: ArqDoor(client, ledger),
                }
                group.create_task(producers.produce(number, doors, Random(f"{seed}:producer:{number}")))
            group.create_task(producers.settle(database))
            try:
                yield
            finally:
                producers.stopped.set()


async def _stock_client(url: str) -> ArqRedis:
    """Return a client as the README tells other services to make theirs: arq's own, with JSON."""
    return await create_pool(
        redis_settings(url),
        job_serializer=lambda message: json.dumps(message).encode(),
        job_deserializer=json.loads,
    )
