"""Pages by a cursor are the sorted list, cut: whatever the rows, the sort and the page size, and in both directions."""

from collections.abc import Sequence
from functools import cmp_to_key
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from domain.task import Task
from persistence.reader import Reader, reader
from persistence.sessions import Sessions
from tests.services import PROJECTS, TASKS
from tests.worlds import begin

WORDS = st.text("ab0", max_size=2)  # ordered alike by every collation
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "title": WORDS.map(lambda word: f"t{word}"),
            "description": st.none() | WORDS,
            "priority": st.sampled_from(["low", "high"]),
        }
    ),
    max_size=8,
)
FIELDS = ("title", "description", "priority", "deleted_at", "version", "created_at", "id")
SORTS = st.lists(st.sampled_from(FIELDS), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
)
KEYS = count()


def ordered(tasks: Sequence[Task], sort: Sequence[str]) -> list[Task]:
    """Return the tasks as the sort asks for them: null last, ties by the id in the direction of the last column."""
    names = [*sort, "-id" if sort and sort[-1].startswith("-") else "id"]

    def compare(one: Task, other: Task) -> int:
        for name in names:
            mine, its = getattr(one, name.lstrip("-")), getattr(other, name.lstrip("-"))
            if mine != its:
                if mine is None or its is None:
                    return 1 if mine is None else -1
                return -1 if (mine < its) != name.startswith("-") else 1
        return 0

    return sorted(tasks, key=cmp_to_key(compare))


async def make(sessions: Sessions, project: int | None, rows: Sequence[dict[str, Any]]) -> None:
    """Create tasks of the project."""
    async with begin(sessions) as tx:
        await TASKS.create_many(tx, [{"key": f"k{next(KEYS)}", "project_id": project, **row} for row in rows])


async def walked_both_ways(read: Reader, project: int | None, sort: Sequence[str], limit: int) -> list[Task]:
    """Return the project's tasks page by page, after the way back has given the same."""
    page = await TASKS.page(read, sort=sort, limit=limit, project_id=project)
    found = list(page.items)
    while page.next is not None:
        page = await TASKS.page(read, sort=sort, limit=limit, cursor=page.next, project_id=project)
        found += page.items
    back = list(page.items)
    while page.previous is not None:
        page = await TASKS.page(read, sort=sort, limit=limit, cursor=page.previous, project_id=project)
        back = page.items + back
    assert back == found
    return found


@hypothesis(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=ROWS, later=ROWS, sort=SORTS, limit=st.integers(1, 4))
async def test_pages_are_the_sorted_list(
    sessions: Sessions, rows: list[dict[str, Any]], later: list[dict[str, Any]], sort: tuple[str, ...], limit: int
) -> None:
    """Forwards and back; and rows that come between two pages neither hide nor repeat one that was there before."""
    async with begin(sessions) as tx:
        project = (await PROJECTS.create(tx, {"key": f"p{next(KEYS)}", "name": "P"})).id
    await make(sessions, project, rows)
    async with reader(sessions) as read:
        expected = ordered(await TASKS.find(read, project_id=project), sort)
        page = await TASKS.page(read, sort=sort, limit=limit, project_id=project)
    ids, seen = {task.id for task in expected}, list(page.items)
    await make(sessions, project, later)
    async with reader(sessions) as read:
        while page.next is not None:
            page = await TASKS.page(read, sort=sort, limit=limit, cursor=page.next, project_id=project)
            seen += page.items
        assert [task.id for task in seen if task.id in ids] == [task.id for task in expected]
        assert await walked_both_ways(read, project, sort, limit) == ordered(
            await TASKS.find(read, project_id=project), sort
        )
