"""A deleted row is nowhere to be seen, by whatever way, unless it is asked for."""

import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlmodel import col

from domain.errors import UnauditedWrite
from domain.member import Member
from domain.project import Project
from domain.task import Task
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.services import MEMBERS, TASKS, make_members, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine

DELETED = {"include_deleted": True}


@pytest.fixture
async def ids(sessions: Sessions) -> list[int]:
    """Return the ids of tasks: `t0` with the subtasks `s1` and, deleted, `s2`; their assignee Ann is deleted."""
    (ann,) = await make_members(sessions, "ann")
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 1, assignee_id=ann)
    ids += await make_tasks(sessions, project, rows=[{"key": key, "parent_id": ids[0]} for key in ("s1", "s2")])
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[2])
        await MEMBERS.soft_delete(tx, ann)
    return ids


@pytest.mark.usefixtures("ids")
async def test_no_query_returns_it(sessions: Sessions) -> None:
    """Entities, columns, counts, joins, aliases, subqueries: all leave it out, and all can be asked for it."""
    parent = aliased(Task)
    queries = [
        select(col(Task.key)).order_by(col(Task.id)),
        select(col(Task.key)).join(parent, col(Task.parent_id) == col(parent.id), isouter=True).order_by(col(Task.id)),
        select(col(Task.key)).join(Project, col(Task.project_id) == col(Project.id)).order_by(col(Task.id)),
        select(col(Task.key)).where(col(Task.id).in_(select(col(Task.id)))).order_by(col(Task.id)),
    ]
    async with reader(sessions) as read:
        for query in queries:
            assert list(await read.scalars(query)) == ["t0", "s1"]
            assert list(await read.scalars(query.execution_options(**DELETED))) == ["t0", "s1", "s2"]
        assert await read.scalars(select(func.count()).select_from(Task)) == [2]
        child = aliased(Task)
        pairs = select(col(parent.key), col(child.key)).join(child, col(child.parent_id) == col(parent.id))
        assert [tuple(row) for row in await read.rows(pairs)] == [("t0", "s1")]


async def test_get_does_not_return_it(sessions: Sessions, ids: list[int]) -> None:
    """Also where the session holds its object: the answer does not depend on what was read before."""
    async with begin(sessions) as tx:
        assert await tx.session.get(Task, ids[2]) is None
        held = await tx.session.get(Task, ids[2], execution_options=DELETED)
        assert held is not None
        assert await tx.session.get(Task, ids[2]) is None
        assert await tx.reader.get(Task, ids[2]) is None
        assert await tx.reader.get(Task, ids[2], include_deleted=True) is held
        held.deleted_at = None
        await tx.session.flush()
        assert await tx.session.get(Task, ids[2]) is held


def shown(task: Task) -> tuple[str | None, list[str]]:
    """Return the keys of a task's assignee and subtasks."""
    assignee: Member | None = task.assignee
    return assignee.key if assignee else None, sorted(subtask.key for subtask in task.subtasks)


async def test_a_relation_leaves_it_out(sessions: Sessions, ids: list[int]) -> None:
    """A relation to one is None, one to many has the living alone; with their owner they can be asked for."""
    async with reader(sessions) as read:
        task = await TASKS.get_or_raise(read, ids[0], load=("assignee", "subtasks"))
        assert shown(task) == (None, ["s1"])
    async with reader(sessions) as read:
        task = await TASKS.get_or_raise(read, ids[0], load=("assignee", "subtasks"), include_deleted=True)
        assert shown(task) == ("ann", ["s1", "s2"])
    async with reader(sessions) as read:
        relations = inspect(Task).relationships
        options = (joinedload(relations.assignee.class_attribute), selectinload(relations.subtasks.class_attribute))
        (task,) = await read.scalars(select(Task).where(col(Task.id) == ids[0]).options(*options))
        assert shown(task) == (None, ["s1"])


async def test_no_statement_of_ones_own_updates_or_deletes(sessions: Sessions, ids: list[int]) -> None:
    """Bulk statements that would go round the filter and the audit log stay refused."""
    for statement in (f"UPDATE task SET title = 'x' WHERE id = {ids[2]}", f"DELETE FROM task WHERE id = {ids[2]}"):  # noqa: S608
        with pytest.raises(UnauditedWrite):
            async with begin(sessions) as tx:
                await tx.session.execute(text(statement))


async def test_its_key_is_free(sessions: Sessions, ids: list[int]) -> None:
    """Another row may take it, and then it cannot come back."""
    async with begin(sessions) as tx:
        again = await TASKS.create(tx, {"key": "s2", "title": "Again", "project.key": "alpha"})
        assert again.id not in ids
