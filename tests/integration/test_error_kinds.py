"""One class for each kind of refusal, with what a client needs to mend it: which field, which value, which row."""

import pytest

from domain.commands import BulkInsert, Row, SoftDelete, Update
from domain.entities import Entities
from domain.errors import (
    Duplicate,
    InUse,
    Invalid,
    InvalidCommand,
    InvalidRows,
    MissingReference,
    NotFound,
    Problem,
    StaleVersion,
)
from domain.project import Project
from domain.task import Task
from persistence.sessions import Sessions
from persistence.update import update_rows
from tests.worlds import apply, begin, live, plant

pytestmark = pytest.mark.on_every_engine

DUPLICATES: list[BulkInsert | Update] = [
    BulkInsert(entity="task", rows=[{"key": "t1", "title": "T", "project.key": "alpha"}]),
    Update(entity="task", key=["t0"], changes={"key": "t1"}),
]


@pytest.mark.parametrize("command", DUPLICATES, ids=lambda command: command.job)
async def test_a_taken_key_names_field_and_value(sessions: Sessions, command: BulkInsert | Update) -> None:
    """Of a set-based insert and of an update."""
    await plant(sessions, tasks=2)
    with pytest.raises(Duplicate) as refused:
        await apply(sessions, command)
    assert (refused.value.entity, refused.value.field, refused.value.value) == ("task", "key", "t1")


async def test_a_large_update_names_the_value_too(sessions: Sessions, entities: Entities) -> None:
    """That whose rows stay in the database."""
    await plant(sessions, tasks=3)
    command = Update(entity="task", where={"status": "pending"}, changes={"key": "same"})
    with pytest.raises(Duplicate) as refused:
        async with begin(sessions) as tx:
            await update_rows(tx, entities["task"], command, large=1)
    assert (refused.value.field, refused.value.value) == ("key", "same")


@pytest.mark.parametrize("number", [1, 2])
async def test_a_flush_says_at_once_which_value_is_taken(sessions: Sessions, number: int) -> None:
    """Inside the block, where it can still be caught; of several objects the database does not say which it was."""
    await plant(sessions, tasks=1)
    values = {"t0", "other"} if number > 1 else {"t0"}
    with pytest.raises(Duplicate) as outside:  # noqa: PT012 - the whole block is tested
        async with begin(sessions) as tx:
            tx.session.add_all([Task(key=value, title="T", project_id=1) for value in sorted(values)])
            with pytest.raises(Duplicate) as inside:
                await tx.session.flush()
    assert outside.value is inside.value
    assert (inside.value.field, inside.value.value) == ("key", "t0" if number == 1 else None)


async def test_a_flush_in_a_savepoint_can_be_refused_and_the_rest_goes_on(sessions: Sessions) -> None:
    """The savepoint mends the transaction: another key is taken."""
    await plant(sessions, tasks=1)
    async with begin(sessions) as tx:
        try:
            async with tx.session.begin_nested():
                tx.session.add(Task(key="t0", title="T", project_id=1))
        except Duplicate as refused:
            tx.session.add(Task(key=f"{refused.value}-2", title="T", project_id=1))
    assert set(await live(sessions)) == {"t0", "t0-2"}


async def test_a_missing_row_names_the_reference_and_the_id(sessions: Sessions) -> None:
    """By flush and by statement, which look for it in different ways."""
    await plant(sessions, tasks=1)
    with pytest.raises(MissingReference) as by_flush:
        async with begin(sessions) as tx:
            tx.session.add(Task(key="new", title="T", project_id=77))
    row: Row = {"key": "new", "title": "T", "project_id": 77}
    with pytest.raises(MissingReference) as by_statement:
        await apply(sessions, BulkInsert(entity="task", rows=[row]))
    assert (by_flush.value.entity, by_flush.value.field, by_flush.value.value) == ("task", "project_id", 77)
    assert (by_statement.value.entity, by_statement.value.field, by_statement.value.value) == ("task", "project_id", 77)


async def test_of_two_references_the_one_that_leads_nowhere_is_named(sessions: Sessions) -> None:
    """The other leads to a row that the same transaction has written, and that nobody else sees."""
    with pytest.raises(MissingReference) as refused:  # noqa: PT012 - the whole block is tested
        async with begin(sessions) as tx:
            tx.session.add(project := Project(key="new", name="New"))
            await tx.session.flush()
            tx.session.add(Task(key="new", title="T", project_id=project.id or 0, assignee_id=77))
    assert (refused.value.field, refused.value.value) == ("assignee_id", 77)


async def test_a_row_that_is_still_needed_is_in_use(sessions: Sessions) -> None:
    """Deleted softly while it owns live rows, or for good while any row refers to it: never a missing reference."""
    await plant(sessions, tasks=1)
    with pytest.raises(InUse) as softly:
        await apply(sessions, SoftDelete(entity="project", key=["alpha"]))
    assert (softly.value.entity, softly.value.ids, softly.value.child) == ("project", (1,), "task")
    with pytest.raises(InUse) as for_good:
        async with begin(sessions) as tx:
            await tx.session.delete(await tx.session.get_one(Project, 1))
    assert (for_good.value.entity, for_good.value.ids, for_good.value.child) == ("project", (1,), "task")


async def test_what_is_not_there_and_what_is_stale_name_the_row(sessions: Sessions) -> None:
    """By the words in which it was asked for."""
    await plant(sessions, tasks=1)
    with pytest.raises(NotFound) as missing:
        await apply(sessions, Update(entity="task", key=["nope"], changes={"title": "x"}))
    assert (missing.value.entity, missing.value.field, missing.value.values) == ("task", "key", ("nope",))
    with pytest.raises(StaleVersion) as stale:
        await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "x"}, expected_version=4))
    assert (stale.value.entity_id, stale.value.expected, stale.value.actual) == (1, 4, 1)


def test_what_does_not_fit_names_its_first_field_and_the_reason() -> None:
    """Of rows and of arguments alike, under one class."""
    problems = (Problem(0, "title", "Field required"), Problem(1, "key", "odd"))
    for error in (InvalidRows("task", problems), InvalidCommand("update", problems)):
        assert isinstance(error, Invalid)
        assert (error.field, error.reason) == ("title", "Field required")
