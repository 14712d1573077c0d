"""Whichever of two transactions comes first, no live row has a deleted owner."""

import asyncio

import pytest

from domain.commands import BulkInsert, Restore, Row, SoftDelete, Update
from domain.errors import CannotRestore, InUse, MissingReference
from persistence.database import Database
from persistence.insert import insert_rows
from persistence.restore import restore_rows
from persistence.soft_delete import soft_delete_rows
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.locks import one_waits
from tests.worlds import apply, begin, live, plant

BY_KEY: Row = {"key": "new", "title": "New", "project.key": "alpha"}
BY_ID: Row = {"key": "new", "title": "New", "project_id": 1}
SUBTASK: Row = {"key": "new", "title": "New", "project.key": "beta", "parent.key": "t0"}
CASCADE = SoftDelete(entity="project", key=["alpha"], cascade=True)


@pytest.mark.parametrize("row", [BY_KEY, BY_ID], ids=["by key", "by id"])
async def test_an_insert_into_a_project_that_is_being_deleted_is_refused(database: Database, row: Row) -> None:
    """It waits for the deletion to commit, and then finds no live project."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        await soft_delete_rows(tx, tx.entities["project"], CASCADE)
        late = asyncio.create_task(apply(sessions, BulkInsert(entity="task", rows=[row])))
        await one_waits(database)
    with pytest.raises(MissingReference):
        await late
    assert await live(sessions) == {}
    await assert_balanced(sessions)


@pytest.mark.parametrize("row", [BY_KEY, BY_ID, SUBTASK], ids=["by key", "by id", "second level"])
async def test_a_deletion_takes_along_what_is_being_inserted(database: Database, row: Row) -> None:
    """It waits for the insert to commit, and then cascades to the new task as well."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await plant(sessions, tasks=0, project="beta")
    async with begin(sessions) as tx:
        await insert_rows(tx, tx.entities["task"], [row])
        late = asyncio.create_task(apply(sessions, CASCADE))
        await one_waits(database)
    assert (await late).deleted == 3
    assert await live(sessions) == {}
    await assert_balanced(sessions)


async def test_a_deletion_alone_sees_what_is_being_moved_in(database: Database) -> None:
    """Without cascade the project is refused as soon as the task that moves into it has arrived."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await plant(sessions, tasks=0, project="beta")
    async with begin(sessions) as tx:
        move = Update(entity="task", key=["t0"], changes={"project.key": "beta"})
        await update_rows(tx, tx.entities["task"], move)
        late = asyncio.create_task(apply(sessions, SoftDelete(entity="project", key=["beta"])))
        await one_waits(database)
    with pytest.raises(InUse):
        await late
    assert set(await live(sessions, "project")) == {"alpha", "beta"}


async def test_a_subtask_of_a_task_that_is_being_deleted_is_refused(database: Database) -> None:
    """The second level of a cascade is held as firmly as the first, also against a task of another project."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await plant(sessions, tasks=0, project="beta")
    async with begin(sessions) as tx:
        await soft_delete_rows(tx, tx.entities["project"], CASCADE)
        late = asyncio.create_task(apply(sessions, BulkInsert(entity="task", rows=[SUBTASK])))
        await one_waits(database)
    with pytest.raises(MissingReference):
        await late
    assert await live(sessions) == {}


async def test_a_task_is_not_restored_into_a_project_that_is_being_deleted(database: Database) -> None:
    """The restore waits for the deletion of the owner, and is refused then."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    async with begin(sessions) as tx:
        await soft_delete_rows(tx, tx.entities["project"], SoftDelete(entity="project", key=["alpha"]))
        late = asyncio.create_task(apply(sessions, Restore(entity="task", id=[1])))
        await one_waits(database)
    with pytest.raises(CannotRestore):
        await late
    assert await live(sessions) == {}


async def test_a_project_is_not_deleted_while_its_task_is_being_restored(database: Database) -> None:
    """The other order: the deletion waits for the restore, and is refused then."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    async with begin(sessions) as tx:
        await restore_rows(tx, Restore(entity="task", id=[1]))
        late = asyncio.create_task(apply(sessions, SoftDelete(entity="project", key=["alpha"])))
        await one_waits(database)
    with pytest.raises(InUse):
        await late
    assert set(await live(sessions)) == {"t0"}
