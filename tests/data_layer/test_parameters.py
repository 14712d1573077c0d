"""What the methods of a service take beside the row: filters, relations and deleted rows, each where it is taken."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import InvalidQuery, NoCondition, NotFound
from domain.filters import field
from domain.project import Project, ProjectCreate, ProjectUpdate
from domain.task import Task
from persistence.reader import reader
from persistence.service import ServiceBase
from persistence.sessions import Sessions
from persistence.transaction import Transaction
from tests.services import MEMBERS, PROJECTS, TASKS, id_of, make_members, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine

B_OR_C = field("key").in_(["b", "c"])


@pytest.fixture
async def ids(sessions: Sessions) -> list[int]:
    """Return the ids of the tasks `a`, `b`, which is deleted, and `c`, of which Ann has the last."""
    (ann,) = await make_members(sessions, "ann")
    rows: list[dict[str, Any]] = [{"key": "a"}, {"key": "b"}, {"key": "c", "assignee_id": ann}]
    ids = await make_tasks(sessions, await make_project(sessions), rows=rows)
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[1])
    return ids


@pytest.mark.usefixtures("ids")
async def test_every_read_takes_a_filter_and_deleted_rows_where_they_are_asked_for(sessions: Sessions) -> None:
    """One filter has one answer, whichever way it is asked."""
    for deleted, expected in ((False, ["c"]), (True, ["b", "c"])):
        async with reader(sessions) as read:
            found = [
                await TASKS.find(read, where=B_OR_C, include_deleted=deleted),
                (await TASKS.page(read, where=B_OR_C, include_deleted=deleted)).items,
                (await TASKS.page(read, key__in=["b", "c"], include_deleted=deleted)).items,
                (await TASKS.page_offset(read, where=B_OR_C, include_deleted=deleted)).items,
                [task async for task in TASKS.stream(read, where=B_OR_C, include_deleted=deleted)],
                [task async for task in TASKS.stream(read, key__in=["b", "c"], include_deleted=deleted)],
            ]
            assert [[task.key for task in tasks] for tasks in found] == [expected] * len(found)
            first = await TASKS.first(read, where=B_OR_C, include_deleted=deleted)
            assert first is not None
            assert first.key == expected[0]
            assert (await TASKS.page_offset(read, where=B_OR_C, include_deleted=deleted)).total == len(expected)
            assert await TASKS.count(read, where=B_OR_C, include_deleted=deleted) == len(expected)
            assert await TASKS.exists(read, where=field("key").eq("b"), include_deleted=deleted) is deleted
            (sums,) = await TASKS.aggregate(read, sum_of="version", where=B_OR_C, include_deleted=deleted)
            assert (sums.count, sums.sum) == (len(expected), {"version": 2 * len(expected) - 1})


async def test_every_read_takes_relations(sessions: Sessions, ids: list[int]) -> None:
    """A single row, rows by their ids, pages by number and streams come with what was asked for, deleted rows too."""
    load = ("project", "subtasks")
    async with reader(sessions) as read:
        found: list[Task | None] = [
            await TASKS.get(read, ids[1], load=load, include_deleted=True),
            await TASKS.get_or_raise(read, ids[0], load=load),
            await TASKS.get_by_key(read, "c", load=load),
            await TASKS.first(read, load=load),
            *await TASKS.get_many(read, ids, load=load, include_deleted=True),
            *await TASKS.get_many_or_raise(read, ids, load=load, include_deleted=True),
            *(await TASKS.page_offset(read, load=load)).items,
            *[task async for task in TASKS.stream(read, load=load)],
        ]
        shown = [(task.key, task.project.key, task.subtasks) for task in found if task is not None]
        assert shown == [(key, "alpha", []) for key in "bacaabcabcacac"]
        with pytest.raises(NotFound, match="was found; correct the id"):
            await TASKS.get_many_or_raise(read, [10**9], include_deleted=True)


async def test_every_write_of_rows_returns_them_with_relations(sessions: Sessions, ids: list[int]) -> None:
    """As they are after the write, also where another project was loaded before it."""
    beta = await make_project(sessions, "beta")
    async with begin(sessions) as tx:
        await TASKS.get_or_raise(tx, ids[0], load="project")
        written = [
            await TASKS.create(tx, {"key": "new", "title": "New", "project_id": beta}, load="project"),
            *await TASKS.create_many(tx, [{"key": "more", "title": "M", "project_id": beta}], load="project"),
            await TASKS.upsert(tx, {"key": "c", "title": "C", "project_id": beta}, load="project"),
            await TASKS.update(tx, ids[0], {"project_id": beta}, load="project"),
        ]
        assert [(task.key, task.project.key) for task in written] == [
            (key, "beta") for key in ("new", "more", "c", "a")
        ]


async def test_lock_takes_a_filter_beside_ids(sessions: Sessions, ids: list[int]) -> None:
    """Rows that do not fit are missing, as deleted ones are."""
    async with begin(sessions) as tx:
        assert [id_of(task) for task in await TASKS.lock(tx, where=B_OR_C)] == [ids[2]]
        assert [id_of(task) for task in await TASKS.lock(tx, ids[::2], where=B_OR_C, skip_locked=True)] == [ids[2]]
        with pytest.raises(NotFound, match=str(ids[0])):
            await TASKS.lock(tx, ids[::2], where=B_OR_C)


async def test_a_deletion_by_filter_may_cascade_and_a_purge_has_a_limit(sessions: Sessions, ids: list[int]) -> None:
    """What the rows own goes too; a purge takes so many at a time."""
    async with begin(sessions) as tx:
        assert (await PROJECTS.soft_delete_where(tx, where={"key": "alpha"}, cascade=True)).deleted == len(ids)
    async with begin(sessions) as tx:
        gone, counted = timedelta(microseconds=1), list[int]()
        while (result := await TASKS.purge(tx, older_than=gone, limit=2)).purged:
            counted.append(result.purged)
        assert (max(counted), sum(counted)) == (2, 4)
        assert await MEMBERS.count(tx) == 1


async def test_groups_are_sorted_with_null_last_on_every_database(sessions: Sessions, ids: list[int]) -> None:
    """As rows are; two columns make pairs."""
    async with begin(sessions) as tx:
        await TASKS.restore(tx, ids[1])
        await TASKS.update(tx, ids[1], {"status": "done"})
        ann = await MEMBERS.get_by_key(tx, "ann")
        assert ann is not None
        by_one = await TASKS.aggregate(tx, by="assignee_id")
        assert [(group.by["assignee_id"], group.count) for group in by_one] == [(ann.id, 1), (None, 2)]
        by_two = await TASKS.aggregate(tx, by=("assignee_id", "status"), avg_of="id")
        assert [(group.by["status"], group.avg["id"]) for group in by_two] == [
            ("pending", float(ids[2])),
            ("done", float(ids[1])),
            ("pending", float(ids[0])),
        ]


async def test_numbers_that_no_database_takes_are_alike_on_all_of_them(sessions: Sessions, ids: list[int]) -> None:
    """An id that no row can have is a row that is not there; a limit below none is refused, and means no row at all."""
    beyond = 2**70
    async with begin(sessions) as tx:
        assert await TASKS.get(tx, beyond) is None
        assert [task.id for task in await TASKS.get_many(tx, [beyond, ids[0], -1])] == ids[:1]
        for asked in (TASKS.get_or_raise(tx, beyond), TASKS.get_many_or_raise(tx, [beyond]), TASKS.lock(tx, [beyond])):
            with pytest.raises(NotFound, match=str(beyond)):
                await asked
        for refused in (TASKS.find(tx, limit=-1), TASKS.lock(tx, limit=-1)):
            with pytest.raises(InvalidQuery, match="limit: -1 is not between 0"):
                await refused
        with pytest.raises(InvalidQuery, match="batch: 0 is not between 1"):
            _ = [task async for task in TASKS.stream(tx, batch=0)]
        with pytest.raises(InvalidQuery, match="offset"):
            await TASKS.page_offset(tx, offset=beyond)
        assert await TASKS.find(tx, limit=0) == []


class OwnProjects(ServiceBase[Project, ProjectCreate, ProjectUpdate]):
    """A service with a write of its own, which says its rows as the shipped ones do."""

    async def doomed(self, tx: Transaction, *, everything: bool = False, **conditions: object) -> dict[str, Any]:
        """Return which rows the service would write."""
        return self.selected(tx, None, conditions, everything=everything, action="doom")


async def test_a_method_of_ones_own_says_its_rows_as_the_shipped_ones_do(sessions: Sessions) -> None:
    """`entity` is what the service is of, `selected` the rows of a command, and never all of them by accident."""
    service = OwnProjects()
    async with begin(sessions) as tx:
        assert service.entity(tx).name == "project"
        assert await service.doomed(tx, key="alpha") == {"where": {"key__eq": "alpha"}}
        assert await service.doomed(tx, everything=True) == {"everything": True}
        with pytest.raises(NoCondition, match="doom of project has no condition"):
            await service.doomed(tx)
