"""Procrastinate on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from benchmarks.peers.peer import Job, Peer, Place, play


@asynccontextmanager
async def open_procrastinate(place: Place, job: Job) -> AsyncIterator[Peer]:
    """Yield Procrastinate, in the schema that whoever comes first makes."""
    connector = PsycopgConnector(conninfo=place.database_url, min_size=4, max_size=max(4, place.slots))
    app = App(connector=connector)

    async def handle(number: int) -> None:
        await job(number)

    task = app.task(name="handle")(handle)

    async def enqueue(number: int) -> object:
        return await task.defer_async(number=number)

    async def enqueue_many(numbers: Sequence[int]) -> None:
        await task.batch_defer_async(*({"number": number} for number in numbers))

    async def run() -> None:
        await app.run_worker_async(concurrency=place.slots, install_signal_handlers=False)

    async with app.open_async():
        with suppress(ConnectorException):  # it is there already
            await app.schema_manager.apply_schema_async()
        yield Peer(enqueue, run, enqueue_many)


if __name__ == "__main__":
    play(open_procrastinate)
