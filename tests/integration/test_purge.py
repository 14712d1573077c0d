"""Deleting for good what was soft-deleted long ago."""

from datetime import timedelta

import pytest

from domain.commands import BulkInsert, Purge, SoftDelete
from domain.task import Task
from persistence.sessions import Sessions
from tests.ledger import assert_balanced, replayed
from tests.worlds import apply, begin, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine

NOW = Purge(retention_days=1e-9)
"""Less than a tenth of a millisecond ago is long ago."""


async def test_a_purged_row_stands_whole_in_the_audit_log(sessions: Sessions) -> None:
    """The rows are gone from the table; who purged them, and all that they held, is kept."""
    await plant(sessions, tasks=2)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    (deleted,) = [row for row in (await images(sessions, "task")).values() if row["deleted_at"]]
    result = await apply(sessions, NOW, "purge", actor="cron")
    (entry,) = await trail(sessions, job_id="purge")
    assert (result.purged, result.ids, result.ids_complete) == (1, {"purged": {"task": [1]}}, True)
    assert set(await images(sessions, "task")) == {2}
    assert (entry.actor, entry.action, entry.before, entry.after) == ("cron", "purge", deleted, None)
    assert (await replayed(sessions))["task", 1] is None
    await assert_balanced(sessions)


async def test_owned_rows_go_first_through_every_level(sessions: Sessions) -> None:
    """A project with its tasks and their subtasks goes in one job, in an order that foreign keys accept."""
    await plant(sessions, tasks=1)
    for child, parent in (("a", "t0"), ("b", "a"), ("c", "b")):
        row = {"key": child, "title": "Task", "project.key": "alpha", "parent.key": parent}
        await apply(sessions, BulkInsert(entity="task", rows=[dict(row)]))
    await apply(sessions, SoftDelete(entity="project", key=["alpha"], cascade=True))
    result = await apply(sessions, NOW)
    assert (result.purged, result.ids) == (5, {"purged": {"task": [4, 3, 2, 1], "project": [1]}})
    await assert_balanced(sessions)


async def test_a_row_to_which_others_refer_is_kept(sessions: Sessions) -> None:
    """A former member stays as long as a task names it, and goes when that task is gone."""
    await plant(sessions, tasks=0)
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": "ann", "name": "Ann"}]))
    task = {"key": "ann's", "title": "Task", "project.key": "alpha", "creator.key": "ann"}
    await apply(sessions, BulkInsert(entity="task", rows=[dict(task)]))
    await apply(sessions, SoftDelete(entity="member", key=["ann"]))
    assert (await apply(sessions, NOW)).purged == 0
    assert set(await images(sessions, "member")) == {1}
    await apply(sessions, SoftDelete(entity="task", key=["ann's"]))
    assert (await apply(sessions, NOW)).ids == {"purged": {"task": [1], "member": [1]}}


async def test_a_task_that_is_its_own_parent_goes_too(sessions: Sessions) -> None:
    """A reference to itself does not keep a row."""
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        (await tx.session.get_one(Task, 1)).parent_id = 1
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    assert (await apply(sessions, NOW)).purged == 1


async def test_the_limit_takes_the_oldest_first(sessions: Sessions) -> None:
    """A limit counts the rows of all entities, and the next run goes on."""
    await plant(sessions, tasks=3)
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": "ann", "name": "Ann"}]))
    for key in ("t2", "t0", "t1"):
        await apply(sessions, SoftDelete(entity="task", key=[key]))
    await apply(sessions, SoftDelete(entity="project", key=["alpha"]))
    await apply(sessions, SoftDelete(entity="member", key=["ann"]))
    purge = Purge(retention_days=1e-9, limit=2)
    assert (await apply(sessions, purge)).ids == {"purged": {"member": [1], "task": [3]}}
    assert (await apply(sessions, purge)).ids == {"purged": {"task": [1, 2]}}
    assert (await apply(sessions, purge)).ids == {"purged": {"project": [1]}}
    assert (await apply(sessions, purge)).purged == 0


async def test_what_lives_or_was_deleted_lately_is_kept(sessions: Sessions) -> None:
    """The retention counts from the deletion."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t0", "t1"]))
    async with begin(sessions) as tx:
        old = await tx.session.get_one(Task, 1, execution_options={"include_deleted": True})
        assert old.deleted_at is not None
        old.deleted_at -= timedelta(days=30, minutes=1)
    result = await apply(sessions, Purge(retention_days=30))
    assert result.ids == {"purged": {"task": [1]}}
    assert set(await live(sessions)) == {"t2"}
    assert set(await images(sessions, "task")) == {2, 3}
    await assert_balanced(sessions)
