"""Inserting rows: what is written, what is answered, what is audited."""

import pytest

from domain.commands import BulkInsert, Row
from domain.errors import InvalidRows, Problem, UnknownName
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, images, live, plant, trail

pytestmark = pytest.mark.on_every_engine

ODD_TEXT = 'it\'s "odd": {braces} :colon %(percent)s $1 \\ back \N{CAT FACE}\t\n'


async def test_result_table_and_audit_agree(sessions: Sessions) -> None:
    """Every inserted row is counted, named by id, and stands whole in its audit row."""
    await plant(sessions, tasks=0)
    rows: list[Row] = [{"key": f"n{n}", "title": f"Task {n}", "project.key": "alpha"} for n in range(3)]
    result = await apply(sessions, BulkInsert(entity="task", rows=rows), "job")
    written = await images(sessions, "task")
    entries = await trail(sessions, job_id="job")
    assert (result.inserted, result.skipped, result.updated) == (3, 0, 0)
    assert result.ids == {"inserted": {"task": sorted(written)}}
    assert result.ids_complete
    assert {int(entry.entity_id): entry.after for entry in entries} == written
    assert {(entry.action, entry.before) for entry in entries} == {("insert", None)}


@pytest.mark.on_every_engine(without=("sqlite", "mariadb"), reason="more rows than go in one piece: a bulk load")
async def test_ids_are_named_up_to_a_thousand(sessions: Sessions) -> None:
    """A larger job names the first 1,000 ids and says that there are more; every row is audited all the same."""
    rows: list[Row] = [{"key": f"m{n}", "name": f"Member {n}"} for n in range(1001)]
    result = await apply(sessions, BulkInsert(entity="member", rows=rows), "job")
    assert result.inserted == 1001
    assert result.ids == {"inserted": {"member": list(range(1, 1001))}}
    assert not result.ids_complete
    assert len(await trail(sessions, job_id="job")) == 1001


async def test_what_a_row_leaves_out_takes_its_default(sessions: Sessions) -> None:
    """Fields of the schema and the columns of the house are filled in."""
    await plant(sessions, tasks=1)
    task = (await live(sessions))["t0"]
    assert task["created_at"] == task["updated_at"]
    assert {name: task[name] for name in ("status", "priority", "tags", "description", "version", "deleted_at")} == {
        "status": "pending",
        "priority": "medium",
        "tags": [],
        "description": None,
        "version": 1,
        "deleted_at": None,
    }


async def test_values_are_stored_as_they_came(sessions: Sessions) -> None:
    """No character that means something to SQL, JSON or a template does so here."""
    await plant(sessions, tasks=0)
    row: Row = {"key": ODD_TEXT, "title": ODD_TEXT, "project.key": "alpha", "tags": [ODD_TEXT, {ODD_TEXT: [None, 1.5]}]}
    await apply(sessions, BulkInsert(entity="task", rows=[row]))
    task = (await live(sessions))[ODD_TEXT]
    assert (task["title"], task["tags"]) == (row["title"], row["tags"])
    await assert_balanced(sessions)


async def test_all_problems_of_all_rows_are_told_at_once(sessions: Sessions) -> None:
    """One answer names every row and field that does not fit, and no row of the batch is written."""
    await plant(sessions, tasks=0)
    rows: list[Row] = [
        {"key": "good", "title": "Good", "project.key": "alpha"},
        {"key": "n1", "titel": "Typo", "project.key": "alpha"},
        {"key": "n2", "title": 5, "project_id": True, "status": "pendign"},
        {"key": "", "title": "x" * 501, "projct.key": "alpha"},
    ]
    with pytest.raises(InvalidRows, match="nothing was written, correct this") as refused:
        await apply(sessions, BulkInsert(entity="task", rows=rows))
    assert refused.value.found == (
        Problem(1, "titel", "unknown field 'titel'; did you mean 'title'?"),
        Problem(1, "title", "Field required"),
        Problem(2, "project_id", "Input should be a number, not true or false"),
        Problem(2, "status", "Input should be 'pending', 'doing', 'blocked' or 'done'"),
        Problem(2, "title", "Input should be a valid string"),
        Problem(3, "key", "String should have at least 1 character"),
        Problem(3, "projct.key", "unknown field 'projct.key'; did you mean 'project.key'?"),
        Problem(3, "project_id", "Field required"),
        Problem(3, "title", "String should have at most 500 characters"),
    )
    assert await live(sessions) == {}


async def test_the_columns_of_the_house_are_not_the_senders(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """A sender cannot choose an id or a version, nor insert a deleted row."""
    for field in ("id", "version", "deleted_at", "created_at"):
        with subtests.test(field):
            row: Row = {"key": "beta", "name": "Beta", field: 7}
            with pytest.raises(InvalidRows, match=f"unknown field '{field}'"):
                await apply(sessions, BulkInsert(entity="project", rows=[row]))


async def test_an_unknown_entity_is_refused_with_the_nearest(sessions: Sessions) -> None:
    """A typing error in the entity's name is answered with the name that was probably meant."""
    with pytest.raises(UnknownName, match="unknown entity 'taks'; did you mean 'task'"):
        await apply(sessions, BulkInsert(entity="taks", rows=[{"key": "t"}]))
