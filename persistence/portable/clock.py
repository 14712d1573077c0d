"""The database's clock, where times are compared as values."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.moments import now
from persistence.dialects import Dialect, dialect_of


async def present(session: AsyncSession) -> datetime:
    """Return the present time, aware and in UTC, by the clock that all workers share.

    SQLite has none of its own: it runs in each process, on one machine.
    """
    if dialect_of(session) is Dialect.SQLITE:
        return datetime.now(UTC)
    return (await session.execute(select(now()))).scalar_one()
