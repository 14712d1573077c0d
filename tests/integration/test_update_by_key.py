"""One change set for each key."""

import pytest

from domain.commands import Update
from domain.errors import InvalidRows, MissingReference, NotFound, StaleVersion
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, live, plant, trail

pytestmark = pytest.mark.on_every_engine


async def test_each_row_takes_its_own_changes(sessions: Sessions) -> None:
    """Rows may change in different fields; what one names does not touch the others."""
    await plant(sessions, tasks=4)
    changes = {"t2": {"title": "Two"}, "t0": {"status": "done", "tags": ["x"]}, "t1": {"title": "Task 1"}}
    result = await apply(sessions, Update(entity="task", changes_by_key=dict(changes)), "job")  # type: ignore[arg-type]
    after = await live(sessions)
    assert {key: (row["title"], row["status"], row["tags"], row["version"]) for key, row in after.items()} == {
        "t0": ("Task 0", "done", ["x"], 2),
        "t1": ("Task 1", "pending", [], 1),
        "t2": ("Two", "pending", [], 2),
        "t3": ("Task 3", "pending", [], 1),
    }
    assert (result.updated, result.skipped, result.ids) == (2, 1, {"updated": {"task": [1, 3]}})
    entries = await trail(sessions, job_id="job")
    assert [set(entry.after or {}) for entry in entries] == [
        {"status", "tags", "version", "updated_at"},
        {"title", "version", "updated_at"},
    ]
    await assert_balanced(sessions)


async def test_each_key_may_expect_its_own_version(sessions: Sessions) -> None:
    """A stale one stops all of them, and a key without an expectation is not compared."""
    await plant(sessions, tasks=2)
    await apply(sessions, Update(entity="task", key=["t1"], changes={"title": "A"}))
    changes = {"t0": {"title": "B"}, "t1": {"title": "B"}}

    def expecting(**versions: int) -> Update:
        return Update(entity="task", changes_by_key=dict(changes), expected_version=versions)  # type: ignore[arg-type]

    before = await live(sessions)
    with pytest.raises(StaleVersion) as stale:
        await apply(sessions, expecting(t0=1, t1=1))
    assert (stale.value.entity_id, stale.value.expected, stale.value.actual) == (2, 1, 2)
    assert await live(sessions) == before
    await apply(sessions, expecting(t1=2))
    assert [row["version"] for row in (await live(sessions)).values()] == [2, 3]


async def test_problems_are_told_and_nothing_is_written(sessions: Sessions) -> None:
    """An unknown field, a missing reference or a missing key refuses all the changes."""
    await plant(sessions, tasks=2)
    before = await live(sessions)
    with pytest.raises(InvalidRows, match="row 2 titel: unknown field 'titel'; did you mean 'title'"):
        await apply(sessions, Update(entity="task", changes_by_key={"t0": {"title": "x"}, "t1": {"titel": "x"}}))
    with pytest.raises(MissingReference, match=r"row 2 parent\.key: no live task 'nope'"):
        await apply(
            sessions, Update(entity="task", changes_by_key={"t0": {"title": "x"}, "t1": {"parent.key": "nope"}})
        )
    with pytest.raises(NotFound, match="no live task with key 'nope'"):
        await apply(sessions, Update(entity="task", changes_by_key={"t0": {"title": "x"}, "nope": {"title": "x"}}))
    assert await live(sessions) == before
