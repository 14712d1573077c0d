"""streaQ on Redis streams."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from streaq import Worker

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_streaq(place: Place, job: Job) -> AsyncIterator[Peer]:
    """Yield streaQ; results are not kept."""

    async def handle(number: int) -> None:
        await job(number)

    server = Worker(redis_url=place.redis_url, concurrency=place.slots, handle_signals=False)
    server.task(ttl=0, name="handle")(handle)
    client = Worker(redis_url=place.redis_url, handle_signals=False)
    task = client.task(ttl=0, name="handle")(handle)

    async def enqueue(number: int) -> object:
        return await task.enqueue(number)

    async def enqueue_many(numbers: Sequence[int]) -> None:
        await client.enqueue_many([task.enqueue(number) for number in numbers])

    async with client:
        yield Peer(enqueue, server.run_async, enqueue_many)


if __name__ == "__main__":
    play(open_streaq)
