"""The life of a job in its row: taken and finished, each in one statement, inside the transaction of its data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from domain.errors import JobIdTaken
from domain.origin import Origin
from persistence.job_table import JobKind, JobRow
from persistence.reader import reader
from persistence.statements import sentence
from persistence.transaction import Sessions, Transaction


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


async def take_job(tx: Transaction, job: Acceptance) -> bool:
    """Take the job for this transaction: its row is inserted, or locked where it is queued.

    Returns False where another delivery has ended the job. Raises JobIdTaken for an id that another job has.
    """
    values = {**job.columns(), "arguments": json.dumps(job.arguments), "max_attempts": job.max_attempts}
    row = (await tx.session.execute(sentence("take_job"), values)).mappings().one_or_none()
    if row is None:
        return False
    if row["name"] != job.name or not row["same_arguments"]:
        raise JobIdTaken(job.id, row["name"])
    return True


async def accept_job(sessions: Sessions, job: Acceptance) -> None:
    """Put a delivered job into the table, in a transaction of its own, where it is not there yet."""
    async with sessions() as session, session.begin():
        row = insert(JobRow).values(**job.columns(), max_attempts=job.max_attempts, dispatched_at=func.now())
        await session.execute(row.on_conflict_do_nothing())


async def finish_job(tx: Transaction, job_id: str, result: dict[str, JsonValue]) -> None:
    """Write the job's outcome into its row, to be committed with its data."""
    await tx.session.flush()
    await tx.session.execute(sentence("finish_job"), {"id": job_id, "result": json.dumps(result)})


async def register_jobs(sessions: Sessions, attempts: Mapping[str, int]) -> None:
    """Tell `enqueue_job` the names of a worker's jobs, each with its number of attempts."""
    rows = [{"name": name, "max_attempts": number} for name, number in attempts.items()]
    known = insert(JobKind).values(rows)
    async with sessions() as session, session.begin():
        await session.execute(
            known.on_conflict_do_update(index_elements=["name"], set_={"max_attempts": known.excluded.max_attempts})
        )


async def recorded(sessions: Sessions, job_id: str) -> JobRow | None:
    """Return the job's row as it is committed, or None."""
    async with reader(sessions) as read:
        return await read.get(JobRow, job_id)
