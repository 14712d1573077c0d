"""Written and audited are counted against each other: a difference rolls back."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from domain.commands import BulkInsert, Command, OnConflict, Purge, Restore, SoftDelete, Update
from domain.errors import AuditMismatch
from domain.project import Project
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from persistence.update import update_rows
from tests.broken_rows import before_each_row
from tests.ledger import assert_balanced
from tests.worlds import apply, begin, images, plant, trail

DROP_SECOND = "IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW;"
"""Loses every second audit row without an error, as a careless trigger or rule does."""

COMMANDS: list[Command] = [
    BulkInsert(entity="member", rows=[{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]),
    BulkInsert(
        entity="task",
        rows=[{"key": f"t{n}", "title": "x", "project_id": 1} for n in range(2)],
        on_conflict=OnConflict.UPDATE,
    ),
    Update(entity="task", id=[1, 2], changes={"title": "x"}),
    SoftDelete(entity="task", id=[1, 2]),
    Restore(job_id="gone"),
    Purge(retention_days=1e-9),
]


async def insert(tx: Transaction) -> None:
    """Insert two objects."""
    tx.session.add_all(Project(key=key, name=key) for key in ("x", "y"))


async def change(tx: Transaction) -> None:
    """Change two objects."""
    for task in [await tx.session.get_one(Task, row_id) for row_id in (1, 2)]:
        task.title = "x"


async def remove(tx: Transaction) -> None:
    """Delete two objects."""
    for task in [await tx.session.get_one(Task, row_id) for row_id in (1, 2)]:
        await tx.session.delete(task)


async def plant_all(sessions: Sessions) -> dict[str, dict[int, dict[str, object]]]:
    """Insert four tasks, two of which the job `gone` deletes; return the tables."""
    await plant(sessions, tasks=4)
    await apply(sessions, SoftDelete(entity="task", id=[3, 4]), "gone")
    return {table: await images(sessions, table) for table in ("project", "member", "task")}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
async def test_a_statement_that_loses_audit_rows_is_rolled_back(database: Database, command: Command) -> None:
    """Every kind of command counts; neither the rows nor the audit rows that were written stay."""
    sessions = database.sessions
    before = await plant_all(sessions)
    await before_each_row(database, "INSERT", "audit_log", DROP_SECOND)
    with pytest.raises(AuditMismatch, match="2 rows written but 1 audited, rolled back; look for a trigger or rule"):
        await apply(sessions, command, "job")
    assert {table: await images(sessions, table) for table in before} == before
    assert await trail(sessions, job_id="job") == []
    await assert_balanced(sessions)


@pytest.mark.parametrize("write", [insert, change, remove])
async def test_a_flush_that_loses_audit_rows_is_rolled_back(
    database: Database, write: Callable[[Transaction], Awaitable[None]]
) -> None:
    """The same holds for objects."""
    sessions = database.sessions
    before = await plant_all(sessions)
    await before_each_row(database, "INSERT", "audit_log", DROP_SECOND)
    with pytest.raises(AuditMismatch, match="2 rows written but 1 audited"):
        async with begin(sessions, "job") as tx:
            await write(tx)
    assert {table: await images(sessions, table) for table in before} == before
    assert await trail(sessions, job_id="job") == []


async def test_a_trigger_that_keeps_a_row_from_changing_is_no_mismatch(database: Database) -> None:
    """What a trigger on the table holds back was not written: it is not audited, and counted as skipped."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    await before_each_row(database, "UPDATE", "task", "IF OLD.id = 1 THEN RETURN NULL; END IF; RETURN NEW;")
    result = await apply(sessions, Update(entity="task", id=[1, 2], changes={"title": "x"}))
    assert (result.updated, result.skipped) == (1, 1)
    await assert_balanced(sessions)


async def test_a_trigger_that_alters_a_row_is_told_by_the_audit_row(database: Database) -> None:
    """The audit row holds what was written, not what was asked for."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await before_each_row(database, "INSERT OR UPDATE", "task", "NEW.title := upper(NEW.title); RETURN NEW;")
    await apply(sessions, Update(entity="task", id=[1], changes={"title": "new"}))
    async with begin(sessions) as tx:
        (await tx.session.get_one(Task, 1)).title = "newer"
        tx.session.add(Task(key="t1", title="own", project_id=1))
    assert [row["title"] for row in (await images(sessions, "task")).values()] == ["NEWER", "OWN"]
    await assert_balanced(sessions)


IGNORE = "CREATE TRIGGER careless BEFORE INSERT ON audit_log BEGIN SELECT RAISE(IGNORE); END"


@pytest.mark.on_every_engine(without=("postgresql", "mariadb"), reason="SQLite's own way to lose a row")
@pytest.mark.parametrize("by_flush", [True, False])
async def test_sqlite_counts_too(database: Database, by_flush: bool) -> None:  # noqa: FBT001 - drawn
    """Where audit rows are written by a statement of their own, they are counted all the same."""
    await plant(database.sessions, tasks=2)
    before = await images(database.sessions, "task")
    async with database.engine.begin() as connection:
        await connection.execute(text(IGNORE))
    with pytest.raises(AuditMismatch):  # noqa: PT012 - the whole block is tested
        async with begin(database.sessions) as tx:
            if by_flush:
                await change(tx)
            else:
                await update_rows(tx, tx.entities["task"], Update(entity="task", id=[1], changes={"title": "x"}))
    assert await images(database.sessions, "task") == before
