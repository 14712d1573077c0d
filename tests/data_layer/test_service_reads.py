"""What a service answers: one test for each way to ask."""

from typing import assert_type

import pytest
from pydantic import JsonValue

from domain.errors import InvalidFilter, InvalidQuery, InvalidRows, NotFound, UnknownName
from domain.filters import field
from domain.member import Member
from domain.task import Task, TaskStatus
from persistence.database import Database
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.queries import assert_queries
from tests.services import MEMBERS, PROJECTS, TASKS, make_members, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine


@pytest.fixture
async def ids(sessions: Sessions) -> list[int]:
    """Return the ids of four tasks: `a` is done and Ann's, `b` is deleted, `c` and `d` are pending."""
    ann = (await make_members(sessions, "ann", "bob"))[0]
    rows: list[dict[str, JsonValue]] = [{"key": "a", "status": "done", "assignee_id": ann}]
    ids = await make_tasks(sessions, await make_project(sessions), rows=[*rows, *({"key": key} for key in "bcd")])
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[1])
    return ids


async def test_get_returns_the_row_or_none(sessions: Sessions, ids: list[int]) -> None:
    """A deleted row is none unless it is asked for; mypy knows the type of what comes."""
    async with reader(sessions) as read:
        found = assert_type(await TASKS.get(read, ids[0]), Task | None)
        assert found is not None
        assert found.key == "a"
        assert await TASKS.get(read, ids[1]) is None
        assert await TASKS.get(read, ids[1], load="project") is None
        deleted = await TASKS.get(read, ids[1], include_deleted=True)
        assert deleted is not None
        assert deleted.key == "b"
        assert await TASKS.get(read, 10**9) is None


async def test_what_no_row_can_have_is_not_found(sessions: Sessions, ids: list[int]) -> None:
    """An id beyond every column, a key beyond every text: alike on all databases, whatever the drivers say."""
    async with begin(sessions) as tx:
        for impossible in (2**70, -(2**70), 0):
            assert await TASKS.get(tx, impossible) is None
            assert await TASKS.get(tx, impossible, load="project") is None
            assert [task.id for task in await TASKS.get_many(tx, [impossible, ids[0]])] == [ids[0]]
            with pytest.raises(NotFound, match=str(impossible)):
                await TASKS.lock(tx, impossible)
            with pytest.raises(NotFound, match=str(impossible)):
                await TASKS.update(tx, impossible, {})
        assert await TASKS.get_by_key(tx, "a\0") is None


async def test_a_number_of_rows_below_zero_is_refused(sessions: Sessions) -> None:
    """And batches of none: SQLite would take the one for all rows, and the other would yield nothing."""
    async with begin(sessions) as tx:
        with pytest.raises(InvalidQuery, match="limit: -1 is not between 0 and"):
            await TASKS.find(tx, limit=-1)
        with pytest.raises(InvalidQuery, match="limit: -1 is not between 0 and"):
            await TASKS.lock(tx, limit=-1)
        for batch in (0, -1):
            with pytest.raises(InvalidQuery, match=f"batch: {batch} is not between 1 and"):
                await anext(TASKS.stream(tx, batch=batch))
        assert await TASKS.find(tx, limit=0) == []


async def test_get_or_raise_names_what_is_missing(sessions: Sessions, ids: list[int]) -> None:
    """The error has the entity, the field and the value."""
    async with reader(sessions) as read:
        assert assert_type(await TASKS.get_or_raise(read, ids[2]), Task).key == "c"
        with pytest.raises(NotFound, match=f"no live task with id {ids[1]}") as refused:
            await TASKS.get_or_raise(read, ids[1])
    assert (refused.value.entity, refused.value.field, refused.value.values) == ("task", "id", (ids[1],))


async def test_get_by_key_knows_the_natural_key(sessions: Sessions, ids: list[int]) -> None:
    """Of several rows that had the key the live one counts, and among deleted ones the newest."""
    async with begin(sessions) as tx:
        again = await TASKS.create(tx, {"key": "b", "title": "Again", "project.key": "alpha"})
        assert (await TASKS.get_by_key(tx, "b", include_deleted=True)) is again
        await TASKS.soft_delete(tx, again)
        assert await TASKS.get_by_key(tx, "b") is None
        assert (await TASKS.get_by_key(tx, "b", include_deleted=True)) is again
        assert again.id != ids[1]
        with pytest.raises(InvalidRows):
            await TASKS.get_by_key(tx, [])  # type: ignore[arg-type]


async def test_get_many_keeps_the_order_of_the_ids(sessions: Sessions, ids: list[int]) -> None:
    """Missing ones are left out, an id that is given twice comes twice; or they are an error, all at once."""
    a, b, c, d = ids
    async with reader(sessions) as read:
        found = assert_type(await TASKS.get_many(read, [d, 10**9, a, b, d]), list[Task])
        assert [task.id for task in found] == [d, a, d]
        assert await TASKS.get_many(read, []) == []
        assert [task.id for task in await TASKS.get_many_or_raise(read, [c, a])] == [c, a]
        with pytest.raises(NotFound, match=f"no live task with id {b}, {10**9}"):
            await TASKS.get_many_or_raise(read, [10**9, a, b])


async def test_find_takes_one_filter_language_in_three_spellings(sessions: Sessions, ids: list[int]) -> None:
    """Keywords, words and typed objects mean the same, also together; without a sort rows come by id."""
    a, b, c, d = ids
    async with reader(sessions) as read:
        assert [task.id for task in assert_type(await TASKS.find(read), list[Task])] == [a, c, d]
        for found in (
            await TASKS.find(read, status=TaskStatus.PENDING),
            await TASKS.find(read, status__in=["pending"], project__key="alpha"),
            await TASKS.find(read, where={"or": [{"key": "c"}, {"key": "d"}]}),
            await TASKS.find(read, where=field("key").in_(["a", "b", "c", "d"]), status="pending"),
        ):
            assert [task.id for task in found] == [c, d]
        assert [task.id for task in await TASKS.find(read, sort=("-status", "-id"), limit=2)] == [d, c]
        assert [task.id for task in await TASKS.find(read, key="b", include_deleted=True)] == [b]
        assert [member.key for member in await MEMBERS.find(read, assigned_tasks__key="a")] == ["ann"]


async def test_what_no_filter_can_mean_is_refused(sessions: Sessions, ids: list[int]) -> None:
    """An unknown name is never ignored, in a read or in a write, and the nearest valid one is named."""
    async with begin(sessions) as tx:
        with pytest.raises(UnknownName, match="did you mean 'status'"):
            await TASKS.find(tx, statsu="done")
        with pytest.raises(UnknownName, match="did you mean 'status'"):
            await TASKS.soft_delete_where(tx, statsu="done")
        with pytest.raises(UnknownName, match="operator 'inn'"):
            await TASKS.count(tx, status__inn=["done"])
        with pytest.raises(InvalidFilter, match="id: "):
            await TASKS.exists(tx, id="many")
        assert await TASKS.count(tx, include_deleted=True) == len(ids)


async def test_first_exists_and_count(sessions: Sessions, ids: list[int]) -> None:
    """They are what `find` would have found."""
    async with reader(sessions) as read:
        first = assert_type(await TASKS.first(read, sort="-key"), Task | None)
        assert first is not None
        assert first.id == ids[3]
        assert await TASKS.first(read, key="nobody's") is None
        assert await TASKS.exists(read, status="done")
        assert not await TASKS.exists(read, key="b")
        assert assert_type(await TASKS.exists(read, key="b", include_deleted=True), bool)
        assert assert_type(await TASKS.count(read), int) == 3
        assert await TASKS.count(read, where=field("status").ne("done")) == 2


@pytest.mark.usefixtures("ids")
async def test_stream_yields_every_row_with_its_relations(sessions: Sessions, database: Database) -> None:
    """A cursor of the server gives them batch by batch, in any order that is asked for."""
    async with reader(sessions) as read:
        by_cursor = database.engine.dialect.name != "mysql"
        with assert_queries(database.engine, 1 if by_cursor else 2):
            found = [task.key async for task in TASKS.stream(read, sort="-key", load="project", batch=2)]
        assert found == ["d", "c", "a"]
        async for task in TASKS.stream(read, load=("project", "subtasks"), batch=1):
            assert task.project.key == "alpha"
            assert task.subtasks == []


async def test_aggregate_groups_and_adds_up(sessions: Sessions, ids: list[int]) -> None:
    """Figures have one type on every database; what no row has is None."""
    async with reader(sessions) as read:
        done, pending = await TASKS.aggregate(
            read, by="status", sum_of="version", avg_of="version", max_of=("id", "key")
        )
        assert (done.by, done.count, done.sum, done.avg) == (
            {"status": TaskStatus.DONE},
            1,
            {"version": 1},
            {"version": 1.0},
        )
        assert (pending.count, pending.max) == (2, {"id": ids[3], "key": "d"})
        (none,) = await TASKS.aggregate(read, sum_of="version", min_of="created_at", key="nobody's")
        assert (none.by, none.count, none.sum, none.min) == ({}, 0, {"version": None}, {"created_at": None})
        with pytest.raises(UnknownName, match="did you mean 'status'"):
            await TASKS.aggregate(read, by="statu")
        with pytest.raises(InvalidQuery, match="min_of: tags is JSON, which has no order on every database"):
            await TASKS.aggregate(read, min_of="tags")
        with pytest.raises(InvalidQuery, match="sum_of: title is no number"):
            await TASKS.aggregate(read, sum_of="title")
        assert len(await TASKS.aggregate(read, by="status", most=2)) == 2
        with pytest.raises(InvalidQuery, match="by: more than 1 groups; say conditions"):
            await TASKS.aggregate(read, by="status", most=1)


async def test_the_shipped_services_have_methods_of_their_own(sessions: Sessions, ids: list[int]) -> None:
    """Tasks of a project, its progress, and who has how much to do."""
    async with begin(sessions) as tx:
        ann = assert_type(await MEMBERS.get_by_key(tx, "ann"), Member | None)
        assert ann is not None
        await TASKS.update(tx, ids[2], {"assignee_id": ann.id})
        assert [task.key for task in await TASKS.of_project(tx, "alpha")] == ["a", "c", "d"]
        project = await PROJECTS.get_by_key(tx, "alpha")
        assert project is not None
        assert project.id is not None
        assert await PROJECTS.progress(tx, project.id) == {TaskStatus.DONE: 1, TaskStatus.PENDING: 2}
        assert await MEMBERS.workload(tx) == {ann.id: 1}
