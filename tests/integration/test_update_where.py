"""Updating the rows that `where` selects."""

from contextlib import suppress
from typing import Any

import pytest

from domain.commands import BulkInsert, Row, SoftDelete, Update
from domain.errors import CounterfoilError, InvalidFilter, MissingReference, NotFound, UnknownName
from persistence.sessions import Sessions
from tests.worlds import apply, live, plant, trail

pytestmark = pytest.mark.on_every_engine


async def plant_variety(sessions: Sessions) -> None:
    """Insert tasks that differ: `done` is done, `ann's` is Ann's, `beta's` is in project beta, `gone` is deleted."""
    await plant(sessions, tasks=0)
    await plant(sessions, tasks=0, project="beta")
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": "ann", "name": "Ann"}]))
    rows: list[Row] = [
        {"key": "plain"},
        {"key": "done", "status": "done", "tags": ["x"]},
        {"key": "ann's", "assignee.key": "ann"},
        {"key": "beta's", "project.key": "beta"},
        {"key": "gone"},
    ]
    whole: list[Row] = [{"title": "Task", "project.key": "alpha", **row} for row in rows]
    await apply(sessions, BulkInsert(entity="task", rows=whole))
    await apply(sessions, SoftDelete(entity="task", key=["gone"]))


SELECTIONS: list[tuple[Row, list[str]]] = [
    ({"title": "Task"}, ["plain", "done", "ann's", "beta's"]),
    ({"title": "task"}, []),
    ({"title__eq": "Task", "status": "done"}, ["done"]),
    ({"status": "pending", "assignee_id": None}, ["plain", "beta's"]),
    ({"assignee.key": None, "project.key": "alpha"}, ["plain", "done"]),
    ({"assignee.key": "ann"}, ["ann's"]),
    ({"project.key": "nowhere"}, []),
    ({"project_id": 2}, ["beta's"]),
    ({"tags": ["x"]}, ["done"]),
    ({"key": "gone"}, []),
    ({"created_at": "1999-12-31T23:59:59+01:00"}, []),
]


async def test_where_selects_live_rows_that_are_equal_in_every_field(
    sessions: Sessions, subtests: pytest.Subtests
) -> None:
    """Texts, nulls, enumerations, lists, times, and references by id or key; deleted rows are never selected."""
    await plant_variety(sessions)
    for where, expected in SELECTIONS:
        with subtests.test(str(where)):
            job = str(where)
            result = await apply(sessions, Update(entity="task", where=where, changes={"description": job}), job)
            hit = {key for key, row in (await live(sessions)).items() if row["description"] == job}
            assert hit == set(expected)
            assert (result.updated, len(await trail(sessions, job_id=job))) == (len(expected), len(expected))


async def test_everything_is_changed_only_where_it_is_said(sessions: Sessions) -> None:
    """All live rows, and none that are deleted; the entity alone is no selection."""
    await plant_variety(sessions)
    result = await apply(sessions, Update(entity="task", everything=True, changes={"title": "x"}))
    assert result.updated == 4
    assert (await apply(sessions, SoftDelete(entity="task", everything=True))).deleted == 4
    assert await live(sessions) == {}


LONG = "k" * 200


@pytest.mark.parametrize("way", [{"key": [LONG + "x"]}, {"where": {"key__in": [LONG + "x"]}}], ids=["key", "where"])
async def test_a_longer_key_is_another_one(sessions: Sessions, way: dict[str, Any]) -> None:
    """It is not cut to the length of its column, where it would be the key of another row."""
    await plant(sessions, tasks=0)
    await apply(sessions, BulkInsert(entity="task", rows=[{"key": LONG, "title": "x", "project.key": "alpha"}]))
    with suppress(NotFound):
        await apply(sessions, Update.model_validate({"entity": "task", "changes": {"title": "hit"}, **way}))
    assert (await live(sessions))[LONG]["title"] == "x"


async def test_a_reference_by_a_longer_key_is_to_another_row(sessions: Sessions) -> None:
    """Nor is it where a row names a related one."""
    await apply(sessions, BulkInsert(entity="project", rows=[{"key": LONG, "name": "x"}]))
    row: Row = {"key": "new", "title": "x", "project.key": LONG + "x"}
    with pytest.raises(MissingReference):
        await apply(sessions, BulkInsert(entity="task", rows=[row]))


async def test_a_time_is_equal_whatever_its_zone(sessions: Sessions) -> None:
    """An aware time finds the row that was created then."""
    await plant(sessions, tasks=1)
    created = (await live(sessions))["t0"]["created_at"].replace("+00:00", "Z")
    result = await apply(sessions, Update(entity="task", where={"created_at": created}, changes={"title": "x"}))
    assert result.updated == 1


NONSENSE: list[tuple[Row, type[CounterfoilError], str]] = [
    ({"titel": "x"}, UnknownName, "unknown field 'titel'; did you mean 'title'?"),
    ({"project.kye": "x"}, UnknownName, "unknown field 'project.kye'; did you mean 'project.key'?"),
    ({"title__neq": "x"}, UnknownName, "unknown operator 'neq'; did you mean 'ne'?"),
    ({"title__": "x"}, UnknownName, "unknown operator ''; known: "),
    ({"title": "x", "zzz": 1}, UnknownName, "unknown field 'zzz'; known: "),
    ({"created_at": "2020-01-01T00:00:00"}, InvalidFilter, "created_at: Input should have timezone info"),
    ({"status": "dnoe"}, InvalidFilter, "status: Input should be 'pending', 'doing', 'blocked' or 'done'"),
    ({"title": 5}, InvalidFilter, "title: Input should be a valid string"),
    ({"project_id": True}, InvalidFilter, "project_id: Input should be a number, not true or false"),
    ({"id": 2**70}, InvalidFilter, "id: out of range, the column takes integers from"),
    ({"project.key": 7}, InvalidFilter, "key: Input should be a valid string"),
]


async def test_a_where_that_makes_no_sense_selects_nothing_and_says_why(
    sessions: Sessions, subtests: pytest.Subtests
) -> None:
    """An unknown name is never ignored: that would select every row."""
    await plant(sessions, tasks=1)
    before = await live(sessions)
    for where, error, message in NONSENSE:
        with subtests.test(str(where)):
            with pytest.raises(error) as refused:
                await apply(sessions, Update(entity="task", where=where, changes={"title": "hit"}))
            assert message in str(refused.value)
            assert await live(sessions) == before
