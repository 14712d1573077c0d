"""SQLAlchemy alone, as its documentation has it, whatever the models are; the audit row is added by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.layers.work import DEEP, LOADED, PAGE, PROJECT, Operation, row_of

NAMES = ("get", "find", "load", "naive", "create", "update", "offset")


@dataclass(frozen=True)
class Models:
    """Mapped classes of the same tables."""

    task: Any
    project: Any
    member: Any
    audit: Any


class ByHand:
    """The pieces of work, each in a session and a transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], models: Models, begin: int) -> None:
        """Take the factory, the models, and the number of the first task to create."""
        self._sessions, self._models, self._created = sessions, models, begin
        self._task = models.task

    async def get(self, number: int) -> int:
        """Read one task by id."""
        async with self._sessions() as session, session.begin():
            found = await session.scalar(
                select(self._task).where(self._task.id == row_of(number), self._task.deleted_at.is_(None))
            )
            return int(found is not None)

    async def find(self, number: int) -> int:
        """Read the newest tasks of a project that are pending or doing."""
        query = (
            self._live()
            .where(self._task.project_id == 2 + number % 100, self._task.status.in_(["pending", "doing"]))
            .order_by(self._task.created_at.desc(), self._task.id.desc())
            .limit(PAGE)
        )
        async with self._sessions() as session, session.begin():
            return len((await session.scalars(query)).all())

    async def load(self, _number: int) -> int:
        """Read tasks with their project, assignee and subtasks."""
        options = joinedload(self._task.project), joinedload(self._task.assignee), selectinload(self._task.subtasks)
        async with self._sessions() as session, session.begin():
            tasks = (await session.scalars(self._live().order_by(self._task.id).limit(LOADED).options(*options))).all()
            return sum(
                1 + (task.project is not None) + (task.assignee is not None) + len(task.subtasks) for task in tasks
            )

    async def naive(self, _number: int) -> int:
        """Read the same one by one, as a loop over lazy relations would."""
        rows, project, member = 0, self._models.project, self._models.member
        async with self._sessions() as session, session.begin():
            for task in (await session.scalars(self._live().order_by(self._task.id).limit(LOADED))).all():
                rows += 1
                for model, row_id in ((project, task.project_id), (member, task.assignee_id)):
                    rows += await session.scalar(select(model).where(model.id == row_id)) is not None
                rows += len((await session.scalars(self._live().where(self._task.parent_id == task.id))).all())
        return rows

    async def create(self, _number: int) -> int:
        """Create a task, with its audit row, in a project that nobody deletes meanwhile."""
        self._created += 1
        project = self._models.project
        alive = select(project.id).where(project.id == PROJECT, project.deleted_at.is_(None)).with_for_update(read=True)
        async with self._sessions() as session, session.begin():
            (await session.execute(alive)).one()
            task = self._task(key=f"created-{self._created}", title="a new task", tags=[], project_id=PROJECT)
            session.add(task)
            await session.flush()
            session.add(self._audited(task, "insert", None, image(task)))
        return 1

    async def update(self, number: int) -> int:
        """Change a task's title under a lock, with its audit row."""
        self._created += 1
        async with self._sessions() as session, session.begin():
            task = (await session.scalars(self._live().where(self._task.id == row_of(number)).with_for_update())).one()
            before = image(task, "title", "version", "updated_at")
            task.title = f"changed by {self._created}"
            task.version, task.updated_at = task.version + 1, datetime.now(UTC)
            await session.flush()
            session.add(self._audited(task, "update", before, image(task, "title", "version", "updated_at")))
        return 1

    async def offset(self, _number: int) -> int:
        """Read a page deep in the list, by OFFSET."""
        query = self._live().order_by(self._task.created_at.desc(), self._task.id.desc()).offset(DEEP).limit(PAGE)
        async with self._sessions() as session, session.begin():
            return len((await session.scalars(query)).all())

    def _live(self) -> Select[Any]:
        return select(self._task).where(self._task.deleted_at.is_(None))

    def _audited(self, task: Any, action: str, before: dict[str, Any] | None, after: dict[str, Any]) -> Any:  # noqa: ANN401 - of any model
        row_id = str(task.id)
        return self._models.audit(
            actor="bench", entity="task", entity_id=row_id, action=action, before=before, after=after
        )


@asynccontextmanager
async def by_hand(url: str, begin: int, models: Models) -> AsyncIterator[Mapping[str, Operation]]:
    """Open the database, and yield the work by name."""
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    work = ByHand(async_sessionmaker(engine, expire_on_commit=False), models, begin)
    yield {name: getattr(work, name) for name in NAMES}
    await engine.dispose()


def image(task: Any, *names: str) -> dict[str, Any]:  # noqa: ANN401 - of any model
    """Return these columns of a task, by default all, as JSON."""
    columns = names or tuple(column.key for column in task.__table__.columns)
    values = {name: getattr(task, name) for name in columns}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
