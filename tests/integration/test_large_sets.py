"""Rows that stay in the database because they are many: updated and soft-deleted as few rows are."""

import asyncio

import pytest

from domain.commands import BulkInsert, Restore, Row, SoftDelete, Update
from domain.errors import AuditMismatch, Duplicate, InUse, NotFound, StaleVersion
from domain.result import IDS_KEPT, Result
from domain.task import Task
from persistence.database import Database
from persistence.insert import insert_rows
from persistence.restore import restore_rows
from persistence.selection import LARGE
from persistence.sessions import Sessions
from persistence.soft_delete import soft_delete_rows
from persistence.soft_delete_set import DEEP
from persistence.update import update_rows
from tests.broken_rows import before_each_row
from tests.ledger import assert_balanced
from tests.locks import one_waits
from tests.worlds import apply, begin, images, live, plant, trail

DROP_SECOND = "IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW;"
CASCADE = SoftDelete(entity="project", key=["alpha"], cascade=True)


async def update(sessions: Sessions, command: Update, job: str = "job") -> Result:
    """Update as if any row were one of many."""
    async with begin(sessions, job) as tx:
        return await update_rows(tx, tx.entities[command.entity], command, large=0)


async def delete(sessions: Sessions, command: SoftDelete, *, large: int = 0) -> Result:
    """Soft-delete as if more than `large` rows were many."""
    async with begin(sessions, "job") as tx:
        return await soft_delete_rows(tx, tx.entities[command.entity], command, large=large)


async def add_tasks(sessions: Sessions, *rows: Row) -> None:
    """Insert tasks titled `Task` into the project alpha, unless they say otherwise."""
    for row in rows:
        await apply(sessions, BulkInsert(entity="task", rows=[{"title": "Task", "project.key": "alpha", **row}]))


async def test_thousands_of_rows_are_updated_deleted_and_restored(sessions: Sessions) -> None:
    """Beyond the switch every row is changed and audited, and the result names the first of them."""
    count = LARGE + 100
    await plant(sessions, tasks=count)
    updated = await apply(sessions, Update(entity="task", where={"status": "pending"}, changes={"status": "done"}))
    deleted = await apply(sessions, CASCADE, "gone")
    assert (updated.updated, updated.skipped, deleted.deleted) == (count, 0, count + 1)
    assert updated.ids == {"updated": {"task": list(range(1, IDS_KEPT + 1))}}
    assert deleted.ids == {"deleted": {"project": [1], "task": list(range(1, IDS_KEPT))}}
    assert (updated.ids_complete, deleted.ids_complete, await live(sessions)) == (False, False, {})
    assert (await apply(sessions, Restore(job_id="gone"))).restored == count + 1
    await assert_balanced(sessions)


async def test_the_audit_row_holds_what_changed_and_only_that(sessions: Sessions) -> None:
    """A row that is already as wanted is skipped, and of the others only what differs is told."""
    await plant(sessions, tasks=3)
    await apply(sessions, Update(entity="task", id=[1], changes={"title": "New", "tags": ["x"]}))
    await apply(sessions, Update(entity="task", id=[2], changes={"title": "New"}))
    before = await images(sessions, "task")
    changes: Row = {"title": "New", "tags": ["x"], "description": None}
    result = await update(sessions, Update(entity="task", where={"status": "pending"}, changes=changes))
    after = await images(sessions, "task")
    assert (result.updated, result.skipped, result.ids) == (2, 1, {"updated": {"task": [2, 3]}})
    entries = await trail(sessions, job_id="job")
    for entry, changed in zip(entries, [{"tags"}, {"title", "tags"}], strict=True):
        row_id, columns = int(entry.entity_id), changed | {"version", "updated_at"}
        assert entry.before == {column: before[row_id][column] for column in columns}
        assert entry.after == {column: after[row_id][column] for column in columns}
    assert after[1] == before[1]
    await assert_balanced(sessions)


@pytest.mark.parametrize("large", [0, 1, 3], ids=["from the start", "from the first level", "from the second level"])
async def test_a_cascade_takes_every_level_also_when_it_grows_large_on_the_way(sessions: Sessions, large: int) -> None:
    """Subtasks of another project go along; what was deleted before, and what nobody owns, stays as it is."""
    await plant(sessions, tasks=2)
    await plant(sessions, tasks=0, project="beta")
    await add_tasks(
        sessions,
        {"key": "child", "parent.key": "t0"},
        {"key": "bystander", "project.key": "beta"},
        {"key": "earlier"},
        {"key": "grandchild", "parent.key": "child", "project.key": "beta"},
    )
    await apply(sessions, SoftDelete(entity="task", key=["earlier"]), "earlier")
    before = await images(sessions, "task")
    result = await delete(sessions, CASCADE, large=large)
    after = await images(sessions, "task")
    assert (set(await live(sessions)), set(await live(sessions, "project"))) == ({"bystander"}, {"beta"})
    assert (result.deleted, result.ids) == (5, {"deleted": {"project": [1], "task": [1, 2, 3, 6]}})
    assert len(await trail(sessions, job_id="job")) == 5
    assert [after[row_id] == before[row_id] for row_id in (4, 5)] == [True, True]
    await assert_balanced(sessions)


async def test_a_ring_of_parents_and_a_deep_chain_end(sessions: Sessions) -> None:
    """Tasks that own one another in a circle are each deleted once, and so is a chain beyond the set's index."""
    await plant(sessions, tasks=3)
    ring = {"t0": {"parent.key": "t2"}, "t1": {"parent.key": "t0"}, "t2": {"parent.key": "t1"}}
    await apply(sessions, Update(entity="task", changes_by_key=dict(ring)))  # type: ignore[arg-type]
    chain: list[Row] = [{"key": f"t{n}", "parent.key": f"t{n - 1}"} for n in range(3, DEEP + 6)]
    await add_tasks(sessions, *chain)
    assert (await delete(sessions, SoftDelete(entity="task", key=["t1"], cascade=True))).deleted == DEEP + 6
    assert len(await trail(sessions, job_id="job")) == DEEP + 6
    await assert_balanced(sessions)


async def test_a_row_that_owns_live_rows_is_not_deleted_alone(sessions: Sessions) -> None:
    """Without cascade the owners are named; owned rows that go with them do not count."""
    await plant(sessions, tasks=1)
    await add_tasks(sessions, {"key": "child", "parent.key": "t0"})
    with pytest.raises(InUse, match="project 1 still has a live task"):
        await delete(sessions, SoftDelete(entity="project", key=["alpha"]))
    with pytest.raises(InUse, match="task 1 still has a live task"):
        await delete(sessions, SoftDelete(entity="task", where={"parent.key": None}))
    assert (await delete(sessions, SoftDelete(entity="task", where={"title__eq": "Task", "key": "child"}))).deleted == 1
    await add_tasks(sessions, {"key": "child", "parent.key": "t0"})
    assert (await delete(sessions, SoftDelete(entity="task", key=["t0", "child"]))).deleted == 2


async def test_rows_that_are_missing_or_stale_stop_all(sessions: Sessions) -> None:
    """The missing are named in the order of the command, by id and by key; so is a row of another version."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t1"]))
    await apply(sessions, Update(entity="task", key=["t2"], changes={"title": "Newer"}))
    before = await images(sessions, "task")
    with pytest.raises(NotFound, match="no live task with id 9, 2; "):
        await update(sessions, Update(entity="task", id=[1, 9, 2, 1], changes={"title": "x"}))
    with pytest.raises(NotFound, match="no live task with key 't1', 'nope'"):
        await delete(sessions, SoftDelete(entity="task", key=["t0", "t1", "nope"]))
    with pytest.raises(StaleVersion, match="task 3 has version 2, expected 1"):
        await update(
            sessions, Update(entity="task", where={"project_id": 1}, changes={"title": "x"}, expected_version=1)
        )
    with pytest.raises(Duplicate, match="task"):
        await update(sessions, Update(entity="task", id=[1, 3], changes={"key": "same"}))
    assert await images(sessions, "task") == before


async def test_many_rows_come_back_as_few_do(sessions: Sessions) -> None:
    """What a cascade took returns with its audit rows; what another job deleted since stays deleted."""
    await plant(sessions, tasks=3)
    await apply(sessions, CASCADE, "gone")
    await apply(sessions, Restore(entity="project", id=[1]))
    await apply(sessions, Restore(entity="task", id=[1]))
    await apply(sessions, SoftDelete(entity="task", id=[1]))
    before = await images(sessions, "task")
    async with begin(sessions, "job") as tx:
        result = await restore_rows(tx, Restore(job_id="gone"), large=0)
    after = await images(sessions, "task")
    assert (result.restored, result.skipped, result.ids) == (2, 2, {"restored": {"task": [2, 3]}})
    entries = await trail(sessions, job_id="job")
    changed = ("deleted_at", "version", "updated_at")
    assert [(entry.entity_id, entry.action) for entry in entries] == [("2", "restore"), ("3", "restore")]
    for entry in entries:
        row_id = int(entry.entity_id)
        assert entry.before == {column: before[row_id][column] for column in changed}
        assert entry.after == {column: after[row_id][column] for column in changed}
    await assert_balanced(sessions)


async def test_several_commands_and_objects_share_a_transaction(sessions: Sessions) -> None:
    """Each set takes the place of the one before it, whatever its columns, and knows what a flush has changed."""
    await plant(sessions, tasks=3)
    async with begin(sessions, "job") as tx:
        entity = tx.entities["task"]
        (await tx.session.get_one(Task, 1)).title = "Object's"
        for changes in ({"title": "A"}, {"status": "done", "tags": [1]}, {"title": "B"}):
            every = Update(entity="task", where={"project_id": 1}, changes=dict(changes))  # type: ignore[arg-type]
            assert (await update_rows(tx, entity, every, large=0)).updated == 3
        for key in ("t0", "t1"):
            await soft_delete_rows(tx, entity, SoftDelete(entity="task", key=[key]), large=0)
    versions = {row_id: row["version"] for row_id, row in (await images(sessions, "task")).items()}
    assert versions == {1: 6, 2: 5, 3: 4}
    steps = [entry.before for entry in await trail(sessions, job_id="job") if entry.entity_id == "1"]
    assert [before and before["version"] for before in steps] == [1, 2, 3, 4, 5]
    await assert_balanced(sessions)


async def test_a_statement_that_loses_audit_rows_is_rolled_back(database: Database) -> None:
    """Written and audited are counted here too."""
    sessions = database.sessions
    await plant(sessions, tasks=2)
    before = await images(sessions, "task")
    await before_each_row(database, "INSERT", "audit_log", DROP_SECOND)
    with pytest.raises(AuditMismatch, match="2 rows written but 1 audited"):
        await update(sessions, Update(entity="task", id=[1, 2], changes={"title": "x"}))
    with pytest.raises(AuditMismatch, match="2 rows written but 1 audited"):
        await delete(sessions, SoftDelete(entity="task", id=[1, 2]))
    assert await images(sessions, "task") == before


async def test_a_deletion_takes_along_what_is_being_inserted(database: Database) -> None:
    """It waits for the insert to commit, and then cascades to the new task as well."""
    sessions = database.sessions
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        await insert_rows(tx, tx.entities["task"], [{"key": "new", "title": "New", "project.key": "alpha"}])
        late = asyncio.create_task(delete(sessions, CASCADE))
        await one_waits(database)
    assert (await late).deleted == 3
    assert await live(sessions) == {}
    await assert_balanced(sessions)
