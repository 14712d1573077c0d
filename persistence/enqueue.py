"""The door into the job table from Python, inside the caller's own transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.commands import Command
from domain.errors import EnqueueRefused, InvalidCommand, NotMigrated, Problem
from domain.origin import Origin
from persistence.dialects import Dialect, dialect_of
from persistence.portable.door import put_jobs

_MANY = """
SELECT accepted.id, accepted.is_new
FROM ROWS FROM (jsonb_to_recordset({jobs}) AS (
    name text, arguments jsonb, actor text, job_id text, queue text, run_at timestamptz,
    request_id text, reason text, max_attempts integer
)) WITH ORDINALITY AS job
CROSS JOIN LATERAL enqueue_job(
    job.name, job.arguments, job.actor, job.job_id, job.queue, job.run_at,
    job.request_id, job.reason, job.max_attempts
) AS accepted
ORDER BY job.ordinality
"""


# PostgreSQL manual, appendix A. The second are those that `enqueue_job` raises, or a cast of its arguments.
_UNDEFINED_FUNCTION = "42883"
_REFUSALS = {"42704", "22004", "22023", "22001", "54000", "23505", "22P05"}


class AsyncpgConnection(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        """Run a query and return its rows."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that is in the table: its id, and whether this call put it there."""

    id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue: `job_id` is the caller's idempotency key, `run_at` an aware time before which it waits."""

    command: Command
    origin: Origin
    job_id: str | None = None
    queue: str | None = None
    run_at: datetime | None = None
    max_attempts: int | None = None

    def values(self) -> dict[str, Any]:
        """Return the arguments of `enqueue_job`; raises InvalidCommand for a time without a zone."""
        if self.run_at is not None and self.run_at.tzinfo is None:
            problem = Problem(None, "run_at", f"{self.run_at.isoformat()} has no time zone; say one, such as UTC")
            raise InvalidCommand(self.command.job, (problem,))
        return {
            "name": self.command.job,
            "arguments": self.command.model_dump(mode="json", exclude_unset=True),
            "job_id": self.job_id,
            "queue": self.queue,
            "run_at": self.run_at and self.run_at.isoformat(),
            "max_attempts": self.max_attempts,
            **self.origin.model_dump(exclude={"job_id"}),
        }


async def enqueue(  # noqa: PLR0913 - one keyword for each property of a job
    connection: AsyncSession | AsyncpgConnection,
    command: Command,
    origin: Origin,
    *,
    job_id: str | None = None,
    queue: str | None = None,
    run_at: datetime | None = None,
    max_attempts: int | None = None,
) -> Accepted:
    """Put a job into the table within the caller's transaction: a rollback leaves none.

    The same `job_id` twice is one job. Raises InvalidCommand for a time without a zone; EnqueueRefused for an unknown
    name, too large arguments, an id that another job has; NotMigrated.
    """
    job = NewJob(command, origin, job_id, queue, run_at, max_attempts)
    (accepted,) = await enqueue_many(connection, [job])
    return accepted


async def enqueue_many(connection: AsyncSession | AsyncpgConnection, jobs: Sequence[NewJob]) -> list[Accepted]:
    """Put jobs into the table in one statement, and return them in their order; see `enqueue`."""
    if isinstance(connection, AsyncSession) and dialect_of(connection) is not Dialect.POSTGRESQL:
        return [Accepted(*found) for found in await put_jobs(connection, [job.values() for job in jobs])]
    values = json.dumps([job.values() for job in jobs])
    rows: Sequence[Any]
    with _refusals():
        if isinstance(connection, AsyncSession):
            many = text(_MANY.format(jobs="CAST(CAST(:jobs AS text) AS jsonb)"))
            rows = (await connection.execute(many, {"jobs": values})).all()
        else:
            rows = await connection.fetch(_MANY.format(jobs="CAST(CAST($1 AS text) AS jsonb)"), values)
    return [Accepted(row[0], row[1]) for row in rows]


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise what `enqueue_job` refuses in words of the business; anything else passes as it is."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause: Any = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
        state = getattr(cause, "sqlstate", None)
        if state == _UNDEFINED_FUNCTION:
            raise NotMigrated from error
        if state not in _REFUSALS:
            raise
        raise EnqueueRefused(str(state), cause.message, cause.hint or "") from error
