"""What goes wrong in data layers that are put together from guides, and does not here."""

import pytest
from sqlmodel import col, select

from domain.errors import UnknownName
from domain.task import Task
from persistence.reader import reader
from persistence.sessions import Sessions
from tests.services import TASKS, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine


async def test_a_misspelt_filter_deletes_nothing(sessions: Sessions) -> None:
    """An unknown name that is ignored deletes the whole table."""
    await make_tasks(sessions, await make_project(sessions), 2)
    async with begin(sessions) as tx:
        with pytest.raises(UnknownName, match="did you mean 'status'"):
            await TASKS.soft_delete_where(tx, satus="done")
        assert await TASKS.count(tx) == 2


async def test_a_sort_goes_the_way_that_it_says(sessions: Sessions) -> None:
    """Also behind the first page, also of equal values."""
    ids = await make_tasks(sessions, await make_project(sessions), 5, title="same")
    async with reader(sessions) as read:
        first = await TASKS.page(read, sort="-title", limit=3)
        second = await TASKS.page(read, sort="-title", limit=3, cursor=first.next)
    assert [task.id for task in (*first.items, *second.items)] == ids[::-1]


async def test_a_wildcard_in_a_value_is_a_character(sessions: Sessions) -> None:
    """`%` finds the percent sign, and not every row."""
    rows = [{"key": key} for key in ("50%", "50", "a_b", "acb")]
    await make_tasks(sessions, await make_project(sessions), rows=rows)
    async with reader(sessions) as read:
        assert [task.key for task in await TASKS.find(read, key__contains="%")] == ["50%"]
        assert [task.key for task in await TASKS.find(read, key__startswith="a_")] == ["a_b"]


async def test_a_list_that_is_changed_in_place_is_saved(sessions: Sessions) -> None:
    """Of an object that was read, created or written by the service."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        task = await TASKS.get_or_raise(tx, row_id)
        task.tags.append("read")
    async with begin(sessions) as tx:
        task = await TASKS.update(tx, row_id, {"title": "New"})
        task.tags.append("updated")
    async with reader(sessions) as read:
        assert (await TASKS.get_or_raise(read, row_id)).tags == ["read", "updated"]


async def test_half_a_unit_of_work_is_never_committed(sessions: Sessions) -> None:
    """A service does not commit: what one call wrote goes when the next one fails."""
    project = await make_project(sessions)
    with pytest.raises(RuntimeError):  # noqa: PT012 - the whole block is tested
        async with begin(sessions) as tx:
            await TASKS.create(tx, {"key": "half", "title": "Half", "project_id": project})
            raise RuntimeError
    async with reader(sessions) as read:
        assert await TASKS.count(read, include_deleted=True) == 0


async def test_an_object_of_another_scope_stays_usable(sessions: Sessions) -> None:
    """Nothing is expired by a commit, so that no attribute queries after it."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        task = await TASKS.update(tx, row_id, {"title": "New"})
    assert (task.title, task.version, task.updated_at is None) == ("New", 2, False)


async def test_a_reader_beside_a_transaction_sees_what_is_committed(sessions: Sessions) -> None:
    """Two scopes are two sessions: neither commits or shows what the other has begun."""
    (row_id,) = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        await TASKS.update(tx, row_id, {"title": "Begun"})
        async with reader(sessions) as read:
            assert list(await read.scalars(select(Task.title).where(col(Task.id) == row_id))) == ["Task t0"]
