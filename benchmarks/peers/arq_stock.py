"""arq as it comes: ten slots, a look at the queue every half second."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from arq import create_pool
from arq.connections import RedisSettings
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_arq(place: Place, job: Job, **settings: Any) -> AsyncIterator[Peer]:  # noqa: ANN401 - arq's own
    """Yield arq with these settings of its worker, and otherwise its own."""
    redis_settings = RedisSettings.from_dsn(place.redis_url)
    pool = await create_pool(redis_settings)

    async def handle(_: dict[Any, Any], number: int) -> None:
        await job(number)

    async def enqueue(number: int) -> object:
        return await pool.enqueue_job("handle", number)

    async def run() -> None:
        worker = Worker(
            [func(cast("WorkerCoroutine", handle), name="handle")],
            redis_settings=redis_settings,
            handle_signals=False,
            **settings,
        )
        await worker.async_run()

    yield Peer(enqueue, run)
    await pool.aclose()


if __name__ == "__main__":
    play(open_arq)
