"""The life of a job in its row: taken and finished, each in one statement, inside the transaction of its data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.errors import JobIdTaken, NotTaken, NotYetDue
from domain.job import JobState
from domain.moments import now
from domain.origin import Origin
from persistence.dialects import Dialect, dialect_of
from persistence.job_table import JobKind, JobRow
from persistence.portable import job_life as portable
from persistence.reader import reader
from persistence.session import WriteSession
from persistence.sessions import Sessions
from persistence.statements import sentence
from persistence.transaction import Transaction, bookkeeping

EARLY_SECONDS = 60.0
"""A delivery that comes so much earlier than its row says is not the relay's: clocks and backoffs differ by less."""


class NotAtOnce(Exception):
    """One statement was not enough, and has done nothing: the job goes the long way, in which everything is asked."""


def _canonical(arguments: object) -> str:
    """Return JSON in which `true`, `1` and `1.0` are three values, which Python takes for equal."""
    return json.dumps(arguments, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A job as a delivery states it: what its row will hold where no door has written one yet."""

    id: str
    name: str
    queue: str
    arguments: dict[str, JsonValue]
    origin: Origin
    max_attempts: int

    def columns(self) -> dict[str, Any]:
        """Return the columns of the job's row."""
        source = self.origin.model_dump(exclude={"job_id"})
        return {"id": self.id, "name": self.name, "queue": self.queue, "arguments": self.arguments, **source}

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a sentence about the job's row."""
        return {**self.columns(), "arguments": json.dumps(self.arguments), "max_attempts": self.max_attempts}

    def refuse_other(self, row: Mapping[str, Any]) -> None:
        """Raise JobIdTaken where the row is another job's: another name or other arguments under this id."""
        if row.get("state") == JobState.DROPPED:  # its arguments are gone
            return
        if row["name"] != self.name or not self._has_arguments(row["other_arguments"]):
            raise JobIdTaken(self.id, row["name"])

    def _has_arguments(self, others: str | None) -> bool:
        """Tell whether arguments that differ in the database are the same here, where long decimals are rounded."""
        try:
            return others is None or _canonical(json.loads(others)) == _canonical(self.arguments)
        except (ValueError, RecursionError):  # what no delivery can hold
            return False


async def take_job(tx: Transaction, job: Acceptance) -> Transaction | None:
    """Take the job: its row is inserted, or locked where it is queued; what follows is in the name of the row's origin.

    Returns None where another delivery has ended the job. Raises JobIdTaken for an id that another job has, NotYetDue
    for a job whose row says later.
    """
    row = await _take(tx.session, job)
    if row is None:
        return None
    job.refuse_other(row)
    if row["early"] > EARLY_SECONDS:
        raise NotYetDue(job.id, row["early"])
    asked = {name: row[name] for name in ("actor", "request_id", "reason")}
    origin = tx.origin.model_copy(update=asked)
    return tx if origin == tx.origin else tx.on_behalf_of(origin)


async def _take(session: WriteSession, job: Acceptance) -> Mapping[str, Any] | None:
    if dialect_of(session) is not Dialect.POSTGRESQL:
        return await portable.take_row(session, job)
    row = (await session.execute(sentence("take_job"), job.parameters())).one_or_none()
    return None if row is None else row._asdict()


async def accept_job(sessions: Sessions, job: Acceptance) -> None:
    """Put a delivered job into the table, in a transaction of its own, where it is not there yet."""
    async with bookkeeping(sessions) as session:
        await accept_in(session, job)


async def accept_in(session: WriteSession, job: Acceptance) -> None:
    """Put a delivered job into the table, in the session's transaction, where it is not there yet.

    Waits for a transaction that is about to do the same.
    """
    if dialect_of(session) is not Dialect.POSTGRESQL:
        await portable.accept_row(session, job)
        return
    row = insert(JobRow).values(**job.columns(), max_attempts=job.max_attempts, dispatched_at=func.now())
    await session.execute(row.on_conflict_do_nothing())


async def cancel_job(sessions: Sessions, job: Acceptance) -> bool:
    """Mark a job as cancelled, in a transaction of its own, and tell whether it was not ended; raises JobIdTaken."""
    async with bookkeeping(sessions) as session:
        row = await _take(session, job)
        if row is None:
            return False
        job.refuse_other(row)
        cancelled = update(JobRow).where(col(JobRow.id) == job.id)
        await session.execute(cancelled.values(state=JobState.CANCELLED.value, finished_at=now()))
        return True


async def finish_job(tx: Transaction, job_id: str, result: dict[str, JsonValue]) -> None:
    """Write the job's outcome into its row, to be committed with its data; raises NotTaken where it is not queued."""
    await tx.session.flush()
    if dialect_of(tx.session) is not Dialect.POSTGRESQL:
        if not await portable.finish_row(tx.session, job_id, result):
            raise NotTaken(job_id)
        return
    finished = await tx.session.execute(sentence("finish_job"), {"id": job_id, "result": json.dumps(result)})
    if finished.one_or_none() is None:
        raise NotTaken(job_id)


async def register_jobs(sessions: Sessions, attempts: Mapping[str, int]) -> None:
    """Tell `enqueue_job` the names of a worker's jobs, each with its number of attempts."""
    rows = [{"name": name, "max_attempts": number} for name, number in attempts.items()]
    known = insert(JobKind).values(rows)
    async with bookkeeping(sessions) as session:
        if dialect_of(session) is not Dialect.POSTGRESQL:
            await portable.register_names(session, attempts)
            return
        await session.execute(
            known.on_conflict_do_update(index_elements=["name"], set_={"max_attempts": known.excluded.max_attempts})
        )


async def recorded(sessions: Sessions, job_id: str) -> JobRow | None:
    """Return the job's row as it is committed, or None."""
    async with reader(sessions, current=True) as read:
        return await read.get(JobRow, job_id)


async def recorded_end(sessions: Sessions, job: Acceptance) -> Mapping[str, Any] | None:
    """Return `state`, `errors` and `result` of the job that another delivery has ended, or None where it is gone.

    Raises JobIdTaken where the id is another job's.
    """
    async with bookkeeping(sessions) as session:
        if (row := await recorded_row(session, job)) is not None:
            job.refuse_other(row)
        return row


async def recorded_row(session: WriteSession, job: Acceptance) -> Mapping[str, Any] | None:
    """Return what the job's row says, and its arguments where they are not the delivery's; None where it is gone."""
    if dialect_of(session) is not Dialect.POSTGRESQL:
        return await portable.recorded_row(session, job)
    row = (await session.execute(sentence("recorded_job"), job.parameters())).one_or_none()
    return None if row is None else row._asdict()
