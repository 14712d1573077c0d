"""The life of a job in its row, by statements that every database knows; locks are those of its rows.

On SQLite a write transaction is the only one, so that its rows are locked from its beginning.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobKind, JobRow
from persistence.portable.clock import present
from persistence.portable.same_json import is_same
from persistence.portable.upserts import insert_absent, upsert

if TYPE_CHECKING:
    from persistence.job_life import Acceptance

REASON_KEPT = 2_000
"""Characters of a reason that are kept; one from our own doors is no longer."""

_ORIGIN = (col(JobRow.actor), col(JobRow.request_id), col(JobRow.reason))
_OUTCOME = (col(JobRow.state), col(JobRow.attempt), col(JobRow.max_attempts), col(JobRow.errors), col(JobRow.result))


async def take_row(session: AsyncSession, job: "Acceptance") -> Mapping[str, Any] | None:
    """Lock the job's row, which is inserted where there is none; None where it is not queued any more."""
    row = await _locked(session, job)
    if row is None:
        await accept_row(session, job)
        row = await _locked(session, job)
    if row is None or row["state"] != JobState.QUEUED:
        return None
    now = await present(session)
    if row["dispatched_at"] is None:
        await session.execute(update(JobRow).where(col(JobRow.id) == job.id).values(dispatched_at=now))
    return {**row, "early": (row["run_at"] - now).total_seconds()}


async def accept_row(session: AsyncSession, job: "Acceptance") -> None:
    """Insert the job's row where there is none."""
    if (await session.execute(select(col(JobRow.id)).where(col(JobRow.id) == job.id))).first() is not None:
        return  # perhaps locked by whoever runs it, which nobody need wait for
    now = await present(session)
    times = {"run_at": now, "enqueued_at": now, "dispatched_at": now}
    row = {**job.columns(), **times, "max_attempts": job.max_attempts}
    row["reason"] = row["reason"] and row["reason"][:REASON_KEPT]
    await insert_absent(session, JobRow, [row])


async def finish_row(session: AsyncSession, job_id: str, result: Mapping[str, Any]) -> bool:
    """Write a job's outcome into its row; returns whether it was queued."""
    ended = {"state": JobState.SUCCEEDED.value, "result": dict(result), "finished_at": await present(session)}
    queued = (col(JobRow.id) == job_id, col(JobRow.state) == JobState.QUEUED.value)
    finished: Any = await session.execute(
        update(JobRow).where(*queued).values(**ended, attempt=col(JobRow.attempt) + 1)
    )
    return bool(finished.rowcount == 1)


async def recorded_row(session: AsyncSession, job: "Acceptance") -> Mapping[str, Any] | None:
    """Return what the job's row says, and under `other_arguments` its arguments where they are not the delivery's."""
    query = select(col(JobRow.name), col(JobRow.arguments), *_OUTCOME).where(col(JobRow.id) == job.id)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _compared(row._asdict(), job)


async def register_names(session: AsyncSession, attempts: Mapping[str, int]) -> None:
    """Keep the names of a worker's jobs, each with its number of attempts."""
    rows = [{"name": name, "max_attempts": number} for name, number in sorted(attempts.items())]
    await upsert(session, JobKind, rows, {"max_attempts"})


async def _locked(session: AsyncSession, job: "Acceptance") -> dict[str, Any] | None:
    columns = (col(JobRow.name), col(JobRow.state), col(JobRow.arguments), col(JobRow.run_at), *_ORIGIN)
    query = select(*columns, col(JobRow.dispatched_at)).where(col(JobRow.id) == job.id).with_for_update()
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _compared(row._asdict(), job)


def _compared(row: Mapping[str, Any], job: "Acceptance") -> dict[str, Any]:
    others = None if is_same(row["arguments"], job.arguments) else json.dumps(row["arguments"])
    return {**row, "other_arguments": others}
