"""The door into the job table on databases that have no functions of ours: what `enqueue_job` does, in Python."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import EnqueueRefused
from domain.job import JobState
from persistence.dialects import Dialect, dialect_of
from persistence.job_table import JobKind, JobRow
from persistence.portable.clock import present
from persistence.portable.door_rules import TAKEN, refuse_wrong
from persistence.portable.same_json import is_same

PAGE = 500
"""Jobs of one statement: each is a dozen parameters, of which SQLite takes 32,766."""

ATTEMPTS = 3
"""How often ids are looked up again that another transaction takes, or prunes, at this moment."""

DEFAULT_QUEUE = "arq:queue"

Job = Mapping[str, Any]
"""The parameters of `enqueue_job` by name; all are there, those that were not said as None."""


async def put_jobs(session: AsyncSession, jobs: Sequence[Job]) -> list[tuple[str, bool]]:
    """Put jobs into the table within the caller's transaction; returns the id of each, and whether it is new.

    All are looked at before the first is written, so that a refusal leaves none. Raises EnqueueRefused.
    """
    if not jobs:
        return []
    kinds = {row[0]: row[1] for row in await session.execute(select(col(JobKind.name), col(JobKind.max_attempts)))}
    jobs = [{**job, "run_at": _aware(job["run_at"])} for job in jobs]
    for job in jobs:
        refuse_wrong(job, kinds)
    now = await present(session)
    ids = [job["job_id"] or uuid4().hex for job in jobs]
    rows: dict[str, dict[str, Any]] = {}
    for job_id, job in zip(ids, jobs, strict=True):
        row = _row(job_id, job, kinds[job["name"]], now)
        _refuse_other(job_id, rows.setdefault(job_id, row), row)
    new = await _insert(session, rows)
    first = {job_id: number for number, job_id in reversed(list(enumerate(ids)))}
    return [(job_id, job_id in new and first[job_id] == number) for number, job_id in enumerate(ids)]


async def _insert(session: AsyncSession, rows: Mapping[str, dict[str, Any]]) -> set[str]:
    """Insert those whose id is not there, and return their ids; raises EnqueueRefused for one that is another job's."""
    new: set[str] = set()
    missing = list(rows)
    for attempt in range(ATTEMPTS):
        there = await _there(session, missing, is_latest=attempt > 0)
        for job_id, row in there.items():
            _refuse_other(job_id, row, rows[job_id])
        missing = [job_id for job_id in missing if job_id not in there]
        for first in range(0, len(missing), PAGE):
            new |= await _insert_page(session, [rows[job_id] for job_id in missing[first : first + PAGE]])
        missing = [job_id for job_id in missing if job_id not in new]
        if not missing:
            return new
    raise EnqueueRefused("40001", f"job {missing[0]!r} was removed at this moment", "Try again.")


async def _there(session: AsyncSession, ids: Sequence[str], *, is_latest: bool) -> dict[str, Mapping[str, Any]]:
    """Return those of the jobs that are there; with `is_latest` also what an older snapshot does not show."""
    columns = (col(JobRow.id), col(JobRow.name), col(JobRow.arguments), col(JobRow.state))
    found: dict[str, Mapping[str, Any]] = {}
    for first in range(0, len(ids), PAGE):
        query = select(*columns).where(col(JobRow.id).in_(ids[first : first + PAGE]))
        if is_latest:
            query = query.with_for_update(read=True)
        found |= {row["id"]: row for row in (await session.execute(query)).mappings()}
    return found


async def _insert_page(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert what nobody has inserted meanwhile, and return the ids; on MySQL all, or none where one was."""
    if dialect_of(session) is Dialect.SQLITE:
        # No savepoint: on an engine of a host application's own, the driver would commit with it.
        kept = sqlite.insert(JobRow).values(list(rows)).on_conflict_do_nothing().returning(col(JobRow.id))
        return set((await session.execute(kept)).scalars())
    try:
        async with session.begin_nested():
            await session.execute(insert(JobRow).values(list(rows)))
    except IntegrityError:
        return set()
    return {row["id"] for row in rows}


def _row(job_id: str, job: Job, attempts: int, now: datetime) -> dict[str, Any]:
    asked = {name: job[name] for name in ("name", "arguments", "actor", "request_id", "reason")}
    return {
        "id": job_id,
        **asked,
        "queue": job["queue"] or DEFAULT_QUEUE,
        "run_at": job["run_at"] or now,
        "enqueued_at": now,
        "max_attempts": job["max_attempts"] or attempts,
    }


def _refuse_other(job_id: str, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    hint = "One id is one job: take another id."
    shown = f"job {job_id!r}"
    if there.get("state") == JobState.DROPPED:
        raise EnqueueRefused(TAKEN, f"{shown} was there, and was dropped by an operator", hint)
    if there["name"] != wanted["name"] or not is_same(there["arguments"], wanted["arguments"]):
        raise EnqueueRefused(TAKEN, f"{shown} is there already with another name or other arguments", hint)


def _aware(time: datetime | str | None) -> datetime | None:
    parsed = datetime.fromisoformat(time) if isinstance(time, str) else time
    return None if parsed is None else parsed.astimezone(UTC)
