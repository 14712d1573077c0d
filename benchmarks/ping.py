"""What a pre-ping costs, and what watching does: transactions of one statement a second, in one task.

`python -m benchmarks.ping` starts a PostgreSQL of its own, and prints the microseconds of a transaction for each way.
"""

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import create_engine, database_url
from persistence.watch.scope import statement_scope
from persistence.watch.statements import StatementWatch
from worker.embedded import embedded_postgres

TRANSACTIONS = 200
ROUNDS = 40


async def timed(engine: AsyncEngine) -> float:
    """Return the microseconds of one transaction."""
    began = perf_counter()
    for _ in range(TRANSACTIONS):
        async with engine.begin() as connection:
            await connection.execute(text("SELECT 1"))
    return (perf_counter() - began) / TRANSACTIONS * 1e6


async def main(url: str) -> None:
    """Print a line for each way; the ways take turns, so that a busy moment of the machine is everybody's."""
    ways = {name: create_engine(database_url(url), pool_size=1, max_overflow=0) for name in ("plain", "watched")}
    ways["pre-ping"] = create_engine(database_url(url), pool_size=1, max_overflow=0, pre_ping=True)
    StatementWatch(slow=1.0, repeated=10**9).attach(ways["watched"].sync_engine)
    found: dict[str, list[float]] = {name: [] for name in ways}
    with statement_scope("benchmark"):
        for _ in range(ROUNDS):
            for name, engine in ways.items():
                found[name].append(await timed(engine))
    plain = min(found["plain"])  # of a busy machine, the turns in which nobody disturbed
    for name, figures in found.items():
        best = min(figures)
        print(f"{name:10} {best:8.0f} µs a transaction  {best - plain:+6.0f} µs  {best / plain:.2f} times")
    for engine in ways.values():
        await engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "servers", durable=False) as address:
        asyncio.run(main(address))
