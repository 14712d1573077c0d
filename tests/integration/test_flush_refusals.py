"""What a flush refuses: stale objects, rows that the database refuses, relationships that were not loaded."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from domain.commands import SoftDelete, Update
from domain.errors import (
    ChangedMeanwhile,
    ConstraintViolated,
    CounterfoilError,
    Duplicate,
    InUse,
    InvalidRows,
    MissingReference,
    NotLoaded,
    StaleVersion,
    UnauditedWrite,
)
from domain.project import Project
from domain.task import Task
from persistence.audit_log import AuditEntry
from persistence.sessions import Sessions
from tests.ledger import assert_balanced
from tests.worlds import apply, begin, images, plant

pytestmark = pytest.mark.on_every_engine

RIGHT: dict[type[SQLModel], dict[str, object]] = {
    Project: {"key": "new", "name": "New"},
    Task: {"key": "new", "title": "New", "project_id": 1},
    AuditEntry: {"actor": "nobody", "entity": "task", "entity_id": "1", "action": "purge"},
}
"""Fields with which an object can be made."""


@pytest.mark.on_every_engine(without=("sqlite",), reason="one transaction writes at a time: the other waits")
@pytest.mark.parametrize("doing", ["change", "delete"])
@pytest.mark.parametrize("other", ["update", "soft_delete"])
async def test_an_object_that_another_transaction_changed_is_refused(
    sessions: Sessions, doing: str, other: str
) -> None:
    """Neither the change nor the deletion of a stale object wins over what it did not see."""
    await plant(sessions, tasks=1)

    async def meanwhile(session: AsyncSession) -> None:
        task = await session.get_one(Task, 1)
        if other == "update":
            await apply(sessions, Update(entity="task", key=["t0"], changes={"title": "theirs"}))
        else:
            await apply(sessions, SoftDelete(entity="task", key=["t0"]))
        if doing == "change":
            task.title = "ours"
        else:
            await session.delete(task)

    with pytest.raises(ChangedMeanwhile, match="was changed by another transaction") as refused:
        async with begin(sessions) as tx:
            await meanwhile(tx.session)
    assert isinstance(refused.value, StaleVersion)
    assert (refused.value.entity, refused.value.entity_id) == ("task", 1)
    assert (refused.value.expected, refused.value.actual) == (1, 2)
    (row,) = (await images(sessions, "task")).values()
    assert (row["title"], row["version"]) == ("theirs" if other == "update" else "Task 0", 2)
    await assert_balanced(sessions)


WRONG: list[tuple[type[SQLModel], dict[str, object], type[CounterfoilError], str]] = [
    (Project, {"key": "alpha"}, Duplicate, r"project\.key must be unique: key: another live row"),
    (Task, {"project_id": 9}, MissingReference, "task: project_id: refers to a missing row"),
    (Task, {"status": "odd"}, ConstraintViolated, "task breaks the check constraint 'ck_task_status'"),
    (Task, {"title": None}, ConstraintViolated, "task breaks the not-null constraint 'title'"),
    (Task, {"key": "x" * 201}, InvalidRows, "value too long"),
    (Task, {"key": "a\0b"}, InvalidRows, "invalid byte sequence|NUL character"),
    (AuditEntry, {}, UnauditedWrite, "an object on 'audit_log' would leave no audit row"),
]


async def test_what_is_refused_is_told_in_the_words_of_the_business(
    sessions: Sessions, subtests: pytest.Subtests
) -> None:
    """The error's class and constraint come from the database's code, not from its text; nothing is left."""
    await plant(sessions, tasks=0)
    for model, wrong, error, message in WRONG:
        with subtests.test(message):
            with pytest.raises(error, match=message):
                async with begin(sessions) as tx:
                    tx.session.add(model(**RIGHT[model] | wrong))
            assert len(await images(sessions, "project")) == 1
            await assert_balanced(sessions)


async def test_a_project_with_tasks_cannot_be_purged_by_the_orm(sessions: Sessions) -> None:
    """The ORM does not clear or delete the tasks behind the audit's back; the foreign key refuses."""
    await plant(sessions, tasks=1)
    with pytest.raises(InUse, match=r"project 1 is still referred to by a task") as refused:
        async with begin(sessions) as tx:
            await tx.session.delete(await tx.session.get_one(Project, 1))
    assert (refused.value.ids, refused.value.child) == ((1,), "task")
    await assert_balanced(sessions)


async def test_a_relationship_that_was_not_loaded_raises(sessions: Sessions, subtests: pytest.Subtests) -> None:
    """It says so at once instead of querying by surprise."""
    await plant(sessions, tasks=1)
    for relationship in ("project", "assignee", "parent", "subtasks"):
        with subtests.test(relationship):
            async with begin(sessions) as tx:
                task = await tx.session.get_one(Task, 1)
                with pytest.raises(
                    NotLoaded, match=rf'task\.{relationship} is not loaded; .* load=\("{relationship}",\)'
                ):
                    getattr(task, relationship)
