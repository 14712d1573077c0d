"""Jobs that an operator changes, by statements that every database knows: each with its audit row."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import SQLModel, col

from domain.job import JobState
from persistence.bulk_table import RejectRow, ReportRow, UploadRow
from persistence.job_table import JobRow
from persistence.portable.audit import Audited
from persistence.portable.audit_rows import keep_rows
from persistence.portable.clock import present
from persistence.transaction import Transaction

PAGE = 500
"""Jobs of one statement."""

JOB = str(JobRow.__tablename__)
_KEPT: tuple[type[SQLModel], ...] = (RejectRow, ReportRow, UploadRow)


async def change_jobs(tx: Transaction, source: str, ids: Sequence[str]) -> int:
    """Do to locked jobs what the sentence of `source.sql` does, with their audit rows; returns to how many."""
    await tx.session.flush()
    return sum([await _CHANGES[source](tx, ids[first : first + PAGE]) for first in range(0, len(ids), PAGE)])


async def _cancel(tx: Transaction, ids: Sequence[str]) -> int:
    ended = {"state": JobState.CANCELLED.value, "finished_at": await present(tx.session)}
    return await _change(tx, ids, JobState.QUEUED, ended)


async def _retry(tx: Transaction, ids: Sequence[str]) -> int:
    again = {"state": JobState.QUEUED.value, "attempt": 0, "run_at": await present(tx.session)}
    return await _change(tx, ids, JobState.DEAD, {**again, "dispatched_at": None, "finished_at": None})


async def _drop(tx: Transaction, ids: Sequence[str]) -> int:
    """Keep nothing of dead jobs but their ids; the whole rows go into the audit log."""
    found = await _images(tx, ids, JobState.DEAD, list(JobRow.model_fields))
    gone: dict[str, Any] = {"arguments": {}, "errors": [], "result": None, "finished_at": await present(tx.session)}
    await _write(tx, list(found), {"state": JobState.DROPPED.value, **gone})
    for model in _KEPT:
        await tx.session.execute(delete(model).where(model.__table__.c.job_id.in_(found)))  # type: ignore[attr-defined]
    await keep_rows(tx, JOB, [Audited(job_id, "purge", image, None) for job_id, image in sorted(found.items())])
    return len(found)


async def _change(tx: Transaction, ids: Sequence[str], state: JobState, values: Mapping[str, Any]) -> int:
    found = await _images(tx, ids, state, list(values))
    await _write(tx, list(found), values)
    changed = [Audited(job_id, "update", image, dict(values)) for job_id, image in sorted(found.items())]
    await keep_rows(tx, JOB, changed)
    return len(found)


async def _images(
    tx: Transaction, ids: Sequence[str], state: JobState, columns: Sequence[str]
) -> dict[str, dict[str, Any]]:
    named = [getattr(JobRow, name) for name in columns]
    query = select(col(JobRow.id), *named).where(col(JobRow.id).in_(ids), col(JobRow.state) == state.value)
    rows = (await tx.session.execute(query)).all()
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}


async def _write(tx: Transaction, ids: Sequence[str], values: Mapping[str, Any]) -> None:
    await tx.session.execute(update(JobRow).where(col(JobRow.id).in_(ids)).values(**values))


_CHANGES: Mapping[str, Callable[[Transaction, Sequence[str]], Awaitable[int]]] = {
    "cancel_jobs": _cancel,
    "drop_jobs": _drop,
    "retry_jobs": _retry,
}
