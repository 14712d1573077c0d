"""What the relay takes from the job table, by statements that every database knows.

MySQL and MariaDB pass over locked rows as PostgreSQL does; on SQLite one relay writes at a time.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Text, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.job import NOBODY, JobState
from domain.moments import now
from persistence.job_table import JobRow
from persistence.portable.clock import present
from persistence.reader import Reader

BATCH_BYTES = 8 * 1024 * 1024
"""Bytes of arguments that go with one dispatch, unless the first job alone has more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DUE = (
    col(JobRow.state) == JobState.QUEUED.value,
    col(JobRow.dispatched_at).is_(None),
    col(JobRow.run_at) <= now(),
)


async def is_any_due(read: Reader) -> bool:
    """Tell whether a dispatch would find a job: on SQLite to look takes no lock, and to dispatch takes the only one."""
    return bool(await read.scalars(select(col(JobRow.id)).where(*_DUE).limit(1)))


async def due_ids(session: AsyncSession, most: int) -> list[str]:
    """Return and lock jobs that are due and not dispatched, the longest due first."""
    size = func.length(type_coerce(col(JobRow.arguments), Text))
    due = select(col(JobRow.id), size).where(*_DUE).order_by(col(JobRow.run_at)).limit(most)
    ids: list[str] = []
    total = 0
    for job_id, size_of_one in (await session.execute(due.with_for_update(skip_locked=True))).all():
        total += size_of_one
        if ids and total > BATCH_BYTES:
            break
        ids.append(job_id)
    return ids


async def sendable_rows(session: AsyncSession, ids: Sequence[str]) -> list[tuple[str, str, str, str, int, int]]:
    """Return the fields of `Sendable` of these jobs, the longest due first."""
    origin = (col(JobRow.actor), col(JobRow.request_id), col(JobRow.reason))
    columns = (col(JobRow.id), col(JobRow.queue), col(JobRow.name), col(JobRow.arguments), *origin)
    query = select(*columns, col(JobRow.run_at), col(JobRow.enqueued_at)).where(col(JobRow.id).in_(ids))
    rows = [row._asdict() for row in (await session.execute(query.order_by(col(JobRow.run_at)))).all()]
    at = await present(session)
    return [
        (
            row["id"],
            row["queue"],
            row["name"],
            _arguments(row),
            _milliseconds(row["run_at"]),
            _milliseconds(min(row["enqueued_at"], at)),
        )
        for row in rows
    ]


def _arguments(row: Mapping[str, Any]) -> str:
    said = {"actor": None if row["actor"] == NOBODY else row["actor"]}
    origin = {**said, "request_id": row["request_id"], "reason": row["reason"]}
    asked = {name: value for name, value in origin.items() if value is not None}
    return json.dumps({**row["arguments"], **asked}, ensure_ascii=False)


def _milliseconds(time: datetime) -> int:
    return int((max(time, _EPOCH) - _EPOCH) / timedelta(milliseconds=1))
