"""Two transactions at the same row: whichever comes first, the outcome is one that some order gives."""

import asyncio

import pytest

from domain.commands import BulkInsert, OnConflict, Update
from domain.errors import NotFound, StaleVersion
from persistence.database import Database
from persistence.insert import insert_rows
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.locks import one_waits
from tests.worlds import apply, begin, live, plant, trail

pytestmark = pytest.mark.on_every_engine


def upsert(title: str) -> BulkInsert:
    """Return the upsert of the task `new`."""
    return BulkInsert(
        entity="task", rows=[{"key": "new", "title": title, "project.key": "alpha"}], on_conflict=OnConflict.UPDATE
    )


async def test_two_upserts_of_a_new_key_leave_one_row(database: Database) -> None:
    """The second waits for the first, and updates what that one inserted."""
    sessions = database.sessions
    await plant(sessions, tasks=0)
    async with begin(sessions) as tx:
        first = await insert_rows(tx, tx.entities["task"], upsert("First").rows or [], OnConflict.UPDATE)
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
            await insert_rows(tx, tx.entities["task"], upsert("First").rows or [], OnConflict.UPDATE)
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


@pytest.mark.on_every_engine(without=("sqlite",), reason="one transaction writes at a time: no row is locked")
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
