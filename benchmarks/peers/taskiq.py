"""taskiq on Redis streams, its broker with acknowledgements."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_taskiq(place: Place, job: Job) -> AsyncIterator[Peer]:
    """Yield taskiq, without a result backend."""
    broker = RedisStreamBroker(place.redis_url)

    async def handle(number: int) -> None:
        await job(number)

    task = broker.task(task_name="handle")(handle)
    await broker.startup()

    async def enqueue(number: int) -> object:
        return await task.kiq(number)

    async def run() -> None:
        await run_receiver_task(broker, max_async_tasks=place.slots)

    yield Peer(enqueue, run)
    await broker.shutdown()


if __name__ == "__main__":
    play(open_taskiq)
