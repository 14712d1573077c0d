"""SQLAlchemy alone, as its documentation has it, with the audit row written by hand in the same transaction."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.layers.tables import AuditLog, Member, Project, Task, image
from benchmarks.layers.work import DEEP, LOADED, PAGE, Operation, row_of


class Bare:
    """The pieces of work, each in a session and a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], begin: int) -> None:
        """Take the factory, and the number of the first task to create."""
        self._sessions, self._created = sessions, begin

    async def get(self, number: int) -> int:
        """Read one task by id."""
        async with self._sessions() as session, session.begin():
            found = await session.scalar(select(Task).where(Task.id == row_of(number), Task.deleted_at.is_(None)))
            return int(found is not None)

    async def find(self, number: int) -> int:
        """Read the newest tasks of a project that are pending or doing."""
        query = (
            _live()
            .where(Task.project_id == 2 + number % 100, Task.status.in_(["pending", "doing"]))
            .order_by(Task.created_at.desc(), Task.id.desc())
            .limit(PAGE)
        )
        async with self._sessions() as session, session.begin():
            return len((await session.scalars(query)).all())

    async def load(self, _number: int) -> int:
        """Read tasks with their project, assignee and subtasks."""
        options = joinedload(Task.project), joinedload(Task.assignee), selectinload(Task.subtasks)
        async with self._sessions() as session, session.begin():
            tasks = (await session.scalars(_live().order_by(Task.id).limit(LOADED).options(*options))).all()
            return sum(
                1 + (task.project is not None) + (task.assignee is not None) + len(task.subtasks) for task in tasks
            )

    async def naive(self, _number: int) -> int:
        """Read the same one by one, as a loop over lazy relations would."""
        rows = 0
        async with self._sessions() as session, session.begin():
            for task in (await session.scalars(_live().order_by(Task.id).limit(LOADED))).all():
                rows += 1
                rows += await session.scalar(select(Project).where(Project.id == task.project_id)) is not None
                rows += await session.scalar(select(Member).where(Member.id == task.assignee_id)) is not None
                rows += len((await session.scalars(_live().where(Task.parent_id == task.id))).all())
        return rows

    async def create(self, _number: int) -> int:
        """Create a task, with its audit row."""
        self._created += 1
        async with self._sessions() as session, session.begin():
            task = Task(key=f"created-{self._created}", title="a new task", tags=[], project_id=2)
            session.add(task)
            await session.flush()
            session.add(_audited(task, "insert", None, image(task)))
        return 1

    async def update(self, number: int) -> int:
        """Change a task's title under a lock, with its audit row."""
        self._created += 1
        async with self._sessions() as session, session.begin():
            task = (await session.scalars(_live().where(Task.id == row_of(number)).with_for_update())).one()
            before = image(task, "title", "version", "updated_at")
            task.title = f"changed by {self._created}"
            task.version += 1
            await session.flush()
            session.add(_audited(task, "update", before, image(task, "title", "version", "updated_at")))
        return 1

    async def offset(self, _number: int) -> int:
        """Read a page deep in the list, by OFFSET."""
        query = _live().order_by(Task.created_at.desc(), Task.id.desc()).offset(DEEP).limit(PAGE)
        async with self._sessions() as session, session.begin():
            return len((await session.scalars(query)).all())


@asynccontextmanager
async def layer(url: str, begin: int) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    work = Bare(async_sessionmaker(engine, expire_on_commit=False), begin)
    names = ("get", "find", "load", "naive", "create", "update", "offset")
    yield {name: getattr(work, name) for name in names}
    await engine.dispose()


def _live() -> Select[Task]:
    return select(Task).where(Task.deleted_at.is_(None))


def _audited(task: Task, action: str, before: dict[str, object] | None, after: dict[str, object]) -> AuditLog:
    return AuditLog(actor="bench", entity="task", entity_id=str(task.id), action=action, before=before, after=after)
