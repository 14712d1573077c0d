"""Waiting for rows that others have locked, where a statement cannot be told for how long."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from persistence.job_table import JobRow

LOOK_SECONDS = 0.05


async def wait_for_rows(session: AsyncSession, ids: Sequence[str], seconds: float) -> None:
    """Return when all of the jobs that are there are locked by this session, at the latest after so many seconds.

    On SQLite they are from the beginning of the transaction.
    """
    query = select(col(JobRow.id)).where(col(JobRow.id).in_(ids))
    end = monotonic() + seconds
    while True:
        locked = (await session.execute(query.with_for_update(skip_locked=True))).scalars().all()
        there = (await session.execute(query)).scalars().all()
        if len(locked) == len(there) or monotonic() >= end:
            return
        await asyncio.sleep(LOOK_SECONDS)
