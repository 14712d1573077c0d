"""A natural key that is taken: refuse, skip or update; a key whose holder is soft-deleted is free."""

import pytest

from domain.commands import BulkInsert, OnConflict, Row, SoftDelete
from domain.errors import Duplicate, Problem
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine


def tasks(*rows: Row, on_conflict: OnConflict = OnConflict.ERROR) -> BulkInsert:
    """Return the insertion of tasks into the project alpha, titled `New` unless they say otherwise."""
    return BulkInsert(
        entity="task", rows=[{"title": "New", "project.key": "alpha", **row} for row in rows], on_conflict=on_conflict
    )


async def test_error_refuses_the_whole_batch_and_names_the_rows(sessions: Sessions) -> None:
    """The taken keys are told by row, and the free ones are not inserted either."""
    await plant(sessions, tasks=2)
    before = await images(sessions, "task")
    with pytest.raises(Duplicate, match="row 2 key: a live task has 't0'") as refused:
        await apply(sessions, tasks({"key": "free"}, {"key": "t0"}, {"key": "t1"}))
    assert [(problem.row, problem.field) for problem in refused.value.found] == [(1, "key"), (2, "key")]
    assert await images(sessions, "task") == before
    await assert_balanced(sessions)


@pytest.mark.parametrize("on_conflict", [OnConflict.ERROR, OnConflict.UPDATE])
async def test_a_key_twice_in_the_batch_is_refused(sessions: Sessions, on_conflict: OnConflict) -> None:
    """Which of the two rows should win is not for us to guess."""
    await plant(sessions, tasks=0)
    with pytest.raises(Duplicate) as refused:
        await apply(sessions, tasks({"key": "a"}, {"key": "b"}, {"key": "a"}, on_conflict=on_conflict))
    assert refused.value.found == (Problem(2, "key", "'a' stands in row 1 too"),)
    assert await live(sessions) == {}


async def test_skip_leaves_live_rows_alone(sessions: Sessions) -> None:
    """A taken key is counted as skipped, its row neither changes nor gets an audit row; of twins the first is taken."""
    await plant(sessions, tasks=1)
    before = await live(sessions)
    batch = tasks({"key": "t0"}, {"key": "a", "title": "First"}, {"key": "a"}, on_conflict=OnConflict.SKIP)
    result = await apply(sessions, batch, "job")
    after = await live(sessions)
    assert (result.inserted, result.skipped, result.ids) == (1, 2, {"inserted": {"task": [after["a"]["id"]]}})
    assert after["t0"] == before["t0"]
    assert after["a"]["title"] == "First"
    assert [(entry.action, entry.after) for entry in await trail(sessions, job_id="job")] == [("insert", after["a"])]


async def test_a_skipping_job_sent_twice_changes_nothing_the_second_time(sessions: Sessions) -> None:
    """The second run skips every row and audits none."""
    await plant(sessions, tasks=0)
    batch = tasks({"key": "a"}, {"key": "b"}, on_conflict=OnConflict.SKIP)
    await apply(sessions, batch)
    after = await images(sessions, "task")
    result = await apply(sessions, batch, "again")
    assert (result.inserted, result.skipped) == (0, 2)
    assert await images(sessions, "task") == after
    assert await trail(sessions, job_id="again") == []


async def test_update_changes_what_the_row_says_and_nothing_else(sessions: Sessions) -> None:
    """Defaults are for new rows: a live row keeps what the batch does not mention; unchanged rows are skipped."""
    await plant(sessions, tasks=2)
    await apply(sessions, tasks({"key": "kept", "status": "done", "tags": ["x"]}))
    batch = tasks(
        {"key": "kept", "title": "Renamed"},
        {"key": "t0", "title": "Task 0"},
        {"key": "new", "status": "doing"},
        on_conflict=OnConflict.UPDATE,
    )
    result = await apply(sessions, batch, "job")
    after = await live(sessions)
    assert (result.inserted, result.updated, result.skipped) == (1, 1, 1)
    assert result.ids == {"inserted": {"task": [after["new"]["id"]]}, "updated": {"task": [after["kept"]["id"]]}}
    assert {name: after["kept"][name] for name in ("title", "status", "tags", "version")} == {
        "title": "Renamed",
        "status": "done",
        "tags": ["x"],
        "version": 2,
    }
    assert after["t0"]["version"] == 1
    assert [entry.action for entry in await trail(sessions, job_id="job")] == ["insert", "update"]
    await assert_balanced(sessions)


async def test_update_changes_a_reference_by_natural_key(sessions: Sessions) -> None:
    """A dotted name is said too, and so is its null."""
    await plant(sessions, tasks=1)
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": "ann", "name": "Ann"}]))
    for assignee, expected in (("ann", 1), (None, None)):
        await apply(sessions, tasks({"key": "t0", "assignee.key": assignee}, on_conflict=OnConflict.UPDATE))
        assert (await live(sessions))["t0"]["assignee_id"] == expected


@pytest.mark.parametrize("on_conflict", list(OnConflict))
async def test_the_key_of_a_deleted_row_is_free_again(sessions: Sessions, on_conflict: OnConflict) -> None:
    """A new row takes the key, and the deleted one stays as it was."""
    await plant(sessions, tasks=1)
    await apply(sessions, SoftDelete(entity="task", key=["t0"]))
    deleted = await images(sessions, "task")
    result = await apply(sessions, tasks({"key": "t0"}, on_conflict=on_conflict))
    after = await images(sessions, "task")
    assert (result.inserted, result.updated, result.skipped) == (1, 0, 0)
    assert {row_id: after[row_id] for row_id in deleted} == deleted
    assert (await live(sessions))["t0"]["title"] == "New"
