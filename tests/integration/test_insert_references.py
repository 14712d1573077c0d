"""Rows that refer to rows: by id or by natural key, and to live rows only."""

import pytest

from domain.commands import BulkInsert, Row, SoftDelete
from domain.errors import InvalidRows, MissingReference, Problem
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, live, plant, trail

pytestmark = pytest.mark.on_every_engine


def new(**fields: object) -> Row:
    """Return a new task in the project alpha."""
    return {"key": "new", "title": "New", "project.key": "alpha"} | fields  # type: ignore[return-value]


async def test_natural_keys_are_resolved_for_the_whole_batch(sessions: Sessions) -> None:
    """Rows name their project, their people and their parent by key; null means nobody."""
    await plant(sessions, tasks=2)
    await plant(sessions, tasks=0, project="beta")
    await apply(sessions, BulkInsert(entity="member", rows=[{"key": k, "name": k} for k in ("ann", "bob")]))
    rows: list[Row] = [
        new(key="a", **{"assignee.key": "bob", "creator.key": "ann", "parent.key": "t1"}),
        new(key="b", **{"project.key": "beta", "assignee.key": None}),
        {"key": "c", "title": "C", "project_id": 2, "creator_id": 2},
    ]
    await apply(sessions, BulkInsert(entity="task", rows=rows))
    found = await live(sessions)
    columns = ("project_id", "assignee_id", "creator_id", "parent_id")
    assert {key: tuple(found[key][column] for column in columns) for key in "abc"} == {
        "a": (1, 2, 1, 2),
        "b": (2, None, None, None),
        "c": (2, None, 2, None),
    }
    await assert_balanced(sessions)


async def test_missing_and_deleted_rows_are_refused_by_row_number(sessions: Sessions) -> None:
    """By key or by id, every row that refers to nothing alive is named, and nothing is written."""
    await plant(sessions, tasks=1)
    await plant(sessions, tasks=0, project="gone")
    await apply(sessions, SoftDelete(entity="project", key=["gone"]))
    rows: list[Row] = [
        new(key="a"),
        new(key="b", **{"project.key": "gone"}),
        {"key": "c", "title": "C", "project_id": 2},
        new(key="d", **{"project.key": "never"}),
        new(key="e", assignee_id=99),
    ]
    with pytest.raises(MissingReference, match="create or restore the related row first") as refused:
        await apply(sessions, BulkInsert(entity="task", rows=rows), "job")
    assert refused.value.found == (
        Problem(1, "project.key", "no live project 'gone'"),
        Problem(2, "project_id", "no live project 2"),
        Problem(3, "project.key", "no live project 'never'"),
        Problem(4, "assignee_id", "no live member 99"),
    )
    assert await trail(sessions, job_id="job") == []
    assert set(await live(sessions)) == {"t0"}


async def test_a_key_that_a_deleted_and_a_live_row_have_means_the_live_one(sessions: Sessions) -> None:
    """The namesake that was deleted is not found."""
    await plant(sessions, tasks=0)
    await apply(sessions, SoftDelete(entity="project", key=["alpha"]))
    await plant(sessions, tasks=1)
    assert (await live(sessions))["t0"]["project_id"] == 2


NONSENSE: list[tuple[Row, Problem]] = [
    ({"project_id": 1}, Problem(0, "project.key", "given beside project_id; say one of the two")),
    ({"assignee.nmae": "x"}, Problem(0, "assignee.nmae", "unknown field 'assignee.nmae'; did you mean")),
    ({"assignee.key": 7}, Problem(0, "assignee.key", "Input should be a valid string")),
    ({"parent_id": 0}, Problem(0, "parent_id", "Input should be greater than or equal to 1")),
    ({"parent_id": 2**63}, Problem(0, "parent_id", "Input should be less than or equal to 9223372036854775807")),
]


async def test_a_reference_that_makes_no_sense_is_refused(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """Said twice, misspelt, of the wrong type, or beyond what an id can be."""
    await plant(sessions, tasks=0)
    for fields, problem in NONSENSE:
        with subtests.test(str(fields)):
            with pytest.raises(InvalidRows) as refused:
                await apply(sessions, BulkInsert(entity="task", rows=[new(**fields)]))
            (found,) = refused.value.found
            assert found[:2] == problem[:2]
            assert found.message.startswith(problem.message)
