"""Bringing back what a soft delete removed."""

import pytest

from domain.commands import BulkInsert, Restore, SoftDelete, Update
from domain.errors import CannotRestore, NotFound
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine


async def test_a_job_id_brings_back_exactly_what_that_job_removed(sessions: Sessions) -> None:
    """The project and its tasks return as they were; a task that another job had removed before stays deleted."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t1"]), "first")
    before = await live(sessions) | await live(sessions, "project")
    await apply(sessions, SoftDelete(entity="project", key=["alpha"], cascade=True), "second")
    result = await apply(sessions, Restore(job_id="second"), "restore")
    after = await live(sessions) | await live(sessions, "project")
    house = ("version", "updated_at")
    assert {key: {**row, **{c: before[key][c] for c in house}} for key, row in after.items()} == before
    assert {row["version"] for row in after.values()} == {3}
    assert (result.restored, result.skipped) == (3, 0)
    assert result.ids == {"restored": {"project": [1], "task": [1, 3]}}
    entries = await trail(sessions, job_id="restore")
    assert [(entry.action, set(entry.after or {})) for entry in entries] == [
        ("restore", {"deleted_at", "version", "updated_at"})
    ] * 3
    await assert_balanced(sessions)


async def test_a_row_that_was_restored_and_deleted_again_is_the_other_jobs(sessions: Sessions) -> None:
    """The first job's rows that live by now, or that a later job removed, are skipped."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t0", "t1", "t2"]), "first")
    await apply(sessions, Restore(entity="task", id=[1, 2]))
    await apply(sessions, SoftDelete(entity="task", key=["t1"]), "second")
    result = await apply(sessions, Restore(job_id="first"))
    assert (result.restored, result.skipped, result.ids) == (1, 2, {"restored": {"task": [3]}})
    assert set(await live(sessions)) == {"t0", "t2"}
    assert (await apply(sessions, Restore(job_id="first"))).skipped == 3
    await apply(sessions, Restore(job_id="second"))
    assert set(await live(sessions)) == {"t0", "t1", "t2"}


async def test_ids_are_restored_and_living_ones_skipped(sessions: Sessions) -> None:
    """A restored row can be worked with again."""
    await plant(sessions, tasks=2)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    result = await apply(sessions, Restore(entity="task", id=[2, 1, 1]))
    assert (result.restored, result.skipped, result.ids) == (1, 1, {"restored": {"task": [1]}})
    await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "Back"}, expected_version=3))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (Restore(job_id="plant"), "no soft delete with job_id 'plant' was found"),
        (Restore(job_id="never"), "no soft delete with job_id 'never' was found"),
        (Restore(entity="task", id=[1, 8, 9]), "no task with id 8, 9 was found"),
    ],
    ids=str,
)
async def test_what_was_never_deleted_is_not_found(sessions: Sessions, command: Restore, message: str) -> None:
    """A job that deleted nothing, a job that never was, ids that never were."""
    await plant(sessions, tasks=1)
    with pytest.raises(NotFound, match=message):
        await apply(sessions, command)


async def test_a_live_row_that_holds_the_key_prevents_all_of_it(sessions: Sessions) -> None:
    """The holder is named, and no other row of the job is restored either."""
    await plant(sessions, tasks=2)
    await apply(sessions, SoftDelete(entity="task", key=["t0", "t1"]), "job")
    await apply(sessions, BulkInsert(entity="task", rows=[{"key": "t1", "title": "New", "project.key": "alpha"}]))
    before = await images(sessions, "task")
    with pytest.raises(CannotRestore, match="id 2: key 't1' is held by row 3; nothing was restored"):
        await apply(sessions, Restore(job_id="job"))
    with pytest.raises(CannotRestore, match="id 2: key 't1' is held"):
        await apply(sessions, Restore(entity="task", id=[1, 2]))
    assert await images(sessions, "task") == before


async def test_two_deleted_rows_with_one_key_do_not_both_come_back(sessions: Sessions) -> None:
    """Which of the namesakes is meant, the sender has to say."""
    await plant(sessions, tasks=1)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    await apply(sessions, BulkInsert(entity="task", rows=[{"key": "t0", "title": "New", "project.key": "alpha"}]))
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    with pytest.raises(CannotRestore, match="id 2: key 't0' is wanted by row 1; nothing was restored"):
        await apply(sessions, Restore(entity="task", id=[1, 2]))
    await apply(sessions, Restore(entity="task", id=[2]))
    assert (await live(sessions))["t0"]["title"] == "New"


async def test_an_owner_that_is_still_deleted_prevents_it(sessions: Sessions) -> None:
    """A task cannot return into a deleted project or below a deleted parent, unless they return together."""
    await plant(sessions, tasks=1)
    child = {"key": "child", "title": "Child", "project.key": "alpha", "parent.key": "t0"}
    await apply(sessions, BulkInsert(entity="task", rows=[dict(child)]))
    await apply(sessions, SoftDelete(entity="task", key=["t0"], cascade=True), "tasks")
    with pytest.raises(CannotRestore, match="id 2: its parent 1 is deleted; restore that first"):
        await apply(sessions, Restore(entity="task", id=[2]))
    await apply(sessions, SoftDelete(entity="project", key=["alpha"]), "project")
    with pytest.raises(CannotRestore, match="id 1: its project 1 is deleted; restore that first"):
        await apply(sessions, Restore(job_id="tasks"))
    await apply(sessions, Restore(job_id="project"))
    await apply(sessions, Restore(job_id="tasks"))
    assert set(await live(sessions)) == {"t0", "child"}
