"""What a peer's job does: nothing, the update as tutorials write it, or the same update in one statement."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from benchmarks.peers.tutorial import update_by_orm
from benchmarks.rows import row_of, title_of

Apply = Callable[[int], Awaitable[None]]

_SET_BASED = Path(__file__).with_name("set_based.sql").read_text(encoding="utf-8")


@asynccontextmanager
async def open_body(body: str, database_url: str, slots: int) -> AsyncIterator[Apply]:
    """Yield the body of this name (noop, orm, set), with a pool that has a connection for every slot."""
    url = database_url.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, pool_size=slots, max_overflow=10)
    try:
        yield {"noop": _noop, "orm": _by_orm(engine), "set": _by_statement(engine)}[body]
    finally:
        await engine.dispose()


async def _noop(_: int) -> None:
    """Do nothing: what is left is the queue."""


def _by_orm(engine: AsyncEngine) -> Apply:
    async def apply(number: int) -> None:
        await update_by_orm(engine, row_of(number), title_of(number), str(number))

    return apply


def _by_statement(engine: AsyncEngine) -> Apply:
    statement = text(_SET_BASED)

    async def apply(number: int) -> None:
        values = {"row_id": row_of(number), "title": title_of(number), "job_id": str(number)}
        async with AsyncSession(engine) as session, session.begin():
            await session.execute(statement, values)

    return apply
