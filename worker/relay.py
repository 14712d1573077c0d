"""The relay: due rows of the job table go onto their arq queues; what Redis has lost goes there again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import time

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from sqlalchemy import func, select, update
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobRow
from persistence.listen import Bell
from persistence.session import WriteSession
from persistence.transaction import Sessions
from worker import wire

BATCH = 500
"""Rows of one dispatch: one round trip to Redis, and a lock held for some milliseconds."""

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


@dataclass(frozen=True, slots=True)
class Relay:
    """One of any number of relays on the same table: rows are taken with SKIP LOCKED."""

    sessions: Sessions
    redis: ArqRedis

    async def run(self, bell: Bell) -> None:
        """Dispatch whenever the bell rings, and sweep, until cancelled; errors of a server end it."""
        swept = 0.0
        while True:
            while await self.dispatch() == BATCH:
                pass
            wiped = await self.redis.set(ALIVE, "1", nx=True)
            if wiped or time() - swept >= SWEEP_SECONDS:
                await self.sweep(timedelta(0) if wiped else LOST_AFTER)
                swept = time()
            await bell.wait(POLL_SECONDS)

    async def dispatch(self) -> int:
        """Put due jobs on their queues, mark them as dispatched in the same transaction, and return how many.

        A crash between the two dispatches them again, under the same ids, which takes no second effect.
        """
        due = (
            select(JobRow)
            .where(
                col(JobRow.state) == JobState.QUEUED.value,
                col(JobRow.dispatched_at).is_(None),
                col(JobRow.run_at) <= func.now(),
            )
            .order_by(col(JobRow.run_at))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self.sessions() as session, session.begin():
            rows = (await session.execute(due)).scalars().all()
            if rows:
                await self._put(rows)
                ids = [row.id for row in rows]
                await session.execute(update(JobRow).where(col(JobRow.id).in_(ids)).values(dispatched_at=func.now()))
        return len(rows)

    async def sweep(self, lost_after: timedelta) -> int:
        """Take back what was dispatched, is still queued, and is not in Redis; returns how many.

        The next dispatch sends it again. What is there lives on in Redis for another day.
        """
        last, lost = "", 0
        while True:
            async with self.sessions() as session, session.begin():
                rows = await self._dispatched(session, last, lost_after)
                if not rows:
                    break
                last, missing = rows[-1][0], await self._missing(rows)
                again = update(JobRow).where(col(JobRow.id).in_(missing), col(JobRow.state) == JobState.QUEUED.value)
                await session.execute(again.values(dispatched_at=None))
                lost += len(missing)
        if lost:
            structlog.get_logger("counterfoil.relay").warning("relay.lost", jobs=lost)
        return lost

    async def _dispatched(self, session: WriteSession, after: str, lost_after: timedelta) -> list[tuple[str, str]]:
        """Return the next page of jobs, by id, that were dispatched so long ago, with their queues.

        A row that is locked is a job that runs: nothing is lost there, and to wait for it would hold up the relay.
        """
        query = (
            select(col(JobRow.id), col(JobRow.queue))
            .where(
                col(JobRow.state) == JobState.QUEUED.value,
                col(JobRow.dispatched_at) < func.now() - lost_after,
                col(JobRow.id) > after,
            )
            .order_by(col(JobRow.id))
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        return [(row[0], row[1]) for row in (await session.execute(query)).all()]

    async def _put(self, rows: Sequence[JobRow]) -> None:
        now = int(time() * 1000)
        async with self.redis.pipeline(transaction=False) as pipe:
            for row in rows:
                # First due, first run, after a wipe too: with the time of the dispatch, each wipe of a long queue would
                # put the oldest jobs behind younger ones again.
                due = min(now, int(row.run_at.timestamp() * 1000))
                pipe.set(job_key_prefix + row.id, _payload(row), px=EXPIRES_MS)
                pipe.zadd(row.queue, {row.id: due}, nx=True)
            await pipe.execute()

    async def _missing(self, rows: Sequence[tuple[str, str]]) -> list[str]:
        async with self.redis.pipeline(transaction=False) as pipe:
            for job_id, queue in rows:
                pipe.zscore(queue, job_id)
                pipe.pexpire(job_key_prefix + job_id, EXPIRES_MS)
                pipe.exists(in_progress_key_prefix + job_id)
            found = await pipe.execute()
        states = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [
            row[0]
            for row, (score, payload, running) in zip(rows, states, strict=True)
            if not running and (score is None or not payload)
        ]


def _payload(row: JobRow) -> bytes:
    origin = {"actor": row.actor, "request_id": row.request_id, "reason": row.reason}
    arguments = {**row.arguments, **{name: value for name, value in origin.items() if value is not None}}
    enqueued = int(row.enqueued_at.timestamp() * 1000)
    return wire.encode({"t": None, "f": row.name, "a": (), "k": arguments, "et": enqueued})
