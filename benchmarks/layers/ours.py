"""Counterfoil's services."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from benchmarks.layers.work import DEEP, LOADED, PAGE, PROJECT, STEP, Operation, row_of
from domain.origin import Origin
from domain.task import TaskCreate
from persistence.database import open_database
from persistence.reader import Reader, reader
from persistence.sessions import Sessions
from persistence.settings import DatabaseSettings, read_settings
from persistence.task_manager import TaskService
from persistence.transaction import transaction

_ORIGIN = Origin(actor="bench")
_NEWEST = ("-created_at", "-id")


class Ours:
    """The pieces of work, each in a reader or a transaction of its own."""

    def __init__(self, sessions: Sessions, begin: int) -> None:
        """Take the factory, and the number of the first task to create."""
        self._sessions, self._created = sessions, begin
        self._tasks = TaskService()
        self._deep: str | None = None

    async def get(self, number: int) -> int:
        """Read one task by id."""
        async with reader(self._sessions) as read:
            return int(await self._tasks.get(read, row_of(number)) is not None)

    async def find(self, number: int) -> int:
        """Read the newest tasks of a project that are pending or doing."""
        async with reader(self._sessions) as read:
            found = await self._tasks.find(
                read, sort=_NEWEST, limit=PAGE, project_id=2 + number % 100, status__in=["pending", "doing"]
            )
            return len(found)

    async def load(self, _number: int) -> int:
        """Read tasks with their project, assignee and subtasks."""
        load = ("project", "assignee", "subtasks")
        async with reader(self._sessions) as read:
            tasks = await self._tasks.find(read, sort=("id",), limit=LOADED, load=load)
            return sum(
                1 + (task.project is not None) + (task.assignee is not None) + len(task.subtasks) for task in tasks
            )

    async def create(self, _number: int) -> int:
        """Create a task, with its audit row."""
        self._created += 1
        new = TaskCreate(key=f"created-{self._created}", title="a new task", project_id=PROJECT)
        async with transaction(self._sessions, _ORIGIN) as tx:
            await self._tasks.create(tx, new)
        return 1

    async def update(self, number: int) -> int:
        """Change a task's title under a lock, with its audit row."""
        self._created += 1
        async with transaction(self._sessions, _ORIGIN) as tx:
            await self._tasks.update(tx, row_of(number), {"title": f"changed by {self._created}"})
        return 1

    async def offset(self, _number: int) -> int:
        """Read a page deep in the list, by OFFSET; `page_offset` counts all rows as well."""
        async with reader(self._sessions) as read:
            return len((await self._tasks.page_offset(read, sort=_NEWEST, limit=PAGE, offset=DEEP)).items)

    async def deep(self, _number: int) -> int:
        """Read the same page by its cursor."""
        async with reader(self._sessions) as read:
            page = await self._tasks.page(read, sort=_NEWEST, limit=PAGE, cursor=await self._cursor(read))
            return len(page.items)

    async def _cursor(self, read: Reader) -> str | None:
        """Return the cursor of the deep page; whoever has none yet walks there, before it counts."""
        rows = 0
        while self._deep is None or rows:
            page = await self._tasks.page(read, sort=_NEWEST, limit=STEP, cursor=self._deep)
            self._deep, rows = page.next, (rows + STEP) % DEEP
        return self._deep


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    settings = read_settings(DatabaseSettings, {"DATABASE_URL": url})
    async with open_database(settings) as database:
        work = Ours(database.sessions, begin)
        yield {name: getattr(work, name) for name in ("get", "find", "load", "create", "update", "offset", "deep")}
