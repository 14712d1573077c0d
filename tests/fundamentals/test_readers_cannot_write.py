"""Readers cannot write: their type has no way to, and PostgreSQL refuses it."""

from typing import cast

import pytest
from sqlalchemy import QueuePool, func, text
from sqlmodel import select

from domain.errors import ReadOnly
from domain.task import Task
from persistence.database import Database
from persistence.dialects import Dialect, dialect_of
from persistence.reader import Reader, reader
from persistence.sessions import Sessions
from tests.worlds import begin, images, plant

pytestmark = pytest.mark.on_every_engine


async def test_a_reader_reads(sessions: Sessions) -> None:
    """It gives objects by id, columns, and rows."""
    await plant(sessions, tasks=2)
    async with reader(sessions) as read:
        task = await read.get(Task, 1)
        assert task is not None
        assert task.title == "Task 0"
        assert await read.get(Task, 99) is None
        assert await read.scalars(select(Task.key).order_by(Task.key)) == ["t0", "t1"]
        assert [tuple(row) for row in await read.rows(select(func.count()).select_from(Task))] == [(2,)]


def test_a_reader_has_no_method_that_writes() -> None:
    """What it can do is this, and nothing else."""
    methods = {"get", "scalars", "rows", "stream"}
    assert {name for name in dir(Reader) if not name.startswith("_")} == methods | {"entities", "dialect", "cursor_key"}


WRITES: dict[Dialect, list[str]] = {
    Dialect.POSTGRESQL: [
        "UPDATE task SET title = 'x' RETURNING id",
        "WITH gone AS (DELETE FROM task RETURNING id) SELECT id FROM gone",
        "SELECT nextval('task_id_seq')",
        "SELECT id FROM task FOR UPDATE",
        "CREATE TABLE mine (id int)",
    ],
    Dialect.SQLITE: ["UPDATE task SET title = 'x' RETURNING id", "CREATE TABLE mine (id int)"],
    Dialect.MYSQL: ["DELETE FROM task RETURNING id", "INSERT INTO schedule SELECT * FROM schedule"],
}


async def test_a_statement_that_writes_is_refused(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """Whatever a query hides, a read-only transaction does not write it."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    for sentence in WRITES[dialect_of(sessions())]:
        with subtests.test(sentence):
            with pytest.raises(ReadOnly, match="a reader cannot write; open `transaction"):
                async with reader(sessions) as read:
                    await read.rows(text(sentence))  # type: ignore[arg-type]
            with pytest.raises(ReadOnly):
                async with reader(sessions) as read:
                    await anext(read.stream(text(sentence), 10))  # type: ignore[arg-type]
            assert await images(sessions, "task") == before


async def test_a_changed_object_is_not_flushed(sessions: Sessions) -> None:
    """An object that a reader gave stays the caller's own: its change is refused at the next query, or forgotten."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    with pytest.raises(ReadOnly):  # noqa: PT012 - the whole block is tested
        async with reader(sessions) as read:
            task = await read.get(Task, 1)
            assert task is not None
            task.title = "changed"
            await read.scalars(select(Task.key))
    async with reader(sessions) as read:
        task = await read.get(Task, 1)
        assert task is not None
        task.title = "changed"
    assert await images(sessions, "task") == before


async def test_a_writer_may_follow_on_the_same_connection(database: Database) -> None:
    """Read-only is the transaction, not the connection that the pool hands on."""
    sessions, pool = database.sessions, cast("QueuePool", database.engine.pool)
    await plant(sessions, tasks=1)
    async with reader(sessions) as read:
        await read.get(Task, 1)
    assert pool.checkedin() == 1
    async with begin(sessions) as tx:
        (await tx.session.get_one(Task, 1)).title = "written"
    assert pool.checkedin() == 1
    assert (await images(sessions, "task"))[1]["title"] == "written"
