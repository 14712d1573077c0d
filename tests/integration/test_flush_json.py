"""JSON columns of objects: what is changed in place is written, what did not change is no change."""

import pytest
from sqlalchemy import text

from domain.commands import Update
from domain.task import Task
from persistence.database import Database
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, begin, images, plant, trail

pytestmark = pytest.mark.on_every_engine


async def test_a_list_changed_in_place_is_written_and_audited(sessions: Sessions) -> None:
    """`task.tags.append` needs no assignment, and the audit row has the old list."""
    await plant(sessions, tasks=1)
    await apply(sessions, Update(entity="task", key=["t0"], changes={"tags": ["old"]}))
    async with begin(sessions, "job") as tx:
        row = await tx.session.get_one(Task, 1)
        row.tags.append("new")
    (entry,) = await trail(sessions, job_id="job")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["tags"], entry.after["tags"]) == (["old"], ["old", "new"])
    assert set(entry.after) == {"tags", "version", "updated_at"}


async def test_a_list_that_was_assigned_can_be_changed_in_place_too(sessions: Sessions) -> None:
    """Also after the flush that wrote the assigned list, the new object's as well as the loaded one's."""
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        loaded, new = await tx.session.get_one(Task, 1), Task(key="new", title="New", project_id=1, tags=["a"])
        loaded.tags = ["a"]
        tx.session.add(new)
        await tx.session.flush()
        for row in (loaded, new):
            row.tags.append("b")
    assert [row["tags"] for row in (await images(sessions, "task")).values()] == [["a", "b"]] * 2
    await assert_balanced(sessions)


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="Python reads their JSON, as floats")
async def test_numbers_that_a_float_would_round_stay_exact(database: Database) -> None:
    """The images never pass through Python's floats: a long decimal that did not change is no change."""
    await plant(database.sessions, tasks=1)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE task SET tags = '[0.12345678901234567890123]'"))
    async with begin(database.sessions, "update") as tx:
        (await tx.session.get_one(Task, 1)).title = "New"
    async with begin(database.sessions, "purge") as tx:
        await tx.session.delete(await tx.session.get_one(Task, 1))
        await tx.session.flush()
        kept = await tx.session.execute(text("SELECT before -> 'tags' ->> 0 FROM audit_log WHERE action = 'purge'"))
        assert kept.scalar_one() == "0.12345678901234567890123"
    (entry,) = await trail(database.sessions, job_id="update")
    assert set(entry.after or {}) == {"title", "version", "updated_at"}
