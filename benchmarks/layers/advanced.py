"""Advanced Alchemy's repository service, as its documentation has it; it keeps no audit log, so it writes none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.layers.tables import Task
from benchmarks.layers.work import DEEP, LOADED, PAGE, PROJECT, Operation, row_of

_NEWEST = OrderBy("created_at", "desc"), OrderBy("id", "desc")
_LOADED = [joinedload(Task.project), joinedload(Task.assignee), selectinload(Task.subtasks)]


class _Repository(SQLAlchemyAsyncRepository[Task]):  # type: ignore[misc,unused-ignore]
    model_type = Task


class _Tasks(SQLAlchemyAsyncRepositoryService[Task, _Repository]):  # type: ignore[misc,unused-ignore]
    repository_type = _Repository


class Advanced:
    """The pieces of work, each in a session of its own."""

    def __init__(self, sessions: Any, begin: int) -> None:  # noqa: ANN401 - of an environment that types do not reach
        """Take the factory, and the number of the first task to create."""
        self._sessions, self._created = sessions, begin

    async def get(self, number: int) -> int:
        """Read one task by id."""
        async with self._sessions() as session:
            return int(await _Tasks(session=session).get(row_of(number)) is not None)

    async def find(self, number: int) -> int:
        """Read the newest tasks of a project that are pending or doing."""
        of_project, open_ = Task.project_id == 2 + number % 100, Task.status.in_(["pending", "doing"])
        live = Task.deleted_at.is_(None)
        async with self._sessions() as session:
            return len(await _Tasks(session=session).list(of_project, open_, live, *_NEWEST, LimitOffset(PAGE, 0)))

    async def load(self, _number: int) -> int:
        """Read tasks with their project, assignee and subtasks."""
        by_id, live = OrderBy("id", "asc"), Task.deleted_at.is_(None)
        async with self._sessions() as session:
            tasks = await _Tasks(session=session).list(live, by_id, LimitOffset(LOADED, 0), load=_LOADED)
            return sum(
                1 + (task.project is not None) + (task.assignee is not None) + len(task.subtasks) for task in tasks
            )

    async def create(self, _number: int) -> int:
        """Create a task."""
        self._created += 1
        new = {"key": f"created-{self._created}", "title": "a new task", "tags": [], "project_id": PROJECT}
        async with self._sessions() as session:
            await _Tasks(session=session).create(new, auto_commit=True)
        return 1

    async def update(self, number: int) -> int:
        """Change a task's title."""
        self._created += 1
        async with self._sessions() as session:
            changes = {"title": f"changed by {self._created}"}
            await _Tasks(session=session).update(changes, item_id=row_of(number), auto_commit=True)
        return 1

    async def offset(self, _number: int) -> int:
        """Read a page deep in the list, by OFFSET."""
        async with self._sessions() as session:
            live = Task.deleted_at.is_(None)
            return len(await _Tasks(session=session).list(live, *_NEWEST, LimitOffset(PAGE, DEEP)))


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    work = Advanced(async_sessionmaker(engine, expire_on_commit=False), begin)
    yield {name: getattr(work, name) for name in ("get", "find", "load", "create", "update", "offset")}
    await engine.dispose()
