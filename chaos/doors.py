"""The doors through which jobs are sent, and what a sender knows afterwards when servers vanish under its hands."""

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

import asyncpg
from arq.connections import ArqRedis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from chaos.ledger import Ledger
from chaos.parcel import Parcel, RolledBack
from domain.origin import Origin
from persistence.enqueue import NewJob, enqueue, enqueue_many

ACTOR: Final = "chaos"
PATIENCE: Final = 10.0
"""Seconds for a server's answer."""
ENQUEUE_JOB: Final = "SELECT * FROM enqueue_job($1, $2::jsonb, $3, job_id => $4, run_at => $5)"
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # "another operation is in progress": an idle connection was cut
    SQLAlchemyError,
    RedisError,
)
"""What a sender sees when a server goes away."""


class Door(Protocol):
    """A way to send a parcel; raises one of `AWAY`, or RolledBack."""

    async def __call__(self, parcel: Parcel) -> None:
        """Send it."""


@dataclass
class SqlDoor:
    """`enqueue_job` in plain SQL, on an asyncpg connection that is opened anew after it broke."""

    url: str
    connection: Any = None

    async def __call__(self, parcel: Parcel) -> None:
        """Send a parcel in one transaction."""
        try:
            await self._send(parcel)
        except AWAY:
            self.close()
            raise
        parcel.committed()

    async def _send(self, parcel: Parcel) -> None:
        if self.connection is None or self.connection.is_closed():
            self.connection = await asyncpg.connect(self.url, timeout=PATIENCE, command_timeout=PATIENCE)
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            for wish in parcel.wishes:
                given = wish.command.job, json.dumps(wish.arguments()), ACTOR, wish.job_id, parcel.run_at
                await self.connection.fetch(ENQUEUE_JOB, *given)
            parcel.commit_begins()
        except RolledBack:
            await transaction.rollback()
            raise
        await transaction.commit()

    def close(self) -> None:
        """Drop the connection."""
        if self.connection is not None:
            self.connection.terminate()
            self.connection = None


@dataclass
class SessionDoor:
    """`enqueue` or `enqueue_many` in a SQLAlchemy session of the sender's own."""

    engine: AsyncEngine
    many: bool

    async def __call__(self, parcel: Parcel) -> None:
        """Send a parcel in one transaction."""
        origin = Origin(actor=ACTOR)
        jobs = [NewJob(one.command, origin, one.job_id, run_at=parcel.run_at) for one in parcel.wishes]
        async with AsyncSession(self.engine) as session, session.begin():
            if self.many:
                await enqueue_many(session, jobs)
            else:
                for job in jobs:
                    await enqueue(session, job.command, job.origin, job_id=job.job_id, run_at=job.run_at)
            parcel.commit_begins()
        parcel.committed()


@dataclass
class ArqDoor:
    """A stock arq client with JSON: Redis alone has the job, until it is delivered."""

    redis: ArqRedis
    ledger: Ledger

    async def __call__(self, parcel: Parcel) -> None:
        """Send the jobs, each by itself."""
        for wish, sent in zip(parcel.wishes, parcel.accounts, strict=True):
            sent.unclear = True
            given: dict[str, Any] = {**wish.arguments(), "actor": ACTOR, "_job_id": wish.job_id}
            # None is no answer: arq says it for an id that is there, and for a connection that broke.
            if await self.redis.enqueue_job(wish.command.job, **given, _defer_until=parcel.run_at) is not None:
                self.ledger.accepted_by_redis(sent)
