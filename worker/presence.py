"""Presence: every worker shows in Redis what it is and does, so that anybody can list the workers of a fleet."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from time import monotonic, time
from typing import Never

from arq.connections import ArqRedis
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError

from worker.arq_settings import worker_name
from worker.duties import always
from worker.engine import Engine

WORKERS = "counterfoil:workers"
"""The set of their names: a search through all keys would grow with the queues.

No sorted set, which would send an event to every worker each second.
"""

PREFIX = "counterfoil:worker:"
"""Before the name, the key of what each shows."""

SHOW_SECONDS = 1.0
"""How often a worker shows itself."""

GONE_SECONDS = 15.0
"""How long a worker that is silent is still listed: one that was killed, or whose event loop stands still."""

RATE_SECONDS = 10
"""Over how many seconds the rate is taken."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a worker shows: `running` counts jobs by queue, `started` is seconds since 1970, `rate` jobs a second."""

    worker: str
    queues: tuple[str, ...]
    slots: int
    running: Mapping[str, int]
    started: float
    complete: int
    failed: int
    retried: int
    rate: float
    draining: bool


@dataclass(frozen=True, slots=True)
class Present:
    """A worker that is listed: its last sign, and for how many seconds it has been silent since."""

    holder: str
    sign: Sign
    silent: float


class Presence:
    """Shows one worker."""

    def __init__(self, redis: ArqRedis, engine: Engine) -> None:
        """Take the connection and the worker, which begins now."""
        self._redis = redis
        self._engine = engine
        self._started = time()
        self._ended: deque[tuple[float, int]] = deque([(monotonic(), 0)], maxlen=RATE_SECONDS + 1)

    async def show(self) -> Never:
        """Show the worker until cancelled; raises RedisError, OSError."""
        while True:
            text = json.dumps(asdict(self._sign()))
            async with asyncio.timeout(GONE_SECONDS), self._redis.pipeline(transaction=True) as pipe:
                pipe.set(PREFIX + self._engine.leases.holder, text, px=int(GONE_SECONDS * 1000))
                pipe.sadd(WORKERS, self._engine.leases.holder)
                pipe.pexpire(WORKERS, int(GONE_SECONDS * 1000))
                await pipe.execute()
            await asyncio.sleep(SHOW_SECONDS)

    async def leave(self) -> None:
        """Take the worker off the list."""
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(PREFIX + self._engine.leases.holder)
                pipe.srem(WORKERS, self._engine.leases.holder)
                await pipe.execute()

    def _sign(self) -> Sign:
        engine = self._engine
        return Sign(
            worker=worker_name(),
            queues=engine.queues,
            slots=engine.max_jobs,
            running=dict(Counter(engine.leases.queues())),
            started=self._started,
            complete=engine.jobs_complete,
            failed=engine.jobs_failed,
            retried=engine.jobs_retried,
            rate=self._rate(engine.jobs_complete + engine.jobs_failed),
            draining=not engine.allow_pick_jobs,
        )

    def _rate(self, ended: int) -> float:
        now = monotonic()
        since, before = self._ended[0]
        self._ended.append((now, ended))
        return round((ended - before) / max(SHOW_SECONDS, now - since), 2)


@asynccontextmanager
async def present(redis: ArqRedis, engine: Engine) -> AsyncIterator[None]:
    """Show the worker for the time of the block."""
    presence = Presence(redis, engine)
    duty = asyncio.create_task(always("presence", presence.show))
    try:
        yield
    finally:
        duty.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):  # it would vanish by itself
                await presence.leave()


async def present_workers(redis: ArqRedis) -> list[Present]:
    """Return the workers of all queues, by name; raises RedisError, OSError."""
    names: Awaitable[set[bytes]] = redis.smembers(WORKERS)  # type: ignore[assignment]  # redis-py's type is of both kinds
    holders = sorted(name.decode(errors="replace") for name in await names)
    if not holders:
        return []
    async with redis.pipeline(transaction=True) as pipe:
        for holder in holders:
            pipe.get(PREFIX + holder)
            pipe.pttl(PREFIX + holder)
        found = await pipe.execute()
    signs = dict(zip(holders, zip(found[::2], found[1::2], strict=True), strict=True))
    if gone := [holder for holder, (text, _) in signs.items() if text is None]:
        await redis.execute_command("SREM", WORKERS, *gone)  # type: ignore[no-untyped-call]
    return [
        Present(holder, sign, max(0.0, GONE_SECONDS - left / 1000))
        for holder, (text, left) in signs.items()
        if text is not None and (sign := _read(text)) is not None
    ]


async def served_queues(redis: ArqRedis) -> frozenset[str]:
    """Return the queues of the workers that have lately shown themselves; none where Redis does not answer soon."""
    with suppress(RedisError, OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            lively = [one for one in await present_workers(redis) if one.silent < 2 * SHOW_SECONDS]
            return frozenset(queue for one in lively for queue in one.sign.queues)
    return frozenset()


def _read(text: bytes) -> Sign | None:
    """Return a sign; None for what no worker of ours has written."""
    try:
        return _signs().validate_json(text)  # a newer worker may show more, which is passed over
    except ValidationError:
        return None


@cache
def _signs() -> TypeAdapter[Sign]:
    return TypeAdapter(Sign)
