"""The faults, by name, and how each one is made."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from time import time
from typing import Any, Final

import asyncpg
from redis.asyncio import Redis

from chaos.ledger import Ledger
from chaos.servers import Servers
from chaos.workers import Workers

QUEUE: Final = "arq:queue"
PAUSE_BEYOND: Final = 2.0
"""Seconds by which a pause is longer than the lease of what the worker runs."""
CUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@dataclass
class World:
    """What can be broken, and the dice that choose among equals; `lease` is seconds."""

    servers: Servers
    workers: Workers
    ledger: Ledger
    dice: Random
    lease: float
    pauses: set[asyncio.Task[None]] = field(default_factory=set)

    async def kill_worker(self) -> bool:
        """SIGKILL to a worker."""
        if slots := self.workers.slots():
            self.workers.kill(self.dice.choice(slots))
        return bool(slots)

    async def deploy_worker(self) -> bool:
        """SIGTERM to a worker, which finishes what it runs."""
        if slots := self.workers.slots():
            await self.workers.deploy(self.dice.choice(slots))
        return bool(slots)

    async def pause_worker(self) -> bool:
        """SIGSTOP to a worker beyond its lease, then SIGCONT; other faults go on meanwhile, but no second pause."""
        slots = self.workers.slots()
        if not slots or self.workers.paused:
            return False
        pause = asyncio.create_task(self.workers.pause(self.dice.choice(slots), self.lease + PAUSE_BEYOND))
        self.pauses.add(pause)
        pause.add_done_callback(self.pauses.discard)
        await asyncio.sleep(0)
        return True

    async def restart_redis(self) -> bool:
        """SIGKILL to Redis, and a start on the same data."""
        self.ledger.redis_kills.append(time())
        await self.servers.redis.restart(signal.SIGKILL)
        return True

    async def wipe_redis(self) -> bool:
        """FLUSHALL, in one step with a look at what it takes away."""
        client: Any = Redis.from_url(self.servers.redis_url)
        async with client, client.pipeline(transaction=True) as pipe:
            pipe.zrange(QUEUE, 0, -1)
            pipe.keys("arq:job:*")
            pipe.flushall()
            queued, payloads, _ = await pipe.execute()
        self.ledger.wiped |= {one.decode() for one in queued}
        self.ledger.wiped |= {one.decode().removeprefix("arq:job:") for one in payloads}
        return True

    async def restart_postgres(self) -> bool:
        """SIGQUIT to PostgreSQL, its immediate mode, and a start with recovery."""
        await self.servers.postgres.restart(signal.SIGQUIT)
        return True

    async def cut_connections(self) -> bool:
        """pg_terminate_backend for every connection."""
        connection = await asyncpg.connect(self.servers.database_url, timeout=10)
        try:
            await connection.execute(CUT)
        finally:
            await connection.close()
        return True


Fault = Callable[[World], Awaitable[bool]]
"""Makes itself, and returns whether it could."""

FAULTS: Final[Mapping[str, tuple[Fault, int]]] = {
    "worker killed (SIGKILL)": (World.kill_worker, 3),
    "worker deployed (SIGTERM)": (World.deploy_worker, 2),
    "worker paused beyond its lease": (World.pause_worker, 1),
    "Redis killed and restarted": (World.restart_redis, 2),
    "Redis wiped (FLUSHALL)": (World.wipe_redis, 2),
    "PostgreSQL restarted (immediate)": (World.restart_postgres, 2),
    "database connections cut": (World.cut_connections, 2),
}
"""The faults by name, and how often each is drawn in one round of the bag."""
