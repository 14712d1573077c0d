"""SAQ on Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from saq import Queue, Worker

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_saq(place: Place, job: Job) -> AsyncIterator[Peer]:
    """Yield SAQ; results are not kept."""
    queue = Queue.from_url(place.redis_url)
    await queue.connect()

    async def handle(_: dict[str, Any], *, number: int) -> None:
        await job(number)

    async def enqueue(number: int) -> object:
        return await queue.enqueue("handle", number=number, ttl=-1, timeout=60)

    async def run() -> None:
        await Worker(queue, functions=[("handle", handle)], concurrency=place.slots).start()

    yield Peer(enqueue, run)
    await queue.disconnect()


if __name__ == "__main__":
    play(open_saq)
