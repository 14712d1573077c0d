"""FastCRUD, as its documentation has it; it keeps no audit log, so its writes write none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastcrud import FastCRUD
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from benchmarks.layers.tables import Task
from benchmarks.layers.work import DEEP, PAGE, PROJECT, Operation, row_of


class _New(BaseModel):
    key: str
    title: str
    tags: list[str] = []
    project_id: int


class Crud:
    """The pieces of work, each in a session of its own."""

    def __init__(self, sessions: Any, begin: int) -> None:  # noqa: ANN401 - of an environment that types do not reach
        """Take the factory, and the number of the first task to create."""
        self._sessions, self._created = sessions, begin
        self._tasks: Any = FastCRUD(Task)

    async def get(self, number: int) -> int:
        """Read one task by id."""
        async with self._sessions() as session:
            return int(await self._tasks.get(session, id=row_of(number), deleted_at=None) is not None)

    async def find(self, number: int) -> int:
        """Read the newest tasks of a project that are pending or doing."""
        async with self._sessions() as session:
            found = await self._tasks.get_multi(
                session,
                limit=PAGE,
                sort_columns=["created_at", "id"],
                sort_orders=["desc", "desc"],
                return_total_count=False,
                project_id=2 + number % 100,
                status__in=["pending", "doing"],
                deleted_at=None,
            )
            return len(found["data"])

    async def create(self, _number: int) -> int:
        """Create a task."""
        self._created += 1
        new = _New(key=f"created-{self._created}", title="a new task", project_id=PROJECT)
        async with self._sessions() as session:
            await self._tasks.create(session, new)
        return 1

    async def update(self, number: int) -> int:
        """Change a task's title."""
        self._created += 1
        async with self._sessions() as session:
            await self._tasks.update(session, {"title": f"changed by {self._created}"}, id=row_of(number))
        return 1

    async def offset(self, _number: int) -> int:
        """Read a page deep in the list, by OFFSET."""
        async with self._sessions() as session:
            found = await self._tasks.get_multi(
                session,
                offset=DEEP,
                limit=PAGE,
                sort_columns=["created_at", "id"],
                sort_orders=["desc", "desc"],
                return_total_count=False,
                deleted_at=None,
            )
            return len(found["data"])


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    work = Crud(async_sessionmaker(engine, expire_on_commit=False), begin)
    yield {name: getattr(work, name) for name in ("get", "find", "create", "update", "offset")}
    await engine.dispose()
