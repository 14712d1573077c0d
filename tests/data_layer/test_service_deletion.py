"""Soft deletes, restores and purges by services."""

from datetime import timedelta
from typing import Any, assert_type

import pytest

from domain.errors import CannotRestore, InUse, InvalidCommand, NoCondition, NotFound
from domain.result import Result
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.services import MEMBERS, PROJECTS, TASKS, make_members, make_project, make_tasks
from tests.worlds import begin, trail

pytestmark = pytest.mark.on_every_engine

NOTHING: tuple[dict[str, Any] | None, ...] = (None, {})
"""Filters that ask nothing."""


async def keys(sessions: Sessions) -> list[str]:
    """Return the keys of the live tasks."""
    async with reader(sessions) as read:
        return [task.key for task in await TASKS.find(read, sort="key")]


async def test_soft_delete_takes_ids_or_objects(sessions: Sessions) -> None:
    """The objects of the session know of it; a row that owns live rows wants `cascade`."""
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 3)
    async with begin(sessions) as tx:
        held = await TASKS.get_or_raise(tx, ids[0])
        result = assert_type(await TASKS.soft_delete(tx, [held, ids[1]]), Result)
        assert (result.deleted, held.deleted_at is None) == (2, False)
        with pytest.raises(NotFound):
            await TASKS.soft_delete(tx, held)
        with pytest.raises(InUse, match="cascade"):
            await PROJECTS.soft_delete(tx, project)
        assert (await PROJECTS.soft_delete(tx, project, cascade=True)).deleted == 2
    assert await keys(sessions) == []


async def test_soft_delete_where_needs_a_condition(sessions: Sessions) -> None:
    """No filter, or an empty one, deletes nothing."""
    await make_tasks(sessions, await make_project(sessions), 3)
    async with begin(sessions) as tx:
        assert (await TASKS.soft_delete_where(tx, project__key="alpha", key__in=["t0", "t1"])).deleted == 2
        for where in NOTHING:
            with pytest.raises(NoCondition, match="soft_delete_where of task has no condition"):
                await TASKS.soft_delete_where(tx, where=where)
    assert await keys(sessions) == ["t2"]
    async with begin(sessions) as tx:
        assert (await TASKS.soft_delete_where(tx, everything=True)).deleted == 1


async def test_restore_brings_back_what_one_deletion_took(sessions: Sessions) -> None:
    """By id alone the row, with `cascade` all that went with it and nothing that went before, by job what it took."""
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 3)
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[2])
    async with begin(sessions) as tx:
        await PROJECTS.soft_delete(tx, project, cascade=True)
    async with begin(sessions) as tx:
        with pytest.raises(CannotRestore, match=f"its project {project} is deleted"):
            await TASKS.restore(tx, ids[0])
        assert assert_type(await PROJECTS.restore(tx, project, cascade=True), Result).restored == 3
        assert (await PROJECTS.restore(tx, project)).skipped == 1
    assert await keys(sessions) == ["t0", "t1"]
    async with begin(sessions, "job") as tx:
        await TASKS.soft_delete_where(tx, everything=True)
    async with begin(sessions) as tx:
        assert (await TASKS.restore(tx, job_id="job")).restored == 2
        assert (await TASKS.restore(tx, ids)).restored == 1
        with pytest.raises(NotFound):
            await TASKS.restore(tx, job_id="never")
        with pytest.raises(InvalidCommand):
            await TASKS.restore(tx, ids, job_id="job")
    assert await keys(sessions) == ["t0", "t1", "t2"]


async def test_a_deletion_that_was_undone_since_is_not_undone_again(sessions: Sessions) -> None:
    """A row that was restored and deleted anew belongs to the later deletion."""
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 2)
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids)
    async with begin(sessions) as tx:
        await TASKS.restore(tx, ids[1])
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[1])
    async with begin(sessions) as tx:
        result = await TASKS.restore(tx, ids[0], cascade=True)
        assert (result.restored, result.skipped) == (1, 1)
    assert await keys(sessions) == ["t0"]


async def test_purge_takes_given_rows_all_or_none(sessions: Sessions) -> None:
    """Live rows and rows that others refer to are refused; what is purged stands in the audit log."""
    (ann,) = await make_members(sessions, "ann")
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 3, creator_id=ann)
    (child,) = await make_tasks(sessions, project, rows=[{"key": "child", "parent_id": ids[0]}])
    async with begin(sessions) as tx:
        with pytest.raises(NotFound, match="no deleted task"):
            await TASKS.purge(tx, ids[0])
        await TASKS.soft_delete(tx, [*ids[:2], child], cascade=True)
        await MEMBERS.soft_delete(tx, ann)
    async with begin(sessions, "purge") as tx:
        with pytest.raises(InUse, match=f"task {ids[0]} is still referred to by a task; nothing was purged"):
            await TASKS.purge(tx, ids[:2])
        with pytest.raises(InUse, match="member"):
            await MEMBERS.purge(tx, ann)
        dry = await TASKS.purge(tx, [*ids[:2], child], dry_run=True)
        assert (dry.purged, dry.dry_run) == (3, True)
        assert assert_type(await TASKS.purge(tx, [*ids[:2], child]), Result).purged == 3
    assert [entry.action for entry in await trail(sessions, job_id="purge")] == ["purge"] * 3


async def test_purge_by_age_counts_in_a_dry_run(sessions: Sessions) -> None:
    """Rows of all entities go in the order of their foreign keys; the dry run names how many of each and keeps them."""
    project = await make_project(sessions)
    await make_tasks(sessions, project, 3)
    async with begin(sessions) as tx:
        await PROJECTS.soft_delete(tx, project, cascade=True)
    now = timedelta(microseconds=1)
    async with begin(sessions) as tx:
        dry = await TASKS.purge(tx, older_than=now, dry_run=True)
        assert (dry.purged, sorted(dry.notes)) == (4, ["project: 1", "task: 3"])
        assert (await TASKS.purge(tx, older_than=timedelta(days=1))).purged == 0
        assert (await TASKS.purge(tx, older_than=now)).purged == 4
        with pytest.raises(InvalidCommand, match="either rows, or older_than"):
            await TASKS.purge(tx)
