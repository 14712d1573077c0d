"""What an ORM flush writes is audited in the same shape as what a statement writes."""

from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from domain.commands import BulkInsert, Restore, Row, SoftDelete, Update
from domain.member import Member
from domain.project import Project
from domain.task import Task, TaskPriority, TaskStatus
from persistence.audit_log import AuditEntry
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.ledger import assert_balanced, replayed
from tests.worlds import apply, begin, images, plant, trail

pytestmark = pytest.mark.on_every_engine

ITS_OWN = ("id", "key", "created_at", "updated_at", "deleted_at")
"""Columns that differ between two rows with the same life."""


def shape(entry: AuditEntry) -> tuple[str, Row | None, Row | None]:
    """Return an audit row without what is one row's own: times are only there or not."""
    before, after = (
        image and {column: image[column] if column not in ITS_OWN else bool(image[column]) for column in image}
        for image in (entry.before, entry.after)
    )
    return entry.action, before, after


async def task(tx: Transaction, key: str) -> Task:
    """Return a task by its key, deleted or not."""
    query = select(Task).where(col(Task.key) == key).execution_options(include_deleted=True)
    return (await tx.session.execute(query)).scalar_one()


async def test_both_paths_write_the_same_audit_rows(sessions: Sessions) -> None:
    """Insert, update, soft delete and restore: the same life by objects and by commands leaves the same JSON."""
    await plant(sessions, tasks=0)
    new: Row = {"title": "Task", "project.key": "alpha", "tags": ["a"], "status": "doing"}
    await apply(sessions, BulkInsert(entity="task", rows=[{"key": "by command", **new}]), "command")
    changes: Row = {"status": "done", "tags": ["a", {"b": 1.5}], "description": "text"}
    await apply(sessions, Update(entity="task", key=["by command"], changes=changes), "command")
    await apply(sessions, SoftDelete(entity="task", key=["by command"]), "command")
    await apply(sessions, Restore(entity="task", id=[1]), "command")

    row = Task(key="by flush", title="Task", project_id=1, tags=["a"], status=TaskStatus.DOING)
    async with begin(sessions, "flush") as tx:
        tx.session.add(row)
    async with begin(sessions, "flush") as tx:
        row = await task(tx, "by flush")
        row.status, row.description = TaskStatus.DONE, "text"
        row.tags.append({"b": 1.5})
    for deleted_at in (datetime.now(UTC), None):
        async with begin(sessions, "flush") as tx:
            (await task(tx, "by flush")).deleted_at = deleted_at
    by_command, by_flush = await trail(sessions, job_id="command"), await trail(sessions, job_id="flush")
    assert [entry.action for entry in by_flush] == ["insert", "update", "soft_delete", "restore"]
    assert [shape(entry) for entry in by_flush] == [shape(entry) for entry in by_command]
    await assert_balanced(sessions)


async def test_a_deleted_object_is_a_purge(sessions: Sessions) -> None:
    """`session.delete` removes the row, so the whole of it is kept in the audit row."""
    await plant(sessions, tasks=1)
    before = (await images(sessions, "task"))[1]
    async with begin(sessions, "job") as tx:
        await tx.session.delete(await task(tx, "t0"))
    (entry,) = await trail(sessions, job_id="job")
    assert (entry.action, entry.before, entry.after) == ("purge", before, None)
    assert (await replayed(sessions))["task", 1] is None
    await assert_balanced(sessions)


async def test_an_assigned_relationship_audits_its_foreign_key(sessions: Sessions) -> None:
    """Objects that refer to objects, new ones too, are audited by the columns that this writes."""
    await plant(sessions, tasks=1)
    async with begin(sessions, "job") as tx:
        row = await task(tx, "t0")
        row.project = Project(key="beta", name="Beta")
        row.assignee = row.creator = Member(key="ann", name="Ann")
    entries = {entry.entity: entry for entry in await trail(sessions, job_id="job")}
    assert {name: entry.action for name, entry in entries.items()} == {
        "project": "insert",
        "member": "insert",
        "task": "update",
    }
    changed = ("project_id", "assignee_id", "creator_id")
    assert {column: (entries["task"].before or {})[column] for column in changed} == dict.fromkeys(changed) | {
        "project_id": 1
    }
    assert {column: (entries["task"].after or {})[column] for column in changed} == {
        "project_id": 2,
        "assignee_id": 1,
        "creator_id": 1,
    }
    await assert_balanced(sessions)


async def test_many_objects_of_several_tables_in_one_flush(sessions: Sessions) -> None:
    """Inserts, changes and deletions of one flush are each audited once, also where an object was read only."""
    await plant(sessions, tasks=3)
    async with begin(sessions, "job") as tx:
        rows = [await task(tx, f"t{n}") for n in range(3)]
        rows[0].title = "changed"
        await tx.session.delete(rows[1])
        tx.session.add_all(Task(key=f"n{n}", title="New", project_id=1) for n in range(2))
        (await tx.session.get_one(Project, 1)).name = "Renamed"
    entries = await trail(sessions, job_id="job")
    assert sorted((entry.entity, entry.entity_id, entry.action) for entry in entries) == [
        ("project", "1", "update"),
        ("task", "1", "update"),
        ("task", "2", "purge"),
        ("task", "4", "insert"),
        ("task", "5", "insert"),
    ]
    await assert_balanced(sessions)


async def test_an_object_set_to_what_it_was_is_not_written(sessions: Sessions) -> None:
    """No version, no audit row."""
    await plant(sessions, tasks=1)
    before = await images(sessions, "task")
    async with begin(sessions, "job") as tx:
        row = await task(tx, "t0")
        row.title, row.priority = "Task 0", TaskPriority.MEDIUM
    assert await images(sessions, "task") == before
    assert await trail(sessions, job_id="job") == []
