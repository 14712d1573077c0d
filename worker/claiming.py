"""Claiming: one worker's turns over its queues, and how long it may rest between two of them."""

import asyncio
from collections.abc import Callable, Container, Iterable
from time import monotonic
from typing import NamedTuple

import structlog
from redis.exceptions import RedisError, ResponseError

from worker.claimed import Claimed
from worker.claims import Claims
from worker.observer import Observer
from worker.shares import Shares
from worker.wakeup import ADAPTIVE_SECONDS, NET_SECONDS, Source

PATIENCE_SECONDS = 10.0
"""How long one claim may take before the next begins: a Redis that hangs must not hold the worker for ever."""

AGAIN_SECONDS = 0.5
"""After which a Redis that did not answer is asked again."""


class Slots(NamedTuple):
    """What claiming needs of its worker: how many slots are free, what runs, how jobs are started and aborted."""

    free: Callable[[], int]
    running: Container[str]
    start: Callable[[Claimed], None]
    abort: Callable[[Iterable[str]], None]


class Claiming:
    """Fills a worker's free slots from its queues."""

    def __init__(self, claims: Claims, shares: Shares, first: str, slots: Slots, observer: Observer) -> None:
        """Take what claims, divides, is filled and is told; the `first` queue is asked even without a free slot."""
        self._claims = claims
        self._shares = shares
        self._first = first
        self._slots = slots
        self._observer = observer
        self._pause = ADAPTIVE_SECONDS[0]
        self.left_some = False
        """Whether the last turn filled all slots, or is not over: a slot that gets free is news then."""
        self._is_short = False
        self.claimed_at: float | None = None
        """When Redis last answered, by the monotonic clock."""

    async def turn(self) -> int | None:
        """Claim for every free slot, and return in how many ms the next job is due, or None where there is none."""
        dues: list[int] = []
        self._is_short = False
        self.left_some = True  # until it is known: a slot that gets free while Redis is asked may be wanted
        shares = self._shares.divide(max(0, self._slots.free()))
        try:
            short = [queue for queue, share in shares if await self._try_claim(queue, share, dues)]
            for queue in short if len(shares) > 1 else ():
                if self._slots.free() > 0:  # others have left some of their share
                    await self._try_claim(queue, self._slots.free(), dues)
        except (RedisError, OSError, TimeoutError) as error:
            structlog.get_logger("counterfoil.engine").warning("claim.failed", error=type(error).__name__)
            return int(AGAIN_SECONDS * 1000)
        self.left_some = self._is_short
        return min(dues, default=None)

    async def _try_claim(self, queue: str, share: int, dues: list[int]) -> bool:
        """Claim as below; a queue that Redis refuses, such as one that is no sorted set, holds up no other."""
        try:
            return await self._claim(queue, share, dues)
        except ResponseError as error:
            structlog.get_logger("counterfoil.engine").warning("claim.failed", queue=queue, error=type(error).__name__)
            dues.append(int(AGAIN_SECONDS * 1000))
            return False

    async def _claim(self, queue: str, share: int, dues: list[int]) -> bool:
        """Claim up to `share` jobs of a queue, and tell whether there may be more; notes when the next is due."""
        free = max(0, min(share, self._slots.free()))
        if not free and queue != self._first:  # the first is asked even then: it tells of aborts
            self._is_short = True
            return True
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await self._claims.claim(queue, free, self._slots.running)
        self.claimed_at = monotonic()
        self._observer.claimed(queue, len(found.jobs))
        self._slots.abort(found.aborts)
        self._pause = ADAPTIVE_SECONDS[0] if found.jobs else self._pause
        for job in found.jobs:
            self._slots.start(job)
        if found.due_ms is not None:
            dues.append(found.due_ms)
        is_short = len(found.jobs) >= free
        self._is_short = self._is_short or is_short
        return is_short

    def pause(self, source: Source, due_ms: int | None, *, is_burst: bool) -> float:
        """Return for how many seconds a worker may rest that nobody wakes; longer each time, up to half a second."""
        longest = NET_SECONDS if source is Source.EVENTS else self._pause
        self._pause = min(self._pause * 2, ADAPTIVE_SECONDS[1])
        if is_burst:
            longest = min(longest, ADAPTIVE_SECONDS[0] * 2)
        return longest if due_ms is None else min(longest, due_ms / 1000 + 0.001)
