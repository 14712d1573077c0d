"""A failed attempt kept in its job's row, by statements that every database knows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.job import JobState
from persistence.job_table import JobRow
from persistence.portable.clock import present


async def keep_attempt(
    session: AsyncSession, job_id: str, kept: Mapping[str, JsonValue], state: JobState, delay: float
) -> None:
    """Add a failed attempt to the locked job's row, and what becomes of it; `delay` is seconds until the next."""
    query = select(col(JobRow.errors), col(JobRow.attempt)).where(col(JobRow.id) == job_id)
    errors, attempt = (await session.execute(query)).one()
    now = await present(session)
    entry: dict[str, Any] = {"at": now.isoformat(), "attempt": attempt + 1, **kept}
    changed = {
        "attempt": attempt + 1,
        "errors": [*errors, entry],
        "state": state.value,
        "run_at": now + timedelta(seconds=delay),
        "dispatched_at": now,
        "finished_at": None if state is JobState.QUEUED else now,
    }
    await session.execute(update(JobRow).where(col(JobRow.id) == job_id).values(**changed))
