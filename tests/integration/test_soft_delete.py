"""Marking rows as deleted, alone or with what they own."""

import pytest

from domain.commands import BulkInsert, Row, SoftDelete, Update
from domain.errors import InUse, NotFound
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine


async def add_tasks(sessions: Sessions, *rows: Row) -> None:
    """Insert tasks titled `Task` into the project alpha, unless they say otherwise."""
    whole: list[Row] = [{"title": "Task", "project.key": "alpha", **row} for row in rows]
    await apply(sessions, BulkInsert(entity="task", rows=whole))


@pytest.mark.parametrize("way", [{"id": [1, 3]}, {"key": ["t2", "t0"]}, {"where": {"status": "done"}}], ids=str)
async def test_rows_are_deleted_by_id_key_or_where(sessions: Sessions, way: Row) -> None:
    """Each of the three ways marks its rows, raises their version and audits them."""
    await plant(sessions, tasks=3)
    await apply(sessions, Update(entity="task", id=[1, 3], changes={"status": "done"}))
    before = await images(sessions, "task")
    result = await apply(sessions, SoftDelete.model_validate({"entity": "task", **way}), "job")
    after = await images(sessions, "task")
    entries = await trail(sessions, job_id="job")
    changed = ("deleted_at", "version", "updated_at")
    assert set(await live(sessions)) == {"t1"}
    assert (result.deleted, result.ids) == (2, {"deleted": {"task": [1, 3]}})
    assert [(entry.entity_id, entry.action) for entry in entries] == [("1", "soft_delete"), ("3", "soft_delete")]
    for entry in entries:
        row_id = int(entry.entity_id)
        assert entry.before == {column: before[row_id][column] for column in changed}
        assert entry.after == {column: after[row_id][column] for column in changed}
    await assert_balanced(sessions)


async def test_a_deleted_row_cannot_be_deleted_again(sessions: Sessions) -> None:
    """To commands that name rows a deleted row is not there; to `where` neither."""
    await plant(sessions, tasks=2)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    before = await images(sessions, "task")
    with pytest.raises(NotFound):
        await apply(sessions, SoftDelete(entity="task", id=[1, 2]))
    result = await apply(sessions, SoftDelete(entity="task", where={"key": "t0"}))
    assert result.deleted == 0
    assert await images(sessions, "task") == before


async def test_a_row_that_owns_live_rows_is_not_deleted_alone(sessions: Sessions) -> None:
    """Without cascade the owner is named; owned rows that are deleted, or go with it, do not count."""
    await plant(sessions, tasks=1)
    await add_tasks(sessions, {"key": "child", "parent.key": "t0"})
    with pytest.raises(InUse, match=r"project 1 still has a live task; delete it first, or say cascade=true"):
        await apply(sessions, SoftDelete(entity="project", key=["alpha"]))
    with pytest.raises(InUse, match="task 1 still has a live task"):
        await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    assert set(await live(sessions)) == {"t0", "child"}
    await apply(sessions, SoftDelete(entity="task", key=["t0", "child"]))
    await apply(sessions, SoftDelete(entity="project", key=["alpha"]))
    assert await live(sessions, "project") == {}


async def test_a_cascade_takes_every_level_under_one_job(sessions: Sessions) -> None:
    """A project's tasks, their subtasks, also those in another project; what was deleted before keeps its own time."""
    await plant(sessions, tasks=2)
    await plant(sessions, tasks=0, project="beta")
    await add_tasks(
        sessions, {"key": "child", "parent.key": "t0"}, {"key": "bystander", "project.key": "beta"}, {"key": "earlier"}
    )
    await add_tasks(sessions, {"key": "grandchild", "parent.key": "child", "project.key": "beta"})
    await apply(sessions, SoftDelete(entity="task", key=["earlier"]), "earlier")
    earlier = (await images(sessions, "task"))[5]
    result = await apply(sessions, SoftDelete(entity="project", key=["alpha"], cascade=True), "job")
    assert set(await live(sessions)) == {"bystander"}
    assert set(await live(sessions, "project")) == {"beta"}
    assert (result.deleted, result.ids) == (5, {"deleted": {"project": [1], "task": [1, 2, 3, 6]}})
    assert {(entry.entity, entry.entity_id) for entry in await trail(sessions, job_id="job")} == {
        ("project", "1"),
        *(("task", row_id) for row_id in ("1", "2", "3", "6")),
    }
    assert (await images(sessions, "task"))[5] == earlier
    await assert_balanced(sessions)


async def test_a_ring_of_parents_ends(sessions: Sessions) -> None:
    """Tasks that own one another in a circle are each deleted once."""
    await plant(sessions, tasks=3)
    ring = {"t0": {"parent.key": "t2"}, "t1": {"parent.key": "t0"}, "t2": {"parent.key": "t1"}}
    await apply(sessions, Update(entity="task", changes_by_key=dict(ring)))  # type: ignore[arg-type]
    result = await apply(sessions, SoftDelete(entity="task", key=["t1"], cascade=True), "job")
    assert result.deleted == 3
    assert await live(sessions) == {}
    assert len(await trail(sessions, job_id="job")) == 3


async def test_members_own_nothing(sessions: Sessions) -> None:
    """Deleting a member leaves the tasks that are assigned to it, with or without cascade."""
    await plant(sessions, tasks=0)
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": "ann", "name": "Ann"}]))
    await add_tasks(sessions, {"key": "ann's", "assignee.key": "ann"})
    result = await apply(sessions, SoftDelete(entity="member", key=["ann"], cascade=True))
    assert result.deleted == 1
    assert (await live(sessions))["ann's"]["assignee_id"] == 1
