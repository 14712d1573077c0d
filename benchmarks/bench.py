"""What every part is given: the servers, the plan, the figures so far."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis

from benchmarks.contenders import OURS, Contender, slots
from benchmarks.databases import fresh_database
from benchmarks.figures import Figures
from benchmarks.meter import WARM

DRAIN_SECONDS: Final = (2.0, 0.5)
"""How long a measured run shall last; the second is for a quick run."""


@dataclass
class Bench:
    """One run. `quick` is for seeing that it works: its figures are noise.

    `sizes` are rows of the files that are loaded, where they are not those that the part names.
    `kept` holds what lives as long as the run; `full_log` is the URL of a database whose audit log is long, once made.
    """

    database_url: str
    redis_url: str
    logs: Path
    quick: bool = False
    sizes: tuple[int, ...] = ()
    figures: Figures = field(default_factory=Figures)
    kept: AsyncExitStack = field(default_factory=AsyncExitStack)
    full_log: str | None = None

    @asynccontextmanager
    async def clean(self) -> AsyncIterator[str]:
        """Empty Redis, and yield the URL of a fresh database for the time of the block."""
        await self.empty_redis()
        async with fresh_database(self.database_url) as url:
            yield url

    async def empty_redis(self) -> None:
        """Take everything out of Redis, and wait until its memory is free again."""
        client: Any = Redis.from_url(self.redis_url)
        async with client:
            await client.flushdb()

    def environment(self, contender: Contender, body: str, database_url: str) -> Mapping[str, str]:
        """Return the whole environment of a contender's processes: nothing of ours leaks into it."""
        given = {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        }
        if contender is OURS:
            given |= {
                "COUNTERFOIL_LOG_LEVEL": "warning",
                "COUNTERFOIL_LOG_FORMAT": "json",
                "COUNTERFOIL_PROCESSES": "1",  # whoever wants more starts more, each with a meter of its own
                "COUNTERFOIL_CONCURRENCY": str(slots(body)),
                "COUNTERFOIL_POOL_SIZE": str(slots("update")),
            }
        return given

    def jobs(self, contender: Contender, body: str) -> int:
        """Return how many jobs make a run of about the wanted time, by the last repetition's rate, at first a guess."""
        rates = self.figures.values.get(contender.figure(body)) or [contender.guesses[body]]
        return WARM + max(WARM, int(rates[-1] * DRAIN_SECONDS[self.quick]))
