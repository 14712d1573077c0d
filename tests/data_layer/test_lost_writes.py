"""Writes that would be lost, or half done, without a word: each of these is an error."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import literal_column, select, table, text

from domain.errors import Duplicate, ScopeEnded
from domain.project import Project
from persistence.reader import Reader, reader
from persistence.retry import retried
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.services import PROJECTS, TASKS, make_project, make_tasks
from tests.worlds import begin

LATE: dict[str, Callable[[Transaction, Reader], Awaitable[Any]]] = {
    "create": lambda tx, _: PROJECTS.create(tx, {"key": "late", "name": "Late"}),
    "execute": lambda tx, _: tx.session.execute(text("SELECT 1")),
    "count": lambda _, read: PROJECTS.count(read),
    "get": lambda _, read: PROJECTS.get(read, 10**9),
}


@pytest.mark.on_every_engine
async def test_a_scope_is_not_used_after_its_block(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """SQLAlchemy would begin another transaction, which nobody commits, and keep its connection."""
    async with begin(sessions) as tx, reader(sessions) as read:
        assert await PROJECTS.count(read) == 0
    for way, use in LATE.items():
        with subtests.test(way), pytest.raises(ScopeEnded, match="open another one"):
            await use(tx, read)
    with pytest.raises(ScopeEnded):
        tx.session.add(Project(key="late", name="Late"))


@pytest.mark.on_every_engine
async def test_a_savepoint_mends_what_failed_within_it_alone(sessions: Sessions) -> None:
    """Half of a write stays half, although another savepoint is rolled back later."""
    project = await make_project(sessions)
    rows = [{"key": f"k{n}", "title": "T", "project_id": project} for n in (*range(501), 0)]
    with pytest.raises(Duplicate):  # noqa: PT012 - it comes at the end of the scope
        async with begin(sessions) as tx:
            with pytest.raises(Duplicate):
                await TASKS.create_many(tx, rows)
            with pytest.raises(RuntimeError):
                async with tx.session.begin_nested():
                    raise RuntimeError
    async with begin(sessions) as tx:
        with pytest.raises(RuntimeError):  # noqa: PT012 - the outer savepoint mends what its inner one has lost
            async with tx.session.begin_nested():
                async with tx.session.begin_nested():
                    with pytest.raises(Duplicate):
                        await TASKS.create_many(tx, rows)
                raise RuntimeError
        await TASKS.create(tx, rows[0])
    async with reader(sessions) as read:
        assert await TASKS.count(read) == 1


async def test_an_error_of_a_cursor_is_not_forgotten(sessions: Sessions) -> None:
    """PostgreSQL rolls the transaction back at its commit, and SQLAlchemy hears of neither."""
    ids = await make_tasks(sessions, await make_project(sessions), 20)
    tenth = select(1 / (literal_column("id") - ids[10])).select_from(table("task"))

    async def swallow() -> None:
        async with begin(sessions) as tx:
            await TASKS.update(tx, ids[0], {"title": "lost"})
            with pytest.raises(Exception, match="division by zero"):
                async for _ in tx.reader.stream(tenth, 5):
                    pass

    with pytest.raises(Exception, match="transaction is aborted"):
        await swallow()


@pytest.mark.on_every_engine(without=("sqlite",), reason="one transaction writes at a time")
async def test_a_deadlock_within_a_savepoint_is_told_as_one(sessions: Sessions) -> None:
    """MySQL has ended all of the transaction then, its savepoint too; both succeed when the victim is run again."""
    ids = await make_tasks(sessions, await make_project(sessions), 2)
    met = asyncio.Barrier(2)

    def cross(first: int, second: int) -> Callable[[], Awaitable[None]]:
        attempts = count()

        async def write() -> None:
            async with begin(sessions) as tx:
                await TASKS.update(tx, first, {"title": f"from {first}"})
                if next(attempts) == 0:
                    await met.wait()
                async with tx.session.begin_nested():
                    await TASKS.update(tx, second, {"title": f"from {first}"})

        return write

    await asyncio.gather(*(asyncio.create_task(retry(one)) for one in (cross(*ids), cross(*reversed(ids)))))
    async with reader(sessions) as read:
        assert len({task.title for task in await TASKS.find(read)}) == 1


async def retry(function: Callable[[], Awaitable[None]]) -> None:
    """Run it again where it met another transaction."""
    await retried(function)
