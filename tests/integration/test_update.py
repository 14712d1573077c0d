"""Updating rows by id and key: what changes, what is left alone, what is audited."""

import pytest

from domain.commands import BulkInsert, Row, SoftDelete, Update
from domain.errors import Duplicate, InvalidRows, MissingReference, NotFound, Problem, StaleVersion
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine


@pytest.mark.parametrize("way", [{"id": [1, 3]}, {"key": ["t2", "t0"]}, {"id": [3, 1, 3, 1]}])
async def test_rows_are_selected_by_id_or_key(sessions: Sessions, way: dict[str, list[int] | list[str]]) -> None:
    """A list of ids or of keys, in any order and with repetitions, means each of its rows once."""
    await plant(sessions, tasks=3)
    result = await apply(sessions, Update(entity="task", changes={"status": "done"}, **way), "job")  # type: ignore[arg-type]
    after = await live(sessions)
    assert {key: (row["status"], row["version"]) for key, row in after.items()} == {
        "t0": ("done", 2),
        "t1": ("pending", 1),
        "t2": ("done", 2),
    }
    assert (result.updated, result.skipped, result.ids) == (2, 0, {"updated": {"task": [1, 3]}})
    assert [entry.entity_id for entry in await trail(sessions, job_id="job")] == ["1", "3"]
    await assert_balanced(sessions)


async def test_the_audit_row_holds_what_changed_and_only_that(sessions: Sessions) -> None:
    """Named but equal values, and columns that nobody named, do not stand in it."""
    await plant(sessions, tasks=1)
    before = (await live(sessions))["t0"]
    changes: Row = {"title": "New", "status": "pending", "tags": ["a", {"b": None}], "description": None}
    await apply(sessions, Update(entity="task", key=["t0"], changes=changes), "job")
    after = (await live(sessions))["t0"]
    (entry,) = await trail(sessions, job_id="job")
    changed = ("title", "tags", "version", "updated_at")
    assert entry.before == {column: before[column] for column in changed}
    assert entry.after == {column: after[column] for column in changed}
    assert (after["tags"], after["updated_at"] > before["updated_at"]) == (["a", {"b": None}], True)


async def test_an_unchanged_row_is_skipped(sessions: Sessions) -> None:
    """No version, no time and no audit row for a row that is already as wanted, beside one that is not."""
    await plant(sessions, tasks=2)
    await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "Same", "tags": ["x"]}))
    before = await live(sessions)
    result = await apply(sessions, Update(entity="task", id=[1, 2], changes={"title": "Same", "tags": ["x"]}), "job")
    after = await live(sessions)
    assert (result.updated, result.skipped, result.ids) == (1, 1, {"updated": {"task": [2]}})
    assert after["t0"] == before["t0"]
    assert [entry.entity_id for entry in await trail(sessions, job_id="job")] == ["2"]


async def test_unset_is_not_null(sessions: Sessions) -> None:
    """A field that is left out stays; null clears it where the schema allows that, and is refused elsewhere."""
    await plant(sessions, tasks=1)
    await apply(sessions, Update(entity="task", key=["t0"], changes={"description": "Long"}))
    await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "New"}))
    assert (await live(sessions))["t0"]["description"] == "Long"
    await apply(sessions, Update(entity="task", key=["t0"], changes={"description": None}))
    assert (await live(sessions))["t0"]["description"] is None
    with pytest.raises(InvalidRows, match="title: Input should be a valid string"):
        await apply(sessions, Update(entity="task", key=["t0"], changes={"title": None}))


async def test_a_row_that_is_missing_or_deleted_is_not_found(sessions: Sessions) -> None:
    """All the missing ones are named, and the others are not changed."""
    await plant(sessions, tasks=3)
    await apply(sessions, SoftDelete(entity="task", key=["t1"]))
    before = await images(sessions, "task")
    with pytest.raises(NotFound, match="no live task with id 9, 2; it was never there, or") as by_id:
        await apply(sessions, Update(entity="task", id=[1, 9, 2], changes={"title": "x"}))
    with pytest.raises(NotFound, match="no live task with key 't1', 'nope'"):
        await apply(sessions, Update(entity="task", key=["t0", "t1", "nope"], changes={"title": "x"}))
    assert by_id.value.values == (9, 2)
    assert await images(sessions, "task") == before


MISFITS: list[tuple[Row, str, str]] = [
    ({"titel": "x"}, "titel", "unknown field 'titel'; did you mean 'title'?"),
    ({"version": 9}, "version", "unknown field 'version'"),
    ({"deleted_at": None}, "deleted_at", "unknown field 'deleted_at'"),
    ({"status": "dnoe"}, "status", "Input should be 'pending', 'doing', 'blocked' or 'done'"),
    ({"tags": "x"}, "tags", "Input should be a valid list"),
    ({"key": ""}, "key", "String should have at least 1 character"),
]


async def test_a_change_that_does_not_fit_is_refused(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """The field is named, with the nearest valid name or what it accepts."""
    await plant(sessions, tasks=1)
    for changes, field, message in MISFITS:
        with subtests.test(str(changes)):
            with pytest.raises(InvalidRows) as refused:
                await apply(sessions, Update(entity="task", key=["t0"], changes=changes))
            (found,) = refused.value.found
            assert found == Problem(0, field, found.message)
            assert found.message.startswith(message)


async def test_references_are_changed_by_key_and_must_live(sessions: Sessions) -> None:
    """A task moves to another project by that project's key; a deleted project is refused."""
    await plant(sessions, tasks=1)
    await apply(sessions, BulkInsert(entity="project", rows=[{"key": k, "name": k} for k in ("beta", "gone")]))
    await apply(sessions, SoftDelete(entity="project", key=["gone"]))
    await apply(sessions, Update(entity="task", key=["t0"], changes={"project.key": "beta"}))
    assert (await live(sessions))["t0"]["project_id"] == 2
    for changes in ({"project.key": "gone"}, {"project_id": 3}):
        with pytest.raises(MissingReference, match="no live project"):
            await apply(sessions, Update(entity="task", key=["t0"], changes=dict(changes)))


async def test_a_key_that_is_taken_cannot_be_given_to_another_row(sessions: Sessions) -> None:
    """The unique index is told as an error of the business, by its column."""
    await plant(sessions, tasks=2)
    with pytest.raises(Duplicate) as refused:
        await apply(sessions, Update(entity="task", key=["t0"], changes={"key": "t1"}))
    assert (refused.value.entity, refused.value.field) == ("task", "key")


async def test_an_expected_version_lets_the_right_one_through_and_stops_a_stale_one(sessions: Sessions) -> None:
    """One number holds for all selected rows; one stale row stops them all."""
    await plant(sessions, tasks=2)
    await apply(sessions, Update(entity="task", id=[1, 2], changes={"title": "A"}, expected_version=1))
    await apply(sessions, Update(entity="task", id=[2], changes={"title": "B"}, expected_version=2))
    before = await live(sessions)
    with pytest.raises(StaleVersion, match="task 2 has version 3, expected 2: somebody changed it meanwhile"):
        await apply(sessions, Update(entity="task", id=[1, 2], changes={"title": "C"}, expected_version=2))
    assert await live(sessions) == before
    assert [row["title"] for row in before.values()] == ["A", "B"]
