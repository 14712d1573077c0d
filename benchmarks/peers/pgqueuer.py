"""PgQueuer on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import AsyncpgPoolDriver, PgQueuer, Queries
from pgqueuer.models import Job as Delivery

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_pgqueuer(place: Place, job: Job) -> AsyncIterator[Peer]:
    """Yield PgQueuer, in the schema that whoever comes first makes."""
    async with asyncpg.create_pool(place.database_url, min_size=2, max_size=max(2, place.slots)) as pool:
        driver = AsyncpgPoolDriver(pool)
        queries = Queries(driver)
        if await pool.fetchval("SELECT to_regclass('pgqueuer')") is None:
            await queries.install()
        queuer = PgQueuer(driver)

        async def handle(delivery: Delivery) -> None:
            await job(int(delivery.payload or b""))

        queuer.entrypoint("handle")(handle)

        async def enqueue(number: int) -> object:
            return await queries.enqueue("handle", str(number).encode())

        async def enqueue_many(numbers: Sequence[int]) -> None:
            payloads = [str(number).encode() for number in numbers]
            await queries.enqueue(["handle"] * len(payloads), payloads, [0] * len(payloads))

        async def run() -> None:
            await queuer.run(batch_size=place.slots)

        yield Peer(enqueue, run, enqueue_many)


if __name__ == "__main__":
    play(open_pgqueuer)
