"""What a service writes: one test for each way to write, each with its audit rows."""

import asyncio
from typing import Any, assert_type

import pytest

from domain.errors import (
    Duplicate,
    InvalidCommand,
    InvalidQuery,
    InvalidRows,
    Locked,
    MissingReference,
    NoCondition,
    NotFound,
    StaleVersion,
    UnknownName,
)
from domain.filters import field
from domain.result import Result
from domain.task import Task, TaskCreate, TaskPriority, TaskStatus, TaskUpdate
from persistence.database import Database
from persistence.reader import reader
from persistence.services.writes import BATCH
from persistence.sessions import Sessions
from tests.queries import assert_queries
from tests.services import PROJECTS, TASKS, id_of, make_project, make_tasks
from tests.worlds import begin, trail

pytestmark = pytest.mark.on_every_engine

NOTHING: tuple[dict[str, Any] | None, ...] = (None, {})
"""Filters that ask nothing."""


async def actions(sessions: Sessions, job_id: str) -> list[tuple[str, str]]:
    """Return what the audit log says of a job: entity and action of each row."""
    return [(entry.entity, entry.action) for entry in await trail(sessions, job_id=job_id)]


async def test_create_returns_the_row_of_the_database(sessions: Sessions) -> None:
    """With its id, its defaults and its times, from a schema or a mapping; audited, and to be changed at once."""
    project = await make_project(sessions)
    async with begin(sessions, "job") as tx:
        task = await TASKS.create(tx, TaskCreate(key="a", title="A", project_id=project), load="project")
        assert assert_type(task, Task).created_at is not None
        assert (task.status, task.version, task.project.key) == (TaskStatus.PENDING, 1, "alpha")
        task.tags.append("in place")
        other = await TASKS.create(tx, {"key": "b", "title": "B", "project.key": "alpha", "status": TaskStatus.DONE})
        assert other.status is TaskStatus.DONE
    assert sorted(await actions(sessions, "job")) == [("task", "insert"), ("task", "insert"), ("task", "update")]
    async with reader(sessions) as read:
        assert [row.tags for row in await TASKS.find(read)] == [["in place"], []]


async def test_create_answers_a_taken_key_in_three_ways(sessions: Sessions) -> None:
    """An error that leaves the transaction usable, the row that is there (get or create), or its change (upsert)."""
    project = await make_project(sessions)
    values: dict[str, Any] = {"key": "a", "title": "Second", "project_id": project}
    async with begin(sessions) as tx:
        first = await TASKS.create(tx, {**values, "title": "First", "description": "kept"})
        with pytest.raises(Duplicate, match="'a'"):
            await TASKS.create(tx, values)
        assert await TASKS.create(tx, values, on_conflict="skip") is first
        assert first.title == "First"
        assert await TASKS.upsert(tx, values) is first
        assert (first.title, first.description, first.version) == ("Second", "kept", 2)
        with pytest.raises(MissingReference):
            await TASKS.create(tx, {**values, "key": "b", "project_id": 10**9})
        with pytest.raises(InvalidRows, match="did you mean 'title'"):
            await TASKS.create(tx, {**values, "titel": "x"})
        assert await TASKS.count(tx) == 1


async def test_create_many_keeps_the_order_of_the_rows(sessions: Sessions) -> None:
    """More than one statement takes at once, and with rows among them that are there already."""
    project = await make_project(sessions)
    async with begin(sessions, "job") as tx:
        rows = [{"key": f"k{n:04}", "title": "T", "project_id": project} for n in reversed(range(1_203))]
        made = assert_type(await TASKS.create_many(tx, rows[::2]), list[Task])
        assert [task.key for task in made] == [row["key"] for row in rows[::2]]
        both = await TASKS.create_many(tx, rows, on_conflict="skip")
        assert [task.key for task in both] == [row["key"] for row in rows]
        assert both[0] is made[0]
        assert await TASKS.create_many(tx, []) == []
    assert len(await actions(sessions, "job")) == 1_203


async def test_half_of_many_is_never_committed(sessions: Sessions) -> None:
    """Where a block swallows the error of a later statement, the transaction is lost; a savepoint saves it."""
    project = await make_project(sessions)
    rows: list[dict[str, Any]] = [{"key": f"k{n}", "title": "T", "project_id": project} for n in range(BATCH)]
    taken, wrong = [*rows, {**rows[0], "title": "taken"}], [*rows, {**rows[0], "title": ""}]
    with pytest.raises(Duplicate):  # noqa: PT012 - it comes at the end of the scope
        async with begin(sessions) as tx:
            with pytest.raises(Duplicate):
                await TASKS.create_many(tx, taken)
    with pytest.raises(InvalidRows):  # noqa: PT012 - as above
        async with begin(sessions) as tx:
            with pytest.raises(InvalidRows):
                await TASKS.upsert_many(tx, wrong)
    async with begin(sessions) as tx:
        with pytest.raises(Duplicate):
            async with tx.session.begin_nested():
                await TASKS.create_many(tx, taken)
        await TASKS.create(tx, rows[0])
    async with reader(sessions) as read:
        assert [task.key for task in await TASKS.find(read)] == ["k0"]


async def test_a_row_beside_one_that_is_taken_is_never_committed(sessions: Sessions) -> None:
    """The statement inserts what it can before it is known that another row cannot be."""
    project = await make_project(sessions)
    rows = [{"key": key, "title": "T", "project_id": project} for key in ("new", "taken")]
    async with begin(sessions) as tx:
        await TASKS.create(tx, rows[1])
    with pytest.raises(Duplicate, match="taken"):  # noqa: PT012 - it comes at the end of the scope
        async with begin(sessions) as tx:
            with pytest.raises(Duplicate):
                await TASKS.create_many(tx, rows)
    async with reader(sessions) as read:
        assert [task.key for task in await TASKS.find(read)] == ["taken"]


async def test_upsert_many_counts(sessions: Sessions) -> None:
    """Objects of the session are fresh afterwards."""
    project = await make_project(sessions)
    async with begin(sessions, "job") as tx:
        old = await TASKS.create(tx, {"key": "a", "title": "Old", "project_id": project})
        rows = [{"key": key, "title": "New", "project_id": project} for key in "ab"]
        result = assert_type(await TASKS.upsert_many(tx, rows), Result)
        assert (result.inserted, result.updated, old.title) == (1, 1, "New")
    assert sorted(await actions(sessions, "job")) == [("task", "insert"), ("task", "insert"), ("task", "update")]


async def test_update_tells_unset_from_null(sessions: Sessions) -> None:
    """What is not set stays, None becomes null where that is possible; the object of the session is the same."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1, description="old")
    async with begin(sessions, "job") as tx:
        held = await TASKS.get_or_raise(tx, row_id)
        assert await TASKS.update(tx, row_id, TaskUpdate.model_validate({"status": "done"})) is held
        assert (held.status, held.description, held.version) == (TaskStatus.DONE, "old", 2)
        await TASKS.update(tx, held, {"description": None}, expected_version=2)
        assert (held.description, held.version) == (None, 3)
        assert await TASKS.update(tx, held, {}) is held
        with pytest.raises(InvalidRows, match="title"):
            await TASKS.update(tx, held, {"title": None})
        with pytest.raises(StaleVersion, match="has version 3, expected 1"):
            await TASKS.update(tx, held, {"title": "x"}, expected_version=1)
        with pytest.raises(NotFound):
            await TASKS.update(tx, 10**9, {"title": "x"})
        with pytest.raises(InvalidCommand, match="id"):
            await TASKS.update(tx, 0, {"title": "x"})
    assert await actions(sessions, "job") == [("task", "update")] * 2


async def test_update_where_needs_a_condition(sessions: Sessions) -> None:
    """It changes what fits, refreshes objects, and takes every row only where that is said."""
    ids = await make_tasks(sessions, await make_project(sessions), 3)
    async with begin(sessions) as tx:
        held = await TASKS.get_or_raise(tx, ids[0])
        result = assert_type(
            await TASKS.update_where(tx, {"status": "done"}, where=field("key").in_(["t0", "t1"])), Result
        )
        assert (result.updated, held.status, held.version) == (2, TaskStatus.DONE, 2)
        for where in NOTHING:
            with pytest.raises(NoCondition, match="say which rows, or everything=True"):
                await TASKS.update_where(tx, {"priority": "low"}, where=where)
        assert (await TASKS.update_where(tx, {"priority": "low"}, everything=True)).updated == 3
        assert (await TASKS.update_where(tx, {"priority": "low"}, status="done", key__ne="t0")).skipped == 1
        assert held.priority is TaskPriority.LOW


async def test_a_stale_version_is_refused_where_nothing_changes(sessions: Sessions) -> None:
    """Whoever says a version learns that it is another one, also with a change of nothing, and with a deletion."""
    (task,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        with pytest.raises(StaleVersion, match="has version 1, expected 7"):
            await TASKS.update(tx, task, {}, expected_version=7)
        assert (await TASKS.update(tx, task, {}, expected_version=1)).version == 1
        with pytest.raises(StaleVersion, match="has version 1, expected 7"):
            await TASKS.soft_delete(tx, task, expected_version=7)
        assert (await TASKS.soft_delete(tx, task, expected_version=1)).deleted == 1


async def test_an_object_of_another_entity_is_no_row(sessions: Sessions) -> None:
    """Its id is that of another row here, which nobody meant."""
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 1)
    assert ids == [project]
    async with begin(sessions) as tx:
        wrong: Any = await PROJECTS.get_or_raise(tx, project)
        for write in (TASKS.soft_delete, TASKS.restore, TASKS.purge, TASKS.lock):
            with pytest.raises(InvalidQuery, match="rows: expected ids or objects of Task, got Project"):
                await write(tx, [wrong])
        with pytest.raises(InvalidQuery, match="got Project"):
            await TASKS.update(tx, wrong, {"title": "x"})
        with pytest.raises(UnknownName, match="did you mean 'skip'"):
            await TASKS.create(tx, {"key": "b", "title": "B", "project_id": project}, on_conflict="skipp")


async def test_an_error_before_the_write_leaves_the_transaction(sessions: Sessions) -> None:
    """What else was done in the block is committed, because nothing of the refused write was."""
    project = await make_project(sessions)
    async with begin(sessions) as tx:
        await PROJECTS.update(tx, project, {"name": "Kept"})
        with pytest.raises(NotFound):
            await TASKS.update(tx, 10**9, {"title": "x"})
    async with reader(sessions) as read:
        assert (await PROJECTS.get_or_raise(read, project)).name == "Kept"


async def test_lock_returns_rows_as_they_are_now(sessions: Sessions, database: Database) -> None:
    """By ids, of which all must be there, or by a filter; stale objects of the session are read again."""
    ids = await make_tasks(sessions, await make_project(sessions), 3)
    async with begin(sessions) as tx:
        with assert_queries(database.engine, 1):
            held = assert_type(await TASKS.lock(tx, ids[1::-1]), list[Task])
        assert [id_of(task) for task in held] == ids[:2]
        assert [task.key for task in await TASKS.lock(tx, key__gte="t1", sort="-key")] == ["t2", "t1"]
        with pytest.raises(NotFound, match=str(10**9)):
            await TASKS.lock(tx, [ids[0], 10**9])


async def test_workers_share_rows_by_skip_locked(settings: Any, sessions: Sessions) -> None:  # noqa: ANN401
    """Each takes others than those that a neighbour holds; nowait refuses, and a change waits for its turn."""
    if str(settings.database_url.get_secret_value()).startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    ids = await make_tasks(sessions, await make_project(sessions), 4)
    async with begin(sessions) as one:
        first = await TASKS.lock(one, limit=2, skip_locked=True)
        async with begin(sessions) as other:
            second = await TASKS.lock(other, limit=2, skip_locked=True)
            assert await TASKS.lock(other, ids[:1], skip_locked=True) == []
        with pytest.raises(Locked, match="another transaction holds a task"):
            async with begin(sessions) as other:
                await TASKS.lock(other, ids[:1], nowait=True)

        async def change() -> None:
            async with begin(sessions) as third:
                row = await TASKS.update(third, ids[0], {"title": "third"})
                assert row.description == "first"

        waiting = asyncio.create_task(change())
        await TASKS.update(one, ids[0], {"description": "first"})
    await waiting
    assert [[task.id for task in rows] for rows in (first, second)] == [ids[:2], ids[2:]]
