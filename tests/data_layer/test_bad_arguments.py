"""What no database can mean: refused alike on all of them, before it is sent."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.errors import InvalidQuery, InvalidRows
from persistence.reader import Reader, reader
from persistence.sessions import Sessions
from tests.services import TASKS, make_project, make_tasks
from tests.worlds import begin

pytestmark = pytest.mark.on_every_engine

READS: dict[str, tuple[Callable[[Reader], Awaitable[Any]], str]] = {
    "an id that is text": (lambda read: TASKS.get(read, "1 or so"), "id: '1 or so' is no id"),  # type: ignore[arg-type]
    "ids": (lambda read: TASKS.get_many(read, [1, True]), "id: True is no id"),
    "a limit": (lambda read: TASKS.find(read, limit=-1), "limit: -1 is not between 0"),
    "a large limit": (lambda read: TASKS.find(read, limit=2**70), "limit: "),
    "a batch": (lambda read: anext(TASKS.stream(read, batch=0)), "batch: 0 is not between 1"),
    "a minimum": (lambda read: TASKS.aggregate(read, min_of="tags"), "min_of: tags has no order"),
    "a page": (lambda read: TASKS.page(read, sort="description", limit=1), "description, id; sort by shorter ones"),
}


async def test_what_no_query_can_be_is_refused(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """MySQL would find task 1 by `1 or so`, and a cursor that is made is one that is taken."""
    project = await make_project(sessions)
    await make_tasks(sessions, project, rows=[{"key": key, "description": key + "ü" * 4_000} for key in "ab"])
    for name, (ask, why) in READS.items():
        async with reader(sessions) as read:
            with subtests.test(name), pytest.raises(InvalidQuery, match=why):
                await ask(read)


async def test_no_row_has_an_id_beyond_the_largest(sessions: Sessions) -> None:
    """It is missing like any other, as a key is that no column could hold."""
    ids = await make_tasks(sessions, await make_project(sessions), 1)
    async with begin(sessions) as tx:
        assert await TASKS.get(tx, 2**70) is None
        assert [task.id for task in await TASKS.get_many(tx, [2**70, -1, *ids])] == ids
        assert [task.id for task in await TASKS.lock(tx, [2**70, *ids], skip_locked=True)] == ids
        for key in ("a\0b", "\ud800"):
            with pytest.raises(InvalidRows, match="NUL character"):
                await TASKS.get_by_key(tx, key)
        with pytest.raises(InvalidRows, match="holds what JSON cannot say"):
            await TASKS.update(tx, ids[0], {"title": object()})
        assert (await TASKS.update(tx, ids[0], {"title": "usable"})).title == "usable"
