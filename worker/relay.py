"""The relay: due rows of the job table go onto their arq queues; what Redis has lost goes there again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import time

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from redis.exceptions import RedisError, ResponseError

from persistence.dispatch import (
    Dispatched,
    Sendable,
    dispatched_jobs,
    due_jobs,
    mark_dispatched,
    mark_lost,
    may_be_due,
    set_aside,
)
from persistence.listen import Bell
from persistence.reader import reader
from persistence.sessions import Sessions
from persistence.transaction import bookkeeping
from worker import wire
from worker.wakeup import CHANNEL

POLL_SECONDS = 1.0
"""The net under NOTIFY, and the precision of `run_at`."""

SWEEP_SECONDS = 5.0
"""How often dispatched jobs are looked for in Redis."""

LOST_AFTER = timedelta(seconds=5)
"""A job that was dispatched more recently is not looked for: it may be on its way."""

EXPIRES_MS = 24 * 3600 * 1000
"""How long Redis keeps a job; the sweep extends it."""

ALIVE = "counterfoil:alive"
"""A key that is missing when Redis was wiped or restarted empty: then all dispatched jobs are looked for at once."""

PATIENCE_SECONDS = 10.0
"""How long one step may take before it begins anew: a server that hangs must not hold up the relay for ever."""


@dataclass(frozen=True, slots=True)
class Relay:
    """One of any number of relays on the same table: rows are taken with SKIP LOCKED."""

    sessions: Sessions
    redis: ArqRedis

    async def run(self, bell: Bell) -> None:
        """Dispatch whenever the bell rings, and sweep beside it, until cancelled; errors of a server end it."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._dispatch_always(bell))
            both.create_task(self._sweep_always(bell))

    async def _dispatch_always(self, bell: Bell) -> None:
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self.dispatch()
            await bell.wait(0 if found else POLL_SECONDS)

    async def _sweep_always(self, bell: Bell) -> None:
        swept = 0.0
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                wiped = await self.redis.set(ALIVE, "1", px=EXPIRES_MS, get=True) is None
            if wiped or time() - swept >= SWEEP_SECONDS:
                if await self.sweep(timedelta(0) if wiped else LOST_AFTER):
                    bell.ring()
                swept = time()
            await asyncio.sleep(POLL_SECONDS)

    async def dispatch(self) -> int:
        """Put due jobs on their queues, mark them as dispatched in the same transaction, and return how many.

        A crash between the two dispatches them again, under the same ids, which takes no second effect.
        """
        if not await may_be_due(self.sessions):
            return 0
        async with bookkeeping(self.sessions) as session:
            jobs = await due_jobs(session)
            if jobs:
                refused = await self._put(jobs)
                await mark_dispatched(session, [job.id for job in jobs if job.id not in refused])
                await set_aside(session, list(refused))
        if refused_queues := {job.queue for job in jobs if job.id in refused} if jobs else set():
            structlog.get_logger("counterfoil.relay").error("relay.no_queue", queues=sorted(refused_queues))
        return len(jobs)

    async def sweep(self, lost_after: timedelta) -> int:
        """Take back what was dispatched, is still queued, and is not in Redis; returns how many.

        The next dispatch sends it again. What is there lives on in Redis for another day.
        """
        last, lost = "", 0
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                async with reader(self.sessions) as read:
                    jobs = await dispatched_jobs(read, last, lost_after)
                if not jobs:
                    break
                last, missing = jobs[-1].id, await self._missing(jobs)
                if missing:
                    async with bookkeeping(self.sessions) as session:
                        lost += await mark_lost(session, missing, lost_after)
        if lost:
            structlog.get_logger("counterfoil.relay").warning("relay.lost", jobs=lost)
        return lost

    async def _put(self, jobs: Sequence[Sendable]) -> set[str]:
        """Put the jobs onto their queues, and return the ids of those whose queue is something else in Redis.

        A payload that is there stays: a stranger's under the same id is refused by its delivery, and then swept away.
        """
        now = int(time() * 1000)
        async with self.redis.pipeline(transaction=False) as pipe:
            for job in jobs:
                # First due, first run, after a wipe too: with the time of the dispatch, each wipe of a long queue would
                # put the oldest jobs behind younger ones again.
                pipe.set(job_key_prefix + job.id, payload(job), px=EXPIRES_MS, nx=True)
                pipe.zadd(job.queue, {job.id: min(now, job.run_at)}, lt=True)
            for queue in {job.queue for job in jobs}:
                pipe.publish(CHANNEL, queue)
            answers = await pipe.execute(raise_on_error=False)
        added = zip(jobs, answers[1 : 2 * len(jobs) : 2], strict=True)
        for answer in answers:
            if isinstance(answer, RedisError) and not _is_wrong_type(answer):
                raise answer
        return {job.id for job, answer in added if _is_wrong_type(answer)}

    async def _missing(self, jobs: Sequence[Dispatched]) -> list[str]:
        async with self.redis.pipeline(transaction=False) as pipe:
            for job in jobs:
                pipe.zscore(job.queue, job.id)
                pipe.pexpire(job_key_prefix + job.id, EXPIRES_MS)
                pipe.exists(in_progress_key_prefix + job.id)
            found = await pipe.execute(raise_on_error=False)
        states = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [
            job.id
            for job, (score, is_there, is_running) in zip(jobs, states, strict=True)
            if not is_running and (score is None or not is_there)
        ]


def _is_wrong_type(answer: object) -> bool:
    return isinstance(answer, ResponseError) and str(answer).startswith("WRONGTYPE")


def payload(job: Sendable) -> bytes:
    """Return the job as arq's clients would have written it."""
    return wire.job_text(job.name, job.arguments, job.enqueued_at).encode()
