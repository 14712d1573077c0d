"""A filter through a relation holds for rows as they are when their locks are taken, with no lock on the other."""

import asyncio

from domain.commands import SoftDelete, Update
from persistence.database import Database
from persistence.update import update_rows
from tests.ledger import assert_balanced
from tests.locks import one_waits
from tests.worlds import apply, begin, live, plant

IN_ALPHA = Update(entity="task", where={"project.key": "alpha"}, changes={"description": "hit"})


async def test_a_row_that_leaves_meanwhile_is_not_hit(database: Database) -> None:
    """The update waits for the move, and then finds the task in the other project."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    await plant(sessions, tasks=0, project="beta")
    async with begin(sessions) as tx:
        move = Update(entity="task", key=["t0"], changes={"project.key": "beta"})
        await update_rows(tx, tx.entities["task"], move)
        late = asyncio.create_task(apply(sessions, IN_ALPHA))
        await one_waits(database)
    assert (await late).updated == 1
    assert {key: row["description"] for key, row in (await live(sessions)).items()} == {"t0": None, "t1": "hit"}
    await assert_balanced(sessions)


async def test_a_deletion_of_the_related_row_comes_after_the_update(database: Database) -> None:
    """The cascade waits for the tasks' own locks: what was changed is deleted then, and both stand in the audit log."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    async with begin(sessions) as tx:
        assert (await update_rows(tx, tx.entities["task"], IN_ALPHA)).updated == 2
        late = asyncio.create_task(apply(sessions, SoftDelete(entity="project", key=["alpha"], cascade=True)))
        await one_waits(database)
    assert (await late).deleted == 3
    assert await live(sessions) == {}
    await assert_balanced(sessions)


async def test_an_update_does_not_hold_up_who_renames_the_related_row(database: Database) -> None:
    """No lock is taken on the project that the filter names."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        await update_rows(tx, tx.entities["task"], IN_ALPHA)
        renamed = Update(entity="project", key=["alpha"], changes={"name": "Renamed"})
        assert (await asyncio.wait_for(apply(sessions, renamed), 10)).updated == 1
    await assert_balanced(sessions)
