"""Two transactions at the same rows: whichever comes first, the outcome is one that some order gives."""

import asyncio

import pytest
from sqlalchemy import text

from domain.commands import BulkInsert, OnConflict, Restore, Row, SoftDelete, Update
from domain.errors import CannotRestore, InUse, MissingReference, NotFound, StaleVersion
from persistence.insert import insert_rows
from persistence.restore import restore_rows
from persistence.soft_delete import soft_delete_rows
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.waiting import eventually
from tests.worlds import apply, begin, live, plant, trail
from worker.composition import Database

WAITING = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
BY_KEY: Row = {"key": "new", "title": "New", "project.key": "alpha"}
BY_ID: Row = {"key": "new", "title": "New", "project_id": 1}
SUBTASK: Row = {"key": "new", "title": "New", "project.key": "beta", "parent.key": "t0"}
CASCADE = SoftDelete(entity="project", key=["alpha"], cascade=True)


async def one_waits(database: Database) -> None:
    """Return as soon as a transaction waits for a lock of another."""

    async def waiting() -> bool:
        async with database.engine.connect() as connection:
            return (await connection.execute(WAITING)).first() is not None

    await eventually(waiting, "a transaction waits for a lock")


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


def upsert(title: str) -> BulkInsert:
    """Return the upsert of the task `new`."""
    return BulkInsert(entity="task", rows=[BY_KEY | {"title": title}], on_conflict=OnConflict.UPDATE)


async def test_two_upserts_of_a_new_key_leave_one_row(database: Database) -> None:
    """The second waits for the first, and updates what that one inserted."""
    sessions = database.sessions
    await plant(sessions, tasks=0)
    async with begin(sessions) as tx:
        first = await insert_rows(tx, tx.entities["task"], upsert("First").rows, OnConflict.UPDATE)
        late = asyncio.create_task(apply(sessions, upsert("Second")))
        await one_waits(database)
    second = await late
    assert [(result.inserted, result.updated) for result in (first, second)] == [(1, 0), (0, 1)]
    assert {row["title"] for row in (await live(sessions)).values()} == {"Second"}
    await assert_balanced(sessions)


async def test_an_upsert_inserts_where_the_first_one_gave_up(database: Database) -> None:
    """What was rolled back was never there."""
    sessions = database.sessions
    await plant(sessions, tasks=0)
    with pytest.raises(NotFound):  # noqa: PT012 - the first of the two is a block
        async with begin(sessions) as tx:
            await insert_rows(tx, tx.entities["task"], upsert("First").rows, OnConflict.UPDATE)
            late = asyncio.create_task(apply(sessions, upsert("Second")))
            await one_waits(database)
            await update_rows(tx, tx.entities["task"], Update(entity="task", key=["none"], changes={"title": "x"}))
    assert (await late).inserted == 1
    assert {row["title"] for row in (await live(sessions)).values()} == {"Second"}
    await assert_balanced(sessions)


async def test_two_updates_that_expect_the_same_version_do_not_both_win(database: Database) -> None:
    """The second waits, and finds the version that the first made."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    first, second = (
        Update(entity="task", key=["t0"], changes={"title": title}, expected_version=1) for title in ("First", "Second")
    )
    async with begin(sessions) as tx:
        await update_rows(tx, tx.entities["task"], first)
        late = asyncio.create_task(apply(sessions, second))
        await one_waits(database)
    with pytest.raises(StaleVersion):
        await late
    assert (await live(sessions))["t0"]["title"] == "First"
    await assert_balanced(sessions)


async def test_a_cancelled_job_leaves_nothing_and_holds_nothing(database: Database) -> None:
    """Cancelled while its statement waits, it is rolled back, and the rows that it had locked are free again."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    async with begin(sessions) as tx:
        await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t1"], changes={"title": "Held"}))
        late = asyncio.create_task(apply(sessions, Update(entity="task", id=[1, 2], changes={"title": "Late"}), "late"))
        await one_waits(database)
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        await update_rows(tx, tx.entities["task"], Update(entity="task", key=["t0"], changes={"title": "Free"}))
    assert {key: row["title"] for key, row in (await live(sessions)).items()} == {"t0": "Free", "t1": "Held"}
    assert await trail(sessions, job_id="late") == []
