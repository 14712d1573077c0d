"""Pages: by a cursor, which costs the same at any depth and loses no row, and by an offset."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from domain.errors import Invalid, InvalidCursor, InvalidQuery, UnknownName
from domain.task import Task
from persistence.database import Database
from persistence.reader import Reader, reader
from persistence.sessions import Sessions, create_sessions
from tests.queries import assert_queries
from tests.services import TASKS, make_members, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine


async def walk(read: Reader, **arguments: Any) -> list[Task]:  # noqa: ANN401 - of a page
    """Return all rows, page by page forwards, after the same way backwards has given the same."""
    page = await TASKS.page(read, **arguments)
    assert page.previous is None
    found = list(page.items)
    while page.next is not None:
        page = await TASKS.page(read, cursor=page.next, **arguments)
        found += page.items
    back = list(page.items)
    while page.previous is not None:
        page = await TASKS.page(read, cursor=page.previous, **arguments)
        back = page.items + back
    assert back == found
    return found


SORTS: list[tuple[str | tuple[str, ...], list[str]]] = [
    ((), ["a", "b", "c", "d", "e"]),
    ("-id", ["e", "d", "c", "b", "a"]),
    ("title", ["e", "d", "b", "c", "a"]),
    ("-title", ["a", "c", "b", "d", "e"]),
    ("description", ["b", "a", "c", "d", "e"]),
    (("-description", "key"), ["c", "a", "b", "d", "e"]),
    (("assignee_id", "-description", "title"), ["c", "b", "a", "e", "d"]),
    (("-assignee_id", "id"), ["b", "c", "a", "d", "e"]),
]


async def test_every_sort_goes_its_way_with_null_last(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """A minus is descending, ties fall to the id, and every page size gives the same list in both directions."""
    (ann,) = await make_members(sessions, "ann")
    rows: list[dict[str, Any]] = [
        {"key": "a", "title": "3", "description": "y"},
        {"key": "b", "title": "2", "description": "x", "assignee_id": ann},
        {"key": "c", "title": "2", "description": "z", "assignee_id": ann},
        {"key": "d", "title": "1"},
        {"key": "e", "title": "0", "description": None},
    ]
    await make_tasks(sessions, await make_project(sessions), rows=rows)
    async with reader(sessions) as read:
        for sort, expected in SORTS:
            for limit in (1, 2, 5, 6):
                with subtests.test(sort=sort, limit=limit):
                    assert [task.key for task in await walk(read, sort=sort, limit=limit)] == expected


async def test_a_cursor_loses_no_row_while_others_come_and_go(sessions: Sessions) -> None:
    """A row that is inserted before the place, or the deletion of the row at the place, moves nothing."""
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 6)
    async with reader(sessions) as read:
        first = await TASKS.page(read, sort="-created_at", limit=3)
    assert [task.id for task in first.items] == ids[5:2:-1]
    await make_tasks(sessions, project, rows=[{"key": "new"}])
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, first.items[-1])
    async with reader(sessions) as read:
        second = await TASKS.page(read, sort="-created_at", limit=3, cursor=first.next)
        assert [task.id for task in second.items] == ids[2::-1]
        back = await TASKS.page(read, sort="-created_at", limit=3, cursor=second.previous)
    assert [task.key for task in back.items] == ["new", "t5", "t4"]
    assert back.next is not None


async def test_there_is_a_way_back_from_an_empty_page(sessions: Sessions) -> None:
    """Where all rows behind a cursor are gone, the page before it still ends with the row of the cursor."""
    ids = await make_tasks(sessions, await make_project(sessions), 4)
    async with reader(sessions) as read:
        first = await TASKS.page(read, limit=2)
    async with begin(sessions) as tx:
        await TASKS.soft_delete(tx, ids[2:])
    async with reader(sessions) as read:
        empty = await TASKS.page(read, limit=2, cursor=first.next)
        assert (empty.items, empty.next) == ([], None)
        back = await TASKS.page(read, limit=2, cursor=empty.previous)
    assert [task.id for task in back.items] == ids[:2]


def tampered(cursor: str) -> str:
    """Return a cursor with one bit of its place changed."""
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-2] ^= 1
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


REFUSED: list[dict[str, Any]] = [
    {"sort": "-title"},
    {"sort": ("title", "key")},
    {"sort": "title", "status": "pending"},
    {"sort": "title", "include_deleted": True},
    {"sort": "title", "where": {"key__ne": "x"}},
]


async def test_a_cursor_holds_for_its_own_list_alone(
    sessions: Sessions, database: Database, subtests: pytest.Subtests
) -> None:
    """Another sort, filter or key, a changed bit and what never was a cursor are refused, with one class of error."""
    await make_tasks(sessions, await make_project(sessions), 3)
    async with reader(sessions) as read:
        cursor = (await TASKS.page(read, sort="title", limit=1)).next
        assert cursor is not None
        assert len((await TASKS.page(read, sort="title", limit=2, cursor=cursor, load="project")).items) == 2
        for arguments in REFUSED:
            with subtests.test(**arguments), pytest.raises(InvalidCursor, match="begin again without a cursor"):
                await TASKS.page(read, cursor=cursor, **arguments)
        for wrong in (tampered(cursor), "", "x", "é", cursor[:-1], "A" * 9_000):
            with subtests.test(wrong), pytest.raises(Invalid):
                await TASKS.page(read, sort="title", cursor=wrong)
    async with reader(create_sessions(database.engine, database.entities)) as read:
        with pytest.raises(InvalidCursor, match="another key"):
            await TASKS.page(read, sort="title", cursor=cursor)
    for key in (b"1" * 32, b"1" * 32):
        async with reader(create_sessions(database.engine, database.entities, cursor_key=key)) as read:
            same = (await TASKS.page(read, sort="title", limit=1)).next
            assert len((await TASKS.page(read, sort="title", cursor=same)).items) == 2


async def test_a_place_too_long_for_a_cursor_is_told_with_the_page(sessions: Sessions) -> None:
    """Not by the next request, which would be refused the cursor that this one gave; other alphabets are no longer."""
    project = await make_project(sessions)
    long = {"key": "k" * 200, "title": "\N{GRINNING FACE}" * 500}
    await make_tasks(sessions, project, rows=[long, {"key": "b", "description": "x" * 9_000}])
    async with reader(sessions) as read:
        first = await TASKS.page(read, sort=("-title", "key"), limit=1)
        assert first.next is not None
        assert (first.items[0].title, len(first.next) < 4_000) == (long["title"], True)
        assert (await TASKS.page(read, sort=("-title", "key"), limit=1, cursor=first.next)).items[0].key == "b"
        with pytest.raises(InvalidQuery, match=r"sort: makes a cursor of \d+ characters, at most 8000"):
            await TASKS.page(read, sort="description", limit=1)


ODD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"limit": 0}, InvalidQuery, "limit: 0 is not between 1 and 1,000"),
    ({"limit": 1_001}, InvalidQuery, "limit: 1001 is not between"),
    ({"sort": "titel"}, UnknownName, "did you mean 'title'"),
    ({"sort": "tags"}, InvalidQuery, "tags holds JSON, which has no order"),
    ({"sort": ("key", "-key")}, InvalidQuery, "names key twice"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), ODD)
async def test_what_no_page_can_be_is_refused(
    sessions: Sessions, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """The message names the value and what was expected."""
    async with reader(sessions) as read:
        with pytest.raises(error, match=message):
            await TASKS.page(read, **arguments)
        with pytest.raises(error, match=message):
            await TASKS.page_offset(read, **arguments)


async def test_page_offset_counts_all(sessions: Sessions, database: Database) -> None:
    """The number of all rows comes with each page; beyond the end there is no second query."""
    ids = await make_tasks(sessions, await make_project(sessions), 5)
    async with reader(sessions) as read:
        page = await TASKS.page_offset(read, sort="-id", limit=2, offset=1, key__ne="t0")
        assert ([task.id for task in page.items], page.total, page.offset, page.limit) == ([ids[3], ids[2]], 4, 1, 2)
        with assert_queries(database.engine, 1):
            assert (await TASKS.page_offset(read, offset=5)).items == []
        with pytest.raises(InvalidQuery, match="offset: -1"):
            await TASKS.page_offset(read, offset=-1)


async def test_a_page_with_its_relations_takes_few_statements(sessions: Sessions, database: Database) -> None:
    """A hundred tasks with project, assignee and subtasks come in two: one JOIN, and one SELECT for all subtasks."""
    (ann,) = await make_members(sessions, "ann")
    project = await make_project(sessions)
    ids = await make_tasks(sessions, project, 100, assignee_id=ann)
    subtasks: Sequence[dict[str, Any]] = [{"key": f"s{n}", "parent_id": row_id} for n, row_id in enumerate(ids)]
    await make_tasks(sessions, project, rows=subtasks)
    async with reader(sessions) as read:
        with assert_queries(database.engine, 2):
            page = await TASKS.page(read, limit=100, load=("project", "assignee", "subtasks"))
        assert {task.project.key for task in page.items} == {"alpha"}
        assert {task.assignee.key for task in page.items} == {"ann"}
        assert [task.subtasks[0].key for task in page.items] == [f"s{n}" for n in range(100)]
